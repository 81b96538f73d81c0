import { Dispatcher } from "./live/dispatcher.ts";
import { DispatchSpans } from "./live/dispatch-spans.ts";
import { Grants } from "./matching/grants.ts";
import { DEFAULT_TIMES, type HubCoreOptions } from "./hub-options.ts";
import type { Journal } from "./journal/journal.ts";
import { JournalCheck } from "./journal/journal-check.ts";
import { type Limits, limitsOf, LIVE_LIMITS, type LiveLimit } from "./limits.ts";
import { type Logger, SILENT } from "./logger.ts";
import { LogThrottle } from "./log-throttle.ts";
import { MatcherCompiler } from "./matching/matcher.ts";
import { OutageLog } from "./journal/outage-log.ts";
import { OwnProcess } from "./inspect/own-process.ts";
import { PeerRequests } from "./inspect/peer-requests.ts";
import { Publisher } from "./publisher.ts";
import { Readers } from "./readers.ts";
import { RequestWork } from "./request-work.ts";
import { type Presence, watchPresence } from "./table/presence.ts";
import { DEFAULT_PUBLISHED_RETRY_MS, DEFAULT_RETRY_MS, type RetryRange, retryRangeOf } from "./update/retry.ts";
import { Schedule } from "./table/schedule.ts";
import { nextTurn } from "./scheduler.ts";
import type { Sink } from "./live/subscriber.ts";
import { Streams } from "./streams/streams.ts";
import { Subjects } from "./streams/subjects.ts";
import { Tokens } from "./table/tokens.ts";
import type { Tracing } from "./tracing.ts";
import { TopicParser } from "./update/topic.ts";
import { Turns } from "./turns.ts";
import { Fleet } from "./inspect/fleet.ts";

const DEFAULT_URL = "http://localhost/.well-known/mercure";

/** How a hub closes. */
export interface HubCloseOptions {
  /**
   * Settles when the last request is answered, as when a server has closed. Updates are taken until
   * then. Default: until the streams have ended.
   */
  readonly serving?: Promise<unknown> | undefined;
}

/**
 * The hub without HTTP: publishes updates, keeps them, and delivers them to any {@link Sink}. Puts
 * the parts together, and ends them in order.
 */
