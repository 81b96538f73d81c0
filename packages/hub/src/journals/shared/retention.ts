import type { Retention } from "../../core/journal/journal.ts";
import { every } from "../../core/scheduler.ts";

/** Default retention of a journal that outlives its process. */
export const DURABLE_RETENTION: Retention = { maxCount: 1_000_000, maxBytes: 1024 ** 3, maxAgeMs: 7 * 24 * 3600 * 1000 };
/** Longest and shortest time between two checks while nothing is appended, in milliseconds. */
const CHECK_MS = { most: 10_000, least: 1000 } as const;

/** The rule that says which records are dropped. The oldest are dropped first. */
export class RetentionRule {
  readonly #maxAgeMs: number;
  readonly #maxBytes: number;
  readonly #maxCount: number;

  constructor({ maxAgeMs = Infinity, maxBytes = Infinity, maxCount = Infinity }: Retention) {
    this.#maxAgeMs = maxAgeMs;
    this.#maxBytes = maxBytes;
    this.#maxCount = maxCount;
  }

  /** Tells whether so many records of so many bytes are more than may be held. */
  isTooMuch(count: number, bytes: number): boolean {
    return count > this.#maxCount || bytes > this.#maxBytes;
  }

  /** Tells whether a record is too old. @param at - Time of its append, as in `JournalRecord`. */
  isTooOld(at: number, now: number): boolean {
    return now - at > this.#maxAgeMs;
  }
}

/** The use of a retention by an engine, for {@link trimWhileIdle}. */
export interface Trimmable {
  readonly head: () => number;
  /** Whether the oldest record is beyond the retention. */
  readonly isOverfull: () => boolean;
  /** Drops some of the oldest records, so few that nothing else has to wait. */
  readonly dropSome: () => Promise<unknown>;
}

/**
 * Drops records beyond the retention at the start and while nothing is appended, one step at a
 * time. The retention may have been lowered since the records were appended.
 *
 * @returns Stops.
 */
export function trimWhileIdle({ maxAgeMs = Infinity }: Retention, { head, isOverfull, dropSome }: Trimmable): () => void {
  let isTrimming = false;
  const trim = async (): Promise<void> => {
    if (isTrimming) return;
    isTrimming = true;
    try {
      // A step that drops nothing is the last.
      for (let last = -1, next = head(); next > last && isOverfull(); last = next, next = head()) await dropSome();
    } catch {
      // The next append reports the error, and the next check tries again.
    } finally {
      isTrimming = false;
    }
  };
  void trim();
  return every(Math.min(CHECK_MS.most, Math.max(CHECK_MS.least, maxAgeMs / 4)), () => void trim());
}
