import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { quotesSource, type FileQuotesOptions, type HttpQuotesOptions } from "../../packages/sources/src/quotes/index.ts";
import { readNumber } from "../../packages/sources/src/quotes/numbers.ts";
import { readTime } from "../../packages/sources/src/quotes/times.ts";
import { answer, scripted, type Script } from "../client/server.ts";
import { fastClock, record, type RecordingContext } from "./context.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { quotesOf, virtualClock } from "./quotes-support.ts";

const json = (text: string): Script => answer(200, text, { "content-type": "application/json" });
const csv = (text: string): Script => answer(200, text, { "content-type": "text/csv" });

/** Makes as many rounds as there are answers. */
async function poll(scripts: readonly Script[], options: Partial<HttpQuotesOptions> = {}): Promise<RecordingContext> {
  const server = await scripted(...scripts);
  const context = record();
  const clock = fastClock(scripts.length);
  const run = context.start(quotesSource({ from: "http", url: server.url, clock, ...options }));
  await context.until(() => clock.pausesMs.length === scripts.length);
  context.stop();
  await run;
  return context;
}

/** Replays a file to its end; each batch with the time at which it went out, since the start. */
async function replay(text: string, options: Partial<FileQuotesOptions> = {}): Promise<RecordingContext & { sent: [number, string][] }> {
  const path = join(temporaryDirectory(), "prices.csv");
  writeFileSync(path, text);
  const clock = virtualClock(Date.parse("2026-03-02T09:00:00Z"));
  const startMs = clock.now();
  const sent: [number, string][] = [];
  const context = record(undefined, (batch) => {
    const quotes = batch.map(({ data }) => JSON.parse(data ?? "") as { symbol: string; price: number });
    sent.push([clock.now() - startMs, quotes.map(({ symbol, price }) => `${symbol}${price}`).join(" ")]);
    return Promise.resolve();
  });
  await context.start(quotesSource({ from: "file", path, clock, ...options }));
  return { ...context, sent };
}

const prices = (context: RecordingContext): unknown[] => quotesOf(context).map(({ symbol, price }) => [symbol, price]);

describe("an optional field that can't be read", () => {
  test.each(["N/A", "-", "null", "--", "n/d", "NaN", "1,234", "1.2M", "-5"])("(%j) costs no record", async (value) => {
    const context = await poll([json(JSON.stringify([{ symbol: "A", price: 1, volume: value, time: value, change: "N/A" }]))]);
    expect(quotesOf(context)).toEqual([{ symbol: "A", price: 1, change: 0, changePercent: 0, time: expect.any(String) }]);
  });

  test("is not told, and said once when it is no sign for nothing", async () => {
    const context = await replay("symbol,price,time,volume\nA,1,2026-03-02 09:30,N/A\nB,2,2026-03-02 09:30,1.2M\nC,3,2026-03-02 09:30,x\n");
    expect(prices(context)).toEqual([
      ["A", 1],
      ["B", 2],
      ["C", 3],
    ]);
    expect(context.problems).toEqual([
      'A record of prices.csv goes without its volume: of B, the volume "1.2M" is not a number.',
      'A record of prices.csv goes without its volume: of C, the volume "x" is not a number.',
    ]);
  });

  test("is null where JSON says NaN or infinity, as Python writes it", async () => {
    const context = await poll([json('[{"symbol":"A","price":1.5,"change":NaN,"volume":Infinity},{"symbol":"NaN","price":-Infinity}]')]);
    expect(quotesOf(context)).toEqual([{ symbol: "A", price: 1.5, change: 0, changePercent: 0, time: expect.any(String) }]);
    expect(context.problems).toEqual([expect.stringContaining("of NaN, the price is missing")]);
  });
});

test.each([
  ["$185.64", 185.64],
  ["US$1,234.50", 1234.5],
  ["€ 12.5", 12.5],
  ["12.5 €", 12.5],
  ["-$0.25", -0.25],
  ["\u22121.5", -1.5],
  ["1,234,567", 1_234_567],
  ["1,234.56", 1234.56],
  ["USD 185.64", 185.64],
  ["1,234", undefined],
  ["12,34.5", undefined],
  ["1.234,5", undefined],
  ["185.64p", undefined],
  ["$", undefined],
  ["$-$1", undefined],
])("the number %j is %j", (text, number) => {
  const read = readNumber("price", text);
  expect(read.ok ? read.value : undefined).toBe(number);
});

