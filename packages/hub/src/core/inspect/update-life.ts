import type { Dispatcher } from "../live/dispatcher.ts";
import { isExpired, type Journal, type JournalRecord } from "../journal/journal.ts";
import { parseCursor } from "../journal/cursor.ts";
import { sentUpTo } from "./lag.ts";
import { nextTurn } from "../scheduler.ts";
import { inSlices } from "../slices.ts";
import type { Subscriber } from "../live/subscriber.ts";

/**
 * Fate of an update for one subscriber.
 *
 * - `delivered`: given to its socket.
 * - `paced`: waits for the subscriber's next write.
 * - `behind`: the subscriber has not reached the update yet.
 * - `replaced`: left out for a newer update of the same topic (`latest`).
 * - `expired`: the update's time to live was over before.
 * - `earlier`: the update is older than the subscriber's start.
 * - `not_allowed`: private, and the token grants none of its topics.
 * - `not_selected`: no matcher selects the update.
 */
export type Fate = "delivered" | "paced" | "behind" | "replaced" | "expired" | "earlier" | "not_allowed" | "not_selected";

/** An update of the journal, and what became of it. */
export interface UpdateLife {
  readonly id: string;
  readonly topics: readonly string[];
  readonly type: string | undefined;
  readonly private: boolean;
  /** Characters of the update's data. */
  readonly size: number;
  /** Time of the append, in milliseconds since 1970. */
  readonly at: number;
  readonly ttlMs: number | undefined;
  readonly isExpired: boolean;
  /** How many subscribers have each fate. */
  readonly counts: Readonly<Partial<Record<Fate, number>>>;
  /** Fate of the subscriber that was asked for, or undefined if the subscriber does not exist. */
  readonly fate: Fate | undefined;
}

/** How far ahead to look for a newer update of the same topic. */
const AHEAD = { maxRecords: 5000, maxBytes: 8 * 1024 * 1024 };

/**
 * Finds an update, and says what became of it. @returns Undefined if the journal does not hold the
 * update.
 */
export async function explain(
  eventId: string,
  subscriberId: string | undefined,
  { journal, dispatcher, subscribers }: { journal: Journal; dispatcher: Dispatcher; subscribers: readonly Subscriber[] },
): Promise<UpdateLife | undefined> {
  const id = dispatcher.ids.open(eventId);
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
    // Subscribers come and go meanwhile.
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

/**
 * Finds when the next update of the same canonical topic was appended, in milliseconds since 1970.
 */
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
