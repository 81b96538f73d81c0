import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createEpoch } from "../../../core/journal/cursor.ts";
import { nextTurn } from "../../../core/scheduler.ts";
import { restOf } from "../../../core/slices.ts";
import { makeDirectory } from "../../../make-directory.ts";
import { Mark } from "../files/mark.ts";
import type { Table } from "../../shared/table.ts";
import { AFTER_GAP, entryChanges, entryHead, entryTotal } from "../entries/entry.ts";
import { EntryReader, scan } from "../entries/entry-reader.ts";
import type { FileOperations } from "../files/file-operations.ts";
import { HashTable } from "../files/hash-table.ts";
import {
  createSecrets,
  hashesOf,
  type Identity,
  identityPath,
  readIdentity,
  readSecrets,
  type Secrets,
  SEGMENT_START,
  writeIdentity,
} from "../files/identity.ts";
import { noteTexts, rebuildIndex } from "../files/indexing.ts";
import { listSegments, segmentPath } from "../files/segment.ts";
import { SegmentWriter } from "../files/segment-writer.ts";
import { Segments } from "../files/segments.ts";
import { SparseIndex } from "../files/sparse-index.ts";
import { TableLoading } from "./table-loading.ts";

/** Options for opening a log to write. */
export interface RecoveryOptions {
  readonly directory: string;
  /** Default: `mark` in the directory. */
  readonly markFile?: string | undefined;
  /** Called with a description if the data were restored. Default: a warning of the process. */
  readonly onPutBack?: ((what: string) => void) | undefined;
  /** Called with a description if read data differ from the written data. Default: a warning of the process. */
  readonly onDamage?: ((what: string) => void) | undefined;
  /** Declares that the data were restored. */
  readonly isDeclared?: boolean | undefined;
  /** The required epoch. No new journal is begun then, and no other is opened. */
  readonly epoch?: string | undefined;
  readonly files: FileOperations;
  /** Length that a segment should not exceed. */
  readonly segmentBytes: number;
}

/** How far a log has come. */
export interface LogState {
  readonly head: number;
  readonly tail: number;
  /** Bytes of all records ever appended. */
  readonly total: number;
  /** Number of entries with steps ever appended. */
  readonly changes: number;
}

