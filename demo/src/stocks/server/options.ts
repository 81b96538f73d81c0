import type { Hub } from "artesian";
import type { QuotesOptions, Source } from "artesian-sources";

/** The stocks' log. The hub's logger fits, and so does pino. */
export interface StocksLogger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Options of the stocks. */
export interface StocksOptions {
  readonly hub: Hub;
  /**
   * Origin of the prices: options of `quotesSource`, or any source of the same updates. With
   * `none`, any permitted publisher publishes on the topics. Do not reserve them then. Default: a
   * simulated market of 60 fictional companies, with 60 prices a second, each marked as simulated.
   */
  readonly source?: QuotesOptions | Source | "none" | undefined;
  /**
   * How long the simulated market continues without followers, in milliseconds. `Infinity` never
   * stops. The market fills the journal, from which the oldest updates are removed. Default 60,000.
   */
  readonly idleMs?: number | undefined;
  /**
   * How long a price may be shown without a newer one, in milliseconds. Default 7 days, so that
   * Friday's price stays over a long weekend. Simulated prices stay a day.
   */
  readonly ttlMs?: number | undefined;
  /**
   * Most symbols with a history, each up to 110 kB of memory. Default 1,000, the number that a page
   * requests.
   */
  readonly maxSymbols?: number | undefined;
  /**
   * File that keeps the history over restarts, beside the journal. It is written each minute,
   * after a past was invented, and at the end. It takes up to about 50 kB for each symbol. Default: none, and only the journal has a
   * past.
   */
  readonly historyFile?: string | undefined;
  readonly logger?: StocksLogger | undefined;
}

const ignore = (): void => undefined;

export const SILENT: StocksLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Defaults of {@link StocksOptions.ttlMs}: 7 days, and one. */
export const REAL_TTL_MS = 604_800_000;
export const SIMULATED_TTL_MS = 86_400_000;
