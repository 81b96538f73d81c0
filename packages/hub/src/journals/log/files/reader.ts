import type { KnownAppend, ReusedKey } from "../../../core/journal/idempotency.ts";
import { type JournalPage, type JournalRecord, type ReadLimits, recordBytes } from "../../../core/journal/journal.ts";
import { nextTurn } from "../../../core/scheduler.ts";
import { inSlices } from "../../../core/slices.ts";
import { decodeRecord, decodeRest } from "../entries/codec.ts";
import { Cursor } from "./cursor.ts";
import { ENTRY_HEAD, entryKind, entryTime, HAS_KEY } from "../entries/entry.ts";
import { EntryReader, type HeldBytes, scan } from "../entries/entry-reader.ts";
import { toReadError } from "./failure.ts";
import type { LogPlace } from "./log-access.ts";
import { gapAt, Segments } from "./segments.ts";

/** Most damaged places reported. Further places are silent. */
const MOST_TOLD = 1000;
const ALL: ReadLimits = { maxRecords: Infinity, maxBytes: Infinity };

/** Options of a {@link LogReader}. */
export interface LogReaderOptions {
  /** Called with a description if read data differ from the written data. */
  readonly onDamage?: ((what: string) => void) | undefined;
}

/**
 * Reads records from the segment files, up to the newest known place. The writing process and all
 * others read in the same way. Every entry is checked, and damaged records read as if they had been
 * trimmed.
 */
export class LogReader {
  readonly #segments: Segments;
  readonly #cursor: Cursor;
  readonly #onDamage: (what: string) => void;
  readonly #told = new Set<number>();
  #place: LogPlace;

  /** @param segments - Of this reader alone, or of the one process that writes. */
  constructor(segments: Segments, place: LogPlace, { onDamage = (what) => process.emitWarning(what) }: LogReaderOptions) {
    this.#segments = segments;
    this.#onDamage = onDamage;
    this.#place = place;
    this.#cursor = new Cursor(segments, { notes: true });
    this.#cursor.end(place.position);
  }

  /**
   * Opens a reader for a process that does not write.
   *
   * @param salt - Of the journal. See `readIdentity`.
   */
  static async open(directory: string, salt: number, place: LogPlace, options: LogReaderOptions = {}): Promise<LogReader> {
    const segments = new Segments(directory, salt);
    segments.list(place.segment);
    const reader = new LogReader(segments, place, options);
    await reader.#prepare(place.tail);
    return reader;
  }

  get place(): LogPlace {
    return this.#place;
  }