/** A log that was opened to write. */
export interface RecoveredLog {
  readonly identity: Identity;
  readonly mark: Mark;
  readonly segments: Segments;
  readonly writer: SegmentWriter;
  readonly state: LogState;
  readonly table: Table;
  /** Segments with a checkpoint of the table, rising. */
  readonly checkpoints: readonly number[];
  /** Whether this process began the log. */
  readonly isNew: boolean;
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

/** Advice after data were put back. */
const REVOKE_AGAIN = "Revocations and scheduled updates of the time since are missing: revoke again, or rotate the keys.";

/** Tells that the mark knows of more changes of the shared table than there are, and what to do. */
export function changesMissing(count: number): string {
  const changes = count === 1 ? "the newest change" : `the newest ${count} changes`;
  return (
    `has lost ${changes} of its table of revocations, schedules and presence. A revoked token may work again, so the hub does not start. ` +
    "Put the missing segments back. Or run `artesian journal restore`, start the hub, and revoke again or rotate the keys."
  );
}

/** Makes the error for a journal that is damaged beyond use. */
export function damaged(directory: string, why: string): Error {
  return new Error(
    `The journal in ${directory} is damaged: ${why}. Put a copy of the directory in its place, or move it away to begin an empty journal; subscribers are then told of a gap.`,
  );
}

/**
 * Opens a log to write, or begins one. Cuts off appends that were never acknowledged, and begins a
 * new epoch if data were restored.
 *
 * @throws Error if the directory cannot be made or written. Also if its journal has a newer format,
 *   is damaged beyond use, or is not the required one.
 */
export async function recover(options: RecoveryOptions): Promise<RecoveredLog> {
  const warn = (what: string): void => process.emitWarning(what);
  const { directory, epoch: wanted, onPutBack = warn, onDamage = warn } = options;
  if (wanted !== undefined && !existsSync(identityPath(directory))) throw new OtherJournal(directory);
  makeDirectory(directory);
  for (const name of readdirSync(directory)) {
    // Files that were not complete when their process ended.
    if (/^\d{16}\.(log|index|table)\.new$/.test(name)) rmSync(join(directory, name), { force: true });
  }
  const mark = new Mark(options.markFile ?? join(directory, "mark"));
  const found = readIdentity(directory);
  const firsts = listSegments(directory);
  if (wanted !== undefined && (found?.identity.epoch !== wanted || firsts.length === 0)) throw new OtherJournal(directory);
  const secrets = found?.identity ?? secretsOf(directory, firsts);
  if (firsts.length === 0) {
    const begin = { at: Date.now(), first: 1, head: 1, total: 0, changes: 0 };
    const created = await SegmentWriter.create(directory, options.files, secrets, begin, options.segmentBytes);
    await created.abandon();
    firsts.push(1);
  }
  const segments = new Segments(directory, secrets.salt);
  segments.list(firsts.at(-1) as number);
  try {
    let read = await readLog(segments, secrets);
    const isNew = found === undefined && read.state.tail === 0;
    const putBack = isNew ? undefined : whyPutBack(found, mark, read.state.tail, options.isDeclared);
    if (wanted !== undefined && putBack !== undefined) throw new OtherJournal(directory);
    // A copy is the operator's own act. Here the journal itself lost a part.
    const missing =
      found?.isOwn === true && options.isDeclared !== true ? mark.missingChanges(found.identity.epoch, read.state.changes) : 0;
    if (missing > 0) throw new Error(`The journal in ${directory} ${changesMissing(missing)}`);
    // The records that the mark knows of and the segments do not have are gone.
    const known = found === undefined ? 0 : mark.reached(found.identity.epoch).tail;
    if (known > read.state.tail) {
      await skipTo(known + 1, segments, read, options, secrets);
      read = await readLog(segments, secrets);
    }
    const { state, table, position, checkpoints } = read;
    let identity = found?.identity;
    if (identity === undefined || putBack !== undefined) {
      identity = { ...secrets, epoch: createEpoch(), restoredUpTo: isNew ? 0 : state.tail };
      writeIdentity(directory, identity);
      mark.begin(identity.epoch, state);
    } else mark.note(identity.epoch, state);
    if (putBack !== undefined) {
      onPutBack(
        `The data in ${directory} were put back (${putBack}). The journal begins a new epoch, so that subscribers are told of a gap. ${REVOKE_AGAIN}`,
      );
    }
    const oldest = segments.all[0]?.first ?? 1;
    if (state.head < oldest) {
      onDamage(`The journal in ${directory} is damaged: records ${state.head} to ${oldest - 1} are missing, and are left out.`);
    }
    const writer = await SegmentWriter.open(directory, options.files, {
      first: segments.active.first,
      position,
      limit: options.segmentBytes,
    });
    return { identity, mark, segments, writer, state, table, checkpoints, isNew };
  } catch (error) {
    segments.close();
    throw error;
  }
}

/** Why the data count as put back, or undefined if they do not. */
function whyPutBack(found: ReturnType<typeof readIdentity>, mark: Mark, tail: number, isDeclared: boolean | undefined): string | undefined {
  if (isDeclared === true) return "this was declared";
  if (found === undefined) return "its identity is missing or damaged";
  return found.isOwn ? mark.whyOther(found.identity.epoch, tail) : "its identity is a copy";
}

/**
 * Begins a segment after records that are gone, so that a reader who comes to their place is told of
 * a gap.
 */
async function skipTo(
  first: number,
  segments: Segments,
  { state, position }: ReadLog,
  { directory, files, segmentBytes }: RecoveryOptions,
  secrets: Secrets,
): Promise<void> {
  const { active } = segments;
  const old = await SegmentWriter.open(directory, files, { first: active.first, position, limit: segmentBytes });
  await old.close();
  segments.closeFile(active);
  const { head, total, changes } = state;
  const writer = await SegmentWriter.create(
    directory,
    files,
    secrets,
    { at: Date.now(), first, head, total, changes, kind: AFTER_GAP },
    segmentBytes,
  );
  await writer.abandon();
  segments.list(first);
}

/** Finds the secrets of a journal without an identity, or makes them for a new one. */
function secretsOf(directory: string, firsts: readonly number[]): Secrets {
  if (firsts.length === 0) return createSecrets();
  for (const first of firsts.toReversed()) {
    const secrets = readSecrets(segmentPath(directory, first, "log"));
    if (secrets !== undefined) return secrets;
  }
  throw damaged(directory, "it has segments, but not what they belong to");
}

interface ReadLog extends Pick<RecoveredLog, "state" | "table" | "checkpoints"> {
  /** Position after the last entry of the active segment. */
  readonly position: number;
}

/** Reads the active segment, and the table. */
async function readLog(segments: Segments, secrets: Secrets): Promise<ReadLog> {
  const { directory } = segments;
  const hashes = hashesOf(secrets);
  const { active } = segments;
  const sparse = new SparseIndex(active.first, SEGMENT_START);
  const texts = new HashTable();
  const loading = await TableLoading.open(segments);
  let state: LogState | undefined;
  for (const segment of segments.all) {
    if (segment !== active && segment.first < loading.first) continue;
    const entries = new EntryReader(segments.salt);
    entries.use({ fd: () => segments.fd(segment), limit: segments.length(segment) });
    const isActive = segment === active;
    const range = { position: SEGMENT_START, next: segment.first, until: isActive ? undefined : segment.next, mayBeTorn: isActive };
    const counts = segments.counting(segment);
    const work = scan(entries, range, (entry) => {
      if (counts(entry)) loading.read(entry);
      if (!isActive) return;
      const { bytes, at, first, count } = entry;
      sparse.note(entry.position, entry.length, first, count);
      noteTexts(texts, hashes, active.first, entry);
      state = {
        head: Math.max(state?.head ?? 1, entryHead(bytes, at)),
        tail: first + count - 1,
        total: entryTotal(bytes, at),
        changes: entryChanges(bytes, at),
      };
    });
    const end = await restOf(work, nextTurn);
    if (!isActive || state === undefined) continue;
    active.sparse = sparse;
    active.texts = texts;
    if (!loading.isWhole) break;
    // Segments before the first may be missing. Their records read as damaged ones.
    state = { ...state, head: Math.min(state.head, state.tail + 1) };
    for (const sealed of segments.all) {
      if (sealed !== active && segments.index(sealed) === undefined) await rebuildIndex(segments, sealed, hashes);
    }
    return { state, table: loading.table, checkpoints: loading.checkpoints, position: end.position };
  }
  throw damaged(
    directory,
    state === undefined ? `its newest segment, ${segmentPath(directory, active.first, "log")}, cannot be read` : "its table cannot be read",
  );
}
