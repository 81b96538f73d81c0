import type { Cohort, CohortMember } from "./cohort.ts";
import { Cohorts, fallBehind } from "./cohorts.ts";
import { Delivery } from "./delivery.ts";
import type { DispatchSpans } from "./dispatch-spans.ts";
import type { DispatcherOptions, PresenceNotes } from "./dispatcher-options.ts";
import { Durations } from "../durations.ts";
import { EventIds } from "../journal/event-ids.ts";
import { FrameEncoder } from "./frame-encoder.ts";
import { FrameRing, FramedRecord } from "./frame-ring.ts";
import { isExpired, type Journal, type JournalRecord, type ReadLimits } from "../journal/journal.ts";
import { MatcherIndex } from "./matcher-index.ts";
import type { KnownTopic } from "./pattern-index.ts";
import { PendingRecords } from "./pending-records.ts";
import { afterThisTurn, monotonicMs } from "../scheduler.ts";
import type { TopicParser } from "../update/topic.ts";
import { TopicSearch } from "./topic-search.ts";
import { NOTE_TYPE } from "../update/update.ts";
import { Wire } from "../update/wire.ts";

const RING_BYTES = 16 * 1024 * 1024;
const RING_RECORDS = 16_384;
/**
 * Longest time of one slice of matching, in milliseconds, before the event loop handles its input.
 */
const SLICE_MS = 2;

/**
 * Follows the journal's tail and hands each update to the cohorts that select it.
 *
 * Updates that arrive in one turn of the event loop leave in one write per connection. An idle hub
 * delays nothing, and under load the batches grow by themselves.
 */
export class Dispatcher {
  /** The event ids of the records here. */
  readonly ids: EventIds;
  readonly encoder: FrameEncoder;
  /** Encodes the bytes for sockets. */
  readonly wire: Wire;
  /** The newest records, with their frames. */
  readonly ring: FrameRing;
  readonly cohorts: Cohorts;
  /** Updates and bytes given to sockets since the start. */
  readonly sent: { updates: number; bytes: number };
  /** How far one step of a replay reads. */
  readonly page: ReadLimits;
  /**
   * Expands notes of presence, or undefined if presence is off. Set before the first subscriber.
   */
  presence: PresenceNotes | undefined;
  /**
   * Called with each of the hub's notes to itself, and with undefined if some notes may have been
   * missed.
   */
  onNote: (note: JournalRecord | undefined) => void = () => undefined;
  /**
   * Called with the number of streams with patterns that fall behind because pattern matching took
   * too long.
   */
  onPatternsBehind: (streams: number) => void = () => undefined;
  /** From the append of an update until sockets were given it. Of each batch, the oldest update. */
  readonly delays: Durations = new Durations();
  /** Called with each batch right after sockets were given some of its updates. */
  onDelivered: ((batch: readonly JournalRecord[]) => void) | undefined;
  readonly #journal: Journal;
  readonly #index: MatcherIndex;
  readonly #topicSearch: TopicSearch;
  readonly #delivery: Delivery;
  readonly #spans: DispatchSpans | undefined;
  readonly #unfollow: () => void;
  #position: number;
  /** Offset of the last record that came from the journal. */
  #accepted: number;
  readonly #pending = new PendingRecords();
  #scheduled = false;
  #waiters: (() => void)[] = [];

