import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw, type InputType, type ZlibOptions } from "node:zlib";
import { HttpError } from "../errors.ts";
import type { RawAnswer } from "./request.ts";

/** Value of `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = "gzip, br";

type Decoder = (input: InputType, options: ZlibOptions) => Promise<Buffer>;

const GUNZIP: Decoder = promisify<InputType, ZlibOptions, Buffer>(gunzip);

/**
 * Decoders for compressions without a signature in the first bytes. Some servers use a compression
 * that was not requested.
 */
const DECODERS: Readonly<Record<string, readonly Decoder[]>> = {
  br: [promisify<InputType, ZlibOptions, Buffer>(brotliDecompress)],
  // With a header by the standard, without a header by old servers.
  deflate: [promisify<InputType, ZlibOptions, Buffer>(inflate), promisify<InputType, ZlibOptions, Buffer>(inflateRaw)],
};

/** Most layers of gzip on a body: by the program, by its server, by a proxy. */
const MAX_GZIPS = 3;

/** How far a body is searched for bytes that no text has. */
const HEAD_BYTES = 512;

/**
 * Reads a body to its end, up to a bound. The bytes decide the compression, and `Content-Encoding`
 * is only a hint. The header stays on bodies that a proxy has unpacked, and is missing on bodies
 * that a program has packed. Unpacked data is bounded too, so a decompression bomb is cut off.
 *
 * @param name - The owner of the body, for the error.
 * @throws HttpError `too_large`, or `broken` for an unknown compression.
 * @throws Errors of the socket or the decompression.
 */
export async function readBody({ headers, body }: RawAnswer, maxBytes: number, name: string): Promise<Uint8Array> {
  try {
    // Only a hint, since the size of a compressed body differs. The check saves reading a body that
    // is too large anyway.
    if (Number(headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes, name);
    const packed = await readPacked(body, maxBytes, name);
    return await unpack(packed, headers.get("content-encoding")?.toLowerCase().trim() ?? "", maxBytes, name);
  } finally {
    body.destroy();
  }
}

function tooLarge(maxBytes: number, name: string): HttpError {
  return new HttpError(`The answer of ${name} is larger than ${maxBytes} bytes, which is the bound (maxBytes).`, { code: "too_large" });
}

async function readPacked(body: Readable, maxBytes: number, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const part = chunk as Uint8Array;
    bytes += part.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes, name);
    chunks.push(part);
  }
  return Buffer.concat(chunks, bytes);
}

async function unpack(packed: Buffer, label: string, maxBytes: number, name: string): Promise<Buffer> {
  const bounded = async (decode: Decoder, bytes: Buffer): Promise<Buffer> => {
    try {
      return await decode(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      throw Reflect.get(Object(error), "code") === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxBytes, name) : error;
    }
  };
  let bytes = packed;
  for (let times = 0; times < MAX_GZIPS && isGzip(bytes); times++) bytes = await bounded(GUNZIP, bytes);
  if (bytes !== packed || label === "" || label === "identity" || bytes.byteLength === 0) return bytes;
  let failure: unknown;
  for (const decode of Object.hasOwn(DECODERS, label) ? (DECODERS[label] ?? []) : []) {
    try {
      return await bounded(decode, bytes);
    } catch (error) {
      if (error instanceof HttpError) throw error;
      failure ??= error;
    }
  }
  if (isText(bytes)) return bytes;
  throw (
    failure ??
    new HttpError(`${name} answers compressed as "${label.slice(0, 50)}", which is not supported, or not so.`, { code: "broken" })
  );
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
}

/** Whether the bytes have none of the controls that no text has, and every compression. */
function isText(bytes: Uint8Array): boolean {
  if (markedEncoding(bytes) !== undefined) return true;
  return bytes.subarray(0, HEAD_BYTES).every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

/**
 * Decodes text by the `charset` of its content type, or as UTF-8. A byte order mark decides before
 * both and is removed. Invalid bytes become U+FFFD.
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
    // An unknown label. Most of this text is UTF-8 nevertheless.
    return new TextDecoder();
  }
}
