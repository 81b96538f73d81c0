import { parseUrl } from "../../core/parse-url.ts";

/** Schemes of URLs with a host that are never a page's origin. */
const NO_PAGES: ReadonlySet<string> = new Set(["file", "ftp", "ws", "wss"]);

/**
 * The origin of an app or a browser extension with its own scheme: `capacitor://localhost`,
 * `app://-`.
 */
const APP_ORIGIN = /^([a-z][a-z\d+.-]*):\/\/[\w.~-]+(?::\d{1,5})?$/;

/**
 * Parses an origin as browsers write it in the `Origin` field: scheme and host, and the port if it
 * is not the scheme's default.
 *
 * @returns The origin in a browser's spelling, or undefined for other text, such as `null`, a path,
 *   or a host with `*`.
 * @see RFC 6454, 6.2 "ASCII Serialization of an Origin".
 */
export function parseOrigin(text: string): string | undefined {
  if (/^https?:/i.test(text)) {
    const url = parseUrl(text);
    // A host with a star is a valid URL, but a browser never names one. It would look like a
    // pattern and match nothing.
    if (url === undefined || url.hostname.includes("*") || url.href !== `${url.origin}/`) return undefined;
    return url.origin;
  }
  const scheme = APP_ORIGIN.exec(text)?.[1];
  // A misspelt https is no app's scheme.
  return scheme === undefined || NO_PAGES.has(scheme) || /^[htps]+$/.test(scheme) ? undefined : text;
}

/** The origin of the page in a `Referer` field. Undefined if there is none. */
export function originOfReferer(referer: string | undefined): string | undefined {
  const url = referer === undefined ? undefined : parseUrl(referer);
  if (url === undefined) return undefined;
  const { protocol, host } = url;
  return parseOrigin(`${protocol}//${host}`);
}

/**
 * Checks the origins of an option.
 *
 * @param allowsAny - Whether `*` is allowed.
 * @throws TypeError for an origin that no browser sends, because it would silently match nothing.
 */
export function checkOrigins(option: string, origins: readonly string[], { allowsAny }: { readonly allowsAny: boolean }): void {
  for (const origin of origins) {
    if ((allowsAny && origin === "*") || parseOrigin(origin) === origin) continue;
    const normal = parseOrigin(origin);
    const hint =
      normal === undefined
        ? "Write scheme and host, and the port if it is not the usual one, such as https://example.com or capacitor://localhost."
        : `Write ${normal}.`;
    throw new TypeError(`${option}: ${JSON.stringify(origin)} is not an origin as a browser sends it. ${hint}`);
  }
}

/** The parts of a request that identify its page and the server. */
export interface OriginRequest {
  /** Host and port that the request names. */
  readonly host: string | undefined;
  /**
   * The `Sec-Fetch-Site` field: how a browser sees the page and the server. A page can't change it.
   */
  readonly fetchSite: string | undefined;
}

/** @param request - Its `header` returns a field's value by its lower-case name. */
export function originRequest(request: { header(name: string): string | undefined }): OriginRequest {
  return { host: request.header("host"), fetchSite: request.header("sec-fetch-site") };
}

/**
 * Whether an `Origin` is the hub's own: the origin of its public URL, or of the request's host. A
 * proxy may name its upstream as the host, so the browser's own statement wins over the host. For
 * the public host only the URL's exact origin counts. With https, anyone may control its `http:`
 * page.
 *
 * @param hubUrl - The hub's public URL or its origin. Undefined if it is not known.
 */
export function isOwnOrigin(origin: string, hubUrl: string | undefined, { host, fetchSite }: OriginRequest): boolean {
  const own = hubUrl === undefined ? undefined : new URL(hubUrl);
  if (own?.origin === origin) return true;
  const page = host === undefined || !/^https?:/.test(origin) ? undefined : parseUrl(origin);
  if (host === undefined || page === undefined) return false;
  if (page.host !== host.toLowerCase() || (fetchSite ?? "same-origin") !== "same-origin") return false;
  return own?.protocol !== "https:" || withoutDot(page.hostname) !== withoutDot(own.hostname);
}

/** Removes the dot of the root. Names with and without it are the same machine. */
function withoutDot(hostname: string): string {
  return hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
}
