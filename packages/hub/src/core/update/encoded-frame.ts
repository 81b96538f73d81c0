import { allocate, encodeUtf8, utf8Bytes, writeUtf8 } from "./bytes.ts";
import { type Compression, gzipBlocks } from "./gzip-blocks.ts";

const CR = 0x0d;
const LF = 0x0a;
const HEX_DIGITS = encodeUtf8("0123456789abcdef");

/**
 * Events as bytes, in every form that a socket takes. The forms are made when they are needed, once
 * for all subscribers, and end with the frame.
 *
 * One buffer holds the event and the chunk around it, because the garbage collector pays for each.
 * Almost every stream takes chunks. A reader that asks for 512 bytes of a body without chunks waits
 * for 512 bytes, as Python's `requests` does.
 *
 * @see RFC 9112, 7.1 "Chunked Transfer Coding".
 */
export class Frame {
  /** The bytes of the events. */
  readonly length: number;
  /** The events as a chunk of HTTP/1.1. */
  readonly chunk: Uint8Array;
  /** Set by the encoder: the same events with all their topics. */
  withTopics: Frame | undefined = undefined;
  #content: Uint8Array | undefined = undefined;
  #gzip: Frame | undefined = undefined;

  private constructor(length: number) {
    this.length = length;
    this.chunk = allocateChunk(length);
  }

  static ofText(text: string): Frame {
    const frame = new Frame(utf8Bytes(text));
    writeUtf8(text, frame.chunk, frame.#start);
    return frame;
  }

  /** @param parts - Copied, one after the other. */
  static ofBytes(...parts: readonly Uint8Array[]): Frame {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return Frame.filled(length, (content) => {
      let at = 0;
      for (const part of parts) {
        content.set(part, at);
        at += part.length;
      }
    });
  }

  /** @param fill - Writes the content, all of it. */
  static filled(length: number, fill: (content: Uint8Array) => void): Frame {
    const frame = new Frame(length);
    fill(frame.content);
    return frame;
  }

  /** The events as they are. */
  get content(): Uint8Array {
    return (this.#content ??= this.chunk.subarray(this.#start, this.#start + this.length));
  }

  /** The events as gzip blocks. */
  gzip(compression: Compression): Frame {
    return (this.#gzip ??= Frame.ofBytes(...gzipBlocks(this.content, compression)));
  }

  get #start(): number {
    return this.chunk.length - 2 - this.length;
  }
}

/** Allocates a chunk and writes all but its content. */
function allocateChunk(length: number): Uint8Array {
  const digits = digitsOf(length);
  const chunk = allocate(digits + length + 4);
  let at = 0;
  for (let shift = 4 * (digits - 1); shift >= 0; shift -= 4) chunk[at++] = HEX_DIGITS[(length >>> shift) & 15] as number;
  chunk[at++] = CR;
  chunk[at++] = LF;
  chunk[at + length] = CR;
  chunk[at + length + 1] = LF;
  return chunk;
}

/**
 * Number of hexadecimal digits of a length. At most 8, because no buffer is longer than 2^32 bytes.
 */
function digitsOf(length: number): number {
  return length === 0 ? 1 : Math.ceil((32 - Math.clz32(length)) / 4);
}
