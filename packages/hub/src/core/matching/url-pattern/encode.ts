import { invalidPattern } from "./tokens.ts";

/**
 * Writes fixed text of a pattern in the form of a parsed URL, so that the two can be compared:
 * percent-encoded, lower-case, IDNA as ASCII. Takes one piece of text between wildcards, never
 * empty. Throws PatternError if no URL could have that text. The platform's own URL parser does the
 * work, through the setters of a dummy URL, because the same parser made the URLs that are
 * compared.
 *
 * @see https://urlpattern.spec.whatwg.org/#canon-encoding-callbacks
 */
export type Encode = (text: string) => string;

export const encodeProtocol: Encode = (text) => {
  // The setter of a URL's protocol refuses to leave the special schemes, so the text is parsed as a
  // whole URL.
  try {
    return new URL(`${text}://dummy.invalid/`).protocol.slice(0, -1);
  } catch {
    throw invalidPattern(`\`${text}\` cannot stand in a protocol. Where a \`:\` is not to end one, write \`{\\:}\`.`);
  }
};

export const encodeUsername: Encode = (text) => {
  const url = new URL("https://dummy.invalid/");
  url.username = text;
  return url.username;
};

export const encodePassword: Encode = (text) => {
  const url = new URL("https://dummy.invalid/");
  url.password = text;
  return url.password;
};

export const encodeHostname: Encode = (text) => {
  // A setter keeps the old value when it refuses the new value. Only a refusal leaves two hosts
  // different.
  const [one, other] = ["one.invalid", "other.invalid"].map((host) => {
    const url = new URL(`https://${host}/`);
    url.hostname = text;
    return url.hostname;
  });
  if (one === undefined || one !== other) throw invalidPattern(`\`${text}\` cannot stand in a hostname.`);
  return one;
};

/**
 * Addresses in brackets. A piece of an address, between wildcards, cannot be parsed as an address.
 */
export const encodeIpv6Hostname: Encode = (text) => {
  if (/[^0-9a-f[\]:]/i.test(text)) throw invalidPattern(`\`${text}\` cannot stand in an IPv6 address.`);
  return text.toLowerCase();
};

export const encodePort: Encode = (text) => {
  // The dummy scheme has no default port, because the setter would drop a default port:
  // `http://host:443` names a port.
  const url = new URL("dummy://dummy.invalid/");
  url.port = text;
  if (url.port === "") throw invalidPattern(`\`${text}\` cannot stand in a port: use a number up to 65535, or \`*\`.`);
  return url.port;
};

export const encodePathname: Encode = (text) => {
  const url = new URL("https://dummy.invalid/");
  // A piece of a path need not start with the slash that a path must. The `-` keeps its leading
  // dots literal.
  const lead = text.startsWith("/") ? "" : "/-";
  url.pathname = lead + text;
  return url.pathname.slice(lead.length);
};

export const encodeOpaquePathname: Encode = (text) => {
  const [path = ""] = text.split(/[?#]/, 1);
  // The letters keep a leading slash from making the path hierarchical and outer spaces from being
  // stripped.
  return new URL(`dummy:x${path}x`).pathname.slice(1, -1);
};

export const encodeSearch: Encode = (text) => {
  const url = new URL("https://dummy.invalid/");
  url.search = `?${text}`;
  return url.search.slice(1);
};

export const encodeHash: Encode = (text) => {
  const url = new URL("https://dummy.invalid/");
  url.hash = `#${text}`;
  return url.hash.slice(1);
};
