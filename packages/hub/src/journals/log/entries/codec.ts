import { type JournalRecord, recordBytes } from "../../../core/journal/journal.ts";
import type { StateStep } from "../../../core/journal/state.ts";
import type { Update } from "../../../core/update/update.ts";
import { ByteReader, ByteWriter, Malformed } from "./bytes.ts";
import { ENTRY_HEAD, entryCount, entryKind, HAS_KEY, HAS_STEPS, startEntry } from "./entry.ts";

/** The idempotency key of an append. */
export interface LogKey {
  /** Digest of the key. */
  readonly digest: string;
  /** Digest of the request. */
  readonly request: string;
  /** Kept for later attempts. */
  readonly answer: string | undefined;
}

/** Updates, changes of the shared table, and a key, which are appended together or not at all. */
export interface LogAppend {
  readonly batch: readonly Update[];
  readonly steps: readonly StateStep[];
  readonly keyed?: LogKey | undefined;
}

const PRIVATE = 1;
const ID = 2;
const TYPE = 4;
const RETRY = 8;
const TTL = 16;
/** The data are in UTF-16, because they have a lone surrogate. */
const UTF16 = 32;

const REMOVES = 0;
const WRITES = 1;
const TELLS = 2;

/** Used by one call at a time. */
const writer = new ByteWriter();
/** Used by one call at a time. */
const reader = new ByteReader(Buffer.alloc(0));

/**
 * Encodes an append as an entry of the log without its place, time and checksum.
 *
 * An entry of updates alone is written as it is. Steps of a request may have updates, and steps of a
 * stored entry have none: their updates are among the records.
 */
export function encodeAppend({ batch, steps, keyed }: LogAppend): Buffer {
  writer.clear();
  writer.reserve(ENTRY_HEAD);
  writer.length = ENTRY_HEAD;
  let bytes = 0;
  for (const update of batch) bytes += writeRecord(update);
  if (steps.length > 0) {
    writer.varint(steps.length);
    for (const { key, value, update } of steps) {
      writer.byte((value === undefined ? REMOVES : WRITES) + (update === undefined ? 0 : TELLS));
      writer.text(key);
      if (value !== undefined) writer.text(value);
      if (update !== undefined) writeRecord(update);
    }
  }
  if (keyed !== undefined) {
    writer.text(keyed.digest);
    writer.text(keyed.request);
    writer.byte(keyed.answer === undefined ? 0 : 1);
    if (keyed.answer !== undefined) writer.text(keyed.answer);
  }
  const kind = (steps.length > 0 ? HAS_STEPS : 0) + (keyed === undefined ? 0 : HAS_KEY);
  startEntry(writer.bytes, { kind, length: writer.length, count: batch.length, bytes });
  return writer.copy();
}

/** @throws Malformed for bytes that {@link encodeAppend} did not make. */
export function decodeAppend(request: Buffer): LogAppend {
  reader.bytes = request;
  reader.at = ENTRY_HEAD;
  reader.end = request.length;
  const batch: Update[] = [];
  for (let count = entryCount(request, 0); count > 0; count--) batch.push(readUpdate());
  return { batch, ...readRest(entryKind(request, 0)) };
}

/** The steps and the key of an entry. */
export type EntryRest = Pick<LogAppend, "steps" | "keyed">;

/** Reads the steps and the key of an entry. @param at - Index of the entry. */
export function decodeRest(bytes: Buffer, at: number, length: number): EntryRest {
  const kind = entryKind(bytes, at);
  if (kind === 0) return { steps: [] };
  reader.bytes = bytes;
  reader.at = at + ENTRY_HEAD;
  reader.end = at + length;
  for (let count = entryCount(bytes, at); count > 0; count--) reader.skip(reader.u32());
  return readRest(kind);
}

function readRest(kind: number): EntryRest {
  const steps: StateStep[] = [];
  if ((kind & HAS_STEPS) !== 0) {
    for (let left = reader.varint(); left > 0; left--) {
      const flags = reader.byte();
      const key = reader.text();
      const value = (flags & WRITES) === 0 ? undefined : reader.text();
      steps.push((flags & TELLS) === 0 ? { key, value } : { key, value, update: readUpdate() });
    }
  }
  if ((kind & HAS_KEY) === 0) return { steps };
  return { steps, keyed: { digest: reader.text(), request: reader.text(), answer: reader.byte() === 0 ? undefined : reader.text() } };
}

