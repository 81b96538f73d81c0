import type { Authorization } from "./authorization.ts";
import { encodeUtf8 } from "./bytes.ts";
import { catchUp } from "./catch-up.ts";
import { Dispatcher } from "./dispatcher.ts";
import { HubError } from "./errors.ts";
import { ExpiryWheel } from "./expiry.ts";
import { encodeCursor, encodeDrain, encodeExpiring, encodeGap, encodeRetry } from "./frame.ts";
import { Grants } from "./grants.ts";
import type { Journal } from "./journal.ts";
import { DEFAULT_LIMITS, type Limits, MAX_ID_BYTES } from "./limits.ts";
import { Liveness } from "./liveness.ts";
import { type Logger, SILENT } from "./logger.ts";
import { type Matcher, MatcherCompiler } from "./matcher.ts";
import { iterate, type ReceivedUpdate, type SubscribeOptions } from "./reader.ts";
import { type HubObserver, Roster } from "./roster.ts";
import { monotonicMs, nextTurn } from "./scheduler.ts";
import { Selection } from "./selection.ts";
import { resolveStart, type Start } from "./start.ts";
import { type Sink, Subscriber, type SubscriberEvents } from "./subscriber.ts";
import { TopicParser } from "./topic.ts";
import { type UpdateInput, validateUpdate } from "./update.ts";

/** How a hub behaves. All times are milliseconds. */
export interface HubCoreOptions {
  /** Where updates are kept and read from. The hub closes it. */
  readonly journal: Journal;
  /** The hub's public URL, absolute: relative topics and patterns resolve against it, and its path is reserved. Default `http://localhost/.well-known/mercure`. */
  readonly url?: string | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** No stream is silent for longer: proxies cut idle ones, often after 60 s. Default 25,000. */
  readonly heartbeatMs?: number | undefined;
  /** A stream is ended after this long, ±10%, and resumes by itself: it rebalances, and bounds what a leaked connection costs. Default 600,000. */
  readonly lifetimeMs?: number | undefined;
  /** How long subscribers are told to wait before they reconnect; each gets a random time between the two, so that they do not all come back at once. Default 1,000 to 5,000. */
  readonly retryMs?: { readonly min: number; readonly max: number } | undefined;
  /** A connection that takes nothing for this long is cut; it resumes without loss. Default 5,000. */
  readonly writeStallMs?: number | undefined;
  /** Longest wait for streams to end when the hub closes. Default 5,000. */
  readonly drainMs?: number | undefined;
  /** Default: reports nothing. */
  readonly logger?: Logger | undefined;
}

/** Figures of this moment. */
export interface HubStats {
  readonly subscribers: number;
  readonly cohorts: number;
  /** Subscribers whose cursor is behind the tail: replaying, or slower than the updates. */
  readonly lagging: number;
  /** Offset of the newest and of the oldest record in the journal. */
  readonly tail: number;
  readonly head: number;
}

/** How long before its token ends a subscriber is told, in milliseconds; half of the time left where that is less. */
const EXPIRING_MS = 30_000;
const DEFAULT_URL = "http://localhost/.well-known/mercure";

