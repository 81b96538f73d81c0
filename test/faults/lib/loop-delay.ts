import { existsSync, readFileSync } from "node:fs";

/** The environment that makes a server note how long its event loop is held up. */
export function loopDelayEnv(file: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${new URL("loop-delay.mjs", import.meta.url).href}`, FAULTS_LOOP_DELAY: file };
}

/**
 * The longest time that the event loop of a server was held up between two moments, in milliseconds.
 *
 * @param fromMs - Of the machine's monotonic clock, as is `untilMs`.
 */
export function longestLoopDelay(file: string, fromMs: number, untilMs: number): number {
  if (!existsSync(file)) return NaN;
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const delays = lines.map((line) => line.split(" ").map(Number)).filter(([, at = 0]) => at >= fromMs && at <= untilMs);
  return Math.max(...delays.map(([, , delay = 0]) => delay));
}
