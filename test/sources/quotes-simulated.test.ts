import { describe, expect, test } from "vitest";
import { inventSymbols, Market } from "../../packages/sources/src/quotes/market.ts";
import { quotesSource, type SimulatedQuotesOptions } from "../../packages/sources/src/quotes/index.ts";
import { record, type RecordingContext } from "./context.ts";
import { quotesOf, virtualClock } from "./quotes-support.ts";

const START = Date.parse("2026-03-02T09:00:00Z");

/** Runs a market for some virtual time. */
async function simulate(lengthMs: number, options: Partial<SimulatedQuotesOptions> = {}, publishMs = 0): Promise<RecordingContext> {
  const context: RecordingContext = record(undefined, () => {
    clock.pass(publishMs);
    return Promise.resolve();
  });
  const clock = virtualClock(START, lengthMs, () => context.stop());
  await context.start(quotesSource({ from: "simulated", clock, ...options }));
  return context;
}

describe("a simulated market", () => {
  test("says so in each price", async () => {
    const context = await simulate(2000);
    expect(context.updates[0]).toMatchObject({ topic: `/quotes/${quotesOf(context)[0]?.symbol}`, type: "quote" });
    expect(quotesOf(context).every(({ simulated }) => simulated === true)).toBe(true);
    expect(Object.keys(quotesOf(context)[0] ?? {})).toEqual(["symbol", "price", "change", "changePercent", "volume", "time", "simulated"]);
  });

  test("is the same for the same seed, and another for another", async () => {
    const options = { symbols: 50, ticksPerSecond: 1000 };
    const [first, second, other] = [
      await simulate(3000, options),
      await simulate(3000, options),
      await simulate(3000, { ...options, seed: 2 }),
    ];
    expect(second.updates).toEqual(first.updates);
    expect(other.updates).not.toEqual(first.updates);
  });

  test("begins with a price of each symbol, then keeps its rate in few batches", async () => {
    const context = await simulate(10_000, { symbols: 500, ticksPerSecond: 5000 });
    const opening = quotesOf(context).slice(0, 500);
    expect(opening.map(({ symbol }) => symbol)).toEqual(inventSymbols(500));
    expect(new Set(opening.map(({ time }) => time))).toEqual(new Set([new Date(START).toISOString()]));
    // The clock stops the market at 10 s, before what is due then.
    expect(context.updates.length - 500).toBe(5000 * 9.95);
    expect(context.batches).toHaveLength(200);
    expect(context.problems).toEqual([]);
  });

  test("goes on from the last prices that it is given, without a leap", async () => {
    const last = new Map([["AAA", { price: 4321, change: 21, volume: 5000 }]]);
    const context = await simulate(2000, { symbols: ["AAA", "BBB"], last });
    const [first, other] = quotesOf(context);
    expect(Math.abs((first?.price ?? 0) / 4321 - 1)).toBeLessThan(0.005);
    expect((first?.price ?? 0) - (first?.change ?? 0)).toBeCloseTo(4300, 6);
    expect(first?.volume).toBeGreaterThan(5000);
    expect(other?.volume).toBeLessThan(5000);
  });

  test.each([0.5, 20, 333, 20_000])("makes %d prices a second, in batches that a hub takes", async (ticksPerSecond) => {
    const context = await simulate(6000, { symbols: 10, ticksPerSecond });
    expect(Math.abs(context.updates.length - 10 - ticksPerSecond * 6)).toBeLessThanOrEqual(ticksPerSecond / 20 + 1);
    expect(Math.max(...context.batches.map((batch) => batch.length))).toBeLessThanOrEqual(1000);
  });

  test("leaves out what a slow hub can't take, and says it once", async () => {
    const context = await simulate(60_000, { symbols: 10, ticksPerSecond: 1000 }, 3000);
    expect(Math.max(...context.batches.map((batch) => batch.length))).toBeLessThanOrEqual(1000);
    expect(context.batches.length).toBeGreaterThan(15);
    // All that was missed would be 60,000.
    expect(context.updates.length).toBeLessThan(25_000);
    expect(context.problems).toEqual(["The hub does not take 1000 prices a second (ticksPerSecond), so the simulated market makes fewer."]);
  });

  test("goes on from the prices that it is told, on the same day", async () => {
    const last = new Map([
      ["AA", { price: 200, change: 20, volume: 5000 }],
      ["BB", { price: 0, change: 0 }],
    ]);
    const [went, began] = quotesOf(await simulate(100, { symbols: ["AA", "BB"], last }));
    expect(Math.abs((went?.price ?? 0) - 200)).toBeLessThan(20);
    expect((went?.price ?? 0) - (went?.change ?? 0)).toBeCloseTo(180, 6);
    expect(went?.volume).toBeGreaterThan(5000);
    // What is no price is not gone on from.
    expect(began?.price).toBeGreaterThan(1);
  });

  test("is private when it is told", async () => {
    expect((await simulate(100, { private: true })).updates.every((update) => update.private === true)).toBe(true);
  });

  test("has the names that are given", async () => {
    const context = await simulate(5000, { symbols: ["A/B", "C"], topic: "/m/{symbol}" });
    expect(new Set(context.updates.map(({ topic }) => topic))).toEqual(new Set(["/m/A%2FB", "/m/C"]));
  });
});

