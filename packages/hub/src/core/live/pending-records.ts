import { type JournalRecord, recordBytes } from "../journal/journal.ts";

/**
 * Most bytes of one write. This bounds the memory of a socket that fills up. A single larger frame
 * is sent whole.
 */
const WRITE_BYTES = 64 * 1024;

/**
 * Bounds on the records that wait for pattern matching: time in milliseconds, and bytes. Past them,
 * streams with patterns read the journal by themselves.
 */
const MOST_WAITING = { ms: 250, bytes: 16 * 1024 * 1024 } as const;

/** Records that came from the journal and wait for their dispatch, in order. */
export class PendingRecords {
  #records: JournalRecord[] = [];
  #bytes = 0;
  /**
   * Arrival times of the records, in milliseconds of the monotonic clock. Each entry covers the
   * records up to an offset.
   */
  #came: { readonly upTo: number; readonly atMs: number }[] = [];

  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  push(record: JournalRecord): void {
    this.#records.push(record);
    this.#bytes += recordBytes(record);
  }

  /** Notes when the records came that were pushed since the last call. The last is at `upTo`. */
  came(upTo: number, atMs: number): void {
    this.#came.push({ upTo, atMs });
  }

  /** Whether the records have waited for too long, or are too large, to wait any longer. */
  isOverdue(nowMs: number): boolean {
    const oldestAtMs = this.#came[0]?.atMs ?? nowMs;
    return nowMs - oldestAtMs > MOST_WAITING.ms || this.#bytes > MOST_WAITING.bytes;
  }

  /** Takes the next records out: at least one if there are any, and no more than one write holds. */
  take(most: number = Infinity): readonly JournalRecord[] {
    let bytes = 0;
    let count = 0;
    for (const record of this.#records) {
      const size = recordBytes(record);
      if (count === most || (count > 0 && bytes + size > WRITE_BYTES)) break;
      bytes += size;
      count++;
    }
    this.#bytes -= bytes;
    if (count === this.#records.length) {
      const batch = this.#records;
      this.#records = [];
      return batch;
    }
    return this.#records.splice(0, count);
  }

  /** Forgets when the records came that were dispatched, up to an offset. */
  dispatched(upTo: number): void {
    while (this.#came[0] !== undefined && this.#came[0].upTo <= upTo) this.#came.shift();
  }

  clear(): void {
    this.#records = [];
    this.#bytes = 0;
    this.#came = [];
  }
}
