import { type Authorization, invalidToken, retryAfterClock } from "./matching/authorization.ts";
import { EARLIEST } from "./journal/cursor.ts";
import { Dispatcher } from "./live/dispatcher.ts";
import { EarlyUpdates } from "./live/early-updates.ts";
import { HubError } from "./errors.ts";
import { Grants } from "./matching/grants.ts";
import { DEFAULT_TIMES, type HubCoreOptions } from "./hub-options.ts";
import { idempotencyKeyOf, OWN_PROCESS, publisherOf, type PublishOptions } from "./journal/idempotency.ts";
import { describeSubscriber, explain, type HubStats, statsOf, type SubscriberInfo, type UpdateLife } from "./inspect/inspect.ts";
import type { Journal } from "./journal/journal.ts";
import { JournalCheck } from "./journal/journal-check.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { type Logger, SILENT } from "./logger.ts";
import { LogThrottle } from "./log-throttle.ts";
import { type Matcher, MatcherCompiler } from "./matching/matcher.ts";
import { OutageLog } from "./journal/outage-log.ts";
import { Publisher } from "./publisher.ts";
import { iterate, type ReceivedUpdate, type SubscribeOptions } from "./replay/reader.ts";
import { type Presence, watchPresence } from "./table/presence.ts";
import { PeerRequests } from "./inspect/peer-requests.ts";
import { DEFAULT_PUBLISHED_RETRY_MS, DEFAULT_RETRY_MS, type RetryRange, retryRangeOf } from "./update/retry.ts";
import { type Revocation, Revocations } from "./table/revocations.ts";
import type { HubObserver } from "./streams/roster.ts";
import { Schedule, type ScheduledUpdate } from "./table/schedule.ts";
import { nextTurn } from "./scheduler.ts";
import { matchesAny, Selection, type WireOptions } from "./matching/selection.ts";
import { type Asker, Snapshots, THIS_PROCESS } from "./replay/snapshot.ts";
import { resolveStart, type Start } from "./replay/start.ts";
import type { JournalState } from "./journal/state.ts";
import { Streams } from "./streams/streams.ts";
import { Turns } from "./replay/turns.ts";
import type { Sink, Subscriber } from "./live/subscriber.ts";
import { TopicParser } from "./update/topic.ts";
import type { TextUpdate, Update, UpdateInput } from "./update/update.ts";
import { readInputs } from "./update/update-input.ts";
import { Fleet } from "./inspect/fleet.ts";

const DEFAULT_URL = "http://localhost/.well-known/mercure";

