/** Reconnection times from the shortest to the longest, in milliseconds. */
export interface RetryRange {
  readonly min: number;
  readonly max: number;
}

/** What the hub itself tells, unless it is told otherwise. */
export const DEFAULT_RETRY_MS: RetryRange = { min: 1000, max: 5000 };

/**
 * What a publisher's `retry` may tell subscribers, unless the hub is told otherwise. A shorter time makes all of them come back in a flood at each end of a
 * stream. A longer one silences them: browsers keep to it, for days.
 */
export const DEFAULT_PUBLISHED_RETRY_MS: RetryRange = { min: 500, max: 300_000 };

/** No time that leaves the hub is outside of this, whatever it is told. */
export const RETRY_BOUNDS_MS: RetryRange = { min: 100, max: 3_600_000 };

/** The time itself, or the nearer end of the range. */
export function boundRetry(retryMs: number, { min, max }: RetryRange): number {
  return Math.min(Math.max(retryMs, min), max);
}

/** The update with a `retry` within the range. Almost every update is within it already, or has none, and is not copied. */
export function withBoundRetry<T extends { readonly retry: number | undefined }>(update: T, range: RetryRange): T {
  const { retry } = update;
  return retry === undefined || boundRetry(retry, range) === retry ? update : { ...update, retry: boundRetry(retry, range) };
}

/**
 * A range as it is used: brought within {@link RETRY_BOUNDS_MS}.
 *
 * @param name - Of the option, for the error.
 * @throws TypeError when it is no range.
 */
export function retryRangeOf(name: string, range: RetryRange): RetryRange {
  const { min, max } = range;
  if (!(min >= 0 && min <= max)) {
    throw new TypeError(`\`${name}\` must be a range of milliseconds such as { min: 1000, max: 5000 }, not ${JSON.stringify(range)}.`);
  }
  return { min: boundRetry(min, RETRY_BOUNDS_MS), max: boundRetry(max, RETRY_BOUNDS_MS) };
}
