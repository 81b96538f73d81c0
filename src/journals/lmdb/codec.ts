import type { JournalRecord } from "../../core/journal.ts";

/** The first release's layout of the journal. A journal of another version is refused when it is opened. */
export const FORMAT = 1;

/**
 * A record as LMDB's msgpack encoding stores it, under its offset: an array, whose meaning needs no dictionary
 * shared between processes. 0 stands for no id, type or retry.
 */
export type StoredRecord = readonly [
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
  return ttlMs === undefined
    ? [at, record.private, topics, data, id ?? 0, type ?? 0, retry ?? null]
    : [at, record.private, topics, data, id ?? 0, type ?? 0, retry ?? null, ttlMs];
}

export function fromStored(offset: number, stored: StoredRecord): JournalRecord {
  const [at, isPrivate, topics, data, id, type, retry, ttlMs] = stored;
  return {
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
}

/** What is held: changed in the same transaction as the rows that it counts. */
export type StoredState = readonly [head: number, tail: number, bytes: number];
