import { fc, test as property } from "@fast-check/vitest";
import { createRandom } from "artesian-sources";
import { describe, expect, onTestFinished, test } from "vitest";
import { inventPast } from "../../../demo/src/stocks/server/invented-past.ts";
import { inventPath, type Motion } from "../../../demo/src/stocks/server/invented-path.ts";
import { PriceHistory } from "../../../demo/src/stocks/server/price-history.ts";
import { createStocks } from "../../../demo/src/stocks/server/index.ts";
import { startHub } from "../../support/server.ts";
import { CANDLE_STEPS, CANDLES_KEPT, type Candle, type CandleStep, type HistoryAnswer } from "../../../demo/src/stocks/server/wire.ts";

const NOW = Date.parse("2026-03-02T09:30:17.250Z");
const HOUR = 3_600_000;

const MOTION: Motion = { sigma: 0.02 / Math.sqrt(10_800), pull: 0.05 / 10_800, spread: 0.0006, rate: 1 };

/** Folds prices as the charts do. */
function fold(prices: Iterable<{ at: number; price: number; volume: number }>): PriceHistory {
  const history = new PriceHistory(10, new Map());
  let volume = 0;
  for (const { at, price, volume: traded } of prices) {
    volume += traded;
    history.add({ symbol: "AAA", price, change: 0, changePercent: 0, volume, at, simulated: true });
  }
  return history;
}

