import type { Socket } from "node:net";
import { every, monotonicMs } from "../../core/scheduler.ts";
import { SMALL_BYTES } from "./cut-socket.ts";
import { pendingBytes } from "./socket-handle.ts";
import { unconfirmedBytes } from "./unconfirmed.ts";

/**
 * Interval of the checks, in milliseconds. Short, because pipelined requests make megabytes of
 * answers in that time.
 */
const LOOK_MS = 250;
/**
 * Time after which a newcomer may replace a connection whose peer took nothing, or whose request is
 * still not complete, in milliseconds.
 */
const QUIET_MS = 2000;
/**
 * Interval of the questions to the system about confirmed bytes, in milliseconds. Reading its table
 * of sockets takes milliseconds.
 */
const ASK_MS = 1000;
/**
 * Possibly unconfirmed bytes of a connection at which the system is asked. Small answers to a kept
 * connection each need no look at the table.
 */
const ASK_BYTES = 64 * 1024;
/**
 * Part of {@link UnreadLimits.heldBytes} that all connections together may have unconfirmed until
 * each is asked about, and those with {@link ASK_BYTES} wait for their next answer.
 */
const FREE_SHARE = 0.5;

/** Bounds on the answers that peers do not read. */
export interface UnreadLimits {
  /**
   * Most bytes of answers that wait for their peers in a process and its kernel. Beyond it the
   * connections that hold most are cut.
   */
  readonly heldBytes: number;
  /**
   * Time after which a connection is cut if its peer takes nothing of an answer, in milliseconds.
   */
  readonly writeStallMs: number;
}

/** Actions on connections whose peers do not read. */
export interface UnreadActions {
  /**
   * Reports a connection as quiet: the peer took nothing for a while, or its request is not
   * complete after a while. Also reports the end of that. Not called for a connection that waits
   * for no answer.
   */
  readonly setQuiet: (socket: Socket, isQuiet: boolean) => void;
  readonly cut: (socket: Socket, why: "stalled" | "held") => void;
  /** The peer of a connection that {@link UnreadAnswers.leave leaves} has confirmed everything. */
  readonly close: (socket: Socket) => void;
}

/** An answer that may be under way, such as a `ServerResponse`. */
export interface Answer {
  /** Its bytes that wait in the process. */
  readonly writableLength: number;
  /** Its request, and whether that has come whole. */
  readonly req: { readonly complete: boolean };
}

/** A peer's observed progress with its answers. */
interface Watched {
  /** Unfinished answers. A finished one may still be in the kernel. */
  readonly responses: Answer[];
  /** Begin the last of these answers, in order. */
  readonly waiting: (() => void)[];
  /** Bytes of writes that the kernel took whole. */
  written: number;
  /** The rest of the current write. */
  pending: number;
  /** All bytes that the peer had confirmed at the last question. */
  confirmed: number;
  /** The bytes that the kernel held then. */
  unconfirmed: number;
  /** Possibly unconfirmed bytes as counted last. */
  counted: number;
  /** When the peer took something, or was owed nothing. */
  sinceMs: number;
  /** When the last request came. */
  beganAtMs: number;
  /** The last value passed to {@link UnreadActions.setQuiet}. */
  isQuiet: boolean;
  isLeaving: boolean;
  /** Whether a question to the system is under way. */
  isAsking: boolean;
}

/**
 * Tracks answers that were not read to the end, by connection. Streams are excluded, because they
 * have their own bounds. A peer that does not read keeps its answers in memory. They fill the
 * kernel first, up to megabytes for each connection, then the process.
 */
export class UnreadAnswers {
  readonly #limits: UnreadLimits;
  readonly #actions: UnreadActions;
  readonly #watched = new Map<Socket, Watched>();
  readonly #stop: () => void;
  #askedAtMs = 0;
  /** Possibly unconfirmed bytes of all connections. */
  #possible = 0;

  constructor(limits: UnreadLimits, actions: UnreadActions) {
    this.#limits = limits;
    this.#actions = actions;
    this.#stop = every(Math.min(LOOK_MS, limits.writeStallMs / 4), () => this.#look());
  }

  stop(): void {
    this.#stop();
  }

  /** @returns The number of answers that the connection waits for. */
  begin(socket: Socket, answer: Answer): number {
    const watched = this.#of(socket);
    watched.beganAtMs = monotonicMs();
    return watched.responses.push(answer);
  }

  /** @returns Whether it was the last answer that the connection waited for. */
  answered(socket: Socket, answer: Answer): boolean {
    const watched = this.#watched.get(socket);
    const index = watched?.responses.indexOf(answer) ?? -1;
    if (watched === undefined || index < 0) return false;
    const { responses } = watched;
    responses.splice(index, 1);
    this.#proceed(socket, watched);
    return responses.length === 0;
  }

