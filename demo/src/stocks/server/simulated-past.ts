import { setImmediate as nextTurn } from "node:timers/promises";
import { type QuotesClock, quotesSource, type SimulatedQuotesOptions, volatileMemory } from "artesian-sources";
import { parseQuote } from "./parse-quote.ts";
import type { PriceHistory } from "./price-history.ts";

/**
 * Two stretches: a coarse one for the candles of a minute, and a fine one, up to now, for those of
 * a second.
 */
const STRETCHES = [
  { backMs: 36_000_000, ticksPerSymbolSecond: 1 / 15, stepMs: 1000 },
  { backMs: 600_000, ticksPerSymbolSecond: 1, stepMs: 250 },
] as const;

/** Most prices of a stretch. Fewer minutes are better than a processor that is busy for seconds. */
const MAX_TICKS = 60_000;

/** Default number of symbols of a simulated market, and of prices a second. */
const DEFAULT_SYMBOLS = 20;
const DEFAULT_TICKS = 20;

/** A gap that is not worth filling, in milliseconds. */
const SHORT_MS = 2000;

/** Steps after which everything else has its turn. */
const STEPS_A_TURN = 20;

/**
 * Fills the history up to now with an invented past of the simulated market, so that its charts do
 * not begin empty. None of the past is published. It continues from the newest existing prices.
 *
 * @param seed - Seed of the first stretch. The next ones follow.
 * @param now - In milliseconds since 1970.
 */
export async function simulatePast(
  options: SimulatedQuotesOptions & { readonly seed: number },
  history: PriceHistory,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const { symbols = DEFAULT_SYMBOLS, ticksPerSecond: liveTicks = DEFAULT_TICKS } = options;
  const count = typeof symbols === "number" ? symbols : symbols.length;
  const newest = Math.max(0, ...[...history.quotes().values()].map(({ at }) => at));
  for (const [index, { backMs, ticksPerSymbolSecond, stepMs }] of STRETCHES.entries()) {
    const ticksPerSecond = Math.max(0.1, ticksPerSymbolSecond * count);
    const start = Math.max(newest, now - Math.min(backMs, (MAX_TICKS / ticksPerSecond) * 1000));
    const end = now - (STRETCHES[index + 1]?.backMs ?? 0);
    if (end - start < SHORT_MS || signal.aborted) continue;
    // Fewer prices than live, so each stands for several. Otherwise the market would seem to have
    // slept.
    const weight = liveTicks / ticksPerSecond;
    const last = new Map(options.last);
    for (const [symbol, quote] of history.quotes()) last.set(symbol, { ...quote, volume: Math.round((quote.volume ?? 0) / weight) });
    const over = new AbortController();
    const clock = virtualClock(start, end, stepMs, over);
    await quotesSource({ ...options, ticksPerSecond, seed: (options.seed + index) >>> 0, last, clock }).run({
      publish: (updates) => {
        for (const { type, data = "" } of updates) {
          const quote = parseQuote(type, data);
          if (quote !== undefined) history.add({ ...quote, volume: Math.round((quote.volume ?? 0) * weight) });
        }
        return Promise.resolve();
      },
      memory: volatileMemory(),
      signal: AbortSignal.any([signal, over.signal]),
      report: () => undefined,
    });
  }
}

/** A clock that passes time as fast as it is awaited. */
function virtualClock(startMs: number, endMs: number, stepMs: number, over: AbortController): QuotesClock {
  let now = startMs;
  let steps = 0;
  return {
    now: () => now,
    async sleep(ms) {
      now += Math.max(ms, stepMs);
      if (now >= endMs) over.abort();
      steps += 1;
      if (steps % STEPS_A_TURN === 0) await nextTurn();
    },
  };
}
