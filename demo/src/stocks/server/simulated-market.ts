import { createRandom, inventSymbols, quotesSource, type SimulatedQuotesOptions } from "artesian-sources";
import { COMPANIES } from "./companies.ts";
import { inventPast } from "./invented-past.ts";
import type { PriceHistory } from "./price-history.ts";
import { type RunOptions, runSource } from "./run-source.ts";
import type { Watchers } from "./watchers.ts";

/**
 * The market of the first run: prices of all companies a second, and the length of its day. One
 * price per company, because the journal's oldest updates are removed for them.
 */
const TICKS_PER_SECOND = 60;
const SESSION_MS = 10_800_000;

/** Default number of symbols of the simulated source. */
const DEFAULT_SYMBOLS = 20;

export interface MarketRun extends RunOptions {
  readonly history: PriceHistory;
  readonly watchers: Watchers;
  readonly idleMs: number;
  /** Called once, when the history has a past. */
  readonly onReady: () => void;
  /**
   * Keeps an invented past before anybody sees it, because nobody can invent the same past again
   * after a crash.
   */
  readonly keep: () => Promise<void>;
}

/** The market of {@link COMPANIES}. */
export function defaultMarket(): SimulatedQuotesOptions {
  const last = new Map(COMPANIES.map(({ symbol, price }) => [symbol, { price, change: 0 }]));
  return {
    from: "simulated",
    symbols: COMPANIES.map(({ symbol }) => symbol),
    ticksPerSecond: TICKS_PER_SECOND,
    sessionMs: SESSION_MS,
    last,
  };
}

/** A simulated market that stops while nobody follows it. */
export interface SimulatedMarket {
  /** Fills the history up to now and keeps it, if the market is closed. */
  catchUp(): Promise<void>;
  /** Runs until the signal is aborted. The market always continues from the newest prices. */
  run(): Promise<void>;
}

export function createMarket(options: SimulatedQuotesOptions, run: MarketRun): SimulatedMarket {
  const { history, watchers, idleMs, signal, logger, onReady, keep } = run;
  const now = (): number => Math.floor(options.clock?.now() ?? Date.now());
  const symbols = symbolsOf(options);
  // Different random numbers each time, so that a restart does not repeat the same day.
  let seed = options.seed ?? Date.now() % 2 ** 32;
  let isOpen = false;
  let filling = Promise.resolve();

  function nextSeed(): number {
    return (seed = (seed + 1) >>> 0);
  }

  /** From 5 to 500. */
  function openingOf(symbol: string): number {
    return options.last?.get(symbol)?.price ?? Math.round(500 * 100 ** createRandom(nextSeed()).next()) / 100;
  }

  async function fill(): Promise<void> {
    if (isOpen) return;
    const { changes } = history;
    await inventPast(history, symbols, openingOf, { ...options, seed: nextSeed() }, now(), signal);
    if (history.changes !== changes) await keep();
  }

  function catchUp(): Promise<void> {
    filling = filling.then(fill, fill);
    return filling;
  }

  return {
    catchUp,
    async run() {
      await catchUp();
      onReady();
      while (!signal.aborted) {
        if (idleMs !== Infinity) await watchers.come(signal);
        await catchUp();
        if (signal.aborted) return;
        isOpen = true;
        logger.debug({}, "the simulated market opens");
        const last = new Map([...(options.last ?? []), ...history.quotes()]);
        const source = quotesSource({ ...options, symbols, seed: nextSeed(), last });
        const idle = watchers.gone(idleMs);
        await runSource(source, { ...run, signal: AbortSignal.any([signal, idle]) });
        // Otherwise the market ended by itself, and the log says why.
        if (!idle.aborted) return;
        isOpen = false;
        logger.debug({}, "the simulated market closes: nobody follows it");
      }
    },
  };
}

function symbolsOf({ symbols = DEFAULT_SYMBOLS }: SimulatedQuotesOptions): readonly string[] {
  return typeof symbols === "number" ? inventSymbols(symbols) : symbols;
}
