import { addressKey } from "../../core/address-key.ts";
import { HubError } from "../../core/errors.ts";
import type { Limits } from "../../core/limits.ts";
import { isPattern } from "../../core/matching/matcher.ts";
import type { Range } from "../../core/range.ts";
import type { Selection } from "../../core/matching/selection.ts";
import { PatternCounts } from "./pattern-counts.ts";

/** Bounds on open streams. */
export interface ConnectionLimits {
  /**
   * Most streams from one address (IPv6: one /64), or of one user where the runtime tells no
   * address. The loopback is exempt. Stops one peer from taking all.
   */
  readonly connectionsPerAddress: number;
  /** Most streams in total. Stops the process from running out of descriptors. */
  readonly connections: number;
  /**
   * Most new connections a second, in each process. The loopback is exempt. Connections beyond are
   * told different times to come back. Stops a herd of reconnects from delaying connected clients.
   * Infinity for no bound.
   */
  readonly connectionsPerSecond: number;
  /**
   * Guaranteed new connections a second from one address (IPv6: one /64). Beyond this rate an
   * address must wait while fewer than half of the places of `connectionsPerSecond` are free. Stops
   * one peer from taking all.
   */
  readonly connectionsPerSecondPerAddress: number;
}

/** The default limits. */
export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  connectionsPerAddress: 100,
  connections: 50_000,
  connectionsPerSecond: 500,
  connectionsPerSecondPerAddress: 100,
};

/** Allowed values. `connectionsPerSecond` may also be Infinity. */
export const CONNECTION_RANGES: Readonly<Record<keyof ConnectionLimits, Range>> = {
  connectionsPerAddress: [1, 1_000_000],
  connections: [1, 1_000_000],
  connectionsPerSecond: [1, 1_000_000],
  connectionsPerSecondPerAddress: [1, 1_000_000],
};

/** Delay before coming back to a full hub, in milliseconds. */
const FULL = { minMs: 5000, maxMs: 15_000 } as const;

/**
 * Delay before coming back if the address has too many streams, in milliseconds. Its other streams
 * may take long to end.
 */
const ADDRESS_FULL = { minMs: 10_000, maxMs: 30_000 } as const;

/** The limits that {@link Connections} enforces. */
type StreamLimits = Pick<ConnectionLimits, "connections" | "connectionsPerAddress"> &
  Pick<Limits, "patternsPerProcess" | "patternsPerAddress">;

/** Streams and patterns of one address. */
interface Taken {
  streams: number;
  readonly patterns: PatternCounts;
}

const NO_PATTERNS: readonly string[] = [];

/** Counts open streams and their patterns against the limits. */
export class Connections {
  readonly #limits: StreamLimits;
  readonly #byAddress = new Map<string, Taken>();
  readonly #patterns = new PatternCounts();
  #total = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /**
   * Counts one more stream.
   *
   * @param address - The peer's, if the runtime tells it.
   * @param subject - The user, who is counted in the place of an unknown address.
   * @returns A function to call once when the stream has ended.
   * @throws HubError `too_many_connections` or `too_many_patterns` if the address has too many,
   *   `overloaded` if the hub has.
   */
  open(address: string | undefined, { matchers }: Pick<Selection, "matchers">, subject?: string): () => void {
    if (this.#total >= this.#limits.connections) {
      throw new HubError("overloaded", "The hub has reached its limit of streams. Try again later.", { retryAfterMs: between(FULL) });
    }
    const patterns = matchers.some(isPattern) ? matchers.filter(isPattern).map(({ key }) => key) : NO_PATTERNS;
    const key = address === undefined ? subject && `user ${subject}` : addressKey(address);
    const taken = key === undefined ? undefined : this.#takenBy(key, patterns);
    this.#checkProcess(patterns);
    this.#total++;
    this.#patterns.add(patterns);
    if (key !== undefined && taken !== undefined) {
      taken.streams++;
      taken.patterns.add(patterns);
      this.#byAddress.set(key, taken);
    }
    return () => {
      this.#total--;
      this.#patterns.remove(patterns);
      if (key === undefined || taken === undefined) return;
      taken.patterns.remove(patterns);
      if (--taken.streams === 0) this.#byAddress.delete(key);
    };
  }

  /**
   * Checks whether a stream with these patterns could be opened, before the patterns are compiled.
   *
   * @param keys - See {@link CompiledPattern}.
   * @throws HubError `too_many_patterns` or `overloaded`.
   */
  checkPatterns(address: string | undefined, keys: readonly string[]): void {
    if (keys.length === 0) return;
    const key = address === undefined ? undefined : addressKey(address);
    if (key !== undefined) this.#checkAddress(key, this.#byAddress.get(key)?.patterns ?? new PatternCounts(), keys);
    this.#checkProcess(keys);
  }

  #checkProcess(patterns: readonly string[]): void {
    const { patternsPerProcess } = this.#limits;
    if (this.#patterns.sizeWith(patterns) <= patternsPerProcess) return;
    throw new HubError("overloaded", "The hub has reached its limit of different patterns. Use exact topics, or try again later.", {
      retryAfterMs: between(FULL),
      cause: `The streams of a process may have ${patternsPerProcess} different patterns.`,
    });
  }

  #checkAddress(key: string, counts: PatternCounts, patterns: readonly string[]): void {
    const { patternsPerAddress } = this.#limits;
    if (counts.sizeWith(patterns) <= patternsPerAddress) return;
    throw new HubError(
      "too_many_patterns",
      "The streams of your address have reached the limit of different patterns. Use fewer, or exact topics.",
      {
        retryAfterMs: between(ADDRESS_FULL),
        cause: `The streams of ${key} may have ${patternsPerAddress} different patterns.`,
      },
    );
  }

  /** @throws HubError if one more stream is too much. */
  #takenBy(key: string, patterns: readonly string[]): Taken {
    const taken = this.#byAddress.get(key) ?? { streams: 0, patterns: new PatternCounts() };
    if (taken.streams >= this.#limits.connectionsPerAddress) {
      throw new HubError(
        "too_many_connections",
        "Your address has reached its limit of streams. Close some. One stream can carry many topics.",
        { retryAfterMs: between(ADDRESS_FULL), cause: `${key} has ${taken.streams} open, the most that an address may.` },
      );
    }
    this.#checkAddress(key, taken.patterns, patterns);
    return taken;
  }
}

/** A random delay, so that clients do not all come back at once. */
export function between({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): number {
  return minMs + Math.random() * (maxMs - minMs);
}
