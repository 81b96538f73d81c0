import type { JournalRecord } from "./journal.ts";
import { recordBytes } from "./journal.ts";

/** How a subscriber wants its updates spread over time. */
export interface Pace {
  /** Least time between two writes of live updates, in milliseconds; 0 does not wait. */
  readonly intervalMs: number;
  /** Whether only the newest update of each canonical topic is wanted. */
  readonly latest: boolean;
}

/** Every update, at once. */
export const AT_ONCE: Pace = { intervalMs: 0, latest: false };

/** Longest `intervalMs`, and shortest but for 0. */
export const MAX_INTERVAL_MS = 3_600_000;
export const MIN_INTERVAL_MS = 10;

/** Most that waits for a cohort's next write: past it the write comes early, for memory must not grow with the interval. */
const MAX_BYTES = 1024 * 1024;
const MAX_RECORDS = 10_000;

/** The updates that wait for a cohort's next write. */
export class PacedRun {
  /** Offset of the oldest update that came since the last write; Infinity while there is none. */
  pendingFrom: number = Infinity;
  /** When the next write may be, in milliseconds of the monotonic clock. */
  dueAtMs = 0;
  readonly #latest: boolean;
  /** By canonical topic where only the newest counts, else by offset; in order of offset. */
  readonly #records = new Map<string | number, JournalRecord>();
  #last: JournalRecord | undefined;
  #bytes = 0;

  constructor(pace: Pace) {
    this.#latest = pace.latest;
  }

  /** @returns Whether it is the first one since the last write, or one too many. */
  take(record: JournalRecord): boolean {
    if (this.#last === record) return false;
    this.#last = record;
    const isFirst = this.pendingFrom === Infinity;
    if (isFirst) this.pendingFrom = record.offset;
    const key = this.#latest ? (record.topics[0] as string) : record.offset;
    const older = this.#records.get(key);
    if (older !== undefined) {
      this.#bytes -= recordBytes(older);
      // Set anew, it comes last.
      this.#records.delete(key);
    }
    this.#records.set(key, record);
    this.#bytes += recordBytes(record);
    if (isFirst || !this.isFull) return isFirst;
    this.dueAtMs = 0;
    return true;
  }

  /** Whether so much waits that it must be written now. */
  get isFull(): boolean {
    return this.#bytes > MAX_BYTES || this.#records.size > MAX_RECORDS;
  }

  /** Takes out what waits, in order. */
  drain(): readonly JournalRecord[] {
    const records = [...this.#records.values()];
    this.#records.clear();
    this.#bytes = 0;
    this.pendingFrom = Infinity;
    return records;
  }
}
