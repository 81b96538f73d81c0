import { addressKey } from "../core/address-key.ts";
import { HubError } from "../core/errors.ts";
import { Recent } from "../core/recent.ts";
import { monotonicMs } from "../core/scheduler.ts";
import type { ConnectionLimits } from "./connections.ts";

/** Longest time that a peer is told to stay away, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;
/** Shortest: whoever is sent away and back at once would only come too soon again. */
const SHORTEST_WAIT_MS = 1000;

/** Part of the places that addresses within their own rate have to themselves. */
const KEPT = 0.5;

/** Most addresses that are remembered, in each of two generations. One that is forgotten begins with all its places. */
const REMEMBERED_ADDRESSES = 10_000;

/** Peers that were told to come back one after the other. */
interface Queue {
  /** The last time that one of them was told. */
  bookedUntilMs: number;
}

/** Places that come back with time, up to those of a second. */
class Places {
  readonly #perSecond: number;
  #left: number;
  #countedAtMs: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#countedAtMs = now;
  }

  left(now: number): number {
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#countedAtMs) * this.#perSecond) / 1000);
    this.#countedAtMs = now;
    return this.#left;
  }

  take(): void {
    this.#left = Math.max(0, this.#left - 1);
  }
}

/** What an address has. */
interface Address extends Queue {
  readonly places: Places;
}

/**
 * Lets new connections in at a bounded rate: each that comes costs the check of a token and a search in the journal, and after a restart
 * all come at once. Those past it are told to come back, each at a time of its own, so that they return at the rate at which they are taken.
 *
 * An address that comes faster than its own rate gets a place only if more than half are free, so that a flood leaves places for others. Alone it
 * still comes at the whole rate: publishers without keep-alive may be one address.
 */
export class Arrivals {
  readonly #limits: Pick<ConnectionLimits, "connectionsPerSecond" | "connectionsPerSecondPerAddress">;
  readonly #now: () => number;
  readonly #known = new WeakSet<object>();
  readonly #places: Places;
  /** Those within the rate of their address. */
  readonly #queue: Queue = { bookedUntilMs: 0 };
  readonly #addresses = new Recent<Address>(REMEMBERED_ADDRESSES);

  /** @param limits - Infinity a second for no bound. */
  constructor(limits: Pick<ConnectionLimits, "connectionsPerSecond" | "connectionsPerSecondPerAddress">, now: () => number = monotonicMs) {
    this.#limits = limits;
    this.#now = now;
    this.#places = new Places(limits.connectionsPerSecond, now());
  }

  /**
   * Must be called for each request. The first one of a connection takes a place, the others none.
   *
   * @param connection - The same object for all requests of a connection.
   * @param address - The peer's; the loopback is exempt, as for the other limits: a proxy there has limits of its own.
   * @throws HubError `overloaded`.
   */
  admit(connection: object, address: string | undefined): void {
    if (this.#limits.connectionsPerSecond === Infinity || this.#known.has(connection)) return;
    const key = address === undefined ? undefined : addressKey(address);
    if (key !== undefined) this.#takePlace(key);
    this.#known.add(connection);
  }

  #takePlace(key: string): void {
    const { connectionsPerSecond, connectionsPerSecondPerAddress } = this.#limits;
    const now = this.#now();
    const own = this.#addressOf(key, now);
    const isWithin = own.places.left(now) >= 1;
    const least = isWithin ? 1 : Math.min(connectionsPerSecond, 1 + connectionsPerSecond * KEPT);
    if (this.#places.left(now) >= least) {
      this.#places.take();
      own.places.take();
      return;
    }
    if (isWithin) {
      throw new HubError("overloaded", "The hub gets more new connections than it takes at a time. Try again later.", {
        retryAfterMs: this.#book(this.#queue, now),
      });
    }
    throw new HubError(
      "overloaded",
      "Your address makes more new connections than it may while others come too. Keep connections open, or try again later.",
      {
        // In a queue of its own, lest others are told to wait behind a flood.
        retryAfterMs: this.#book(own, now),
        cause: new Error(`${key} makes more than ${connectionsPerSecondPerAddress} connections a second.`),
      },
    );
  }

  #addressOf(key: string, now: number): Address {
    let address = this.#addresses.get(key);
    if (address === undefined) {
      address = { places: new Places(this.#limits.connectionsPerSecondPerAddress, now), bookedUntilMs: 0 };
      this.#addresses.set(key, address);
    }
    return address;
  }

  /** @returns Milliseconds from now. */
  #book(queue: Queue, now: number): number {
    queue.bookedUntilMs = Math.max(queue.bookedUntilMs, now + SHORTEST_WAIT_MS) + 1000 / this.#limits.connectionsPerSecond;
    const waitMs = queue.bookedUntilMs - now;
    if (waitMs <= LONGEST_WAIT_MS) return Math.round(waitMs);
    // So many that their turns can't be told apart any more.
    queue.bookedUntilMs = now + LONGEST_WAIT_MS;
    return Math.round(LONGEST_WAIT_MS * (0.5 + Math.random() / 2));
  }
}
