import { describe, expect, test } from "vitest";
import { quotesSource, type HttpQuotesOptions } from "../../packages/sources/src/quotes/index.ts";
import { readNumber } from "../../packages/sources/src/quotes/numbers.ts";
import { SourceError } from "../../packages/sources/src/index.ts";
import { answer, scripted, type Script } from "../client/server.ts";
import { fastClock, record, type RecordingContext } from "./context.ts";
import { quotesOf } from "./quotes-support.ts";

const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): Script =>
  answer(200, typeof value === "string" ? value : JSON.stringify(value), { "content-type": "application/json", ...headers });
const csv = (text: string): Script => answer(200, text, { "content-type": "text/csv" });

/** Makes as many rounds as there are answers. */
async function poll(
  scripts: readonly Script[],
  options: Partial<HttpQuotesOptions> = {},
): Promise<RecordingContext & { readonly pausesMs: number[] }> {
  const server = await scripted(...scripts);
  const context = record();
  const clock = fastClock(scripts.length);
  const run = context.start(quotesSource({ from: "http", url: server.url, clock, ...options }));
  await context.until(() => clock.pausesMs.length === scripts.length);
  context.stop();
  await run;
  return { ...context, pausesMs: clock.pausesMs };
}

const prices = (context: RecordingContext): unknown[] => quotesOf(context).map(({ symbol, price }) => [symbol, price]);

