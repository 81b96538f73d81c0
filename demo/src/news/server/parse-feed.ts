import type { NewsFeed } from "./options.ts";

const MAX_NAME = 100;
const NAMED = /^([^=:/?#]*)=(.*)$/s;

/**
 * Parses a feed's specification: `URL`, or `NAME=URL`, in which the name is also the page's name
 * for the feed. Without a name, the feed is named by its address without the query, so that two
 * feeds of one site differ. The page then shows the feed's own title.
 *
 * @example `parseFeed("World=https://example.com/world.rss")`
 * @throws TypeError with the remedy.
 */
export function parseFeed(text: string): NewsFeed {
  const [, given, rest] = NAMED.exec(text.trim()) ?? [];
  const address = (rest ?? text).trim();
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === "") {
    throw new TypeError(
      `"${withoutSecrets(address)}" is not an http or https URL. Write URL or NAME=URL, such as World=https://example.com/world.rss`,
    );
  }
  if (given === undefined) return { name: nameOf(url), url: address };
  const name = given.trim();
  if (name === "" || name.length > MAX_NAME || name === "." || name === ".." || !name.isWellFormed() || /[\p{Cc}\p{Cf}]/u.test(name)) {
    throw new TypeError(`The name ${JSON.stringify(name)} can't be a feed's. Write 1 to ${MAX_NAME} visible characters before the =.`);
  }
  return { name, url: address, title: name };
}

/**
 * The host and the path, without parts that may be secret. A name that is too long loses the
 * beginning of the host.
 */
function nameOf(url: URL): string {
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.host.replace(/^www\./, "")}${path}`.slice(-MAX_NAME);
}

function withoutSecrets(address: string): string {
  return address
    .replace(/\/\/[^/@]*@/, "//…@")
    .replace(/\?.*$/s, "?…")
    .slice(0, 200);
}
