import type { Database } from "lmdb";
import { createEpoch } from "../../core/journal/cursor.ts";
import type { JournalRecord } from "../../core/journal/journal.ts";
import { openEntry, sealEntry, type StoredRecord, type StoredState, toStored } from "./codec.ts";
import { Damage, isStoreError } from "./failure.ts";
import { isSameFile } from "../shared/file-identity.ts";
import type { Mark } from "../shared/mark.ts";
import { rising } from "./rising.ts";

/**
 * The storage layout that this version writes, stored in each journal.
 *
 * 1: records and table entries without a sum. 2: with a sum, and with idempotency keys.
 *
 * A change of the layout raises the number. The transaction that converts a journal must then keep
 * the state under another key ("state" up to 2). A process of the version before may still have the
 * journal open during a rolling restart. Such a process then finds no state and refuses to write,
 * instead of mixing two layouts.
 */
export const FORMAT = 2;

/** The databases of a journal. */
export interface Databases {
  readonly rows: Database<StoredRecord, number>;
  readonly ids: Database<number, string>;
  readonly meta: Database<unknown, string>;
  readonly entries: Database<string, string>;
  /** Outcomes of idempotency keys, by their digests. */
  readonly keys: Database<string, string>;
  /** Digests of idempotency keys, by the last offset that each appended. */
  readonly keyEnds: Database<string, number>;
}

/** Key of the state. */
const STATE = "held";
const EMPTY_STATE: StoredState = [1, 0, 0];

/**
 * @returns The state, or undefined if a process of another version has converted the journal.
 * @throws Damage
 */
export function readState(meta: Databases["meta"]): StoredState | undefined {
  const state = readMeta(meta, STATE);
  if (state === undefined || isState(state)) return state;
  throw new Damage("what it holds is not known");
}

/** @throws Damage if the bytes are no value at all. */
function readMeta(meta: Databases["meta"], key: string): unknown {
  try {
    return meta.get(key);
  } catch (error) {
    if (isStoreError(error)) throw error;
    throw new Damage(`its ${key} is not what was written`, { cause: error });
  }
}

function isState(state: unknown): state is StoredState {
  return Array.isArray(state) && state.length === 3 && state.every(Number.isSafeInteger) && state[0] >= 1 && state[0] <= state[1] + 1;
}

export function writeState(meta: Databases["meta"], state: StoredState): void {
  meta.putSync(STATE, state);
}

/** Facts about a journal's data from outside the file. */
export interface Surroundings {
  readonly directory: string;
  /** Identity of the data file. See {@link identityOf}. */
  readonly file: string;
  readonly mark: Mark;
  /** Whether the operator says that the data were restored. */
  readonly isDeclared: boolean;
  /** The required epoch, or undefined if any journal will do. */
  readonly wanted: string | undefined;
}

/** Identity of a journal. */
export interface Identified {
  readonly epoch: string;
  /** Why the data count as restored, so that the epoch is new. Undefined if they do not. */
  readonly putBack: string | undefined;
  /** The earlier format of the data, or undefined if they were not converted. */
  readonly convertedFrom?: number | undefined;
}

/**
 * Identifies a journal. Begins a journal if there is none, converts an older format, and begins a
 * new epoch if data were restored. Must run in a write transaction. Several processes may open the
 * journal at once, and the first of them decides.
 *
 * @throws Damage
 * @throws Error if the journal has a newer format, or is not the required journal. Nothing was
 *   changed.
 */
