import { APP_ISSUER, type Authorization, streamEnd } from "../matching/authorization.ts";
import { Durations } from "../durations.ts";
import { Frame } from "../update/encoded-frame.ts";
import { catchUp, CatchUpContext } from "../replay/catch-up.ts";
import { StreamSpans } from "../replay/stream-spans.ts";
import type { Dispatcher } from "../live/dispatcher.ts";
import { ExpiryWheel } from "./expiry.ts";
import { encodeCursor, encodeDrain, encodeExpiring, encodeGap, encodeRetry } from "../update/frame.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { Journal } from "../journal/journal.ts";
import { Liveness } from "./liveness.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import { RETRY_BOUNDS_MS, type RetryRange } from "../update/retry.ts";
import { Roster } from "./roster.ts";
import { afterThisTurn, monotonicMs } from "../scheduler.ts";
import type { Selection } from "../matching/selection.ts";
import type { Start } from "../replay/start.ts";
import type { Span, Tracing } from "../tracing.ts";
import type { Turns } from "../turns.ts";
import { type Sink, Subscriber, type SubscriberEvents } from "../live/subscriber.ts";

/** Options of streams. All times are milliseconds. */
export interface StreamOptions {
  readonly heartbeatMs: number;
  readonly lifetimeMs: number;
  readonly retryMs: RetryRange;
  readonly writeStallMs: number;
  /** Most bytes that connections hold because their peers have not taken them. */
  readonly heldBytes: number;
  /** Time for which tokens are accepted after their end. */
  readonly leewayMs: number;
  /** Undefined: no spans. */
  readonly tracing: Tracing | undefined;
}

/**
 * How long before its token ends a subscriber is told, in milliseconds. Half of the time left if
 * that is less.
 */
const EXPIRING_MS = 30_000;

