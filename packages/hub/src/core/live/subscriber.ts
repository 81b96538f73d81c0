import type { Authorization } from "../matching/authorization.ts";
import { flatten } from "../update/bytes.ts";
import type { Cohort, CohortMember } from "./cohort.ts";
import type { Frame } from "../update/encoded-frame.ts";
import type { EarlyUpdates } from "./early-updates.ts";
import { monotonicMs } from "../scheduler.ts";
import type { Selection } from "../matching/selection.ts";
import type { Wire } from "../update/wire.ts";

/** Destination of a subscriber's bytes: a socket, a stream. Implementations never throw. */
export interface Sink {
  /**
   * Whether the sink holds copies of the written bytes, as with TLS, and not the bytes themselves.
   */
  readonly copies?: boolean;
  /** Address of the client, if the runtime gives an address. */
  readonly address?: string | undefined;
  /**
   * Whether the subscription ends with its first updates and a further one follows, as with polls.
   * Observers are not told of it, or presence would flap.
   */
  readonly isBrief?: boolean;
  /**
   * Sends bytes, which are shared with other subscribers and must not be changed.
   *
   * @returns Whether the peer took everything. After false, the sink calls
   *   {@link Subscriber.drained} once the peer has.
   */
  write(bytes: Uint8Array): boolean;
  /** Told each time when the subscriber has everything up to the tail. */
  live?(): void;
  /**
   * Bytes written and not taken yet, as exactly as the runtime tells. A slow peer makes the number
   * fall, a dead peer does not.
   */
  pendingBytes(): number;
  /**
   * Bytes that the peer's system has not confirmed. The number falls while a slow peer reads, even
   * while {@link pendingBytes} stands still.
   *
   * @returns Undefined if the runtime does not tell.
   */
  unconfirmedBytes?(): Promise<number | undefined>;
  /** Ends the stream in order, after the written bytes. */
  end(): void;
  /** Cuts the stream at once. Bytes that the peer has not taken are lost. */
  destroy(): void;
}

/**
 * The states of a subscriber. `replaying`: reads the journal at the pace of its socket. `live`: at
 * the tail, a member of its cohort. `stalled`: its socket is full. `closed`: its peer is gone, or
 * was told to go.
 */
export type SubscriberState = "replaying" | "live" | "stalled" | "closed";

/** Effects of a subscriber's changes of state. One object serves all subscribers. */
export interface SubscriberEvents {
  /** The subscriber has become live. */
  joined(subscriber: Subscriber): void;
  /** A subscriber that is still live must read the journal again, and leaves its cohort. */
  leaving(subscriber: Subscriber): void;
  /**
   * The subscriber's socket is full. @param untaken - Bytes that the socket has not taken
   * completely.
   */
  stalled(subscriber: Subscriber, untaken: Uint8Array | undefined): void;
  /** The subscriber begins to replay. */
  replays(subscriber: Subscriber): void;
  /** The subscriber is closed. */
  closed(subscriber: Subscriber): void;
}

/** A full socket, as of the last check. */
export interface Stall {
  /** Time when the socket last took something, in milliseconds of the monotonic clock. */
  sinceMs: number;
  /** Bytes pending at that time. */
  pendingBytes: number;
  /**
   * Bytes that the peer had not confirmed at the last check since then, or 0 if that is not known.
   */
  unconfirmedBytes: number;
}

/** The times of a stream's token, in milliseconds of the monotonic clock. */
export interface TokenExpiry {
  /** When the peer is told that the token ends. */
  readonly warnAtMs: number;
  /** When the stream is ended. */
  readonly endAtMs: number;
}

/** The server's side of one open stream. Its memory is all that a slow reader costs the hub. */
export class Subscriber implements CohortMember {
  /** Random and unique: names this connection to observers. */
  readonly id: string = flatten(crypto.randomUUID());
  readonly sink: Sink;
  /**
   * Everything up to this offset was sent or did not match. For a member: the offset at which the
   * subscriber joined its cohort.
   */
  cursor: number;
  /** Updates that are sent before those after the cursor. */
  early: EarlyUpdates | undefined;
  /**
   * The newest offset whose cursor the peer knows, apart from updates sent to the subscriber as a
   * member of its cohort. -1 for a useless cursor.
   */
  toldOffset: number;
  /**
   * Append time of the newest update that the replay has passed, in milliseconds since 1970, or the
   * time when the subscriber left its cohort.
   */
  passedAt: number = Date.now();
  /** Whether the subscriber was ever live. */
  wasLive = false;
  /** Updates up to this offset were not asked for. */
  readonly beganAfter: number;
  /** Set by the cohort: index among its members. -1 unless the subscriber is live. */
  memberIndex = -1;
  /** Set by the roster: index in its list. */
  listIndex = -1;
  /** Set by the heartbeats: time of the last heartbeat, in milliseconds of the monotonic clock. */
  beatAtMs: number;
  /** Set by the expiry wheel: times of the token, or undefined if the token does not end. */
  expiry: TokenExpiry | undefined;
  /** In milliseconds of the monotonic clock. */
  readonly openedAtMs: number;
  /** Time when the subscriber is asked to reconnect, in milliseconds of the monotonic clock. */
  readonly expiresAtMs: number;
  #state: SubscriberState = "replaying";
  #stall: Stall | undefined;
  #cohort: Cohort;
  #authorization: Authorization | undefined;
  #untaken: Uint8Array | undefined;
  readonly #events: SubscriberEvents;
  readonly #wire: Wire;

