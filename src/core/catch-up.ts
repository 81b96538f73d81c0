import { encodeUtf8 } from "./bytes.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { encodeCursor, encodeGap } from "./frame.ts";
import type { Journal } from "./journal.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import { type Found, ReplayPages } from "./replay-pages.ts";
import type { Selection } from "./selection.ts";
import { firstHeld } from "./start.ts";
import { expanded, isWanted, stepFor, type WalkedRecord } from "./step.ts";
import type { Subscriber } from "./subscriber.ts";
import { Turns } from "./turns.ts";

/** What all walks share. */
export class Walks {
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  readonly pages: ReplayPages;
  readonly turns: Turns = new Turns();

  constructor(dispatcher: Dispatcher, journal: Journal) {
    this.dispatcher = dispatcher;
    this.journal = journal;
    this.pages = new ReplayPages(dispatcher, journal);
  }
}

/**
 * Walks a subscriber forward from its cursor, at its socket's pace, until it is at the tail and joins its cohort, or
 * its socket is full and it stalls, or it is gone. Replay after a reconnection and the return of a slow reader
 * are this one walk.
 */
export async function catchUp(subscriber: Subscriber, walks: Walks): Promise<void> {
  const { dispatcher, turns } = walks;
  if (subscriber.snapshot !== undefined && !(await sendSnapshot(subscriber, walks))) return;
  while (!subscriber.isClosed) {
    if (subscriber.cursor === dispatcher.position) {
      // With nothing in between, so that no update is dispatched unseen.
      subscriber.join();
      return;
    }
    if (subscriber.cursor > dispatcher.position) {
      // It resumes from an update that is committed but not dispatched yet, and must not get it again.
      await dispatcher.moved();
      continue;
    }
    await turns.next();
    if (subscriber.isClosed) return;
    if (subscriber.cohort.selection.pace.latest) {
      if (await walkLatest(subscriber, walks)) continue;
      return;
    }
    // In a function of its own: what this one holds while it waits, as many do, stays in memory.
    const outcome = advance(subscriber, walks);
    if (!(outcome instanceof Promise ? await outcome : outcome)) return;
  }
}

/** Walks one page on. @returns Whether to go on; otherwise it has stalled, or is gone. */
function advance(subscriber: Subscriber, walks: Walks): boolean | Promise<boolean> {
  const { selection } = subscriber.cohort;
  const next = walks.pages.find(subscriber.cursor, selection);
  if (!(next instanceof Promise)) return sendFound(subscriber, walks, next);
  // Its rights may have changed meanwhile.
  return next.then((found) => (subscriber.cohort.selection === selection ? sendFound(subscriber, walks, found) : !subscriber.isClosed));
}

function sendFound(subscriber: Subscriber, walks: Walks, found: Found): boolean {
  if (subscriber.isClosed) return false;
  if (found === undefined) return true;
  const isTaken = found.kind === "trimmed" ? tellTrimmed(subscriber, walks, found.head) : send(subscriber, found.chunks, walks.dispatcher);
  if (!isTaken) subscriber.stall();
  return isTaken;
}

/** Most updates of a snapshot that are read before the socket is looked at. */
const SNAPSHOT_STEP = 100;
/** Most topics whose newest update is remembered on the way; past it they are sent, and the walk goes on. */
const WALKED_TOPICS = 10_000;

/**
 * Walks on, and sends only the newest update of each canonical topic.
 *
 * @returns Whether to go on; otherwise it has stalled, or is gone.
 */
async function walkLatest(subscriber: Subscriber, walks: Walks): Promise<boolean> {
  const { dispatcher, journal, turns } = walks;
  const newest = new Map<string, WalkedRecord>();
  let after = subscriber.cursor;
  while (after < dispatcher.position && newest.size < WALKED_TOPICS) {
    const next = stepFor(subscriber.cohort.selection, dispatcher, journal, after);
    const found = next instanceof Promise ? await next : next;
    if (subscriber.isClosed) return false;
    if (found.kind === "trimmed") {
      // What was found so far is held no longer either, or comes again.
      if (tellTrimmed(subscriber, walks, found.head)) return true;
      subscriber.stall();
      return false;
    }
    if (found.upTo === after) break;
    after = found.upTo;
    for (const entry of found.entries) {
      if (!isWanted(entry, subscriber.cohort.selection, Date.now(), dispatcher.clockToleranceMs)) continue;
      const topic = entry.record.topics[0] as string;
      newest.delete(topic);
      newest.set(topic, entry);
    }
    await turns.next();
    if (subscriber.isClosed) return false;
  }
  // Its rights may have changed on the way, so each is looked at again.
  const entries = [...newest.values()];
  const upTo = entries.at(-1)?.record.offset ?? after;
  const chunks = newest.size === 0 ? [] : chunksOf(entries, { after: subscriber.cursor, upTo }, subscriber.cohort.selection, dispatcher);
  if (!send(subscriber, chunks, dispatcher)) {
    subscriber.stall();
    return false;
  }
  subscriber.cursor = after;
  return true;
}

/**
 * Sends what a subscriber is to begin with, and then the cursor that it goes on from.
 *
 * @returns Whether to go on; otherwise it has stalled, or is gone.
 */
