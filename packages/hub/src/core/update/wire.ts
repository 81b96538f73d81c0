import { encodeUtf8, joinBytes } from "./bytes.ts";
import { Frame } from "./encoded-frame.ts";
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

/** Turns frames into bytes on the wire. */
export class Wire {
  readonly #compression: Compression | undefined;

  /** @param compression - Undefined for no compression. */
  constructor(compression: Compression | undefined) {
    this.#compression = compression;
  }

  get compresses(): boolean {
    return this.#compression !== undefined;
  }

  /** Encodes the first bytes of a stream, which are one subscriber's own. */
  begin(text: string, format: WireFormat): Uint8Array {
    const compression = this.#compressionFor(format);
    if (compression === undefined) return this.encode(Frame.ofText(text), format);
    const parts = [GZIP_HEADER, ...gzipBlocks(encodeUtf8(text), compression)];
    return format.framing === "chunked" ? Frame.ofBytes(...parts).chunk : joinBytes(parts);
  }

  /** Finds or makes the bytes of a frame in a format. */
  encode(frame: Frame, format: WireFormat): Uint8Array {
    const compression = this.#compressionFor(format);
    const encoded = compression === undefined ? frame : frame.gzip(compression);
    return format.framing === "chunked" ? encoded.chunk : encoded.content;
  }

  /** Encodes frames that go in one write: compressed together, otherwise one chunk per frame. */
  join(frames: readonly Frame[], format: WireFormat): Uint8Array {
    if (this.#compressionFor(format) !== undefined) return this.encode(Frame.ofBytes(...frames.map(({ content }) => content)), format);
    return joinBytes(frames.map(format.framing === "chunked" ? ({ chunk }) => chunk : ({ content }) => content));
  }

  #compressionFor({ encoding }: WireFormat): Compression | undefined {
    return encoding === "gzip" ? this.#compression : undefined;
  }
}
