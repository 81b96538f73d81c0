/** The news' refusals: code → status and title. */
const PROBLEMS = {
  not_found: [404, "Nothing is served at this address."],
  method_not_allowed: [405, "The address does not accept this method."],
} as const;

/** Answers with problem details (RFC 9457), in the hub's shape. */
export function problem(code: keyof typeof PROBLEMS, detail: string, headers: Record<string, string> = {}): Response {
  const [status, title] = PROBLEMS[code];
  return new Response(JSON.stringify({ type: "about:blank", title, status, detail, code }), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", ...headers },
  });
}
