import { bounded } from "../bounds.ts";
import { HttpError } from "../errors.ts";
import { readAddress, shownAddress } from "./address.ts";
import { type AllowAddress, ForbiddenAddress } from "./address-guard.ts";
import { ACCEPTED_ENCODINGS, readBody } from "./body.ts";
import { createCookieJar } from "./cookies.ts";
import { startDeadline } from "./deadline.ts";
import { freshForOf, retryAfterOf } from "./headers.ts";
import { headersFor, isRedirect, redirectTarget } from "./redirects.ts";
import { get, type RawAnswer } from "./request.ts";
import { conditionsOf, validatorsOf, type Validators } from "./validators.ts";

/** The bounds of one request. */
export interface HttpBounds {
  /** Largest body, unpacked, in bytes. Default 8 MiB (8,388,608). */
  readonly maxBytes?: number | undefined;
  /**
   * Longest time until the last byte of the answer, including redirects, in milliseconds. Default
   * 30,000.
   */
  readonly timeoutMs?: number | undefined;
  /** Most redirects. Default 5. */
  readonly maxRedirects?: number | undefined;
}

/** Options of a conditional request. */
export interface ConditionalGetOptions extends HttpBounds {
  /** The `validators` of the last answer. */
  readonly previous?: Validators | undefined;
  /**
   * Further request headers. A redirect to another origin takes along only `Accept`,
   * `Accept-Language` and `User-Agent`.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Decides whether an IP address may be asked, such as `isPublicAddress`. Checked at each connection, also of a redirect.
   * Default: every address.
   */
  readonly allowAddress?: AllowAddress | undefined;
}

/** The outcome of a request. */
export type HttpAnswer =
  /** 304: the version has not changed. */
  | { readonly kind: "unchanged"; readonly freshForMs: number }
  | {
      readonly kind: "changed";
      readonly body: Uint8Array;
      readonly contentType: string | undefined;
      /** For `previous` of the next request, once the body has been processed. */
      readonly validators: Validators | undefined;
      /** How long the server promises the same answer, in milliseconds. 0 without a promise. */
      readonly freshForMs: number;
    };

/** The default bounds. */
export const HTTP_BOUNDS: Required<{ [Name in keyof HttpBounds]: number }> = {
  maxBytes: 8 * 1024 * 1024,
  timeoutMs: 30_000,
  maxRedirects: 5,
};

/**
 * Requests a document if its version has changed (`ETag`, `Last-Modified`).
 *
 * @param url - An http or https URL. A name and password in it are sent as `Authorization: Basic`.
 * @throws HttpError for every failure that may pass.
 * @throws TypeError for an invalid address, header or bound.
 * @throws The signal's reason when it is aborted.
 */
export async function conditionalGet(url: string | URL, options: ConditionalGetOptions = {}): Promise<HttpAnswer> {
  const address = readAddress(url);
  const { maxBytes, timeoutMs, maxRedirects } = checkHttpBounds(options);
  const headers = { "user-agent": "artesian", accept: "*/*", ...address.headers, ...lowerCased(options.headers) };
  options.signal?.throwIfAborted();
  const deadline = startDeadline(timeoutMs, options.signal);
  let started = false;
  try {
    const { response, from } = await follow(address.url, headers, {
      previous: options.previous,
      maxRedirects,
      signal: deadline.signal,
      allow: options.allowAddress,
    });
    started = true;
    if (response.status === 304) return { kind: "unchanged", freshForMs: freshForOf(response.headers) };
    return {
      kind: "changed",
      body: await readBody(response, maxBytes, shownAddress(from)),
      contentType: response.headers.get("content-type") ?? undefined,
      validators: validatorsOf(from, response.headers),
      freshForMs: freshForOf(response.headers),
    };
  } catch (error) {
    if (error instanceof HttpError) throw error;
    options.signal?.throwIfAborted();
    const name = shownAddress(address.url);
    if (error instanceof ForbiddenAddress)
      throw new HttpError(`${name} leads to an address that may not be asked.`, { code: "forbidden", cause: error });
    if (deadline.passed)
      throw new HttpError(`${name} did not answer in full within ${timeoutMs / 1000} s.`, { code: "timeout", cause: error });
    throw started
      ? new HttpError(`The answer of ${name} broke off: ${reasonOf(error)}.`, { code: "broken", cause: error })
      : new HttpError(`${name} cannot be reached: ${reasonOf(error)}.`, { code: "unreachable", cause: error });
  } finally {
    deadline.stop();
  }
}

