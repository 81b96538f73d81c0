/**
 * Longest pause that a server is granted, a day in milliseconds. A mistaken year must not switch a
 * source off.
 */
const MAX_ASKED_MS = 86_400_000;

/**
 * Reads `Retry-After`, as seconds or a date.
 *
 * @returns Milliseconds from now, at most a day, or undefined for any other text.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterOf(headers: Headers, nowMs: number = Date.now()): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (value === "") return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_ASKED_MS);
}

/**
 * Computes how long an answer stays fresh: `max-age` less its `Age`.
 *
 * @returns Milliseconds. 0 without a statement, or if reuse is forbidden.
 * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.2
 */
export function freshForOf(headers: Headers): number {
  const cacheControl = headers.get("cache-control") ?? "";
  if (/(?:^|[\s,])no-(?:cache|store)\b/i.test(cacheControl)) return 0;
  const seconds = Number(/(?:^|[\s,])max-age="?(\d+)/i.exec(cacheControl)?.[1] ?? 0);
  const age = Number(/^\s*(\d+)\s*$/.exec(headers.get("age") ?? "")?.[1] ?? 0);
  return Math.min(Math.max(seconds - age, 0) * 1000, MAX_ASKED_MS);
}
