import type { Dispatcher } from "../live/dispatcher.ts";
import { isExpired, type Journal, type JournalRecord } from "../journal/journal.ts";
import type { Matcher } from "../matching/matcher.ts";
import { parseCursor } from "../journal/cursor.ts";
import { greatestLag, type Lag, lagOf, sentUpTo } from "./lag.ts";
import { monotonicMs, nextTurn } from "../scheduler.ts";
import { inSlices } from "../slices.ts";
import type { Streams } from "../streams/streams.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** Figures of this moment: of one process, or of all of a journal. */
export interface HubStats {
  readonly subscribers: number;
  readonly cohorts: number;
  /** Subscribers whose cursor is behind the tail: replaying, or slower than the updates. */
  readonly lagging: number;
  /** How many of these have a socket that is full. */
  readonly stalled: number;
  /** How far behind the last of them is. */
  readonly lag: Lag;
  /** Bytes that connections hold which their peers have not taken; those that several hold count once. */
  readonly heldBytes: number;
  /** Connections that were cut since the process started: `stalled`, for they took nothing for too long; `held`, for all together held too much. */
  readonly cut: { readonly stalled: number; readonly held: number };
  /** Offset of the newest and of the oldest record in the journal. */
  readonly tail: number;
  readonly head: number;
  /** Bytes of the records in the journal, as {@link recordBytes} counts them. */
  readonly bytes: number;
  /** Updates that were acknowledged since the process started. */
  readonly published: number;
  /** Updates that were given to sockets since the process started, and the bytes of all streams' events. */
  readonly delivered: number;
  readonly sentBytes: number;
}

/** An open stream, for whoever runs the hub. */
export interface SubscriberInfo {
  /** Random, unique to the connection. */
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** The `iss` and `sub` claims of its token; undefined for an anonymous one. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /** Address of the client: behind `trustedProxies` the one that they name. Undefined if the runtime tells none, as with `fetch`. */
  readonly address: string | undefined;
  readonly intervalMs: number;
  readonly latest: boolean;
  /** How long it has been open, in milliseconds. */
  readonly openMs: number;
  /** `live`: at the tail. `replaying`: on its way there. `stalled`: its socket takes nothing. */
  readonly state: "live" | "replaying" | "stalled";
  /** How many updates the journal has after what was sent, whether they are for it or not. */
  readonly lag: number;
  /** How long ago the first of these was appended, in milliseconds, as nearly as is known. */
  readonly lagMs: number;
}

/**
 * What became of an update for one subscriber. `delivered`: given to its socket. `paced`: waits for its next write. `behind`: the subscriber has not come
 * to it yet. `replaced`: left out for a newer update of the same topic (`latest`). `expired`: its time to live was over before. `earlier`: it
 * is older than what the subscriber began with. `not_allowed`: private, and the token grants none of its topics. `not_selected`: no matcher selects it.
 */
export type Fate = "delivered" | "paced" | "behind" | "replaced" | "expired" | "earlier" | "not_allowed" | "not_selected";

/** An update of the journal, and what became of it. */
export interface UpdateLife {
  readonly id: string;
  readonly topics: readonly string[];
  readonly type: string | undefined;
  readonly private: boolean;
  /** Characters of its data. */
  readonly size: number;
  /** When it was appended, in milliseconds since 1970. */
  readonly at: number;
  readonly ttlMs: number | undefined;
  readonly isExpired: boolean;
  /** How many subscribers have each fate. */
  readonly counts: Readonly<Partial<Record<Fate, number>>>;
  /** The fate of the subscriber that was asked for; undefined where there is no such one. */
  readonly fate: Fate | undefined;
}

/** Figures of this process. */
export function statsOf({
  streams,
  dispatcher,
  journal,
  published,
}: {
  readonly streams: Streams;
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  readonly published: number;
}): HubStats {
  const { all, lagging } = streams.roster;
  let stalled = 0;
  for (const { state } of lagging) if (state === "stalled") stalled++;
  return {
    subscribers: all.length,
    cohorts: dispatcher.cohortCount,
    lagging: lagging.size,
    stalled,
    lag: greatestLag(lagging, dispatcher),
    heldBytes: streams.heldBytes,
    cut: { ...streams.cuts },
    tail: journal.tail(),
    head: journal.head(),
    bytes: journal.bytes(),
    published,
    delivered: dispatcher.sent.updates,
    sentBytes: dispatcher.sent.bytes,
  };
}

