import { quotesSource, type SimulatedQuotesOptions } from "artesian-sources";
import { COMPANIES } from "./companies.ts";
import type { PriceHistory } from "./price-history.ts";
import { type RunOptions, runSource } from "./run-source.ts";
import { simulatePast } from "./simulated-past.ts";
import type { Watchers } from "./watchers.ts";

/**
 * The market of the first run: prices of all companies a second, and the length of its day. One
 * price per company, because the journal's oldest updates are removed for them.
 */
const TICKS_PER_SECOND = 60;
const SESSION_MS = 10_800_000;

export interface MarketRun extends RunOptions {
  readonly history: PriceHistory;
  readonly watchers: Watchers;
  readonly idleMs: number;
  /** Called once, when the history has a past. */
  readonly onReady: () => void;
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

/**
 * Runs a simulated market while somebody follows it, until the signal is aborted. The market always
 * continues from the newest prices.
 */
export async function runMarket(options: SimulatedQuotesOptions, run: MarketRun): Promise<void> {
  const { history, watchers, idleMs, signal, logger, onReady } = run;
  // A different seed each time, so that a restart does not repeat the same day.
  let seed = options.seed ?? Date.now() % 2 ** 32;
  for (;;) {
    await simulatePast({ ...options, seed }, history, Date.now(), signal);
    onReady();
    if (idleMs !== Infinity) await watchers.come(signal);
    if (signal.aborted) return;
    await simulatePast({ ...options, seed: (seed + 1) >>> 0 }, history, Date.now(), signal);
    logger.debug({}, "the simulated market opens");
    const last = new Map([...(options.last ?? []), ...history.quotes()]);
    const source = quotesSource({ ...options, seed: (seed + 2) >>> 0, last });
    const idle = watchers.gone(idleMs);
    await runSource(source, { ...run, signal: AbortSignal.any([signal, idle]) });
    // Otherwise the market ended by itself, and the log says why.
    if (!idle.aborted) return;
    logger.debug({}, "the simulated market closes: nobody follows it");
    seed = (seed + 3) >>> 0;
  }
}
