import { silence } from "./error.ts";
import { within } from "./waits.ts";

/** One request with a short answer. */
export interface Exchange {
  readonly fetch: typeof fetch;
  readonly url: URL;
  readonly init: RequestInit;
  /** Longest wait for the answer and its use, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a request, and discards what `use` leaves of the answer.
 *
 * @throws ClientError `timeout`, what `fetch` and `use` throw, or the signal's reason.
 */
export async function exchange<T>({ fetch, url, init, timeoutMs, signal }: Exchange, use: (response: Response) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const answer = async (): Promise<T> => use(await fetch(...addressed(url, { ...init, cache: "no-store", signal: controller.signal })));
  try {
    return await within(timeoutMs, signal, () => silence(timeoutMs), answer);
  } finally {
    controller.abort();
  }
}

/** Adds a token to request headers. */
export function withToken(init: RequestInit["headers"], token: string | undefined): Headers {
  const headers = new Headers(init);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  return headers;
}

/** Longest URL that every server takes, in characters. A longer query becomes the body of a `QUERY`. */
const MAX_URL_LENGTH = 4000;

/** The arguments of `fetch` for a request whose query may be long. */
export function addressed(url: URL, init: RequestInit): [URL, RequestInit] {
  if (init.method !== undefined || url.href.length < MAX_URL_LENGTH) return [url, init];
  return [new URL(url.pathname, url), { ...init, method: "QUERY", body: url.searchParams }];
}
