import type { TokenSource } from "./token.ts";

/**
 * State of a subscription.
 * - `connecting`: the first attempt
 * - `live`: the stream is open
 * - `reconnecting`: the stream was lost or could not be opened, and is requested again after a
 *   while
 * - `closed`
 */
export type SubscriptionState = "connecting" | "live" | "reconnecting" | "closed";

/** Why a subscription reconnects. */
export interface StateDetail {
  /** The reason in words. Undefined unless `reconnecting`. */
  readonly reason: string | undefined;
  /** HTTP status of the answer that was no stream. Undefined without such an answer. */
  readonly httpStatus: number | undefined;
  /** The delay before the next attempt, in milliseconds. Undefined unless `reconnecting`. */
  readonly delayMs: number | undefined;
  /** Whether updates are polled for, because no stream gets through. */
  readonly polls: boolean;
}

/** Options of one stream. */
export interface FollowOptions {
  /**
   * The event id to resume after. `earliest` starts with the oldest update held. Default: from now
   * on.
   */
  readonly lastEventId?: string | undefined;
  /**
   * Sent as `Authorization: Bearer`, never in the URL. A function lets the client renew the token
   * while the stream is open, and replace a refused token. With a string, 401 ends the
   * subscription.
   */
  readonly token?: TokenSource | undefined;
  /**
   * The hub's own URL, where `/subscribers/ID` takes new tokens. Default: the path of `url`, or
   * `/.well-known/mercure` for `/events/stream`.
   */
  readonly renewUrl?: string | URL | undefined;
  /** Further request headers. */
  readonly headers?: NonNullable<RequestInit["headers"]>;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /** Replaces `fetch`, for example to add credentials. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Called on each change of state. */
  readonly onState?: (state: SubscriptionState, detail: StateDetail) => void;
  /**
   * Delay before reconnecting until the server sets another by `retry:`, in milliseconds. Default
   * 1,000.
   */
  readonly retryMs?: number;
  /**
   * Longest delay after repeated failures, in milliseconds. The server may ask for more. Default
   * 30,000.
   */
  readonly maxRetryMs?: number;
  /**
   * Shortest reconnection time that the server may set by `retry:`, in milliseconds. A shorter time
   * is raised to this value. Default 500.
   */
  readonly retryFloorMs?: number | undefined;
  /**
   * Longest wait that the server may ask for by `retry:`, `Retry-After` or `hub:drain`, in
   * milliseconds. A longer wait is cut to this value, and up to a quarter is added at random.
   * Default 300,000.
   */
  readonly retryCeilingMs?: number | undefined;
  /**
   * How long foreign answers count as a proxy's outage once a stream was open, in milliseconds. A
   * foreign answer is a failure without the hub's code, or a page instead of a stream. The clock
   * starts at the first in a row. Then the iteration throws. Infinity never throws, 0 throws at
   * once. Default 300,000.
   */
  readonly giveUpAfterMs?: number | undefined;
  /**
   * A stream without a byte for this long counts as dead and is requested again, in milliseconds.
   * Default 60,000, and 40,000 with `connect`. Longer than the heartbeat of the hub, 25 s by default.
   */
  readonly idleTimeoutMs?: number;
  /** Most characters of one event, comments not counted. A longer event throws. Default 16 Mi. */
  readonly maxEventLength?: number;
}
