import type { Dispatcher } from "../live/dispatcher.ts";
import { isExpired, type Journal, type JournalRecord } from "../journal/journal.ts";
import type { PresenceNotes } from "../live/dispatcher-options.ts";
import type { Selection } from "../matching/selection.ts";

/** A record, with its frame where that was at hand. */
export interface WalkedRecord {
  readonly record: JournalRecord;
  readonly frame?: Uint8Array | undefined;
  /** What resumes after it, where that is not as usual. */
  readonly cursor?: string | undefined;
  /** Whether updates of presence are missing in this place. */
  readonly isGap?: boolean | undefined;
}

/** A step of a walk: records in order, or that the place is no longer held. */
export type Step =
  | {
      readonly kind: "records";
      readonly entries: readonly WalkedRecord[];
      /** There are no others of interest up to this offset; that of the walk at the tail. */
      readonly upTo: number;
    }
  | { readonly kind: "trimmed"; readonly head: number };

/**
 * Reads the next records after an offset, up to what was dispatched and no further: the rest arrives live.
 *
 * @param maxRecords - Most records, where that is less than a page.
 * @param topics - Only records with one of these are of interest; others may be among them. Default: all are.
 * @returns A promise only where the journal has to be asked.
 */
export function step(
  dispatcher: Dispatcher,
  journal: Journal,
  after: number,
  maxRecords: number = dispatcher.page.maxRecords,
  topics?: readonly string[],
): Step | Promise<Step> {
  const recent = dispatcher.ring.read(after, Math.min(maxRecords, dispatcher.page.maxRecords), dispatcher.page.maxBytes);
  if (recent !== undefined) return { kind: "records", entries: recent, upTo: recent.at(-1)?.record.offset ?? after };
  const { position, page } = dispatcher;
  return journal.read(after, { ...page, maxRecords: Math.min(maxRecords, page.maxRecords), topics }).then((read): Step => {
    if (read.kind === "trimmed") return read;
    const entries = read.records.filter((record) => record.offset <= position).map((record) => ({ record }));
    return { kind: "records", entries, upTo: Math.min(read.upTo ?? entries.at(-1)?.record.offset ?? after, Math.max(position, after)) };
  });
}

/**
 * Does as {@link step} for a selection, and puts updates of presence in the place of the notes that stand for them: several, with the same offset.
 *
 * @param isShared - Whether other selections of the same scope use the records too. Only a journal with scopes may then leave out topics.
 */
export function stepFor(
  selection: Selection,
  dispatcher: Dispatcher,
  journal: Journal,
  after: number,
  maxRecords?: number,
  isShared = false,
): Step | Promise<Step> {
  const topics = isShared && journal.places === undefined ? undefined : selection.topics;
  const found = step(dispatcher, journal, after, maxRecords, topics);
  const { presence } = dispatcher;
  if (presence === undefined || !selection.hearsPresence) return found;
  const expand = (read: Step): Step | Promise<Step> => {
    if (read.kind === "trimmed" || !read.entries.some(({ record }) => presence.isNote(record))) return read;
    return expanded(read.entries, presence).then((entries) => ({ ...read, entries }));
  };
  return found instanceof Promise ? found.then(expand) : expand(found);
}

/** Puts updates of presence in the place of the notes that stand for them. */
export async function expanded(entries: readonly WalkedRecord[], presence: PresenceNotes): Promise<readonly WalkedRecord[]> {
  const all: WalkedRecord[] = [];
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

/** Picks the entries that are for a selection, and whose time is not over. Yields where others may have their turn. */
export function* pick(
  entries: readonly WalkedRecord[],
  selection: Selection,
  clockToleranceMs: number | undefined,
): Generator<undefined, readonly WalkedRecord[]> {
  const picked: WalkedRecord[] = [];
  for (const entry of entries) {
    const { record, isGap } = entry;
    if (isGap === true || (!isExpired(record, Date.now(), clockToleranceMs) && (yield* selection.selecting(record)))) picked.push(entry);
    yield;
  }
  return picked;
}
