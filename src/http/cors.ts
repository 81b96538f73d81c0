import type { Compat } from "./compat.ts";

/** The header fields that pages of other origins may read and send. */
const EXPOSED = "Artesian-Warning, ETag, Link, Mercure-Last-Event-ID, Retry-After, WWW-Authenticate";
const ALLOWED_HEADERS = ["Authorization", "Cache-Control", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID"];

/** The further names that one preflight is allowed: tracing and error reporting add a handful. */
const ASKED_HEADERS = { count: 32, characters: 64 };

/** What pages of other origins may do. */
export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #any: boolean;
  readonly #exposed: string;

  /**
   * @param origins - Exact origins, whose pages may send the cookie; `*` lets every page in, without it.
   * @param compat - Whether they may read what Mercure 0.x sends too.
   */
  constructor(origins: readonly string[], compat?: Compat) {
    this.#exposed = compat === undefined ? EXPOSED : `${EXPOSED}, Last-Event-ID`;
    this.#any = origins.includes("*");
    this.#origins = new Set(origins.filter((origin) => origin !== "*"));
  }

  /** The fields of an answer to a request with this `Origin`. Never an echo of an origin that is not listed. */
  headers(origin: string | undefined): Record<string, string> {
    if (this.#origins.size === 0 && !this.#any) return {};
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

  /** The further fields of the answer to a preflight. */
  preflight(origin: string | undefined, methods: string): Record<string, string> {
    const headers = this.headers(origin);
    if (headers["Access-Control-Allow-Origin"] === undefined) return headers;
    return {
      ...headers,
      "Access-Control-Allow-Methods": methods,
      "Access-Control-Allow-Headers": ALLOWED_HEADERS,
      "Access-Control-Max-Age": "86400",
    };
  }
}
