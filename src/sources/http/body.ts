import { pipeline, type Duplex, type Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { HttpError } from "../errors.ts";
import type { RawAnswer } from "./request.ts";

/** What `Accept-Encoding` says. */
export const ACCEPTED_ENCODINGS = "gzip, br";

/** How each compression is undone. Some servers compress in a way that they were not asked for. */
const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  br: createBrotliDecompress,
  deflate: createInflate,
};

/**
 * Reads a body to its end, but no further than it may be. What was compressed is counted as it comes out, so a few
 * bytes that unpack to gigabytes are cut off too.
 *
 * @param name - Whose body it is, for the error.
 * @throws HttpError `too_large`, or `broken` for a compression that is not known; what the socket or the
 * decompression reports.
 */
export async function readBody({ headers, body }: RawAnswer, maxBytes: number, name: string): Promise<Uint8Array> {
  const tooLarge = (): HttpError =>
    new HttpError(`The answer of ${name} is larger than ${maxBytes} bytes, which is the bound (maxBytes).`, { code: "too_large" });
  try {
    // Only a hint, since of a compressed body it is not this size; but it saves reading what is too large anyway.
    if (Number(headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of unpacked(headers, body, name)) {
      const part = chunk as Uint8Array;
      bytes += part.byteLength;
      if (bytes > maxBytes) throw tooLarge();
      chunks.push(part);
    }
    return Buffer.concat(chunks, bytes);
  } finally {
    body.destroy();
  }
}

function unpacked(headers: Headers, body: Readable, name: string): Readable {
  const encodings = (headers.get("content-encoding") ?? "")
    .toLowerCase()
    .split(",")
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== "" && encoding !== "identity");
  const [encoding, ...more] = encodings;
  if (encoding === undefined) return body;
  const decoder = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
  if (decoder === undefined || more.length > 0) {
    throw new HttpError(`${name} answers compressed as "${encodings.join(", ").slice(0, 50)}", which is not supported.`, {
      code: "broken",
    });
  }
  // What goes wrong comes out of the reading.
  return pipeline(body, decoder(), () => undefined);
}

/**
 * Decodes text by the `charset` of its content type, or as UTF-8. A byte order mark decides before both and is left
 * out; bytes that are no text become U+FFFD.
 *
 * @see https://encoding.spec.whatwg.org/#decode
 */
export function decodeText(body: Uint8Array, contentType: string | undefined): string {
  const label = markedEncoding(body) ?? /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? "")?.[1] ?? "utf-8";
  return decoderOf(label).decode(body);
}

function markedEncoding(body: Uint8Array): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return "utf-8";
  if (body[0] === 0xfe && body[1] === 0xff) return "utf-16be";
  return body[0] === 0xff && body[1] === 0xfe ? "utf-16le" : undefined;
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    // A label that nobody knows: most of such text is UTF-8 nevertheless.
    return new TextDecoder();
  }
}
