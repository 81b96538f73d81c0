/**
 * Decodes one segment of a path.
 *
 * @returns undefined where it is empty, or not the encoding of any text.
 */
export function decodeSegment(segment: string): string | undefined {
  if (segment === "") return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
