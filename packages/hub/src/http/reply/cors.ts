import type { Compat } from "../compat/names.ts";

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

  /** The fields of an answer that every page may read. A listed origin is named, since `*` is nothing to a request with credentials. */
  open(origin: string | undefined): Record<string, string> {
    const headers = this.headers(origin);
    return headers["Access-Control-Allow-Origin"] === undefined ? { ...headers, "Access-Control-Allow-Origin": "*" } : headers;
  }

  /**
   * The fields of the answer to a preflight.
   *
   * @param asked - The `Access-Control-Request-Headers` field. A page that may use the hub may send what it likes: instrumentation adds fields that
   * the page knows nothing of, and the hub reads only its own.
   */
  preflight(origin: string | undefined, methods: string, asked: string | undefined): Record<string, string> {
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

/** The names of a list that are field names and not allowed already. `*` is left out: where it counts, it allows too much. */
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
