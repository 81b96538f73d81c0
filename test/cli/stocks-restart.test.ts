import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { HistoryAnswer } from "../../demo/src/stocks/server/wire.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { type RunningServer, send, startServer } from "./command.ts";

type Row = HistoryAnswer["candles"][number];

async function startDemo(data: string, ...flags: string[]): Promise<RunningServer> {
  return await startServer(["--bot", "none", "--data", data, ...flags], {}, "demo");
}

async function candles(url: string, symbol: string, step: string): Promise<readonly Row[]> {
  const { body } = await send(`${url}/stocks/api/history/${symbol}?step=${step}`);
  return (JSON.parse(body) as HistoryAnswer).candles;
}

async function publish(hub: string, price: number, volume: number, time: string): Promise<void> {
  const data = JSON.stringify({ symbol: "ACME", price, change: 0, changePercent: 0, volume, time });
  const body = new URLSearchParams({ topic: "/quotes/ACME", type: "quote", data }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  expect((await send(hub, { method: "POST", headers }, body)).status).toBe(200);
}

test.each(["SIGTERM", "SIGKILL"] as const)("the simulated market's past is the same after %s and a start", async (signal) => {
  const data = temporaryDirectory("stocks-restart");
  const file = join(data, "stocks-history.gz");
  const before = await startDemo(data);
  const steps = ["minute", "quarter", "day"] as const;
  const held = new Map<string, readonly Row[]>();
  for (const step of steps) held.set(step, await candles(before.url, "AMBRS", step));
  expect(held.get("day")?.length).toBeGreaterThan(300);
  // The market rests, since nobody follows it. A reader sees a past up to now, which was invented for the reader.
  const newest = async (): Promise<number> => (await candles(before.url, "AMBRS", "second")).at(-1)?.[0] ?? 0;
  const first = await newest();
  await expect.poll(newest).toBeGreaterThan(first + 2);
  held.set("second", await candles(before.url, "AMBRS", "second"));
  before.run.child.kill(signal);
  await before.run.exit;
  // 60 symbols, each bounded.
  expect(statSync(file).size).toBeLessThan(60 * 60_000);

  const after = await startDemo(data);
  for (const [step, seen] of held) {
    const rows = await candles(after.url, "AMBRS", step);
    // The newest candles grow, and the oldest may have become too old. A second may be without a trade.
    const [old, now] = [seen.slice(step === "second" ? 200 : 2, -2), new Map(rows.map((row) => [row[0], row]))];
    expect(old.length).toBeGreaterThan(200);
    expect(old.filter((row) => JSON.stringify(now.get(row[0])) !== JSON.stringify(row))).toEqual([]);
  }
});

test("what was published before and after the file was written is there once, after kill -9", async () => {
  const data = temporaryDirectory("stocks-restart");
  const time = "2026-03-02T09:30:";
  const first = await startDemo(data, "--quotes", "none");
  await publish(first.hub, 10, 100, `${time}01Z`);
  await publish(first.hub, 12, 150, `${time}02Z`);
  await expect.poll(() => candles(first.url, "ACME", "minute")).toHaveLength(1);
  // A stop writes the file.
  first.run.child.kill("SIGTERM");
  await first.run.exit;
  const second = await startDemo(data, "--quotes", "none");
  await publish(second.hub, 9, 175, `${time}03Z`);
  await publish(second.hub, 11, 200, `${time}04Z`);
  const start = Date.parse(`${time}00Z`) / 1000;
  const expected = [[start, 10, 12, 9, 11, 100]];
  await expect.poll(() => candles(second.url, "ACME", "minute")).toEqual(expected);
  second.run.child.kill("SIGKILL");
  await second.run.exit;
  const third = await startDemo(data, "--quotes", "none");
  expect(await candles(third.url, "ACME", "minute")).toEqual(expected);
  expect((await candles(third.url, "ACME", "second")).map(([, , , , close]) => close)).toEqual([10, 12, 9, 11]);
});

test("a file that is no history is told, and a new one begins", async () => {
  const data = temporaryDirectory("stocks-restart");
  writeFileSync(join(data, "stocks-history.gz"), "no history");
  const { url, run } = await startDemo(data);
  expect((await candles(url, "AMBRS", "day")).length).toBeGreaterThan(300);
  await run.waitFor("stderr", /the kept history of prices can't be read/);
});
