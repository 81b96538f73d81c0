/** Longest delay that `setTimeout` keeps: past 2³¹ − 1 ms it fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Shortest reconnection time that a server is obeyed in: a shorter one makes its clients a flood. */
export const RETRY_FLOOR_MS = 500;
/** Longest time that a server is obeyed in: one slip of a publisher must not silence a client for days. */
export const RETRY_CEILING_MS = 300_000;

/** Counts failures in a row and says how long to wait after each. */
export interface Backoff {
  /** Sets the reconnection time, as the server's `retry:` asks, in milliseconds; brought between the floor and the ceiling. */
  setBase(ms: number): void;
  /** Forgets the failures: the connection worked. */
  reset(): void;
  /**
   * How long to wait now, in milliseconds.
   *
   * @param atLeastMs - What the server asked for by `Retry-After` or `hub:drain`; obeyed up to the ceiling.
   */
  next(atLeastMs?: number): number;
}

/**
 * Exponential and jittered, so that the clients of a hub that comes back do not come back at the same instant.
 * Never shorter than the reconnection time: "Wait a delay equal to the reconnection time of the event source.
 * Optionally, wait some more."
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
 * @param options - `baseMs`: first delay, the program's own choice; `maxMs`: longest, unless the server asks for more; `floorMs` and `ceilingMs`: what the
 * server may ask for, to which up to a quarter is added at random; `random`: 0 to 1.
 */
export function createBackoff(options: {
  baseMs: number;
  maxMs: number;
  floorMs?: number | undefined;
  ceilingMs?: number | undefined;
  random?: () => number;
}): Backoff {
  const { floorMs = RETRY_FLOOR_MS, ceilingMs = RETRY_CEILING_MS, random = Math.random } = options;
  // From 0 it would never grow.
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
      // The first delay stays close to what the server asks for, which the hub has already spread.
      const delay = failures === 0 ? baseMs * (1 + random() / 4) : (ceiling * (1 + random())) / 2;
      failures += 1;
      return Math.min(Math.max(delay, Math.min(atLeastMs, ceilingMs) * (1 + random() / 10)), MAX_TIMER_MS);
    },
  };
}

/** Waits; returns early, without an error, when the signal is aborted. */
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
