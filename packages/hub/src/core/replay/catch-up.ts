import { Frame } from "../update/encoded-frame.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import type { Dispatcher } from "../live/dispatcher.ts";
import { encodeCursor, encodeGap } from "../update/frame.ts";
import type { Journal } from "../journal/journal.ts";
import { type Found, nextStep, type ReplayStep } from "./replay.ts";
import { type Chunks, ReplayPages } from "./replay-pages.ts";
import { andThen } from "../scheduler.ts";
import { pick, readPageFor, type ReplayRecord } from "./read-page.ts";
import type { StreamSpans } from "./stream-spans.ts";
import type { Subscriber } from "../live/subscriber.ts";
import type { Turns } from "../turns.ts";

/** State shared by all replays to sockets. */
export class CatchUpContext {
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  readonly pages: ReplayPages;
  readonly turns: Turns;
  /** Undefined: no spans. */
  readonly spans: StreamSpans | undefined;

  constructor(dispatcher: Dispatcher, journal: Journal, turns: Turns, spans?: StreamSpans) {
    this.dispatcher = dispatcher;
    this.journal = journal;
    this.turns = turns;
    this.spans = spans;
    this.pages = new ReplayPages(this);
  }
}

/**
 * Replays to a subscriber's socket, at the socket's pace, until the subscriber is live, stalled or
 * closed. The replay after a reconnection and the return of a slow reader are the same.
 */
export async function catchUp(subscriber: Subscriber, context: CatchUpContext): Promise<void> {
  while (subscriber.state === "replaying") {
    if (subscriber.early === undefined && subscriber.cursor === context.dispatcher.position) {
      // With nothing in between, so that no update is dispatched unseen.
      subscriber.join();
      return;
    }
    context.spans?.reads(subscriber);
    await context.turns.next();
    // In a function of its own, because this function's variables stay in memory while it waits,
    // and many wait.
    if (subscriber.state === "replaying") await advance(subscriber, context);
  }
}

function advance(subscriber: Subscriber, context: CatchUpContext): void | Promise<void> {
  const { pages } = context;
  const { cursor, selection } = subscriber;
  const find = (): Found<Chunks> | Promise<Found<Chunks>> =>
    selection.pace.latest ? findLatest(subscriber, context) : pages.find(cursor, selection);
  return andThen(nextStep(subscriber, find, context), (step) => take(subscriber, step, context));
}

function take(subscriber: Subscriber, step: ReplayStep<Chunks>, { dispatcher, spans }: CatchUpContext): void {
  if (subscriber.state !== "replaying") return;
  const { cursor } = subscriber;
  const tookAll = deliver(subscriber, step, dispatcher);
  if (step.kind === "page") spans?.passed(subscriber, subscriber.cursor - cursor);
  else if (step.kind === "early") spans?.passed(subscriber, step.entries.length);
  if (!tookAll) subscriber.stall();
}

/** @returns Whether the peer took everything. */
function deliver(subscriber: Subscriber, step: ReplayStep<Chunks>, dispatcher: Dispatcher): boolean {
  switch (step.kind) {
    case "page":
      return write(subscriber, step.page, dispatcher, ({ upTo, at }) => {
        subscriber.cursor = upTo;
        if (at > 0) subscriber.passedAt = at;
      });
    case "early": {
      const { entries, upTo } = step;
      const chunks = chunksOf(entries, { after: 0, upTo, lastAt: 0 }, subscriber.selection, dispatcher);
      return write(subscriber, chunks, dispatcher, (chunk) => subscriber.early?.pass(chunk.upTo));
    }
    case "settled":
      subscriber.toldOffset = subscriber.cursor;
      return subscriber.send(Frame.ofText(encodeCursor(dispatcher.ids.cursorAt(subscriber.cursor))));
    case "gap":
      if (step.cursor !== subscriber.cursor) subscriber.toldOffset = -1;
      subscriber.cursor = step.cursor;
      return subscriber.send(Frame.ofText(encodeGap(step.gap)));
    case "live":
    case "again":
      return true;
  }
}

/** @param passed - Called before each write, after which the socket owns the bytes. */
function write(subscriber: Subscriber, chunks: Chunks, dispatcher: Dispatcher, passed: (chunk: Chunk) => void): boolean {
  for (const chunk of chunks) {
    passed(chunk);
    if (chunk.updates === 0) continue;
    subscriber.toldOffset = chunk.lastOffset;
    dispatcher.sent.updates += chunk.updates;
    dispatcher.sent.bytes += chunk.bytes.length;
    if (!subscriber.write(chunk.bytes)) return false;
  }
  return true;
}

/**
 * Most topics whose newest update is remembered during the search. Past the limit the remembered
 * updates are sent, and the replay goes on.
 */
const LATEST_TOPICS = 10_000;

/** Reads up to the tail, and keeps only the newest update of each canonical topic. */
async function findLatest(subscriber: Subscriber, { dispatcher, journal, turns }: CatchUpContext): Promise<Found<Chunks>> {
  const { cursor, selection } = subscriber;
  const newest = new Map<string, ReplayRecord>();
  let after = cursor;
  let lastAt = 0;
  while (after < dispatcher.position && newest.size < LATEST_TOPICS && subscriber.state === "replaying") {
    const found = await readPageFor(selection, dispatcher, journal, after);
    // The updates found so far are no longer held either, or come again.
    if (found.kind === "trimmed") return found;
    if (found.upTo === after) break;
    after = found.upTo;
    lastAt = found.entries.at(-1)?.record.at ?? lastAt;
    for (const entry of await turns.run(pick(found.entries, selection, dispatcher.clockToleranceMs))) {
      const topic = entry.record.topics[0] as string;
      newest.delete(topic);
      newest.set(topic, entry);
    }
    await turns.next();
  }
  return { kind: "page", page: chunksOf([...newest.values()], { after: cursor, upTo: after, lastAt }, selection, dispatcher) };
}
