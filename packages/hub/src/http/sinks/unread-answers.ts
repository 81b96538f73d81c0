import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { every, monotonicMs } from "../../core/scheduler.ts";
import { SMALL_BYTES } from "./cut-socket.ts";
import { pendingBytes } from "./socket-handle.ts";
import { unconfirmedBytes } from "./unconfirmed.ts";

/** How often the connections are looked at, in milliseconds. Short, since pipelined requests make megabytes of answers in that time. */
const LOOK_MS = 250;
/** A newcomer may take the place of a connection whose peer took nothing for this long, or whose request is not complete after this long, in milliseconds. */
const QUIET_MS = 2000;
/** Pause between two questions to the system what peers have confirmed, in milliseconds. Its table of sockets takes milliseconds to read. */
const ASK_MS = 1000;
/** The system is asked about a connection if so many bytes may be unconfirmed. Small answers to a client that keeps its connection need no look at the table each. */
const ASK_BYTES = 64 * 1024;

/** Bounds on the answers that peers do not read. */
export interface UnreadLimits {
  /** Most bytes of answers that wait for their peers in a process and its kernel. Past it the connections that hold most are cut. */
  readonly heldBytes: number;
  /** A connection whose peer takes nothing of an answer for this long is cut. In milliseconds. */
  readonly writeStallMs: number;
}

/** What becomes of connections whose peers do not read. */
export interface UnreadActions {
  /** The peer took nothing for a while, or its request is not complete after a while; or neither any more. Not called for a connection that waits for no answer. */
  readonly setQuiet: (socket: Socket, isQuiet: boolean) => void;
  readonly cut: (socket: Socket, why: "stalled" | "held") => void;
  /** The peer of a connection that {@link UnreadAnswers.leave leaves} has confirmed everything. */
  readonly close: (socket: Socket) => void;
}

/** What a peer was seen to take of its answers. */
interface Watched {
  /** Not finished yet. A finished one may still be in the kernel. */
  readonly responses: ServerResponse[];
  /** Bytes of the writes that the kernel took whole. */
  written: number;
  /** What is left of the write that is under way. */
  pending: number;
  /** All bytes that the peer has confirmed, when the system was last asked. */
  confirmed: number;
  /** What the kernel then held. */
  unconfirmed: number;
  /** When the peer took something, or was owed nothing. */
  sinceMs: number;
  /** When the last request came. */
  beganAtMs: number;
  /** What {@link UnreadActions.setQuiet} was last told. */
  isQuiet: boolean;
  isLeaving: boolean;
}

/**
 * Answers that were not read to the end, by connection, of all but streams. Streams have their own bounds. A peer that does not read keeps its answers in memory: first
 * in the kernel's, up to megabytes for each connection, then in the process's.
 */
export class UnreadAnswers {
  readonly #limits: UnreadLimits;
  readonly #actions: UnreadActions;
  readonly #watched = new Map<Socket, Watched>();
  readonly #stop: () => void;
  #askedAtMs = 0;

  constructor(limits: UnreadLimits, actions: UnreadActions) {
    this.#limits = limits;
    this.#actions = actions;
    this.#stop = every(Math.min(LOOK_MS, limits.writeStallMs / 4), () => this.#look());
  }

  stop(): void {
    this.#stop();
  }

  /** @returns How many answers the connection waits for. */
  begin(socket: Socket, res: ServerResponse): number {
    const watched = this.#of(socket);
    watched.beganAtMs = monotonicMs();
    return watched.responses.push(res);
  }

  /** @returns Whether it was the last answer that the connection waited for. */
  answered(socket: Socket, res: ServerResponse): boolean {
    const { responses } = this.#watched.get(socket) ?? {};
    const index = responses?.indexOf(res) ?? -1;
    if (responses === undefined || index < 0) return false;
    responses.splice(index, 1);
    return responses.length === 0;
  }

