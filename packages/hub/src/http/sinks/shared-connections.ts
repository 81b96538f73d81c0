import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { afterThisTurn, every, monotonicMs } from "../../core/scheduler.ts";
import type { UnreadLimits } from "./unread-answers.ts";

/** Interval of the checks, in milliseconds. */
const LOOK_MS = 500;

/** Error codes of RFC 9113. */
const CODES = { cancel: 8, enhanceYourCalm: 11 } as const;

/** Actions on connections of HTTP/2. */
export interface SharedActions {
  /** Reports whether a connection has no stream. */
  readonly setQuiet: (socket: Socket, isQuiet: boolean) => void;
  /** Reports a connection that is about to be cut. */
  readonly cut: (socket: Socket) => void;
}

/** A stream's bytes that wait for its peer, and since when they are as many. */
interface Waiting {
  bytes: number;
  sinceMs: number;
}

interface Shared {
  readonly socket: Socket;
  readonly streams: Map<ServerHttp2Stream, Waiting>;
}

/**
 * Tracks the connections of HTTP/2, of which each carries many answers. A stream whose peer takes
 * nothing is cancelled, and the others go on. If all peers together leave too much unread, the
 * connections that hold most are cut.
 */
export class SharedConnections {
  readonly #limits: UnreadLimits;
  readonly #actions: SharedActions;
  readonly #sessions = new Map<ServerHttp2Session, Shared>();
  #stop: (() => void) | undefined;

  constructor(limits: UnreadLimits, actions: SharedActions) {
    this.#limits = limits;
    this.#actions = actions;
  }

  watch(session: ServerHttp2Session, socket: Socket): void {
    const streams: Shared["streams"] = new Map();
    this.#sessions.set(session, { socket, streams });
    this.#stop ??= every(Math.min(LOOK_MS, this.#limits.writeStallMs / 4), () => this.#look());
    session.on("stream", (stream) => {
      if (streams.size === 0) this.#actions.setQuiet(socket, false);
      streams.set(stream, { bytes: 0, sinceMs: monotonicMs() });
      stream.once("close", () => {
        streams.delete(stream);
        if (streams.size === 0) this.#actions.setQuiet(socket, true);
      });
    });
    session.once("close", () => {
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) this.stop();
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #look(): void {
    const now = monotonicMs();
    const held = Array.from(this.#sessions, ([session, shared]) => ({ session, shared, bytes: this.#measure(shared, now) }));
    let total = held.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.#limits.heldBytes) return;
    for (const { session, shared, bytes } of held.toSorted((a, b) => b.bytes - a.bytes)) {
      if (total <= this.#limits.heldBytes) return;
      total -= bytes;
      this.#actions.cut(shared.socket);
      session.goaway(CODES.enhanceYourCalm);
      // Node 20 hangs if a session is destroyed while it closes one of its streams.
      afterThisTurn(() => session.destroy());
    }
  }

  /** @returns The bytes that the connection's streams hold. */
  #measure({ streams }: Shared, now: number): number {
    let total = 0;
    for (const [stream, waiting] of streams) {
      const bytes = stream.writableLength;
      total += bytes;
      if (bytes === 0 || bytes !== waiting.bytes) waiting.sinceMs = now;
      else if (now - waiting.sinceMs >= this.#limits.writeStallMs) stream.close(CODES.cancel);
      waiting.bytes = bytes;
    }
    return total;
  }
}
