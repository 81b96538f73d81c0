/**
 * First bytes of the pictures that are passed on. SVG is missing on purpose, because SVG runs
 * scripts.
 */
const SIGNATURES: readonly (readonly [type: string, pattern: RegExp])[] = [
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/png", /^\x89PNG\r\n/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF.{4}WEBP/s],
  ["image/avif", /^.{4}ftypavi[fs]/s],
];

/** The media type of a picture by the first bytes. Undefined for other data. */
export function pictureType(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  return SIGNATURES.find(([, pattern]) => pattern.test(head))?.[0];
}
