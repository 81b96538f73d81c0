import type { Dispatcher } from "../live/dispatcher.ts";
import { Frame } from "../update/encoded-frame.ts";
import { encodeCursor, HEARTBEAT } from "../update/frame.ts";
import { every, monotonicMs } from "../scheduler.ts";
import type { Subscriber } from "../live/subscriber.ts";

/** The times that keep streams alive and rid the hub of dead streams. All in milliseconds. */
export interface LivenessOptions {
  /** Longest silence of a stream. */
  readonly heartbeatMs: number;
  /** Longest time for which a socket may take nothing before it is cut. */
  readonly writeStallMs: number;
}

/**
 * Heartbeats, the end of a stream's lifetime, and write stalls, with one timer for the hub.
 * Subscribers are visited in small groups, so that ten thousand heartbeats do not delay an update.
 */
export class Liveness {
  readonly #dispatcher: Dispatcher;
  readonly #subscribers: readonly Subscriber[];
  readonly #lagging: ReadonlySet<Subscriber>;
  readonly #options: LivenessOptions;
  readonly #onTick: (now: number) => void;
  readonly #onExpired: (subscriber: Subscriber) => void;
  readonly #onQuiet: (subscriber: Subscriber) => void;
  readonly #onStalled: (subscriber: Subscriber) => void;
  readonly #periodMs: number;
  readonly #stop: () => void;
  #next = 0;
  /** Visits owed from earlier ticks, in fractions of a subscriber. */
  #owed = 0;
  #lastTickMs = monotonicMs();
  #cursor: { readonly position: number; readonly frame: Frame } = { position: -1, frame: HEARTBEAT };

  constructor(options: {
    dispatcher: Dispatcher;
    subscribers: readonly Subscriber[];
    lagging: ReadonlySet<Subscriber>;
    options: LivenessOptions & { readonly lifetimeMs: number };
    /** Called at least once a second. */
    onTick: (now: number) => void;
    onExpired: (subscriber: Subscriber) => void;
    /** Called when a full socket took nothing for a while. */
    onQuiet: (subscriber: Subscriber) => void;
    /** Called when a full socket took nothing for too long. */
    onStalled: (subscriber: Subscriber) => void;
  }) {
    this.#dispatcher = options.dispatcher;
    this.#subscribers = options.subscribers;
    this.#lagging = options.lagging;
    this.#options = options.options;
    this.#onTick = options.onTick;
    this.#onExpired = options.onExpired;
    this.#onQuiet = options.onQuiet;
    this.#onStalled = options.onStalled;
    const { heartbeatMs, lifetimeMs, writeStallMs } = options.options;
    // Each subscriber is visited once a period, or after two if its place in the list changed. So a
    // heartbeat is due two periods early.
    this.#periodMs = Math.min(heartbeatMs, lifetimeMs) / 4;
    this.#stop = every(Math.max(5, Math.min(1000, this.#periodMs / 4, writeStallMs / 4)), () => this.#tick());
  }

  stop(): void {
    this.#stop();
  }

  /** Forgets the encoded cursor, which is void after a restart. */
  forget(): void {
    this.#cursor = { position: -1, frame: HEARTBEAT };
  }

  /**
   * The frame that brings a live subscriber's cursor to the hub's position. Undefined if the cursor
   * is there already.
   */
  cursorFor(subscriber: Subscriber): Frame | undefined {
    const { position } = this.#dispatcher;
    // Updates that wait for the next write must not be passed over.
    if (subscriber.knownOffset >= position || subscriber.cohort.deliveredUpTo(subscriber, position) < position) return undefined;
    if (this.#cursor.position !== position) {
      this.#cursor = { position, frame: Frame.ofText(encodeCursor(this.#dispatcher.ids.cursorAt(position))) };
    }
    subscriber.toldOffset = position;
    return this.#cursor.frame;
  }

  #tick(): void {
    const now = monotonicMs();
    this.#onTick(now);
    const { writeStallMs } = this.#options;
    for (const subscriber of this.#lagging) {
      const { stalled } = subscriber;
      if (stalled === undefined) continue;
      const pending = subscriber.sink.pendingBytes();
      const quietMs = now - stalled.sinceMs;
      if (pending !== stalled.pendingBytes) {
        // Slow, but alive.
        stalled.pendingBytes = pending;
        stalled.sinceMs = now;
        stalled.unconfirmedBytes = 0;
      } else if (quietMs >= writeStallMs) this.#onStalled(subscriber);
      else if (quietMs >= writeStallMs / 4 && stalled.unconfirmedBytes === 0) this.#onQuiet(subscriber);
    }
    this.#owed += (this.#subscribers.length * (now - this.#lastTickMs)) / this.#periodMs;
    this.#lastTickMs = now;
    let visits = Math.min(Math.floor(this.#owed), this.#subscribers.length);
    this.#owed -= Math.floor(this.#owed);
    for (; visits > 0 && this.#subscribers.length > 0; visits--) {
      if (this.#next >= this.#subscribers.length) this.#next = 0;
      this.#visit(this.#subscribers[this.#next++] as Subscriber, now);
    }
  }

  #visit(subscriber: Subscriber, now: number): void {
    if (now >= subscriber.expiresAtMs) {
      this.#onExpired(subscriber);
      return;
    }
    const silentSince = Math.max(subscriber.cohort.sentAtMs, subscriber.beatAtMs);
    if (subscriber.state !== "live" || now - silentSince < this.#options.heartbeatMs - 2 * this.#periodMs) return;
    subscriber.beatAtMs = now;
    if (!subscriber.send(this.cursorFor(subscriber) ?? HEARTBEAT)) subscriber.stall();
  }
}
