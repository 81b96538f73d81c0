import { HubError } from "../../core/errors.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { atOnce } from "../../core/slices.ts";

/**
 * Decodes UTF-8 strictly. By default, `URLSearchParams` and `TextDecoder` replace invalid bytes,
 * which would silently change names and data.
 *
 * @throws HubError `invalid_body`.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    // A decoder that has failed may keep a part of the bytes.
    decoder = createDecoder();
    throw notUtf8();
  }
}

function createDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

/** Kept, because to make one costs as much as to decode a small body. */
let decoder = createDecoder();

function notUtf8(): HubError {
  return new HubError(
    "invalid_body",
    "The request has bytes that are not UTF-8. Encode text as UTF-8, and binary data for example as base64.",
  );
}

/** Does the work of {@link parsingForm} at once, for a query. */
export function parseForm(text: string, maxFields?: number): readonly (readonly [name: string, value: string])[] {
  return atOnce(parsingForm(text, maxFields));
}

/**
 * Parses `application/x-www-form-urlencoded` text, a body or a query. Yields within a millisecond.
 *
 * @param maxFields - Most fields, so that a mebibyte of `&=` costs no more than a few fields.
 * @returns The decoded names and values, in order.
 * @throws HubError `too_large` for more fields, or `invalid_body` if a value is not UTF-8.
 * @see URL Standard, 5.1 "application/x-www-form-urlencoded parsing".
 */
export function* parsingForm(
  text: string,
  maxFields: number = DEFAULT_LIMITS.formFields,
): Generator<undefined, readonly (readonly [name: string, value: string])[]> {
  const pairs: [string, string][] = [];
  let pauseAt = PART_LENGTH;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    if (start >= pauseAt) {
      yield;
      pauseAt = start + PART_LENGTH;
    }
    end = text.indexOf("&", start);
    if (end < 0) end = text.length;
    if (end === start) continue;
    if (pairs.length === maxFields) throw tooManyFields(maxFields);
    const part = text.slice(start, end);
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? "" : part.slice(equals + 1);
    const decoded = value.length <= PART_LENGTH ? decodePart(value) : yield* decoding(value);
    // Names are not remembered, and decoding has made a copy already. To copy each part once more
    // took a third of the time of a refused subscription.
    pairs.push([
      name.length <= PART_LENGTH ? decodePart(name) : yield* decoding(name),
      decoded === value ? detach(decoded, text) : decoded,
    ]);
  }
  return pairs;
}

function tooManyFields(most: number): HubError {
  return new HubError("too_large", `The request has more than ${most} fields or parameters. Send fewer.`);
}

/**
 * Counts the fields of a body before it is decoded. The text of a large body is garbage whose
 * collection holds up the event loop. Yields within a millisecond.
 *
 * @throws HubError `too_large`.
 */
export function* checkingFields(body: Uint8Array, maxFields: number): Generator<undefined, void> {
  if (body.length <= SHARED_CHARACTERS) return;
  let fields = 0;
  let isInField = false;
  for (let i = 0; i < body.length; i++) {
    if (i % PART_LENGTH === PART_LENGTH - 1) yield;
    if (body[i] === AMPERSAND) isInField = false;
    else if (!isInField) {
      isInField = true;
      if (++fields > maxFields) throw tooManyFields(maxFields);
    }
  }
}

const AMPERSAND = 0x26;

/** Longest text that its parts may keep in memory. */
const SHARED_CHARACTERS = 4096;

/**
 * Copies a part of a long text. A part can be a view of the text, so a remembered topic would keep
 * a whole body of a mebibyte alive.
 */
export function detach(part: string, text: string): string {
  return text.length <= SHARED_CHARACTERS || part.length * 2 > text.length
    ? part
    : new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(part));
}

/** Longest part that is decoded at once, in characters, and bytes between two `yield`s. */
const PART_LENGTH = 16 * 1024;

/** Decodes a long part. {@link decodePart} does the others. */
function* decoding(part: string): Generator<undefined, string> {
  yield;
  return part.includes("+") || part.includes("%") ? yield* decodingBytes(part) : part;
}

function decodePart(part: string): string {
  const spaced = part.includes("+") ? part.replaceAll("+", " ") : part;
  if (!spaced.includes("%")) return spaced;
  // Checked first, because an exception for each of many parts would take seconds.
  if (STRAY_PERCENT.test(spaced)) return atOnce(decodingBytes(spaced));
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw notUtf8();
  }
}

const STRAY_PERCENT = /%(?![\da-f]{2})/i;

/**
 * Decodes a part byte by byte. A `%` without two hexadecimal digits stands for itself, as in the
 * standard.
 */
function* decodingBytes(part: string): Generator<undefined, string> {
  const bytes = new TextEncoder().encode(part);
  let length = 0;
  for (let i = 0; i < bytes.length; i++, length++) {
    if (length % PART_LENGTH === PART_LENGTH - 1) yield;
    if (bytes[i] === 0x2b) {
      bytes[length] = 0x20;
      continue;
    }
    const high = bytes[i] === 0x25 ? hexDigit(bytes[i + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(bytes[i + 2]);
    bytes[length] = low < 0 ? (bytes[i] as number) : high * 16 + low;
    if (low >= 0) i += 2;
  }
  return decodeUtf8(bytes.subarray(0, length));
}

/** The value of a hexadecimal digit's code, or -1. */
function hexDigit(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
