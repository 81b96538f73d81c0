import { type JournalRecord, recordBytes } from "../../core/journal/journal.ts";
import type { Update } from "../../core/update/update.ts";

/**
 * The storage layout that this version writes, kept in the hash `meta`.
 *
 * 1: each entry of the stream has the id `OFFSET-0` and one field, `r`: a line
 * `AT BYTES EPOCH TAG DIGEST ID`, then JSON. AT is in milliseconds by the clock of Redis. BYTES are
 * by `recordBytes`. TAG is the tag of the commit. DIGEST stands for the idempotency key that ends
 * here, or is `-`. ID is as in JSON and may be empty.
 */
export const FORMAT = "1";

/** A record with its epoch and tag, which identify the record. */
export interface Entry {
  readonly record: JournalRecord;
  /** The journal's epoch at the time of the append. */
  readonly epoch: string;
  /** Made at random for each commit, so that another record at the same offset has another tag. */
  readonly tag: string;
}

/** The parts of an update for a script: its bytes, and the entry from the id on. */
export function encodeUpdate(update: Update): readonly [bytes: string, rest: string] {
  const { topics, data, id, type, retry, ttlMs } = update;
  const fields: unknown[] = [update.private ? 1 : 0, topics, data, type ?? 0, retry ?? null];
  if (ttlMs !== undefined) fields.push(ttlMs);
  return [String(recordBytes(update)), `${id === undefined ? "" : indexedId(id)}\n${JSON.stringify(fields)}`];
}

/**
 * The form of an id in an entry and in the index: without control characters, which separate the id
 * from the rest.
 */
export function indexedId(id: string): string {
  return JSON.stringify(id).slice(1, -1);
}

/** The offset of an entry's id, or undefined if the entry is not the journal's. */
export function offsetOf(id: string): number | undefined {
  const offset = id.endsWith("-0") ? Number(id.slice(0, -2)) : Number.NaN;
  return Number.isSafeInteger(offset) && offset > 0 ? offset : undefined;
}

/** @returns Undefined if the entry is not as written. */
export function decodeEntry(offset: number, fields: unknown): Entry | undefined {
  if (!Array.isArray(fields) || fields.length !== 2 || fields[0] !== "r" || typeof fields[1] !== "string") return undefined;
  const [, text] = fields as [string, string];
  const lineEnd = text.indexOf("\n");
  if (lineEnd < 0) return undefined;
  // The id may have spaces.
  const ends: number[] = [];
  for (let at = -1; ends.length < 5;) {
    at = text.indexOf(" ", at + 1);
    if (at < 0 || at > lineEnd) return undefined;
    ends.push(at);
  }
  const [atEnd, bytesEnd, epochEnd, tagEnd, digestEnd] = ends as [number, number, number, number, number];
  try {
    const at = Number(text.slice(0, atEnd));
    const id = text.slice(digestEnd + 1, lineEnd);
    const stored: unknown = JSON.parse(text.slice(lineEnd + 1));
    if (!Number.isSafeInteger(at) || !isStored(stored)) return undefined;
    const [isPrivate, topics, data, type, retry, ttlMs] = stored;
    const record: JournalRecord = {
      offset,
      at,
      topics,
      data,
      id: id === "" ? undefined : (JSON.parse(`"${id}"`) as string),
      type: type === 0 ? undefined : type,
      retry: retry ?? undefined,
      private: isPrivate === 1,
      ...(ttlMs === undefined ? {} : { ttlMs }),
    };
    return { record, epoch: text.slice(bytesEnd + 1, epochEnd), tag: text.slice(epochEnd + 1, tagEnd) };
  } catch {
    return undefined; // Not JSON.
  }
}

type Stored = readonly [isPrivate: 0 | 1, topics: readonly string[], data: string, type: string | 0, retry: number | null, ttlMs?: number];

function isStored(value: unknown): value is Stored {
  if (!Array.isArray(value)) return false;
  const [isPrivate, topics, data, type, retry, ttlMs] = value as readonly unknown[];
  return (
    (isPrivate === 0 || isPrivate === 1) &&
    Array.isArray(topics) &&
    topics.length > 0 &&
    topics.every((topic) => typeof topic === "string") &&
    typeof data === "string" &&
    (type === 0 || typeof type === "string") &&
    (retry === null || Number.isSafeInteger(retry)) &&
    (ttlMs === undefined || Number.isSafeInteger(ttlMs))
  );
}
