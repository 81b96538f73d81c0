import { addressKey } from "../../core/address-key.ts";
import { HubError } from "../../core/errors.ts";
import { Recent } from "../../core/recent.ts";
import { monotonicMs } from "../../core/scheduler.ts";
import type { ConnectionLimits } from "./connections.ts";

/** Longest time that a peer is told to stay away, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;
/** Shortest: whoever is sent away and back at once would only come too soon again. */
const SHORTEST_WAIT_MS = 1000;

/** Part of the places that addresses within their own rate have to themselves. */
const KEPT = 0.5;

/** New patterns of a subscription that are part of its connection's place: to compile one takes less time than a new connection does. */
const FREE_PATTERNS = 2;
/** For each further one. Dear, so that subscriptions of a hundred take a small part of a busy processor, and all others have the rest. */
const PLACES_A_PATTERN = 2;

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

  /** More than there are is a debt. */
  take(count: number): void {
    this.#left -= count;
  }
}

/** What an address has. */
interface Address extends Queue {
  readonly key: string;
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
    if (this.#known.has(connection)) return;
    const own = this.#addressOf(address);
    if (own !== undefined) this.#admitOf(own);
    this.#known.add(connection);
  }

  /**
   * Takes places for the patterns that a subscription brings, as if its address were past its rate: what is costly must not keep others from coming.
   *
   * @param count - How many have to be compiled.
   * @throws HubError `overloaded`.
   */
  admitPatterns(address: string | undefined, count: number): void {
    const own = this.#addressOf(address);
    const places = (count - FREE_PATTERNS) * PLACES_A_PATTERN;
    if (own === undefined || places <= 0 || this.#take(places, false)) return;
    throw this.#overloaded(
      own,
      "The hub gets more new patterns than it compiles at a time. Try again later.",
      `${own.key} brings ${count} new patterns.`,
    );
  }

  #admitOf(own: Address): void {
    const isWithin = own.places.left(this.#now()) >= 1;
    if (this.#take(1, isWithin)) {
      if (isWithin) own.places.take(1);
      return;
    }
    if (isWithin) throw this.#overloaded(this.#queue, "The hub gets more new connections than it takes at a time. Try again later.");
    throw this.#overloaded(
      // In a queue of its own, lest others are told to wait behind a flood.
      own,
      "Your address makes more new connections than it may while others come too. Keep connections open, or try again later.",
      `${own.key} makes more than ${this.#limits.connectionsPerSecondPerAddress} connections a second.`,
    );
  }

  /** @returns Whether there were places. */
  #take(count: number, isWithin: boolean): boolean {
    const { connectionsPerSecond } = this.#limits;
    const least = isWithin ? 1 : Math.min(connectionsPerSecond, count + connectionsPerSecond * KEPT);
    if (this.#places.left(this.#now()) < least) return false;
    this.#places.take(count);
    return true;
  }

  #overloaded(queue: Queue, detail: string, why?: string): HubError {
    return new HubError("overloaded", detail, { retryAfterMs: this.#book(queue), ...(why !== undefined && { cause: new Error(why) }) });
  }

  /** @returns Undefined if no limit holds. */
  #addressOf(address: string | undefined): Address | undefined {
    const { connectionsPerSecond, connectionsPerSecondPerAddress } = this.#limits;
    const key = address === undefined || connectionsPerSecond === Infinity ? undefined : addressKey(address);
    if (key === undefined) return undefined;
    let known = this.#addresses.get(key);
    if (known === undefined) {
      known = { key, places: new Places(connectionsPerSecondPerAddress, this.#now()), bookedUntilMs: 0 };
      this.#addresses.set(key, known);
    }
    return known;
  }

  /** @returns Milliseconds from now. */
  #book(queue: Queue): number {
    const now = this.#now();
    queue.bookedUntilMs = Math.max(queue.bookedUntilMs, now + SHORTEST_WAIT_MS) + 1000 / this.#limits.connectionsPerSecond;
    const waitMs = queue.bookedUntilMs - now;
    if (waitMs <= LONGEST_WAIT_MS) return Math.round(waitMs);
    // So many that their turns can't be told apart any more.
    queue.bookedUntilMs = now + LONGEST_WAIT_MS;
    return Math.round(LONGEST_WAIT_MS * (0.5 + Math.random() / 2));
  }
}
