import { parseDate } from "../feed/dates.ts";

/**
 * Upper ends of the numbers that count seconds, milliseconds, microseconds and nanoseconds, and
 * their factors to milliseconds.
 */
const SCALES = [
  { below: 1e11, toMs: 1000 },
  { below: 1e14, toMs: 1 },
  { below: 1e17, toMs: 1e-3 },
  { below: 1e20, toMs: 1e-6 },
] as const;

/**
 * Smallest plausible number of seconds. A smaller number is from 1973 or before, and more likely a
 * counter, an hour, or a meaningless zero.
 */
const MIN_SECONDS = 1e8;

/** The year 2200, as for dates. A number for a later time has another unit. */
const MAX_MS = Date.UTC(2200, 0);

/** Largest delay of an origin's prices behind the newest, in milliseconds. */
const LATE_MS = 10 * 3_600_000;

/**
 * Reads a time: a date, also without separators (`20240302120000`), or a number since 1970 whose
 * size tells its unit.
 *
 * @returns Milliseconds since 1970, or undefined for an implausible time.
 */
export function readTime(text: string): number | undefined {
  const date = parseDate(text);
  if (date !== undefined || !/^\d+(?:\.\d+)?(?:e\+?\d{1,2})?$/i.test(text)) return date;
  const number = Number(text);
  const scale = number < MIN_SECONDS ? undefined : SCALES.find(({ below }) => number < below);
  const ms = scale === undefined ? undefined : Math.floor(number * scale.toMs);
  return ms === undefined || ms > MAX_MS ? undefined : ms;
}

/**
 * Whether a price came after a newer price, which then stays. More than ten hours back is no delay:
 * the origin's clock was set back, or a file is played again. The stock ticker's server and page
 * use the same rule.
 *
 * @param beforeMs - Time of the newest price so far.
 */
export function isLate(timeMs: number, beforeMs: number): boolean {
  return timeMs < beforeMs && beforeMs - timeMs <= LATE_MS;
}
