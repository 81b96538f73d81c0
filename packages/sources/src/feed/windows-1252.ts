/** The characters of windows-1252 from 0x80 to 0x9f, with controls at its unassigned bytes. */
const HIGH = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

/**
 * Turns misused C1 controls into the typographic quotes, dashes and euro sign of windows-1252.
 * Node's decoder of windows-1252 leaves the controls (seen in version 20), and so does XML with the
 * reference `&#146;`.
 *
 * @see https://encoding.spec.whatwg.org/#index-windows-1252
 */
export function withoutC1(text: string): string {
  return text.replace(/[\u0080-\u009f]/g, (control) => HIGH[control.charCodeAt(0) - 0x80] ?? control);
}
