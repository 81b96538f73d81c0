import type { Socket } from "node:net";
import { every, monotonicMs } from "../../core/scheduler.ts";
import { cutSocket } from "./cut-socket.ts";
import { pendingBytes } from "./socket-handle.ts";
import { unconfirmedBytes } from "./unconfirmed.ts";

/** Interval of the checks whether an ended stream's peer takes bytes, in milliseconds. */
const LOOK_MS = 1000;
/** Longest time without any taken byte, in milliseconds. */
const QUIET_MS = 5000;
/** Longest time for the whole end, in milliseconds. */
const LONGEST_MS = 60_000;

/**
 * Waits until an ended stream's peer has closed its side too, and so has read everything. A peer
 * that takes nothing is cut. Closed in order, its socket would stay with the kernel for minutes,
 * with megabytes.
 */
export class Farewell {
  readonly #socket: Socket;
  readonly #stop: () => void;
  readonly #beganAtMs: number = monotonicMs();
  #takenAtMs: number = this.#beganAtMs;
  #pendingBytes: number;
  /** Undefined while unknown. */
  #unconfirmedBytes: number | undefined;
  #isTaken = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#pendingBytes = pendingBytes(socket);
    this.#stop = every(LOOK_MS, () => void this.#look());
  }

  stop(): void {
    this.#stop();
  }

  /** Closes the socket now. A peer that is still reading, or has read everything, is not reset. */
  close(): void {
    if (this.#isTaken) this.#socket.destroy();
    else cutSocket(this.#socket);
  }

  async #look(): Promise<void> {
    const unconfirmed = await unconfirmedBytes(this.#socket);
    if (this.#socket.destroyed) return;
    const now = monotonicMs();
    const pending = pendingBytes(this.#socket);
    const isLess = unconfirmed !== undefined && this.#unconfirmedBytes !== undefined && unconfirmed < this.#unconfirmedBytes;
    if (isLess || pending !== this.#pendingBytes) {
      this.#takenAtMs = now;
      this.#isTaken = true;
    }
    this.#unconfirmedBytes = unconfirmed;
    this.#pendingBytes = pending;
    const isQuiet = now - this.#takenAtMs >= QUIET_MS;
    // If the system does not tell, the kernel may still hold bytes.
    if (pending === 0 && (unconfirmed ?? 0) === 0) this.#isTaken = true;
    else if (isQuiet) this.#isTaken = false;
    if (isQuiet || now - this.#beganAtMs >= LONGEST_MS) this.close();
  }
}
