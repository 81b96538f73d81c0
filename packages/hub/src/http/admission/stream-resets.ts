import type { IncomingMessage } from "node:http";
import type { Http2Session, ServerHttp2Stream } from "node:http2";
import { afterThisTurn, monotonicMs } from "../../core/scheduler.ts";

/** How many streams a peer may reset on one connection of HTTP/2. */
export interface StreamResetLimits {
  /** At once. */
  readonly burst: number;
  /** In the long run, a second. */
  readonly perSecond: number;
}

export const DEFAULT_STREAM_RESETS: StreamResetLimits = { burst: 100, perSecond: 33 };

/** `ENHANCE_YOUR_CALM` of RFC 9113: "the endpoint detected that its peer is exhibiting a behavior that might be generating excessive load". */
const ENHANCE_YOUR_CALM = 11;

interface Count {
  left: number;
  countedAtMs: number;
}

/**
 * Closes connections of HTTP/2 whose peer asks and takes back, over and over ("rapid reset", CVE-2023-44487): each request costs the hub work, and the
 * peer nothing, not even one of the streams that it may have open at a time.
 */
export class StreamResets {
  readonly #limits: StreamResetLimits;
  readonly #counts = new WeakMap<Http2Session, Count>();

  constructor(limits: StreamResetLimits) {
    this.#limits = limits;
  }

  /** Must be called for each request of HTTP/2. */
  watch(req: IncomingMessage): void {
    const stream = http2Stream(req);
    const session = stream?.session;
    if (stream === undefined || session === undefined || this.#limits.burst === Infinity) return;
    stream.once("close", () => {
      // Those that end with their connection are no resets.
      if (stream.rstCode === 0 || session.destroyed || this.#takeOne(session)) return;
      session.goaway(ENHANCE_YOUR_CALM);
      // Node 20 hangs where a session is destroyed while it closes one of its streams.
      afterThisTurn(() => session.destroy());
    });
  }

  #takeOne(session: Http2Session): boolean {
    const { burst, perSecond } = this.#limits;
    const now = monotonicMs();
    const count = this.#counts.get(session) ?? { left: burst, countedAtMs: now };
    this.#counts.set(session, count);
    count.left = Math.min(burst, count.left + ((now - count.countedAtMs) * perSecond) / 1000) - 1;
    count.countedAtMs = now;
    return count.left >= 0;
  }
}

/** The stream of a request of HTTP/2, by Node's compatibility API; undefined for another one. */
export function http2Stream(req: IncomingMessage): ServerHttp2Stream | undefined {
  return req.httpVersionMajor === 2 && "stream" in req ? (req.stream as ServerHttp2Stream) : undefined;
}
