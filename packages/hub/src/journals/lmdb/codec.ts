import type { JournalRecord } from "../../core/journal/journal.ts";
import { mixNumber, mixText, SEED } from "./checksum.ts";

/**
 * A record in LMDB's msgpack encoding, stored under its offset. An array needs no dictionary shared
 * between processes. 0 stands for no id, type or retry. The sum covers all other parts and the
 * offset, because LMDB itself returns the disk's bytes unchecked.
 */
export type StoredRecord = readonly [
  sum: number,
  at: number,
  isPrivate: boolean,
  topics: readonly string[],
  data: string,
  id: string | 0,
  type: string | 0,
  retry: number | null,
  ttlMs?: number,
];

export function toStored(record: JournalRecord): StoredRecord {
  const { at, topics, data, id, type, retry, ttlMs } = record;
  const sum = sumOf(record);
  return ttlMs === undefined
    ? [sum, at, record.private, topics, data, id ?? 0, type ?? 0, retry ?? null]
    : [sum, at, record.private, topics, data, id ?? 0, type ?? 0, retry ?? null, ttlMs];
}

/** @returns The record, or undefined if its sum does not fit. */
export function fromStored(offset: number, stored: StoredRecord): JournalRecord | undefined {
  if (!isShaped(stored)) return undefined;
  const [sum, at, isPrivate, topics, data, id, type, retry, ttlMs] = stored;
  const record: JournalRecord = {
    offset,
    at,
    topics,
    data,
    id: id === 0 ? undefined : id,
    type: type === 0 ? undefined : type,
    retry: retry ?? undefined,
    private: isPrivate,
    ...(ttlMs === undefined ? {} : { ttlMs }),
  };
  return sumOf(record) === sum ? record : undefined;
}

/**
 * Tells whether each part is of its type. Sums are of texts and whole numbers, and damaged bytes
 * may be neither.
 */
function isShaped(stored: readonly unknown[]): boolean {
  if (!Array.isArray(stored) || stored.length < 8) return false;
  const [, at, isPrivate, topics, data, id, type, retry, ttlMs] = stored as readonly unknown[];
  return (
    Number.isSafeInteger(at) &&
    typeof isPrivate === "boolean" &&
    Array.isArray(topics) &&
    topics.every((topic) => typeof topic === "string") &&
    typeof data === "string" &&
    (id === 0 || typeof id === "string") &&
    (type === 0 || typeof type === "string") &&
    (retry === null || Number.isSafeInteger(retry)) &&
    (ttlMs === undefined || Number.isSafeInteger(ttlMs))
  );
}

function sumOf({ offset, at, topics, data, id, type, retry, ttlMs, private: isPrivate }: JournalRecord): number {
  let sum = mixNumber(mixNumber(SEED, offset), at);
  sum = mixNumber(sum, (isPrivate ? 1 : 0) + 2 * topics.length);
  for (const topic of topics) sum = mixText(sum, topic);
  sum = mixText(mixText(sum, data), id ?? "");
  return mixNumber(mixNumber(mixText(sum, type ?? ""), retry ?? -1), ttlMs ?? -1) >>> 0;
}

/** Counters of the records held. Changed in the same transaction as the rows that they count. */
export type StoredState = readonly [head: number, tail: number, bytes: number];

/** Encodes an entry of the shared table: its value, and a sum of key and value. */
export function sealEntry(key: string, value: string): string {
  return `${(mixText(mixText(SEED, key), value) >>> 0).toString(16).padStart(8, "0")}${value}`;
}

/** @returns The value, or undefined if its sum does not fit. */
export function openEntry(key: string, stored: string): string | undefined {
  const value = stored.slice(8);
  return sealEntry(key, value) === stored ? value : undefined;
}
