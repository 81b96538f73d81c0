/**
 * Parses an absolute URL. For text of a peer, in place of `URL.canParse(text)`: once Node 20 and 22
 * have compiled a caller, the answer is wrong in both directions for characters from U+0080 to
 * U+00FF.
 *
 * @returns Undefined if the text is no URL.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
