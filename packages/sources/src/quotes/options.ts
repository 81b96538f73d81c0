import { bounded } from "../bounds.ts";
import { sleep, type HttpBounds, type PollTiming } from "../http/index.ts";
import { createOutlet, type Outlet, type OutletOptions } from "../outlet.ts";
import { compileTemplate, type Template } from "../template.ts";
import type { CsvFormat } from "./csv.ts";
import type { QuoteFields } from "./fields.ts";
import type { Quote } from "./quote.ts";

/** Time, for tests. */
export interface QuotesClock {
  /** Milliseconds since 1970, of a clock that never goes back. */
  now(): number;
  /** Waits; returns early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What all prices have in common. */
export interface CommonQuotesOptions extends OutletOptions {
  /** The topic; `{symbol}` is the symbol, percent-encoded. Default `/quotes/{symbol}`. */
  readonly topic?: string | undefined;
  /** Event type of the updates. Default `quote`. */
  readonly type?: string | undefined;
  /** Most symbols: 1 to 10,000, the default. Prices of further ones are left out with a warning. */
  readonly maxSymbols?: number | undefined;
}

/** Prices as records, and where in them what is. */
export interface RecordOptions extends CsvFormat {
  readonly fields?: QuoteFields | undefined;
  /** Whether a price below zero is one, as of power or oil on some days. Default false: it is a mistake. */
  readonly negativePrices?: boolean | undefined;
}

/** Prices of an HTTP address. */
export interface HttpQuotesOptions extends CommonQuotesOptions, RecordOptions, HttpBounds, PollTiming {
  readonly from: "http";
  /** http or https; a name and password in it go as `Authorization: Basic`. */
  readonly url: string | URL;
  /** Further request headers, such as a key. They go to this origin alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Time from one round to the next, in milliseconds: 1,000 to 7 days. Default 5,000. */
  readonly intervalMs?: number | undefined;
  /** What the answer is. Default: JSON when its content type says so or it starts with a bracket, else CSV. */
  readonly format?: "json" | "csv" | undefined;
  /** JSON: where the array is, or the object with one property a symbol: a JSON Pointer or a path with dots. Default: the whole. */
  readonly items?: string | undefined;
}

/** Prices of a CSV file, replayed. */
export interface FileQuotesOptions extends CommonQuotesOptions, RecordOptions {
  readonly from: "file";
  readonly path: string;
  /**
   * How fast: 1 (default) as the times in the file say, 10 ten times as fast; 0.001 to 1,000,000. `max`: as fast as the hub
   * takes it, in the order of the file, which needs no times. Else a file of up to 16 MiB is brought in the order of its times.
   */
  readonly speed?: number | "max" | undefined;
  /**
   * Most prices a second: 1 to 100,000. What is due and past it comes later. Default 1,000, at the speed `max` 100,000.
   */
  readonly maxPerSecond?: number | undefined;
  /** Whether it starts over at the end. Default false. */
  readonly loop?: boolean | undefined;
  /** Longest pause between two prices, in milliseconds of replay: nights and weekends are cut to it. Default: as in the file. */
  readonly longestPauseMs?: number | undefined;
  /** The `time` of the updates: as in the `file` (default), or `now`, which is the default with `loop`: times that go back are late. */
  readonly times?: "file" | "now" | undefined;
  readonly clock?: QuotesClock | undefined;
}

/** Prices that are made up. */
export interface SimulatedQuotesOptions extends CommonQuotesOptions {
  readonly from: "simulated";
  /** How many, with invented names, or the names themselves. Default 20. */
  readonly symbols?: number | readonly string[] | undefined;
  /** All prices of all symbols: 0.1 to 100,000. Default 20. */
  readonly ticksPerSecond?: number | undefined;
  /** The same seed gives the same prices in the same order: a whole number from 0 to 4,294,967,295. Default 1. */
  readonly seed?: number | undefined;
  /** What to go on from, by symbol, as after a restart: no price leaps then. Others are made up. Default: none. */
  readonly last?: ReadonlyMap<string, Pick<Quote, "price" | "change" | "volume">> | undefined;
  /** Length of a trading day, in milliseconds: 10,000 to a day. The next follows at once, with a gap in prices. Default 1,800,000. */
  readonly sessionMs?: number | undefined;
  readonly clock?: QuotesClock | undefined;
}

/** Where prices come from, and what to make of them. */
export type QuotesOptions = HttpQuotesOptions | FileQuotesOptions | SimulatedQuotesOptions;

/** {@link CommonQuotesOptions}, checked. */
export interface QuotesPlan {
  readonly outlet: Outlet;
  readonly topic: Template;
  readonly type: string;
  readonly maxSymbols: number;
}

/** The most symbols that there can be: each is a topic, and some bytes of memory here and in each page. */
export const MAX_SYMBOLS = 10_000;

/** @throws TypeError that names the option and what it may be. */
export function planOf(options: CommonQuotesOptions): QuotesPlan {
  const topic = compileTemplate(options.topic ?? "/quotes/{symbol}");
  const unknown = topic.names.find((name) => name !== "symbol");
  if (unknown !== undefined) throw new TypeError(`topic: {${unknown}} means nothing here; {symbol} does.`);
  return {
    outlet: createOutlet(options),
    topic,
    type: options.type ?? "quote",
    maxSymbols: bounded("maxSymbols", options.maxSymbols, { fallback: MAX_SYMBOLS, min: 1, max: MAX_SYMBOLS }),
  };
}

export const SYSTEM_CLOCK: QuotesClock = { now: () => performance.timeOrigin + performance.now(), sleep };

/** How often prices that come faster are published, in milliseconds: as one batch, which costs the hub about as much as one price. */
export const TICK_MS = 50;
