import { withoutC1 } from "./windows-1252.ts";

/** How far the XML declaration is looked for, in bytes: it comes first. */
const HEAD_BYTES = 1024;

function startsWith(bytes: Uint8Array, ...prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

/** The encoding that the first bytes prove, or undefined. */
function provenEncoding(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return "utf-8";
  if (startsWith(bytes, 0xff, 0xfe)) return "utf-16le";
  if (startsWith(bytes, 0xfe, 0xff)) return "utf-16be";
  // `<` or `{` as a 16-bit unit: UTF-16 without a byte order mark.
  if ((bytes[0] === 0x3c || bytes[0] === 0x7b) && bytes[1] === 0 && bytes.length > 2) return "utf-16le";
  if (bytes[0] === 0 && (bytes[1] === 0x3c || bytes[1] === 0x7b)) return "utf-16be";
  return undefined;
}

/** The `charset` of a Content-Type, lower-cased. */
function headerCharset(contentType: string | undefined): string | undefined {
  return /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType ?? "")?.[1];
}

/** The `encoding` of the XML declaration. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES)).toString("latin1");
  return /<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)["']/i.exec(head)?.[1];
}

/** The name by which `TextDecoder` knows an encoding; undefined where it knows none. */
function knownEncoding(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    // A label that nobody knows says nothing; the next hint is asked.
    return undefined;
  }
}

function decodeAs(bytes: Uint8Array, encoding: string): string {
  const text = new TextDecoder(encoding).decode(bytes);
  return encoding === "windows-1252" ? withoutC1(text) : text;
}

function count(text: string, pattern: RegExp): number {
  let found = 0;
  for (const _ of text.matchAll(pattern)) found++;
  return found;
}

/**
 * Text of unknown encoding that was said to be UTF-8, or nothing. Where bytes are wrong, the better of two guesses:
 * UTF-8 with a few characters cut in two, or windows-1252 under a wrong name.
 */
function decodeUtf8(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8").decode(bytes);
  const wrong = count(text, /\ufffd/g);
  if (wrong === 0) return text;
  const right = count(text, /[^\0-\u007f\ufffd]/g);
  return right >= wrong ? text : decodeAs(bytes, "windows-1252");
}

/**
 * Makes text of a feed's bytes. Asks, in this order: the byte order mark, the header's charset, the XML declaration;
 * with none of them it is UTF-8. Never fails: bytes that fit no encoding become U+FFFD.
 *
 * @param contentType - The Content-Type that came with it.
 * @see RFC 7303, section 3, for the order.
 */
export function decodeFeed(bytes: Uint8Array, contentType: string | undefined): string {
  const proven = provenEncoding(bytes);
  if (proven !== undefined) return decodeAs(bytes, proven);
  for (const label of [headerCharset(contentType), declaredEncoding(bytes)]) {
    const encoding = knownEncoding(label);
    // The first bytes would have proved UTF-16: software that writes to a 16-bit string, and then UTF-8, says so wrongly.
    if (encoding === undefined || encoding.startsWith("utf-16")) continue;
    if (encoding !== "utf-8") return decodeAs(bytes, encoding);
    // A header's UTF-8 is often a server's default; where it can't be true, the document itself is asked.
    if (isUtf8(bytes)) return decodeAs(bytes, "utf-8");
  }
  return decodeUtf8(bytes);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
