import { HubError } from "../../core/errors.ts";
import { addressGroup } from "../../core/address-key.ts";

/**
 * Memory for one chunk of a body, beside its bytes. Otherwise a body that comes byte by byte would
 * fill the memory uncounted.
 */
const PART_BYTES = 200;

/** Range of the delay before a client with a refused body comes back, in milliseconds. */
const FULL = { minMs: 1000, maxMs: 5000 } as const;

/** Byte count of one request's body. */
export interface BodyShare {
  /**
   * Counts a chunk of the body.
   *
   * @throws HubError `overloaded` if there is no room.
   */
  add(bytes: number): void;
  /** Releases the bytes. Call once after the request. */
  release(): void;
}

/**
 * Bounds the bytes of all request bodies in a process until their requests are handled. An address
 * may hold no more than is left for others. One address alone gets half, and each of many finds
 * room for a small body.
 */
export class BodyBytes {
  readonly #limit: number;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  /** @param limit - See `Limits.pendingBodyBytes`. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @param address - The client's. The loopback counts as one address, and so do all unknown
   *   addresses.
   */
  open(address: string | undefined): BodyShare {
    const key = addressGroup(address);
    let own = 0;
    return {
      add: (bytes) => {
        const part = bytes + PART_BYTES;
        this.#check(key, part);
        own += part;
        this.#count(key, part);
      },
      release: () => {
        this.#count(key, -own);
        own = 0;
      },
    };
  }

  #check(key: string, part: number): void {
    const held = this.#byAddress.get(key) ?? 0;
    if (held + part <= this.#limit - this.#total) return;
    throw new HubError("overloaded", "The hub has reached its limit of request bodies. Send less at a time, or try again later.", {
      retryAfterMs: FULL.minMs + Math.random() * (FULL.maxMs - FULL.minMs),
      cause: new Error(
        `Request bodies hold ${this.#total} bytes, ${held} of them for ${key}. The limit is ${this.#limit}, and an address may hold no more than is left.`,
      ),
    });
  }

  #count(key: string, bytes: number): void {
    this.#total += bytes;
    const held = (this.#byAddress.get(key) ?? 0) + bytes;
    if (held > 0) this.#byAddress.set(key, held);
    else this.#byAddress.delete(key);
  }
}