/** The hub without HTTP: publishes updates, keeps them, and delivers them to any {@link Sink}. */
export class HubCore {
  readonly url: string;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Logs the journal's outages. */
  readonly outage: OutageLog;
  /** Time in milliseconds for which tokens are accepted after their end. */
  readonly leewayMs: number;
  /** Range of the `retry` times that publishers may send to subscribers. */
  readonly publishedRetryMs: RetryRange;
  /** Requests between this process and the others on its journal. */
  readonly peers: PeerRequests;
  /** Requests between this process and the others of the same server. */
  readonly workers: PeerRequests;
  /** Finds out whether updates can be appended. */
  readonly journalCheck: JournalCheck;
  /**
   * Fleet-wide view: every process on this journal. All other members of the hub cover this process
   * alone.
   */
  readonly fleet: Fleet;
  readonly #journal: Journal;
  readonly #parser: TopicParser;
  readonly #compiler: MatcherCompiler;
  readonly #grants: Grants;
  readonly #dispatcher: Dispatcher;
  readonly #turns = new Turns();
  readonly #streams: Streams;
  readonly #publisher: Publisher;
  readonly #readers = new AbortController();
  readonly #presence: Presence | undefined;
  readonly #revocations: Revocations | undefined;
  readonly #schedule: Schedule | undefined;
  readonly #snapshots: Snapshots;
  readonly #hubPath: string;
  readonly #drainMs: number;
  readonly #unwatch: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: HubCoreOptions) {
    this.url = options.url ?? DEFAULT_URL;
    this.limits = limitsOf(options.limits);
    this.logger = options.logger ?? SILENT;
    this.outage = new OutageLog(this.logger);
    this.#journal = options.journal;
    this.#parser = new TopicParser(this.url);
    this.#compiler = new MatcherCompiler(this.url, this.limits);
    this.#grants = new Grants(this.#compiler, this.#parser);
    this.publishedRetryMs = retryRangeOf("publishedRetryMs", options.publishedRetryMs ?? DEFAULT_PUBLISHED_RETRY_MS);
    this.#dispatcher = new Dispatcher(this.#journal, this.#parser, {
      ...options,
      page: { maxRecords: this.limits.replayUpdates, maxBytes: this.limits.replayBytes },
      publishedRetryMs: this.publishedRetryMs,
    });
    this.#drainMs = options.drainMs ?? DEFAULT_TIMES.drainMs;
    this.leewayMs = options.leewayMs ?? 0;
    this.#streams = new Streams(
      this.#journal,
      this.#dispatcher,
      this.#turns,
      {
        heartbeatMs: options.heartbeatMs ?? DEFAULT_TIMES.heartbeatMs,
        lifetimeMs: options.lifetimeMs ?? DEFAULT_TIMES.lifetimeMs,
        retryMs: retryRangeOf("retryMs", options.retryMs ?? DEFAULT_RETRY_MS),
        writeStallMs: options.writeStallMs ?? DEFAULT_TIMES.writeStallMs,
        heldBytes: this.limits.heldBytes,
        leewayMs: this.leewayMs,
      },
      this.logger,
    );
    this.#hubPath = new URL(this.url).pathname;
    const { state } = this.#journal;
    this.#snapshots = new Snapshots(this.#journal, this.#dispatcher, this.#turns, this.limits, this.logger);
    this.#revocations = state && this.#createRevocations(state);
    this.#schedule =
      state &&
      new Schedule({
        state,
        topic: `${this.#hubPath}/scheduled`,
        limit: { count: this.limits.scheduledUpdates, bytes: this.limits.scheduledBytes },
        logger: this.logger,
      });
    this.#publisher = new Publisher({
      journal: this.#journal,
      dispatcher: this.#dispatcher,
      grants: this.#grants,
      parser: this.#parser,
      limits: this.limits,
      schedule: this.#schedule,
      retryMs: this.publishedRetryMs,
      asciiIds: options.asciiIds ?? false,
      logger: this.logger,
    });
    this.peers = new PeerRequests(this.#journal.peers, this.logger);
    this.workers =
      options.workers !== undefined && options.workers === this.#journal.peers
        ? this.peers
        : new PeerRequests(options.workers, this.logger);
    this.journalCheck = new JournalCheck(this.#journal);
    this.fleet = new Fleet(this, this.peers);
    const notices = new LogThrottle(this.logger);
    this.#dispatcher.onPatternsBehind = (streams) =>
      notices.warn(
        "patterns",
        { streams },
        "updates of new topics take too long to test on patterns; streams with patterns read them from the journal",
      );
    this.#dispatcher.onNote = (note) => {
      this.#revocations?.noticed(note);
      this.#schedule?.noticed(note);
    };
    for (const stop of [
      this.#journal.watchReplaced?.(() => this.#restart()),
      this.#journal.watchFailure?.(() => this.#journalChanged()),
      this.#journal.watchAway?.((failure) => this.outage.away(failure)),
    ])
      if (stop !== undefined) this.#unwatch.push(stop);
    if (options.subscriptions === true) {
      if (state === undefined) throw new TypeError("`subscriptions` needs a journal with a shared table (`state`), such as lmdbJournal.");
      this.#presence = watchPresence(this.#streams.roster, this.#grants, {
        state,
        hubPath: this.#hubPath,
        leaseMs: options.subscriptionLeaseMs ?? DEFAULT_TIMES.subscriptionLeaseMs,
        rates: { perSecond: this.limits.presenceRate, perSecondAndAddress: this.limits.presenceRatePerAddress },
        history: this.limits.presenceHistory,
        logger: this.logger,
      });
      this.#dispatcher.presence = this.#presence.log;
    }
  }

  /** @throws HubError `invalid_matcher` if a matcher can't be used. */
  checkMatcher(matcher: Matcher): void {
    this.#compiler.compileAll([matcher]);
  }

  /** Counts the patterns that {@link select} would have to compile. */
  unknownPatterns(matchers: readonly Matcher[]): number {
    return this.#compiler.countUnknown(matchers);
  }

  /** Whether the hub is closing or closed. */
  get draining(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Publishes an update and resolves once the update is committed to the journal.
   *
   * @returns Its event id.
   * @throws HubError whose code says what is wrong with the update, or TypeError for a value that
   *   is no update. The update was not published.
   */
  async publish(update: UpdateInput, options?: PublishOptions): Promise<string> {
    const [id] = await this.publishBatch([update], options);
    return id as string;
  }

  /**
   * Publishes updates atomically: all of them, in order with nothing between them, or none.
   *
   * @param updates - At most 1,000. An empty list publishes nothing.
   * @returns Their event ids, in order. If one update is scheduled for later, all must be. They are
   *   kept, and each is published at its time.
   * @throws HubError whose code says what is wrong. Nothing was published.
   */
  async publishBatch(updates: readonly UpdateInput[], options?: PublishOptions): Promise<readonly string[]> {
    return this.publishFor(undefined, readInputs(updates), options, OWN_PROCESS);
  }

  /**
   * Publishes for a publisher outside this process, as {@link publishBatch} does.
   *
   * @param updates - Parsed already, so that each field is of its type.
   * @param authorization - Claims of the publisher's token. Without a token, everything may be
   *   published.
   */
  async publishFor(
    authorization: Authorization | undefined,
    updates: readonly TextUpdate[],
    options?: PublishOptions,
    publisher: string = publisherOf(authorization),
  ): Promise<readonly string[]> {
    const key = idempotencyKeyOf(options);
    if (this.draining) throw new HubError("draining", "The hub is shutting down. Publish again in a moment.");
    this.checkCurrent(authorization);
    const ids = await this.#publisher.publish(updates, authorization, key === undefined ? undefined : { publisher, key });
    if (ids.length > 0) this.outage.succeeded();
    return ids;
  }

  /**
   * Lists the scheduled updates, the next first. The list is empty if the journal has no shared
   * table.
   */
  async *scheduled(): AsyncGenerator<ScheduledUpdate, undefined> {
    if (this.#schedule !== undefined) yield* this.#schedule.list();
  }

  /**
   * Cancels the scheduled updates with an event id.
   *
   * @param mayCancel - Whether an update may be cancelled. Default: every update.
   * @returns Whether any update was found that may be cancelled.
   * @throws HubError `journal_full` or `journal_unavailable`.
   */
  async cancel(id: string, mayCancel: (update: Update) => boolean = () => true): Promise<boolean> {
    return ((await this.#schedule?.cancel(id, mayCancel)) ?? 0) > 0;
  }

  /** Tells whether a token allows publishing to every topic of the list. */
  mayPublish(authorization: Authorization, topics: readonly string[]): boolean {
    return this.#grants.mayPublish(authorization, topics);
  }

  /**
   * Subscribes from within the process. The endless iterable reads the journal at the reader's own
   * pace, so a slow reader costs no memory. Ends when its `signal` aborts or the hub closes.
   *
   * @throws HubError `invalid_matcher`, `too_many_matchers`.
   */
  subscribe(options: SubscribeOptions = {}): AsyncIterableIterator<ReceivedUpdate> {
    return iterate(options, {
      dispatcher: this.#dispatcher,
      journal: this.#journal,
      turns: this.#turns,
      closed: this.#readers.signal,
      select: (matchers, grants) =>
        new Selection(this.#compiler.compileAll(matchers), grants.length === 0 ? [] : this.#compiler.compileAll(grants), this.#parser),
      start: (lastEventId, selection) => this.resolve(lastEventId, selection),
    });
  }

  /** Watches subscribers come and go. @returns Stops watching. */
  observe(observer: HubObserver): () => void {
    return this.#streams.roster.observe(observer);
  }

  /** Figures of this process. */
  stats(): HubStats {
    return statsOf({ streams: this.#streams, dispatcher: this.#dispatcher, journal: this.#journal, published: this.#publisher.published });
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
   * Ends a subscriber's stream. Its peer may connect again, and loses nothing. To keep the peer
   * out, {@link revoke} its token.
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

  /**
   * @param authorization - What the subscriber's token allows. Without a token the subscriber
   *   receives public updates only.
   * @param wire - How its updates are paced and encoded. Default: at once, as they are.
   * @throws HubError if a matcher is not valid, or `invalid_token` if a grant is not.
   */
  select(matchers: readonly Matcher[], authorization: Authorization | undefined, wire: WireOptions = {}): Selection {
    // Without compression here, updates are sent as they are.
    const encoding = this.#dispatcher.wire.compresses ? wire.encoding : "identity";
    return new Selection(this.#compiler.compileAll(matchers), this.#grants.readable(authorization), this.#parser, { ...wire, encoding });
  }

  /**
   * Finds where a subscription with this cursor starts. See {@link resolveStart}.
   *
   * @param last - Number of updates to begin with if the cursor is missing or leads nowhere. The
   *   number is per matcher, or the number of topics if only the latest counts.
   * @param asker - Addresses take turns, and the search ends once the asker has left. Default: the
   *   process itself.
   * @throws HubError `journal_unavailable`. With `last`, `overloaded` if too many wait.
   */
  resolve(lastEventId: string | undefined, selection: Selection, last = 0, asker: Asker = THIS_PROCESS): Start | Promise<Start> {
    // Nothing will be sent, and the journal may be closed.
    if (this.draining) return { epoch: this.#dispatcher.epoch, after: this.#dispatcher.position, gap: undefined, lastEventId: undefined };
    if (this.#journal.failure !== undefined) throw this.#journal.failure;
    const start = resolveStart(this.#journal, this.#dispatcher, lastEventId, selection);
    return last === 0 ? start : this.#withSnapshot(start, lastEventId, selection, last, asker);
  }

  /**
   * Starts delivery to a sink. The reconnection time and the cursor or gap come first, then the
   * journal's updates after the start, then new updates, without a seam.
   *
   * @param authorization - Claims of the subscriber's token. The stream ends with the token.
   * @returns Undefined if the hub is shutting down or the journal was replaced meanwhile. The peer
   *   was told to come back, and the stream is at its end. A failure status would stop an
   *   `EventSource` permanently.
   */
  attach(selection: Selection, sink: Sink, start: Start, authorization?: Authorization): Subscriber | undefined {
    if (this.draining || start.epoch !== this.#dispatcher.epoch) {
      this.#streams.turnAway(selection, sink);
      return undefined;
    }
    this.checkCurrent(authorization);
    return this.#streams.open(selection, sink, start, authorization);
  }

  /**
   * Gives a subscriber a new token, without reconnecting. The token must have the same issuer and
   * subject. An id alone, which others may see, must not be enough to change another user's rights.
   *
   * @returns Whether such a subscriber exists.
   * @throws HubError `invalid_token` if a grant of the token cannot be evaluated.
   */
  renew(subscriberId: string, authorization: Authorization): boolean {
    const subscriber = this.#streams.roster.withToken(subscriberId);
    const old = subscriber?.authorization;
    if (subscriber === undefined || old === undefined || this.#revocations?.has(authorization) === true) return false;
    if (old.issuer !== authorization.issuer || old.subject === undefined || old.subject !== authorization.subject) return false;
    this.#streams.change(subscriber, subscriber.selection.withGrants(this.#grants.readable(authorization)), authorization);
    return true;
  }

  /**
   * Checks a token again that was accepted before an await.
   *
   * @throws HubError `invalid_token` if the token was revoked, or has ended, since.
   */
  checkCurrent(authorization: Authorization | undefined): void {
    if (authorization === undefined) return;
    if (authorization.expiresAt <= Date.now()) throw invalidToken("it has ended meanwhile", retryAfterClock(0));
    if (this.#revocations?.has(authorization) === true) throw invalidToken("it is revoked meanwhile");
  }

  /** Tells whether a token is revoked. The answer is a promise only right after the start. */
  isRevoked(authorization: Authorization): boolean | Promise<boolean> {
    return this.#revocations?.isRevoked(authorization) ?? false;
  }

  /**
   * Refuses tokens from now on, before their end, and ends their streams in every process of the
   * journal within a second.
   *
   * @throws HubError `too_many_revocations`, `journal_full` or `journal_unavailable`. Nothing was
   *   revoked. TypeError for a revocation that names no tokens.
   */
  async revoke(revocation: Revocation): Promise<void> {
    await this.revokeFor(undefined, revocation);
  }

  /** Revokes for an administrator outside this process, as {@link revoke} does. */
  async revokeFor(administrator: Authorization | undefined, revocation: Revocation): Promise<void> {
    if (this.draining) throw new HubError("draining", "The hub is shutting down. Revoke again in a moment.");
    if (!this.#revocations) throw new TypeError("Revoking needs a journal with a shared table (`state`), such as lmdbJournal.");
    await this.#revocations.revoke(revocation);
    const { issuer, until, ...which } = revocation;
    const by = administrator && { issuer: administrator.issuer, subject: administrator.subject, tokenId: administrator.tokenId };
    this.logger.info({ issuer, ...which, until, by }, "tokens are revoked");
  }

  /** Lists the subscriptions, or undefined if presence is off. */
  get presence(): Pick<Presence, "list"> | undefined {
    return this.#presence;
  }

  /** Tells whether a token allows to receive private updates of a topic. */
  mayReceive(authorization: Authorization, topic: string): boolean {
    return matchesAny(this.#grants.readable(authorization), [topic], this.#parser);
  }

  /**
   * Why the journal can't be used, in words for everybody, or undefined while the journal works.
   */
  get journalFailure(): string | undefined {
    return this.#journal.failure?.message;
  }

  /**
   * The event id of the newest update, to resume after. `earliest` if there was never an update.
   */
  cursor(): string {
    return this.cursorAt(this.#journal.tail());
  }

  /** Makes an event id that resumes after an offset. `earliest` for 0. */
  cursorAt(offset: number): string {
    return offset === 0 ? EARLIEST : this.#dispatcher.ids.cursorAt(offset);
  }

  /**
   * Drains the hub. Refuses new updates and delivers what was acknowledged to the subscribers at
   * the tail. Then tells each subscriber that can take it `hub:drain`, ends the streams within the
   * bound, and closes the journal. A subscriber that is behind resumes from its cursor after it
   * reconnects. A second call waits for the same end.
   */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  /**
   * Tells the subscribers with sinks of a kind to come back, as when the hub closes, and ends their
   * streams.
   *
   * @returns How many there were.
   */
  sendAway(isOfKind: (sink: Sink) => boolean): number {
    return this.draining ? 0 : this.#streams.sendAway(isOfKind, this.#drainMs);
  }

  /** The journal was replaced. Subscribers come back, and are told of the gap. */
  #restart(): void {
    this.logger.warn({ epoch: this.#journal.epoch }, "the journal was replaced; all subscribers are told of a gap");
    this.#streams.restart();
    this.#dispatcher.restart();
  }

  /**
   * The journal's failure came or went. Subscribers come back with their cursors until the journal
   * works again.
   */
  #journalChanged(): void {
    const { failure } = this.#journal;
    if (failure === undefined) {
      this.logger.info({}, "the journal can be used again");
      return;
    }
    const subscribers = this.sendAway(() => true);
    const { cause } = failure;
    this.logger.error(
      { subscribers, why: cause instanceof Error ? cause.message : failure.message },
      "the journal cannot be used; nothing is published, and subscribers are told to come back",
    );
  }

  async #drain(): Promise<void> {
    for (const stop of this.#unwatch) stop();
    await this.#publisher.settled();
    this.#dispatcher.stop();
    await this.#streams.drain(this.#drainMs);
    // Readers that kept up take the updates that were just dispatched.
    await nextTurn();
    this.#readers.abort();
    await this.#presence?.close();
    await this.#schedule?.close();
    this.peers.close();
    this.workers.close();
    this.outage.close();
    await this.#journal.close();
  }

  async #withSnapshot(
    found: Start | Promise<Start>,
    lastEventId: string | undefined,
    selection: Selection,
    last: number,
    asker: Asker,
  ): Promise<Start> {
    const start = await found;
    if (lastEventId !== undefined && start.gap === undefined) return start;
    try {
      const { offsets, upTo } = await this.#snapshots.take(selection, last, asker);
      return { ...start, after: upTo, early: EarlyUpdates.at(offsets) };
    } catch (error) {
      // Nobody is told, and nothing is wrong.
      if (asker.isGone()) return start;
      throw error;
    }
  }

  #createRevocations(state: JournalState): Revocations {
    return new Revocations({
      state,
      topic: `${this.#hubPath}/revocations`,
      limit: this.limits.revocations,
      leewayMs: this.leewayMs,
      logger: this.logger,
      onRevoked: (concerns) => {
        for (const subscriber of this.#streams.roster.tokenHolders()) {
          if (subscriber.authorization !== undefined && concerns(subscriber.authorization)) this.#streams.end(subscriber);
        }
      },
    });
  }
}
