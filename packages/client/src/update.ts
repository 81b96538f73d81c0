/** What a publisher sends. */
export interface UpdateInput {
  /** The topic that changed, or several: the first is canonical, the others alternate. At most 100 of 2,048 bytes. */
  readonly topic: string | readonly string[];
  /**
   * The new content. Text is sent as it is, but that CR and CRLF reach the subscriber as LF; anything else that JSON can carry is sent as its JSON,
   * null too. Default: empty. Bytes, promises and what has no JSON: `invalid_data`.
   */
  readonly data?: unknown;
  /** The event id, at most 255 bytes. Should be unique within the hub, and ASCII, for some clients can't resume from others. Default: the hub makes one. */
  readonly id?: string | undefined;
  /**
   * The event type, at most 255 bytes; `EventSource` dispatches it under this name. Default: `message`. Avoid `error` and `open`, which are
   * `EventSource`'s own.
   */
  readonly type?: string | undefined;
  /** Tells the subscriber to wait this long before it reconnects, in milliseconds. The hub brings it within its `publishedRetryMs`, 500 to 300,000 by default. */
  readonly retry?: number | undefined;
  /** Whether only subscribers with a grant on one of its topics may receive it. Default: false. */
  readonly private?: boolean | undefined;
  /** Deliver it this much later, in milliseconds, up to a year. It survives a restart. Not together with `deliverAt`. */
  readonly delayMs?: number | undefined;
  /** Deliver it at this time, up to a year ahead; at once where it has passed. */
  readonly deliverAt?: Date | undefined;
  /** It is not delivered or replayed when this much time has passed since it was published, or was due; in milliseconds. Default: no end. */
  readonly ttlMs?: number | undefined;
}
