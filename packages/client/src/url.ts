/**
 * Resolves a hub's URL, in a page against the page's own URL.
 *
 * @throws TypeError if the result is no http or https URL.
 */
export function resolveUrl(url: string | URL): URL {
  const base = typeof location === "undefined" ? undefined : location.href;
  let resolved: URL;
  try {
    resolved = new URL(url, base);
  } catch (cause) {
    throw new TypeError(`"${String(url)}" is not a URL. Write it in full, such as http://127.0.0.1:3000/events/stream`, { cause });
  }
  if (resolved.protocol !== "http:" && resolved.protocol !== "https:") {
    throw new TypeError(`"${resolved.href}" is not an http or https URL.`);
  }
  return resolved;
}
