import type { Compat } from "../compat/names.ts";

/** Header fields that pages of other origins may read. */
const EXPOSED = "Artesian-Warning, ETag, Link, Mercure-Last-Event-ID, Retry-After, WWW-Authenticate";
const ALLOWED_HEADERS = ["Authorization", "Cache-Control", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"];

/**
 * Most further field names that one preflight may allow. Tracing and error reporting add a handful.
 */
const ASKED_HEADERS = { count: 32, characters: 64 };

/** Fields of an answer that concerns no other origin. A publish must not pay for joining fields. */
export const NO_HEADERS: Readonly<Record<string, string>> = {};

/** Permissions of pages of other origins. */
export class Cors {
  #origins: ReadonlySet<string> = new Set();
  #any = false;
  readonly #exposed: string;

  /**
   * @param origins - Exact origins, whose pages may send the cookie. `*` admits every page, without
   *   the cookie.
   * @param compat - Whether pages may also read the fields of Mercure 0.x.
   */
  constructor(origins: readonly string[], compat?: Compat) {
    this.#exposed = compat === undefined ? EXPOSED : `${EXPOSED}, Last-Event-ID`;
    this.allow(origins);
  }

  /** Replaces the origins. */
  allow(origins: readonly string[]): void {
    this.#any = origins.includes("*");
    this.#origins = new Set(origins.filter((origin) => origin !== "*"));
  }

  /**
   * The fields of an answer to a request with this `Origin`. An unlisted origin is never echoed.
   */
  headers(origin: string | undefined): Readonly<Record<string, string>> {
    if (this.#origins.size === 0 && !this.#any) return NO_HEADERS;
    const vary: Record<string, string> = this.#origins.size > 0 ? { Vary: "Origin" } : {};
    if (origin !== undefined && this.#origins.has(origin)) {
      return {
        ...vary,
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": this.#exposed,
      };
    }
    return this.#any ? { ...vary, "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": this.#exposed } : vary;
  }

  /**
   * The fields of an answer that every page may read. A listed origin is named, because `*` does
   * not work for a request with credentials.
   */
  open(origin: string | undefined): Readonly<Record<string, string>> {
    const headers = this.headers(origin);
    return headers["Access-Control-Allow-Origin"] === undefined ? { ...headers, "Access-Control-Allow-Origin": "*" } : headers;
  }

  /**
   * The fields of the answer to a preflight.
   *
   * @param asked - The `Access-Control-Request-Headers` field. A page that may use the hub may send
   *   any field. Instrumentation adds fields that the page does not know of, and the hub reads only
   *   its own.
   */
  preflight(origin: string | undefined, methods: string, asked: string | undefined): Readonly<Record<string, string>> {
    const headers = this.headers(origin);
    if (headers["Access-Control-Allow-Origin"] === undefined) return headers;
    return {
      ...headers,
      Vary: [headers["Vary"], "Access-Control-Request-Headers"].filter((value) => value !== undefined).join(", "),
      "Access-Control-Allow-Methods": methods,
      "Access-Control-Allow-Headers": [...ALLOWED_HEADERS, ...furtherNames(asked)].join(", "),
      "Access-Control-Max-Age": "86400",
    };
  }
}

/**
 * The valid field names of a list that are not allowed already. `*` is left out, because it could
 * allow too much.
 */
function furtherNames(asked = ""): readonly string[] {
  const known = new Set(ALLOWED_HEADERS.map((name) => name.toLowerCase()));
  const further: string[] = [];
  for (const part of asked.split(",", 4 * ASKED_HEADERS.count)) {
    const name = part.trim().toLowerCase();
    if (further.length === ASKED_HEADERS.count || name.length > ASKED_HEADERS.characters || known.has(name)) continue;
    if (!/^[a-z\d][\w.-]*$/.test(name)) continue;
    known.add(name);
    further.push(name);
  }
  return further;
}
