import type { Logger } from "./core/logger.ts";
import { monotonicMs } from "./core/scheduler.ts";

/** Most failures that are written in a minute: a journal that is away fails with each request. */
const FAILURES_A_MINUTE = 10;
const MINUTE_MS = 60_000;

/**
 * The logger of a hub that is given none: failures, which concern whoever runs the hub, reach `console.error`. Nothing else is reported.
 *
 * @param now - A monotonic clock, in milliseconds.
 */
export function consoleLogger(now: () => number = monotonicMs): Logger {
  let beganAtMs = -Infinity;
  let written = 0;
  let leftOut = 0;
  const write = (...parts: readonly unknown[]): void => {
    try {
      // What it writes to may be closed, and a program may have put something else in its place.
      // oxlint-disable-next-line no-console
      console.error(...parts);
    } catch {
      // There is no other place to say so.
    }
  };
  const ignore = (): void => undefined;
  return {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error(fields, text) {
      const at = now();
      if (at - beganAtMs >= MINUTE_MS) {
        if (leftOut > 0)
          write(`artesian: ${leftOut} more failures in the last minutes are not shown. Give createHub() a logger to see all.`);
        [beganAtMs, written, leftOut] = [at, 0, 0];
      }
      if (written === FAILURES_A_MINUTE) {
        leftOut++;
        return;
      }
      written++;
      const { err, ...others } = fields as { readonly err?: unknown };
      write(`artesian: ${text}`, ...(Object.keys(others).length > 0 ? [others] : []), ...(err === undefined ? [] : [err]));
    },
  };
}
