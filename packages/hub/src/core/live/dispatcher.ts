import { encodeUtf8, joinBytes } from "../update/bytes.ts";
import { Cohort, type CohortMember } from "./cohort.ts";
import { formatCursor, type IdCipher, NO_ID } from "../journal/cursor.ts";
import { encodeCursor, encodeFrame } from "../update/frame.ts";
import type { DispatcherOptions, PresenceNotes } from "./dispatcher-options.ts";
import { FrameRing, type FramedRecord } from "./frame-ring.ts";
import { isExpired, type Journal, type JournalRecord, type ReadLimits, recordBytes } from "../journal/journal.ts";
import { MatcherIndex } from "./matcher-index.ts";
import type { KnownTopic } from "./pattern-index.ts";
import { Pacer } from "./pacer.ts";
import { type RetryRange, withBoundRetry } from "../update/retry.ts";
import { afterThisTurn, monotonicMs } from "../scheduler.ts";
import type { Selection } from "../matching/selection.ts";
import type { TopicParser } from "../update/topic.ts";
import { TopicSearch } from "./topic-search.ts";
import { NOTE_TYPE } from "../update/update.ts";
import { Wire } from "../update/wire.ts";

/**
 * Most bytes of one write. This bounds the memory of a socket that fills up. A single larger frame
 * is sent whole.
 */
const WRITE_BYTES = 64 * 1024;
const RING_BYTES = 16 * 1024 * 1024;
const RING_RECORDS = 16_384;
const NOTHING = new Uint8Array(0);
/**
 * Longest time of one slice of matching, in milliseconds, before the event loop handles its input.
 */
const SLICE_MS = 4;
/**
 * Bounds on the updates that wait for pattern matching: time in milliseconds, and bytes. Past them,
 * streams with patterns read the journal by themselves.
 */
const MOST_WAITING = { ms: 250, bytes: RING_BYTES } as const;
/** Spare cohorts kept for subscribers that come back, beside an eighth of all cohorts. */
const SPARE_COHORTS = 64;

/**
 * Follows the journal's tail and hands each update to the cohorts that select it.
 *
 * Updates that arrive in one turn of the event loop leave in one write per connection. An idle hub
 * delays nothing, and under load the batches grow by themselves.
 */
export class Dispatcher {
  ring: FrameRing;
  /**
   * Epoch of the offsets here: the journal's, until the journal is replaced and the dispatcher is
   * told.
   */
  epoch: string;
  readonly #journal: Journal;
  readonly #idCipher: IdCipher | undefined;
  readonly #index: MatcherIndex;
  readonly #topicSearch: TopicSearch;
  readonly #cohorts = new Map<string, Cohort>();
  #usedCohorts = 0;
  /** Cohorts that may receive presence. */
  readonly #hearing = new Set<Cohort>();
  /** Cohorts with patterns. */
  readonly #patterned = new Set<Cohort>();
  /** Cohorts that had no subscriber at some time since the last drop. */
  readonly #spare: Cohort[] = [];
  readonly #pacer = new Pacer((cohort) => this.#deliverPaced(cohort));
  readonly #unfollow: () => void;
  #position: number;
  /** Offset of the last record that came from the journal. */
  #accepted: number;
  #pending: JournalRecord[] = [];
  #pendingBytes = 0;
  /**
   * Arrival times of the pending records, in milliseconds of the monotonic clock. Each entry covers
   * the records up to an offset.
   */
  #came: { readonly upTo: number; readonly atMs: number }[] = [];
  #scheduled = false;
  /** Encodes the bytes for sockets. */
  readonly wire: Wire;
  /** Updates and bytes given to sockets since the start. */
  readonly sent = { updates: 0, bytes: 0 };
  #waiters: (() => void)[] = [];
  /**
   * Range of the `retry` times that publishers may send. Applied here, so that the range also holds
   * for records already in the journal or from another process.
   */
  readonly #retryMs: RetryRange;
  /**
   * Called with each of the hub's notes to itself, and with undefined if some notes may have been
   * missed.
   */
  onNote: (note: JournalRecord | undefined) => void = () => undefined;

  /**
   * Expands notes of presence, or undefined if presence is off. Set before the first subscriber.
   */
  presence: PresenceNotes | undefined;

  /** How far one step of a replay reads. */
  readonly page: ReadLimits;

