/**
 * A round failed in a way that may pass: no answer, a refusal, or an answer that makes no sense.
 * `pollLoop` reports this error and tries again. Every other error ends the run.
 */
export class TemporaryError extends Error {
  override readonly name: string = "TemporaryError";
}

/** The reason why an HTTP request failed. */
export type HttpFailure =
  /** No connection, or a connection that broke. */
  | "unreachable"
  /** No whole answer in time. */
  | "timeout"
  /** The answer broke off, or its compression is invalid. */
  | "broken"
  /** The body exceeds its bound. */
  | "too_large"
  /** Too many redirects, a circle of redirects, or a redirect that must not be followed. */
  | "redirect"
  /** The status is neither a success nor 304. */
  | "status"
  /** The address, or one that it redirects to, may not be asked (`allowAddress`). */
  | "forbidden";

/** Facts about a failed request, beside the message. */
export interface HttpErrorDetails {
  readonly code: HttpFailure;
  /** The status of the answer, or undefined if there was no answer. */
  readonly status?: number | undefined;
  /** The wait that the answer's `Retry-After` asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A failed request. The message names the address without its query, which often holds a key. */
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