  /**
   * Must be called when a connection is to end. Closed now, its kernel would go on holding and offering the rest.
   *
   * @returns Whether to wait for {@link UnreadActions.close}.
   */
  leave(socket: Socket): boolean {
    if (unknownBytes(socket, this.#watched.get(socket)?.confirmed ?? 0) <= SMALL_BYTES) return false;
    this.#of(socket).isLeaving = true;
    return true;
  }

  isLeaving(socket: Socket): boolean {
    return this.#watched.get(socket)?.isLeaving === true;
  }

  /** Forgets a connection that has ended, or became a stream. */
  forget(socket: Socket): void {
    this.#watched.delete(socket);
  }

  #of(socket: Socket): Watched {
    let watched = this.#watched.get(socket);
    if (watched === undefined) {
      const now = monotonicMs();
      const nothing = { written: 0, pending: 0, confirmed: 0, unconfirmed: 0 };
      watched = { responses: [], ...nothing, sinceMs: now, beganAtMs: now, isQuiet: false, isLeaving: false };
      this.#watched.set(socket, watched);
    }
    return watched;
  }

  #look(): void {
    const now = monotonicMs();
    const holding: { readonly socket: Socket; readonly bytes: number }[] = [];
    let held = 0;
    let possible = 0;
    for (const [socket, watched] of this.#watched) {
      const waiting = watched.responses.reduce((sum, { writableLength }) => sum + writableLength, 0);
      this.#watch(socket, watched, waiting, now);
      if (!this.#watched.has(socket)) continue;
      possible += waiting + unknownBytes(socket, watched.confirmed);
      const bytes = waiting + watched.unconfirmed;
      if (bytes === 0) continue;
      held += bytes;
      holding.push({ socket, bytes });
    }
    this.#cutMost(holding, held);
    this.#askAll(possible, now);
  }

  /** @param possible - Bytes that peers may not have taken. */
  #askAll(possible: number, now: number): void {
    const { heldBytes } = this.#limits;
    // Past the bound, if all of them were not taken, each look needs figures of its own.
    if (now - this.#askedAtMs < (possible > heldBytes ? 0 : ASK_MS)) return;
    const least = possible > heldBytes / 2 ? 0 : ASK_BYTES;
    for (const [socket, watched] of this.#watched) {
      const isQuiet = now - watched.sinceMs >= ASK_MS;
      if (!watched.isLeaving && !isQuiet && unknownBytes(socket, watched.confirmed) <= least) continue;
      this.#askedAtMs = now;
      void this.#ask(socket, watched);
    }
  }

  #cutMost(holding: { readonly socket: Socket; readonly bytes: number }[], bytes: number): void {
    let held = bytes;
    if (held <= this.#limits.heldBytes) return;
    holding.sort((a, b) => b.bytes - a.bytes);
    for (const most of holding) {
      if (held <= this.#limits.heldBytes) return;
      held -= most.bytes;
      this.#actions.cut(most.socket, "held");
    }
  }

  /** @param waiting - Bytes of answers that are in the process. */
  #watch(socket: Socket, watched: Watched, waiting: number, now: number): void {
    const written = socket.bytesWritten - socket.writableLength;
    const pending = pendingBytes(socket);
    const isOwed = waiting > 0 || watched.unconfirmed > 0;
    if (!isOwed || written !== watched.written || pending !== watched.pending) watched.sinceMs = now;
    watched.written = written;
    watched.pending = pending;
    const quietMs = now - watched.sinceMs;
    if (quietMs >= this.#limits.writeStallMs) this.#actions.cut(socket, "stalled");
    else this.#setQuiet(socket, watched, quietMs >= QUIET_MS || (isReceiving(watched) && now - watched.beganAtMs >= QUIET_MS));
  }

  #setQuiet(socket: Socket, watched: Watched, isQuiet: boolean): void {
    const isWaiting = watched.responses.length > 0;
    if (isWaiting && isQuiet !== watched.isQuiet) this.#actions.setQuiet(socket, isQuiet);
    watched.isQuiet = isWaiting && isQuiet;
  }

  /** A slow peer confirms bytes long before the kernel takes more. */
  async #ask(socket: Socket, watched: Watched): Promise<void> {
    // Before the table is read, so that later bytes never count as confirmed.
    const given = socket.bytesWritten - pendingBytes(socket);
    const unconfirmed = (await unconfirmedBytes(socket)) ?? 0;
    if (this.#watched.get(socket) !== watched) return;
    if (given - unconfirmed > watched.confirmed) watched.sinceMs = monotonicMs();
    watched.confirmed = Math.max(watched.confirmed, given - unconfirmed);
    watched.unconfirmed = unconfirmed;
    if (watched.isLeaving && socket.writableFinished && unknownBytes(socket, watched.confirmed) <= 0) this.#actions.close(socket);
  }
}

/** Whether a request is not complete: nothing is owed for it yet. */
function isReceiving({ responses }: Watched): boolean {
  return responses.at(-1)?.req.complete === false;
}

/** Bytes that a peer may not have confirmed. */
function unknownBytes(socket: Socket, confirmed: number): number {
  return socket.bytesWritten - confirmed;
}
