import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import { Failure } from "../errors.ts";
import type { Output } from "../terminal.ts";
import { openSource, partsOf, type Source, writeLines } from "./source.ts";

/** Interval of the looks at a log for further updates, in milliseconds. */
const LOOK_MS = 250;

/** Options of {@link tailJournal}. */
export interface TailOptions {
  /** Number of the newest updates to begin with. */
  readonly lines: number;
  /** Whether to go on with further updates, until the signal is aborted. */
  readonly follows: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes the newest updates of the configured journal as lines of NDJSON, the oldest first.
 *
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure when the journal can't be read.
 */
export async function tailJournal(config: Config, stdout: Output, stderr: Output, { lines, follows, signal }: TailOptions): Promise<void> {
  const source = await openSource(config, (what) => void stderr.line(`warning: ${what}`));
  const { journal } = source;
  try {
    let after = await writeUpTo(source, Math.max(journal.head(), journal.tail() - lines + 1) - 1, stdout);
    if (!follows) return;
    for (;;) {
      if (!(await hasMore(source, after, signal))) return;
      after = await writeUpTo(source, after, stdout);
    }
  } finally {
    await journal.close();
  }
}

/** Writes all updates after an offset. @returns The tail. */
async function writeUpTo(source: Source, from: number, stdout: Output): Promise<number> {
  const tail = source.journal.tail();
  for await (const part of partsOf(source, from, tail)) await writeLines(part, stdout);
  return tail;
}

/** Waits for updates after an offset. @returns False when the signal is aborted before. */
async function hasMore({ journal, log, engine }: Source, after: number, signal: AbortSignal): Promise<boolean> {
  if (engine !== undefined) {
    return new Promise((resolve) => {
      const done = (isMore: boolean): void => {
        stop();
        signal.removeEventListener("abort", aborted);
        resolve(isMore);
      };
      const aborted = (): void => done(false);
      const stop = engine.follow(after, () => void setImmediate(done, true));
      signal.addEventListener("abort", aborted);
      if (signal.aborted) done(false);
    });
  }
  while (!signal.aborted) {
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
    try {
      await log?.look();
    } catch (error) {
      throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
    }
    if (journal.tail() > after) return true;
  }
  return false;
}
