import { createHub, type Hub, type HubOptions, memoryJournal } from "artesian";
import { logJournal } from "artesian/journals/log";
import type { Source } from "artesian-sources";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { COMPANIES } from "../../../demo/src/stocks/server/companies.ts";
import { createStocks, parseQuotes, type Stocks, STOCKS_TOPICS, type StocksOptions } from "../../../demo/src/stocks/server/index.ts";
import type { Board, HistoryAnswer } from "../../../demo/src/stocks/server/wire.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const START = Date.parse("2026-03-02T09:30:00Z");

/** Makes stocks on a hub; both end with the test. */
function start(options: Partial<StocksOptions> = {}, hubOptions: HubOptions = {}): { hub: Hub; stocks: Stocks } {
  const hub = options.hub ?? createHub(hubOptions);
  const stocks = createStocks({ source: "none", ...options, hub });
  onTestFinished(() => stocks.close().then(() => hub.close()));
  return { hub, stocks };
}

function get(stocks: Stocks, path: string, init?: RequestInit): Promise<Response> {
  return stocks.fetch(new Request(`http://localhost/stocks/api/${path}`, init));
}

async function board(stocks: Stocks): Promise<Board> {
  return (await (await get(stocks, "board")).json()) as Board;
}

async function history(stocks: Stocks, path: string): Promise<HistoryAnswer> {
  return (await (await get(stocks, `history/${path}`)).json()) as HistoryAnswer;
}

function data(symbol: string, price: number, seconds: number, volume?: number): string {
  return JSON.stringify({ symbol, price, change: 1, changePercent: 1, volume, time: new Date(START + seconds * 1000).toISOString() });
}

async function publish(hub: Hub, symbol: string, price: number, seconds: number, volume?: number): Promise<void> {
  await hub.publish({ topic: `/quotes/${encodeURIComponent(symbol)}`, type: "quote", data: data(symbol, price, seconds, volume) });
}

describe("the history", () => {
  test("is folded from what the hub's subscribers get, whoever publishes it", async () => {
    const { hub, stocks } = start();
    for (const [price, seconds, volume] of [
      [10, 0, 100],
      [12, 0.4, 150],
      [9, 0.9, 175],
      [11, 61, 200],
    ] as const) {
      await publish(hub, "AAA", price, seconds, volume);
    }
    await expect.poll(async () => (await board(stocks)).listings[0]?.quote.price).toBe(11);
    const first = START / 1000;
    expect(await history(stocks, "AAA")).toEqual({
      symbol: "AAA",
      step: "second",
      candles: [
        [first, 10, 12, 9, 9, 75],
        [first + 61, 11, 11, 11, 11, 25],
      ],
    });
    expect((await history(stocks, "AAA?step=minute")).candles).toEqual([
      [first, 10, 12, 9, 9, 75],
      [first + 60, 11, 11, 11, 11, 25],
    ]);
    const [listing] = (await board(stocks)).listings;
    expect(listing).toMatchObject({
      open: 10,
      high: 12,
      low: 9,
      since: START,
      spark: [9, 11],
      quote: { symbol: "AAA", volume: 200, simulated: false },
    });
  });

  test("is read from the journal again after a restart", async () => {
    const directory = temporaryDirectory("stocks");
    const before = start({}, { journal: await logJournal({ directory }) });
    await publish(before.hub, "AAA", 10, 0);
    await publish(before.hub, "AAA", 12, 1);
    await before.stocks.close();
    await before.hub.close();
    const { stocks } = start({}, { journal: await logJournal({ directory }) });
    expect((await history(stocks, "AAA")).candles.map(([, , , , close]) => close)).toEqual([10, 12]);
  });

  test("leaves out what is no price, and symbols past the bound", async () => {
    const warnings: string[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, warn: (_: object, text: string) => void warnings.push(text), error: ignore };
    const { hub, stocks } = start({ maxSymbols: 2, logger });
    for (const text of ["", "[]", "null", '{"symbol":"X"}', data("", 1, 0), data("X".repeat(65), 1, 0), data("X", Number.NaN, 0)]) {
      await hub.publish({ topic: "/quotes/X", type: "quote", data: text });
    }
    await hub.publish({ topic: "/quotes/X", type: "other", data: data("X", 1, 0) });
    await hub.publish({ topic: "/quotes/X/Y", type: "quote", data: data("X", 1, 0) });
    for (const symbol of ["A/A", "B B", "C", "D"]) await publish(hub, symbol, 5, 0);
    await expect.poll(() => warnings).toHaveLength(1);
    expect((await board(stocks)).listings.map(({ quote }) => quote.symbol)).toEqual(["A/A", "B B"]);
    expect((await history(stocks, "A%2FA")).symbol).toBe("A/A");
    expect((await history(stocks, "B%20B")).candles).toHaveLength(1);
  });

  test("answers what it can't with problem details", async () => {
    const { hub, stocks } = start();
    await publish(hub, "AAA", 1, 0);
    await expect.poll(async () => (await board(stocks)).listings.length).toBe(1);
    const answers = [
      await get(stocks, "history/NONE"),
      await get(stocks, "history/"),
      await get(stocks, "history/%E0%A4%A"),
      await get(stocks, "nothing"),
      await get(stocks, "history/AAA?step=hour"),
      await get(stocks, "board", { method: "POST" }),
    ];
    const told = await Promise.all(answers.map(async (answer) => [answer.status, ((await answer.json()) as { code: string }).code]));
    expect(told).toEqual([
      [404, "unknown_symbol"],
      [404, "not_found"],
      [404, "not_found"],
      [404, "not_found"],
      [400, "invalid_step"],
      [405, "method_not_allowed"],
    ]);
    expect(stocks.handles("/stocks/api/board")).toBe(true);
    expect(stocks.handles("/stocks")).toBe(false);
  });
});

