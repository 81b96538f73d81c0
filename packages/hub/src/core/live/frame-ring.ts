import { type JournalRecord, recordBytes } from "../journal/journal.ts";

/** A record with its encoded bytes. */
export interface FramedRecord {
  readonly record: JournalRecord;
  readonly frame: Uint8Array;
}

/**
 * The newest records with their frames, bounded in bytes and count, shared by live delivery and
 * catch-up. A subscriber that was away for a moment is served from memory, without touching the
 * journal.
 */
export class FrameRing {
  readonly #maxBytes: number;
  readonly #maxCount: number;
  /** Every record after this offset is held. */
  #after: number;
  #entries: FramedRecord[] = [];
  /**
   * Entries before this index were dropped. The array is cut now and then instead of at each drop.
   */
  #start = 0;
  #bytes = 0;

  /** @param after - The position at which the ring begins, empty. */
  constructor(after: number, maxBytes: number, maxCount: number) {
    this.#after = after;
    this.#maxBytes = maxBytes;
    this.#maxCount = maxCount;
  }

  /** Every record after this offset is held. */
  get after(): number {
    return this.#after;
  }

  /** Drops everything, and begins at another position. */
  restart(after: number): void {
    this.#after = after;
    this.#entries = [];
    this.#start = 0;
    this.#bytes = 0;
  }

  push(entry: FramedRecord): void {
    this.#entries.push(entry);
    this.#bytes += entrySize(entry);
    while (this.#bytes > this.#maxBytes || this.#entries.length - this.#start > this.#maxCount) this.#dropOldest();
    if (this.#start > 1024 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  /** The record at an offset, if held. */
  entry(offset: number): FramedRecord | undefined {
    const [entry] = this.read(offset - 1, 1, 1) ?? [];
    return entry?.record.offset === offset ? entry : undefined;
  }

  /**
   * @param maxBytes - Most bytes of the records and their frames. The first record is read in any
   *   case.
   * @returns The entries after the offset, at most `maxCount`, in order. Undefined if some are no
   *   longer held.
   */
  read(after: number, maxCount: number, maxBytes: number): readonly FramedRecord[] | undefined {
    if (after < this.#after) return undefined;
    let low = this.#start;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as FramedRecord).record.offset <= after) low = middle + 1;
      else high = middle;
    }
    const last = Math.min(low + maxCount, this.#entries.length);
    let end = low;
    let bytes = 0;
    while (end < last) {
      bytes += entrySize(this.#entries[end] as FramedRecord);
      if (bytes > maxBytes && end > low) break;
      end++;
    }
    return this.#entries.slice(low, end);
  }

  #dropOldest(): void {
    const oldest = this.#entries[this.#start] as FramedRecord;
    this.#after = oldest.record.offset;
    this.#bytes -= entrySize(oldest);
    // Frees the record now. Its slot is freed with the next cut.
    this.#entries[this.#start] = DROPPED;
    this.#start++;
  }
}

const DROPPED: FramedRecord = {
  record: { offset: 0, at: 0, topics: [], data: "", id: undefined, type: undefined, retry: undefined, private: false },
  frame: new Uint8Array(0),
};

function entrySize(entry: FramedRecord): number {
  return entry.frame.length + recordBytes(entry.record);
}
