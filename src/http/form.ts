import { HubError } from "../core/errors.ts";

/**
 * Decodes UTF-8 strictly. `URLSearchParams` and `TextDecoder` by default replace what is invalid, which would
 * change names and data in silence.
 *
 * @throws HubError `invalid_body`.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new HubError(
      "invalid_body",
      "The request has bytes that are not UTF-8. Encode text as UTF-8, and binary data for example as base64.",
    );
  }
}

/**
 * Parses `application/x-www-form-urlencoded` text, a body or a query.
 *
 * @returns The names and values, decoded, in order.
 * @throws HubError `invalid_body` where a value is not UTF-8.
 * @see URL Standard, 5.1 "application/x-www-form-urlencoded parsing".
 */
export function parseForm(text: string): readonly (readonly [name: string, value: string])[] {
  const pairs: [string, string][] = [];
  for (const part of text.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals < 0) pairs.push([decodePart(part), ""]);
    else pairs.push([decodePart(part.slice(0, equals)), decodePart(part.slice(equals + 1))]);
  }
  return pairs;
}

function decodePart(part: string): string {
  const spaced = part.includes("+") ? part.replaceAll("+", " ") : part;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return decodeLeniently(spaced);
  }
}

/** As the standard says, a `%` without two hexadecimal digits stands for itself. */
function decodeLeniently(part: string): string {
  const encoded = new TextEncoder().encode(part);
  const decoded: number[] = [];
  for (let i = 0; i < encoded.length; i++) {
    const digits = encoded[i] === 0x25 ? String.fromCharCode(...encoded.subarray(i + 1, i + 3)) : "";
    if (/^[\da-f]{2}$/i.test(digits)) {
      decoded.push(Number.parseInt(digits, 16));
      i += 2;
    } else decoded.push(encoded[i] as number);
  }
  return decodeUtf8(Uint8Array.from(decoded));
}
