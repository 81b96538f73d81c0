import { encodeUtf8, joinBytes } from "./bytes.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { encodeCursor, encodeGap } from "./frame.ts";
import { isExpired, type Journal, type JournalRecord, type ReadLimits } from "./journal.ts";
import { nextTurn } from "./scheduler.ts";
import { firstHeld } from "./start.ts";
import type { Subscriber } from "./subscriber.ts";

/** How far one step of a replay reads before it looks at the socket again. */
export const PAGE: ReadLimits = { maxRecords: 500, maxBytes: 1024 * 1024 };
/** Most bytes that a replay writes before it knows that the socket took them: the memory of a slow reader. */
const CHUNK_BYTES = 32 * 1024;

/** A step of a walk: records with their frames where those were at hand, or that the place is no longer held. */
export type Step =
  | { readonly kind: "records"; readonly entries: readonly { readonly record: JournalRecord; readonly frame?: Uint8Array }[] }
  | { readonly kind: "trimmed"; readonly head: number };

/**
 * Reads the next records after an offset, up to what was dispatched and no further: the rest arrives live.
 *
 * @returns A promise only where the journal has to be asked.
 */
export function step(dispatcher: Dispatcher, journal: Journal, after: number): Step | Promise<Step> {
  const recent = dispatcher.ring.read(after, PAGE.maxRecords);
  if (recent !== undefined) return { kind: "records", entries: recent };
  const { position } = dispatcher;
  return journal.read(after, PAGE).then((page): Step => {
    if (page.kind === "trimmed") return page;
    return { kind: "records", entries: page.records.filter((record) => record.offset <= position).map((record) => ({ record })) };
  });
}

/**
 * Walks a subscriber forward from its cursor, at its socket's pace, until it is at the tail and joins its cohort, or
 * its socket is full and it stalls, or it is gone. Replay after a reconnection and the return of a slow reader
 * are this one walk.
 */
export async function catchUp(subscriber: Subscriber, dispatcher: Dispatcher, journal: Journal): Promise<void> {
  if (subscriber.snapshot !== undefined && !(await sendSnapshot(subscriber, dispatcher, journal))) return;
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
    if (subscriber.cohort.selection.pace.latest) {
      if (await walkLatest(subscriber, dispatcher, journal)) continue;
      return;
    }
    const next = step(dispatcher, journal, subscriber.cursor);
    const found = next instanceof Promise ? await next : next;
    if (subscriber.isClosed) return;
    const taken =
      found.kind === "trimmed" ? tellTrimmed(subscriber, dispatcher, journal, found.head) : send(subscriber, found.entries, dispatcher);
    if (!taken) {
      subscriber.stall();
      return;
    }
    // Neither the ring nor most journals take a turn of the event loop to answer; others must have theirs.
    if (next instanceof Promise || (found.kind === "records" && found.entries.length >= PAGE.maxRecords)) await nextTurn();
  }
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
async function walkLatest(subscriber: Subscriber, dispatcher: Dispatcher, journal: Journal): Promise<boolean> {
  const newest = new Map<string, { readonly record: JournalRecord; readonly frame?: Uint8Array }>();
  let after = subscriber.cursor;
  while (after < dispatcher.position && newest.size < WALKED_TOPICS) {
    const next = step(dispatcher, journal, after);
    const found = next instanceof Promise ? await next : next;
    if (subscriber.isClosed) return false;
    if (found.kind === "trimmed") {
      // What was found so far is held no longer either, or comes again.
      if (tellTrimmed(subscriber, dispatcher, journal, found.head)) return true;
      subscriber.stall();
      return false;
    }
    for (const entry of found.entries) {
      const { topics, offset } = entry.record;
      after = offset;
      if (!subscriber.cohort.selection.selects(entry.record)) continue;
      const topic = topics[0] as string;
      newest.delete(topic);
      newest.set(topic, entry);
    }
    if (next instanceof Promise || found.entries.length >= PAGE.maxRecords) await nextTurn();
    if (subscriber.isClosed) return false;
  }
  // Its rights may have changed on the way, so each is looked at again.
  if (!send(subscriber, [...newest.values()], dispatcher)) {
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
async function sendSnapshot(subscriber: Subscriber, dispatcher: Dispatcher, journal: Journal): Promise<boolean> {
  const { cursor } = subscriber;
  while (subscriber.snapshot !== undefined && subscriber.snapshot.length > 0) {
    const offsets = subscriber.snapshot.slice(0, SNAPSHOT_STEP);
    const entries: { readonly record: JournalRecord; readonly frame?: Uint8Array }[] = [];
    for (const offset of offsets) {
      const recent = dispatcher.ring.entry(offset);
      if (recent !== undefined) entries.push(recent);
      else {
        const page = await journal.read(offset - 1, { maxRecords: 1, maxBytes: 1 });
        if (page.kind === "records")
          entries.push(...page.records.filter((record) => record.offset === offset).map((record) => ({ record })));
      }
    }
    if (subscriber.isClosed) return false;
    const isTaken = send(subscriber, entries, dispatcher);
    const sentUpTo = isTaken ? offsets.at(-1) : subscriber.cursor;
    subscriber.snapshot = subscriber.snapshot.filter((offset) => offset > (sentUpTo ?? 0));
    subscriber.cursor = cursor;
    if (isTaken) continue;
    subscriber.stall();
    return false;
  }
  subscriber.snapshot = undefined;
  subscriber.toldOffset = cursor;
  if (subscriber.send(encodeUtf8(encodeCursor(dispatcher.cursorAt(cursor))))) return true;
  subscriber.stall();
  return false;
}

function tellTrimmed(subscriber: Subscriber, dispatcher: Dispatcher, journal: Journal, head: number): boolean {
  const gap = encodeGap({ requested: dispatcher.cursorAt(subscriber.cursor), first: firstHeld(journal, dispatcher), reason: "trimmed" });
  subscriber.cursor = head - 1;
  subscriber.toldOffset = -1;
  return subscriber.send(encodeUtf8(gap));
}

function send(
  subscriber: Subscriber,
  entries: readonly { readonly record: JournalRecord; readonly frame?: Uint8Array }[],
  dispatcher: Dispatcher,
): boolean {
  const { selection } = subscriber.cohort;
  const now = Date.now();
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  let sent = true;
  let lastOffset = 0;
  const write = (): void => {
    if (chunks.length === 0) return;
    subscriber.toldOffset = lastOffset;
    dispatcher.sent.updates += chunks.length;
    dispatcher.sent.bytes += bytes;
    sent = subscriber.sink.write(joinBytes(chunks));
    chunks = [];
    bytes = 0;
  };
  for (const { record, frame } of entries) {
    if (selection.selects(record) && !isExpired(record, now)) {
      const encoded = dispatcher.onWire(frame ?? dispatcher.encode(record), selection);
      if (bytes > 0 && bytes + encoded.length > CHUNK_BYTES) {
        write();
        if (!sent) return false;
      }
      chunks.push(encoded);
      lastOffset = record.offset;
      bytes += encoded.length;
    }
    subscriber.cursor = record.offset;
  }
  write();
  return sent;
}
