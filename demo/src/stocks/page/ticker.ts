import { isLate } from "../server/late.ts";
import { Session } from "../server/session.ts";
import type { Listing, StockQuote } from "../server/wire.ts";
import { decimalsOf } from "./format.ts";
import { Spark } from "./spark.ts";

/** One symbol as the page knows it. */
export class Ticker {
  readonly symbol: string;
  name: string | undefined;
  quote: StockQuote | undefined;
  /** Whether the last price that differed from the one before was higher: 1, lower: -1, or there was none: 0. */
  direction: -1 | 0 | 1 = 0;
  /** How many times the price moved on this page: a row flashes when it changes. */
  moves = 0;
  /** Whether the server no longer vouches for the price: it is the last one known. */
  isStale = false;
  /** How many decimal places its prices are shown with: the most that the source has written. */
  decimals = 2;
  spark: Spark = new Spark();
  session: Session = new Session();

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  /**
   * Takes a price from the stream. One that is older than the newest changes nothing here; charts have it in their past.
   *
   * @returns What was traded since the one before, as far as it is told.
   */
  take(quote: StockQuote): number {
    const before = this.quote;
    if (before !== undefined && isLate(quote.at, before.at)) return 0;
    this.quote = quote;
    this.isStale = false;
    this.#show(quote.price);
    if (before !== undefined && before.price !== quote.price) {
      this.direction = quote.price > before.price ? 1 : -1;
      this.moves += 1;
    }
    this.spark.add(quote.at, quote.price);
    return this.session.add(quote);
  }

  /** Takes what the server knows of its past. A price that the stream has brought since stays. */
  learn(listing: Listing): void {
    this.name = listing.name;
    this.spark = new Spark(listing.spark, listing.sparkTime);
    this.session = new Session(listing);
    this.#show(listing.quote.price, listing.open, listing.high, listing.low);
    const { quote } = this;
    if (quote === undefined || (quote.at !== listing.quote.at && !isLate(listing.quote.at, quote.at))) {
      this.quote = listing.quote;
      this.isStale = false;
    } else if (quote.at > listing.quote.at) {
      this.spark.add(quote.at, quote.price);
      this.session.add(quote);
    }
  }

  #show(...prices: readonly number[]): void {
    for (const price of prices) this.decimals = Math.max(this.decimals, decimalsOf(price));
  }
}
