import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  arrowOf,
  formatChange,
  formatHour,
  formatPercent,
  formatPrice,
  formatTime,
  formatVolume,
  trendOf,
} from "../../../demo/src/stocks/page/format.ts";
import { Alerts, MAX_ALERTS } from "../../../demo/src/stocks/page/alerts.ts";
import { ByteMeter } from "../../../demo/src/stocks/page/byte-meter.ts";
import { isFound, type Sortable, sortingAfter, sortSymbols } from "../../../demo/src/stocks/page/sort.ts";
import { Spark } from "../../../demo/src/stocks/page/spark.ts";
import { Ticker } from "../../../demo/src/stocks/page/ticker.ts";
import { isLate } from "../../../demo/src/stocks/server/late.ts";
import { isLate as isLateForSources } from "../../../packages/sources/src/quotes/times.ts";
import { loadChoices, MAX_WATCHED, saveChoices, toggleWatched } from "../../../demo/src/stocks/page/watch-list.ts";
import type { StockQuote } from "../../../demo/src/stocks/server/wire.ts";

function quote(price: number, at: number, change = 0): StockQuote {
  return { symbol: "AAA", price, change, changePercent: 0, volume: undefined, at, simulated: false };
}

/** Makes a page of this language. */
function speak(language: "en" | "zh-CN"): void {
  vi.stubGlobal("location", { search: `?lang=${language}` });
  vi.stubGlobal("navigator", { languages: [language] });
}

beforeEach(() => speak("en"));

describe("formats", () => {
  test.each([
    [1234567.8, "1,234,567.80"],
    [1.08325, "1.08325"],
    [185.64000000000001, "185.64"],
    [0.1 + 0.2, "0.300"],
    [12345.6789, "12,345.6789"],
    [1234567.891234, "1,234,567.891"],
    [1, "1.00"],
    [0, "0.00"],
    [-37.63, "−37.63"],
    [0.5, "0.500"],
    [0.0123, "0.0123"],
    [0.00123, "0.001230"],
    [0.0000012, "0.00000120"],
    [999_999_999_999, "999,999,999,999.00"],
    [1e300, "1E300"],
    [-1.23456789e15, "−1.23457E15"],
  ])("a price of %d as %s", (price, text) => {
    expect(formatPrice(price)).toBe(text);
  });

  test("changes with their sign, to the places of their price", () => {
    expect([formatChange(1.5, 2), formatChange(-0.004, 3), formatChange(0, 2)]).toEqual(["+1.50", "−0.004", "0.00"]);
    expect([formatPercent(1.234), formatPercent(-12), formatPercent(0)]).toEqual(["+1.23%", "−12.00%", "0.00%"]);
    expect([1, -1, 0].map(arrowOf)).toEqual(["▲", "▼", "="]);
    expect([1, -1, 0].map(trendOf)).toEqual(["up", "down", "flat"]);
    expect([formatVolume(undefined), formatVolume(950), formatVolume(1_234_567)]).toEqual(["–", "950", "1.235M"]);
  });

  test("times, with the day where it is another", () => {
    const at = new Date(2026, 2, 2, 9, 5, 7).getTime();
    expect(formatTime(at, at + 1000)).toBe("09:05:07");
    expect(formatTime(at, at + 86_400_000)).toBe("Mar 2, 09:05:07");
    expect(formatHour(at, at)).toBe("09:05");
  });
});

test("source, server and page have one rule for which price is the newest", () => {
  const times = [0, 1, 1000, 35_999_999, 36_000_000, 36_000_001, 90_000_000];
  for (const at of times) for (const before of times) expect(isLate(at, before)).toBe(isLateForSources(at, before));
});

describe("sorting", () => {
  const item = (symbol: string, price?: number, changePercent = 0): Sortable => ({
    symbol,
    name: undefined,
    quote: price === undefined ? undefined : { price, changePercent },
  });

  test("puts those without a price last, whichever way", () => {
    const items = [item("D"), item("B", 2, 5), item("A", 1, 5), item("C", 3, -5)];
    expect(sortSymbols(items, { key: "price", descending: false })).toEqual(["A", "B", "C", "D"]);
    expect(sortSymbols(items, { key: "price", descending: true })).toEqual(["C", "B", "A", "D"]);
    expect(sortSymbols(items, { key: "changePercent", descending: true })).toEqual(["A", "B", "C", "D"]);
    expect(sortSymbols(items, { key: "symbol", descending: true })).toEqual(["D", "C", "B", "A"]);
  });

  test("turns round at the second click", () => {
    const first = sortingAfter({ key: "symbol", descending: false }, "price");
    expect(first).toEqual({ key: "price", descending: true });
    expect(sortingAfter(first, "price")).toEqual({ key: "price", descending: false });
    expect(sortingAfter(first, "symbol")).toEqual({ key: "symbol", descending: false });
  });

  test("finds words in symbol and name", () => {
    const named = { ...item("AQFER"), name: "Aquifer Holdings", nameZh: "含水层控股" };
    expect(["", "aq", "HOLD", "hold aqf", "含水层"].map((search) => isFound(named, search))).toEqual([true, true, true, true, true]);
    expect(isFound(named, "hold x")).toBe(false);
  });
});