describe("prices of an address", () => {
  test("are published when they have changed, each on its topic", async () => {
    const at = "2026-03-02T09:00:00.000Z";
    const context = await poll([
      json([
        { symbol: "A", price: 1, time: at, volume: 5 },
        { symbol: "B", price: "2.50", time: at },
      ]),
      json([
        { symbol: "A", price: 1, time: "2026-03-02T09:00:05Z", volume: 5 },
        { symbol: "B", price: 2.75, time: "2026-03-02T09:00:05Z" },
      ]),
      json([{ symbol: "A", price: 1, volume: 6, time: "2026-03-02T09:00:06Z" }]),
    ]);
    expect(context.updates.map(({ topic, type }) => [topic, type])).toEqual([
      ["/quotes/A", "quote"],
      ["/quotes/B", "quote"],
      ["/quotes/B", "quote"],
      ["/quotes/A", "quote"],
    ]);
    expect(quotesOf(context)[2]).toEqual({ symbol: "B", price: 2.75, change: 0.25, changePercent: 10, time: "2026-03-02T09:00:05.000Z" });
    expect(context.events.filter(({ kind }) => kind === "fetched")).toMatchObject([
      { changed: true, items: 2 },
      { changed: true },
      { changed: true, items: 1 },
    ]);
    expect(context.problems).toEqual([]);
  });

  test("may be anywhere in the document, under any names", async () => {
    const context = await poll([json({ data: { list: [{ id: { ticker: "X Y" }, last: 110, open: 100, pct: "10%", at: 1767605400 }] } })], {
      items: "data.list",
      fields: { symbol: "id.ticker", price: "/last", previousClose: "open", time: "at", changePercent: "pct" },
      topic: "/p/{symbol}",
    });
    expect(context.updates[0]?.topic).toBe("/p/X%20Y");
    expect(quotesOf(context)).toEqual([{ symbol: "X Y", price: 110, change: 10, changePercent: 10, time: "2026-01-05T09:30:00.000Z" }]);
  });

  test("may be properties by symbol, and numbers longer than a double", async () => {
    const context = await poll([json('{"rates":{"EUR":{"price":1.08500000000000001},"JPY":{"price":1.6e2}}}')], { items: "/rates" });
    expect(prices(context)).toEqual([
      ["EUR", 1.085],
      ["JPY", 160],
    ]);
    expect(prices(await poll([json({ rates: { AUD: 1.65, CHF: 0.93 } })], { items: "rates", fields: { price: "" } }))).toEqual([
      ["AUD", 1.65],
      ["CHF", 0.93],
    ]);
    // Where the origin has no time, it is when the price was read.
    expect(Math.abs(Date.parse(quotesOf(context)[0]?.time ?? "") - Date.now())).toBeLessThan(60_000);
  });

  test("may be CSV", async () => {
    const context = await poll(
      [
        csv("Symbol,Close,Date,Time\nA,1.5,2026-01-05,09:30:00\nB,N/D,N/D,N/D\n"),
        csv("Symbol,Close,Date,Time\nA,1.5,2026-01-05,09:31:00\n"),
      ],
      {
        fields: { symbol: "Symbol", price: "Close", date: "Date", time: "Time" },
      },
    );
    expect(quotesOf(context)).toEqual([{ symbol: "A", price: 1.5, change: 0, changePercent: 0, time: "2026-01-05T09:30:00.000Z" }]);
    expect(context.problems).toEqual([expect.stringMatching(/^A record of http.* is left out: of B, the price "N\/D" is not a number\.$/)]);
  });

  test("of a symbol that is there twice are the later ones", async () => {
    const context = await poll([
      json([
        { symbol: "A", price: 1 },
        { symbol: "A", price: 2 },
      ]),
    ]);
    expect(prices(context)).toEqual([["A", 2]]);
  });

  test("are bounded in the number of symbols, and published in batches that a hub takes", async () => {
    const list = Array.from({ length: 2600 }, (_, i) => ({ symbol: `S${i}`, price: i }));
    const context = await poll([json(list), json(list)], { maxSymbols: 2500 });
    expect(context.batches.map((batch) => batch.length)).toEqual([1000, 1000, 500]);
    expect(context.problems).toEqual(["There are more than 2500 symbols, the bound (maxSymbols); prices of further ones are left out."]);
  });

  test("that make no sense hold nothing up", async () => {
    const context = await poll([
      json("{"),
      json({ error: "quota" }),
      json("[1,2,null]"),
      csv("ticker,last\nA,1\n"),
      answer(429, "", { "retry-after": "900" }),
      json(
        [
          { symbol: "A", price: 1 },
          { symbol: "B", price: "1.234,5" },
          { symbol: "C", price: -1 },
          { symbol: "", price: 1 },
        ],
        { etag: '"1"' },
      ),
      answer(304, ""),
    ]);
    expect(prices(context)).toEqual([["A", 1]]);
    expect(context.problems.map((problem) => problem.replace(/http:\S*stream/, "URL"))).toEqual([
      "The answer of URL is not JSON.",
      "A record of URL is left out: of error, the price is missing.",
      "The answer of URL has no usable price in 1 records.",
      "A record of URL is left out: there is no symbol of 1 to 64 visible characters.",
      "The answer of URL has no usable price in 3 records.",
      'The answer of URL has no column "symbol". Its columns are: ticker, last.',
      expect.stringContaining("answered 429"),
      'A record of URL is left out: of B, the price "1.234,5" has a comma, which is a decimal sign in some countries and not in others.',
      "A record of URL is left out: of C, the price -1 is negative; negativePrices lets it pass.",
    ]);
    expect(context.pausesMs[4]).toBe(900_000);
  });

  test("of one round fail it when there are none", async () => {
    const server = await scripted(answer(503, ""));
    await expect(record().start(quotesSource({ from: "http", url: server.url, once: true }))).rejects.toThrow(SourceError);
  });
});

test.each([
  [1.5, 1.5],
  [" +1.50 ", 1.5],
  [".5", 0.5],
  ["5.", 5],
  ["1e3", 1000],
  ["-0.1", -0.1],
  ["1,5", undefined],
  ["1 000", undefined],
  ["1'000.5", undefined],
  ["0x10", undefined],
  ["1e999", undefined],
  ["NaN", undefined],
  ["", undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [true, undefined],
  [null, undefined],
  [{}, undefined],
  [undefined, undefined],
])("the number %j is %j", (value, number) => {
  const read = readNumber("price", value);
  expect(read.ok ? read.value : undefined).toBe(number);
  if (!read.ok) expect(read.problem).toMatch(/^the price /);
});

test.each([
  [{ url: "file:///etc/passwd" }, "is not an http or https URL"],
  [{ items: "a..b" }, "is not a path"],
  [{ headers: { "bad name": "" } }, "bad name"],
  [{ intervalMs: 1 }, "intervalMs: 1"],
])("the options %j are refused", (options, message) => {
  expect(() => quotesSource({ from: "http", url: "http://a.example/", ...options })).toThrow(message);
});
