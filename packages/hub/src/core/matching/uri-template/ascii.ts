/**
 * Spells text in ASCII, because automata know nothing else. Each octet of UTF-8 beyond ASCII
 * becomes two control characters, which no topic and no template has.
 */
export function toAscii(text: string): string {
  return text.replaceAll(/[\x80-\uffff]+/g, spellUnit);
}

/** @param text - Without ASCII. */
export function spellUnit(text: string): string {
  return String.fromCharCode(...Array.from(new TextEncoder().encode(text), (octet) => [(octet >> 4) - 7, 0x10 + (octet & 0xf)]).flat());
}
