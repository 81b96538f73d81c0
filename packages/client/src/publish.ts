import type { UpdateInput } from "./update.ts";
import { ClientError, errorOfFailure, errorOfResponse } from "./error.ts";
import { checkNames, type Names } from "./names.ts";
import { createTokens, type TokenSource } from "./token.ts";
import { resolveUrl } from "./url.ts";

/** Options of `publish`. */
export interface PublishOptions {
  /**
   * Sent as `Authorization: Bearer`. A function is called for each publishing, and once more after
   * 401.
   */
  readonly token?: TokenSource | undefined;
  /** Further request headers. */
  readonly headers?: NonNullable<RequestInit["headers"]>;
  /**
   * Makes a retry after `unreachable` or `timeout` safe. With the same key and updates, the hub
   * publishes once and answers each attempt with the same event ids. Printable ASCII, at most 255
   * characters, such as `crypto.randomUUID()`.
   */
  readonly idempotencyKey?: string | undefined;
  /** Aborts the call. The hub may have accepted the update nevertheless. */
  readonly signal?: AbortSignal;
  /** Replaces `fetch`, for example to add credentials. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /**
   * Longest wait for the token function, and then for the answer, in milliseconds. Default 30,000.
   */
  readonly timeoutMs?: number;
}

const UPDATE: Names<UpdateInput> = {
  topic: true,
  data: true,
  id: true,
  type: true,
  retry: true,
  private: true,
  delayMs: true,
  deliverAt: true,
  ttlMs: true,
};

const PUBLISH_OPTIONS: Names<PublishOptions> = {
  token: true,
  headers: true,
  idempotencyKey: true,
  signal: true,
  fetch: true,
  timeoutMs: true,
};

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
  checkNames(options, PUBLISH_OPTIONS, "publish()");
  const target = resolveUrl(url);
  const batch: readonly UpdateInput[] | undefined = isBatch(update) ? update : undefined;
  if (batch?.length === 0) throw new TypeError("A batch needs at least one update.");
  const headers = new Headers(options.headers);
  headers.set("accept", "application/json");
  headers.set("content-type", batch === undefined ? "application/json" : "application/x-ndjson");
  if (options.idempotencyKey !== undefined) headers.set("idempotency-key", toHeaderString(options.idempotencyKey));
  const body = isBatch(update) ? update.map(encode).join("\n") : encode(update);
  const answer = await authorize(options, headers, () => post(target, headers, body, options));
  const result: unknown = batch === undefined ? idOf(answer) : idsOf(answer, batch.length);
  if (result === undefined) {
    throw new ClientError("The server accepted the request, but its answer names no event id. Check the URL.", {
      code: "http_error",
      status: 200,
    });
  }
  // The shape was checked against `update` just above. The type system can't follow that.
  return result as Published<T>;
}

/** @see RFC 9651, 3.3.3 "Strings". */
function toHeaderString(key: string): string {
  if (!/^[\x20-\x7E]+$/.test(key)) throw new TypeError("The idempotencyKey must be printable ASCII, and not empty.");
  return `"${key.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/**
 * Encodes an update for the hub. The hub's names for times are shorter, and data that is no text is
 * sent as JSON.
 */
function encode(input: UpdateInput): string {
  if (typeof input !== "object" || input === null) {
    throw new TypeError('An update is an object such as { topic: "greeting", data: "Hello" }.');
  }
  // A misspelt time would publish at once.
  checkNames(input, UPDATE, "An update");
  const { delayMs, deliverAt, ttlMs, ...update } = input;
  return JSON.stringify({ ...update, delay: delayMs, deliver_at: deliverAt, ttl: ttlMs });
}

/**
 * Sends with a token. Sends once more with another token after 401, which says that nothing was
 * published.
 */
async function authorize(options: PublishOptions, headers: Headers, send: () => Promise<unknown>): Promise<unknown> {
  const tokens = createTokens(options.token);
  for (let attempt = 1; ; attempt++) {
    const token = await tokens.take(options.timeoutMs ?? 30_000, options.signal);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    try {
      return await send();
    } catch (error) {
      if (attempt > 1 || !tokens.renewable || !(error instanceof ClientError && error.status === 401)) throw error;
      tokens.drop();
    }
  }
}

async function post(url: URL, headers: Headers, body: string, options: PublishOptions): Promise<unknown> {
  const { signal, timeoutMs = 30_000 } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, timeoutMs);
  try {
    const send = options.fetch ?? globalThis.fetch.bind(globalThis);
    const response = await send(url, { method: "POST", headers, body, signal: controller.signal });
    if (!response.ok) throw await errorOfResponse(response);
    return parse(await response.text());
  } catch (error) {
    if (error instanceof ClientError) throw error;
    if (late) throw new ClientError(`The server did not answer within ${timeoutMs / 1000} s.`, { code: "timeout", cause: error });
    signal?.throwIfAborted();
    throw errorOfFailure(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The answer is not a hub's. The caller reports that.
    return undefined;
  }
}

function isBatch(update: UpdateInput | readonly UpdateInput[]): update is readonly UpdateInput[] {
  return Array.isArray(update);
}

function field(answer: unknown, key: string): unknown {
  return typeof answer === "object" && answer !== null ? Reflect.get(answer, key) : undefined;
}

function idOf(answer: unknown): string | undefined {
  const id = field(answer, "id");
  return typeof id === "string" ? id : undefined;
}

function idsOf(answer: unknown, count: number): readonly string[] | undefined {
  const ids = field(answer, "ids");
  return Array.isArray(ids) && ids.length === count && ids.every((id) => typeof id === "string") ? ids : undefined;
}
