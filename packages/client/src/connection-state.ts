/**
 * State of a connection.
 * - `connecting`: the first attempt, or nothing to connect for yet
 * - `catching-up`: the stream is open again and brings the missed updates
 * - `live`
 * - `offline`: the stream was lost or refused. See `reason` and `nextAttemptAt`.
 * - `closed`: by `close()`
 */
export interface ConnectionState {
  readonly status: "connecting" | "catching-up" | "live" | "offline" | "closed";
  /** How updates arrive. `polling` where no stream gets through. */
  readonly transport: "stream" | "polling";
  /**
   * Why the connection is offline, in words. While `live`, why the stream will end with its token.
   */
  readonly reason: string | undefined;
  /** HTTP status of the answer that was no stream. Undefined without such an answer. */
  readonly httpStatus: number | undefined;
  /**
   * When the next attempt is made, in milliseconds since 1970. Undefined while the tab is hidden and
   * paused.
   */
  readonly nextAttemptAt: number | undefined;
}

/** The state of a connection that has not been tried. */
export const NO_STATE: ConnectionState = {
  status: "connecting",
  transport: "stream",
  reason: undefined,
  httpStatus: undefined,
  nextAttemptAt: undefined,
};