describe("the simulated market", () => {
  test("has companies that do not exist, with a past, and publishes nothing while nobody follows it", async () => {
    const { hub, stocks } = start({ source: undefined });
    const { listings } = await board(stocks);
    expect(listings).toHaveLength(60);
    expect(listings.every(({ quote, name, spark }) => quote.simulated && name !== undefined && spark.length > 20)).toBe(true);
    const symbol = COMPANIES[0]?.symbol ?? "";
    const { candles } = await history(stocks, `${symbol}?step=minute`);
    expect(candles.length).toBeGreaterThan(120);
    expect(Date.now() / 1000 - (candles.at(-1)?.[0] ?? 0)).toBeLessThan(120);
    expect(hub.stats().tail).toBe(0);
    expect(new Set(COMPANIES.map((company) => company.symbol)).size).toBe(60);
  });

  test("opens when somebody comes, goes on from the last prices, and closes when they are gone", async () => {
    const { hub, url } = await startHub({ reservedTopics: STOCKS_TOPICS });
    const told: string[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: (_: object, text: string) => void told.push(text), info: ignore, warn: ignore, error: ignore };
    const stocks = createStocks({ hub, logger, idleMs: 50, source: { from: "simulated", symbols: ["AAA", "BBB"], ticksPerSecond: 100 } });
    onTestFinished(() => stocks.close());
    const known = new Map((await board(stocks)).listings.map(({ quote }) => [quote.symbol, quote.price]));
    // Whoever follows everything follows no price in particular.
    const all = await openStream(url);
    await hub.publish({ topic: "other" });
    expect((await all.next()).event).toBeUndefined();

    const stream = await openStream(`${url}?match_urlpattern=/quotes/:symbol&latest=on`);
    for (const event of await stream.take(2)) {
      const quote = JSON.parse(event.data) as { symbol: string; price: number; simulated: boolean; time: string };
      expect(quote.simulated).toBe(true);
      expect(Math.abs(quote.price / (known.get(quote.symbol) ?? 0) - 1)).toBeLessThan(0.01);
      expect(Math.abs(Date.parse(quote.time) - Date.now())).toBeLessThan(30_000);
    }
    stream.close();
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    await expect.poll(() => told).toEqual(["the simulated market opens", "the simulated market closes: nobody follows it"]);
    const { tail } = hub.stats();
    const again = await openStream(`${url}?match=/quotes/AAA`);
    expect(JSON.parse((await again.next()).data)).toMatchObject({ symbol: "AAA" });
    expect(told).toHaveLength(3);
    expect(hub.stats().tail).toBeGreaterThan(tail);
    const response = await fetch(url, { method: "POST", body: new URLSearchParams({ topic: "/quotes/AAA", type: "quote", data: "{}" }) });
    expect(await response.json()).toMatchObject({ code: "reserved_topic" });
  });

  test("runs without anyone where that is wanted, with a time to live", async () => {
    const journal = memoryJournal();
    const { hub } = start({ source: { from: "simulated", symbols: 3, ticksPerSecond: 50 }, idleMs: Infinity }, { journal });
    await expect.poll(() => hub.stats().tail).toBeGreaterThan(3);
    expect(await journal.read(0, { maxRecords: 1, maxBytes: 1000 })).toMatchObject({ records: [{ ttlMs: 86_400_000 }] });
  });

  test("goes on from the journal's last prices after a restart", async () => {
    const directory = temporaryDirectory("stocks");
    const before = createHub({ journal: await logJournal({ directory }) });
    const time = new Date().toISOString();
    const quote = { symbol: "AAA", price: 4321, change: 21, changePercent: 0.49, volume: 5000, time, simulated: true };
    await before.publish({ topic: "/quotes/AAA", type: "quote", data: JSON.stringify(quote) });
    await before.close();
    const source = { from: "simulated", symbols: ["AAA"], ticksPerSecond: 10 } as const;
    const { hub, stocks } = start({ source, idleMs: Infinity }, { journal: await logJournal({ directory }) });
    await expect.poll(() => hub.stats().tail).toBeGreaterThan(2);
    const [listing] = (await board(stocks)).listings;
    expect(Math.abs((listing?.quote.price ?? 0) / 4321 - 1)).toBeLessThan(0.02);
    expect(Math.abs((listing?.quote.price ?? 0) - (listing?.quote.change ?? 0) - 4300)).toBeLessThan(0.01);
  });
});

