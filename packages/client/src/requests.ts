import { ClientError, errorOfResponse, parseObject, readText, silence } from "./error.ts";
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
 * Sends a request, and discards the rest of the answer after `use`.
 *
 * @throws ClientError `timeout`, the errors of `fetch` and `use`, or the signal's reason.
 */
export async function exchange<T>({ fetch, url, init, timeoutMs, signal }: Exchange, use: (response: Response) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const answer = async (): Promise<T> => use(await send(fetch, url, { ...init, signal: controller.signal }));
  try {
    return await within(timeoutMs, signal, () => silence(timeoutMs), answer);
  } finally {
    controller.abort();
  }
}

/** Longest answer, in characters. The hub's have a mebibyte, or one larger update. */
const MAX_ANSWER_LENGTH = 2 ** 25;

/**
 * Sends a request whose answer is a JSON object.
 *
 * @returns An empty object for any other text.
 * @throws ClientError `timeout`, `event_too_large` or the hub's refusal. Also the errors of `fetch`,
 *   and the signal's reason.
 */
export async function exchangeObject({ init, ...rest }: Exchange): Promise<Readonly<Record<string, unknown>>> {
  const headers = new Headers(init.headers);
  headers.set("accept", "application/json");
  return exchange({ ...rest, init: { ...init, headers } }, async (response) => {
    if (!response.ok) throw await errorOfResponse(response);
    return parseObject(await readText(response, MAX_ANSWER_LENGTH));
  });
}

/** Adds a token to request headers. */
export function withToken(init: RequestInit["headers"], token: string | undefined): Headers {
  const headers = new Headers(init);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  return headers;
}

/** Longest URL that every server takes, in characters. A longer query becomes the body of a `QUERY`. */
const MAX_URL_LENGTH = 4000;

/**
 * Sends a request whose query may be long.
 *
 * @throws ClientError `http_error` for an answer of another origin, and for a redirect that `init`
 *   forbids to follow. Also the errors of `fetch`.
 */
export async function send(fetch: Exchange["fetch"], url: URL, init: RequestInit): Promise<Response> {
  const asked = { ...init, cache: "no-store" } as const;
  const response = await (init.method !== undefined || url.href.length < MAX_URL_LENGTH
    ? fetch(url, asked)
    : fetch(new URL(url.pathname, url), { ...asked, method: "QUERY", body: url.searchParams }));
  const { status } = response;
  // Browsers hide the status of a redirect that is not followed behind 0.
  if ((status < 400 && !response.ok) || (response.redirected && !response.url.startsWith(`${url.origin}/`))) {
    throw new ClientError("The server redirects. Check the URL.", { code: "http_error", status });
  }
  return response;
}