/** The largest step from a candle's close to the next one's open, as a part of the price. */
function widestStep(candles: readonly Candle[]): number {
  return Math.max(0, ...candles.slice(1).map(({ open }, i) => Math.abs(Math.log(open / (candles[i]?.close ?? open)))));
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

describe("an invented past", () => {
  const gaps = fc.integer({ min: 3000, max: 400 * 24 * HOUR });
  const prices = fc.integer({ min: 100, max: 50_000 }).map((cents) => cents / 100);
  const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

  property.prop([gaps, prices, seeds], { numRuns: 60 })(
    "joins the price before a break with the one after, without a leap or a giant",
    (gap, price, seed) => {
      const path = [...inventPath({ at: NOW - gap, price }, { at: NOW, price }, MOTION, createRandom(seed))];
      const times = path.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect([times.at(-1), path.at(-1)?.price]).toEqual([NOW, price]);
      // A cent, bid and ask, and four deviations.
      const usual = (seconds: number): number => 0.015 / price + MOTION.spread + 4 * MOTION.sigma * Math.sqrt(seconds);
      const first = path[0];
      const kept = Math.min(gap, CANDLE_STEPS.day * CANDLES_KEPT.day * 1000);
      if (first !== undefined && gap <= kept)
        expect(Math.abs(Math.log(first.price / price))).toBeLessThan(2 * usual((first.at - NOW + gap) / 1000 + 60));
      const history = fold(path);
      for (const step of ["second", "minute"] as const) {
        const candles = history.candles("AAA", step) ?? [];
        expect(widestStep(candles)).toBeLessThan(usual(CANDLE_STEPS[step] * 5));
        const volumes = candles.map(({ volume }) => volume);
        if (volumes.length > 10)
          expect(Math.max(...volumes)).toBeLessThan(30 * Math.max(median(volumes), 660 * MOTION.rate * CANDLE_STEPS[step]));
      }
    },
  );

  property.prop([gaps, seeds], { numRuns: 40 })("leaves no candle of its time out", (gap, seed) => {
    const history = fold(inventPath({ at: NOW - gap }, { at: NOW, price: 100 }, MOTION, createRandom(seed)));
    for (const step of ["minute", "quarter", "day"] satisfies CandleStep[]) {
      const [seconds, most] = [CANDLE_STEPS[step], CANDLES_KEPT[step]];
      const spans = Math.floor(NOW / 1000 / seconds) - Math.floor((NOW - gap) / 1000 / seconds) + 1;
      expect(history.candles("AAA", step)?.length).toBeGreaterThanOrEqual(Math.min(most, spans) - 2);
    }
  });
});

test("the volumes of an invented year have no seam between its days, quarters of an hour and minutes", async () => {
  const symbols = ["AAA", "BBB", "CCC"];
  const history = new PriceHistory(10, new Map());
  await inventPast(history, symbols, () => 50, { from: "simulated", seed: 7 }, NOW, new AbortController().signal);
  for (const symbol of symbols) {
    const volumes = (step: CandleStep): number[] => (history.candles(symbol, step) ?? []).map(({ volume }) => volume);
    // The present day has only begun.
    const days = volumes("day").slice(0, -1);
    expect(days.length).toBeGreaterThan(300);
    const usual = median(days.slice(0, 200));
    expect(median(days.slice(-5)) / usual).toBeGreaterThan(0.8);
    expect(median(days.slice(-5)) / usual).toBeLessThan(1.25);
    expect((median(volumes("quarter").slice(0, -1)) * 96) / usual).toBeGreaterThan(0.8);
    expect((median(volumes("quarter").slice(0, -1)) * 96) / usual).toBeLessThan(1.25);
    const minutes = volumes("minute").slice(0, -1);
    const mean = minutes.reduce((sum, volume) => sum + volume, 0) / minutes.length;
    expect((mean * 1440) / usual).toBeGreaterThan(0.7);
    expect((mean * 1440) / usual).toBeLessThan(1.4);
  }
});

/** A clock that the test sets. A sleeper is woken when it has passed. */
class TestClock {
  time = NOW;
  #sleepers = new Set<() => void>();
  now = (): number => this.time;
  sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    const dueAt = this.time + ms;
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.time < dueAt && !signal.aborted) return;
        this.#sleepers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#sleepers.add(wake);
      signal.addEventListener("abort", wake);
      wake();
    });
  };

  /** Passes time in steps, with turns for everything else between. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.time += Math.min(stepMs, left);
      for (const wake of this.#sleepers) wake();
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test.each([[10], [45 * 60], [9 * 3600], [5 * 24 * 3600]])(
  "a market that was idle for %d s wakes where it stopped, and its charts have no seam",
  async (seconds) => {
    const clock = new TestClock();
    const { hub, url } = await startHub();
    const symbols = ["AAA", "BBB", "CCC"];
    const source = { from: "simulated", symbols, ticksPerSecond: 3, sessionMs: 10_800_000, seed: 7, clock } as const;
    const told: string[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: (_: object, text: string) => void told.push(text), info: ignore, warn: ignore, error: ignore };
    const stocks = createStocks({ hub, source, idleMs: 1, logger });
    onTestFinished(() => stocks.close());
    const candles = async (symbol: string, step: CandleStep): Promise<Candle[]> => {
      const answer = await stocks.fetch(new Request(`http://localhost/stocks/api/history/${symbol}?step=${step}`));
      return ((await answer.json()) as HistoryAnswer).candles.map(([time, open, high, low, close, volume]) => ({
        time,
        open,
        high,
        low,
        close,
        volume,
      }));
    };
    /** Follows for some minutes of the market, and returns the first and last price of each symbol. */
    const follow = async (forMs: number): Promise<Map<string, [first: number, last: number]>> => {
      const seen = new Map<string, [number, number]>();
      const stop = new AbortController();
      const response = await fetch(`${url}?match_urlpattern=/quotes/:symbol`, { signal: stop.signal });
      expect(response.status).toBe(200);
      const reading = (async () => {
        for await (const update of hub.subscribe({ matchUrlPattern: "/quotes/:symbol", signal: stop.signal })) {
          const { symbol, price } = JSON.parse(update.data) as { symbol: string; price: number };
          seen.set(symbol, [seen.get(symbol)?.[0] ?? price, price]);
        }
      })();
      await expect.poll(() => hub.stats().subscribers).toBeGreaterThan(0);
      for (let passed = 0; passed < forMs || seen.size < symbols.length; passed += 500) await clock.pass(500);
      stop.abort();
      await reading;
      await expect.poll(() => hub.stats().subscribers).toBe(0);
      return seen;
    };
    const before = await follow(3 * 60_000);
    await expect.poll(() => told.at(-1)).toContain("closes");
    await clock.pass(seconds * 1000);
    const after = await follow(3 * 60_000);
    for (const symbol of symbols) {
      const [[, left = 0] = [], [woke = 0] = []] = [before.get(symbol), after.get(symbol)];
      expect(Math.abs(woke / left - 1)).toBeLessThan(0.004);
      for (const step of ["second", "minute"] as const) {
        const all = await candles(symbol, step);
        expect(all.length).toBeGreaterThan(100);
        expect(widestStep(all)).toBeLessThan(0.006);
        const volumes = all.map(({ volume }) => volume);
        const ranges = all.map(({ high, low }) => Math.log(high / low));
        expect(Math.min(...volumes)).toBeGreaterThanOrEqual(0);
        // No giant, and none of the live minutes is out of the usual.
        if (step === "minute") {
          expect(Math.max(...volumes)).toBeLessThan(8 * median(volumes));
          expect(Math.max(...ranges)).toBeLessThan(6 * median(ranges));
          const [live, seed] = [median(ranges.slice(-3, -1)), median(ranges)];
          expect(live / seed).toBeGreaterThan(0.4);
          expect(live / seed).toBeLessThan(2.5);
        }
      }
    }
  },
);
