/**
 * Deflates bytes on their own and ends with a full flush. The answer is whole bytes, and refers to
 * nothing before them.
 */
export type Deflate = (bytes: Uint8Array) => Uint8Array;

/** Options of compression. */
export interface Compression {
  readonly deflate: Deflate;
  /** Smallest frame that is deflated, in bytes. Smaller frames cost more than they save. */
  readonly minBytes: number;
}

/** First bytes of a compressed stream. RFC 1952, 2.3: deflate, no flags, no time, any system. */
export const GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);

/**
 * Empty stored block that ends a flush. Go's reader returns bytes at these blocks only, so a write
 * without the block does not arrive.
 */
const SYNC_FLUSH = Uint8Array.of(0, 0, 0, 0xff, 0xff);

/** Most bytes of a stored block. */
const STORED_BYTES = 0xffff;

/**
 * Encodes bytes as deflate blocks that refer to nothing before them and end in a flush. A
 * subscriber may join at any time and get the same blocks as everyone else. Secrets in one update
 * never meet another's text in one compression context.
 *
 * @returns Parts to be joined.
 * @see RFC 1951, 3.2.4 "Non-compressed blocks".
 */
export function gzipBlocks(bytes: Uint8Array, { deflate, minBytes }: Compression): Uint8Array[] {
  if (bytes.length >= minBytes) {
    const deflated = deflate(bytes);
    if (deflated.length < bytes.length) return [deflated];
  }
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += STORED_BYTES) {
    const part = bytes.subarray(start, start + STORED_BYTES);
    const { length } = part;
    parts.push(Uint8Array.of(0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff), part);
  }
  parts.push(SYNC_FLUSH);
  return parts;
}