export function identify(databases: Databases, { directory, file, mark, isDeclared, wanted }: Surroundings): Identified {
  const { meta, rows } = databases;
  const format = readMeta(meta, "format");
  if (format === undefined) {
    if (wanted !== undefined) throw new OtherJournal(directory);
    if (firstKey(rows) !== undefined) throw new Damage("it has records, but not what they belong to");
    meta.putSync("format", FORMAT);
    writeState(meta, EMPTY_STATE);
    return { epoch: beginEpoch(meta, { file, mark }, 0), putBack: undefined };
  }
  const convertedFrom = format === 1 ? 1 : undefined;
  if (format === 1) convertFrom1(databases);
  else if (format !== FORMAT) {
    throw new Error(
      `The journal in ${directory} has format ${JSON.stringify(format)}; this version of Artesian reads formats 1 and ${FORMAT}. Use the version that wrote it, or another directory.`,
    );
  }
  const epoch = readEpoch(meta);
  if (epoch === undefined) throw new Damage("it has no epoch");
  checkContent(databases);
  const [, tail] = readState(meta) as StoredState;
  const written = readMeta(meta, "file");
  const isCopy = typeof written === "string" && !isSameFile(written, file);
  const putBack = isDeclared ? "this was declared" : isCopy ? "data.mdb is a copy" : mark.whyOther(epoch, tail);
  if (wanted !== undefined && (putBack !== undefined || epoch !== wanted)) throw new OtherJournal(directory);
  if (putBack !== undefined) {
    // A publisher's own id still leads to a place here, but not to the records that may have
    // followed.
    meta.putSync("restored", tail);
    return { epoch: beginEpoch(meta, { file, mark }, tail), putBack, convertedFrom };
  }
  // A journal of the version before does not name its file.
  if (written === undefined) writeFileName(meta, file);
  mark.note(epoch, tail);
  return { epoch, putBack, convertedFrom };
}

function beginEpoch(meta: Databases["meta"], { file, mark }: Pick<Surroundings, "file" | "mark">, tail: number): string {
  const epoch = createEpoch();
  meta.putSync("epoch", epoch);
  writeFileName(meta, file);
  mark.begin(epoch, tail);
  return epoch;
}

/** Notes the identity of the data file. @param file - See {@link identityOf}. */
export function writeFileName(meta: Databases["meta"], file: string): void {
  meta.putSync("file", file);
}

/** @returns Undefined if there is none. */
export function readEpoch(meta: Databases["meta"]): string | undefined {
  const epoch = readMeta(meta, "epoch");
  return typeof epoch === "string" ? epoch : undefined;
}

/** @returns Offset of the newest record at the last restore, or 0 if no data were restored. */
export function readRestored(meta: Databases["meta"]): number {
  const restored = readMeta(meta, "restored");
  return typeof restored === "number" ? restored : 0;
}

/** Makes the message for a journal that is damaged beyond use. */
export function damaged(directory: string, why: string): string {
  return `The journal in ${directory} is damaged: ${why}. Put a copy of the directory in its place, or move it away to begin an empty journal; subscribers are then told of a gap.`;
}

/** The directory holds another journal than the required one, or none. */
export class OtherJournal extends Error {
  override readonly name = "OtherJournal";

  constructor(directory: string) {
    super(
      `The journal in ${directory} is not the one that the hub began with: it was removed or replaced. ` +
        "Move the same directory back, or restart the hub to go on with the present files.",
    );
  }
}

function convertFrom1({ rows, meta, entries }: Databases): void {
  type Stored1 = readonly [number, boolean, readonly string[], string, string | 0, string | 0, number | null, number?];
  const state = readMeta(meta, "state");
  if (!isState(state)) throw new Damage("what it holds is not known");
  const [head, tail] = state;
  for (let offset = head; offset <= tail; offset++) {
    const stored = rows.get(offset) as unknown as Stored1 | undefined;
    if (stored === undefined) throw new Damage(`record ${offset} is missing`);
    const [at, isPrivate, topics, data, id, type, retry, ttlMs] = stored;
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
    rows.putSync(offset, toStored(record));
  }
  for (const { key, value } of Array.from(rising(entries.getRange()))) entries.putSync(key, sealEntry(key, value));
  writeState(meta, state);
  meta.removeSync("state");
  meta.putSync("format", FORMAT);
}

/**
 * Compares the counters with the content, as far as possible without reading each record. Reads
 * each entry of the table, which has few.
 *
 * @throws Damage
 */
function checkContent({ rows, meta, entries }: Databases): void {
  const state = readState(meta);
  if (state === undefined) throw new Damage("what it holds is not known");
  const [head, tail] = state;
  const isEmpty = head === tail + 1;
  if (firstKey(rows) !== (isEmpty ? undefined : head) || firstKey(rows, true) !== (isEmpty ? undefined : tail))
    throw new Damage("its first and last records are not those that were written");
  for (const { key, value } of rising(entries.getRange())) {
    if (openEntry(key, value) === undefined) throw new Damage(`the entry ${JSON.stringify(key)} of its table is not what was written`);
  }
}

function firstKey(rows: Databases["rows"], reverse = false): number | undefined {
  return [...rows.getKeys({ reverse, limit: 1 })][0];
}
