import type { Listing, StockQuote } from "./wire.ts";

/** The range of prices of one symbol's trading day. */
export class Session {
  open = 0;
  high = 0;
  low = 0;
  /** When its first price was paid that was seen, in milliseconds since 1970. */
  since = 0;
  #before: StockQuote | undefined;

  /** @param listing - To go on from. */
  constructor(listing?: Listing) {
    if (listing === undefined) return;
    ({ open: this.open, high: this.high, low: this.low, since: this.since, quote: this.#before } = listing);
  }

  /**
   * Adds a price, in order of time.
   *
   * @returns What was traded since the one before, as far as it is told.
   */
  add(quote: StockQuote): number {
    const { price, at, volume } = quote;
    const before = this.#before;
    this.#before = quote;
    if (before === undefined || isNewSession(before, quote)) {
      this.open = this.high = this.low = price;
      this.since = at;
      // What was traded before the first price that was seen is nobody's candle.
      return before === undefined ? 0 : (volume ?? 0);
    }
    this.high = Math.max(this.high, price);
    this.low = Math.min(this.low, price);
    return (volume ?? 0) - (before.volume ?? volume ?? 0);
  }
}

/** Volumes count from the session's start, so one that falls tells of a new session; without volumes the day does, in UTC. */
function isNewSession(before: StockQuote, quote: StockQuote): boolean {
  if (before.volume !== undefined && quote.volume !== undefined) return quote.volume < before.volume;
  return new Date(before.at).toISOString().slice(0, 10) !== new Date(quote.at).toISOString().slice(0, 10);
}
