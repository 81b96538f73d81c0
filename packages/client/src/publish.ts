import type { UpdateInput } from "./update.ts";
import { ClientError, errorOfFailure } from "./error.ts";
import { checkTypes, refuseUnknown } from "./names.ts";
import { exchangeObject, withToken } from "./requests.ts";
import { createTokens, type Tokens, type TokenSource } from "./token.ts";
import { resolveUrl } from "./url.ts";

/** Options of `publish`. */
export interface PublishOptions {
  /**
   * Sent as `Authorization: Bearer`. A function is called for each publishing, and once more after
   * 401.
   */
  readonly token?: TokenSource | undefined;
  /** Further request headers. */
  readonly headers?: NonNullable<RequestInit["headers"]> | undefined;
  /**
   * Makes a retry after `unreachable` or `timeout` safe. With the same key and updates, the hub
   * publishes once and answers each attempt with the same event ids. Printable ASCII, at most 255
   * characters, such as `crypto.randomUUID()`.
   */
  readonly idempotencyKey?: string | undefined;
  /** Aborts the call. The hub may have accepted the update nevertheless. */
  readonly signal?: AbortSignal;
  /** Replaces `fetch`, for example to add credentials. Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /**
   * Longest wait for the token function, and then for the answer, in milliseconds. Default 30,000.
   */
  readonly timeoutMs?: number;
}

/** The event id of one update, or the ids of a batch in the same order. */
export type Published<T extends UpdateInput | readonly UpdateInput[]> = T extends readonly UpdateInput[] ? readonly string[] : string;

/**
 * Publishes an update or an atomic batch, of which the hub takes all or none. Resolves when the hub
 * has committed the updates.
 *
 * Only a token that the hub refused is replaced and sent once more. After `unreachable` or
 * `timeout` the outcome is unknown. Publish again if you set an `idempotencyKey`.
 *
 * @param url - The hub's URL. A page may give a relative URL.
 * @param update - One update, or an array of at least one.
 * @throws ClientError with the hub's explanation.
 * @throws TypeError for an unusable URL, token or key, or an empty batch.
 * @see docs/reference/protocol.md
 */
export async function publish<T extends UpdateInput | readonly UpdateInput[]>(
  url: string | URL,
  update: T,
  options: PublishOptions = {},
): Promise<Published<T>> {
  checkTypes(options);
  const { token, ...rest } = options;
  const ids = await publishWith(createTokens(token), url, [update].flat().map(encodeUpdate), rest);
  // A list for a list. The type system can't follow that.
  return (Array.isArray(update) ? ids : ids[0]) as Published<T>;
}

/**
 * Publishes encoded updates, with a token that other requests use as well.
 *
 * @returns The event ids.
 */
export async function publishWith(
  tokens: Tokens,
  url: string | URL,
  texts: readonly string[],
  options: Omit<PublishOptions, "token">,
): Promise<readonly string[]> {
  const { headers: extra, idempotencyKey, signal, fetch = globalThis.fetch.bind(globalThis), timeoutMs = 30_000, ...rest } = options;
  refuseUnknown(rest);
  const target = resolveUrl(url);
  if (texts.length === 0) throw new TypeError("The batch is empty.");
  const headers = new Headers(extra);
  headers.set("content-type", `application/${texts.length > 1 ? "x-nd" : ""}json`);
  if (idempotencyKey !== undefined) headers.set("idempotency-key", toHeaderString(idempotencyKey));
  for (let isFirst = true; ; isFirst = false) {
    const token = await tokens.take(timeoutMs, signal);
    try {
      // A private update is for this server alone, and after 301 to 303 `fetch` would send a GET.
      const init: RequestInit = { method: "POST", headers: withToken(headers, token), body: texts.join("\n"), redirect: "manual" };
      const { id, ids = [id] } = await exchangeObject({ fetch, url: target, init, timeoutMs, signal });
      if (Array.isArray(ids) && ids.length === texts.length && ids.every((one) => typeof one === "string")) return ids;
      throw new ClientError("The answer names no event id. Check the URL.", {
        code: "http_error",
        status: 200,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      const error = errorOfFailure(cause);
      // 401 says that nothing was published.
      if (!isFirst || !tokens.renewable || error.status !== 401) throw error;
      tokens.drop();
    }
  }
}

/** @see RFC 9651, 3.3.3 "Strings". */
function toHeaderString(key: string): string {
  if (!/^[\x20-\x7E]+$/.test(key)) throw new TypeError("`idempotencyKey` is no printable ASCII.");
  return `"${key.replace(/["\\]/g, String.raw`\$&`)}"`;
}

/**
 * Encodes an update for the hub. The hub's names for times are shorter, and data that is no text is
 * sent as JSON.
 */
export function encodeUpdate(input: UpdateInput): string {
  if (typeof input !== "object" || input === null) {
    throw new TypeError('An update is an object such as { topic: "a" }.');
  }
  const { data, topic, id, type, retry, private: isPrivate, delayMs, deliverAt, ttlMs, ...rest } = input;
  refuseUnknown(rest, "An update has no");
  const fields = Object.entries({ data, topic, id, type, retry, private: isPrivate, delayMs, deliverAt, ttlMs }).flatMap(
    ([name, value]) => {
      if (value === undefined) return [];
      const text = JSON.stringify(value) as string | undefined;
      // Without the field, the hub would publish for everybody, or at once.
      if (text === undefined || (text === "null" && value !== null && name !== "data")) throw new TypeError(`\`${name}\` has no JSON.`);
      return `"${name.replace("Ms", "").replace("A", "_a")}":${text}`;
    },
  );
  return `{${fields.join()}}`;
}
