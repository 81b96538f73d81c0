import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fc } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { quotesSource, type FileQuotesOptions } from "../../packages/sources/src/quotes/index.ts";
import { SourceError } from "../../packages/sources/src/index.ts";
import { record, type RecordingContext } from "./context.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { quotesOf, virtualClock } from "./quotes-support.ts";

const START = Date.parse("2026-03-02T09:00:00Z");

function csvFile(text: string): string {
  const path = join(temporaryDirectory(), "prices.csv");
  writeFileSync(path, text);
  return path;
}

/** Replays a file to its end, without waiting; each batch with the time at which it went out, since the start. */
async function replay(
  text: string,
  options: Partial<FileQuotesOptions> = {},
): Promise<{ context: RecordingContext; sent: [number, string][] }> {
  const clock = virtualClock(START);
  const sent: [number, string][] = [];
  const context = record(undefined, (batch) => {
    sent.push([
      clock.now() - START,
      batch.map(({ topic, data }) => `${String(topic).slice(8)}${(JSON.parse(data ?? "") as { price: number }).price}`).join(" "),
    ]);
    return Promise.resolve();
  });
  await context.start(quotesSource({ from: "file", path: csvFile(text), clock, ...options }));
  return { context, sent };
}

const TIMED = `symbol,price,time,volume
A,1,2026-01-05 09:30:00,100
B,2,2026-01-05 09:30:00,
A,1.5,2026-01-05 09:30:00.020,200
A,1.25,2026-01-05 09:30:10,300
B,4,2026-01-05 09:40:10,50
`;

describe("a replay", () => {
  test("keeps the times of the file", async () => {
    const { context, sent } = await replay(TIMED);
    expect(sent).toEqual([
      [0, "A1 B2"],
      [50, "A1.5"],
      [10_000, "A1.25"],
      [610_000, "B4"],
    ]);
    expect(quotesOf(context)).toEqual([
      { symbol: "A", price: 1, change: 0, changePercent: 0, volume: 100, time: "2026-01-05T09:30:00.000Z" },
      { symbol: "B", price: 2, change: 0, changePercent: 0, time: "2026-01-05T09:30:00.000Z" },
      { symbol: "A", price: 1.5, change: 0.5, changePercent: 50, volume: 200, time: "2026-01-05T09:30:00.020Z" },
      { symbol: "A", price: 1.25, change: 0.25, changePercent: 25, volume: 300, time: "2026-01-05T09:30:10.000Z" },
      { symbol: "B", price: 4, change: 2, changePercent: 100, volume: 50, time: "2026-01-05T09:40:10.000Z" },
    ]);
    expect(context.updates[0]).toMatchObject({ topic: "/quotes/A", type: "quote" });
    expect(context.problems).toEqual([]);
  });

  test("is as many times faster as it is told", async () => {
    expect((await replay(TIMED, { speed: 10 })).sent.map(([at]) => at)).toEqual([0, 50, 1000, 61_000]);
    expect((await replay(TIMED, { speed: 0.5 })).sent.map(([at]) => at)).toEqual([0, 50, 20_000, 1_220_000]);
    expect((await replay(TIMED, { speed: "max" })).sent).toEqual([[0, "A1 B2 A1.5 A1.25 B4"]]);
  });

  test("cuts pauses that are too long, and what follows comes earlier by as much", async () => {
    const { sent } = await replay(`${TIMED}A,2,2026-01-05 09:40:15,\n`, { longestPauseMs: 5000 });
    expect(sent.map(([at]) => at)).toEqual([0, 50, 5050, 10_050, 15_050]);
  });

  test("brings what is out of order into it", async () => {
    const text = "symbol,price,time\nA,1,2026-01-05 09:30:10\nA,2,2026-01-05 09:30:00\nA,3,2026-01-05 09:30:11\n";
    const { sent } = await replay(text, { longestPauseMs: 5000 });
    expect(sent).toEqual([
      [0, "A2"],
      [5000, "A1"],
      [6000, "A3"],
    ]);
  });

  test("starts over when it is told, with times that go on when it is told that", async () => {
    const clock = virtualClock(START);
    const context = record();
    const text = "symbol,price,time\nA,1,2026-01-05 09:30:00\nA,2,2026-01-05 09:30:01\n";
    const run = context.start(quotesSource({ from: "file", path: csvFile(text), loop: true, times: "now", clock }));
    await context.until(() => context.updates.length >= 4);
    context.stop();
    await run;
    expect(
      quotesOf(context)
        .slice(0, 4)
        .map(({ price, change, time }) => [price, change, Date.parse(time) - START]),
    ).toEqual([
      [1, 0, 0],
      [2, 1, 1000],
      [1, 0, 1100],
      [2, 1, 2100],
    ]);
  });

  test("ends at once when it is stopped", async () => {
    const context = record();
    const run = context.start(quotesSource({ from: "file", path: csvFile(TIMED) }));
    await context.until(() => context.updates.length === 3);
    context.stop();
    await run;
    expect(context.updates).toHaveLength(3);
  });

  test("reads a file no further than it needs", async () => {
    const row = "ACME,12.34,2026-01-05 09:30:00\n";
    const path = csvFile(`symbol,price,time\n${row.repeat(60_000)}`);
    let ahead = 0;
    let count = 0;
    const context = record(undefined, async (batch) => {
      // Time for a reader that does not wait to run away.
      for (let i = 0; i < 5; i++) await setImmediate();
      count += batch.length;
      ahead = Math.max(ahead, positionOf(path) - count * row.length);
    });
    await context.start(quotesSource({ from: "file", path, speed: "max" }));
    expect(count).toBe(60_000);
    expect(context.batches.every((batch) => batch.length <= 1000)).toBe(true);
    expect(ahead).toBeGreaterThan(0);
    expect(ahead).toBeLessThan(512 * 1024);
  });
});

