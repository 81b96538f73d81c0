import { type ErrorCode, ERROR_CODES, HubError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { BodyReadError } from "../request.ts";
import { type FaultLog, faultLogOf } from "./fault-log.ts";
import type { Reply } from "./reply.ts";

/** The status of each refusal. Exhaustive: a new code does not compile without one. */
export const STATUS_BY_CODE: Readonly<Record<ErrorCode, number>> = {
  missing_topic: 400,
  invalid_topic: 400,
  reserved_topic: 400,
  invalid_id: 400,
  invalid_type: 400,
  invalid_time: 400,
  invalid_retry: 400,
  invalid_data: 400,
  invalid_body: 400,
  invalid_pace: 400,
  invalid_fields: 400,
  invalid_page: 400,
  invalid_matcher: 400,
  unknown_matcher: 400,
  missing_matcher: 400,
  too_many_matchers: 400,
  too_large: 413,
  invalid_idempotency_key: 400,
  idempotency_key_reused: 422,
  idempotency_unsupported: 501,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  method_not_allowed: 405,
  not_found: 404,
  unauthorized: 401,
  invalid_token: 401,
  keys_unavailable: 503,
  insufficient_scope: 403,
  invalid_request: 400,
  malformed_request: 400,
  headers_too_large: 431,
  request_timeout: 408,
  invalid_host: 400,
  origin_forbidden: 403,
  host_unknown: 421,
  too_many_connections: 429,
  too_many_patterns: 429,
  overloaded: 503,
  too_many_scheduled: 507,
  too_many_revocations: 507,
  draining: 503,
  journal_full: 507,
  journal_unavailable: 503,
  outcome_unknown: 504,
  internal: 500,
};

/** Seconds after which another attempt may help, sent as `Retry-After`. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  overloaded: 10,
  draining: 2,
  journal_unavailable: 2,
  outcome_unknown: 2,
};

/**
 * The details of an internal error for the peer. They tell nothing, except of a mistake that stops
 * every publisher and reveals no secret.
 */
function internalDetail(error: unknown): string {
  return error instanceof BodyReadError ? error.message : "The hub failed to answer. Its log says why.";
}

/** The peer's view of an error: the hub's own error, or `internal`. */
export function failureOf(error: unknown): HubError {
  return error instanceof HubError ? error : new HubError("internal", internalDetail(error), { cause: error });
}

/**
 * Makes the answer to a failure: problem details with the remedy. An error that is not a {@link
 * HubError} is logged, and the answer reveals nothing of it.
 *
 * @param faults - The log of faults. Default: the one shared by all users of the logger.
 * @see RFC 9457.
 */
export function problemReply(error: unknown, logger: Logger, faults: FaultLog = faultLogOf(logger)): Reply {
  const known = failureOf(error);
  const status = STATUS_BY_CODE[known.code];
  faults.note(known);
  const headers: Record<string, string> = { "Content-Type": "application/problem+json", "Cache-Control": "no-store" };
  const retryAfter = known.retryAfterMs === undefined ? RETRY_AFTER[known.code] : Math.max(1, Math.ceil(known.retryAfterMs / 1000));
  // All 401 for tokens are alike. Only an EventSource with a cookie is told, in its stream, that a
  // genuine token has ended.
  if (retryAfter !== undefined && known.code !== "invalid_token") headers["Retry-After"] = String(retryAfter);
  const problem = { type: "about:blank", title: ERROR_CODES[known.code], status, detail: known.message, code: known.code };
  return { status, headers, body: `${JSON.stringify(problem)}\n` };
}
