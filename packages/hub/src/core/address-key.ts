/** Key by which an address is counted, or undefined for the loopback. */
export function addressKey(address: string): string | undefined {
  const plain = address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
  if (plain.startsWith("127.") || plain === "::1") return undefined;
  if (!plain.includes(":")) return plain;
  // One customer usually has a whole /64: the first four groups, with the zeros that `::` leaves
  // out.
  const [before = "", after] = plain.split("%", 1)[0]?.split("::") ?? [];
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  return [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail].slice(0, 4).join(":");
}