/** How far this process has read a file, in bytes. */
function positionOf(path: string): number {
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) === path)
        return Number(/^pos:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1]);
    } catch {
      // Closed since the directory was read.
    }
  }
  return 0;
}

describe("columns", () => {
  test("are mapped, and may be numbered", async () => {
    const text = "ACME;02.03.2026;;;1;7,5 %\n".replace("02.03.2026", "2026-03-02").replace("7,5", "7.5");
    const fields = { symbol: "1", date: "2", time: "3", price: "5", changePercent: "6" };
    const { context } = await replay(text, { header: false, delimiter: ";", fields });
    expect(quotesOf(context)).toEqual([{ symbol: "ACME", price: 1, change: 0, changePercent: 7.5, time: "2026-03-02T00:00:00.000Z" }]);
  });

  test("may hold seconds or milliseconds, a previous close, and names with dots", async () => {
    const text = "Name.x,Last,At,Prev\nBRK.B,110,1767605400,100\n^GSPC,50.5,1767605400500,50\n";
    const fields = { symbol: "Name.x", price: "Last", time: "At", previousClose: "Prev" };
    const { context } = await replay(`\ufeff${text}`, { fields });
    expect(context.updates.map(({ topic }) => topic)).toEqual(["/quotes/BRK.B", "/quotes/%5EGSPC"]);
    expect(quotesOf(context)).toEqual([
      { symbol: "BRK.B", price: 110, change: 10, changePercent: 10, time: "2026-01-05T09:30:00.000Z" },
      { symbol: "^GSPC", price: 50.5, change: 0.5, changePercent: 1, time: "2026-01-05T09:30:00.500Z" },
    ]);
  });

  test("that are missing end the run, and say which there are", async () => {
    await expect(replay("ticker,last\nA,1\n")).rejects.toThrow(/has no column "symbol"; its columns are: ticker, last\. Say by fields/);
    await expect(replay("symbol,price\nA,1\n")).rejects.toThrow(/has no column "time"/);
    await expect(replay("ticker,last\nA,1\n")).rejects.toThrow(SourceError);
    expect((await replay("symbol,price\nA,1\n", { speed: "max" })).context.updates).toHaveLength(1);
  });
});

