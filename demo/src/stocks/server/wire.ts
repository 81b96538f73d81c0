/**
 * The protocol between the stocks' server and its page: shapes, names and bounds, and nothing that
 * runs on one side only.
 */

/** The topics of all prices. */
export const QUOTES_PATTERN = "/quotes/:symbol";

/** The type of the updates on these topics. */
export const QUOTE_TYPE = "quote";

/** Longest symbol, in characters. */
export const SYMBOL_LENGTH = 64;

/** The topic of a symbol's prices. */
export function quoteTopic(symbol: string): string {
  return `/quotes/${encodeURIComponent(symbol)}`;
}

/** The address of a symbol's history. */
export function historyPath(symbol: string, step: CandleStep): string {
  return `${API}/history/${encodeURIComponent(symbol)}?step=${step}`;
}

export const API = "/stocks/api";
export const BOARD_PATH: string = `${API}/board`;

/** A parsed price, the data of an update of type `quote`. */
export interface StockQuote {
  readonly symbol: string;
  readonly price: number;
  /** Since the previous close. */
  readonly change: number;
  readonly changePercent: number;
  /** Volume since the session began, if the origin tells it. */
  readonly volume: number | undefined;
  /** When the price was made, in milliseconds since 1970. */
  readonly at: number;
  /** Whether nobody has ever paid this price. */
  readonly simulated: boolean;
}

/** Prices of a span of time. */
export interface Candle {
  /** When the span begins, in seconds since 1970. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Lengths of spans, in seconds. Days are of UTC. */
export const CANDLE_STEPS = { second: 1, minute: 60, quarter: 900, day: 86_400 } as const;
export type CandleStep = keyof typeof CANDLE_STEPS;

/** Number of kept spans of each length: ten minutes, ten hours, a week and a year. */
export const CANDLES_KEPT: Readonly<Record<CandleStep, number>> = { second: 600, minute: 600, quarter: 672, day: 366 };

/**
 * Length of a sparkline's spans, in seconds, whose closing prices are its points, and their largest
 * number.
 */
export const SPARK_STEP = 15;
export const SPARK_POINTS = 40;

/** Facts about a symbol, beside its price. */
export interface Listing {
  readonly quote: StockQuote;
  /** Name of the company, if known, also in Chinese. */
  readonly name: string | undefined;
  readonly nameZh: string | undefined;
  /** Figures of the session, as far as the server has seen it. */
  readonly open: number;
  readonly high: number;
  readonly low: number;
  /** When the server saw the first price of the session, in milliseconds since 1970. */
  readonly since: number;
  /** Closing prices, the oldest first. */
  readonly spark: readonly number[];
  /** When the last of these spans began, in seconds since 1970. */
  readonly sparkTime: number;
}

/** The answer of {@link BOARD_PATH}. */
export interface Board {
  /** In order of symbol. */
  readonly listings: readonly Listing[];
}

/** The answer of {@link historyPath}. */
export interface HistoryAnswer {
  readonly symbol: string;
  readonly step: CandleStep;
  /**
   * Each `[time, open, high, low, close, volume]`, the oldest first. Spans without a price are left
   * out.
   */
  readonly candles: readonly (readonly [number, number, number, number, number, number])[];
}
