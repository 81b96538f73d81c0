import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest, Http2Session, ServerHttp2Stream } from "node:http2";
import { afterThisTurn, monotonicMs } from "../../core/scheduler.ts";

/** Allowed stream resets of a peer on one HTTP/2 connection. */
export interface StreamResetLimits {
  /** Most resets at once. */
  readonly burst: number;
  /** Most resets a second, in the long run. */
  readonly perSecond: number;
}

export const DEFAULT_STREAM_RESETS: StreamResetLimits = { burst: 100, perSecond: 33 };

/** `ENHANCE_YOUR_CALM` of RFC 9113: "the endpoint detected that its peer is exhibiting a behavior that might be generating excessive load". */
const ENHANCE_YOUR_CALM = 11;

interface Count {
  /** Negative once the connection is about to be closed. */
  left: number;
  countedAtMs: number;
}

/**
 * Closes HTTP/2 connections whose peer sends and cancels requests over and over ("rapid reset",
 * CVE-2023-44487). Each request costs the hub work. The peer pays nothing, and does not even use up
 * its concurrent streams.
 */
export class StreamResets {
  readonly #limits: StreamResetLimits;
  readonly #counts = new WeakMap<Http2Session, Count>();

  constructor(limits: StreamResetLimits) {
    this.#limits = limits;
  }

  /** Watches the stream of a request. Call for each HTTP/2 request. */
  watch(req: IncomingMessage | Http2ServerRequest): void {
    const stream = http2Stream(req);
    const session = stream?.session;
    if (stream === undefined || session === undefined || this.#limits.burst === Infinity) return;
    stream.once("close", () => {
      // A peer may reset without an error too. A stream that ends with its connection is no reset.
      if ((stream.rstCode === 0 && !stream.aborted) || session.destroyed || this.#takeOne(session)) return;
      session.goaway(ENHANCE_YOUR_CALM);
      // Node 20 hangs if a session is destroyed while it closes one of its streams.
      afterThisTurn(() => session.destroy());
    });
  }

  /** @returns False for the first reset beyond the limits. */
  #takeOne(session: Http2Session): boolean {
    const { burst, perSecond } = this.#limits;
    const now = monotonicMs();
    const count = this.#counts.get(session) ?? { left: burst, countedAtMs: now };
    if (count.left < 0) return true;
    this.#counts.set(session, count);
    count.left = Math.min(burst, count.left + ((now - count.countedAtMs) * perSecond) / 1000) - 1;
    count.countedAtMs = now;
    return count.left >= 0;
  }
}

/** The HTTP/2 stream of a request, by Node's compatibility API. Undefined for another request. */
export function http2Stream(req: IncomingMessage | Http2ServerRequest): ServerHttp2Stream | undefined {
  return req.httpVersionMajor === 2 && "stream" in req ? req.stream : undefined;
}
