/** An update to publish. */
export interface UpdateInput {
  /**
   * The topic that changed, or several. The first is canonical, the others are alternates. At most
   * 100 topics of 2,048 bytes.
   */
  readonly topic: string | readonly string[];
  /**
   * The new content. Text is sent unchanged, except that CR and CRLF reach the subscriber as LF.
   * Any other JSON value is sent as its JSON, including null. Default: empty. Bytes, promises and
   * values without JSON fail with `invalid_data`.
   */
  readonly data?: unknown;
  /**
   * The event id, at most 255 bytes. Use ids that are unique within the hub and ASCII, because some
   * clients can't resume from others. Default: the hub makes one.
   */
  readonly id?: string | undefined;
  /**
   * The event type, at most 255 bytes. `EventSource` dispatches the event under this name. Default:
   * `message`. Avoid `error` and `open`, which are `EventSource`'s own.
   */
  readonly type?: string | undefined;
  /**
   * Tells the subscriber to wait this long before reconnecting, in milliseconds. The hub brings the
   * value within its `publishedRetryMs`, 500 to 300,000 by default.
   */
  readonly retry?: number | undefined;
  /**
   * Whether only subscribers with a grant on one of the topics may receive the update. Default:
   * false.
   */
  readonly private?: boolean | undefined;
  /**
   * Delays the delivery by this much, in milliseconds, up to a year. The delay survives a restart.
   * Not together with `deliverAt`.
   */
  readonly delayMs?: number | undefined;
  /** Delivers the update at this time, up to a year ahead. A past time delivers at once. */
  readonly deliverAt?: Date | undefined;
  /**
   * Time to live after publishing or after the due time, in milliseconds. An expired update is
   * neither delivered nor replayed. Default: no end.
   */
  readonly ttlMs?: number | undefined;
}
