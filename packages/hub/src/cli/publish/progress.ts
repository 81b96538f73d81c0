import { formatCount } from "../config/units.ts";
import type { Output } from "../terminal.ts";

/** Progress of a long run. */
export interface Progress {
  add(count: number): void;
  readonly total: number;
  /** Milliseconds since the start. */
  readonly elapsedMs: number;
  /** The run in words. */
  summary(): string;
}

/** Refresh interval of the terminal's line, in milliseconds. */
const INTERVAL_MS = 200;

/**
 * Starts the clock. Progress is shown only on a terminal.
 *
 * @param verb - Begins the summary. Default: `published`.
 */
export function startProgress(output: Output, verb = "published"): Progress {
  const start = performance.now();
  let total = 0;
  let shownAt = start;
  const elapsed = (): number => performance.now() - start;
  const rate = (): string => `${formatCount(total / (Math.max(1, elapsed()) / 1000))}/s`;
  return {
    get total() {
      return total;
    },
    get elapsedMs() {
      return Math.round(elapsed());
    },
    add(count) {
      total += count;
      const now = performance.now();
      if (now - shownAt < INTERVAL_MS) return;
      shownAt = now;
      output.status(`${formatCount(total)} ${nounFor(total)}, ${rate()}`);
    },
    summary: () => `${verb} ${formatCount(total)} ${nounFor(total)} in ${(elapsed() / 1000).toFixed(1)} s (${rate()})`,
  };
}

function nounFor(count: number): string {
  return count === 1 ? "update" : "updates";
}
