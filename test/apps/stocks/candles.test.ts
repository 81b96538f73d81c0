import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { CandleSeries } from "../../../demo/src/stocks/server/candles.ts";
import { Session, volumeIn } from "../../../demo/src/stocks/server/session.ts";
import type { StockQuote } from "../../../demo/src/stocks/server/wire.ts";

function quote(price: number, at: number, volume?: number): StockQuote {
  return { symbol: "AAA", price, change: 0, changePercent: 0, volume, at, simulated: false };
}

describe("candles", () => {
  test("have the first, highest, lowest and last price of their span, and what was traded in it", () => {
    const series = new CandleSeries(60, 10);
    for (const [at, price, volume] of [
      [60_000, 5, 1],
      [61_000, 7, 2],
      [90_000, 4, 3],
      [119_999, 6, 4],
    ] as const) {
      expect(series.add(at, price, volume)).toBe(true);
    }
    expect(series.add(120_000, 8, 5)).toBe(true);
    expect(series.all).toEqual([
      { time: 60, open: 5, high: 7, low: 4, close: 6, volume: 10 },
      { time: 120, open: 8, high: 8, low: 8, close: 8, volume: 5 },
    ]);
  });

  test("take a late price into their range, but not as their last", () => {
    const series = new CandleSeries(1, 10);
    series.add(1000, 5, 0);
    series.add(3000, 6, 0);
    expect(series.add(1500, 9, 1)).toBe(false);
    expect(series.add(2500, 100, 1)).toBe(false);
    expect(series.all).toEqual([
      { time: 1, open: 5, high: 9, low: 5, close: 5, volume: 1 },
      { time: 3, open: 6, high: 6, low: 6, close: 6, volume: 0 },
    ]);
  });

  test("begin anew when time went back further than they reach", () => {
    const series = new CandleSeries(1, 10);
    series.add(100_000, 5, 0);
    expect(series.add(89_000, 6, 0)).toBe(false);
    expect(series.all).toMatchObject([{ time: 89 }]);
    expect(series.add(90_000, 7, 0)).toBe(true);
  });

  test("reach back as far as they are kept, however few there are", () => {
    const series = new CandleSeries(1, 10);
    for (const second of [1, 2, 9, 11]) series.add(second * 1000, second, 0);
    expect(series.all.map(({ time }) => time)).toEqual([2, 9, 11]);
  });

  test("give the last prices of longer spans", () => {
    const series = new CandleSeries(1, 100);
    for (const second of [0, 5, 14, 16, 47]) series.add(second * 1000, second, 0);
    expect(series.closes(15, 10)).toEqual({ closes: [14, 16, 47], time: 45 });
    expect(series.closes(15, 2)).toEqual({ closes: [16, 47], time: 45 });
    expect(new CandleSeries(1, 10).closes(15, 10)).toEqual({ closes: [], time: 0 });
  });

  const ticks = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 5000 }), price: fc.integer({ min: 1, max: 1000 }) }), {
    minLength: 1,
  });
  property.prop([ticks])("of prices in order are what the prices say", (given) => {
    const series = new CandleSeries(3, 1000);
    let at = 0;
    const bySpan = new Map<number, number[]>();
    for (const { wait, price } of given) {
      at += wait;
      series.add(at, price, 1);
      const span = Math.floor(at / 3000) * 3;
      bySpan.set(span, [...(bySpan.get(span) ?? []), price]);
    }
    const expected = [...bySpan].map(([time, prices]) => ({
      time,
      open: prices[0],
      high: Math.max(...prices),
      low: Math.min(...prices),
      close: prices.at(-1),
      volume: prices.length,
    }));
    expect(series.all).toEqual(expected);
  });
});

test("a copy of a series stays as it is", () => {
  const series = new CandleSeries(1, 40);
  for (let second = 0; second < 100; second++) series.add(second * 1000, second, 1);
  const copy = series.copy();
  expect(copy.all).toEqual(series.all);
  expect(copy.all.map(({ time }) => time)).toEqual(Array.from({ length: 40 }, (_, i) => 60 + i));
  series.add(100_000, 100, 1);
  expect([copy.last?.time, series.last?.time]).toEqual([99, 100]);
});

test("what was traded in a long break goes into no candle as a whole", () => {
  expect(volumeIn({ volume: 600, overMs: 60_000 }, 1)).toBe(600);
  expect(volumeIn({ volume: 6000, overMs: 3_600_000 }, 60)).toBe(200);
  expect(volumeIn({ volume: 6000, overMs: 3_600_000 }, 86_400)).toBe(6000);
});

describe("a session", () => {
  test("has the range since it began, and tells what was traded", () => {
    const session = new Session();
    expect(session.add(quote(10, 1000, 500))).toEqual({ volume: 0, overMs: 0 });
    expect(session.add(quote(12, 2000, 600))).toEqual({ volume: 100, overMs: 1000 });
    expect(session.add(quote(9, 3000, 600)).volume).toBe(0);
    expect(session).toMatchObject({ open: 10, high: 12, low: 9, since: 1000 });
    // The volume begins anew, and the session with it.
    expect(session.add(quote(11, 4000, 50)).volume).toBe(50);
    expect(session).toMatchObject({ open: 11, high: 11, low: 11, since: 4000 });
  });

  test("without volumes is a day", () => {
    const session = new Session();
    const evening = Date.parse("2026-03-02T23:59:00Z");
    session.add(quote(10, evening));
    session.add(quote(12, evening + 30_000));
    expect(session.open).toBe(10);
    session.add(quote(13, evening + 120_000));
    expect(session).toMatchObject({ open: 13, high: 13, low: 13 });
  });

  test("goes on from a listing", () => {
    const listing = {
      quote: quote(10, 1000, 500),
      name: undefined,
      nameZh: undefined,
      open: 8,
      high: 11,
      low: 7,
      since: 0,
      spark: [],
      sparkTime: 0,
    };
    const session = new Session(listing);
    expect(session.add(quote(12, 2000, 550)).volume).toBe(50);
    expect(session).toMatchObject({ open: 8, high: 12, low: 7, since: 0 });
  });
});
