import { type JournalRecord, recordBytes } from "../journal/journal.ts";
import type { Pace } from "../matching/pace.ts";

/**
 * Most bytes that wait for a cohort's next write. Past the limit the write comes early, because
 * memory must not grow with the interval.
 */
const MAX_BYTES = 1024 * 1024;
const MAX_RECORDS = 10_000;

/** The updates that wait for a cohort's next write. */
export class PacedRun {
  /** Offset of the oldest update since the last write, or Infinity if there is none. */
  pendingFrom: number = Infinity;
  /** Earliest time of the next write, in milliseconds of the monotonic clock. */
  dueAtMs = 0;
  readonly #latest: boolean;
  /** By canonical topic if only the newest counts, else by offset. In order of offset. */
  readonly #records = new Map<string | number, JournalRecord>();
  #last: JournalRecord | undefined;
  #bytes = 0;

  constructor(pace: Pace) {
    this.#latest = pace.latest;
  }

  /** @returns Whether the record is the first since the last write, or one too many. */
  take(record: JournalRecord): boolean {
    if (this.#last === record) return false;
    this.#last = record;
    const isFirst = this.pendingFrom === Infinity;
    if (isFirst) this.pendingFrom = record.offset;
    const key = this.#latest ? (record.topics[0] as string) : record.offset;
    const older = this.#records.get(key);
    if (older !== undefined) {
      this.#bytes -= recordBytes(older);
      // Deleted and set again, the record comes last.
      this.#records.delete(key);
    }
    this.#records.set(key, record);
    this.#bytes += recordBytes(record);
    if (isFirst || !this.isFull) return isFirst;
    this.dueAtMs = 0;
    return true;
  }

  /** Whether the run must be written now because too many bytes wait. */
  get isFull(): boolean {
    return this.#bytes > MAX_BYTES || this.#records.size > MAX_RECORDS;
  }

  /** Takes out the waiting records, in order. */
  drain(): readonly JournalRecord[] {
    const records = [...this.#records.values()];
    this.#records.clear();
    this.#bytes = 0;
    this.pendingFrom = Infinity;
    return records;
  }
}
