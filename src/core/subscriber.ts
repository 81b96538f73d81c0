import type { Authorization } from "./authorization.ts";
import { flatten } from "./bytes.ts";
import type { Cohort } from "./cohort.ts";
import type { Missed } from "./places.ts";
import type { Wire } from "./wire.ts";

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

/** What happens to subscribers, told to whoever keeps them; one for all of them. */
export interface SubscriberEvents {
  /** It reached the tail. */
  joined(subscriber: Subscriber): void;
  /** Its sink did not take everything. */
  stalled(subscriber: Subscriber): void;
  /** Its sink took what it had not before. */
  drained(subscriber: Subscriber): void;
  /** Its peer is gone. */
  closed(subscriber: Subscriber): void;
}

/** The server's side of one open stream. What it holds is all the memory that a slow reader costs the hub. */
export class Subscriber {
  /** Random and unique: names this connection to observers. */
  readonly id: string = flatten(crypto.randomUUID());
  cohort: Cohort;
  readonly sink: Sink;
  /** What its token says; undefined for an anonymous one. */
  authorization: Authorization | undefined;
  /** When it is told that its token ends, and when it is ended, in milliseconds of the monotonic clock. */
  warnAtMs: number = Infinity;
  tokenEndsAtMs: number = Infinity;
  /** Everything up to this offset was sent or did not match. Of a member: where it joined its cohort. */
  cursor: number;
  /** The newest offset that the peer knows a cursor for, apart from what it was sent as a member of its cohort; -1 for a useless one. */
  toldOffset: number;
  /** What it is to have before it walks on from its cursor: offsets, rising. Undefined once it has. */
  snapshot: readonly number[] | undefined;
  /** The event ids of these, where they are others than usual, and what comes after them. */
  ownIds: ReadonlyMap<number, string> | undefined;
  missed: Missed | undefined;
  /** Place in the cohort's members; -1 while it is catching up. */
  memberIndex = -1;
  /** Place in the hub's list of subscribers. */
  listIndex = -1;
  /** When it was last sent a heartbeat, in milliseconds of the monotonic clock. */
  beatAtMs: number;
  /** When its socket, which is full, took something last, in milliseconds of the monotonic clock; 0 while it is not full. */
  stalledSinceMs = 0;
  /** What was pending then. */
  stalledBytes = 0;
  /** What its peer had not confirmed at the last look since then; 0 if that is not known. */
  unconfirmedBytes = 0;
  /** What its sink has just not taken all of, for the one who makes it stall. */
  untaken: Uint8Array | undefined;
  /** When the newest update that it was walked past was appended, in milliseconds since 1970; or when it left its cohort. */
  passedAt: number = Date.now();
  /** What is older than this was not asked for. */
  readonly beganAfter: number;
  /** In milliseconds of the monotonic clock. */
  readonly openedAtMs: number;
  /** When it is asked to reconnect, in milliseconds of the monotonic clock. */
  readonly expiresAtMs: number;
  isClosed = false;
  readonly #events: SubscriberEvents;
  readonly #wire: Wire;

  constructor(options: {
    cohort: Cohort;
    sink: Sink;
    cursor: number;
    openedAtMs: number;
    expiresAtMs: number;
    events: SubscriberEvents;
    wire: Wire;
    authorization: Authorization | undefined;
    snapshot: readonly number[] | undefined;
    ownIds: ReadonlyMap<number, string> | undefined;
    missed: Missed | undefined;
  }) {
    this.cohort = options.cohort;
    this.authorization = options.authorization;
    this.snapshot = options.snapshot;
    this.ownIds = options.ownIds;
    this.missed = options.missed;
    this.sink = options.sink;
    this.cursor = options.cursor;
    this.toldOffset = options.cursor;
    this.expiresAtMs = options.expiresAtMs;
    this.beganAfter = (options.snapshot?.[0] ?? options.cursor + 1) - 1;
    this.openedAtMs = options.openedAtMs;
    this.beatAtMs = options.openedAtMs;
    this.#events = options.events;
    this.#wire = options.wire;
  }

  /** The newest offset that the peer knows a cursor for. */
  get knownOffset(): number {
    const { sentOffset } = this.cohort;
    return this.memberIndex >= 0 && sentOffset > this.cursor ? sentOffset : this.toldOffset;
  }

  /**
   * Writes bytes as they are on the wire.
   *
   * @returns Whether the peer took everything. If not, whoever wrote them must {@link stall} it.
   */
  write(bytes: Uint8Array): boolean {
    if (this.sink.write(bytes)) return true;
    this.untaken = bytes;
    return false;
  }

  /**
   * Sends bytes that are this subscriber's own.
   *
   * @returns Whether the peer took everything.
   */
  send(bytes: Uint8Array): boolean {
    return this.write(this.#wire.encode(bytes, this.cohort.selection));
  }

  /** It is at the tail: from now on it receives with its cohort. */
  join(): void {
    this.#events.joined(this);
  }

  /** Its sink did not take everything: it leaves its cohort until it is drained. */
  stall(): void {
    if (!this.isClosed) this.#events.stalled(this);
  }

  /** The sink tells that it took everything written so far. */
  drained(): void {
    if (!this.isClosed && this.stalledSinceMs !== 0) this.#events.drained(this);
  }

  /** The sink tells that the peer is gone. */
  close(): void {
    if (!this.isClosed) this.#events.closed(this);
  }
}
