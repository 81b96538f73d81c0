import { formatCount } from "../config/units.ts";
import { EXIT } from "../errors.ts";
import { toItems, type Convert } from "./items.ts";
import { readLines } from "./lines.ts";
import { retryNotice, type Target } from "./one.ts";
import { startProgress, type Progress } from "./progress.ts";
import { style } from "../terminal.ts";
import { publishStream, untilAborted, type LineRange, type StreamFailure } from "./stream.ts";

/** Options of `publishInput`. */
export interface InputOptions extends Target {
  readonly input: AsyncIterable<Uint8Array>;
  readonly convert: Convert;
  readonly printIds: boolean;
}

/**
 * Publishes every line of the input. Reports how many were published and which lines were not
 * acknowledged. Sets the exit code.
 */
export async function publishInput(options: InputOptions): Promise<void> {
  const { input, convert, signal, stdout, stderr, json } = options;
  const progress = startProgress(stderr);
  const items = toItems(readLines(untilAborted(input, signal)), convert);
  const failure = await publishStream(items, {
    ...options,
    onRetry: (error, delayMs) => void stderr.line(retryNotice(error, delayMs)),
    async onPublished(batch, ids) {
      if (options.printIds) {
        const text = ids.map((id, i) => (json ? JSON.stringify({ line: batch[i]?.line, id }) : id));
        await stdout.line(text.join("\n"));
      }
      progress.add(ids.length);
    },
  });
  if (json) await stdout.line(JSON.stringify(resultOf(progress, failure)));
  await stderr.line(progress.summary());
  if (failure === undefined) return;
  await stderr.line(style("red", explain(failure)));
  process.exitCode ??= EXIT.failure;
}

function resultOf(progress: Progress, failure: StreamFailure | undefined): object {
  const done = { published: progress.total, durationMs: progress.elapsedMs };
  if (failure === undefined) return done;
  return {
    ...done,
    error: failure.error.message,
    firstLine: failure.lines?.first,
    lastLine: failure.lines?.last,
    uncertain: failure.uncertain,
  };
}

function explain({ error, lines, uncertain }: StreamFailure): string {
  if (lines === undefined) return `error: ${error.message} It and the lines after it were not published.`;
  const doubt = uncertain ? " Whether the hub took them is not known." : "";
  return `error: ${named(lines)} and later lines were not acknowledged: ${error.message}${doubt}`;
}

function named({ first, last }: LineRange): string {
  return first === last ? `Line ${formatCount(first)}` : `Lines ${formatCount(first)} to ${formatCount(last)}`;
}
