/** The stocks' refusals: code → status and title. Codes are stable, because pages compare them. */
const PROBLEMS = {
  not_found: [404, "Nothing is served at this address."],
  unknown_symbol: [404, "There is no price of this symbol."],
  invalid_step: [400, "There are no candles of this length."],
  method_not_allowed: [405, "The address does not accept this method."],
  unavailable: [503, "The history is still being read."],
} as const;

/** Answers with problem details (RFC 9457), in the hub's shape. */
export function problem(code: keyof typeof PROBLEMS, detail: string, headers: Record<string, string> = {}): Response {
  const [status, title] = PROBLEMS[code];
  return new Response(JSON.stringify({ type: "about:blank", title, status, detail, code }), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
  });
}
