import { setImmediate as nextTurn } from "node:timers/promises";
import { createRandom, simulatedCharacter, type SimulatedQuotesOptions } from "artesian-sources";
import { inventPath, type Motion } from "./invented-path.ts";
import type { PriceHistory } from "./price-history.ts";
import { CANDLE_STEPS, CANDLES_KEPT } from "./wire.ts";

/** Defaults of the simulated source. */
const DEFAULTS = { ticksPerSecond: 20, sessionMs: 1_800_000 } as const;

/** A gap that is not worth filling, in milliseconds. */
const SHORT_MS = 2000;

/** Elapsed part of a market's day at the first opening. */
const FIRST_DAY_GONE = 0.4;

const YEAR_MS = CANDLE_STEPS.day * CANDLES_KEPT.day * 1000;

/**
 * Fills the history of a simulated market up to now: with a past of a year for a symbol that has
 * none, and else with the time since its last price, to which the market returns. None of it is
 * published.
 *
 * @param symbols - All symbols of the market, in order.
 * @param opening - Price of a symbol that has never been traded.
 * @param now - In milliseconds since 1970.
 */
export async function inventPast(
  history: PriceHistory,
  symbols: readonly string[],
  opening: (symbol: string) => number,
  options: SimulatedQuotesOptions,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const { ticksPerSecond = DEFAULTS.ticksPerSecond, sessionMs = DEFAULTS.sessionMs, seed = now % 2 ** 32 } = options;
  const random = createRandom(seed);
  const quotes = history.quotes();
  const newest = Math.max(0, ...symbols.map((symbol) => quotes.get(symbol)?.at ?? 0));
  for (const [index, symbol] of symbols.entries()) {
    const last = quotes.get(symbol);
    if (last !== undefined && now - newest < SHORT_MS) continue;
    if (signal.aborted) return;
    const motion = motionOf(symbol, index, symbols.length, ticksPerSecond, sessionMs);
    const from = last ?? { at: now - YEAR_MS };
    const to = { at: now, price: last?.price ?? opening(symbol) };
    let opensAt = last === undefined ? now - FIRST_DAY_GONE * sessionMs : (history.sessionSince(symbol) ?? now) + sessionMs;
    // Only the last day is shown, so the days before need no count.
    if (last === undefined) opensAt -= Math.ceil(YEAR_MS / sessionMs) * sessionMs;
    let close = last === undefined ? undefined : last.price - last.change;
    let volume = last?.volume ?? 0;
    let before = last?.price;
    for (const { at, price, volume: traded } of inventPath(from, to, motion, random)) {
      if (last !== undefined && at <= last.at) continue;
      if (at >= opensAt) {
        opensAt += Math.ceil((at - opensAt + 1) / sessionMs) * sessionMs;
        close = before ?? price;
        volume = 0;
      }
      volume += traded;
      before = price;
      close ??= price;
      const change = Math.round((price - close) * 100) / 100;
      const changePercent = Math.round((change / close) * 10_000) / 100;
      // Between two prices of the distant past, the volume began many times.
      history.add({ symbol, price, change, changePercent, volume, at, simulated: true }, { volume: traded, overMs: 0 });
    }
    // Everything else has its turn after each symbol.
    await nextTurn();
  }
}

/** The motion of a symbol in the simulated market, where symbols at the front trade more. */
function motionOf(symbol: string, index: number, count: number, ticksPerSecond: number, sessionMs: number): Motion {
  const { volatility, spread, pullPerSession } = simulatedCharacter(symbol);
  const share = ((index + 1) / count) ** (2 / 3) - (index / count) ** (2 / 3);
  // A price moves with each trade, so a symbol that trades more goes through more of a day's motion.
  const sessions = (count * share) / (sessionMs / 1000);
  return { sigma: volatility * Math.sqrt(sessions), pull: pullPerSession * sessions, spread, rate: ticksPerSecond * share };
}
