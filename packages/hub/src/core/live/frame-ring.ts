import type { Frame } from "../update/encoded-frame.ts";
import { type JournalRecord, recordBytes } from "../journal/journal.ts";

/** A record with its encoded bytes. */
export class FramedRecord {
  readonly record: JournalRecord;
  /** Undefined if no cohort was sent the record. */
  frame: Frame | undefined;
  /** Set by the ring: size of both, so that an old record is dropped without a look at its text. */
  heldBytes = 0;

  constructor(record: JournalRecord) {
    this.record = record;
    this.frame = undefined;
  }
}

/**
 * The newest records with their frames, bounded in bytes and count, shared by live delivery and
 * catch-up. A subscriber that was away for a moment is served from memory, without touching the
 * journal.
 */
export class FrameRing {
  readonly #maxBytes: number;
  readonly #maxCount: number;
  /** Every record after this offset is held. Their offsets have no holes. */
  #after: number;
  #entries: (FramedRecord | undefined)[] = [];
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

  /** Adds the record at the offset after the newest. */
  push(entry: FramedRecord): void {
    entry.heldBytes = recordBytes(entry.record) + (entry.frame?.length ?? 0);
    this.#entries.push(entry);
    this.#bytes += entry.heldBytes;
    while (this.#bytes > this.#maxBytes || this.#entries.length - this.#start > this.#maxCount) this.#dropOldest();
    if (this.#start > 1024 && this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }

  /** The record at an offset, if held. */
  entry(offset: number): FramedRecord | undefined {
    return offset > this.#after ? this.#entries[this.#start + (offset - this.#after) - 1] : undefined;
  }

  /**
   * @param maxBytes - Most bytes of the records and their frames. The first record is read in any
   *   case.
   * @returns The entries after the offset, at most `maxCount`, in order. Undefined if some are no
   *   longer held.
   */
  read(after: number, maxCount: number, maxBytes: number): readonly FramedRecord[] | undefined {
    if (after < this.#after) return undefined;
    const entries: FramedRecord[] = [];
    let bytes = 0;
    while (entries.length < maxCount) {
      const entry = this.entry(after + entries.length + 1);
      if (entry === undefined) break;
      bytes += entry.heldBytes;
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push(entry);
    }
    return entries;
  }

  #dropOldest(): void {
    this.#bytes -= this.#entries[this.#start]?.heldBytes ?? 0;
    // Frees the record now. Its slot is freed with the next cut.
    this.#entries[this.#start] = undefined;
    this.#start++;
    this.#after++;
  }
}
