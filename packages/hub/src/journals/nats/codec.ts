import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { JournalRecord } from "../../core/journal/journal.ts";
import type { Update } from "../../core/update/update.ts";

/**
 * The layout of the journal that this version writes. It is a part of the subjects of the stream, so that whoever knows another one cannot write by
 * mistake.
 */
export const FORMAT = 1;

/** What is kept of an idempotency key: digests of the key and of the request, what it appended, and the answer. */
export type StoredKey = readonly [digest: string, request: string, first: number, count: number, answer?: string];

/** All of a commit but the records: what a process must know to take part. */
export interface CommitHead {
  /** Random: what is under a sequence is still the same where this is. */
  readonly tag: string;
  /** The tag of the message before; empty where there was none. */
  readonly prev: string;
  readonly epoch: string;
  /** When it was committed, in milliseconds since 1970. */
  readonly at: number;
  /** Offset of its first record, or of the next one where it has none. */
  readonly first: number;
  /** The oldest offset held from now on. */
  readonly head: number;
  /** What each record counts for in limits. */
  readonly sizes: readonly number[];
  /** Places of records with an id of their own, and the ids. */
  readonly ids: readonly (readonly [place: number, id: string])[];
  readonly keys: readonly StoredKey[];
  /** Changes of the table; null removes. */
  readonly steps: readonly (readonly [key: string, value: string | null])[];
}

type StoredHead = readonly [
  tag: string,
  prev: string,
  epoch: string,
  at: number,
  first: number,
  head: number,
  sizes: readonly number[],
  ids: CommitHead["ids"],
  keys: CommitHead["keys"],
  steps: CommitHead["steps"],
];

/** A record without its id. 0 and null stand for no type and no retry. */
type StoredRecord = readonly [
  topics: readonly string[],
  data: string,
  type: string | 0,
  isPrivate: boolean,
  retry: number | null,
  ttlMs?: number,
];

const NEW_LINE = 10;
/** Begins a message that was deflated; others begin with `[`. */
const DEFLATED = 122;

/**
 * Writes a commit: two lines of JSON, so that the records need not be parsed by whoever only wants to know where they are. Where they are longer than a
 * message may be, deflated.
 *
 * @returns undefined where it is too long all the same.
 */
export function encode(head: CommitHead, updates: readonly Update[], maxBytes: number): Uint8Array | undefined {
  const { tag, prev, epoch, at, first, sizes, ids, keys, steps } = head;
  const stored: StoredHead = [tag, prev, epoch, at, first, head.head, sizes, ids, keys, steps];
  const bytes = Buffer.from(`${JSON.stringify(stored)}\n${JSON.stringify(updates.map(toStored))}`);
  if (bytes.length <= maxBytes) return bytes;
  const deflated = Buffer.concat([Uint8Array.of(DEFLATED), deflateRawSync(bytes, { level: 1 })]);
  return deflated.length <= maxBytes ? deflated : undefined;
}

function toStored({ topics, data, type, private: isPrivate, retry, ttlMs }: Update): StoredRecord {
  return ttlMs === undefined
    ? [topics, data, type ?? 0, isPrivate, retry ?? null]
    : [topics, data, type ?? 0, isPrivate, retry ?? null, ttlMs];
}

/** @returns undefined where it is not one that {@link encode} wrote. */
export function decodeHead(bytes: Uint8Array): CommitHead | undefined {
  try {
    const buffer = inflated(bytes);
    const end = buffer.indexOf(NEW_LINE);
    const stored: unknown = end < 0 ? undefined : JSON.parse(buffer.toString("utf8", 0, end));
    if (!isHead(stored)) return undefined;
    const [tag, prev, epoch, at, first, head, sizes, ids, keys, steps] = stored;
    return { tag, prev, epoch, at, first, head, sizes, ids, keys, steps };
  } catch {
    return undefined; // Whoever may write to the stream can write anything.
  }
}

/** @returns The records; undefined where they are not what was written. */
export function decodeRecords(bytes: Uint8Array, { at, first, sizes, ids }: CommitHead): JournalRecord[] | undefined {
  try {
    const buffer = inflated(bytes);
    const stored: unknown = JSON.parse(buffer.toString("utf8", buffer.indexOf(NEW_LINE) + 1));
    if (!Array.isArray(stored) || stored.length !== sizes.length || !stored.every(isRecord)) return undefined;
    const idOf = new Map(ids);
    return stored.map(([topics, data, type, isPrivate, retry, ttlMs], i): JournalRecord => ({
      offset: first + i,
      at,
      topics,
      data,
      id: idOf.get(i),
      type: type === 0 ? undefined : type,
      retry: retry ?? undefined,
      private: isPrivate,
      ...(ttlMs === undefined ? {} : { ttlMs }),
    }));
  } catch {
    return undefined;
  }
}

function inflated(bytes: Uint8Array): Buffer {
  if (bytes[0] === DEFLATED) return inflateRawSync(bytes.subarray(1));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isHead(value: unknown): value is StoredHead {
  if (!Array.isArray(value) || value.length < 10) return false;
  const [tag, prev, epoch, at, first, head, ...lists] = value as readonly unknown[];
  const [sizes, ids, keys, steps] = lists;
  return (
    [tag, prev, epoch].every(isText) &&
    [at, first, head].every(Number.isSafeInteger) &&
    Array.isArray(sizes) &&
    sizes.every(Number.isSafeInteger) &&
    isList(ids, (id) => Number.isSafeInteger(id[0]) && isText(id[1])) &&
    isList(keys, (key) => isText(key[0]) && isText(key[1]) && Number.isSafeInteger(key[2]) && Number.isSafeInteger(key[3])) &&
    isList(steps, (step) => isText(step[0]) && (step[1] === null || isText(step[1])))
  );
}

function isRecord(value: unknown): value is StoredRecord {
  if (!Array.isArray(value) || value.length < 5) return false;
  const [topics, data, type, isPrivate, retry, ttlMs] = value as readonly unknown[];
  return (
    Array.isArray(topics) &&
    topics.every(isText) &&
    isText(data) &&
    (type === 0 || isText(type)) &&
    typeof isPrivate === "boolean" &&
    (retry === null || Number.isSafeInteger(retry)) &&
    (ttlMs === undefined || Number.isSafeInteger(ttlMs))
  );
}

const isText = (value: unknown): value is string => typeof value === "string";

function isList(value: unknown, isItem: (item: readonly unknown[]) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => Array.isArray(item) && isItem(item));
}
