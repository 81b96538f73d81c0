import { createHash } from "node:crypto";
import { join } from "node:path";
import { ClientError, type UpdateInput } from "artesian-client";
import { fileMemory, type Source, SourceError, type SourceMemory, volatileMemory } from "artesian-sources";
import { Failure, UsageError } from "../errors.ts";
import { retryNotice } from "../publish/one.ts";
import { send } from "../publish/sender.ts";
import { onStop } from "../signals.ts";
import { createOutput, type Output } from "../terminal.ts";
import { bearerHeaders } from "../token.ts";
import { hubUrl } from "../url.ts";
import { requestsFor } from "./batches.ts";
import { giveUpAfterMs, type CommonFlags } from "./flags.ts";
import { startSourceProgress } from "./progress.ts";
import { inFlags } from "./wording.ts";
import { parseUrl } from "../../core/parse-url.ts";

/** A source to run and its identity. */
export interface SourceRun {
  /** Makes the source. Its TypeErrors are about the flags. */
  readonly create: () => Source;
  /** The subcommand. */
  readonly kind: string;
  /** The input, such as its address. Part of the state file's name. */
  readonly subject: readonly string[];
  /** The topic to publish to. */
  readonly topic: string | undefined;
}

/**
 * Runs a source until it ends or is stopped. A pending publication is finished.
 *
 * @throws UsageError or Failure with the remedy.
 */
export async function runSource(run: SourceRun, flags: CommonFlags): Promise<void> {
  const url = hubUrl(flags.url, process.env);
  const headers = bearerHeaders(flags.token, process.env);
  const giveUp = giveUpAfterMs(flags);
  const source = checked(run.create);
  const stderr = createOutput(process.stderr);
  const stop = new AbortController();
  const release = onStop(() => stop.abort());
  const dryRun = flags.dryRun === true;
  const progress = startSourceProgress(stderr, !(dryRun && process.stdout.isTTY));
  const publish = dryRun ? printer(stop) : sender({ url, headers, giveUpAfterMs: giveUp, signal: stop.signal }, stderr);
  try {
    await source.run({
      publish,
      memory: dryRun ? volatileMemory() : memoryFor(run, flags, url),
      signal: stop.signal,
      report: (event) => progress.report(event),
    });
  } catch (error) {
    if (error instanceof SourceError) throw new Failure(inFlags(error.message), { cause: error });
    if (error instanceof ClientError) throw new Failure(notPublished(error, flags), { cause: error });
    throw error;
  } finally {
    release();
    await progress.end(dryRun ? "printed" : "published");
  }
}

function checked(create: () => Source): Source {
  try {
    return create();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(inFlags(error.message), { cause: error });
    throw error;
  }
}

interface Sending {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly giveUpAfterMs: number;
  readonly signal: AbortSignal;
}

function sender(to: Sending, stderr: Output): (updates: readonly UpdateInput[]) => Promise<void> {
  return async (updates) => {
    for (const request of requestsFor(updates)) {
      await send(request, {
        ...to,
        onRetry: (error, delayMs) => void stderr.line(retryNotice(error, delayMs)),
      });
    }
  };
}

/** Prints updates instead of publishing. Ends the source when nobody reads any more. */
function printer(stop: AbortController): (updates: readonly UpdateInput[]) => Promise<void> {
  const stdout = createOutput(process.stdout, () => stop.abort());
  return async (updates) => {
    await stdout.line(updates.map((update) => JSON.stringify(update)).join("\n"));
  };
}

function memoryFor(run: SourceRun, { state }: CommonFlags, url: URL): SourceMemory {
  if (state === "none") return volatileMemory();
  return fileMemory(state ?? join("data", "sources", stateName(run, url)));
}

/** A name that people recognise, and that is unique to this source and hub. */
function stateName({ kind, subject, topic }: SourceRun, url: URL): string {
  const hash = createHash("sha256").update(JSON.stringify([url.href, kind, subject, topic]));
  const first = subject[0] ?? "";
  const hint = parseUrl(first)?.hostname ?? first.slice(first.lastIndexOf("/") + 1);
  const words = [kind, hint.replaceAll(/[^\w.-]+/g, "").slice(0, 60), hash.digest("hex").slice(0, 10)];
  return `${words.filter((word) => word !== "").join("-")}.json`;
}

function notPublished(error: ClientError, { once, state }: CommonFlags): string {
  const next = state === "none" || once === true ? "" : " What is new is published at the next start.";
  return `Not published: ${error.message}${next}`;
}