  constructor(journal: Journal, parser: TopicParser, options: DispatcherOptions) {
    const { page, compression, idCipher, publishedRetryMs, spans } = options;
    this.#journal = journal;
    this.page = page;
    this.#spans = spans;
    this.#position = journal.tail();
    this.#accepted = this.#position;
    this.ids = new EventIds(journal, idCipher);
    this.encoder = new FrameEncoder(journal, this.ids, publishedRetryMs);
    this.wire = new Wire(compression);
    this.ring = new FrameRing(this.#position, RING_BYTES, RING_RECORDS);
    this.#index = new MatcherIndex(parser);
    this.#topicSearch = new TopicSearch(this.#index);
    this.cohorts = new Cohorts(this.#index);
    this.#delivery = new Delivery({ journal, wire: this.wire, encoder: this.encoder, ring: this.ring });
    this.sent = this.#delivery.sent;
    this.#unfollow = journal.follow(this.#position, (records) => this.#accept(records));
  }

  /**
   * Epoch of the offsets here: the journal's, until the journal is replaced and the dispatcher is
   * told.
   */
  get epoch(): string {
    return this.ids.epoch;
  }

  /**
   * Offset of the last record that was dispatched. A subscriber whose cursor is here may join its
   * cohort.
   */
  get position(): number {
    return this.#position;
  }

  /** See {@link Journal.clockToleranceMs}. */
  get clockToleranceMs(): number | undefined {
    return this.#journal.clockToleranceMs;
  }

  /** Resolves at the next dispatch, or when the dispatcher stops. */
  moved(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves the promises of {@link moved}, so that their callers look again. */
  readonly wake = (): void => {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  };

  /** Dispatches the pending updates without waiting for the end of this turn. */
  flush(): void {
    this.#dispatchSearched();
    this.#dispatchUnsearched();
  }

  /**
   * Restarts at the tail of a journal that was replaced, after all subscribers are gone. Pending
   * records are void.
   */
  restart(): void {
    this.#pending.clear();
    this.#topicSearch.reset();
    // The updates that wait in paced cohorts are for nobody.
    this.#delivery.flush();
    this.cohorts.dropSpare();
    this.ids.restart();
    this.#position = this.#journal.tail();
    this.#accepted = this.#position;
    this.ring.restart(this.#position);
    this.#spans?.restart(this.#position);
    this.onNote(undefined);
    this.wake();
  }

  /** Delivers the updates dispatched so far, paced or not. */
  deliver(): void {
    this.flush();
    this.#delivery.flush();
  }

  stop(): void {
    this.#unfollow();
    this.deliver();
    this.wake();
  }

  #accept(records: readonly JournalRecord[]): void {
    const before = this.#accepted;
    for (const record of records) {
      if (record.offset <= this.#accepted) continue;
      if (record.offset !== this.#accepted + 1) this.#skipTo(record.offset - 1);
      this.#accepted = record.offset;
      this.#pending.push(record);
    }
    // Without new records, nothing waits since now.
    if (this.#accepted > before) this.#pending.came(this.#accepted, monotonicMs());
    if (!this.#scheduled && !this.#pending.isEmpty) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    afterThisTurn(this.#dispatchSlice);
  }

  /**
   * Updates of new topics take long, because each is tested on all patterns. Others must not wait
   * for the whole search.
   */
  readonly #dispatchSlice = (): void => {
    this.#scheduled = false;
    this.#dispatchSearched();
    if (this.#pending.isEmpty) return;
    if (this.#pending.isOverdue(monotonicMs())) this.#dispatchUnsearched();
    else this.#schedule();
  };

  /** Dispatches the updates that can be matched within one slice. */
  #dispatchSearched(): void {
    let ready = this.#topicSearch.advance(this.#pending.records, monotonicMs() + SLICE_MS);
    while (ready > 0 && !this.#pending.isEmpty) {
      const batch = this.#pending.take(ready);
      ready -= batch.length;
      this.#dispatch(batch, this.#found);
    }
    this.#topicSearch.clear();
  }

  /**
   * Dispatches all pending updates to streams without patterns. Streams with patterns read the
   * journal by themselves, in their turns.
   */
  #dispatchUnsearched(): void {
    if (this.#pending.isEmpty) return;
    const members = fallBehind(this.cohorts.patterned);
    this.#topicSearch.reset();
    while (!this.#pending.isEmpty) this.#dispatch(this.#pending.take());
    for (const member of members) member.replay();
    if (members.length > 0) this.onPatternsBehind(members.length);
  }

  readonly #found = (topic: string): KnownTopic | undefined => this.#topicSearch.found(topic);

  /**
   * Records were trimmed before this process saw them, as when it was suspended. Each subscriber
   * replays from its cursor, and the replay finds the gap.
   */
  #skipTo(offset: number): void {
    this.deliver();
    const members = fallBehind(this.cohorts.all);
    this.#position = offset;
    this.ring.restart(offset);
    this.#spans?.passed(offset);
    for (const member of members) member.replay();
    this.onNote(undefined);
    this.wake();
  }

  /**
   * @param found - Looks up the known matches of a topic. Undefined if streams with patterns have
   *   fallen behind.
   */
  #dispatch(batch: readonly JournalRecord[], found?: (topic: string) => KnownTopic | undefined): void {
    const hearers = this.#fallBehindForPresence(batch);
    const at = Date.now();
    const touched: Cohort[] = [];
    let oldestAt = Infinity;
    for (const record of batch) {
      const entry = new FramedRecord(record);
      const isTaken = !isExpired(record, at, this.#journal.clockToleranceMs) && this.#index.collect(entry, touched, found);
      if (isTaken) {
        entry.frame = this.encoder.encode(record);
        oldestAt = Math.min(oldestAt, record.at);
      }
      this.ring.push(entry);
      this.#position = record.offset;
      if (record.type === NOTE_TYPE) this.onNote(record);
    }
    this.#pending.dispatched(this.#position);
    if (touched.length > 0) {
      const delivered = this.#spans && this.#beginSpan(this.#spans, batch, touched);
      this.#delivery.deliver(touched, batch.length);
      delivered?.();
      this.delays.add(Date.now() - oldestAt);
      this.onDelivered?.(batch);
    } else this.#spans?.passed(this.#position);
    this.wake();
    for (const hearer of hearers) hearer.replay();
  }

  /** @returns Ends the span. */
  #beginSpan(spans: DispatchSpans, batch: readonly JournalRecord[], touched: readonly Cohort[]): () => void {
    const from = batch[0]?.offset ?? this.#position;
    const taken = batch.filter(({ offset }) => this.ring.entry(offset)?.frame !== undefined).length;
    return spans.dispatch({ from, to: this.#position }, taken, touched);
  }

  /**
   * Sends cohorts that may hear of presence to replay. Updates of presence have to be read, and
   * nobody else may wait for that read.
   *
   * @returns Their members, which must {@link CohortMember.replay} after the batch.
   */
  #fallBehindForPresence(batch: readonly JournalRecord[]): readonly CohortMember[] {
    const { presence, cohorts } = this;
    if (presence === undefined || cohorts.hearing.size === 0 || !batch.some((record) => presence.isNote(record))) return [];
    return fallBehind(cohorts.hearing);
  }
}
