import type { Dispatcher } from "../live/dispatcher.ts";
import type { DurationFigures, Durations } from "../durations.ts";
import type { Journal, JournalRecord } from "../journal/journal.ts";
import { type ListQuery, listUpdates, type UpdateList } from "./journal-list.ts";
import { greatestLag, type Lag, lagOf } from "./lag.ts";
import type { Matcher } from "../matching/matcher.ts";
import type { HubObserver } from "../streams/roster.ts";
import { monotonicMs } from "../scheduler.ts";
import type { Streams } from "../streams/streams.ts";
import type { Subscriber } from "../live/subscriber.ts";
import { detailOf, type SubscriberDetail } from "./subscriber-detail.ts";
import { explain, type UpdateLife } from "./update-life.ts";

/** Figures of this moment, of one process or of the fleet. */
export interface HubStats {
  readonly subscribers: number;
  readonly cohorts: number;
  /** Subscribers whose cursor is behind the tail: replaying, or slower than the updates. */
  readonly lagging: number;
  /** Number of lagging subscribers with a full socket. */
  readonly stalled: number;
  /** Lag of the subscriber that is furthest behind. */
  readonly lag: Lag;
  /**
   * Bytes held by connections because their peers have not taken them. Bytes that several
   * connections share count once.
   */
  readonly heldBytes: number;
  /**
   * Connections cut since the process started. `stalled`: the peer took nothing for too long.
   * `held`: all connections together held too much.
   */
  readonly cut: { readonly stalled: number; readonly held: number };
  /** Offset of the newest and of the oldest record in the journal. */
  readonly tail: number;
  readonly head: number;
  /** Bytes of the records in the journal, as counted by {@link recordBytes}. */
  readonly bytes: number;
  /** Updates acknowledged since the process started. */
  readonly published: number;
  /** Updates given to sockets since the process started, and the bytes of all streams' events. */
  readonly delivered: number;
  readonly sentBytes: number;
}

/** Durations of one process. */
export interface HubTimings {
  /** From the check of a publisher's updates until they were acknowledged. */
  readonly publish: DurationFigures;
  /** From the append of an update until sockets were given it. Of each batch, the oldest update. */
  readonly delivery: DurationFigures;
  /** From the beginning of a stream until it was at the newest update. */
  readonly catchUp: DurationFigures;
  /** Flushes of the journal to the disk. Undefined if this process flushes nothing. */
  readonly flush: DurationFigures | undefined;
}

/** An open stream, for the operator of the hub. */
export interface SubscriberInfo {
  /** Random, unique to the connection. */
  readonly id: string;
  readonly matchers: readonly Matcher[];
  /** The `iss` and `sub` claims of its token. Undefined for an anonymous subscriber. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /**
   * Address of the client. Behind `trustedProxies`, the address that the proxies name. Undefined if
   * the runtime gives no address, as with `fetch`.
   */
  readonly address: string | undefined;
  readonly intervalMs: number;
  readonly latest: boolean;
  /** Time since the stream was opened, in milliseconds. */
  readonly openMs: number;
  /** `live`: at the tail. `replaying`: on its way there. `stalled`: its socket takes nothing. */
  readonly state: "live" | "replaying" | "stalled";
  /** Number of updates in the journal after the last one sent, for this subscriber or not. */
  readonly lag: number;
  /** Age of the first unsent update, in milliseconds, as nearly as is known. */
  readonly lagMs: number;
}

/** An open stream in detail. */
export type DetailedSubscriber = SubscriberInfo & SubscriberDetail;

/** Figures of the publisher. */
interface PublisherFigures {
  readonly published: number;
  readonly acknowledgements: Durations;
}

/** The view of this process: its figures, its subscribers, and what they got. */
export class OwnProcess {
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #streams: Streams;
  readonly #publisher: PublisherFigures;

  constructor(options: { journal: Journal; dispatcher: Dispatcher; streams: Streams; publisher: PublisherFigures }) {
    this.#journal = options.journal;
    this.#dispatcher = options.dispatcher;
    this.#streams = options.streams;
    this.#publisher = options.publisher;
  }

  /** Watches subscribers come and go. @returns Stops watching. */
  observe(observer: HubObserver): () => void {
    return this.#streams.roster.observe(observer);
  }

