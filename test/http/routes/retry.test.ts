import { createHub, memoryJournal } from "artesian";
import { describe, expect, test } from "vitest";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

const MONTH = 25 * 86_400_000;

async function post(url: string, fields: Readonly<Record<string, string>>): Promise<void> {
  expect((await fetch(url, { method: "POST", body: new URLSearchParams(fields) })).status).toBe(200);
}

describe("a publisher's retry", () => {
  test.each([
    ["0", 500],
    ["499", 500],
    ["500", 500],
    ["4321", 4321],
    ["300000", 300_000],
    [String(MONTH), 300_000],
    [String(Number.MAX_SAFE_INTEGER), 300_000],
  ])("of %s reaches subscribers as %s, live and replayed", async (retry, wanted) => {
    const { url } = await startHub();
    const live = await openStream(url);
    await live.nextOfAny();
    await post(url, { topic: "a", data: "x", retry });
    const replayed = await openStream(`${url}?last_event_id=earliest`);
    for (const stream of [live, replayed]) {
      await stream.next();
      // The first one is the hub's own.
      expect(stream.retries.slice(1)).toEqual([wanted]);
    }
  });

  test("is bounded by the hub's settings", async () => {
    const { url } = await startHub({ publishedRetryMs: { min: 2000, max: 3000 } });
    const stream = await openStream(url);
    await stream.nextOfAny();
    for (const retry of ["1000", "2500", "4000"]) await post(url, { topic: "a", retry });
    await stream.take(3);
    expect(stream.retries.slice(1)).toEqual([2000, 2500, 3000]);
  });

  test("is bounded even if the journal holds an earlier one", async () => {
    const journal = memoryJournal();
    await journal.append([{ topics: ["a"], data: "x", id: undefined, type: undefined, retry: 0, private: false }]);
    const { url } = await startHub({ journal });
    const stream = await openStream(`${url}?last_event_id=earliest`);
    await stream.next();
    expect(stream.retries.slice(1)).toEqual([500]);
  });

  test("is told of in the answer, and so is an id that is not ASCII", async () => {
    const { url } = await startHub();
    const warning = async (fields: Readonly<Record<string, string>>): Promise<string | null> =>
      (await fetch(url, { method: "POST", body: new URLSearchParams({ topic: "a", ...fields }) })).headers.get("artesian-warning");
    expect(await warning({ retry: "500", id: "1" })).toBeNull();
    expect(await warning({ retry: "499" })).toMatch(/500 .* 300000/);
    expect(await warning({ id: "é" })).toMatch(/not ASCII/);
  });

  test("is told of in the log, once a minute", async () => {
    const warnings: object[] = [];
    const ignore = (): void => undefined;
    const logger = { debug: ignore, info: ignore, error: ignore, warn: (fields: object) => void warnings.push(fields) };
    const { hub } = await startHub({ logger });
    await hub.publish({ topic: "a", retry: 1000 });
    for (let i = 0; i < 5; i++) await hub.publish({ topic: "b", retry: 0 });
    expect(warnings).toEqual([{ topic: "b", retryMs: 0, toldMs: 500, count: 1 }]);
  });
});

describe("the hub's own times", () => {
  test("are never below the minimum, whatever the setting", async () => {
    const { url } = await startHub({ retryMs: { min: 0, max: 1 } });
    const stream = await openStream(url);
    await stream.nextOfAny();
    expect(stream.retries).toEqual([100]);
  });

  test("are spread over an hour at the most when it leaves", async () => {
    const { hub, url } = await startHub({ drainMs: 3_600_000 });
    const streams = await Promise.all(Array.from({ length: 8 }, () => openStream(url)));
    for (const stream of streams) await stream.nextOfAny();
    const closed = hub.close();
    const times: number[] = [];
    for (const stream of streams) {
      const { event, data } = await stream.nextOfAny();
      expect(event).toBe("hub:drain");
      times.push((JSON.parse(data) as { reconnectInMs: number }).reconnectInMs);
      expect(stream.retries.at(-1)).toBe(times.at(-1));
    }
    await closed;
    expect(Math.max(...times)).toBeLessThanOrEqual(3_600_000);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(1000);
    expect(new Set(times).size).toBe(8);
  });

  test.each([
    ["retryMs", { min: 5, max: 4 }],
    ["retryMs", { min: -1, max: 4 }],
    ["publishedRetryMs", { min: NaN, max: 4 }],
  ])("%s that is no range is refused", (name, range) => {
    expect(() => createHub({ [name]: range })).toThrow(TypeError);
  });
});
