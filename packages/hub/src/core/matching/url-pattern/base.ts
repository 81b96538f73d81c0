import { COMPONENTS, type ComponentName, type ComponentPatterns } from "./constructor.ts";

/** The schemes that the URL standard treats specially, and their default ports. */
export const SPECIAL_SCHEMES: ReadonlyMap<string, string> = new Map([
  ["ftp", "21"],
  ["file", ""],
  ["http", "80"],
  ["https", "443"],
  ["ws", "80"],
  ["wss", "443"],
]);

/**
 * Components that a pattern may take from its base, from the general to the specific. Credentials
 * are never taken.
 */
const INHERITED = ["protocol", "hostname", "port", "pathname", "search", "hash"] as const;

/**
 * Completes the components of a pattern with `*`. A relative pattern, which has no protocol, takes
 * from the base the components before the first of its own. A whole pattern takes nothing. With a
 * base, the standard would put the base's folder before paths like that of `urn\:isbn\:*`.
 *
 * @param baseUrl - An absolute URL.
 * @throws TypeError if the base is not an absolute URL.
 * @see https://urlpattern.spec.whatwg.org/#process-a-urlpatterninit
 */
export function resolvePatterns(given: ComponentPatterns, baseUrl: string): Record<ComponentName, string> {
  const resolved = Object.fromEntries(COMPONENTS.map((name) => [name, given[name] ?? "*"])) as Record<ComponentName, string>;
  if (given.protocol === undefined) inherit(given, new URL(baseUrl), resolved);
  // The standard drops one mark here, and the split of the whole pattern dropped another before:
  // `??a` is `?a`.
  if (given.search !== undefined) resolved.search = given.search.replace(/^\?/, "");
  if (given.hash !== undefined) resolved.hash = given.hash.replace(/^#/, "");
  // A parsed URL has no port if the port is the default.
  if (SPECIAL_SCHEMES.get(resolved.protocol) === resolved.port) resolved.port = "";
  return resolved;
}

function inherit(given: ComponentPatterns, base: URL, resolved: Record<ComponentName, string>): void {
  const values: Record<(typeof INHERITED)[number], string> = {
    protocol: base.protocol.slice(0, -1),
    hostname: base.hostname,
    port: base.port,
    pathname: base.pathname,
    search: base.search.slice(1),
    hash: base.hash.slice(1),
  };
  for (const name of INHERITED) {
    if (given[name] !== undefined) break;
    resolved[name] = escapePattern(values[name]);
  }
  // An opaque base path, as in `urn:isbn:0451450523`, has no folder to be relative to.
  if (given.pathname !== undefined && !isAbsolutePath(given.pathname) && base.pathname.startsWith("/")) {
    resolved.pathname = escapePattern(base.pathname.slice(0, base.pathname.lastIndexOf("/") + 1)) + given.pathname;
  }
}

function isAbsolutePath(pattern: string): boolean {
  return /^[\\{]?\//.test(pattern);
}

function escapePattern(text: string): string {
  return text.replace(/[+*?:{}()\\]/g, "\\$&");
}
