import { type JournalRecord, recordBytes } from "../journal/journal.ts";
import type { Pace } from "../matching/pace.ts";

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