export class HubCore {
  readonly url: string;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Undefined: nothing is measured. */
  readonly tracing: Tracing | undefined;
  /** Logs the journal's outages. */
  readonly outage: OutageLog;
  /** Time in milliseconds for which tokens are accepted after their end. */
  readonly leewayMs: number;
  /** Range of the `retry` times that publishers may send to subscribers. */
  readonly publishedRetryMs: RetryRange;
  /** The long work of requests: large bodies, patterns that are compiled. */
  readonly requestWork: RequestWork = new RequestWork();
  readonly compiler: MatcherCompiler;
  readonly grants: Grants;
  readonly tokens: Tokens;
  readonly publisher: Publisher;
  readonly readers: Readers;
  /** Lists the subscriptions, or undefined if presence is off. */
  readonly presence: Presence | undefined;
  /** Finds out whether updates can be appended. */
  readonly journalCheck: JournalCheck;
  /** Requests between this process and the others on its journal. */
  readonly peers: PeerRequests;
  /** Requests between this process and the others of the same server. */
  readonly workers: PeerRequests;
  /** Streams by their users. */
  readonly subjects: Subjects;
  /** The view of this process. */
  readonly process: OwnProcess;
  /**
   * Fleet-wide view: every process on this journal. All other members of the hub cover this process
   * alone.
   */
  readonly fleet: Fleet;
  readonly #journal: Journal;
  readonly #dispatcher: Dispatcher;
  readonly #streams: Streams;
  readonly #schedule: Schedule | undefined;
  readonly #drainMs: number;
  readonly #unwatch: readonly (() => void)[];
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: HubCoreOptions) {
    const { journal } = options;
    const { state } = journal;
    const isDraining = (): boolean => this.draining;
    const isClosed = (): boolean => this.#isClosed;
    this.url = options.url ?? DEFAULT_URL;
    this.limits = limitsOf(options.limits);
    this.logger = options.logger ?? SILENT;
    this.tracing = options.tracing;
    this.leewayMs = options.leewayMs ?? 0;
    this.publishedRetryMs = retryRangeOf("publishedRetryMs", options.publishedRetryMs ?? DEFAULT_PUBLISHED_RETRY_MS);
    const { limits, logger, leewayMs, tracing } = this;
    const spans = tracing && new DispatchSpans(tracing);
    const turns = new Turns();
    const hubPath = new URL(this.url).pathname;
    const parser = new TopicParser(this.url);
    this.#journal = journal;
    this.#drainMs = options.drainMs ?? DEFAULT_TIMES.drainMs;
    this.outage = new OutageLog(logger);
    this.journalCheck = new JournalCheck(journal);
    this.compiler = new MatcherCompiler(this.url, limits);
    this.grants = new Grants(this.compiler, parser);
    const { grants } = this;
    this.#dispatcher = new Dispatcher(journal, parser, {
      ...options,
      page: { maxRecords: limits.replayUpdates, maxBytes: limits.replayBytes },
      publishedRetryMs: this.publishedRetryMs,
      spans,
    });
    const dispatcher = this.#dispatcher;
    this.#streams = new Streams(
      journal,
      dispatcher,
      turns,
      {
        heartbeatMs: options.heartbeatMs ?? DEFAULT_TIMES.heartbeatMs,
        lifetimeMs: options.lifetimeMs ?? DEFAULT_TIMES.lifetimeMs,
        retryMs: retryRangeOf("retryMs", options.retryMs ?? DEFAULT_RETRY_MS),
        writeStallMs: options.writeStallMs ?? DEFAULT_TIMES.writeStallMs,
        heldBytes: limits.heldBytes,
        leewayMs,
        tracing,
      },
      logger,
    );
    const streams = this.#streams;
    this.subjects = new Subjects({ journal, topic: `${hubPath}/subjects`, streams, grants, logger });
    const { subjects } = this;
    this.tokens = new Tokens({
      streams,
      subjects,
      grants,
      state,
      topic: `${hubPath}/revocations`,
      limit: limits.revocations,
      leewayMs,
      isClosed,
      logger,
    });
    const { tokens } = this;
    this.#schedule =
      state &&
      new Schedule({
        state,
        topic: `${hubPath}/scheduled`,
        limit: { count: limits.scheduledUpdates, bytes: limits.scheduledBytes },
        logger,
      });
    this.publisher = new Publisher({
      journal,
      dispatcher,
      grants,
      tokens,
      outage: this.outage,
      isClosed,
      parser,
      limits,
      schedule: this.#schedule,
      retryMs: this.publishedRetryMs,
      asciiIds: options.asciiIds ?? false,
      isPrivate: options.isPrivate ?? false,
      tracing,
      spans,
      logger,
    });
    this.readers = new Readers({
      journal,
      dispatcher,
      streams,
      turns,
      parser,
      compiler: this.compiler,
      grants,
      tokens,
      limits,
      isDraining,
      logger,
    });
    this.peers = new PeerRequests(journal.peers, logger);
    this.workers =
      options.workers !== undefined && options.workers === journal.peers ? this.peers : new PeerRequests(options.workers, logger);
    this.process = new OwnProcess({ journal, dispatcher, streams, publisher: this.publisher });
    this.fleet = new Fleet(this.process, tokens, this.peers);
    const notices = new LogThrottle(logger);
    dispatcher.onPatternsBehind = (behind) =>
      notices.warn(
        "patterns",
        { streams: behind },
        "updates of new topics take too long to test on patterns; streams with patterns read them from the journal",
      );
    dispatcher.onNote = (note) => {
      tokens.noticed(note);
      subjects.noticed(note);
      this.#schedule?.noticed(note);
    };
    this.#unwatch = [
      journal.watchReplaced?.(() => this.#restart()),
      journal.watchFailure?.(() => this.#journalChanged()),
      journal.watchAway?.((failure) => this.outage.away(failure)),
    ].filter((stop) => stop !== undefined);
    if (options.subscriptions === true) {
      if (state === undefined) throw new TypeError("`subscriptions` needs a journal with a shared table (`state`), such as logJournal.");
      const presence = watchPresence(streams.roster, grants, {
        state,
        hubPath,
        leaseMs: options.subscriptionLeaseMs ?? DEFAULT_TIMES.subscriptionLeaseMs,
        rates: { perSecond: limits.presenceRate, perSecondAndAddress: limits.presenceRatePerAddress },
        history: limits.presenceHistory,
        peers: this.peers,
        logger,
      });
      this.presence = presence;
      dispatcher.presence = presence.log;
    }
  }

  /**
   * Changes limits while the hub runs. Limits that are not in {@link LIVE_LIMITS} stay.
   *
   * @param given - All limits, not only the changed ones.
   */
  changeLimits(given: Pick<Limits, LiveLimit>): void {
    const limits: Partial<Record<LiveLimit, number>> = {};
    for (const name of LIVE_LIMITS) limits[name] = given[name];
    Object.assign(this.limits, limits);
    this.#streams.capHeldBytes(given.heldBytes);
  }

  /** Whether the hub is closing or closed. */
  get draining(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Why the journal can't be used, in words for everybody, or undefined while the journal works.
   */
  get journalFailure(): string | undefined {
    return this.#journal.failure?.message;
  }

  /**
   * Drains the hub. Delivers the acknowledged updates to the subscribers at the tail, tells each
   * subscriber that can take it `hub:drain`, and ends the streams within the bound. Then refuses
   * new updates, and closes the journal. A subscriber that is behind resumes from its cursor after
   * it reconnects. A second call waits for the same end.
   */
  close({ serving }: HubCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#drain(serving);
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

  async #drain(serving: Promise<unknown> | undefined): Promise<void> {
    await this.publisher.settled();
    this.#dispatcher.deliver();
    await this.#streams.drain(this.#drainMs);
    await Promise.allSettled([serving]);
    this.#isClosed = true;
    for (const stop of this.#unwatch) stop();
    await this.publisher.settled();
    this.#dispatcher.stop();
    // Readers that kept up take the updates that were just dispatched.
    await nextTurn();
    this.readers.close();
    await this.presence?.close();
    await this.#schedule?.close();
    this.peers.close();
    this.workers.close();
    this.outage.close();
    await this.#journal.close();
  }
}