describe("its prices", () => {
  test("stay prices, in cents, for a thousand sessions, and every session ends where the next is compared with", () => {
    const symbols = inventSymbols(20);
    const ticksPerSession = 2000;
    const market = new Market({ symbols, seed: 7, ticksPerSession });
    const closes = new Map<string, number>();
    const last = new Map<string, { price: number; volume: number }>();
    const first = new Map<string, number>();
    let [farthest, moved] = [0, 0];
    for (let session = 0; session < 1000; session++) {
      for (let i = 0; i < ticksPerSession; i++) {
        const { symbol, price, change, changePercent, volume } = market.next();
        const before = last.get(symbol);
        const close = closes.get(symbol);
        if (i < symbols.length && before !== undefined) closes.set(symbol, before.price);
        else if (before !== undefined && volume <= before.volume) throw new Error(`The volume of ${symbol} did not grow.`);
        if (i >= symbols.length && close !== undefined) {
          if (Math.abs(price - change - close) > 1e-6) throw new Error(`${price} - ${change} is not the close ${close}.`);
          if (Math.abs(changePercent - (change / close) * 100) > 0.006) throw new Error(`${changePercent} % is not ${change} of ${close}.`);
        }
        if (before !== undefined && before.price !== price) moved += 1;
        if (Math.abs(price * 100 - Math.round(price * 100)) > 1e-6) throw new Error(`${price} is not in cents.`);
        last.set(symbol, { price, volume });
        if (!first.has(symbol)) first.set(symbol, price);
        farthest = Math.max(farthest, Math.abs(Math.log(price / (first.get(symbol) ?? 0))));
      }
    }
    // Without a home, one of twenty walks would have gone to twice or half of where it began long ago.
    expect(farthest).toBeGreaterThan(Math.log(1.1));
    expect(farthest).toBeLessThan(Math.log(2));
    expect(moved / (1000 * ticksPerSession)).toBeGreaterThan(0.5);
  });

  test("are of symbols with names of their own", () => {
    const names = inventSymbols(10_000);
    expect(new Set(names).size).toBe(10_000);
    expect(names.every((name) => /^[A-Z]{4}$/.test(name))).toBe(true);
  });
});

test.each([
  [{ symbols: 0 }, "symbols: 0"],
  [{ symbols: 1.5 }, "symbols: 1.5"],
  [{ symbols: 10_001 }, "symbols: 10001"],
  [{ symbols: ["A", "A"] }, "symbols: one is there twice"],
  [{ symbols: [".."] }, 'symbols: ".." can\'t be one'],
  [{ ticksPerSecond: 0 }, "ticksPerSecond: 0"],
  [{ seed: -1 }, "seed: -1"],
  [{ seed: 0.5 }, "seed: 0.5"],
])("the options %j are refused", (options, message) => {
  expect(() => quotesSource({ from: "simulated", ...options })).toThrow(message);
});
