import { discard } from "./error.ts";
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
  /** Called with the new token of the stream. */
  readonly onRenewed: (token: string) => void;
}

/** Renews the token of one connection while its stream is read. */
export interface Renewal {
  /**
   * Acts on a `hub:expiring` event. Returns at once and never fails. A stream that was not renewed
   * ends with its token, and the next stream is opened with another.
   */
  expiring(data: string): void;
  /** Gives up, because the connection is gone. */
  close(): void;
}

/** Creates a renewal, which starts at the first `hub:expiring`. */
export function createRenewal(options: RenewalOptions): Renewal {
  const { tokens, base, timeoutMs } = options;
  let attempt: AbortController | undefined;

  async function renew(subscriber: string | undefined, controller: AbortController): Promise<void> {
    const { signal } = controller;
    // The next connection must not present the expiring token, even if the renewal fails.
    tokens.drop();
    const token = await tokens.take(timeoutMs, signal);
    if (subscriber === undefined || token === undefined) return;
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/, "")}/subscribers/${subscriber}`;
    const headers = new Headers(options.headers);
    headers.set("authorization", `Bearer ${token}`);
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    try {
      const response = await options.fetch(url, { method: "POST", headers, cache: "no-store", signal });
      if (response.ok) options.onRenewed(token);
      if (response.status === 401) tokens.drop(token);
      await discard(response);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    expiring(data) {
      if (!tokens.renewable || attempt !== undefined) return;
      attempt = new AbortController();
      renew(subscriberOf(data), attempt)
        // The end of the stream and the error of the next connection tell more than this error.
        .catch(() => undefined)
        .finally(() => {
          attempt = undefined;
        });
    },
    close() {
      attempt?.abort();
    },
  };
}

/**
 * Returns the URL below which the hub takes new tokens: the stream's own path. The alias has
 * nothing below its path, so the hub's path replaces it.
 */
export function renewalBase(stream: URL, configured: URL | undefined): URL {
  const base = new URL(configured ?? stream);
  if (configured === undefined && stream.pathname === "/events/stream") base.pathname = "/.well-known/mercure";
  base.search = "";
  base.hash = "";
  return base;
}

/**
 * Reads the subscriber's id, which becomes a path segment. Returns undefined for an unusable id.
 */
function subscriberOf(data: string): string | undefined {
  try {
    const value: unknown = JSON.parse(data);
    const id: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "subscriber") : undefined;
    return typeof id === "string" && /^[\w-]{1,255}$/.test(id) ? id : undefined;
  } catch {
    // No renewal is possible. The next connection gets another token.
    return undefined;
  }
}
