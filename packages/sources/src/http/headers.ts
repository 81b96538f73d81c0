/** Longest pause that a server is granted, in milliseconds: a day. A mistaken year must not switch a source off. */
const MAX_ASKED_MS = 86_400_000;

/**
 * Reads `Retry-After`: seconds, or a date.
 *
 * @returns Milliseconds from now, at most a day; undefined where it is neither.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterOf(headers: Headers, nowMs: number = Date.now()): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (value === "") return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_ASKED_MS);
}

/**
 * For how long an answer is fresh by its own word: `max-age` less the `Age` that it has already.
 *
 * @returns Milliseconds; 0 where it says nothing, or not to be reused.
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.2
 */
export function freshForOf(headers: Headers): number {
  const cacheControl = headers.get("cache-control") ?? "";
  if (/(?:^|[\s,])no-(?:cache|store)\b/i.test(cacheControl)) return 0;
  const seconds = Number(/(?:^|[\s,])max-age="?(\d+)/i.exec(cacheControl)?.[1] ?? 0);
  const age = Number(/^\s*(\d+)\s*$/.exec(headers.get("age") ?? "")?.[1] ?? 0);
  return Math.min(Math.max(seconds - age, 0) * 1000, MAX_ASKED_MS);
}
