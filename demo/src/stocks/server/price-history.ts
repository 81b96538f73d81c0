import { CandleSeries } from "./candles.ts";
import { isLate } from "./late.ts";
import { NOTHING_TRADED, Session, type Traded, volumeIn } from "./session.ts";
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

const STEPS = Object.keys(CANDLE_STEPS) as CandleStep[];

/** The names of a company. */
export interface CompanyNames {
  readonly name: string;
  readonly nameZh: string;
}

/** The history of a symbol, to be kept. */
export interface SymbolHistory extends Pick<Listing, "quote" | "open" | "high" | "low" | "since"> {
  readonly candles: Readonly<Record<CandleStep, readonly Candle[]>>;
}

interface Entry {
  readonly series: Readonly<Record<CandleStep, CandleSeries>>;
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
  /** Number of prices so far. */
  #changes = 0;

  /**
   * @param maxSymbols - Most symbols, each up to about 110 kB of memory. Prices of further symbols
   *   are not kept.
   * @param names - Company names, by symbol.
   */
  constructor(maxSymbols: number, names: ReadonlyMap<string, CompanyNames>) {
    this.#maxSymbols = maxSymbols;
    this.#names = names;
  }

  /** Changes with each price. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * @param known - What was traded since the price before, if that is known better than by the
   *   volumes of the two.
   * @returns False for a symbol beyond the bound.
   */
  add(quote: StockQuote, known?: Traded): boolean {
    const before = this.#entries.get(quote.symbol);
    if (before === undefined && this.#entries.size >= this.#maxSymbols) return false;
    const entry = before ?? { series: seriesOf(emptySeries), session: new Session(), quote };
    if (before === undefined) this.#entries.set(quote.symbol, entry);
    const late = isLate(quote.at, entry.quote.at);
    const counted = late ? NOTHING_TRADED : entry.session.add(quote);
    const traded = known ?? counted;
    if (!late) entry.quote = quote;
    for (const step of STEPS) entry.series[step].add(quote.at, quote.price, volumeIn(traded, CANDLE_STEPS[step]));
    this.#changes += 1;
    return true;
  }

  /** Takes a kept history, unless the symbol has a history already, or no more room. */
  restore(kept: SymbolHistory): void {
    const { quote, candles } = kept;
    if (this.#entries.has(quote.symbol) || this.#entries.size >= this.#maxSymbols) return;
    const series = seriesOf((step) => new CandleSeries(CANDLE_STEPS[step], CANDLES_KEPT[step], candles[step]));
    this.#entries.set(quote.symbol, { series, session: new Session(kept), quote });
  }

  /** The histories of all symbols as they are now. Each is taken apart on demand. */
  kept(): Iterator<SymbolHistory, undefined> {
    const copies = [...this.#entries.values()].map(({ series, session, quote }) => {
      const { open, high, low, since } = session;
      return { quote, open, high, low, since, series: seriesOf((step) => series[step].copy()) };
    });
    return takeApart(copies);
  }

  /** The newest price of each symbol. */
  quotes(): ReadonlyMap<string, StockQuote> {
    return new Map([...this.#entries].map(([symbol, { quote }]) => [symbol, quote]));
  }

  /** When the symbol's session began, in milliseconds since 1970. */
  sessionSince(symbol: string): number | undefined {
    return this.#entries.get(symbol)?.session.since;
  }

  /** The oldest first. Undefined for an unknown symbol. */
  candles(symbol: string, step: CandleStep): readonly Candle[] | undefined {
    return this.#entries.get(symbol)?.series[step].all;
  }

  /** All symbols, in order. */
  listings(): readonly Listing[] {
    const symbols = [...this.#entries.keys()].toSorted();
    return symbols.flatMap((symbol) => {
      const entry = this.#entries.get(symbol);
      if (entry === undefined) return [];
      const { open, high, low, since } = entry.session;
      const { closes, time } = entry.series.second.closes(SPARK_STEP, SPARK_POINTS);
      const { name, nameZh } = this.#names.get(symbol) ?? {};
      return [{ quote: entry.quote, name, nameZh, open, high, low, since, spark: closes, sparkTime: time }];
    });
  }
}

type AllSeries = Entry["series"];

function seriesOf(make: (step: CandleStep) => CandleSeries): AllSeries {
  return { second: make("second"), minute: make("minute"), quarter: make("quarter"), day: make("day") };
}

function emptySeries(step: CandleStep): CandleSeries {
  return new CandleSeries(CANDLE_STEPS[step], CANDLES_KEPT[step]);
}

function* takeApart(copies: readonly (Omit<SymbolHistory, "candles"> & { series: AllSeries })[]): Generator<SymbolHistory, undefined> {
  for (const { series, ...rest } of copies) {
    const { second, minute, quarter, day } = series;
    yield { ...rest, candles: { second: second.all, minute: minute.all, quarter: quarter.all, day: day.all } };
  }
}