  /** Figures of this process. */
  stats(): HubStats {
    const { roster, heldBytes, cuts } = this.#streams;
    const { cohorts, sent } = this.#dispatcher;
    let stalled = 0;
    for (const { state } of roster.lagging) if (state === "stalled") stalled++;
    return {
      subscribers: roster.all.length,
      cohorts: cohorts.usedCount,
      lagging: roster.lagging.size,
      stalled,
      lag: greatestLag(roster.lagging, this.#dispatcher),
      heldBytes,
      cut: { ...cuts },
      tail: this.#journal.tail(),
      head: this.#journal.head(),
      bytes: this.#journal.bytes(),
      published: this.#publisher.published,
      delivered: sent.updates,
      sentBytes: sent.bytes,
    };
  }

  /** Durations since the process started. */
  timings(): HubTimings {
    return {
      publish: this.#publisher.acknowledgements.figures(),
      delivery: this.#dispatcher.delays.figures(),
      catchUp: this.#streams.catchUps.figures(),
      flush: this.#journal.flushes,
    };
  }

  /**
   * Finds when the oldest record of the journal was appended, in milliseconds since 1970. Undefined
   * if the journal is empty.
   */
  async oldestAt(): Promise<number | undefined> {
    const page = await this.#journal.read(this.#journal.head() - 1, { maxRecords: 1, maxBytes: 1 });
    return page.kind === "records" ? page.records[0]?.at : undefined;
  }

  /**
   * Yields the open streams of this process, in no order. Each stream is described only when the
   * iterator reaches it, so other work can run between two.
   */
  *eachSubscriber(): Generator<SubscriberInfo, undefined> {
    for (const subscriber of this.#streams.roster.all.slice()) {
      const info = describeSubscriber(subscriber, this.#dispatcher);
      if (info !== undefined) yield info;
    }
  }

  /**
   * Describes an open stream of this process in detail.
   *
   * @param process - Id of this process.
   * @returns Undefined if this process does not have the subscriber.
   */
  async findSubscriber(subscriberId: string, process: string): Promise<DetailedSubscriber | undefined> {
    const subscriber = this.#streams.roster.all.find(({ id }) => id === subscriberId);
    const info = subscriber && describeSubscriber(subscriber, this.#dispatcher);
    return info && { ...info, ...(await detailOf(subscriber, process, this.#dispatcher)) };
  }

  /** See {@link listUpdates}. */
  listUpdates(query: ListQuery): Promise<UpdateList | undefined> {
    return listUpdates(query, { journal: this.#journal, dispatcher: this.#dispatcher });
  }

  /**
   * Calls back with the newest updates of the journal, private ones too, and then with each new one.
   *
   * @param count - Most updates of the past.
   * @returns Stops.
   */
  followUpdates(count: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    const { ring, position } = this.#dispatcher;
    const past = ring.read(Math.max(ring.after, position - count), count, Infinity) ?? [];
    onAppended(past.map(({ record }) => record));
    return this.#journal.follow(position, onAppended);
  }

  /** Calls back with each batch whose updates sockets were just given, until another callback is set. */
  watchDelivered(onDelivered: ((batch: readonly JournalRecord[]) => void) | undefined): void {
    this.#dispatcher.onDelivered = onDelivered;
  }

  /**
   * Ends a subscriber's stream. Its peer may connect again, and loses nothing. To keep the peer
   * out, revoke its token.
   *
   * @returns Whether this process had the subscriber.
   */
  disconnect(subscriberId: string): boolean {
    const subscriber = this.#streams.roster.all.find(({ id }) => id === subscriberId);
    if (subscriber !== undefined) this.#streams.end(subscriber);
    return subscriber !== undefined;
  }

  /**
   * Says what became of an update, for the subscribers of this process.
   *
   * @param subscriberId - The subscriber whose fate is asked for.
   * @returns Undefined if the journal holds no update with this event id.
   */
  explain(eventId: string, subscriberId?: string): Promise<UpdateLife | undefined> {
    return explain(eventId, subscriberId, { journal: this.#journal, dispatcher: this.#dispatcher, subscribers: this.#streams.roster.all });
  }
}

/** @returns Undefined if the subscriber is closed. */
function describeSubscriber(subscriber: Subscriber, dispatcher: Dispatcher): SubscriberInfo | undefined {
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
