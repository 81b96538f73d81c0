import { joinBytes } from "./bytes.ts";

/** How a stream's bytes are encoded: as they are, or as one gzip member that never ends. */
export type Encoding = "identity" | "gzip";

/** Deflates bytes on their own and ends with a full flush: the answer is whole bytes, and refers to nothing before them. */
export type Deflate = (bytes: Uint8Array) => Uint8Array;

/** What a hub needs to compress. */
export interface Compression {
  readonly deflate: Deflate;
  /** Smallest frame that is deflated, in bytes; smaller ones cost more than they save. */
  readonly minBytes: number;
}

/** RFC 1952, 2.3: deflate, no flags, no time, any system. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** Most bytes of a stored block. */
const STORED_BYTES = 0xffff;

/**
 * Compression that is shared: a frame is deflated once, for all subscribers that take gzip. As no block refers to one before it, a
 * subscriber that joins at any time gets the header and then the same blocks as everyone else; and secrets in one update never meet another's text
 * in one compression context.
 *
 * @see RFC 1951, 3.2.4 "Non-compressed blocks".
 */
export class GzipBlocks {
  readonly #compression: Compression;
  /** By what they encode: they go when that does. */
  readonly #blocks = new WeakMap<Uint8Array, Uint8Array>();

  constructor(compression: Compression) {
    this.#compression = compression;
  }

  /** What a stream begins with. */
  begin(bytes: Uint8Array): Uint8Array {
    return joinBytes([GZIP_HEADER, this.#encode(bytes)]);
  }

  /** Encodes bytes, once however often they are sent. They must not change. */
  shared(bytes: Uint8Array): Uint8Array {
    let block = this.#blocks.get(bytes);
    if (block === undefined) {
      block = this.#encode(bytes);
      this.#blocks.set(bytes, block);
    }
    return block;
  }

  #encode(bytes: Uint8Array): Uint8Array {
    if (bytes.length < this.#compression.minBytes) return store(bytes);
    const deflated = this.#compression.deflate(bytes);
    return deflated.length < bytes.length ? deflated : store(bytes);
  }
}

/** Blocks that are not compressed: five bytes more each. */
function store(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += STORED_BYTES) {
    const part = bytes.subarray(start, start + STORED_BYTES);
    const { length } = part;
    chunks.push(Uint8Array.of(0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff), part);
  }
  return joinBytes(chunks);
}