test.each([
  ["1767605400", "2026-01-05T09:30:00.000Z"],
  ["1767605400123", "2026-01-05T09:30:00.123Z"],
  ["1767605400123456", "2026-01-05T09:30:00.123Z"],
  ["1767605400123456789", "2026-01-05T09:30:00.123Z"],
  ["1767605400.5", "2026-01-05T09:30:00.500Z"],
  ["1.7676054e9", "2026-01-05T09:30:00.000Z"],
  ["20240302120000", "2024-03-02T12:00:00.000Z"],
  ["202403021200", "2024-03-02T12:00:00.000Z"],
  ["20240302", "2024-03-02T00:00:00.000Z"],
  ["20240302120000123", "2024-03-02T12:00:00.123Z"],
  ["20240302 120000", "2024-03-02T12:00:00.000Z"],
  ["20240302T120000Z", "2024-03-02T12:00:00.000Z"],
  ["0", undefined],
  ["-1", undefined],
  ["20241302", undefined],
  ["99999999999999999999", undefined],
  ["9e99", undefined],
])("the time %s is %s", (text, time) => {
  const ms = readTime(text);
  expect(ms === undefined ? undefined : new Date(ms).toISOString()).toBe(time);
});

test("a time of next week is none that an address can have seen", async () => {
  const context = await poll([
    json(JSON.stringify([{ symbol: "A", price: 1, time: new Date(Date.now() + 7 * 86_400_000).toISOString() }])),
  ]);
  expect(Math.abs(Date.parse(quotesOf(context)[0]?.time ?? "") - Date.now())).toBeLessThan(60_000);
});

describe("columns", () => {
  test.each([
    ["sep=;\r\nSymbol;Price;Previous Close\r\nA;110;100\r\n", {}],
    ["\ufeffsep=\t\nSYMBOL\tPRICE\tprevious_close\nA\t110\t100\n", {}],
    ["symbol;price;previousClose\nA;110;100\n", {}],
    ["Ticker,Last,Previous close\nA,110,100\n", { symbol: "ticker", price: "LAST" }],
  ])("are found however %j writes and parts them", async (text, fields) => {
    for (const context of [await poll([csv(text)], { fields }), await replay(text, { fields, speed: "max" })]) {
      expect(quotesOf(context)).toMatchObject([{ symbol: "A", price: 110, change: 10, changePercent: 10 }]);
      expect(context.problems).toEqual([]);
    }
  });

  test("are the ones with the very name, where several are alike", async () => {
    expect(prices(await poll([csv("SYMBOL,symbol,price,Price\nX,A,1,2\n")]))).toEqual([["A", 1]]);
  });

  test("of JSON are too", async () => {
    expect(prices(await poll([json('[{"Symbol":"A","Price":"$1.50"},{"SYMBOL":"B","PRICE":2}]')]))).toEqual([
      ["A", 1.5],
      ["B", 2],
    ]);
  });
});

describe("the newest time wins", () => {
  test("in one answer, and from answer to answer", async () => {
    const at = (price: number, time: string): object => ({ symbol: "A", price, time: `2026-03-02T${time}Z` });
    const context = await poll([
      json(JSON.stringify([at(2, "10:00:00"), at(1, "09:00:00")])),
      // A cache that is behind.
      json(JSON.stringify([at(3, "09:30:00")])),
      json(JSON.stringify([at(4, "10:00:00")])),
      json(JSON.stringify([at(5, "10:00:01"), at(6, "10:00:01")])),
      // Ten hours are no delay: the clock of the origin was set back.
      json(JSON.stringify([{ symbol: "A", price: 7, time: "2026-03-01T23:59:59Z" }])),
    ]);
    expect(prices(context)).toEqual([
      ["A", 2],
      ["A", 4],
      ["A", 6],
      ["A", 7],
    ]);
  });
});

