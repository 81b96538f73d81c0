import { CandleSeries } from "./candles.ts";
import { isLate } from "./late.ts";
import { Session } from "./session.ts";
import {
  type Candle,
  CANDLE_STEPS,
  CANDLES_KEPT,
  type CandleStep,
  type Listing,
  SPARK_POINTS,
  SPARK_STEP,
  type StockQuote,
} from "./wire.ts";

/** The names of a company. */
export interface CompanyNames {
  readonly name: string;
  readonly nameZh: string;
}

interface Entry {
  readonly second: CandleSeries;
  readonly minute: CandleSeries;
  readonly session: Session;
  /** The newest by time. */
  quote: StockQuote;
}

/**
 * The charts' data: the candles, the newest price and the session of each symbol. Bounded in
 * symbols and in time.
 */
export class PriceHistory {
  readonly #maxSymbols: number;
  readonly #names: ReadonlyMap<string, CompanyNames>;
  readonly #entries = new Map<string, Entry>();

  /**
   * @param maxSymbols - Most symbols, each up to about 100 kB of memory. Prices of further symbols
   *   are not kept.
   * @param names - Company names, by symbol.
   */
  constructor(maxSymbols: number, names: ReadonlyMap<string, CompanyNames>) {
    this.#maxSymbols = maxSymbols;
    this.#names = names;
  }

  /** @returns False for a symbol beyond the bound. */
  add(quote: StockQuote): boolean {
    let entry = this.#entries.get(quote.symbol);
    if (entry === undefined) {
      if (this.#entries.size >= this.#maxSymbols) return false;
      const second = new CandleSeries(CANDLE_STEPS.second, CANDLES_KEPT);
      const minute = new CandleSeries(CANDLE_STEPS.minute, CANDLES_KEPT);
      entry = { second, minute, session: new Session(), quote };
      this.#entries.set(quote.symbol, entry);
    }
    const late = isLate(quote.at, entry.quote.at);
    const traded = late ? 0 : entry.session.add(quote);
    if (!late) entry.quote = quote;
    entry.second.add(quote.at, quote.price, traded);
    entry.minute.add(quote.at, quote.price, traded);
    return true;
  }

  /** The newest price of each symbol. */
  quotes(): ReadonlyMap<string, StockQuote> {
    return new Map([...this.#entries].map(([symbol, { quote }]) => [symbol, quote]));
  }

  /** The oldest first. Undefined for an unknown symbol. */
  candles(symbol: string, step: CandleStep): readonly Candle[] | undefined {
    return this.#entries.get(symbol)?.[step].all;
  }

  /** All symbols, in order. */
  listings(): readonly Listing[] {
    const symbols = [...this.#entries.keys()].toSorted();
    return symbols.flatMap((symbol) => {
      const entry = this.#entries.get(symbol);
      if (entry === undefined) return [];
      const { open, high, low, since } = entry.session;
      const { closes, time } = entry.second.closes(SPARK_STEP, SPARK_POINTS);
      const { name, nameZh } = this.#names.get(symbol) ?? {};
      return [{ quote: entry.quote, name, nameZh, open, high, low, since, spark: closes, sparkTime: time }];
    });
  }
}
