import { parseObject } from "./error.ts";
import { exchange, withToken } from "./requests.ts";
import type { Tokens } from "./token.ts";

/** Options for renewing the tokens of one connection. */
export interface RenewalOptions {
  readonly tokens: Tokens;
  /** The hub's URL. See {@link renewalBase}. */
  readonly base: URL;
  /** Further request headers. */
  readonly headers: RequestInit["headers"];
  readonly fetch: typeof fetch;
  /** Longest wait for the token function, and then for the hub, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Renews the token of an open stream at a `hub:expiring` event. A stream that was not renewed ends
 * with its token, and the next stream is opened with another.
 *
 * @param data - The event's data, which names the subscriber.
 * @returns The new token, or undefined if the hub did not take it.
 * @throws The errors of the token function and of `fetch`.
 */
export async function renew(
  data: string,
  { tokens, base, headers, fetch, timeoutMs }: RenewalOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  // The next connection must not present the expiring token, even if the renewal fails.
  tokens.drop();
  const token = await tokens.take(timeoutMs, signal);
  const { subscriber } = parseObject(data);
  // The id becomes a path segment.
  if (token === undefined || typeof subscriber !== "string" || !/^[\w-]{1,255}$/.test(subscriber)) return undefined;
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, "")}/subscribers/${subscriber}`;
  const init = { method: "POST", headers: withToken(headers, token) };
  return exchange({ fetch, url, init, timeoutMs, signal }, async ({ status, ok }) => {
    if (status === 401) tokens.drop(token);
    return ok ? token : undefined;
  });
}

/**
 * Returns the URL below which the hub takes new tokens: the stream's own path. The alias has
 * nothing below its path, so the hub's path replaces it.
 */
export function renewalBase(stream: URL, configured: URL | undefined): URL {
  const base = new URL(configured ?? stream);
  if (configured === undefined && stream.pathname === "/events/stream") base.pathname = "/.well-known/mercure";
  base.search = base.hash = "";
  return base;
}
