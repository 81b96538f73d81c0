import { addressKey } from "../../core/address-key.ts";
import { HubError } from "../../core/errors.ts";
import { Recent } from "../../core/recent.ts";
import { monotonicMs } from "../../core/scheduler.ts";
import type { ConnectionLimits } from "./connections.ts";

/** Longest delay that a refused peer is told, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;
/** Shortest delay, in milliseconds. A peer that returns sooner would be refused again. */
const SHORTEST_WAIT_MS = 1000;

/** Share of the places that is reserved for addresses within their own rate. */
const KEPT = 0.5;

/**
 * New patterns of a subscription that cost no extra place. Compiling one takes less time than a new
 * connection.
 */
const FREE_PATTERNS = 2;
/**
 * Places for each further pattern. The price is high, so that subscriptions of a hundred patterns
 * take only a small part of a busy processor.
 */
const PLACES_A_PATTERN = 2;

/**
 * Most remembered addresses, in each of two generations. A forgotten address starts again with all
 * its places.
 */
const REMEMBERED_ADDRESSES = 10_000;

/** Peers that were told to come back one after the other. */
interface Queue {
  /** The latest time that a peer was given. */
  bookedUntilMs: number;
}

/** A token bucket that holds at most the places of one second. */
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

  /** A count beyond the free places becomes a debt. */
  take(count: number): void {
    this.#left -= count;
  }
}

/** State of one address. */
interface Address extends Queue {
  readonly key: string;
  readonly places: Places;
}

/**
 * Bounds the rate of new connections. Each one costs a token check and a search in the journal, and
 * after a restart all clients come at once. Refused peers get separate times to come back, at the
 * rate at which the hub takes them.
 *
 * An address beyond its own rate gets a place only if more than half are free. So a flood leaves
 * places for others. An address alone still gets the whole rate, because publishers without
 * keep-alive may be one address.
 */
export class Arrivals {
  #limits: Pick<ConnectionLimits, "connectionsPerSecond" | "connectionsPerSecondPerAddress">;
  readonly #now: () => number;
  readonly #known = new WeakSet<object>();
  #places: Places;
  /** Refused peers that are within the rate of their address. */
  readonly #queue: Queue = { bookedUntilMs: 0 };
  readonly #addresses = new Recent<Address>(REMEMBERED_ADDRESSES);

  /** @param limits - Infinity a second for no bound. */
  constructor(limits: Pick<ConnectionLimits, "connectionsPerSecond" | "connectionsPerSecondPerAddress">, now: () => number = monotonicMs) {
    this.#limits = limits;
    this.#now = now;
    this.#places = new Places(limits.connectionsPerSecond, now());
  }

  /** Changes the limits. All places are free then, as at the start. */
  change(limits: Pick<ConnectionLimits, "connectionsPerSecond" | "connectionsPerSecondPerAddress">): void {
    const { connectionsPerSecond, connectionsPerSecondPerAddress } = this.#limits;
    const isSame =
      limits.connectionsPerSecond === connectionsPerSecond && limits.connectionsPerSecondPerAddress === connectionsPerSecondPerAddress;
    // A change of other settings must not let a flood in.
    if (isSame) return;
    this.#limits = limits;
    this.#places = new Places(limits.connectionsPerSecond, this.#now());
    this.#addresses.clear();
  }

  /**
   * Takes a place for the first request of a connection. Call for each request.
   *
   * @param connection - The same object for all requests of a connection.
   * @param address - The peer's. The loopback is exempt, as for the other limits, because a proxy
   *   there has its own limits.
   * @throws HubError `overloaded`.
   */
  admit(connection: object, address: string | undefined): void {
    if (this.#known.has(connection)) return;
    const own = this.#addressOf(address);
    if (own !== undefined) this.#admitOf(own);
    this.#known.add(connection);
  }

  /**
   * Takes places for the new patterns of a subscription, as if the address were beyond its rate.
   * Expensive patterns must not keep other peers out.
   *
   * @param count - Number of patterns to compile.
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
    if (isWithin) throw this.#overloaded(this.#queue, "The hub gets more new connections than it accepts at a time. Try again later.");
    throw this.#overloaded(
      // A separate queue, so that others need not wait behind a flood.
      own,
      "Your address opens too many new connections while others come too. Keep connections open, or try again later.",
      `${own.key} makes more than ${this.#limits.connectionsPerSecondPerAddress} connections a second.`,
    );
  }

  /** @returns Whether enough places were free. */
  #take(count: number, isWithin: boolean): boolean {
    const { connectionsPerSecond } = this.#limits;
    const least = isWithin ? 1 : Math.min(connectionsPerSecond, count + connectionsPerSecond * KEPT);
    if (this.#places.left(this.#now()) < least) return false;
    this.#places.take(count);
    return true;
  }

  #overloaded(queue: Queue, detail: string, why?: string): HubError {
    return new HubError("overloaded", detail, { retryAfterMs: this.#book(queue), ...(why !== undefined && { cause: why }) });
  }

  /** @returns Undefined if no limit applies. */
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
    // The queue is so long that peers get a random time instead of a turn.
    queue.bookedUntilMs = now + LONGEST_WAIT_MS;
    return Math.round(LONGEST_WAIT_MS * (0.5 + Math.random() / 2));
  }
}
