import { withoutC1 } from "./windows-1252.ts";

/** How far to search for the XML declaration, which comes first, in bytes. */
const HEAD_BYTES = 1024;

function startsWith(bytes: Uint8Array, ...prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

/** The encoding that the first bytes prove. Undefined if they prove none. */
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

/** The name of an encoding in `TextDecoder`, or undefined for an unknown encoding. */
function knownEncoding(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    // An unknown label is ignored, and the next hint is used.
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
 * Decodes text of unknown encoding that was declared as UTF-8 or not at all. Invalid bytes lead to
 * the better of two guesses: UTF-8 with a few split characters, or mislabelled windows-1252.
 */
function decodeUtf8(bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8").decode(bytes);
  const wrong = count(text, /\ufffd/g);
  if (wrong === 0) return text;
  const right = count(text, /[^\0-\u007f\ufffd]/g);
  return right >= wrong ? text : decodeAs(bytes, "windows-1252");
}

/**
 * Decodes a feed. The byte order mark decides first, then the header's charset, then the XML
 * declaration, and else UTF-8. Never fails: invalid bytes become U+FFFD.
 *
 * @param contentType - The Content-Type of the answer.
 * @see RFC 7303, section 3, for the order.
 */
export function decodeFeed(bytes: Uint8Array, contentType: string | undefined): string {
  const proven = provenEncoding(bytes);
  if (proven !== undefined) return decodeAs(bytes, proven);
  for (const label of [headerCharset(contentType), declaredEncoding(bytes)]) {
    const encoding = knownEncoding(label);
    // The first bytes would have proved UTF-16. Software that writes to a 16-bit string and then as
    // UTF-8 mislabels its output.
    if (encoding === undefined || encoding.startsWith("utf-16")) continue;
    if (encoding !== "utf-8") return decodeAs(bytes, encoding);
    // A header's UTF-8 is often a server's default. If the bytes are not UTF-8, the document's own
    // declaration counts.
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
