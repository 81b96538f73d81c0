/** How a subscriber's updates are paced. */
export interface Pace {
  /** Least time between two writes of live updates, in milliseconds. 0 does not wait. */
  readonly intervalMs: number;
  /** Whether only the newest update of each canonical topic is wanted. */
  readonly latest: boolean;
}

/** Every update, at once. */
export const AT_ONCE: Pace = { intervalMs: 0, latest: false };

/** Longest `intervalMs`, and shortest except 0. */
export const MAX_INTERVAL_MS = 3_600_000;
export const MIN_INTERVAL_MS = 10;
