import { createHash } from "node:crypto";

/** An address to ask, its credentials apart. */
export interface Address {
  readonly url: URL;
  /** `Authorization` from the name and password in the URL, which `fetch` does not take there. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads an address.
 *
 * @throws TypeError when it is no http or https URL.
 */
export function readAddress(address: string | URL): Address {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`"${String(address)}" is not an http or https URL. Write it in full, such as https://example.com/data.json`);
  }
  const { username, password } = url;
  if (username === "" && password === "") return { url, headers: {} };
  url.username = "";
  url.password = "";
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(pair, "utf8").toString("base64")}` } };
}

/** An address for people: without what may be secret in it. */
export function shownAddress(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/** Names an address where it must not be readable, such as in a file. */
export function addressHash(url: URL): string {
  return createHash("sha256").update(`${url.origin}${url.pathname}${url.search}`).digest("base64url").slice(0, 22);
}
