/** A code of the chat's problem details. Codes are stable, because pages compare them. */
export type ProblemCode =
  | "not_found"
  | "method_not_allowed"
  | "unauthorized"
  | "invalid_token"
  | "insufficient_scope"
  | "muted"
  | "not_owner"
  | "invalid_body"
  | "invalid_query"
  | "invalid_message"
  | "invalid_nickname"
  | "unsupported_media_type"
  | "too_large"
  | "too_many_messages"
  | "too_many_tokens"
  | "too_many_pages"
  | "unavailable";

/** The chat's refusals: code → status and title. */
const PROBLEMS: Record<ProblemCode, readonly [number, string]> = {
  not_found: [404, "Nothing is served at this address."],
  method_not_allowed: [405, "The address does not accept this method."],
  unauthorized: [401, "The request needs an access token."],
  invalid_token: [401, "The access token is not accepted."],
  insufficient_scope: [403, "The access token does not allow this."],
  muted: [403, "The owner of the chat has muted this visitor."],
  not_owner: [403, "Only the owner of the chat may do this."],
  invalid_body: [400, "The request's body cannot be used."],
  invalid_query: [400, "The address's query cannot be used."],
  invalid_message: [400, "A part of the message cannot be used."],
  invalid_nickname: [400, "The nickname cannot be used."],
  unsupported_media_type: [415, "The body's media type is not one that the chat reads."],
  too_large: [413, "The body is larger than the chat accepts."],
  too_many_messages: [429, "Too many messages in a short time."],
  too_many_tokens: [429, "Too many access tokens in a short time."],
  too_many_pages: [429, "Too many requests for old messages or unread counts in a short time."],
  unavailable: [503, "The chat is not ready."],
};

/** Answers 429 with the time to wait. */
export function tooMany(code: "too_many_messages" | "too_many_tokens" | "too_many_pages", what: string, waitMs: number): Response {
  const seconds = Math.ceil(waitMs / 1000);
  return problem(code, `Wait ${seconds} s, ${what}.`, { "Retry-After": String(seconds) });
}

/**
 * Answers with problem details (RFC 9457), in the hub's shape.
 *
 * @param reason - Names the fault more closely than the code, for pages in other languages.
 */
export function problem(code: ProblemCode, detail: string, headers: Record<string, string> = {}, reason?: string): Response {
  const [status, title] = PROBLEMS[code];
  return new Response(JSON.stringify({ type: "about:blank", title, status, detail, code, reason }), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
  });
}
