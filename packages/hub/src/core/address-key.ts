/** IPv4 as IPv6, in the spelling of `URL`. */
const MAPPED = /^::ffff:([\da-f]+):([\da-f]+)$/;

/**
 * Gives each address one spelling, because otherwise each spelling would have limits of its own.
 * IPv6 is in lower case, without leading zeros and without a zone. IPv4 in the form of IPv6 becomes
 * IPv4.
 *
 * @returns The text itself if it is no address of IPv6.
 */
export function plainAddress(address: string): string {
  if (!address.includes(":")) return address;
  const [ipv6 = ""] = address.split("%", 1);
  const url = `http://[${ipv6}]`;
  const plain = /^[\da-f:.]+$/i.test(ipv6) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : ipv6;
  const [, high, low] = MAPPED.exec(plain) ?? [];
  if (high === undefined || low === undefined) return plain;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join(".");
}

/** Key by which an address is counted, or undefined for the loopback. */
export function addressKey(address: string): string | undefined {
  const plain = plainAddress(address);
  if (plain.startsWith("127.") || plain === "::1") return undefined;
  if (!plain.includes(":")) return plain;
  // One customer usually has a whole /64: the first four groups, with the zeros that `::` leaves
  // out.
  const [before = "", after] = plain.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail].slice(0, 4).join(":");
}

/**
 * Name of the group in which a peer is counted: its {@link addressKey}, or the group of the loopback
 * or of all unknown addresses.
 */
export function addressGroup(address: string | undefined): string {
  return address === undefined ? "unknown address" : (addressKey(address) ?? "loopback");
}
