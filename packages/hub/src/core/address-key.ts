/** IPv4 as IPv6, as `URL` writes it. */
const MAPPED = /^::ffff:([\da-f]+):([\da-f]+)$/;

/**
 * One spelling for each address: IPv6 in lower case, without leading zeros and without a zone, and IPv4 that is written as IPv6 as IPv4. Otherwise each spelling of an
 * address would have limits of its own.
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

/** What an address is counted by; undefined for the loopback. */
export function addressKey(address: string): string | undefined {
  const plain = plainAddress(address);
  if (plain.startsWith("127.") || plain === "::1") return undefined;
  if (!plain.includes(":")) return plain;
  // One customer usually has a whole /64: the first four groups, with the zeros that `::` leaves out.
  const [before = "", after] = plain.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail].slice(0, 4).join(":");
}
