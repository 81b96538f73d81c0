import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { every, monotonicMs } from "../../core/scheduler.ts";
import { pendingBytes } from "./socket-handle.ts";
import { unconfirmedBytes } from "./unconfirmed.ts";

/** How often the connections are looked at, in milliseconds. Short, since pipelined requests make megabytes of answers in that time. */
const LOOK_MS = 250;
/** A newcomer may take the place of a connection whose peer took nothing for this long, in milliseconds. */
const QUIET_MS = 2000;
/** Pause between two questions to the system what a peer has confirmed, in milliseconds. Its table of sockets takes milliseconds to read. */
const ASK_MS = 1000;

/** Bounds on the answers that peers do not read. */
export interface UnreadLimits {
  /** Most bytes of answers that wait for their peers in a process. Past it the connections that hold most are cut. */
  readonly heldBytes: number;
  /** A connection whose peer takes nothing of an answer for this long is cut. In milliseconds. */
  readonly writeStallMs: number;
}

/** What becomes of connections whose peers do not read. */
export interface UnreadActions {
  /** The peer took nothing for a while, or goes on after that. */
  readonly setQuiet: (socket: Socket, isQuiet: boolean) => void;
  readonly cut: (socket: Socket, why: "stalled" | "held") => void;
}

/** What a peer was seen to take of its answers. */
interface Progress {
  /** Bytes of the writes that the kernel took whole. */
  written: number;
  /** What is left of the write that is under way. */
  pending: number;
  /** Undefined until the system was asked. */
  unconfirmed: number | undefined;
  sinceMs: number;
  askedAtMs: number;
}

/**
 * Responses that are not finished, by connection, of all but streams. Streams have their own bounds. A peer that does not read keeps its
 * answers in memory and its connection busy.
 */
export class UnreadAnswers {
  readonly #limits: UnreadLimits;
  readonly #actions: UnreadActions;
  readonly #responses = new Map<Socket, ServerResponse[]>();
  readonly #progress = new Map<Socket, Progress>();
  readonly #stop: () => void;

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
    const responses = this.#responses.get(socket);
    if (responses === undefined) this.#responses.set(socket, [res]);
    else responses.push(res);
    return responses?.length ?? 1;
  }

  /** @returns Whether it was the last answer that the connection waited for. */
  answered(socket: Socket, res: ServerResponse): boolean {
    const responses = this.#responses.get(socket);
    const index = responses?.indexOf(res) ?? -1;
    if (responses === undefined || index < 0) return false;
    responses.splice(index, 1);
    if (responses.length > 0) return false;
    this.forget(socket);
    return true;
  }

  /** Forgets a connection that has ended, or became a stream. */
  forget(socket: Socket): void {
    this.#responses.delete(socket);
    this.#progress.delete(socket);
  }

  #look(): void {
    const now = monotonicMs();
    const waiting: { readonly socket: Socket; readonly bytes: number }[] = [];
    let held = 0;
    for (const [socket, responses] of this.#responses) {
      const bytes = responses.reduce((sum, { writableLength }) => sum + writableLength, 0);
      this.#watch(socket, bytes, now);
      if (bytes === 0 || !this.#responses.has(socket)) continue;
      held += bytes;
      waiting.push({ socket, bytes });
    }
    if (held <= this.#limits.heldBytes) return;
    waiting.sort((a, b) => b.bytes - a.bytes);
    for (const { socket, bytes } of waiting) {
      if (held <= this.#limits.heldBytes) return;
      held -= bytes;
      this.#actions.cut(socket, "held");
    }
  }

  #watch(socket: Socket, bytes: number, now: number): void {
    const known = this.#progress.get(socket);
    const written = socket.bytesWritten - socket.writableLength;
    const pending = pendingBytes(socket);
    if (bytes > 0 && known !== undefined && written === known.written && pending === known.pending) {
      const quietMs = now - known.sinceMs;
      if (quietMs >= this.#limits.writeStallMs) this.#actions.cut(socket, "stalled");
      else if (quietMs >= QUIET_MS) this.#actions.setQuiet(socket, true);
      if (now - known.askedAtMs >= ASK_MS) void this.#ask(socket, known, now);
      return;
    }
    if (known !== undefined) this.#actions.setQuiet(socket, false);
    if (bytes === 0) this.#progress.delete(socket);
    else this.#progress.set(socket, { written, pending, unconfirmed: undefined, sinceMs: now, askedAtMs: now });
  }

  /** A slow peer confirms bytes long before the kernel takes more. */
  async #ask(socket: Socket, known: Progress, now: number): Promise<void> {
    known.askedAtMs = now;
    const unconfirmed = await unconfirmedBytes(socket);
    if (unconfirmed !== undefined && known.unconfirmed !== undefined && unconfirmed < known.unconfirmed) {
      known.sinceMs = monotonicMs();
      if (this.#progress.get(socket) === known) this.#actions.setQuiet(socket, false);
    }
    known.unconfirmed = unconfirmed;
  }
}