describe("the watch list", () => {
  function storage(text: string | null = null): Pick<Storage, "getItem" | "setItem"> {
    let held = text;
    return { getItem: () => held, setItem: (_, value) => void (held = value) };
  }

  test("is what it was", () => {
    const held = storage();
    const choices = {
      watched: ["B", "A"],
      view: "watched",
      sorting: { key: "price", descending: true },
      selected: "A",
      range: "1d",
      paceMs: 250,
      upColour: "red",
    } as const;
    saveChoices(choices, held);
    expect(loadChoices(held)).toEqual(choices);
  });

  test.each(["", "{", "null", "[]", '{"watched":5,"view":"x","sort":"y","selected":7,"range":"2h","paceMs":3,"upColour":"blue"}'])(
    "is empty where %j was kept",
    (text) => {
      expect(loadChoices(storage(text))).toEqual({
        watched: [],
        view: "all",
        sorting: { key: "symbol", descending: false },
        selected: undefined,
        range: "10m",
        paceMs: 250,
        upColour: undefined,
      });
    },
  );

  test("keeps symbols alone, each once, so many at most", () => {
    const watched = ["A", "A", 5, "", "x".repeat(65), ...Array.from({ length: 600 }, (_, i) => `S${i}`)];
    const loaded = loadChoices(storage(JSON.stringify({ watched }))).watched;
    expect(loaded.slice(0, 2)).toEqual(["A", "S0"]);
    expect(loaded).toHaveLength(MAX_WATCHED);
    expect(toggleWatched(loaded, "NEW")).toBe(loaded);
    expect(toggleWatched(["A", "B"], "A")).toEqual(["B"]);
    expect(toggleWatched(["A"], "B")).toEqual(["A", "B"]);
  });
});

describe("a sparkline", () => {
  test("ends at the right edge, highest point at the top", () => {
    const spark = new Spark([1, 2], 0);
    expect(spark.path()).toBe("M97.4 28.0L100.0 2.0");
    spark.add(15_000, 0);
    expect(spark.path()).toBe("M94.9 15.0L97.4 2.0L100.0 28.0");
    spark.add(16_000, 2);
    expect(spark.path()).toBe("M94.9 28.0L97.4 2.0L100.0 2.0");
  });

  test("is level where nothing moved, and is not there for one price", () => {
    expect(new Spark([3, 3]).path()).toBe("M97.4 15.0L100.0 15.0");
    expect(new Spark([3]).path()).toBe("");
  });

  test("leaves out what is late, and stays short", () => {
    const spark = new Spark([1, 2], 300);
    spark.add(60_000, 50);
    expect(spark.path()).toBe("M97.4 28.0L100.0 2.0");
    for (let i = 0; i < 100; i++) spark.add(400_000 + i * 15_000, i);
    expect(spark.path().split("L")).toHaveLength(40);
    expect(spark.path().startsWith("M0.0 ")).toBe(true);
  });
});

