import type { Authorization } from "../matching/authorization.ts";
import { flatten } from "../update/bytes.ts";
import type { Cohort, CohortMember } from "./cohort.ts";
import type { EarlyUpdates } from "./early-updates.ts";
import { monotonicMs } from "../scheduler.ts";
import type { Selection } from "../matching/selection.ts";
import type { Wire } from "../update/wire.ts";

/**
 * Where a subscriber's bytes go: a socket, a stream. Implementations never throw.
 */
export interface Sink {
  /** Whether it holds copies of what was written, as with TLS, and not the bytes themselves. */
  readonly copies?: boolean;
  /** Address of the client, if the runtime tells one. */
  readonly address?: string | undefined;
  /**
   * Sends bytes, which are shared with other subscribers and must not be changed.
   *
   * @returns Whether the peer took everything. After false, the sink calls {@link Subscriber.drained} once it has.
   */
  write(bytes: Uint8Array): boolean;
  /** Bytes that were written and not taken yet, as exactly as the runtime tells: a slow peer makes it fall, a dead one does not. */
  pendingBytes(): number;
  /**
   * Bytes that the peer's system has not confirmed. The number falls while a slow peer reads, also while {@link pendingBytes} stands still.
   *
   * @returns Undefined if the runtime does not tell.
   */
  unconfirmedBytes?(): Promise<number | undefined>;
  /** Ends the stream in order, after what was written. */
  end(): void;
  /** Cuts the stream at once: what the peer has not taken is lost. */
  destroy(): void;
}

/**
 * The states of a subscriber. `replaying`: reads the journal at the pace of its socket. `live`: at the tail, a member of its cohort.
 * `stalled`: its socket is full. `closed`: its peer is gone, or was told to go.
 */
export type SubscriberState = "replaying" | "live" | "stalled" | "closed";

/** Effects of a subscriber's changes of state; one object serves all subscribers. */
export interface SubscriberEvents {
  /** It has become live. */
  joined(subscriber: Subscriber): void;
  /** It is still live, and must read the journal again: it leaves its cohort. */
  leaving(subscriber: Subscriber): void;
  /** Its socket is full. @param untaken - The bytes that the socket has not taken all of. */
  stalled(subscriber: Subscriber, untaken: Uint8Array | undefined): void;
  /** It begins to replay. */
  replays(subscriber: Subscriber): void;
  /** It is closed. */
  closed(subscriber: Subscriber): void;
}

/** A full socket, as it was at the last look. */
export interface Stall {
  /** When the socket took something last, in milliseconds of the monotonic clock. */
  sinceMs: number;
  /** Bytes that were pending then. */
  pendingBytes: number;
  /** Bytes that its peer had not confirmed at the last look since then; 0 if that is not known. */
  unconfirmedBytes: number;
}

/** The times of a stream's token, in milliseconds of the monotonic clock. */
export interface TokenExpiry {
  /** When the peer is told that the token ends. */
  readonly warnAtMs: number;
  /** When the stream is ended. */
  readonly endAtMs: number;
}

/** The server's side of one open stream. What it holds is all the memory that a slow reader costs the hub. */
export class Subscriber implements CohortMember {
  /** Random and unique: names this connection to observers. */
  readonly id: string = flatten(crypto.randomUUID());
  readonly sink: Sink;
  /** Everything up to this offset was sent or did not match. Of a member: where it joined its cohort. */
  cursor: number;
  /** Updates that are sent before those after the cursor. */
  early: EarlyUpdates | undefined;
  /** The newest offset that the peer knows a cursor for, apart from what it was sent as a member of its cohort; -1 for a useless one. */
  toldOffset: number;
  /** When the newest update that it was walked past was appended, in milliseconds since 1970; or when it left its cohort. */
  passedAt: number = Date.now();
  /** What is older than this was not asked for. */
  readonly beganAfter: number;
  /** The cohort's: place among its members; -1 unless it is live. */
  memberIndex = -1;
  /** The roster's: place in its list. */
  listIndex = -1;
  /** The heartbeats': when it was last sent one, in milliseconds of the monotonic clock. */
  beatAtMs: number;
  /** The expiry wheel's: the times of its token; undefined if that does not end. */
  expiry: TokenExpiry | undefined;
  /** In milliseconds of the monotonic clock. */
  readonly openedAtMs: number;
  /** When it is asked to reconnect, in milliseconds of the monotonic clock. */
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

  /** Set while it is stalled. */
  get stalled(): Stall | undefined {
    return this.#stall;
  }

  /** The cohort that it belongs to, a member or not. */
  get cohort(): Cohort {
    return this.#cohort;
  }

  get selection(): Selection {
    return this.#cohort.selection;
  }

  /** What its token says; undefined for an anonymous one. */
  get authorization(): Authorization | undefined {
    return this.#authorization;
  }

  /** The newest offset that the peer knows a cursor for. */
  get knownOffset(): number {
    const { sentOffset } = this.#cohort;
    return this.#state === "live" && sentOffset > this.cursor ? sentOffset : this.toldOffset;
  }

  /** Moves it, which must not be live, to another cohort and token. */
  moveTo(cohort: Cohort, authorization: Authorization): void {
    this.#cohort = cohort;
    this.#authorization = authorization;
  }

  /**
   * Writes bytes as they are on the wire.
   *
   * @returns Whether the peer took everything. If not, the caller must {@link stall} it.
   */
  write(bytes: Uint8Array): boolean {
    if (this.sink.write(bytes)) return true;
    this.#untaken = bytes;
    return false;
  }

  /**
   * Sends bytes that are this subscriber's own.
   *
   * @returns Whether the peer took everything.
   */
  send(bytes: Uint8Array): boolean {
    return this.write(this.#wire.encode(bytes, this.selection));
  }

  /** It is at the tail: from now on it receives with its cohort. */
  join(): void {
    this.#state = "live";
    this.#events.joined(this);
  }

  /** It leaves its cohort if it is live, and is to {@link replay} within this turn of the event loop. */
  fallBehind(): void {
    if (this.#state !== "live") return;
    this.#events.leaving(this);
    this.#state = "replaying";
  }

  /** Its sink did not take everything: it waits until it is drained. */
  stall(): void {
    if (this.#state === "closed") return;
    this.fallBehind();
    this.#state = "stalled";
    this.#stall = { sinceMs: monotonicMs(), pendingBytes: this.sink.pendingBytes(), unconfirmedBytes: 0 };
    const untaken = this.#untaken;
    this.#untaken = undefined;
    this.#events.stalled(this, untaken);
  }

  /** It reads the journal from its cursor on. */
  replay(): void {
    if (this.#state === "closed") return;
    this.#state = "replaying";
    this.#stall = undefined;
    this.#events.replays(this);
  }

  /** The sink tells that it took everything written so far. */
  drained(): void {
    if (this.#state === "stalled") this.replay();
  }

  /** The peer is gone, or was told to go. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#stall = undefined;
    this.#events.closed(this);
  }
}
