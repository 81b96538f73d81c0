/** The cookies of one chain of redirects. Without cookies, some sites redirect in a circle. */
export interface CookieJar {
  /** Stores the cookies of an answer. */
  take(url: URL, headers: Headers): void;
  /** @returns The value of `Cookie` for an address, or undefined if it has none. */
  cookiesFor(url: URL): string | undefined;
}

interface Cookie {
  readonly value: string;
  /** The host, or with `Domain` the suffix of the hosts. */
  readonly host: string;
  readonly isDomain: boolean;
  readonly path: string;
  readonly isSecure: boolean;
}

/**
 * Most cookies of a chain, and their longest text, in characters. Servers bound a request's header
 * fields.
 */
const MAX_COOKIES = 30;
const MAX_LENGTH = 2048;

/** Makes an empty jar. A jar lives as long as one chain, so no site recognises a client. */
export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>();
  return {
    take(url, headers) {
      for (const line of headers.getSetCookie()) {
        const [name, cookie] = readCookie(line, url) ?? [];
        if (name === undefined) continue;
        const key = `${name};${cookie?.host ?? url.hostname}`;
        if (cookie === undefined) cookies.delete(key);
        else if (cookies.size < MAX_COOKIES || cookies.has(key)) cookies.set(key, cookie);
      }
    },
    cookiesFor(url) {
      const fitting = [...cookies].filter(([, cookie]) => isFor(cookie, url));
      const text = fitting.map(([key, { value }]) => `${key.slice(0, key.indexOf(";"))}=${value}`).join("; ");
      return text === "" ? undefined : text;
    },
  };
}

/**
 * @returns Undefined for a line that is no cookie of this host. The cookie is missing if the site
 *   deletes it.
 */
function readCookie(line: string, url: URL): readonly [string, Cookie | undefined] | undefined {
  const [pair = "", ...attributes] = line.split(";");
  const [, name, value = ""] = /^\s*([^\s=]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
  if (name === undefined || pair.length > MAX_LENGTH || !/^[\x20-\x7e]*$/.test(pair)) return undefined;
  const told = new Map(
    attributes.map((attribute) => {
      const [key = "", text = ""] = attribute.split(/=(.*)/s);
      return [key.trim().toLowerCase(), text.trim()];
    }),
  );
  const domain = told.get("domain")?.replace(/^\./, "").toLowerCase() ?? "";
  const isDomain = domain.includes(".") && `.${url.hostname}`.endsWith(`.${domain}`);
  if (domain !== "" && !isDomain && domain !== url.hostname) return undefined;
  const maxAge = Number(told.get("max-age") ?? 1);
  const expires = Date.parse(told.get("expires") ?? "");
  if (maxAge <= 0 || (!told.has("max-age") && expires <= Date.now())) return [name, undefined];
  const path = told.get("path") ?? "";
  return [
    name,
    {
      value,
      host: isDomain ? domain : url.hostname,
      isDomain,
      path: path.startsWith("/") ? path : url.pathname.slice(0, Math.max(1, url.pathname.lastIndexOf("/"))),
      isSecure: told.has("secure"),
    },
  ];
}

function isFor({ host, isDomain, path, isSecure }: Cookie, url: URL): boolean {
  if (isSecure && url.protocol !== "https:") return false;
  if (url.hostname !== host && !(isDomain && url.hostname.endsWith(`.${host}`))) return false;
  return url.pathname === path || url.pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
}