describe("a ticker", () => {
  test("has the decimal places of its source, also for a price that ends in zeros", () => {
    const ticker = new Ticker("EURUSD");
    ticker.take(quote(1.08325, 1000));
    ticker.take(quote(1.08331, 2000, 0.00006));
    expect(formatChange(ticker.quote?.change ?? 0, ticker.decimals)).toBe("+0.00006");
    ticker.take(quote(1.084, 3000));
    expect(formatPrice(1.084, ticker.decimals)).toBe("1.08400");
    const learnt = new Ticker("EURUSD");
    learnt.learn({
      quote: quote(1.084, 1),
      name: undefined,
      nameZh: undefined,
      open: 1.08325,
      high: 1.09,
      low: 1.08,
      since: 1,
      spark: [],
      sparkTime: 0,
    });
    expect(learnt.decimals).toBe(5);
  });

  test("keeps the newest price by time, by the server's rule", () => {
    const ticker = new Ticker("AAA");
    ticker.take(quote(10, 50_000_000));
    expect(ticker.take(quote(11, 49_000_000)).volume).toBe(0);
    expect(ticker).toMatchObject({ quote: { price: 10 }, direction: 0, moves: 0, session: { high: 10 } });
    ticker.take(quote(12, 50_000_000));
    expect(ticker.quote?.price).toBe(12);
    // More than ten hours: a file is played again.
    ticker.take(quote(13, 13_000_000));
    expect(ticker.quote?.price).toBe(13);
  });

  test("learns an older price from a server whose file is played again", () => {
    const ticker = new Ticker("AAA");
    ticker.take(quote(20, 50_000_000));
    ticker.learn({ quote: quote(10, 1000), name: "A", nameZh: "甲", open: 9, high: 12, low: 8, since: 500, spark: [], sparkTime: 0 });
    expect(ticker.quote?.price).toBe(10);
  });

  test("tells which way the price moved, and moves when it did", () => {
    const ticker = new Ticker("AAA");
    ticker.take(quote(10, 1000));
    expect(ticker).toMatchObject({ direction: 0, moves: 0 });
    ticker.take(quote(11, 2000));
    expect(ticker).toMatchObject({ direction: 1, moves: 1 });
    ticker.take(quote(11, 3000));
    expect(ticker).toMatchObject({ direction: 1, moves: 1 });
    ticker.isStale = true;
    ticker.take(quote(9, 4000));
    expect(ticker).toMatchObject({ direction: -1, moves: 2, isStale: false });
  });

  test("learns its past, and keeps a price that is newer", () => {
    const ticker = new Ticker("AAA");
    ticker.take(quote(20, 50_000));
    const listing = {
      quote: quote(10, 1000),
      name: "A",
      nameZh: "甲",
      open: 9,
      high: 12,
      low: 8,
      since: 500,
      spark: [9, 10],
      sparkTime: 0,
    };
    ticker.learn(listing);
    expect(ticker).toMatchObject({ name: "A", quote: { price: 20 }, session: { open: 9, high: 20, low: 8 } });
    ticker.learn({ ...listing, quote: quote(30, 60_000) });
    expect(ticker.quote?.price).toBe(30);
  });
});

describe("a byte meter", () => {
  test("counts what the events weigh on the wire, over its window", () => {
    const meter = new ByteMeter();
    const event = { type: "quote", data: "é".repeat(37), id: "12345" };
    const bytes = Buffer.byteLength(`id: 12345\nevent: quote\ndata: ${event.data}\n\n`);
    meter.add(0, event);
    expect(meter.perSecond(500)).toBeUndefined();
    for (let at = 100; at < 20_000; at += 100) meter.add(at, event);
    expect(Math.abs((meter.perSecond(20_000) ?? 0) - bytes * 10)).toBeLessThan(bytes);
    meter.restart(20_000);
    meter.add(20_500, event);
    expect(meter.perSecond(22_000)).toBe(bytes / 2);
    expect(meter.perSecond(40_000)).toBe(0);
  });
});

describe("price alerts", () => {
  function held(): Pick<Storage, "getItem" | "setItem"> {
    let text: string | null = null;
    return { getItem: () => text, setItem: (_, value) => void (text = value) };
  }

  test("fire once, in one of the tabs, in the direction that was meant", () => {
    const storage = held();
    const told: string[] = [];
    const one = new Alerts(({ target, price }) => told.push(`one ${target} at ${price}`), storage);
    expect([one.add("AAA", 12, 10), one.add("AAA", 8, 10), one.add("AAA", 10, 10), one.add("AAA", Number.NaN, 10)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const two = new Alerts(({ target, price }) => told.push(`two ${target} at ${price}`), storage);
    one.check(quote(11.9, 1));
    one.check({ ...quote(13, 2), symbol: "BBB" });
    expect(told).toEqual([]);
    one.check(quote(12.5, 3));
    two.check(quote(12.5, 3));
    two.check(quote(7, 4));
    one.check(quote(7, 4));
    expect(told).toEqual(["one 12 at 12.5", "two 8 at 7"]);
    expect([one.view.alerts, two.view.alerts]).toEqual([[], []]);
  });

  test("are so many at most, and nothing where something else was kept", () => {
    const storage = held();
    const alerts = new Alerts(() => undefined, storage);
    for (let price = 1; price <= MAX_ALERTS; price++) expect(alerts.add("AAA", price, 0)).toBe(true);
    expect(alerts.add("AAA", 1000, 0)).toBe(false);
    for (const text of ["{", "5", '[{"symbol":"A"}]', '[null,{"symbol":"","target":1,"rises":true}]']) {
      storage.setItem("artesian.stocks.alerts", text);
      expect(new Alerts(() => undefined, storage).view.alerts).toEqual([]);
    }
  });
});