/**
 * Returns the bounds with their defaults.
 *
 * @throws TypeError for an invalid bound.
 */
export function checkHttpBounds(bounds: HttpBounds): Required<{ [Name in keyof HttpBounds]: number }> {
  return {
    maxBytes: bounded("maxBytes", bounds.maxBytes, { fallback: HTTP_BOUNDS.maxBytes, min: 1, max: 2 ** 29 }),
    timeoutMs: bounded("timeoutMs", bounds.timeoutMs, { fallback: HTTP_BOUNDS.timeoutMs, min: 1, max: 3_600_000 }),
    maxRedirects: bounded("maxRedirects", bounds.maxRedirects, { fallback: HTTP_BOUNDS.maxRedirects, min: 0, max: 20 }),
  };
}

interface Following {
  readonly previous: Validators | undefined;
  readonly maxRedirects: number;
  readonly signal: AbortSignal;
  readonly allow: AllowAddress | undefined;
}

/** Follows redirects to the answer at their end, which is 304 or a success. */
async function follow(
  start: URL,
  headers: Readonly<Record<string, string>>,
  options: Following,
): Promise<{ readonly response: RawAnswer; readonly from: URL }> {
  const cookies = createCookieJar();
  // A changed cookie makes a new request. Some sites set a cookie and redirect to the same address.
  const seen = new Set([`${start.href} `]);
  let from = start;
  let sent = headers;
  for (;;) {
    const conditions = conditionsOf(from, options.previous);
    const cookie = [sent["cookie"], cookies.cookiesFor(from)].filter((part) => part !== undefined).join("; ");
    const own = { ...conditions, "accept-encoding": ACCEPTED_ENCODINGS, ...(cookie === "" ? {} : { cookie }) };
    const response = await get(from, { ...sent, ...own }, options.signal, options.allow);
    const { status } = response;
    if (status >= 200 && status < 300) return { response, from };
    // An unread body would hold on to the connection.
    response.body.destroy();
    if (status === 304 && Object.keys(conditions).length > 0) return { response, from };
    if (!isRedirect(response)) throw refusal(response, from);
    const to = redirectTarget(response, from);
    cookies.take(from, response.headers);
    const step = `${to.href} ${cookies.cookiesFor(to) ?? ""}`;
    if (seen.has(step)) throw tooFar(start, "in a circle", response.status);
    if (seen.size > options.maxRedirects) throw tooFar(start, `more than ${options.maxRedirects} times`, response.status);
    seen.add(step);
    sent = headersFor(to, from, sent);
    from = to;
  }
}

function tooFar(start: URL, how: string, status: number): HttpError {
  return new HttpError(`${shownAddress(start)} redirects ${how}.`, { code: "redirect", status });
}

const HINTS: Readonly<Record<number, string>> = {
  401: " Check the credentials.",
  403: " Check the credentials.",
  404: " Check the address.",
  410: " What was there is gone for good.",
  429: " It wants to be asked less often.",
};

function refusal(response: RawAnswer, from: URL): HttpError {
  const { status, statusText } = response;
  const answer = `${status} ${statusText}`.trim();
  return new HttpError(`${shownAddress(from)} answered ${answer}.${HINTS[status] ?? ""}`, {
    code: "status",
    status,
    retryAfterMs: retryAfterOf(response.headers),
  });
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  // Throws TypeError for an invalid name or value, before anything is sent.
  return Object.fromEntries(new Headers(headers));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // For a host with several addresses, one error without a message holds the failures of all.
  return (error.message || String(Reflect.get(error, "code") ?? error.name)).replace(/\.$/, "");
}
