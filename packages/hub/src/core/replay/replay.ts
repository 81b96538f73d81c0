import type { Dispatcher } from "../live/dispatcher.ts";
import { EarlyUpdates } from "../live/early-updates.ts";
import type { Gap } from "../update/frame.ts";
import type { Journal } from "../journal/journal.ts";
import type { Selection } from "../matching/selection.ts";
import { firstHeld } from "./start.ts";
import { andThen } from "../scheduler.ts";
import { expanded, pick, type ReplayRecord } from "./read-page.ts";
import type { Turns } from "../turns.ts";

/**
 * A reader on its way from an old update to the tail. Holds the complete state between two steps.
 */
export interface Replayer {
  /** Everything up to this offset was delivered. The reader moves the cursor as it delivers. */
  cursor: number;
  /** Updates that are delivered before those after the cursor. */
  early: EarlyUpdates | undefined;
  readonly selection: Selection;
}

/** One step of a replay. */
export type ReplayStep<Page> =
  /** The updates after the cursor. */
  | { readonly kind: "page"; readonly page: Page }
  /**
   * Early updates that the selection picks, all up to `upTo`. The reader passes them in `early`.
   */
  | { readonly kind: "early"; readonly entries: readonly ReplayRecord[]; readonly upTo: number }
  /** All early updates were delivered. The following updates come after the cursor. */
  | { readonly kind: "settled" }
  /** Updates are missing. The reader goes on after `cursor`. */
  | { readonly kind: "gap"; readonly gap: Gap; readonly cursor: number }
  /**
   * Nothing is left, and the reader is at the tail. Others may have moved the tail by the time that
   * the reader looks.
   */
  | { readonly kind: "live" }
  /** Something changed meanwhile. The next step tells more. */
  | { readonly kind: "again" };

/** Parts of the hub that a replay needs beside the reader. */
export interface ReplayContext {
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  readonly turns: Turns;
}

/**
 * The updates after an offset in the reader's form, or that the offset is no longer held. Undefined
 * at the tail.
 */
export type Found<Page> = { readonly kind: "page"; readonly page: Page } | { readonly kind: "trimmed"; readonly head: number } | undefined;

const AGAIN = { kind: "again" } as const;

/**
 * Finds how a replay goes on. Sockets and readers within the process take the same steps, and
 * differ in the form of the pages alone.
 *
 * A function over a small state, and no generator. A generator that waits for a slow socket would
 * keep the page that it yielded last.
 *
 * @param find - Reads the updates after the reader's cursor, up to the last dispatched update and
 *   no further. The rest arrives live.
 * @returns A promise only if the step has to wait. The state is unchanged, because the reader moves
 *   on as it delivers.
 * @see docs/decisions/one-replay.md
 */
export function nextStep<Page>(
  reader: Replayer,
  find: () => Found<Page> | Promise<Found<Page>>,
  context: ReplayContext,
): ReplayStep<Page> | Promise<ReplayStep<Page>> {
  const { early, cursor, selection } = reader;
  const { dispatcher, journal } = context;
  if (early !== undefined) return nextEarly(reader, early, context);
  if (cursor === dispatcher.position) return { kind: "live" };
  // The reader resumes from an update that is committed but not dispatched yet, and must not get
  // that update again.
  if (cursor > dispatcher.position) return dispatcher.moved().then(() => AGAIN);
  const toStep = (found: Found<Page>): ReplayStep<Page> => {
    if (found === undefined) return AGAIN;
    if (found.kind === "page") return found;
    const first = firstHeld(journal, dispatcher, found.head);
    return { kind: "gap", gap: { requested: dispatcher.ids.cursorAt(cursor), first, reason: "trimmed" }, cursor: found.head - 1 };
  };
  // The reader's rights may change while the journal is read.
  return andThen(find(), (read) => (reader.selection === selection ? toStep(read) : AGAIN));
}

async function nextEarly(reader: Replayer, early: EarlyUpdates, { dispatcher, journal, turns }: ReplayContext): Promise<ReplayStep<never>> {
  const { cursor, selection } = reader;
  const dropped = (): ReplayStep<never> => ({
    kind: "gap",
    gap: { requested: dispatcher.ids.cursorAt(cursor), first: firstHeld(journal, dispatcher), reason: "trimmed" },
    cursor,
  });
  const ids = early.next();
  if (ids === undefined) {
    reader.early = EarlyUpdates.at([]);
    return dropped();
  }
  if (ids.size === 0) {
    reader.early = undefined;
    return { kind: "settled" };
  }
  const entries: ReplayRecord[] = [];
  const lost: number[] = [];
  let isGap = false;
  let upTo = 0;
  for (const [offset, id] of ids) {
    upTo = offset;
    const entry = dispatcher.ring.entry(offset) ?? (await readOne(journal, offset));
    if (entry !== undefined) entries.push(...(await withEventId(entry, id, selection, dispatcher)));
    else {
      lost.push(offset);
      if (id !== undefined) isGap = true;
    }
  }
  early.drop(lost);
  // One gap, before the updates. They come with the next step.
  if (isGap) return dropped();
  const picked = await turns.run(pick(entries, selection, dispatcher.clockToleranceMs));
  return reader.selection === selection ? { kind: "early", entries: picked, upTo } : AGAIN;
}

/**
 * Returns an early update under its replacement event id, or the updates of presence for a note.
 */
async function withEventId(
  entry: ReplayRecord,
  id: string | undefined,
  selection: Selection,
  dispatcher: Dispatcher,
): Promise<readonly ReplayRecord[]> {
  const { presence } = dispatcher;
  const cursor = id === undefined ? undefined : dispatcher.ids.seal(id);
  if (selection.hearsPresence && presence?.isNote(entry.record) === true) return expanded([{ ...entry, cursor }], presence);
  return [cursor === undefined ? entry : { record: entry.record, cursor }];
}

async function readOne(journal: Journal, offset: number): Promise<ReplayRecord | undefined> {
  const page = await journal.read(offset - 1, { maxRecords: 1, maxBytes: 1 });
  const record = page.kind === "records" ? page.records[0] : undefined;
  return record?.offset === offset ? { record } : undefined;
}
