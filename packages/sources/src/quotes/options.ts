import { bounded } from "../bounds.ts";
import { sleep, type HttpBounds, type PollTiming } from "../http/index.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../outlet.ts";
import { compileTemplate, type Template } from "../template.ts";
import type { CsvFormat } from "./csv.ts";
import type { QuoteFields } from "./fields.ts";
import type { Quote } from "./quote.ts";

/** Clock, for tests. */
export interface QuotesClock {
  /** Milliseconds since 1970, from a clock that never goes back. */
  now(): number;
  /** Waits. Returns early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Options of all price sources. */
export interface CommonQuotesOptions extends OutletOptions {
  /** The topic. `{symbol}` is the symbol, percent-encoded. Default `/quotes/{symbol}`. */
  readonly topic?: string | undefined;
  /** Event type of the updates. Default `quote`. */
  readonly type?: string | undefined;
  /**
   * Most symbols, 1 to 10,000. Prices of further symbols are left out with a warning. Default
   * 10,000.
   */
  readonly maxSymbols?: number | undefined;
}

/** Options of price records and their fields. */
export interface RecordOptions extends CsvFormat {
  readonly fields?: QuoteFields | undefined;
  /**
   * Whether prices below zero are valid, as for power or oil on some days. Default false: they
   * count as mistakes.
   */
  readonly negativePrices?: boolean | undefined;
}

/** Prices of an HTTP address. */
export interface HttpQuotesOptions extends CommonQuotesOptions, RecordOptions, HttpBounds, PollTiming {
  readonly from: "http";
  /** An http or https address. A name and password in it are sent as `Authorization: Basic`. */
  readonly url: string | URL;
  /** Further request headers, such as a key. They go to this origin alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Interval between rounds, in milliseconds, 1,000 to 7 days. Default 5,000. */
  readonly intervalMs?: number | undefined;
  /**
   * Format of the answer. Default: JSON if the content type says so or the answer starts with a
   * bracket, else CSV.
   */
  readonly format?: "json" | "csv" | undefined;
  /**
   * JSON only: place of the array, or of the object with one property per symbol. A JSON Pointer or
   * a path with dots. Default: the whole.
   */
  readonly items?: string | undefined;
}

/** Prices of a CSV file, replayed. */
export interface FileQuotesOptions extends CommonQuotesOptions, RecordOptions {
  readonly from: "file";
  readonly path: string;
  /**
   * Speed of the replay, 0.001 to 1,000,000. 1 (default) follows the times in the file, 10 is ten
   * times as fast. `max` is as fast as the hub takes the prices, in the order of the file, and
   * needs no times. At other speeds, a file of up to 16 MiB is sorted by its times.
   */
  readonly speed?: number | "max" | undefined;
  /**
   * Most prices a second, 1 to 100,000. Further prices are delayed. Default 1,000, and 100,000 at
   * the speed `max`.
   */
  readonly maxPerSecond?: number | undefined;
  /** Whether to start over at the end. Default false. */
  readonly loop?: boolean | undefined;
  /**
   * Longest pause between two prices, in milliseconds of replay. Nights and weekends are cut to
   * this length. Default: as in the file.
   */
  readonly longestPauseMs?: number | undefined;
  /**
   * The `time` of the updates: from the `file` (default) or `now`. `now` is the default with
   * `loop`, because times that go back are late.
   */
  readonly times?: "file" | "now" | undefined;
  readonly clock?: QuotesClock | undefined;
}

/** Simulated prices. */
export interface SimulatedQuotesOptions extends CommonQuotesOptions {
  readonly from: "simulated";
  /** Number of symbols with invented names, or the names. Default 20. */
  readonly symbols?: number | readonly string[] | undefined;
  /** Prices of all symbols a second, 0.1 to 100,000. Default 20. */
  readonly ticksPerSecond?: number | undefined;
  /**
   * Seed, a whole number from 0 to 4,294,967,295. The same seed gives the same prices in the same
   * order. Default 1.
   */
  readonly seed?: number | undefined;
  /**
   * State to continue from after a restart, by symbol, so that no price leaps. Other symbols start
   * with invented prices. Default: none.
   */
  readonly last?: ReadonlyMap<string, Pick<Quote, "price" | "change" | "volume">> | undefined;
  /**
   * Length of a trading day, in milliseconds, 10,000 to a day. The next day follows at once, with a
   * gap in prices. Default 1,800,000.
   */
  readonly sessionMs?: number | undefined;
  readonly clock?: QuotesClock | undefined;
}

/** The origin of prices, and the form of their updates. */
export type QuotesOptions = HttpQuotesOptions | FileQuotesOptions | SimulatedQuotesOptions;

/** {@link CommonQuotesOptions}, checked. */
export interface QuotesPlan {
  readonly outlet: Outlet;
  readonly topic: Template;
  readonly type: string;
  readonly maxSymbols: number;
}

/**
 * Upper bound of the number of symbols. Each takes a topic, and some bytes of memory here and in
 * each page.
 */
export const MAX_SYMBOLS = 10_000;

/** @throws TypeError with the option and its allowed values. */
export function planOf(options: CommonQuotesOptions): QuotesPlan {
  const topic = compileTemplate(options.topic ?? "/quotes/{symbol}");
  const unknown = topic.names.find((name) => name !== "symbol");
  if (unknown !== undefined) throw new TypeError(`topic: {${unknown}} means nothing here. Use {symbol}.`);
  return {
    outlet: createOutlet(options),
    topic,
    type: options.type ?? "quote",
    maxSymbols: bounded("maxSymbols", options.maxSymbols, { fallback: MAX_SYMBOLS, min: 1, max: MAX_SYMBOLS }),
  };
}

export const SYSTEM_CLOCK: QuotesClock = { now: () => performance.timeOrigin + performance.now(), sleep };

/**
 * Interval of publishing for faster prices, in milliseconds. They go out as one batch, which costs
 * the hub about as much as one price.
 */
export const TICK_MS = 50;