describe("a file that is not in the order of its times", () => {
  const row = (symbol: string, price: number): string => `${symbol},${price},2026-01-05 09:30:0${price}\n`;
  const expected = [
    [0, "A1 B1"],
    [1000, "A2 B2"],
    [2000, "A3 B3"],
  ];

  test("is replayed in that order: the newest first, or one symbol after the other", async () => {
    const newestFirst = [3, 2, 1].map((price) => row("A", price) + row("B", price)).join("");
    const oneByOne = ["A", "B"].map((symbol) => [1, 2, 3].map((price) => row(symbol, price)).join("")).join("");
    for (const rows of [newestFirst, oneByOne]) expect((await replay(`symbol,price,time\n${rows}`)).sent).toEqual(expected);
  });

  test("has a record without a time go with the one before it", async () => {
    const { sent, problems } = await replay(`symbol,price,time\n${row("A", 1)}B,9,N/A\n${row("A", 2)}`);
    expect(sent).toEqual([
      [0, "A1 B9"],
      [1000, "A2"],
    ]);
    expect(problems).toEqual([]);
  });

  test("and is too large to be sorted keeps the pace of each symbol", async () => {
    const padding = `# ${"x".repeat(60_000)}\n`.repeat(300);
    const rows = ["A", "B"].map((symbol) => [1, 2].map((price) => `${symbol},${price},2026-01-05 09:${price}0\n`).join("")).join("");
    const { sent, problems } = await replay(`symbol,price,time\n${rows}${padding}`, { speed: 600 });
    expect(sent.map(([at, text]) => [at, text])).toEqual([
      [0, "A1"],
      [1000, "A2 B1"],
      [2000, "B2"],
    ]);
    expect(problems[0]).toMatch(/not in the order of its times.*Sort it/);
  });
});

test("a file that starts over has the times of the replay, so that its prices are the newest", async () => {
  const clock = virtualClock(Date.parse("2026-03-02T09:00:00Z"));
  const path = join(temporaryDirectory(), "prices.csv");
  writeFileSync(path, "symbol,price,time\nA,1,2026-01-05 09:30:00\nA,2,2026-01-05 09:30:01\n");
  const context = record();
  const run = context.start(quotesSource({ from: "file", path, loop: true, clock }));
  await context.until(() => context.updates.length >= 4);
  context.stop();
  await run;
  const times = quotesOf(context).map(({ time }) => Date.parse(time));
  expect(times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0))).toBe(true);
});

describe("a rate bound", () => {
  const many = (time: string): string =>
    `symbol,price,time\n${Array.from({ length: 2500 }, (_, i) => `S${i},${i + 1},${time}\n`).join("")}`;

  test.each([
    ["of 1,000 a second by itself", {}, 1000],
    ["that is given", { maxPerSecond: 100 }, 100],
    ["also at full speed", { speed: "max", maxPerSecond: 500 }, 500],
  ] as const)("holds for a file whose prices are due at once: %s", async (_, options, perSecond) => {
    const { sent, updates, problems } = await replay(many("2026-01-05 09:30:00"), options);
    expect(updates).toHaveLength(2500);
    const inWindow = (fromMs: number): number =>
      sent.filter(([at]) => at >= fromMs && at < fromMs + 1000).reduce((sum, [, text]) => sum + text.split(" ").length, 0);
    expect(Math.max(...sent.map(([at]) => inWindow(at)))).toBeLessThanOrEqual(perSecond);
    expect(sent.at(-1)?.[0]).toBeGreaterThanOrEqual((2500 / perSecond) * 1000 - 100);
    expect(problems).toEqual("speed" in options ? [] : [expect.stringContaining("(maxPerSecond)")]);
  });

  test("is from 1 to 100,000", () => {
    expect(() => quotesSource({ from: "file", path: "x.csv", maxPerSecond: 0 })).toThrow("maxPerSecond: 0");
  });
});

test("a change is told to the places of the source", async () => {
  const context = await poll([json('[{"symbol":"EURUSD","price":"1.08325"}]'), json('[{"symbol":"EURUSD","price":"1.08331"}]')]);
  expect(quotesOf(context)[1]).toMatchObject({ price: 1.08331, change: 0.00006, changePercent: 0.0055 });
});