/** The hub without HTTP: it publishes, keeps, and hands out updates, to whatever {@link Sink} it is given. */
export class HubCore {
  readonly url: string;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly #journal: Journal;
  readonly #parser: TopicParser;
  readonly #compiler: MatcherCompiler;
  readonly #grants: Grants;
  readonly #dispatcher: Dispatcher;
  readonly #liveness: Liveness;
  readonly #roster = new Roster();
  readonly #wheel = new ExpiryWheel();
  readonly #appends = new Set<Promise<unknown>>();
  readonly #readers = new AbortController();
  readonly #events: SubscriberEvents = {
    joined: (subscriber) => this.#join(subscriber),
    stalled: (subscriber) => this.#stall(subscriber),
    drained: (subscriber) => this.#walk(subscriber),
    closed: (subscriber) => this.#detach(subscriber),
  };
  readonly #lifetimeMs: number;
  readonly #retryMs: { readonly min: number; readonly max: number };
  readonly #drainMs: number;
  #closing: Promise<void> | undefined;

  constructor(options: HubCoreOptions) {
    this.url = options.url ?? DEFAULT_URL;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    if (this.limits.idBytes > MAX_ID_BYTES)
      throw new TypeError(`The limit idBytes is at most ${MAX_ID_BYTES}: longer ids cannot be indexed.`);
    this.logger = options.logger ?? SILENT;
    this.#journal = options.journal;
    this.#parser = new TopicParser(this.url);
    this.#compiler = new MatcherCompiler(this.url, this.limits);
    this.#grants = new Grants(this.#compiler, this.#parser);
    this.#dispatcher = new Dispatcher(this.#journal, this.#parser);
    this.#lifetimeMs = options.lifetimeMs ?? 600_000;
    this.#retryMs = options.retryMs ?? { min: 1000, max: 5000 };
    this.#drainMs = options.drainMs ?? 5000;
    this.#liveness = new Liveness({
      dispatcher: this.#dispatcher,
      subscribers: this.#roster.all,
      lagging: this.#roster.lagging,
      options: { heartbeatMs: options.heartbeatMs ?? 25_000, writeStallMs: options.writeStallMs ?? 5000, lifetimeMs: this.#lifetimeMs },
      onTick: (now) => this.#endTokens(now),
      onExpired: (subscriber) => this.#end(subscriber),
      onStalled: (subscriber) => {
        this.logger.info({ subscriber: subscriber.id }, "cut a connection that took nothing for too long");
        subscriber.sink.destroy();
        this.#detach(subscriber);
      },
    });
  }

  /** @throws HubError `invalid_matcher` when a matcher can't be used. */
  checkMatcher(matcher: Matcher): void {
    this.#compiler.compileAll([matcher]);
  }

  /** Whether the hub is closing or closed. */
  get draining(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Publishes an update and resolves once it is committed to the journal.
   *
   * @returns Its event id.
   * @throws HubError whose code says what is wrong with it; it was not published.
   */
  async publish(update: UpdateInput): Promise<string> {
    const [id] = await this.publishBatch([update]);
    return id as string;
  }

  /**
   * Publishes updates as one: all of them, in order with nothing between them, or none.
   *
   * @param updates - At most 1,000; none at all publishes nothing.
   * @param authorization - What the publisher's token says; without one everything may be published.
   * @returns Their event ids, in order.
   * @throws HubError whose code says what is wrong; nothing was published.
   */
  async publishBatch(updates: readonly UpdateInput[], authorization?: Authorization): Promise<readonly string[]> {
    if (this.draining) throw new HubError("draining", "The hub is shutting down. Publish again in a moment.");
    if (updates.length > this.limits.updatesPerBatch) {
      throw new HubError(
        "too_large",
        `The batch has ${updates.length} updates; at most ${this.limits.updatesPerBatch} are allowed. Split it.`,
      );
    }
    if (updates.length === 0) return [];
    const isReserved = (topic: string): boolean => this.#parser.parse(topic).reserved;
    const batch = updates.map((update, i) => {
      try {
        return validateUpdate(update, this.limits, isReserved);
      } catch (error) {
        if (!(error instanceof HubError) || updates.length === 1) throw error;
        throw new HubError(error.code, `Update ${i + 1} of ${updates.length}: ${error.message}`);
      }
    });
    if (authorization !== undefined && !batch.every((update) => this.#grants.mayPublish(authorization, update.topics))) {
      throw new HubError("insufficient_scope", "The access token does not allow publishing to every topic of the update.");
    }
    const appended = this.#journal.append(batch);
    this.#appends.add(appended);
    try {
      const offsets = await appended;
      return batch.map((update, i) => update.id ?? this.#dispatcher.cursorAt(offsets[i] as number));
    } finally {
      this.#appends.delete(appended);
    }
  }

  /**
   * Subscribes from within the process: an endless iterable that is read at the reader's own pace off the
   * journal, so that a slow reader costs no memory. Ends when its `signal` aborts or the hub closes.
   *
   * @throws HubError `invalid_matcher`, `too_many_matchers`.
   */
  subscribe(options: SubscribeOptions = {}): AsyncIterableIterator<ReceivedUpdate> {
    return iterate(options, {
      dispatcher: this.#dispatcher,
      journal: this.#journal,
      closed: this.#readers.signal,
      select: (matchers, grants) =>
        new Selection(this.#compiler.compileAll(matchers), grants.length === 0 ? [] : this.#compiler.compileAll(grants), this.#parser),
      start: (lastEventId, selection) => this.resolve(lastEventId, selection),
    });
  }

  /** Watches subscribers come and go. @returns Stops watching. */
  observe(observer: HubObserver): () => void {
    return this.#roster.observe(observer);
  }

  stats(): HubStats {
    return {
      subscribers: this.#roster.all.length,
      cohorts: this.#dispatcher.cohortCount,
      lagging: this.#roster.lagging.size,
      tail: this.#journal.tail(),
      head: this.#journal.head(),
    };
  }

  /**
   * @param authorization - What the subscriber's token allows; without one it receives public updates only.
   * @throws HubError when a matcher is not valid, or `invalid_token` when a grant is not.
   */
  select(matchers: readonly Matcher[], authorization: Authorization | undefined): Selection {
    return new Selection(this.#compiler.compileAll(matchers), this.#grants.readable(authorization), this.#parser);
  }

  /** Finds where a subscription with this cursor starts; see {@link resolveStart}. */
  resolve(lastEventId: string | undefined, selection: Selection): Start | Promise<Start> {
    // Nothing will be sent, and the journal may be closed.
    if (this.draining) return { after: this.#dispatcher.position, gap: undefined, lastEventId: undefined };
    return resolveStart(this.#journal, this.#dispatcher, lastEventId, selection);
  }

  /**
   * Starts to deliver to a sink: first the reconnection time and the cursor or gap, then what the journal holds
   * after the start, then what is published, without a seam.
   *
   * @param authorization - What the subscriber's token says; the stream ends with it.
   * @returns undefined when the hub is shutting down: the peer was told to come back, and the stream is at its end. A
   * failure status would stop an `EventSource` for good.
   */
  attach(selection: Selection, sink: Sink, start: Start, authorization?: Authorization): Subscriber | undefined {
    if (this.draining) {
      sink.write(encodeUtf8(encodeDrain(this.#randomRetryMs())));
      sink.end();
      return undefined;
    }
    const now = monotonicMs();
    const subscriber = new Subscriber({
      cohort: this.#dispatcher.acquire(selection),
      sink,
      cursor: start.after,
      openedAtMs: now,
      expiresAtMs: now + this.#lifetimeMs * (0.9 + Math.random() * 0.2),
      events: this.#events,
      authorization,
    });
    this.#roster.add(subscriber);
    this.#scheduleEnd(subscriber);
    let preamble = encodeRetry(this.#randomRetryMs());
    if (start.gap !== undefined) {
      preamble += encodeGap(start.gap);
      // What it knows leads nowhere: it is told a cursor even if nothing follows.
      subscriber.toldOffset = -1;
    }
    if (start.lastEventId === undefined) preamble += encodeCursor(this.#dispatcher.cursorAt(start.after));
    if (sink.write(encodeUtf8(preamble))) this.#walk(subscriber);
    else this.#stall(subscriber);
    return subscriber;
  }

  /**
   * Gives a subscriber a new token, without reconnecting. Only one of the same issuer and subject: an id alone, which others may see,
   * must not be enough to change somebody's rights.
   *
   * @returns Whether there is such a subscriber.
   * @throws HubError `invalid_token` when a grant of the token cannot be evaluated.
   */
  renew(subscriberId: string, authorization: Authorization): boolean {
    const subscriber = this.#roster.withToken(subscriberId);
    const old = subscriber?.authorization;
    if (subscriber === undefined || old === undefined) return false;
    if (old.issuer !== authorization.issuer || old.subject === undefined || old.subject !== authorization.subject) return false;
    const { cohort } = subscriber;
    const matchers = cohort.selection.matchers.map((compiled) => compiled.matcher);
    const renewed = this.#dispatcher.acquire(this.select(matchers, authorization));
    this.#wheel.remove(subscriber);
    const isLive = subscriber.memberIndex >= 0;
    if (isLive) {
      subscriber.toldOffset = subscriber.knownOffset;
      subscriber.cursor = this.#dispatcher.position;
    }
    cohort.leave(subscriber);
    this.#dispatcher.release(cohort);
    subscriber.cohort = renewed;
    subscriber.authorization = authorization;
    if (isLive) renewed.join(subscriber);
    this.#scheduleEnd(subscriber);
    return true;
  }

  /**
   * Drains: refuses new updates, delivers what was acknowledged to those at the tail, tells each subscriber that can take it
   * `hub:drain`, ends the streams within the bound, and closes the journal. One that is behind goes on from its cursor when it is
   * back. Calling it again waits for the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    await Promise.allSettled(this.#appends);
    this.#dispatcher.stop();
    this.#liveness.stop();
    const { all } = this.#roster;
    // From the end: each leaves the list as it is told.
    for (let i = all.length - 1; i >= 0; i--) {
      const subscriber = all[i] as Subscriber;
      this.#tellCursor(subscriber);
      if (subscriber.stalledSinceMs === 0) subscriber.sink.write(encodeUtf8(encodeDrain(this.#randomRetryMs())));
      subscriber.sink.end();
    }
    await this.#roster.emptied(this.#drainMs);
    for (let last = all.at(-1); last !== undefined; last = all.at(-1)) {
      last.sink.destroy();
      this.#detach(last);
    }
    // Readers that kept up take what was just dispatched.
    await nextTurn();
    this.#readers.abort();
    await this.#journal.close();
  }

  #walk(subscriber: Subscriber): void {
    subscriber.stalledSinceMs = 0;
    catchUp(subscriber, this.#dispatcher, this.#journal).catch((error: unknown) => {
      // It reconnects with its cursor, so nothing is lost.
      this.logger.error({ err: error, subscriber: subscriber.id }, "could not read the journal for a subscriber");
      subscriber.sink.destroy();
      this.#detach(subscriber);
    });
  }

  #join(subscriber: Subscriber): void {
    this.#roster.lagging.delete(subscriber);
    subscriber.cohort.join(subscriber);
  }

  #stall(subscriber: Subscriber): void {
    if (subscriber.memberIndex >= 0) {
      subscriber.toldOffset = subscriber.knownOffset;
      subscriber.cohort.leave(subscriber);
      subscriber.cursor = this.#dispatcher.position;
    }
    subscriber.stalledSinceMs = monotonicMs();
    subscriber.stalledBytes = subscriber.sink.pendingBytes();
    this.#roster.lagging.add(subscriber);
  }

  #tellCursor(subscriber: Subscriber): void {
    if (subscriber.memberIndex < 0) return;
    const bytes = this.#liveness.cursorFor(subscriber);
    if (bytes !== undefined) subscriber.sink.write(bytes);
  }

  #end(subscriber: Subscriber): void {
    this.#tellCursor(subscriber);
    // A full socket would never come to its end in order.
    if (subscriber.stalledSinceMs === 0) subscriber.sink.end();
    else subscriber.sink.destroy();
    this.#detach(subscriber);
  }

  #detach(subscriber: Subscriber): void {
    if (subscriber.isClosed) return;
    subscriber.isClosed = true;
    subscriber.cohort.leave(subscriber);
    this.#dispatcher.release(subscriber.cohort);
    this.#wheel.remove(subscriber);
    this.#roster.remove(subscriber);
  }

  #scheduleEnd(subscriber: Subscriber): void {
    if (subscriber.authorization === undefined) return;
    const now = monotonicMs();
    const leftMs = subscriber.authorization.expiresAt - Date.now();
    // A second early: the wheel is looked at once a second, and the stream must not outlive the token.
    subscriber.tokenEndsAtMs = now + leftMs - 1000;
    subscriber.warnAtMs = now + Math.max(leftMs / 2, leftMs - EXPIRING_MS);
    this.#wheel.add(subscriber, "warn", subscriber.warnAtMs);
    this.#wheel.add(subscriber, "end", subscriber.tokenEndsAtMs);
  }

  #endTokens(now: number): void {
    for (const [subscriber, event] of this.#wheel.due(now)) {
      if (event === "end") this.#end(subscriber);
      else if (subscriber.memberIndex >= 0 && subscriber.authorization !== undefined) {
        const leftMs = Math.max(0, subscriber.authorization.expiresAt - Date.now());
        if (!subscriber.sink.write(encodeUtf8(encodeExpiring(leftMs, subscriber.id)))) subscriber.stall();
      }
    }
  }

  #randomRetryMs(): number {
    const { min, max } = this.#retryMs;
    return Math.round(min + Math.random() * (max - min));
  }
}