  /**
   * Calls `answer` once the kernel has the connection's earlier answers. If all connections have
   * much unconfirmed, also waits until the peer has confirmed most of them. Never calls `answer` if
   * the connection ends before.
   */
  inTurn(socket: Socket, answer: () => void): void {
    const watched = this.#watched.get(socket);
    if (watched === undefined) return answer();
    watched.waiting.push(answer);
    this.#proceed(socket, watched);
  }

  /**
   * Delays the end of a connection. Call before ending it. Closed now, its kernel would go on
   * holding and offering the rest.
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
    this.#possible -= this.#watched.get(socket)?.counted ?? 0;
    this.#watched.delete(socket);
  }

  #of(socket: Socket): Watched {
    let watched = this.#watched.get(socket);
    if (watched === undefined) {
      const now = monotonicMs();
      const nothing = { written: 0, pending: 0, confirmed: 0, unconfirmed: 0, counted: 0 };
      watched = { responses: [], waiting: [], ...nothing, sinceMs: now, beganAtMs: now, isQuiet: false, isLeaving: false, isAsking: false };
      this.#watched.set(socket, watched);
    }
    return watched;
  }

  /** Begins the next answer, or asks how much of the earlier ones the peer has confirmed. */
  #proceed(socket: Socket, watched: Watched): void {
    if (!this.#beginNext(socket, watched)) void this.#ask(socket, watched);
  }

  /** @returns False if the next answer waits for the peer. */
  #beginNext(socket: Socket, watched: Watched): boolean {
    this.#count(socket, watched);
    const { responses, waiting, counted } = watched;
    const isAnswering = responses.length > waiting.length;
    if (isAnswering || waiting.length === 0) return true;
    // Otherwise hundreds of connections fill the kernel with a gigabyte between two checks.
    if (counted > ASK_BYTES && this.#possible > this.#limits.heldBytes * FREE_SHARE) return false;
    waiting.shift()?.();
    return true;
  }

  #count(socket: Socket, watched: Watched): void {
    const bytes = unknownBytes(socket, watched.confirmed);
    this.#possible += bytes - watched.counted;
    watched.counted = bytes;
  }

  #look(): void {
    const now = monotonicMs();
    const holding: { readonly socket: Socket; readonly bytes: number }[] = [];
    let held = 0;
    let waitingBytes = 0;
    for (const [socket, watched] of this.#watched) {
      const waiting = watched.responses.reduce((sum, { writableLength }) => sum + writableLength, 0);
      this.#watch(socket, watched, waiting, now);
      if (!this.#watched.has(socket)) continue;
      this.#proceed(socket, watched);
      waitingBytes += waiting;
      const bytes = waiting + watched.unconfirmed;
      if (bytes === 0) continue;
      held += bytes;
      holding.push({ socket, bytes });
    }
    this.#cutMost(holding, held);
    this.#askAll(this.#possible + waitingBytes, now);
  }

  /** @param possible - Bytes that peers may not have taken. */
  #askAll(possible: number, now: number): void {
    const { heldBytes } = this.#limits;
    // Beyond the bound, each check needs current figures, in case all these bytes were not taken.
    if (now - this.#askedAtMs < (possible > heldBytes ? 0 : ASK_MS)) return;
    const least = possible > heldBytes * FREE_SHARE ? 0 : ASK_BYTES;
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

  /** Asks the system, because a slow peer confirms bytes long before the kernel takes more. */
  async #ask(socket: Socket, watched: Watched): Promise<void> {
    if (watched.isAsking) return;
    // Read before the table, so that later bytes never count as confirmed.
    const given = socket.bytesWritten - pendingBytes(socket);
    watched.isAsking = true;
    const unconfirmed = (await unconfirmedBytes(socket)) ?? 0;
    watched.isAsking = false;
    if (this.#watched.get(socket) !== watched) return;
    if (given - unconfirmed > watched.confirmed) watched.sinceMs = monotonicMs();
    watched.confirmed = Math.max(watched.confirmed, given - unconfirmed);
    watched.unconfirmed = unconfirmed;
    if (watched.isLeaving && socket.writableFinished && unknownBytes(socket, watched.confirmed) <= 0) this.#actions.close(socket);
    else this.#beginNext(socket, watched);
  }
}

/** Whether a request is not complete. Nothing is owed for it yet. */
function isReceiving({ responses }: Watched): boolean {
  return responses.at(-1)?.req.complete === false;
}

/** Bytes that a peer may not have confirmed. */
function unknownBytes(socket: Socket, confirmed: number): number {
  return socket.bytesWritten - confirmed;
}
