/** The news' refusals: code → status and title. */
const PROBLEMS = {
  not_found: [404, "Nothing is served at this address."],
  method_not_allowed: [405, "The address does not accept this method."],
  origin_forbidden: [403, "The request comes from a page of another origin."],
  unsupported_media_type: [415, "The body's media type is not one that the news read."],
  too_large: [413, "The body is larger than the news accept."],
  invalid_body: [400, "The request's body cannot be used."],
  unknown_feed: [404, "No feed has this name."],
  not_removable: [403, "The feed was not added in the page."],
  not_a_picture: [415, "The address has no picture that is passed on."],
  picture_unavailable: [502, "The picture can't be fetched."],
  busy: [503, "The news are busy."],
  unavailable: [503, "The list of feeds can't be kept right now."],
} as const;

/** Answers with problem details (RFC 9457), in the hub's shape. */
export function problem(code: keyof typeof PROBLEMS, detail: string, headers: Record<string, string> = {}): Response {
  const [status, title] = PROBLEMS[code];
  return new Response(JSON.stringify({ type: "about:blank", title, status, detail, code }), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...headers },
  });
}
