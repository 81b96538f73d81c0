import type { Listing, StockQuote } from "./wire.ts";

/** The range of prices of one symbol's trading day. */
export class Session {
  open = 0;
  high = 0;
  low = 0;
  /** Time of the first price seen in the session, in milliseconds since 1970. */
  since = 0;
  #before: StockQuote | undefined;

  /** @param listing - State to continue from. */
  constructor(listing?: Listing) {
    if (listing === undefined) return;
    ({ open: this.open, high: this.high, low: this.low, since: this.since, quote: this.#before } = listing);
  }

  /**
   * Adds a price, in order of time.
   *
   * @returns The volume since the price before, if the origin tells it.
   */
  add(quote: StockQuote): number {
    const { price, at, volume } = quote;
    const before = this.#before;
    this.#before = quote;
    if (before === undefined || isNewSession(before, quote)) {
      this.open = this.high = this.low = price;
      this.since = at;
      // The volume before the first seen price belongs to no candle.
      return before === undefined ? 0 : (volume ?? 0);
    }
    this.high = Math.max(this.high, price);
    this.low = Math.min(this.low, price);
    return (volume ?? 0) - (before.volume ?? volume ?? 0);
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
