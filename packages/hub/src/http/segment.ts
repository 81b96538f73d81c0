/**
 * Decodes one segment of a path.
 *
 * @returns Undefined if it is empty, or no valid encoding.
 */
export function decodeSegment(segment: string): string | undefined {
  if (segment === "") return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
