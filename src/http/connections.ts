import { addressKey } from "../core/address-key.ts";
import { HubError } from "../core/errors.ts";
import type { Range } from "../core/range.ts";

/** Bounds on open streams. */
export interface ConnectionLimits {
  /** Most streams from one address, IPv6 counted by its /64; loopback is exempt. Stops one peer from taking all. */
  readonly connectionsPerAddress: number;
  /** Most streams in all. Stops the process from running out of descriptors. */
  readonly connections: number;
  /**
   * Most new connections a second, in each process; the loopback is exempt. Past it they are told to come back, each at a time of its own. Stops
   * a herd that comes back at once from holding up those that are there. Infinity for no bound.
   */
  readonly connectionsPerSecond: number;
}

/** The limits that hold where none is given. */
export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = { connectionsPerAddress: 100, connections: 50_000, connectionsPerSecond: 500 };

/** What each of them may be; `connectionsPerSecond` may be Infinity, too. */
export const CONNECTION_RANGES: Readonly<Record<keyof ConnectionLimits, Range>> = {
  connectionsPerAddress: [1, 1_000_000],
  connections: [1, 1_000_000],
  connectionsPerSecond: [1, 1_000_000],
};

/** When to come back to a hub that is full, in milliseconds. */
const FULL = { minMs: 5000, maxMs: 15_000 } as const;

/** When to come back to a hub that holds enough streams of an address, in milliseconds. Its other streams may take long to end. */
const ADDRESS_FULL = { minMs: 10_000, maxMs: 30_000 } as const;

/** Counts open streams against the limits. */
export class Connections {
  readonly #limits: Pick<ConnectionLimits, "connections" | "connectionsPerAddress">;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: Pick<ConnectionLimits, "connections" | "connectionsPerAddress">) {
    this.#limits = limits;
  }

  /**
   * Counts one more stream.
   *
   * @param address - The peer's, where the runtime tells it.
   * @returns Must be called once when the stream has ended.
   * @throws HubError `too_many_connections` where its address has too many, `overloaded` where all have.
   */
  open(address: string | undefined): () => void {
    if (this.#total >= this.#limits.connections) {
      throw new HubError("overloaded", "The hub holds as many streams as it may. Try again later.", {
        retryAfterMs: between(FULL),
      });
    }
    const key = address === undefined ? undefined : addressKey(address);
    if (key !== undefined) {
      const count = this.#byAddress.get(key) ?? 0;
      if (count >= this.#limits.connectionsPerAddress) {
        throw new HubError(
          "too_many_connections",
          "Your address holds as many streams as it may. Close some; one stream can carry many topics.",
          { retryAfterMs: between(ADDRESS_FULL), cause: new Error(`${key} has ${count} open, the most that an address may.`) },
        );
      }
      this.#byAddress.set(key, count + 1);
    }
    this.#total++;
    return () => this.#close(key);
  }

  #close(key: string | undefined): void {
    this.#total--;
    if (key === undefined) return;
    const count = (this.#byAddress.get(key) ?? 1) - 1;
    if (count === 0) this.#byAddress.delete(key);
    else this.#byAddress.set(key, count);
  }
}

/** A time of its own for each, lest all come back at once. */
function between({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): number {
  return minMs + Math.random() * (maxMs - minMs);
}