describe("a source", () => {
  test("of one's own publishes with a time to live, and its end is told", async () => {
    const told: string[] = [];
    const ignore = (): void => undefined;
    const logger = {
      debug: ignore,
      info: (_: object, text: string) => void told.push(text),
      warn: ignore,
      error: (_: object, text: string) => void told.push(text),
    };
    const journal = memoryJournal();
    const source: Source = {
      async run({ publish: put }) {
        await put([{ topic: "/quotes/AAA", type: "quote", data: data("AAA", 10, 0) }]);
      },
    };
    const { stocks } = start({ source, logger, ttlMs: 1234 }, { journal });
    await expect.poll(async () => (await board(stocks)).listings.length).toBe(1);
    await expect.poll(() => told).toEqual(["the source of prices is at its end"]);
    const page = await journal.read(0, { maxRecords: 10, maxBytes: 10_000 });
    expect(page).toMatchObject({ kind: "records", records: [{ ttlMs: 1234 }] });
  });

  test("that fails for good is told, and the rest goes on", async () => {
    const told: string[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (_: object, text: string) => void told.push(text) };
    const { stocks } = start({ source: { from: "file", path: join(tmpdir(), "there-is-no-such-file.csv") }, logger });
    await expect.poll(() => told.join()).toMatch(/there-is-no-such-file\.csv can't be replayed/);
    expect(await board(stocks)).toEqual({ listings: [] });
  });

  test.each([{ idleMs: -1 }, { maxSymbols: 0 }, { ttlMs: 0 }, { source: { from: "simulated", symbols: 0 } as const }])(
    "with impossible options is refused: %o",
    (options) => {
      const hub = createHub();
      onTestFinished(() => hub.close());
      expect(() => createStocks({ hub, ...options })).toThrow(TypeError);
    },
  );
});

describe("parseQuotes", () => {
  test("reads what a command line says", async () => {
    const directory = temporaryDirectory("stocks");
    const path = join(directory, "quotes.json");
    const options = { from: "http", url: "http://127.0.0.1:9/prices", headers: { "X-Key": "k" }, fields: { price: "last" } };
    await writeFile(path, JSON.stringify(options));
    expect(parseQuotes("simulated")).toBeUndefined();
    expect(parseQuotes("none")).toBe("none");
    expect(parseQuotes("https://example.com/prices.json")).toEqual({ from: "http", url: "https://example.com/prices.json" });
    expect(parseQuotes(path)).toEqual(options);
    expect(parseQuotes("day.csv")).toMatchObject({ from: "file", path: "day.csv", loop: true, times: "now" });
    await writeFile(path, '{"from":"moon"}');
    expect(() => parseQuotes(path)).toThrow(/no "from"/);
    await writeFile(path, "{");
    expect(() => parseQuotes(path)).toThrow(/can't be read as JSON/);
    await writeFile(path, '{"from":"http","url":"http://127.0.0.1:9","intervalMs":1}');
    expect(() => parseQuotes(path)).toThrow(/quotes: intervalMs/);
    expect(() => parseQuotes("moon")).toThrow(/no source of prices/);
  });
});
