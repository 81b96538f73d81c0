import { HubError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** The limits of a {@link ScanQueue}. */
export type ScanLimits = Pick<Limits, "snapshotScans" | "waitingScans" | "waitingScansPerAddress">;

/** Share of the places that one address may have at a time, so that others find some free. */
const SHARE = 0.25;
/** Range of the retry time if too many scans wait, in milliseconds. */
const FULL = { minMs: 5000, maxMs: 15_000 } as const;

/** The scans of one address. */
interface Group {
  running: number;
  /** In order of arrival. */
  readonly waiting: (() => void)[];
}

/**
 * A bounded number of places for scans, and a bounded queue. Addresses take turns, so that one peer
 * with many requests does not keep others waiting. The loopback counts as one address, and so do
 * all peers whose address is unknown.
 */
export class ScanQueue {
  readonly #limits: ScanLimits;
  /** In order of service, the address served last at the end. */
  readonly #groups = new Map<string, Group>();
  #running = 0;
  #waiting = 0;

  constructor(limits: ScanLimits) {
    this.#limits = limits;
  }

  /**
   * Takes a place. {@link free} must be called once afterwards, with the same group.
   *
   * @param group - See {@link addressGroup}.
   * @returns A promise of the place if none is free, or undefined if the caller has a place
   *   already.
   * @throws HubError `overloaded` if too many wait.
   */
  take(group: string): Promise<void> | undefined {
    const own = this.#groups.get(group) ?? { running: 0, waiting: [] };
    if (this.#isFreeFor(own)) {
      this.#start(group, own);
      return undefined;
    }
    const { waitingScans, waitingScansPerAddress } = this.#limits;
    if (own.waiting.length >= waitingScansPerAddress) {
      throw overloaded(`${group}: ${waitingScansPerAddress} subscriptions wait for their updates (waitingScansPerAddress).`);
    }
    if (this.#waiting >= waitingScans) throw overloaded(`${waitingScans} subscriptions wait for their updates (waitingScans).`);
    this.#waiting++;
    this.#groups.set(group, own);
    return new Promise((resolve) => own.waiting.push(resolve));
  }

  free(group: string): void {
    const own = this.#groups.get(group);
    if (own === undefined) return;
    this.#running--;
    own.running--;
    if (own.running === 0 && own.waiting.length === 0) this.#groups.delete(group);
    // Few groups are passed over: those that have all their places, and those with nothing that
    // waits.
    for (const [name, next] of this.#groups) {
      if (next.waiting.length === 0 || !this.#isFreeFor(next)) continue;
      this.#waiting--;
      this.#start(name, next);
      next.waiting.shift()?.();
      return;
    }
  }

  #isFreeFor(group: Group): boolean {
    const { snapshotScans } = this.#limits;
    return this.#running < snapshotScans && group.running < Math.ceil(snapshotScans * SHARE);
  }

  #start(name: string, group: Group): void {
    this.#running++;
    group.running++;
    this.#groups.delete(name);
    this.#groups.set(name, group);
  }
}

function overloaded(why: string): HubError {
  return new HubError("overloaded", "The hub gets more subscriptions with `last` than it looks for at a time. Try again later.", {
    retryAfterMs: FULL.minMs + Math.random() * (FULL.maxMs - FULL.minMs),
    cause: why,
  });
}
