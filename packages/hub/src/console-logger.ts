import type { Logger } from "./core/logger.ts";
import { monotonicMs } from "./core/scheduler.ts";

/** Most failures written per minute. While a journal is away, each request fails. */
const FAILURES_A_MINUTE = 10;
const MINUTE_MS = 60_000;

/**
 * Makes the logger of a hub without a `logger` option. Failures concern the operator of the hub,
 * and reach `console.error`. Nothing else is reported.
 *
 * @param now - A monotonic clock, in milliseconds.
 */
export function consoleLogger(now: () => number = monotonicMs): Logger {
  let beganAtMs = -Infinity;
  let written = 0;
  let leftOut = 0;
  const write = (...parts: readonly unknown[]): void => {
    try {
      // The output may be closed, and a program may have replaced `console.error`.
      // oxlint-disable-next-line no-console
      console.error(...parts);
    } catch {
      // There is no other place to report this.
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
