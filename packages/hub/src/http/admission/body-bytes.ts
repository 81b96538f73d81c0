import { HubError } from "../../core/errors.ts";
import { addressGroup } from "../../core/address-key.ts";

/** What a part of a body takes beside its bytes. Bodies that come byte by byte would else fill the memory uncounted. */
const PART_BYTES = 200;

/** Between the least and the most, a client comes back whose body found no room, in milliseconds. */
const FULL = { minMs: 1000, maxMs: 5000 } as const;

/** The bytes of one request's body. */
export interface BodyShare {
  /**
   * Counts a part of the body.
   *
   * @throws HubError `overloaded` if there is no room.
   */
  add(bytes: number): void;
  /** Must be called once when the request was handled. */
  release(): void;
}

/**
 * Bounds the bytes of all request bodies that a process has not handled yet. An address may hold no more than is left for others: one alone has half, and each of many
 * finds room for a small body.
 */
export class BodyBytes {
  readonly #limit: number;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  /** @param limit - See `Limits.pendingBodyBytes`. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @param address - The client's. The loopback counts as one address, and so do all unknown ones. */
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
    throw new HubError("overloaded", "The hub reads as many bytes of request bodies as it may. Send less at a time, or try again later.", {
      retryAfterMs: FULL.minMs + Math.random() * (FULL.maxMs - FULL.minMs),
      cause: new Error(
        `All bodies have ${this.#total} bytes, those of ${key} ${held}. They may have ${this.#limit}, and an address no more than is left.`,
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
