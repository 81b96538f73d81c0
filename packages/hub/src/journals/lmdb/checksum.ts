import { crc32 } from "node:zlib";

/** Texts from this length on are left to native code, whose call costs as much as mixing in this many characters does. */
const LONG_TEXT = 512;
const PRIME = 0x01000193;
/** Anything but 0: what begins with zeros must differ from what has fewer of them. */
export const SEED = 0x811c9dc5;

/** Mixes a whole number into a sum. Every step can be undone, so that a change in one place always changes the sum. */
export function mixNumber(sum: number, value: number): number {
  return Math.imul(Math.imul(sum ^ value, PRIME) ^ Math.floor(value / 2 ** 32), PRIME);
}

/** Mixes a text and its length into a sum. */
export function mixText(sum: number, text: string): number {
  let mixed = mixNumber(sum, text.length);
  if (text.length >= LONG_TEXT) return mixNumber(mixed, crc32(text));
  // FNV-1a by characters.
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), PRIME);
  return mixed;
}
