import { addressKey } from "../core/address-key.ts";
import { HubError } from "../core/errors.ts";
import { monotonicMs } from "../core/scheduler.ts";

/** Longest time that a peer is told to stay away, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;
/** Shortest: whoever is sent away and back at once would only come too soon again. */
const SHORTEST_WAIT_MS = 1000;

/**
 * Lets new connections in at a bounded rate: each that comes costs the check of a token and a search in the journal, and after a restart
 * all come at once. Those past it are told to come back, each at a time of its own, so that they return at the rate at which they are taken.
 */
export class Arrivals {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #known = new WeakSet<object>();
  /** How many may come right now: never more than in a second. */
  #places: number;
  #countedAtMs: number;
  /** The last time that a peer was told to come back at. */
  #bookedUntilMs = 0;

  /** @param perSecond - Infinity for no bound. */
  constructor(perSecond: number, now: () => number = monotonicMs) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#places = perSecond;
    this.#countedAtMs = now();
  }

  /**
   * Must be called for each request. The first one of a connection takes a place, the others none.
   *
   * @param connection - The same object for all requests of a connection.
   * @param address - The peer's; the loopback is exempt, as for the other limits: a proxy there has limits of its own.
   * @throws HubError `overloaded`.
   */
  admit(connection: object, address: string | undefined): void {
    if (this.#perSecond === Infinity || this.#known.has(connection)) return;
    if (address !== undefined && addressKey(address) !== undefined) this.#takePlace();
    this.#known.add(connection);
  }

  #takePlace(): void {
    const now = this.#now();
    this.#places = Math.min(this.#perSecond, this.#places + ((now - this.#countedAtMs) * this.#perSecond) / 1000);
    this.#countedAtMs = now;
    if (this.#places >= 1) {
      this.#places--;
      return;
    }
    throw new HubError("overloaded", "The hub gets more new connections than it takes at a time. Try again later.", {
      retryAfterMs: this.#book(now),
    });
  }

  /** @returns Milliseconds from now. */
  #book(now: number): number {
    this.#bookedUntilMs = Math.max(this.#bookedUntilMs, now + SHORTEST_WAIT_MS) + 1000 / this.#perSecond;
    const waitMs = this.#bookedUntilMs - now;
    if (waitMs <= LONGEST_WAIT_MS) return Math.round(waitMs);
    // So many that their turns can't be told apart any more.
    this.#bookedUntilMs = now + LONGEST_WAIT_MS;
    return Math.round(LONGEST_WAIT_MS * (0.5 + Math.random() / 2));
  }
}
