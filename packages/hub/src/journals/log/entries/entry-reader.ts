import { readSync } from "node:fs";
import { ENTRY_HEAD, entryCount, entryFirst, entryFlushed, entryLength, findMarked, isKnownKind, isMarked, isSound } from "./entry.ts";

const WINDOW_BYTES = 64 * 1024;
/** Bytes read at first at a place. Many readers want one record. */
const FIRST_READ_BYTES = 8 * 1024;
/** Bytes of the shortest record. */
const LEAST_RECORD_BYTES = 7;
/** Entries between two marks of a scan where others may have their turn. */
const ENTRIES_PER_STEP = 64;

/** Bytes of a segment that are in memory. */
export interface HeldBytes {
  readonly position: number;
  readonly bytes: Buffer;
}

/** A segment to read. */
export interface ReadableSegment {
  /** Opens the file on demand. @throws Error of the system. */
  readonly fd: () => number;
  /** The bytes from here on are not read. */
  readonly limit: number;
  /** The last bytes before the limit, if they are in memory. */
  readonly held?: HeldBytes | undefined;
}

/** Reads entries of a segment. The current entry is at {@link at} in {@link bytes}. */
export class EntryReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** Position of the current entry in its segment. */
  position = 0;
  length = 0;
  readonly #salt: number;
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  #window: Buffer = this.#buffer;
  /** Positions of the window's bytes. */
  #from = 0;
  #to = 0;
  #segment: ReadableSegment = { fd: () => -1, limit: 0 };

  constructor(salt: number) {
    this.#salt = salt;
  }

  get limit(): number {
    return this.#segment.limit;
  }

  /** Goes on with another segment, or with more of the same. */
  use(segment: ReadableSegment, isSame = false): void {
    this.#segment = segment;
    if (!isSame) this.#from = this.#to = 0;
  }

  /** Loads the entry at a position. @returns False if there is none, or it is not as written. */
  load(position: number): boolean {
    if (!this.#find(position, ENTRY_HEAD) || !this.#isPlausible(position)) return false;
    const length = entryLength(this.bytes, this.at);
    if (!this.#find(position, length) || !isSound(this.bytes, this.at, length, this.#salt)) return false;
    this.position = position;
    this.length = length;
    return true;
  }

  get first(): number {
    return entryFirst(this.bytes, this.at);
  }

  get count(): number {
    return entryCount(this.bytes, this.at);
  }

  /** Position after the current entry. */
  get end(): number {
    return this.position + this.length;
  }

  /**
   * Looks for the next entry with an offset, and loads it.
   *
   * @param least - Entries with earlier offsets are not meant.
   * @returns Whether there is one.
   */
  *search(from: number, least: number): Generator<undefined, boolean> {
    for (let position = from; position + ENTRY_HEAD <= this.limit; yield) {
      const length = Math.min(WINDOW_BYTES, this.#endAt(position) - position);
      if (!this.#find(position, length)) return false;
      const { bytes, at } = this;
      const end = at + length - ENTRY_HEAD;
      // The records between are no more than could have been in the bytes between.
      const most = least + (position + length - from) / LEAST_RECORD_BYTES;
      let next = findMarked(bytes, at, end);
      while (next !== -1 && !isBetween(entryFirst(bytes, next), least, most)) next = findMarked(bytes, next + 1, end);
      // At the boundary to the held bytes, less than an entry's head may be left.
      position = length < ENTRY_HEAD ? this.#endAt(position) : position + (next === -1 ? end + 1 : next) - at;
      if (next === -1) continue;
      if (this.load(position)) return true;
      position++;
    }
    return false;
  }

  #isPlausible(position: number): boolean {
    const { bytes, at } = this;
    if (!isMarked(bytes, at) || !isKnownKind(bytes, at)) return false;
    const length = entryLength(bytes, at);
    return length >= ENTRY_HEAD && length <= this.limit - position && entryCount(bytes, at) <= length;
  }

  /** Brings bytes into memory, at {@link at}. @returns False if the segment has fewer. */
  #find(position: number, length: number): boolean {
    const { held } = this.#segment;
    if (position + length > this.#endAt(position)) return false;
    if (held !== undefined && position >= held.position) {
      this.bytes = held.bytes;
      this.at = position - held.position;
      return true;
    }
    if (position < this.#from || position + length > this.#to) this.#read(position, length);
    this.bytes = this.#window;
    this.at = position - this.#from;
    return position + length <= this.#to;
  }

  /** End of the bytes that are together with a position. Held bytes may not be in the file yet. */
  #endAt(position: number): number {
    const { held, limit } = this.#segment;
    return held === undefined || position >= held.position ? limit : Math.min(limit, held.position);
  }

  #read(position: number, length: number): void {
    const { fd } = this.#segment;
    // A read that goes on where the last one ended goes on for long.
    const ahead = position === this.#to || (position > this.#from && position < this.#to) ? WINDOW_BYTES : FIRST_READ_BYTES;
    const wanted = Math.max(length, Math.min(ahead, this.#endAt(position) - position));
    this.#window = wanted > WINDOW_BYTES ? Buffer.allocUnsafeSlow(wanted) : this.#buffer;
    this.#from = this.#to = position;
    const file = fd();
    while (this.#to - position < wanted) {
      const read = readSync(file, this.#window, this.#to - position, wanted - (this.#to - position), this.#to);
      if (read === 0) return;
      this.#to += read;
    }
  }
}

function isBetween(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** Result of a {@link scan}. */
export interface ScanEnd {
  /** Position after the last entry. */
  readonly position: number;
  /** Offset after the last record. */
  readonly next: number;
  /** First offsets of the records that are missing. */
  readonly gaps: readonly number[];
}

/** Bounds of a {@link scan}. */
export interface ScanRange {
  readonly position: number;
  /** Offset of the first record. */
  readonly next: number;
  /** The scan ends with the record before this offset. Default: at the end of the segment. */
  readonly until?: number | undefined;
  /**
   * Whether the end may be torn: bytes that are no entry are the end, unless an entry after them
   * says that they had been flushed.
   */
  readonly mayBeTorn?: boolean | undefined;
}

/** Calls with each sound entry of a segment, in order. Yields where others may have their turn. */
export function* scan(
  entries: EntryReader,
  { position: start, next: firstOffset, until = Infinity, mayBeTorn = false }: ScanRange,
  visit: (entries: EntryReader) => void,
): Generator<undefined, ScanEnd> {
  const gaps: number[] = [];
  let position = start;
  let next = firstOffset;
  for (let n = 1; ; n++) {
    if (n % ENTRIES_PER_STEP === 0) yield;
    const isNext = entries.load(position) && entries.first >= next;
    if (!isNext) {
      // Entries without records may follow the last record.
      if (next >= until) break;
      const found = yield* entries.search(position + 1, next);
      if (!found || (mayBeTorn && !(yield* isProven(entries, position)))) break;
    }
    const { first } = entries;
    if (first + entries.count > until) break;
    if (first > next || !isNext) gaps.push(next);
    visit(entries);
    position = entries.end;
    next = first + entries.count;
  }
  return { position, next, gaps };
}

/**
 * Tells whether an entry from the loaded one on says that a position had been flushed. Loads the
 * same entry again.
 */
function* isProven(entries: EntryReader, flushed: number): Generator<undefined, boolean> {
  const { position: found, first } = entries;
  let next = first;
  for (;;) {
    if (entryFlushed(entries.bytes, entries.at) > flushed) break;
    next = entries.first + entries.count;
    const { end } = entries;
    if (entries.load(end) && entries.first >= next) continue;
    if (!(yield* entries.search(end + 1, next))) return false;
  }
  return entries.load(found);
}
