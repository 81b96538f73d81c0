/**
 * A round failed in a way that may pass: no answer, an answer that refuses, or one that makes no sense.
 * `pollLoop` reports it and tries again; every other error ends the run.
 */
export class TemporaryError extends Error {
  override readonly name: string = "TemporaryError";
}

/** Why an HTTP request brought nothing. */
export type HttpFailure =
  /** No connection, or none that held. */
  | "unreachable"
  /** No whole answer in time. */
  | "timeout"
  /** The answer broke off, or its compression makes no sense. */
  | "broken"
  /** The body is larger than it may be. */
  | "too_large"
  /** Too many redirects, a circle of them, or one that must not be followed. */
  | "redirect"
  /** The status is neither a success nor 304. */
  | "status";

/** What is known of a failed request, beside the message. */
export interface HttpErrorDetails {
  readonly code: HttpFailure;
  /** The status of the answer; undefined where there was none. */
  readonly status?: number | undefined;
  /** What the answer's `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A request that brought nothing. The message names the address without its query, which often holds a key. */
export class HttpError extends TemporaryError {
  override readonly name = "HttpError";
  readonly code: HttpFailure;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: HttpErrorDetails) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}
