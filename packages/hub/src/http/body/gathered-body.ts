import { HubError } from "../../core/errors.ts";
import type { BodyShare } from "../admission/body-bytes.ts";

/** Memory for the first bytes of a body, in bytes. */
const FIRST_BYTES = 1024;
const NOTHING = new Uint8Array();

/**
 * Gathers the chunks of a body in one buffer that grows. A list of chunks would cost hundreds of
 * bytes for each, so a body that comes byte by byte would fill the memory.
 */
export class GatheredBody {
  readonly #maxBytes: number;
  readonly #expectedBytes: number;
  readonly #share: BodyShare;
  readonly #cut: (refusal: HubError) => void;
  #buffer: Uint8Array = NOTHING;
  #length = 0;

  /**
   * @param maxBytes - Most bytes of the body.
   * @param expectedBytes - The `Content-Length`, or `maxBytes`. The buffer grows past it only if
   *   the body does.
   * @param share - Counts the buffer.
   * @param cut - Called if the hub takes the memory for another request. Stop reading then.
   */
  constructor(maxBytes: number, expectedBytes: number, share: BodyShare, cut: (refusal: HubError) => void) {
    this.#maxBytes = maxBytes;
    this.#expectedBytes = expectedBytes;
    this.#share = share;
    this.#cut = (refusal) => {
      this.#buffer = NOTHING;
      cut(refusal);
    };
  }

  /** @throws HubError `too_large`, or `overloaded` if there is no room. Stop reading then. */
  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** Marks the body as complete. */
  end(): Uint8Array {
    this.#share.complete();
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(least: number): void {
    const size = Math.max(least, Math.min(Math.max(FIRST_BYTES, 2 * this.#buffer.length), this.#expectedBytes));
    this.#share.hold(size, this.#cut);
    // Not of Node's pool, of which a small piece would keep a whole page.
    const buffer = new Uint8Array(size);
    buffer.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = buffer;
  }
}

/** Makes the refusal of a body that is too large. */
export function tooLarge(maxBytes: number): HubError {
  return new HubError("too_large", `The body is larger than ${maxBytes} bytes. Send less at a time.`);
}