  /**
   * Goes on to a newer place.
   *
   * @param held - The newest bytes of the active segment, if they are in memory. They must not change
   *   until the next call.
   */
  moveTo(place: LogPlace, held?: HeldBytes): void {
    const { segment, position } = this.#place;
    if (this.#segments.all.at(-1)?.first !== place.segment) this.#segments.list(place.segment);
    // The entries of a segment without records may be replaced by fewer.
    if (place.segment === segment && place.position < position) {
      this.#segments.active.sparse = undefined;
      this.#cursor.forget();
    }
    this.#segments.forgetBefore(place.head);
    this.#place = place;
    this.#cursor.end(place.position, held);
  }

  /** Takes another file in place of the active segment, as from a new writer. */
  reopen(): void {
    this.#segments.closeFile(this.#segments.active);
    this.#cursor.forget();
  }

  /** The records after an offset. See `Journal.read`. @throws HubError if the files can't be read. */
  async page(after: number, limits: ReadLimits): Promise<JournalPage> {
    if (after >= this.#place.head - 1 && after < this.#place.tail) await this.#prepare(after + 1);
    const { head, tail } = this.#place;
    if (after < head - 1) return { kind: "trimmed", head };
    const records: JournalRecord[] = [];
    if (after >= tail) return { kind: "records", records };
    const next = this.#collect(after + 1, tail, limits, records);
    return records.length > 0 ? { kind: "records", records } : { kind: "trimmed", head: next };
  }

  /** All records after an offset up to another, without damaged records. @throws As {@link page}. */
  between(after: number, upTo: number): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (let from = after + 1; from <= upTo;) from = this.#collect(from, upTo, ALL, records);
    return records;
  }

  /** The record at an offset, or undefined if it is damaged or not held. @throws As {@link page}. */
  record(offset: number): JournalRecord | undefined {
    return offset < this.#place.head || offset > this.#place.tail ? undefined : this.between(offset - 1, offset)[0];
  }

  /**
   * The outcome of the append with the record at an offset, if it is of this key.
   *
   * @param digest - Of the key. @param request - Digest of the request.
   */
  knownAt(offset: number, digest: string, request: string): KnownAppend | ReusedKey | undefined {
    if (offset > this.#place.tail || this.#seek(offset) !== offset) return undefined;
    const { bytes, at, length, first, count } = this.#cursor.entry;
    if (first + count <= this.#place.head || (entryKind(bytes, at) & HAS_KEY) === 0) return undefined;
    const { keyed } = decodeRest(bytes, at, length);
    if (keyed?.digest !== digest) return undefined;
    if (keyed.request !== request) return { kind: "reused" };
    return { kind: "repeated", offsets: Array.from({ length: count }, (_, i) => first + i), answer: keyed.answer };
  }

  close(): void {
    this.#segments.close();
  }

  /**
   * Reads records from an offset on, until a limit is reached or a record is missing.
   *
   * @returns The offset to go on with. If the first record is missing, the first offset after it that
   *   may be sound, or one more than the tail.
   */
  #collect(from: number, upTo: number, { maxRecords, maxBytes }: ReadLimits, records: JournalRecord[]): number {
    const most = records.length + maxRecords;
    let bytes = 0;
    for (let offset = from; ;) {
      if (offset > upTo) return offset;
      const sound = this.#seek(offset, offset > from);
      if (sound !== offset) {
        if (offset > from) return offset;
        this.#tell(offset, sound);
        return Math.min(sound, this.#place.tail + 1);
      }
      const { first, count, length, at, bytes: source } = this.#cursor.entry;
      const time = entryTime(source, at);
      let next = at + ENTRY_HEAD;
      for (let i = first; i < first + count && offset <= upTo; i++) {
        if (i === offset) {
          const record = decodeRecord(source, next, at + length, offset++, time);
          records.push(record);
          bytes += recordBytes(record);
          if (records.length >= most || bytes >= maxBytes) return offset;
        }
        next += 4 + source.readUInt32LE(next);
      }
    }
  }

  #seek(offset: number, goesOn = false): number {
    try {
      return goesOn ? this.#cursor.goOn(offset) : this.#cursor.seek(offset);
    } catch (error) {
      throw toReadError(error);
    }
  }

  /** @param sound - First offset after the damage that may be sound. */
  #tell(offset: number, sound: number): void {
    // The files of records that were trimmed since may be gone.
    if (this.#told.has(offset) || this.#told.size >= MOST_TOLD || offset < (this.#segments.all[0]?.first ?? 0)) return;
    const next = this.#segments.of(sound);
    if (next?.first === sound && this.#segments.isAfterGap(next)) return;
    this.#told.add(offset);
    this.#onDamage(`The journal in ${this.#segments.directory} is damaged: record ${offset} is not what was written, and is left out.`);
  }

  /** Reads the segment of an offset in slices, if it is not known where its entries are. */
  async #prepare(offset: number): Promise<void> {
    const segment = this.#segments.of(offset);
    if (segment === undefined) return;
    try {
      const sparse = this.#segments.sparse(segment);
      if (offset < sparse.next || gapAt(segment, offset) !== undefined) return;
      const entries = new EntryReader(this.#segments.salt);
      const isActive = segment.next === Infinity;
      entries.use({
        fd: () => this.#segments.fd(segment),
        limit: isActive ? this.#place.position : this.#segments.length(segment),
      });
      const until = isActive ? this.#place.tail + 1 : segment.next;
      await inSlices(
        scan(entries, { position: sparse.knownTo, next: sparse.next, until }, ({ position, length, first, count }) =>
          sparse.note(position, length, first, count),
        ),
        nextTurn,
      );
    } catch {
      // The read that follows reports the error.
    }
  }
}