/** How far ahead a newer update of the same topic is looked for. */
const AHEAD = { maxRecords: 5000, maxBytes: 8 * 1024 * 1024 };

/** @returns undefined if the subscriber is closed. */
export function describeSubscriber(subscriber: Subscriber, dispatcher: Dispatcher): SubscriberInfo | undefined {
  const { selection, state } = subscriber;
  if (state === "closed") return undefined;
  const lag = lagOf(subscriber, dispatcher);
  return {
    id: subscriber.id,
    matchers: selection.matchers.map(({ matcher }) => matcher),
    issuer: subscriber.authorization?.issuer,
    subject: subscriber.authorization?.subject,
    address: subscriber.sink.address,
    intervalMs: selection.pace.intervalMs,
    latest: selection.pace.latest,
    openMs: Math.round(monotonicMs() - subscriber.openedAtMs),
    state,
    lag: lag.updates,
    lagMs: lag.ms,
  };
}

/** Finds an update, and says what became of it. @returns undefined where the journal holds no such one. */
export async function explain(
  eventId: string,
  subscriberId: string | undefined,
  { journal, dispatcher, subscribers }: { journal: Journal; dispatcher: Dispatcher; subscribers: readonly Subscriber[] },
): Promise<UpdateLife | undefined> {
  const id = dispatcher.opened(eventId);
  const position = parseCursor(id);
  const offset = position === undefined ? (await journal.find(id))[0] : position.epoch === journal.epoch ? position.offset : undefined;
  if (offset === undefined || offset < 1) return undefined;
  const page = await journal.read(offset - 1, { maxRecords: 1, maxBytes: 1 });
  const record = page.kind === "records" ? page.records[0] : undefined;
  if (record === undefined || record.offset !== offset) return undefined;
  const newer = await nextOfTopic(journal, record);
  const counts: Partial<Record<Fate, number>> = {};
  let fate: Fate | undefined;
  const tell = function* (): Generator<undefined, undefined> {
    // Others come and go meanwhile.
    for (const subscriber of subscribers.slice()) {
      if (subscriber.state === "closed") continue;
      const one = yield* fateOf(record, newer, subscriber, dispatcher);
      counts[one] = (counts[one] ?? 0) + 1;
      if (subscriber.id === subscriberId) fate = one;
      yield;
    }
  };
  await inSlices(tell(), nextTurn);
  return {
    id: eventId,
    topics: record.topics,
    type: record.type,
    private: record.private,
    size: record.data.length,
    at: record.at,
    ttlMs: record.ttlMs,
    isExpired: isExpired(record, Date.now(), journal.clockToleranceMs),
    counts,
    fate,
  };
}

/** When the next update of the same canonical topic came, in milliseconds since 1970. */
async function nextOfTopic(journal: Journal, { offset, topics }: JournalRecord): Promise<number | undefined> {
  const page = await journal.read(offset, AHEAD);
  return page.kind === "records" ? page.records.find((one) => one.topics[0] === topics[0])?.at : undefined;
}

function* fateOf(
  record: JournalRecord,
  newerAt: number | undefined,
  subscriber: Subscriber,
  dispatcher: Dispatcher,
): Generator<undefined, Fate> {
  const { selection, paced } = subscriber.cohort;
  if ((yield* selection.selectedBy(record)).length === 0) return "not_selected";
  if (!selection.mayRead(record)) return "not_allowed";
  if (record.offset <= subscriber.beganAfter) return "earlier";
  const { pace } = selection;
  const isReplaced = pace.latest && newerAt !== undefined && newerAt - record.at < Math.max(pace.intervalMs, 1);
  if (record.offset > sentUpTo(subscriber, dispatcher)) {
    if (isExpired(record, Date.now(), dispatcher.clockToleranceMs)) return "expired";
    if (subscriber.state !== "live") return "behind";
    return isReplaced ? "replaced" : (paced?.pendingFrom ?? Infinity) <= record.offset ? "paced" : "behind";
  }
  return isReplaced ? "replaced" : "delivered";
}