/** The open streams: how each begins, moves between replay and its cohort, and ends. */
export class Streams {
  readonly roster: Roster = new Roster();
  readonly #held: HeldBytes;
  /** Streams cut since the process started, by reason. */
  readonly cuts: { stalled: number; held: number } = { stalled: 0, held: 0 };
  /** From the beginning of a stream until it was at the newest update. */
  readonly catchUps: Durations = new Durations();
  readonly #catchUp: CatchUpContext;
  readonly #spans: StreamSpans | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #options: StreamOptions;
  readonly #notices: LogThrottle;
  readonly #liveness: Liveness;
  readonly #wheel = new ExpiryWheel();
  /** Called before the rights end that the application gave for a stream. */
  onEnding: ((subscriber: Subscriber) => void) | undefined;
  #isRelieving = false;
  /** Subscribers that wait for their turn to be cut. */
  readonly #cutting = new Set<Subscriber>();
  readonly #events: SubscriberEvents = {
    joined: (subscriber) => this.#joined(subscriber),
    leaving: (subscriber) => this.#leaving(subscriber),
    stalled: (subscriber, untaken) => this.#stalled(subscriber, untaken),
    replays: (subscriber) => this.#replays(subscriber),
    closed: (subscriber) => this.#closed(subscriber),
  };

  constructor(journal: Journal, dispatcher: Dispatcher, turns: Turns, options: StreamOptions, logger: Logger) {
    this.#held = new HeldBytes(options.heldBytes);
    this.#spans = options.tracing && new StreamSpans(options.tracing);
    this.#catchUp = new CatchUpContext(dispatcher, journal, turns, this.#spans);
    this.#dispatcher = dispatcher;
    this.#options = options;
    this.#notices = new LogThrottle(logger);
    this.roster.onFault = (error) => this.#notices.log("error", "observer", { err: error }, "an observer of subscribers failed");
    this.#liveness = new Liveness({
      dispatcher,
      subscribers: this.roster.all,
      lagging: this.roster.lagging,
      options,
      onTick: (now) => {
        this.#endTokens(now);
        if (this.roster.lagging.size === 0) this.#catchUp.pages.clear();
      },
      onExpired: (subscriber) => this.end(subscriber),
      onQuiet: (subscriber) => void this.#noteUnconfirmed(subscriber),
      onStalled: (subscriber) => void this.#cutStalled(subscriber),
    });
  }

  /** Bytes that connections hold because their peers have not taken them. */
  get heldBytes(): number {
    return this.#held.total;
  }

  /** Changes {@link StreamOptions.heldBytes}. */
  capHeldBytes(maxBytes: number): void {
    this.#held.maxBytes = maxBytes;
  }

  /**
   * Begins a stream. The reconnection time and the cursor or gap come first, then all updates after
   * the start, without a seam.
   *
   * @param span - The span of the request. Ends when the subscriber is live or closed.
   */
  open(selection: Selection, sink: Sink, start: Start, authorization: Authorization | undefined, span?: Span): Subscriber {
    const now = monotonicMs();
    const subscriber = new Subscriber({
      cohort: this.#dispatcher.cohorts.acquire(selection),
      sink,
      cursor: start.after,
      openedAtMs: now,
      expiresAtMs: now + this.#options.lifetimeMs * (0.9 + Math.random() * 0.2),
      events: this.#events,
      wire: this.#dispatcher.wire,
      authorization,
      early: start.early,
    });
    this.roster.add(subscriber);
    if (span !== undefined) this.#spans?.opened(subscriber, span);
    this.#scheduleEnd(subscriber);
    let preamble = encodeRetry(this.#randomRetryMs());
    if (start.gap !== undefined) {
      preamble += encodeGap(start.gap);
      // The subscriber's own cursor leads nowhere. The subscriber gets a new cursor even if nothing
      // follows.
      subscriber.toldOffset = -1;
    }
    // After early updates, the subscriber gets the cursor at their end.
    if (start.lastEventId === undefined && start.early === undefined) preamble += encodeCursor(this.#dispatcher.ids.cursorAt(start.after));
    if (subscriber.write(this.#dispatcher.wire.begin(preamble, selection))) subscriber.replay();
    else subscriber.stall();
    return subscriber;
  }

  /**
   * Tells a peer to come back, and ends its stream in place. A failure status would stop an
   * `EventSource` permanently.
   */
  turnAway(selection: Selection, sink: Sink): void {
    sink.write(this.#dispatcher.wire.begin(encodeDrain(this.#randomRetryMs()), selection));
    sink.end();
  }

  /** Moves a subscriber to another selection and token, in place. */
  change(subscriber: Subscriber, selection: Selection, authorization: Authorization): void {
    const { cohort } = subscriber;
    const next = this.#dispatcher.cohorts.acquire(selection);
    this.#wheel.remove(subscriber);
    const isLive = subscriber.state === "live";
    subscriber.fallBehind();
    this.#dispatcher.cohorts.release(cohort);
    subscriber.moveTo(next, authorization);
    if (isLive) subscriber.replay();
    this.#scheduleEnd(subscriber);
  }

  /** Ends a stream in order, if its socket takes the end. */
  end(subscriber: Subscriber): void {
    this.#tellCursor(subscriber);
    // A full socket would never come to its end in order.
    if (subscriber.state === "stalled") subscriber.sink.destroy();
    else subscriber.sink.end();
    subscriber.close();
  }

  /**
   * Tells each subscriber that can take it to come back, ends all streams, and cuts the streams
   * that have not ended within the time. Subscribers are told to come back one after the other.
   * They spread over `withinMs`, or over the range from the shortest to the longest `retry` if that
   * is longer.
   */
  async drain(withinMs: number): Promise<void> {
    this.#liveness.stop();
    const { all } = this.roster;
    this.#sendAway(all, withinMs);
    for (const subscriber of all) subscriber.fallBehind();
    await this.roster.emptied(withinMs);
    for (let last = all.at(-1); last !== undefined; last = all.at(-1)) this.#cut(last);
  }

  /**
   * Drains the streams whose sinks are of a kind as {@link drain} does, without waiting. Streams
   * whose peers take nothing are cut.
   *
   * @returns Number of these streams.
   */
  sendAway(isOfKind: (sink: Sink) => boolean, withinMs: number): number {
    const chosen = this.roster.all.filter(({ sink }) => isOfKind(sink));
    this.#sendAway(chosen, withinMs);
    for (const subscriber of chosen) {
      if (subscriber.state === "stalled") subscriber.sink.destroy();
      subscriber.close();
    }
    return chosen.length;
  }

  /**
   * Ends all streams, because their offsets mean nothing any more. Their peers come back, each at a
   * time of its own.
   */
  restart(): void {
    const { all } = this.roster;
    for (let last = all.at(-1); last !== undefined; last = all.at(-1)) {
      // No cursor, because the subscriber's offsets belong to the journal before.
      if (last.state === "stalled") last.sink.destroy();
      else {
        last.send(Frame.ofText(encodeDrain(this.#randomRetryMs())));
        last.sink.end();
      }
      last.close();
    }
    this.#catchUp.pages.clear();
    this.#liveness.forget();
  }

  #sendAway(subscribers: readonly Subscriber[], withinMs: number): void {
    const { min, max } = this.#options.retryMs;
    const stepMs = Math.min(Math.max(withinMs, max - min), RETRY_BOUNDS_MS.max - min) / subscribers.length;
    // From the end, because each subscriber may leave the list as it is told.
    for (let i = subscribers.length - 1; i >= 0; i--) {
      const subscriber = subscribers[i] as Subscriber;
      this.#tellCursor(subscriber);
      const retryMs = Math.round(min + (i + Math.random()) * stepMs);
      if (subscriber.state !== "stalled") subscriber.send(Frame.ofText(encodeDrain(retryMs)));
      subscriber.sink.end();
    }
  }

  #replays(subscriber: Subscriber): void {
    this.#held.release(subscriber);
    catchUp(subscriber, this.#catchUp).catch((error: unknown) => {
      this.#spans?.failed(subscriber, error);
      // The subscriber reconnects with its cursor, so nothing is lost.
      this.#notices.log("error", "unread", { err: error, subscriber: subscriber.id }, "could not read the journal for a subscriber");
      this.end(subscriber);
    });
  }

  #joined(subscriber: Subscriber): void {
    this.roster.lagging.delete(subscriber);
    subscriber.cohort.join(subscriber);
    if (!subscriber.wasLive) this.catchUps.add(monotonicMs() - subscriber.openedAtMs);
    subscriber.wasLive = true;
    this.#spans?.live(subscriber);
    subscriber.sink.live?.();
  }

  #leaving(subscriber: Subscriber): void {
    const { cohort } = subscriber;
    subscriber.toldOffset = subscriber.knownOffset;
    subscriber.cursor = cohort.deliveredUpTo(subscriber, this.#dispatcher.position);
    subscriber.passedAt = Date.now();
    cohort.leave(subscriber);
    this.roster.lagging.add(subscriber);
  }

  #stalled(subscriber: Subscriber, untaken: Uint8Array | undefined): void {
    this.#spans?.stalled(subscriber);
    if (untaken === undefined) return;
    this.#held.hold(subscriber, untaken);
    if (!this.#held.isOver || this.#isRelieving) return;
    this.#isRelieving = true;
    // Not now: the caller may be in the middle of a delivery to many.
    afterThisTurn(() => this.#relieve());
  }

  #relieve(): void {
    this.#isRelieving = false;
    const { total } = this.#held;
    const released = this.#held.relieve();
    if (released.length === 0) return;
    this.#notices.warn(
      "held",
      { connections: released.length, heldBytes: total, limit: this.#held.maxBytes },
      "cut the connections that held the most bytes for the longest time",
    );
    this.cuts.held += released.length;
    for (const subscriber of released) this.#cut(subscriber);
  }

  /** Tells a subscriber how far it has come, at the end of its stream. */
  #tellCursor(subscriber: Subscriber): void {
    const { state, cursor, early } = subscriber;
    if (state === "live") {
      const frame = this.#liveness.cursorFor(subscriber);
      if (frame !== undefined) subscriber.send(frame);
    } else if (state === "replaying" && early === undefined && cursor > subscriber.toldOffset) {
      // A replay that found nothing would start again at the same place.
      subscriber.toldOffset = cursor;
      subscriber.send(Frame.ofText(encodeCursor(this.#dispatcher.ids.cursorAt(cursor))));
    }
  }

  /**
   * Stores the bytes that a quiet peer has not confirmed, so that a later check tells whether the
   * peer reads.
   */
  async #noteUnconfirmed(subscriber: Subscriber): Promise<void> {
    const { sink, stalled } = subscriber;
    if (stalled === undefined) return;
    const { sinceMs } = stalled;
    const unconfirmed = await sink.unconfirmedBytes?.();
    if (stalled.sinceMs === sinceMs) stalled.unconfirmedBytes = unconfirmed ?? 0;
  }

  /**
   * Cuts a stalled stream in its turn. The kernel takes time to free a socket's buffers, and a
   * thousand at once would hold up all others.
   */
  async #cutStalled(subscriber: Subscriber): Promise<void> {
    const { sink, stalled } = subscriber;
    if (stalled === undefined || this.#cutting.has(subscriber)) return;
    this.#cutting.add(subscriber);
    const { sinceMs } = stalled;
    const unconfirmed = await sink.unconfirmedBytes?.();
    await this.#catchUp.turns.next();
    this.#cutting.delete(subscriber);
    // The socket may have taken something meanwhile.
    if (subscriber.stalled !== stalled || stalled.sinceMs !== sinceMs) return;
    if (unconfirmed !== undefined && unconfirmed < stalled.unconfirmedBytes) {
      // Slow, but alive: the kernel holds so many bytes for the peer that it takes no more yet.
      stalled.unconfirmedBytes = unconfirmed;
      stalled.sinceMs = monotonicMs();
      return;
    }
    this.#notices.log("info", "stalled", { subscriber: subscriber.id }, "cut a connection that took nothing for too long");
    this.cuts.stalled++;
    this.#cut(subscriber);
  }

  #cut(subscriber: Subscriber): void {
    subscriber.sink.destroy();
    subscriber.close();
  }

  #closed(subscriber: Subscriber): void {
    this.#spans?.closed(subscriber);
    subscriber.cohort.leave(subscriber);
    this.#dispatcher.cohorts.release(subscriber.cohort);
    this.#held.release(subscriber);
    this.#wheel.remove(subscriber);
    this.roster.remove(subscriber);
  }

  #scheduleEnd(subscriber: Subscriber): void {
    const { authorization } = subscriber;
    if (authorization === undefined || authorization.expiresAt === Infinity) return;
    const now = monotonicMs();
    const leftMs = streamEnd(authorization, this.#options.leewayMs) - Date.now();
    this.#wheel.add(subscriber, {
      warnAtMs: now + Math.max(leftMs / 2, leftMs - EXPIRING_MS),
      // A second early, because the wheel is checked once a second, and the stream must not outlive
      // the token.
      endAtMs: now + leftMs - 1000,
    });
  }

  #endTokens(now: number): void {
    for (const [subscriber, event] of this.#wheel.due(now)) {
      if (event === "end") this.end(subscriber);
      else if (subscriber.authorization?.issuer === APP_ISSUER) {
        if (subscriber.authorization.askAgain !== undefined) this.onEnding?.(subscriber);
      } else if (subscriber.state === "live" && subscriber.authorization !== undefined) {
        const leftMs = Math.max(0, streamEnd(subscriber.authorization, this.#options.leewayMs) - Date.now());
        if (!subscriber.send(Frame.ofText(encodeExpiring(leftMs, subscriber.id)))) subscriber.stall();
      }
    }
  }

  #randomRetryMs(): number {
    const { min, max } = this.#options.retryMs;
    return Math.round(min + Math.random() * (max - min));
  }
}
