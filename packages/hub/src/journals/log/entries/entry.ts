import { crc32 } from "node:zlib";

/**
 * An entry of a segment, one for each append. Numbers are little-endian.
 *
 * 0: CRC-32 of all other bytes, started from the journal's salt. Node has CRC-32 as native code. In
 * JavaScript, CRC-32C takes 4 times as long for 300 bytes, and 8 times for 64 KiB. 4: {@link MAGIC}. 5: kind. 6:
 * time in milliseconds. 12: length. 16: number of records. 20: flushed length of the segment when
 * the entry was written. 24: offset of the first record, or of the next record if there is none. 30:
 * the head. 36: bytes of all records ever appended, with this entry's. 44: number of entries with
 * steps ever appended, with this one. Then records, steps and key.
 */
export const ENTRY_HEAD = 48;

/** A byte that no text in UTF-8 has, so that a search for the next entry is fast. */
const MAGIC = 0xfe;

/** Kinds of entries: with steps, with a key. */
export const HAS_STEPS = 1;
export const HAS_KEY = 2;
/** Kind of the first entry of a segment, if the records before are known to be gone. */
export const AFTER_GAP = 4;
const KINDS: number = HAS_STEPS + HAS_KEY + AFTER_GAP;

const UPPER = 0x1_0000_0000;

function writeU48(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % UPPER, at);
  bytes.writeUInt16LE(Math.floor(value / UPPER), at + 4);
}

function readU48(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt16LE(at + 4) * UPPER;
}

/** Writes the parts of an entry's head that its encoder knows. */
export function startEntry(
  bytes: Buffer,
  { kind, length, count, bytes: size }: { readonly kind: number; readonly length: number; readonly count: number; readonly bytes: number },
): void {
  bytes.fill(0, 0, ENTRY_HEAD);
  bytes[4] = MAGIC;
  bytes[5] = kind;
  bytes.writeUInt32LE(length, 12);
  bytes.writeUInt32LE(count, 16);
  bytes.writeDoubleLE(size, 36);
}

export function setKind(entry: Buffer, kind: number): void {
  entry[5] = kind;
}

/** Place of an entry in its log. */
export interface EntryPlace {
  readonly at: number;
  readonly first: number;
  readonly head: number;
  /** Flushed length of the segment. */
  readonly flushed: number;
  /** Bytes of all records ever appended, with this entry's. */
  readonly total: number;
  /** Number of entries with steps ever appended, with this one. */
  readonly changes: number;
}

export function placeEntry(bytes: Buffer, at: number, place: EntryPlace): void {
  writeU48(bytes, place.at, at + 6);
  bytes.writeUInt32LE(place.flushed, at + 20);
  writeU48(bytes, place.first, at + 24);
  writeU48(bytes, place.head, at + 30);
  bytes.writeDoubleLE(place.total, at + 36);
  bytes.writeUInt32LE(place.changes % UPPER, at + 44);
}

/** Changes the head of a placed entry, before its checksum. */
export function moveHead(bytes: Buffer, at: number, head: number): void {
  writeU48(bytes, head, at + 30);
}

/** Writes the checksum, once all other bytes are there. */
export function sealEntry(bytes: Buffer, at: number, length: number, salt: number): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 4, at + length), salt), at);
}

/** Tells whether the bytes from an index to its entry's end are as written. */
export function isSound(bytes: Buffer, at: number, length: number, salt: number): boolean {
  return crc32(bytes.subarray(at + 4, at + length), salt) === bytes.readUInt32LE(at);
}

export const isMarked = (bytes: Buffer, at: number): boolean => bytes[at + 4] === MAGIC;

/** The next index, up to another one, where an entry may begin. -1 if there is none. */
export function findMarked(bytes: Buffer, from: number, last: number): number {
  const at = bytes.subarray(from + 4, last + 5).indexOf(MAGIC);
  return at === -1 ? -1 : from + at;
}

export const isKnownKind = (bytes: Buffer, at: number): boolean => entryKind(bytes, at) <= KINDS;
export const entryKind = (bytes: Buffer, at: number): number => bytes[at + 5] as number;
export const entryTime = (bytes: Buffer, at: number): number => readU48(bytes, at + 6);
export const entryLength = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 12);
export const entryCount = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 16);
export const entryFlushed = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 20);
export const entryFirst = (bytes: Buffer, at: number): number => readU48(bytes, at + 24);
export const entryHead = (bytes: Buffer, at: number): number => readU48(bytes, at + 30);
export const entryTotal = (bytes: Buffer, at: number): number => bytes.readDoubleLE(at + 36);
/** Tells whether a number of changes is later than another. The numbers begin again after 2 ** 32. */
export const isFurther = (changes: number, than: number): boolean => ((changes - than) | 0) > 0;

export const entryChanges = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at + 44);
