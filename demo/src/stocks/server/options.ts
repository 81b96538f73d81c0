import type { Hub } from "artesian";
import type { QuotesOptions, Source } from "artesian-sources";

/** Where the stocks log; the hub's logger fits, and so does pino. */
export interface StocksLogger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** How to run the stocks. */
export interface StocksOptions {
  readonly hub: Hub;
  /**
   * Where prices come from: options of `quotesSource`, or any source that publishes such updates. `none`: whoever may publish on
   * the topics does; then do not reserve them. Default: a simulated market of 60 companies that do not exist, with 60
   * prices a second, which says so in each price.
   */
  readonly source?: QuotesOptions | Source | "none" | undefined;
  /**
   * How long the simulated market goes on when nobody follows prices any more, in milliseconds; `Infinity` never stops. It fills the
   * journal, whose oldest updates go for it. Default 60,000.
   */
  readonly idleMs?: number | undefined;
  /** How long a price may be shown without a newer one, in milliseconds. Default 7 days, so that Friday's stays over a long weekend; simulated ones, a day. */
  readonly ttlMs?: number | undefined;
  /** Most symbols with a history: up to 100 kB of memory each. Default 1,000, which is what a page asks for. */
  readonly maxSymbols?: number | undefined;
  readonly logger?: StocksLogger | undefined;
}

const ignore = (): void => undefined;

export const SILENT: StocksLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Defaults of {@link StocksOptions.ttlMs}: 7 days, and one. */
export const REAL_TTL_MS = 604_800_000;
export const SIMULATED_TTL_MS = 86_400_000;