/** @returns The bytes of the record, as counted by {@link recordBytes}. */
function writeRecord(update: Update): number {
  const { topics, data, id, type, retry, ttlMs } = update;
  const size = recordBytes(update);
  const start = writer.length;
  const isUtf8 = data.isWellFormed();
  writer.u32(0);
  writer.byte(
    (update.private ? PRIVATE : 0) +
      (id === undefined ? 0 : ID) +
      (type === undefined ? 0 : TYPE) +
      (retry === undefined ? 0 : RETRY) +
      (ttlMs === undefined ? 0 : TTL) +
      (isUtf8 ? 0 : UTF16),
  );
  writer.varint(size);
  if (id !== undefined) writer.text(id);
  writer.varint(topics.length);
  for (const topic of topics) writer.text(topic);
  if (type !== undefined) writer.text(type);
  if (retry !== undefined) writer.double(retry);
  if (ttlMs !== undefined) writer.double(ttlMs);
  // Takes the rest of the record, so the length is not written.
  writer.content(data, isUtf8 ? 3 * data.length : 2 * data.length, isUtf8);
  writer.bytes.writeUInt32LE(writer.length - start - 4, start);
  return size;
}

function readUpdate(): Update {
  // The place and the time of a request's update are not known yet.
  const { offset: _offset, at: _at, ...update } = readRecord(0, 0);
  return update;
}

function readRecord(offset: number, time: number): JournalRecord {
  const length = reader.u32();
  const end = reader.skip(length) + length;
  reader.at = end - length;
  const flags = reader.byte();
  reader.varint();
  const id = (flags & ID) === 0 ? undefined : reader.text();
  const topics: string[] = [];
  for (let left = reader.varint(); left > 0; left--) topics.push(reader.text());
  const type = (flags & TYPE) === 0 ? undefined : reader.text();
  const retry = (flags & RETRY) === 0 ? undefined : reader.double();
  const ttlMs = (flags & TTL) === 0 ? undefined : reader.double();
  if (reader.at > end) throw new Malformed();
  const data = reader.bytes.toString((flags & UTF16) === 0 ? "utf8" : "utf16le", reader.at, end);
  reader.at = end;
  const isPrivate = (flags & PRIVATE) !== 0;
  return ttlMs === undefined
    ? { offset, at: time, topics, data, id, type, retry, private: isPrivate }
    : { offset, at: time, topics, data, id, type, retry, private: isPrivate, ttlMs };
}

/** Decodes a record. @param at - Index of the record. @param end - Index of its entry's end. */
export function decodeRecord(bytes: Buffer, at: number, end: number, offset: number, time: number): JournalRecord {
  reader.bytes = bytes;
  reader.at = at;
  reader.end = end;
  return readRecord(offset, time);
}

/** Calls with the size of a record and the place of its id, which is empty if there is none. */
export type RecordVisitor = (index: number, size: number, idStart: number, idEnd: number) => void;

/**
 * Steps over the records of an entry without decoding their texts.
 *
 * @param at - Index of the entry. @returns Index of the end of its records.
 * @throws Malformed
 */
export function walkRecords(bytes: Buffer, at: number, length: number, visit: RecordVisitor): number {
  const count = entryCount(bytes, at);
  const end = at + length;
  let next = at + ENTRY_HEAD;
  for (let i = 0; i < count; i++) {
    reader.bytes = bytes;
    reader.at = next;
    reader.end = end;
    const recordLength = reader.u32();
    next = reader.at + recordLength;
    if (next > end || recordLength < 3) throw new Malformed();
    const flags = reader.byte();
    const size = reader.varint();
    if ((flags & ID) === 0) visit(i, size, 0, 0);
    else {
      const idLength = Math.floor(reader.varint() / 2);
      const idStart = reader.skip(idLength);
      visit(i, size, idStart, idStart + idLength);
    }
  }
  return next;
}
