/**
 * Resolves a URL, in a page against the page's own URL.
 *
 * @throws TypeError if the result is no URL.
 */
export function parseUrl(url: string | URL): URL {
  return new URL(url, typeof location === "undefined" ? undefined : location.href);
}

/** Whether a hub can have this URL. */
export function isHttp({ protocol }: URL): boolean {
  return /^https?:$/.test(protocol);
}

/**
 * Resolves a hub's URL, in a page against the page's own URL.
 *
 * @throws TypeError if the result is no http or https URL.
 */
export function resolveUrl(url: string | URL): URL {
  try {
    const resolved = parseUrl(url);
    if (isHttp(resolved)) return resolved;
  } catch {
    // Not a URL at all.
  }
  throw new TypeError(`"${String(url)}" is no full http or https URL.`);
}
