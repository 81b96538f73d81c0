import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { JournalRecord } from "../../core/journal/journal.ts";
import type { Update } from "../../core/update/update.ts";

/**
 * The storage layout that this version writes. The number is a part of the stream's subjects, so
 * that a hub with another layout cannot write by mistake.
 */
export const FORMAT = 1;

/**
 * Stored form of an idempotency key: digests of the key and of the request, the appended records,
 * and the answer.
 */
export type StoredKey = readonly [digest: string, request: string, first: number, count: number, answer?: string];

/** All parts of a commit except the records. A process needs no more to take part. */
export interface CommitHead {
  /** Random. A message with the same tag under a sequence is still the same message. */
  readonly tag: string;
  /** The tag of the message before, or empty if there was none. */
  readonly prev: string;
  readonly epoch: string;
  /** Time of the commit, in milliseconds since 1970. */
  readonly at: number;
  /** Offset of its first record, or of the next record if the commit has none. */
  readonly first: number;
  /** The oldest offset held from now on. */
  readonly head: number;
  /** Size of each record in limits. */
  readonly sizes: readonly number[];
  /** Places of records with an id of their own, and the ids. */
  readonly ids: readonly (readonly [place: number, id: string])[];
  readonly keys: readonly StoredKey[];
  /** Changes of the table. Null removes. */
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
/** First byte of a deflated message. Others begin with `[`. */
const DEFLATED = 122;

/**
 * Encodes a commit as two lines of JSON, so that a reader of the first line need not parse the
 * records. A commit that is longer than a message may be is deflated.
 *
 * @returns Undefined if the deflated commit is still too long.
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

/** @returns Undefined for bytes that {@link encode} did not write. */
export function decodeHead(bytes: Uint8Array): CommitHead | undefined {
  try {
    const buffer = inflated(bytes);
    const end = buffer.indexOf(NEW_LINE);
    const stored: unknown = end < 0 ? undefined : JSON.parse(buffer.toString("utf8", 0, end));
    if (!isHead(stored)) return undefined;
    const [tag, prev, epoch, at, first, head, sizes, ids, keys, steps] = stored;
    return { tag, prev, epoch, at, first, head, sizes, ids, keys, steps };
  } catch {
    return undefined; // Other writers of the stream can write anything.
  }
}

/** @returns The records, or undefined if they are not as written. */
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
