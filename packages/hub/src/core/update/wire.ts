import { allocate, encodeUtf8, joinBytes } from "./bytes.ts";
import { type Compression, GZIP_HEADER, gzipBlocks } from "./gzip-blocks.ts";

/** Encoding of a stream's content: as it is, or as one gzip member that never ends. */
export type Encoding = "identity" | "gzip";

/**
 * How the hub delimits writes of a stream: as chunks of HTTP/1.1, or not at all if the connection
 * or the runtime does so.
 */
export type Framing = "none" | "chunked";

/** Format of a subscriber's bytes. */
export interface WireFormat {
  readonly encoding: Encoding;
  readonly framing: Framing;
}

/** Last chunk of a body, which ends the body. RFC 9112, 7.1. */
export const LAST_CHUNK: Uint8Array = encodeUtf8("0\r\n\r\n");

const CR = 0x0d;
const LF = 0x0a;
const HEX_DIGITS = encodeUtf8("0123456789abcdef");

/** Bytes in a format, with and without their chunk around them. One buffer serves both. */
interface Encoded {
  readonly content: Uint8Array;
  readonly chunk: Uint8Array;
}

/**
 * Turns frames into bytes on the wire. Each frame is encoded once per format, for any number of
 * subscribers.
 *
 * Chunks cost a few bytes per frame and are shared like the frame. Clients need them. A reader that
 * asks for 512 bytes of a body without chunks waits for 512 bytes, as Python's `requests` does.
 */
export class Wire {
  readonly #compression: Compression | undefined;
  /** Keyed by the encoded frame, so that an entry is freed with its frame. */
  readonly #plain = new WeakMap<Uint8Array, Encoded>();
  readonly #gzip = new WeakMap<Uint8Array, Encoded>();

  /** @param compression - Undefined for no compression. */
  constructor(compression: Compression | undefined) {
    this.#compression = compression;
  }

  get compresses(): boolean {
    return this.#compression !== undefined;
  }

  /** Encodes the first bytes of a stream, which are one subscriber's own. */
  begin(bytes: Uint8Array, format: WireFormat): Uint8Array {
    const compression = this.#compressionFor(format);
    const parts = compression === undefined ? [bytes] : [GZIP_HEADER, ...gzipBlocks(bytes, compression)];
    return format.framing === "chunked" ? encoded(parts).chunk : joinBytes(parts);
  }

  /** Encodes one frame. Its bytes must not change afterwards. */
  encode(bytes: Uint8Array, format: WireFormat): Uint8Array {
    const compression = this.#compressionFor(format);
    if (compression === undefined && format.framing === "none") return bytes;
    const known = compression === undefined ? this.#plain : this.#gzip;
    let result = known.get(bytes);
    if (result === undefined) {
      result = encoded(compression === undefined ? [bytes] : gzipBlocks(bytes, compression));
      known.set(bytes, result);
    }
    return format.framing === "chunked" ? result.chunk : result.content;
  }

  /** Encodes frames that go in one write: compressed together, otherwise one chunk per frame. */
  join(frames: readonly Uint8Array[], format: WireFormat): Uint8Array {
    if (this.#compressionFor(format) !== undefined) return this.encode(joinBytes(frames), format);
    return format.framing === "chunked" ? chunks(frames) : joinBytes(frames);
  }

  #compressionFor({ encoding }: WireFormat): Compression | undefined {
    return encoding === "gzip" ? this.#compression : undefined;
  }
}

function encoded(parts: readonly Uint8Array[]): Encoded {
  const bytes = joinBytes(parts);
  const chunk = chunks([bytes]);
  const end = chunk.length - 2;
  return { chunk, content: chunk.subarray(end - bytes.length, end) };
}

/**
 * Writes one chunk per frame (RFC 9112, 7.1), all into one buffer. The garbage collector sees no
 * other.
 */
function chunks(frames: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const frame of frames) length += digitsOf(frame.length) + frame.length + 4;
  const joined = allocate(length);
  let offset = 0;
  for (const frame of frames) {
    for (let shift = 4 * (digitsOf(frame.length) - 1); shift >= 0; shift -= 4) {
      joined[offset++] = HEX_DIGITS[(frame.length >>> shift) & 15] as number;
    }
    joined[offset++] = CR;
    joined[offset++] = LF;
    joined.set(frame, offset);
    offset += frame.length;
    joined[offset++] = CR;
    joined[offset++] = LF;
  }
  return joined;
}

/**
 * Number of hexadecimal digits of a length. At most 8, because no buffer is longer than 2^32 bytes.
 */
function digitsOf(length: number): number {
  return length === 0 ? 1 : Math.ceil((32 - Math.clz32(length)) / 4);
}
