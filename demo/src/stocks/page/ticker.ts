import { isLate } from "../server/late.ts";
import { NOTHING_TRADED, Session, type Traded } from "../server/session.ts";
import type { Listing, StockQuote } from "../server/wire.ts";
import { decimalsOf } from "../server/decimals.ts";
import { Spark } from "./spark.ts";

/** One symbol as the page knows it. */
export class Ticker {
  readonly symbol: string;
  name: string | undefined;
  nameZh: string | undefined;
  quote: StockQuote | undefined;
  /** Direction of the last price that differed: 1 for higher, -1 for lower, 0 without any. */
  direction: -1 | 0 | 1 = 0;
  /** Number of price moves on this page. A row flashes at each change. */
  moves = 0;
  /** Whether the server no longer vouches for the price, which is then the last known. */
  isStale = false;
  /** Number of shown decimal places: the most that the source has written. */
  decimals = 2;
  spark: Spark = new Spark();
  session: Session = new Session();

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  /**
   * Takes a price from the stream. A price older than the newest changes nothing here, because
   * charts have it in their past.
   *
   * @returns The volume since the price before, if the origin tells it.
   */
  take(quote: StockQuote): Traded {
    const before = this.quote;
    if (before !== undefined && isLate(quote.at, before.at)) return NOTHING_TRADED;
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

  /** Takes the server's knowledge of the past. A newer price from the stream stays. */
  learn(listing: Listing): void {
    this.name = listing.name;
    this.nameZh = listing.nameZh;
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