  constructor(journal: Journal, parser: TopicParser, options: DispatcherOptions) {
    const { page, compression, idCipher, publishedRetryMs } = options;
    this.#retryMs = publishedRetryMs;
    this.#journal = journal;
    this.#idCipher = idCipher;
    this.page = page;
    this.wire = new Wire(compression);
    this.#index = new MatcherIndex(parser);
    this.#topicSearch = new TopicSearch(this.#index);
    this.epoch = journal.epoch;
    this.#position = journal.tail();
    this.#accepted = this.#position;
    this.ring = new FrameRing(this.#position, RING_BYTES, RING_RECORDS);
    this.#unfollow = journal.follow(this.#position, (records) => this.#accept(records));
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

  /** Number of cohorts with subscribers. */
  get cohortCount(): number {
    return this.#usedCohorts;
  }

  eventId(record: JournalRecord): string {
    return record.id ?? this.idAt(record.offset);
  }

  /** The event id that resumes after an offset. */
  cursorAt(offset: number): string {
    return this.sealed(this.#journal.places?.cursorAt(offset) ?? formatCursor({ epoch: this.epoch, offset }));
  }

  /** The event id that the hub makes for the update at an offset. */
  idAt(offset: number): string {
    const { places } = this.#journal;
    return places === undefined ? this.cursorAt(offset) : this.sealed(places.idAt(offset));
  }

  /** The form of the hub's own event id that peers get. */
  sealed(id: string): string {
    return this.#idCipher === undefined ? id : this.#idCipher.seal(id);
  }

  /**
   * Restores an event id from a peer to its form before {@link sealed}. A hub with opaque ids
   * accepts no plain id of its own, because peers could count through them.
   */
  opened(id: string): string {
    return this.#idCipher === undefined || !id.startsWith("#") ? id : (this.#idCipher.open(id) ?? NO_ID);
  }

  /**
   * @param cursor - Event id that resumes after the record, if that is not the usual one. Null for
   *   no cursor.
   */
  encode(record: JournalRecord, cursor?: string | null): Uint8Array {
    const { id } = record;
    const update = withBoundRetry(record, this.#retryMs);
    if (cursor === null) return encodeFrame(update, null);
    if (id === undefined || this.#journal.places === undefined) return encodeFrame(update, id ?? cursor ?? this.idAt(record.offset));
    // A publisher's own id does not tell the places of the other partitions.
    return joinBytes([encodeFrame(update, id), encodeUtf8(encodeCursor(cursor ?? this.cursorAt(record.offset)))]);
  }

  /** Finds or makes the cohort of a selection. Each call needs one {@link release}. */
  acquire(selection: Selection): Cohort {
    let cohort = this.#cohorts.get(selection.key);
    if (cohort === undefined) {
      cohort = new Cohort(selection);
      this.#cohorts.set(selection.key, cohort);
      this.#index.add(cohort);
      if (this.presence !== undefined && selection.hearsPresence) this.#hearing.add(cohort);
      if (selection.hasPatterns) this.#patterned.add(cohort);
    }
    if (cohort.references++ === 0) {
      this.#usedCohorts++;
      this.#index.wake(cohort);
    }
    return cohort;
  }

  release(cohort: Cohort): void {
    if (--cohort.references > 0) return;
    this.#usedCohorts--;
    this.#index.rest(cohort);
    if (cohort.isSpare) return;
    cohort.isSpare = true;
    this.#spare.push(cohort);
    if (this.#spare.length > SPARE_COHORTS + this.#cohorts.size / 8) this.#dropSpare();
  }

  /**
   * Drops many at a time. A `Map` in which one key comes and goes over and over gets slower with
   * each.
   */
  #dropSpare(): void {
    for (const cohort of this.#spare.splice(0)) {
      cohort.isSpare = false;
      if (cohort.references > 0) continue;
      this.#cohorts.delete(cohort.selection.key);
      this.#index.remove(cohort);
      this.#hearing.delete(cohort);
      this.#patterned.delete(cohort);
    }
  }

  /** Resolves at the next dispatch, or when the dispatcher stops. */
  moved(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves the promises of {@link moved}, so that their callers look again. */
  readonly wake = (): void => {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  };

  /**
   * Called with the number of streams with patterns that fall behind because pattern matching took
   * too long.
   */
  onPatternsBehind: (streams: number) => void = () => undefined;

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
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#came = [];
    this.#topicSearch.reset();
    // The updates that wait in paced cohorts are for nobody.
    this.#pacer.flush();
    this.#dropSpare();
    this.epoch = this.#journal.epoch;
    this.#position = this.#journal.tail();
    this.#accepted = this.#position;
    this.ring = new FrameRing(this.#position, RING_BYTES, RING_RECORDS);
    this.onNote(undefined);
    this.wake();
  }

  stop(): void {
    this.#unfollow();
    this.flush();
    this.#pacer.flush();
    this.wake();
  }

  #accept(records: readonly JournalRecord[]): void {
    const before = this.#accepted;
    for (const record of records) {
      if (record.offset <= this.#accepted) continue;
      if (record.offset !== this.#accepted + 1) this.#skipTo(record.offset - 1);
      this.#accepted = record.offset;
      this.#pending.push(record);
      this.#pendingBytes += recordBytes(record);
    }
    // Without new records, nothing waits since now.
    if (this.#accepted > before) this.#came.push({ upTo: this.#accepted, atMs: monotonicMs() });
    if (!this.#scheduled && this.#pending.length > 0) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    afterThisTurn(() => {
      this.#scheduled = false;
      this.#dispatchSlice();
    });
  }

  /**
   * Updates of new topics take long, because each is tested on all patterns. Others must not wait
   * for the whole search.
   */
  #dispatchSlice(): void {
    this.#dispatchSearched();
    const [oldest] = this.#came;
    if (oldest === undefined) return;
    if (monotonicMs() - oldest.atMs > MOST_WAITING.ms || this.#pendingBytes > MOST_WAITING.bytes) this.#dispatchUnsearched();
    else this.#schedule();
  }

  /** Dispatches the updates that can be matched within one slice. */
  #dispatchSearched(): void {
    let ready = this.#topicSearch.advance(this.#pending, monotonicMs() + SLICE_MS);
    while (ready > 0 && this.#pending.length > 0) {
      const batch = this.#takeBatch(ready);
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
    if (this.#pending.length === 0) return;
    const members = Array.from(this.#patterned, (cohort) => cohort.members).flat();
    for (const member of members) member.fallBehind();
    this.#topicSearch.reset();
    while (this.#pending.length > 0) this.#dispatch(this.#takeBatch());
    for (const member of members) member.replay();
    if (members.length > 0) this.onPatternsBehind(members.length);
  }

  readonly #found = (topic: string): KnownTopic | undefined => this.#topicSearch.found(topic);

  /**
   * Records were trimmed before this process saw them, as when it was suspended. Each subscriber
   * replays from its cursor, and the replay finds the gap.
   */
  #skipTo(offset: number): void {
    this.flush();
    this.#pacer.flush();
    const members = [...this.#cohorts.values()].flatMap((cohort) => cohort.members);
    for (const member of members) member.fallBehind();
    this.#position = offset;
    this.ring = new FrameRing(offset, RING_BYTES, RING_RECORDS);
    for (const member of members) member.replay();
    this.onNote(undefined);
    this.wake();
  }

  #takeBatch(most = Infinity): JournalRecord[] {
    let bytes = 0;
    let count = 0;
    for (const record of this.#pending) {
      const size = recordBytes(record);
      if (count === most || (count > 0 && bytes + size > WRITE_BYTES)) break;
      bytes += size;
      count++;
    }
    this.#pendingBytes -= bytes;
    if (count === this.#pending.length) {
      const batch = this.#pending;
      this.#pending = [];
      return batch;
    }
    return this.#pending.splice(0, count);
  }

  /**
   * @param found - Looks up the known matches of a topic. Undefined if streams with patterns have
   *   fallen behind.
   */
  #dispatch(batch: readonly JournalRecord[], found?: (topic: string) => KnownTopic | undefined): void {
    const walkers = this.#sendWalking(batch);
    const at = Date.now();
    const frames = new Map<JournalRecord, Uint8Array>();
    const touched: Cohort[] = [];
    for (const record of batch) {
      const entry: FramedRecord = { record, frame: this.encode(record) };
      frames.set(record, entry.frame);
      this.ring.push(entry);
      if (!isExpired(record, at, this.#journal.clockToleranceMs)) this.#index.collect(record, touched, found);
      this.#position = record.offset;
      if (record.type === NOTE_TYPE) this.onNote(record);
    }
    while (this.#came[0] !== undefined && this.#came[0].upTo <= this.#position) this.#came.shift();
    const now = monotonicMs();
    const joined = new Map<string, Uint8Array>();
    for (const cohort of touched) {
      if (cohort.paced !== undefined) {
        this.#await(cohort, cohort.paced.dueAtMs, now);
        continue;
      }
      this.sent.updates += cohort.run.length * cohort.members.length;
      this.#deliver(cohort, this.#joinRun(cohort, batch, frames, joined), now);
      cohort.run.length = 0;
    }
    this.wake();
    for (const walker of walkers) walker.replay();
  }

  /**
   * Sends cohorts that may hear of presence to replay. Updates of presence have to be read, and
   * nobody else may wait for that read.
   *
   * @returns Their members, which must {@link CohortMember.replay} after the batch.
   */
  #sendWalking(batch: readonly JournalRecord[]): readonly CohortMember[] {
    const { presence } = this;
    if (presence === undefined || this.#hearing.size === 0 || !batch.some((record) => presence.isNote(record))) return [];
    const walkers = Array.from(this.#hearing, ({ members }) => members).flat();
    for (const walker of walkers) walker.fallBehind();
    return walkers;
  }

  /** Writes the waiting updates of a paced cohort, now or when they are due. */
  #await(cohort: Cohort, dueAtMs: number, now: number): void {
    if (dueAtMs <= now) this.#deliverPaced(cohort);
    else this.#pacer.add(cohort, dueAtMs);
  }

  #deliverPaced(cohort: Cohort): void {
    const { paced, members } = cohort;
    if (paced === undefined || paced.pendingFrom === Infinity) return;
    const { pendingFrom } = paced;
    const at = Date.now();
    const now = monotonicMs();
    const records = paced.drain().filter((record) => !isExpired(record, at, this.#journal.clockToleranceMs));
    paced.dueAtMs = now + cohort.selection.pace.intervalMs;
    const last = records.at(-1);
    if (last === undefined) return;
    const frames = records.map((record) => this.ring.entry(record.offset)?.frame ?? this.encode(record));
    const all = this.wire.join(frames, cohort.selection);
    // A member that joined while they waited has had the first of them.
    const rest = new Map<number, Uint8Array>();
    const missing = (after: number): Uint8Array => {
      let bytes = rest.get(after);
      if (bytes === undefined) {
        const missed = frames.filter((_, i) => (records[i] as JournalRecord).offset > after);
        bytes = missed.length === 0 ? NOTHING : this.wire.join(missed, cohort.selection);
        rest.set(after, bytes);
      }
      return bytes;
    };
    this.sent.updates += records.length * members.length;
    this.sent.bytes += all.length * members.length;
    cohort.sentOffset = last.offset;
    cohort.sentAtMs = now;
    for (let i = members.length - 1; i >= 0; i--) {
      const member = members[i] as CohortMember;
      const bytes = member.cursor < pendingFrom ? all : missing(member.cursor);
      if (bytes.length > 0 && !member.write(bytes)) member.stall();
    }
  }

  #deliver(cohort: Cohort, bytes: Uint8Array, now: number): void {
    const { members } = cohort;
    this.sent.bytes += bytes.length * members.length;
    cohort.sentOffset = cohort.run.at(-1)?.offset ?? cohort.sentOffset;
    cohort.sentAtMs = now;
    // From the end, because the last member takes the index of a member that leaves, and was served
    // already.
    for (let i = members.length - 1; i >= 0; i--) {
      const member = members[i] as CohortMember;
      if (!member.write(bytes)) member.stall();
    }
  }

  /** Joins the frames of a run. Cohorts with the same run in the same format share the bytes. */
  #joinRun(
    { run, selection }: Cohort,
    batch: readonly JournalRecord[],
    frames: ReadonlyMap<JournalRecord, Uint8Array>,
    joined: Map<string, Uint8Array>,
  ): Uint8Array {
    if (run.length === 1) return this.wire.encode(frames.get(run[0] as JournalRecord) as Uint8Array, selection);
    const which = run.length === batch.length ? "" : run.map((record) => record.offset).join(",");
    const key = `${selection.encoding} ${selection.framing} ${which}`;
    let bytes = joined.get(key);
    if (bytes === undefined) {
      bytes = this.wire.join(
        run.map((record) => frames.get(record) as Uint8Array),
        selection,
      );
      joined.set(key, bytes);
    }
    return bytes;
  }
}
