import { MAX_TIMER_MS } from "./waits.ts";

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
 * Creates an exponential backoff with full jitter, so that clients of a restarted hub return at
 * different instants. A delay is never shorter than the reconnection time: "Wait a delay equal to
 * the reconnection time of the event source. Optionally, wait some more."
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
 * @param firstMs - First delay, chosen by the program.
 * @param maxMs - Longest delay, unless the server asks for more.
 * @param floorMs - Shortest wait that the server may set.
 * @param ceilingMs - Longest wait that the server may set, to which up to a quarter is added at
 *   random.
 * @param random - Returns 0 to 1.
 */
export function createBackoff(
  firstMs: number,
  maxMs: number,
  floorMs: number = RETRY_FLOOR_MS,
  ceilingMs: number = RETRY_CEILING_MS,
  random: () => number = Math.random,
): Backoff {
  // A delay of 0 would never grow.
  let baseMs = Math.max(1, firstMs);
  let failures = 0;
  return {
    setBase(ms) {
      baseMs = Math.min(Math.max(ms, floorMs), ceilingMs);
    },
    reset() {
      failures = 0;
    },
    next(atLeastMs = 0) {
      const ceiling = Math.min(Math.max(maxMs || 1000, 2 * baseMs), baseMs * 2 ** failures);
      // The first delay stays close to the server's, which the hub has already spread.
      const delay = failures === 0 ? baseMs * (1 + random() / 4) : baseMs + (ceiling - baseMs) * random();
      failures += 1;
      return Math.min(Math.max(delay, Math.min(atLeastMs, ceilingMs) * (1 + random() / 10)), MAX_TIMER_MS);
    },
  };
}
