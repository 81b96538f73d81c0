import { Allowance } from "./allowance.ts";
import { LogThrottle } from "../log-throttle.ts";
import type { Logger } from "../logger.ts";
import type { SubscriptionDocument } from "../matching/subscription.ts";

/** A subscriber in the queue of presence. */
export interface PresenceEntry {
  readonly id: string;
  /**
   * Key of a rate shared by all entries with the key. Undefined for the loopback, which has no such
   * rate.
   */
  readonly address: string | undefined;
  /** Time of arrival, in milliseconds of the monotonic clock. */
  readonly cameAtMs: number;
  readonly subscriptions: readonly { readonly key: string; readonly document: SubscriptionDocument }[];
  /** Approximate size of its documents as JSON, in bytes. */
  readonly bytes: number;
  /** Keys under which an earlier name of this process may have left the subscriber in the table. */
  readonly staleKeys: readonly string[];
}

/** Subscribers whose coming or going is announced next, each completely. */
export interface PresenceBatch {
  readonly leaving: readonly PresenceEntry[];
  readonly arriving: readonly PresenceEntry[];
}

/** Rates of presence updates. */
export interface PresenceRates {
  /** Most updates a second, on average, in this process. */
  readonly perSecond: number;
  /** Most updates a second, on average, for the subscribers of one address. */
  readonly perSecondAndAddress: number;
}

/**
 * How long a subscriber must have stayed before it is announced, in milliseconds. A subscriber that
 * leaves sooner is never announced.
 */
export const SETTLE_MS = 200;
/**
 * Most updates of one batch, and most bytes of them. A crowd that arrives at once must not hold up
 * publishers for long. One subscriber may exceed both.
 */
const BATCH = { updates: 1000, bytes: 256 * 1024 };
/** Seconds of a rate that are available at once after a quiet time. */
const BURST_S = 10;

/**
 * Subscribers that wait to be announced. The queue is bounded by the subscribers that are here or
 * were announced. A subscriber that leaves before its turn leaves no trace, and the last state of
 * each is always announced in the end.
 */
export class PresenceQueue {
  readonly #rates: PresenceRates;
  readonly #log: LogThrottle;
  readonly #process: Allowance;
  /** Allowances of addresses with announcements in the last seconds. */
  readonly #addresses = new Map<string, Allowance>();
  readonly #arriving = new Map<string, PresenceEntry>();
  readonly #told = new Map<string, PresenceEntry>();
  readonly #leaving = new Map<string, PresenceEntry>();

  constructor(rates: PresenceRates, logger: Logger, nowMs: number) {
    this.#rates = rates;
    this.#log = new LogThrottle(logger);
    this.#process = new Allowance(rates.perSecond, rates.perSecond * BURST_S, nowMs);
  }

  get isEmpty(): boolean {
    return this.#arriving.size === 0 && this.#leaving.size === 0;
  }

  add(entry: PresenceEntry): void {
    this.#arriving.set(entry.id, entry);
  }

  remove(id: string): void {
    if (this.#arriving.delete(id)) return;
    const entry = this.#told.get(id);
    if (entry === undefined) return;
    this.#told.delete(id);
    this.#leaving.set(id, entry);
  }

  /**
   * Whether a subscriber that came by a time waits to be announced.
   *
   * @param pattern - Of a matcher of the subscriber. Undefined for any.
   */
  hasArriving(pattern: string | undefined, byMs: number): boolean {
    for (const { cameAtMs, subscriptions } of this.#arriving.values()) {
      if (cameAtMs > byMs) continue;
      if (pattern === undefined || subscriptions.some(({ document }) => document.match === pattern)) return true;
    }
    return false;
  }

  /**
   * Takes the subscribers whose turn has come. Departures come first, so that nobody fills the
   * table faster than it is emptied.
   */
  take(nowMs: number): PresenceBatch {
    this.#forgetFull(nowMs);
    const room = { ...BATCH };
    const leaving = this.#takeFrom(this.#leaving.values(), nowMs, room);
    for (const { id } of leaving) this.#leaving.delete(id);
    const arriving = this.#takeFrom(settled(this.#arriving.values(), nowMs), nowMs, room);
    for (const entry of arriving) {
      this.#arriving.delete(entry.id);
      this.#told.set(entry.id, entry);
    }
    return { leaving, arriving };
  }

  /**
   * Puts back a batch that was not written, or may not have been. Its subscribers are announced
   * again.
   */
  putBack({ leaving, arriving }: PresenceBatch): void {
    for (const entry of leaving) this.#leaving.set(entry.id, entry);
    // A subscriber that left meanwhile waits to be removed from the table, if it is there.
    for (const entry of arriving) if (this.#told.delete(entry.id)) this.#arriving.set(entry.id, entry);
  }

  /**
   * Announces all present subscribers again, as other entries.
   *
   * @returns The subscribers that have left, which are not announced again.
   */
  tellAgain(renamed: (entry: PresenceEntry) => PresenceEntry): readonly PresenceEntry[] {
    const left = [...this.#leaving.values()];
    this.#leaving.clear();
    for (const [id, entry] of this.#arriving) this.#arriving.set(id, renamed(entry));
    for (const entry of this.#told.values()) this.add(renamed(entry));
    this.#told.clear();
    return left;
  }

  /** Empties the queue. @returns All subscribers that may be in the table. */
  drain(): readonly PresenceEntry[] {
    const all = [...this.#leaving.values(), ...this.#told.values()];
    for (const entries of [this.#leaving, this.#told, this.#arriving]) entries.clear();
    return all;
  }

  #takeFrom(waiting: Iterable<PresenceEntry>, nowMs: number, room: { updates: number; bytes: number }): PresenceEntry[] {
    const taken: PresenceEntry[] = [];
    for (const entry of waiting) {
      if (room.updates <= 0 || room.bytes <= 0) break;
      if (this.#process.isSpent(nowMs)) {
        this.#log.warn("process", { perSecond: this.#rates.perSecond }, "presence has reached its rate: subscribers are told of later");
        break;
      }
      const count = entry.subscriptions.length;
      if (!this.#takeOfAddress(entry.address, count, nowMs)) continue;
      this.#process.take(count);
      room.updates -= count;
      room.bytes -= entry.bytes;
      taken.push(entry);
    }
    return taken;
  }

  #takeOfAddress(address: string | undefined, count: number, nowMs: number): boolean {
    if (address === undefined) return true;
    let allowance = this.#addresses.get(address);
    if (allowance === undefined) {
      allowance = new Allowance(this.#rates.perSecondAndAddress, this.#rates.perSecondAndAddress * BURST_S, nowMs);
      this.#addresses.set(address, allowance);
    }
    if (allowance.isSpent(nowMs)) {
      const fields = { address, perSecond: this.#rates.perSecondAndAddress };
      this.#log.warn("address", fields, "an address has reached its rate of presence: its subscribers are told of later");
      return false;
    }
    allowance.take(count);
    return true;
  }

  #forgetFull(nowMs: number): void {
    for (const [address, allowance] of this.#addresses) if (allowance.isFull(nowMs)) this.#addresses.delete(address);
  }
}

/** Yields the subscribers that have stayed for long enough. They came in order. */
function* settled(arriving: Iterable<PresenceEntry>, nowMs: number): Generator<PresenceEntry, undefined> {
  for (const entry of arriving) {
    // An entry that was put back may stand behind a later arrival.
    if (nowMs - entry.cameAtMs >= SETTLE_MS) yield entry;
  }
}
