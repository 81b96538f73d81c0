import type { Dispatcher } from "../live/dispatcher.ts";
import { isExpired, type Journal, type JournalRecord } from "../journal/journal.ts";
import type { Frame } from "../update/encoded-frame.ts";
import type { PresenceNotes } from "../live/dispatcher-options.ts";
import { andThen } from "../scheduler.ts";
import type { Selection } from "../matching/selection.ts";

/** A record of a replay, with its frame if that was at hand. */
export interface ReplayRecord {
  readonly record: JournalRecord;
  readonly frame?: Frame | undefined;
  /** Event id that resumes after the record, if that is not the usual one. */
  readonly cursor?: string | undefined;
  /** Whether updates of presence are missing at this place. */
  readonly isGap?: boolean | undefined;
}

/**
 * Result of one read of a replay: the next records in order, or `trimmed` if the next record is no
 * longer held.
 */
export type ReplayPage =
  | {
      readonly kind: "records";
      readonly entries: readonly ReplayRecord[];
      /**
       * No other records of interest exist up to this offset. At the tail, the offset at which the
       * replay stands.
       */
      readonly upTo: number;
    }
  | { readonly kind: "trimmed"; readonly head: number };

/**
 * Reads the next records after an offset, up to the last dispatched record and no further. The rest
 * arrives live.
 *
 * @param maxRecords - Most records, if that is less than a page.
 * @param topics - Only records with one of these topics are of interest. Others may be included.
 *   Default: all.
 * @returns A promise only if the journal has to be asked.
 */
export function readPage(
  dispatcher: Dispatcher,
  journal: Journal,
  after: number,
  maxRecords: number = dispatcher.page.maxRecords,
  topics?: readonly string[],
): ReplayPage | Promise<ReplayPage> {
  const recent = dispatcher.ring.read(after, Math.min(maxRecords, dispatcher.page.maxRecords), dispatcher.page.maxBytes);
  if (recent !== undefined) return { kind: "records", entries: recent, upTo: recent.at(-1)?.record.offset ?? after };
  const { position, page } = dispatcher;
  return journal.read(after, { ...page, maxRecords: Math.min(maxRecords, page.maxRecords), topics }).then((read): ReplayPage => {
    if (read.kind === "trimmed") return read;
    const entries = read.records.filter((record) => record.offset <= position).map((record) => ({ record }));
    return { kind: "records", entries, upTo: Math.min(read.upTo ?? entries.at(-1)?.record.offset ?? after, Math.max(position, after)) };
  });
}

/**
 * Reads as {@link readPage} for a selection, and replaces notes by their updates of presence:
 * several, with the same offset.
 *
 * @param isShared - Whether other selections of the same scope use the records too. Only a journal
 *   with scopes may then leave out topics.
 */
export function readPageFor(
  selection: Selection,
  dispatcher: Dispatcher,
  journal: Journal,
  after: number,
  maxRecords?: number,
  isShared = false,
): ReplayPage | Promise<ReplayPage> {
  const topics = isShared && journal.localOrder === undefined ? undefined : selection.topics;
  const found = readPage(dispatcher, journal, after, maxRecords, topics);
  const { presence } = dispatcher;
  if (presence === undefined || !selection.hearsPresence) return found;
  const expand = (read: ReplayPage): ReplayPage | Promise<ReplayPage> => {
    if (read.kind === "trimmed" || !read.entries.some(({ record }) => presence.isNote(record))) return read;
    return expanded(read.entries, presence).then((entries) => ({ ...read, entries }));
  };
  return andThen(found, expand);
}

/** Replaces notes by their updates of presence. */
export async function expanded(entries: readonly ReplayRecord[], presence: PresenceNotes): Promise<readonly ReplayRecord[]> {
  const all: ReplayRecord[] = [];
  for (const entry of entries) {
    const { record, cursor } = entry;
    if (!presence.isNote(record)) {
      all.push(entry);
      continue;
    }
    const updates = await presence.updatesOf(record);
    if (updates === undefined) all.push({ record, cursor, isGap: true });
    else for (const update of updates) all.push({ record: { ...update, offset: record.offset, at: record.at }, cursor });
  }
  return all;
}

/**
 * Picks the entries that a selection selects and that have not expired. Yields when others may have
 * their turn.
 */
export function* pick(
  entries: readonly ReplayRecord[],
  selection: Selection,
  clockToleranceMs: number | undefined,
): Generator<undefined, readonly ReplayRecord[]> {
  const picked: ReplayRecord[] = [];
  for (const entry of entries) {
    const { record, isGap } = entry;
    if (isGap === true || (!isExpired(record, Date.now(), clockToleranceMs) && (yield* selection.selecting(record)))) picked.push(entry);
    yield;
  }
  return picked;
}
