/** Bytes before a frame's content: its length, its kind, and the number of its request. */
const HEADER_BYTES = 9;
/**
 * Longest content of a frame, in bytes. A longer append is refused, and a peer that announces more
 * is cut off.
 */
export const MAX_FRAME_BYTES: number = 256 * 1024 * 1024;

/** The kinds of frames between the writer and a follower. Values are on the wire. */
export const KIND = {
  // From a follower.
  hello: 1,
  append: 2,
  entries: 3,
  findId: 4,
  findKey: 5,
  place: 6,
  // From the writer.
  opening: 32,
  moved: 33,
  appended: 34,
  result: 35,
  error: 36,
  leaving: 37,
  /** Requests without an answer were not carried out, and are for the next writer. The last frame. */
  again: 38,
  /** The log can't be used for now: an error. Without content, it can be used again. */
  failing: 39,
} as const;

/** A request of a follower, which gets one answer. */
export type RequestKind = "append" | "entries" | "findId" | "findKey" | "place";

/** A frame that breaks the protocol. Its connection is closed. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

/** @param number - Of the request, from 1. 0 if the frame belongs to none. */
export function frame(kind: number, number: number, content: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.writeUInt8(kind, 4);
  bytes.writeUInt32BE(number, 5);
  content.copy(bytes, HEADER_BYTES);
  return bytes;
}

/** Finds the frames in the bytes of a connection. */
export class FrameReader {
  readonly #onFrame: (kind: number, number: number, content: Buffer) => void;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes of the first frame, as far as known. */
  #needed = HEADER_BYTES;

  /**
   * @param onFrame - Gets the content as a part of the bytes that came in. May throw, which ends
   *   the reading.
   * @param maxBytes - Longest content.
   */
  constructor(onFrame: (kind: number, number: number, content: Buffer) => void, maxBytes: number = MAX_FRAME_BYTES) {
    this.#onFrame = onFrame;
    this.#maxBytes = maxBytes;
  }

  /** @throws MalformedFrame if a frame is too long. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // A long frame comes in many chunks, which are joined once.
    if (this.#bytes < this.#needed) return;
    const all = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes);
    let at = 0;
    this.#needed = HEADER_BYTES;
    while (all.length - at >= HEADER_BYTES) {
      const length = all.readUInt32BE(at);
      if (length > this.#maxBytes) throw new MalformedFrame(`A frame of ${length} bytes is longer than ${this.#maxBytes}.`);
      this.#needed = HEADER_BYTES + length;
      if (all.length - at < this.#needed) break;
      this.#onFrame(all.readUInt8(at + 4), all.readUInt32BE(at + 5), all.subarray(at + HEADER_BYTES, at + this.#needed));
      at += this.#needed;
      this.#needed = HEADER_BYTES;
    }
    const rest = all.subarray(at);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
  }
}
