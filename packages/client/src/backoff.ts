/** Longest delay that `setTimeout` keeps, in milliseconds. A longer timer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Lower bound of a server's reconnection time, in milliseconds. Clients would flood the server
 * below this bound.
 */
export const RETRY_FLOOR_MS = 500;
/**
 * Upper bound of a server's waits, in milliseconds. One slip of a publisher must not silence a
 * client for days.
 */
export const RETRY_CEILING_MS = 300_000;

/** Counts failures in a row and computes the wait after each. */
export interface Backoff {
  /**
   * Sets the reconnection time from the server's `retry:`, in milliseconds. The value is brought
   * between the floor and the ceiling.
   */
  setBase(ms: number): void;
  /** Forgets the failures, because the connection worked. */
  reset(): void;
  /**
   * The wait before the next attempt, in milliseconds.
   *
   * @param atLeastMs - The wait that the server set by `Retry-After` or `hub:drain`. Obeyed up to
   *   the ceiling.
   */
  next(atLeastMs?: number): number;
}

/**
 * Creates an exponential backoff with jitter, so that clients of a restarted hub return at
 * different instants. A delay is never shorter than the reconnection time: "Wait a delay equal to
 * the reconnection time of the event source. Optionally, wait some more."
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
 * @param options - `baseMs`: first delay, chosen by the program. `maxMs`: longest delay, unless the
 *   server asks for more. `floorMs` and `ceilingMs`: bounds of the server's waits, to which up to a
 *   quarter is added at random. `random`: returns 0 to 1.
 */
export function createBackoff(options: {
  baseMs: number;
  maxMs: number;
  floorMs?: number | undefined;
  ceilingMs?: number | undefined;
  random?: () => number;
}): Backoff {
  const { floorMs = RETRY_FLOOR_MS, ceilingMs = RETRY_CEILING_MS, random = Math.random } = options;
  // A delay of 0 would never grow.
  let baseMs = Math.max(1, options.baseMs);
  let failures = 0;
  return {
    setBase(ms) {
      baseMs = Math.min(Math.max(ms, floorMs), ceilingMs);
    },
    reset() {
      failures = 0;
    },
    next(atLeastMs = 0) {
      const ceiling = Math.min(Math.max(options.maxMs, 2 * baseMs), baseMs * 2 ** failures);
      // The first delay stays close to the server's, which the hub has already spread.
      const delay = failures === 0 ? baseMs * (1 + random() / 4) : (ceiling * (1 + random())) / 2;
      failures += 1;
      return Math.min(Math.max(delay, Math.min(atLeastMs, ceilingMs) * (1 + random() / 10)), MAX_TIMER_MS);
    },
  };
}

/** Waits. Returns early, without an error, when the signal is aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish);
  });
}