describe("records that can't be", () => {
  test("are left out, and said why", async () => {
    const lines = ["A,1", 'A,"1,234"', "A,-1", "A,NaN", "A,Infinity", "A,0x10", "A,", ",1", 'A,"1', "A,2"];
    const { context } = await replay(`symbol,price\n${lines.join("\n")}\n`, { speed: "max" });
    expect(quotesOf(context).map(({ price }) => price)).toEqual([1]);
    expect(context.problems).toEqual([
      'A record of prices.csv is left out: of A, the price "1,234" has a comma, which is a decimal sign in some countries and not in others.',
      "A record of prices.csv is left out: of A, the price -1 is negative; negativePrices lets it pass.",
      'A record of prices.csv is left out: of A, the price "NaN" is not a number.',
      "8 records of prices.csv were left out.",
    ]);
    const negative = await replay("symbol,price\nPOWER,-12.5\nPOWER,0\n", { speed: "max", negativePrices: true });
    expect(quotesOf(negative.context).map(({ change, changePercent }) => [change, changePercent])).toEqual([
      [0, 0],
      [12.5, -100],
    ]);
  });

  test("alone end the run, also of a file that starts over", async () => {
    await expect(replay("symbol,price\nA,x\n", { speed: "max", loop: true })).rejects.toThrow(/has no usable price in 1 records/);
    await expect(replay("", { loop: true })).rejects.toThrow(/has no usable price in 0 records/);
    await expect(replay("symbol,price,time\nA,1,soon\n")).rejects.toThrow(/has no usable price/);
  });

  test("are bounded in length, and symbols in number", async () => {
    const { context } = await replay(`symbol,price\nA,1\nB,"${"x".repeat(200_000)}"\nC,3\n`, { speed: "max", maxSymbols: 1 });
    expect(quotesOf(context).map(({ symbol }) => symbol)).toEqual(["A"]);
    expect(context.problems.join()).toMatch(/There are more than 1 symbols|Max Record Size/);
  });

  test("whatever they are, give an update or a warning", async () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.double().map(String),
      fc.constantFrom("1.5", '"', "A", "2026-01-05", "\n", "\r", ";", "\0"),
    );
    const lines = fc.array(
      fc.tuple(cell, cell, cell).map((cells) => cells.join(",")),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(lines, async (rows) => {
        const { context } = await replay(`symbol,price,time\nA,1,2026-01-05\n${rows.join("\n")}`, { speed: "max" });
        for (const { price, symbol, time, change, changePercent } of quotesOf(context)) {
          expect([price, change, changePercent].every(Number.isFinite) && price >= 0).toBe(true);
          expect(symbol.length).toBeGreaterThan(0);
          expect(new Date(time).toISOString()).toBe(time);
        }
        expect(context.updates.length).toBeGreaterThan(0);
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});

test("a file that can't be read ends the run", async () => {
  const missing = record().start(quotesSource({ from: "file", path: "/no/such/prices.csv" }));
  await expect(missing).rejects.toThrow(/^\/no\/such\/prices\.csv can't be replayed: ENOENT.*Name a CSV file that can be read\.$/);
  await expect(missing).rejects.toThrow(SourceError);
});

test.each([
  [{ speed: 0 }, "speed: 0"],
  [{ delimiter: ",," }, "delimiter:"],
  [{ longestPauseMs: 0 }, "longestPauseMs: 0"],
  [{ topic: "/quotes/{name}" }, "topic: {name} means nothing here"],
  [{ maxSymbols: 20_000 }, "maxSymbols: 20000"],
])("the options %j are refused", (options, message) => {
  expect(() => quotesSource({ from: "file", path: "x.csv", ...options })).toThrow(message);
});