async function sendSnapshot(subscriber: Subscriber, { dispatcher, journal }: Walks): Promise<boolean> {
  const { cursor } = subscriber;
  for (;;) {
    const offsets = nextOfSnapshot(subscriber);
    if (offsets?.length === 0) break;
    const { ownIds } = subscriber;
    const entries: WalkedRecord[] = [];
    const dropped = new Set<number>();
    for (const offset of offsets ?? []) {
      const entry = dispatcher.ring.entry(offset) ?? (await readOne(journal, offset));
      const ownId = ownIds?.get(offset);
      if (entry !== undefined) entries.push(...(await withOwnId(entry, ownId, subscriber.cohort.selection, dispatcher)));
      else if (ownId !== undefined) dropped.add(offset);
    }
    if (subscriber.isClosed) return false;
    if (offsets === undefined || dropped.size > 0) {
      // Once, though its socket is full.
      subscriber.snapshot = subscriber.snapshot?.filter((offset) => !dropped.has(offset));
      if (!tellDropped(subscriber, dispatcher, journal)) return stalled(subscriber);
    }
    // Its cursor goes back to where these are, for as long as they are sent.
    subscriber.cursor = 0;
    const upTo = offsets?.at(-1) ?? 0;
    const isTaken =
      entries.length === 0 || send(subscriber, chunksOf(entries, { after: 0, upTo }, subscriber.cohort.selection, dispatcher), dispatcher);
    const sentUpTo = isTaken ? upTo : subscriber.cursor;
    subscriber.snapshot = subscriber.snapshot?.filter((offset) => offset > sentUpTo);
    subscriber.cursor = cursor;
    if (!isTaken) return stalled(subscriber);
  }
  subscriber.snapshot = undefined;
  subscriber.ownIds = undefined;
  subscriber.toldOffset = cursor;
  return subscriber.send(encodeUtf8(encodeCursor(dispatcher.cursorAt(cursor)))) || stalled(subscriber);
}

/** An update of a snapshot, or those of presence that it stands for. */
async function withOwnId(
  entry: WalkedRecord,
  ownId: string | undefined,
  selection: Selection,
  dispatcher: Dispatcher,
): Promise<readonly WalkedRecord[]> {
  const { presence } = dispatcher;
  const cursor = ownId === undefined ? undefined : dispatcher.sealed(ownId);
  if (selection.hearsPresence && presence?.isNote(entry.record) === true) return expanded([{ ...entry, cursor }], presence);
  return [cursor === undefined ? entry : { record: entry.record, cursor }];
}

function stalled(subscriber: Subscriber): false {
  subscriber.stall();
  return false;
}

/** What a snapshot goes on with; nothing at its end, and undefined where what is next is not held any more. */
function nextOfSnapshot(subscriber: Subscriber): readonly number[] | undefined {
  if ((subscriber.snapshot ?? []).length === 0 && subscriber.missed !== undefined) {
    subscriber.ownIds = subscriber.missed.next(SNAPSHOT_STEP);
    subscriber.snapshot = [...(subscriber.ownIds?.keys() ?? [])];
    if (subscriber.snapshot.length === 0) subscriber.missed = undefined;
    if (subscriber.ownIds === undefined) return undefined;
  }
  return (subscriber.snapshot ?? []).slice(0, SNAPSHOT_STEP);
}

/** What a subscriber missed was dropped before it could be sent. */
function tellDropped(subscriber: Subscriber, dispatcher: Dispatcher, journal: Journal): boolean {
  const requested = dispatcher.cursorAt(subscriber.cursor);
  return subscriber.send(encodeUtf8(encodeGap({ requested, first: firstHeld(journal, dispatcher), reason: "trimmed" })));
}

async function readOne(journal: Journal, offset: number): Promise<WalkedRecord | undefined> {
  const page = await journal.read(offset - 1, { maxRecords: 1, maxBytes: 1 });
  const record = page.kind === "records" ? page.records[0] : undefined;
  return record?.offset === offset ? { record } : undefined;
}

function tellTrimmed(subscriber: Subscriber, { dispatcher, journal }: Walks, head: number): boolean {
  const gap = encodeGap({
    requested: dispatcher.cursorAt(subscriber.cursor),
    first: firstHeld(journal, dispatcher, head),
    reason: "trimmed",
  });
  subscriber.cursor = head - 1;
  subscriber.toldOffset = -1;
  return subscriber.send(encodeUtf8(gap));
}

/** Sends writes that follow a subscriber's cursor. @returns Whether the peer took all of them; else it is to go on after its cursor. */
function send(subscriber: Subscriber, chunks: readonly Chunk[], dispatcher: Dispatcher): boolean {
  for (const { upTo, at, lastOffset, updates, bytes } of chunks) {
    subscriber.cursor = upTo;
    if (at > 0) subscriber.passedAt = at;
    if (updates === 0) continue;
    subscriber.toldOffset = lastOffset;
    dispatcher.sent.updates += updates;
    dispatcher.sent.bytes += bytes.length;
    if (!subscriber.write(bytes)) return false;
  }
  return true;
}
