import { crc32 } from "node:zlib";

/**
 * Length from which native code hashes a text. A native call costs as much as mixing this many
 * characters.
 */
const LONG_TEXT = 512;
const PRIME = 0x01000193;
/** Anything but 0, because texts with different numbers of leading zeros must differ. */
export const SEED = 0x811c9dc5;

/**
 * Mixes a whole number into a sum. Every step is reversible, so that a change in one place always
 * changes the sum.
 */
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
