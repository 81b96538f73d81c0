import { createHash } from "node:crypto";

/** An address to request, without its credentials. */
export interface Address {
  readonly url: URL;
  /** `Authorization` from the name and password in the URL, which `fetch` does not accept there. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads an address.
 *
 * @throws TypeError when the address is no http or https URL.
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

/** An address for people, without the parts that may be secret. */
export function shownAddress(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?…"}`;
}

/** Names an address unreadably, such as in a file. */
export function addressHash(url: URL): string {
  return createHash("sha256").update(`${url.origin}${url.pathname}${url.search}`).digest("base64url").slice(0, 22);
}
