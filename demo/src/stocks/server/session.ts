import type { Listing, StockQuote } from "./wire.ts";

/** A volume, and the time of the trades, in milliseconds. */
export interface Traded {
  readonly volume: number;
  readonly overMs: number;
}

export const NOTHING_TRADED: Traded = { volume: 0, overMs: 0 };

/** A gap between two prices whose volume belongs to the candle of the later price, in milliseconds. */
const GAP_MS = 120_000;

/**
 * The part of a volume that a candle takes. After a longer break, only the usual part of a candle counts,
 * because a candle that held all of the break would dwarf the rest.
 *
 * @param step - Length of the candle, in seconds.
 */
export function volumeIn({ volume, overMs }: Traded, step: number): number {
  const wholeMs = Math.max(step * 1000, GAP_MS);
  return overMs <= wholeMs ? volume : Math.round((volume * wholeMs) / overMs);
}

/** The range of prices of one symbol's trading day. */
export class Session {
  open = 0;
  high = 0;
  low = 0;
  /** Time of the first price seen in the session, in milliseconds since 1970. */
  since = 0;
  #before: StockQuote | undefined;

  /** @param listing - State to continue from. */
  constructor(listing?: Pick<Listing, "open" | "high" | "low" | "since" | "quote">) {
    if (listing === undefined) return;
    ({ open: this.open, high: this.high, low: this.low, since: this.since, quote: this.#before } = listing);
  }

  /**
   * Adds a price, in order of time.
   *
   * @returns The volume since the price before, if the origin tells it.
   */
  add(quote: StockQuote): Traded {
    const { price, at, volume } = quote;
    const before = this.#before;
    this.#before = quote;
    // The volume before the first seen price belongs to no candle.
    const overMs = before === undefined ? 0 : Math.max(0, at - before.at);
    if (before === undefined || isNewSession(before, quote)) {
      this.open = this.high = this.low = price;
      this.since = at;
      return { volume: before === undefined ? 0 : (volume ?? 0), overMs };
    }
    this.high = Math.max(this.high, price);
    this.low = Math.min(this.low, price);
    return { volume: (volume ?? 0) - (before.volume ?? volume ?? 0), overMs };
  }
}

/**
 * Volumes count from the session's start, so a falling volume marks a new session. Without volumes,
 * the UTC day does.
 */
function isNewSession(before: StockQuote, quote: StockQuote): boolean {
  if (before.volume !== undefined && quote.volume !== undefined) return quote.volume < before.volume;
  return new Date(before.at).toISOString().slice(0, 10) !== new Date(quote.at).toISOString().slice(0, 10);
}
