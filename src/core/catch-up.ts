import { encodeUtf8, joinBytes } from "./bytes.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { encodeGap } from "./frame.ts";
import type { Journal, JournalRecord, ReadLimits } from "./journal.ts";
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

function tellTrimmed(subscriber: Subscriber, dispatcher: Dispatcher, journal: Journal, head: number): boolean {
  const gap = encodeGap({ requested: dispatcher.cursorAt(subscriber.cursor), first: firstHeld(journal, dispatcher), reason: "trimmed" });
  subscriber.cursor = head - 1;
  subscriber.toldOffset = -1;
  return subscriber.sink.write(encodeUtf8(gap));
}

function send(
  subscriber: Subscriber,
  entries: readonly { readonly record: JournalRecord; readonly frame?: Uint8Array }[],
  dispatcher: Dispatcher,
): boolean {
  const { selection } = subscriber.cohort;
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  let sent = true;
  let lastOffset = 0;
  const write = (): void => {
    if (chunks.length === 0) return;
    subscriber.toldOffset = lastOffset;
    sent = subscriber.sink.write(joinBytes(chunks));
    chunks = [];
    bytes = 0;
  };
  for (const { record, frame } of entries) {
    if (selection.selects(record)) {
      const encoded = frame ?? dispatcher.encode(record);
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
