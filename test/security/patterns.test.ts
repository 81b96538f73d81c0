import type { Logger } from "artesian";
import { describe, expect, test } from "vitest";
import { from, listenForAnyAddress } from "../support/addresses.ts";
import { startHub } from "../support/server.ts";
import { openStream, type TestStream } from "../support/stream.ts";

const EVENTS = { Accept: "text/event-stream" };

const select = (patterns: readonly string[]): string =>
  patterns.map((pattern) => `match_urlpattern=${encodeURIComponent(pattern)}`).join("&");

describe("distinct patterns", () => {
  test("count once for all streams of a process that have them, and only while they are open", async () => {
    const { hub, url } = await startHub({ limits: { patternsPerProcess: 3 } });
    const ask = (...patterns: string[]): Promise<TestStream> => openStream(`${url}?${select(patterns)}`);
    const statusOf = async (...patterns: string[]): Promise<number> => (await ask(...patterns)).response.status;
    const first = await ask("/a/*", "/b/*");
    for (let i = 0; i < 5; i++) expect(await statusOf("/b/*", "/a/*", "/c/*")).toBe(200);
    expect(await statusOf("/d/*")).toBe(503);
    expect(await statusOf("/a/*", "/d/*")).toBe(503);
    // What is looked up costs nothing.
    expect((await openStream(`${url}?match=/d/x&match=/e/x&match=*`)).response.status).toBe(200);
    first.close();
    await expect.poll(() => hub.stats().subscribers).toBe(6);
    expect(await statusOf("/d/*")).toBe(503);
  });

  test("of a stream that has ended make room for others", async () => {
    const { hub, url } = await startHub({ limits: { patternsPerProcess: 2 } });
    for (let i = 0; i < 5; i++) {
      const stream = await openStream(`${url}?${select([`/${i}/*`, `/${i}/:x`])}`);
      expect(stream.response.status).toBe(200);
      stream.close();
      await expect.poll(() => hub.stats().subscribers).toBe(0);
    }
  });

  test("of one address are held to its share; an EventSource is told to come back, and the log says whose they are", async () => {
    const lines: Record<string, unknown>[] = [];
    const ignore = (): void => undefined;
    const logger: Logger = { debug: ignore, info: ignore, error: ignore, warn: (fields) => void lines.push({ ...fields }) };
    const { hub } = await startHub({ limits: { patternsPerAddress: 2 }, logger });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    const streams = await Promise.all(
      ["/a/*", "/b/*", "/b/*"].map((pattern) => openStream(`${url}?${select([pattern])}`, from("203.0.113.7"))),
    );
    for (let i = 0; i < 3; i++) {
      const away = await fetch(`${url}?${select(["/c/*"])}`, from("203.0.113.7", EVENTS));
      expect(away.status).toBe(200);
      const waitMs = Number(
        /^retry: (\d+)\nevent: hub:drain\ndata: \{"reconnectInMs":\1,"code":"too_many_patterns"\}\n\n$/.exec(await away.text())?.[1],
      );
      expect(waitMs).toSatisfy((ms: number) => ms >= 10_000 && ms <= 30_000);
    }
    expect(lines).toMatchObject([
      { code: "too_many_patterns", address: "203.0.113.7", count: 1, why: expect.stringContaining("2 different patterns") },
    ]);
    for (const address of ["203.0.113.8", "127.0.0.1"]) {
      expect((await openStream(`${url}?${select(["/c/*", "/d/*"])}`, from(address))).response.status).toBe(200);
    }
    expect((await openStream(`${url}?${select(["/e/*", "/f/*", "/g/*"])}`, from("127.0.0.1"))).response.status).toBe(200);
    for (const stream of streams) stream.close();
    await expect.poll(() => hub.stats().subscribers).toBe(3);
    expect((await openStream(`${url}?${select(["/c/*", "/d/*"])}`, from("203.0.113.7"))).response.status).toBe(200);
  });
});
