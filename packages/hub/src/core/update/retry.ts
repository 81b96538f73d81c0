/** Reconnection times from the shortest to the longest, in milliseconds. */
export interface RetryRange {
  readonly min: number;
  readonly max: number;
}

/** Default range of the hub's own reconnection times. */
export const DEFAULT_RETRY_MS: RetryRange = { min: 1000, max: 5000 };

/**
 * Default range of the `retry` times that publishers may send to subscribers. A shorter time makes
 * all of them come back in a flood at each end of a stream. A longer time silences them, because
 * browsers obey it for days.
 */
export const DEFAULT_PUBLISHED_RETRY_MS: RetryRange = { min: 500, max: 300_000 };

/** Bounds of every time that leaves the hub, for any setting. */
export const RETRY_BOUNDS_MS: RetryRange = { min: 100, max: 3_600_000 };

/** Returns the time, or the nearer end of the range. */
export function boundRetry(retryMs: number, { min, max }: RetryRange): number {
  return Math.min(Math.max(retryMs, min), max);
}

/**
 * Brings the `retry` of an update into the range. Almost every update is within the range already,
 * or has no `retry`, and is not copied.
 */
export function withBoundRetry<T extends { readonly retry: number | undefined }>(update: T, range: RetryRange): T {
  const { retry } = update;
  return retry === undefined || boundRetry(retry, range) === retry ? update : { ...update, retry: boundRetry(retry, range) };
}

/**
 * Brings a range within {@link RETRY_BOUNDS_MS}.
 *
 * @param name - Name of the option, for the error.
 * @throws TypeError if the value is no range.
 */
export function retryRangeOf(name: string, range: RetryRange): RetryRange {
  const { min, max } = range;
  if (!(min >= 0 && min <= max)) {
    throw new TypeError(`\`${name}\` must be a range of milliseconds such as { min: 1000, max: 5000 }, not ${JSON.stringify(range)}.`);
  }
  return { min: boundRetry(min, RETRY_BOUNDS_MS), max: boundRetry(max, RETRY_BOUNDS_MS) };
}
