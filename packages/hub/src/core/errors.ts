/**
 * Every refusal of Artesian in one table. Each code has its meaning and what to change.
 * `docs/reference/errors.md` documents each code (a test compares the two). `http/` maps each code to a
 * status.
 */
export const ERROR_CODES = {
  missing_topic: "An update needs at least one topic.",
  invalid_topic: "A topic is empty, malformed, or has control or format characters.",
  reserved_topic: "A topic is `*`, lies below the hub's own path, or is kept for the hub's own process.",
  invalid_id: "An event id has characters that cannot travel in a header, starts with `#`, or is `earliest`.",
  invalid_type: "An event type has control or format characters, or is reserved for the hub.",
  invalid_time: "A delay, a time of delivery or a time to live is not valid.",
  invalid_retry: "A reconnection time is not a whole number of milliseconds.",
  invalid_data: "The data is not valid Unicode text, has no JSON, or is nested too deep.",
  invalid_body: "The request's body cannot be parsed.",
  invalid_pace: "The pace of a subscription is not valid.",
  invalid_fields: "The further fields of a subscription's events are not valid.",
  invalid_page: "A page of a list begins after nothing that the list can have.",
  invalid_matcher: "A matcher's value is not valid for its type.",
  unknown_matcher: "A parameter that starts with `match` names no known matcher type.",
  missing_matcher: "A subscription needs at least one matcher.",
  too_many_matchers: "A subscription has more matchers than the hub accepts.",
  too_large: "A part of the request is larger than the hub accepts.",
  invalid_idempotency_key: "An idempotency key is empty, too long, or not printable ASCII.",
  idempotency_key_reused: "The idempotency key belongs to another request.",
  idempotency_unsupported: "The hub's journal cannot keep idempotency keys.",
  unsupported_media_type: "The hub does not read the body's media type.",
  unsupported_encoding: "The body is compressed, which the hub does not read.",
  method_not_allowed: "The address does not accept this method.",
  not_found: "Nothing is served at this address.",
  unauthorized: "The request needs an access token, or a session of the application.",
  invalid_token: "The access token is not accepted.",
  keys_unavailable: "The keys of the access token's issuer cannot be fetched.",
  insufficient_scope: "The access token, or the session of the application, does not allow this.",
  invalid_request: "The access token is presented in a way that cannot be read.",
  malformed_request: "The request is not valid HTTP.",
  headers_too_large: "The request's header is larger than the server accepts.",
  request_timeout: "The request took longer than the server waits.",
  invalid_host: "The request names several hosts.",
  origin_forbidden: "The request comes from a web page that may not publish here.",
  host_unknown: "The request names a host that this server does not answer for.",
  too_many_connections: "The address holds as many connections as it may.",
  too_many_patterns: "The address has as many different patterns as it may.",
  overloaded:
    "The hub holds as many connections or patterns as it may, or gets more new connections, subscriptions with `last`, or bytes of request bodies, than it takes at a time.",
  too_many_scheduled: "The hub keeps as many scheduled updates as it may.",
  too_many_revocations: "The hub keeps as many revocations as it may.",
  draining: "The hub is shutting down.",
  journal_full: "The journal's disk is full.",
  journal_unavailable: "The journal cannot be reached.",
  outcome_unknown: "The journal did not answer. The request may or may not have been carried out.",
  internal: "Something failed inside the hub.",
} as const;

/** A code of {@link ERROR_CODES}. Codes are stable: programs may compare them. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Thrown by every refusal. The message says what to change and is safe to show to the caller. The
 * underlying error is in `cause` and never leaves the process.
 */
export class HubError extends Error {
  override readonly name = "HubError";
  readonly code: ErrorCode;
  /**
   * Milliseconds from now after which a retry may help, or undefined if the code alone tells.
   */
  readonly retryAfterMs: number | undefined;

  /**
   * @param code - What was refused.
   * @param detail - What was wrong here and what to change, safe to show to the caller.
   * @param options - `cause`: the underlying error, for logs only. `retryAfterMs`: milliseconds
   *   from now after which a retry may help.
   */
  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown; retryAfterMs?: number }) {
    super(detail, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