  constructor(options: {
    cohort: Cohort;
    sink: Sink;
    cursor: number;
    early?: EarlyUpdates | undefined;
    openedAtMs: number;
    expiresAtMs: number;
    events: SubscriberEvents;
    wire: Wire;
    authorization?: Authorization | undefined;
  }) {
    this.#cohort = options.cohort;
    this.#authorization = options.authorization;
    this.early = options.early;
    this.sink = options.sink;
    this.cursor = options.cursor;
    this.toldOffset = options.cursor;
    this.expiresAtMs = options.expiresAtMs;
    this.beganAfter = (options.early?.first ?? options.cursor + 1) - 1;
    this.openedAtMs = options.openedAtMs;
    this.beatAtMs = options.openedAtMs;
    this.#events = options.events;
    this.#wire = options.wire;
  }

  get state(): SubscriberState {
    return this.#state;
  }

  /** Set while the subscriber is stalled. */
  get stalled(): Stall | undefined {
    return this.#stall;
  }

  /** The subscriber's cohort, as a member or not. */
  get cohort(): Cohort {
    return this.#cohort;
  }

  get selection(): Selection {
    return this.#cohort.selection;
  }

  /** Claims of the subscriber's token. Undefined for an anonymous subscriber. */
  get authorization(): Authorization | undefined {
    return this.#authorization;
  }

  /** The newest offset whose cursor the peer knows. */
  get knownOffset(): number {
    const { sentOffset } = this.#cohort;
    return this.#state === "live" && sentOffset > this.cursor ? sentOffset : this.toldOffset;
  }

  /** Moves the subscriber, which must not be live, to another cohort and token. */
  moveTo(cohort: Cohort, authorization: Authorization): void {
    this.#cohort = cohort;
    this.#authorization = authorization;
  }

  /**
   * Writes bytes as they are on the wire.
   *
   * @returns Whether the peer took everything. If not, the caller must {@link stall} the
   *   subscriber.
   */
  write(bytes: Uint8Array): boolean {
    if (this.sink.write(bytes)) return true;
    this.#untaken = bytes;
    return false;
  }

  /**
   * Sends a frame past the dispatcher.
   *
   * @returns Whether the peer took everything.
   */
  send(frame: Frame): boolean {
    return this.write(this.#wire.encode(frame, this.selection));
  }

  /** Makes the subscriber live at the tail. From now on it receives with its cohort. */
  join(): void {
    this.#state = "live";
    this.#events.joined(this);
  }

  /**
   * Takes a live subscriber out of its cohort, to {@link replay} within this turn of the event
   * loop.
   */
  fallBehind(): void {
    if (this.#state !== "live") return;
    this.#events.leaving(this);
    this.#state = "replaying";
  }

  /**
   * Marks the subscriber stalled, because its sink did not take everything, until the sink is
   * drained.
   */
  stall(): void {
    if (this.#state === "closed") return;
    this.fallBehind();
    this.#state = "stalled";
    this.#stall = { sinceMs: monotonicMs(), pendingBytes: this.sink.pendingBytes(), unconfirmedBytes: 0 };
    const untaken = this.#untaken;
    this.#untaken = undefined;
    this.#events.stalled(this, untaken);
  }

  /** Starts reading the journal from the subscriber's cursor. */
  replay(): void {
    if (this.#state === "closed") return;
    this.#state = "replaying";
    this.#stall = undefined;
    this.#events.replays(this);
  }

  /** The sink took everything written so far. */
  drained(): void {
    if (this.#state === "stalled") this.replay();
  }

  /** Closes the subscriber, because its peer is gone or was told to go. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#stall = undefined;
    this.#events.closed(this);
  }
}
