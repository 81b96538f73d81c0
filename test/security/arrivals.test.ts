import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createHub, type Logger } from "artesian";
import { DEFAULT_CONNECTION_LIMITS } from "artesian/http";
import { describe, expect, onTestFinished, test } from "vitest";
import { Arrivals } from "../../packages/hub/src/http/admission/arrivals.ts";
import { takeLoopbackForForeign } from "../support/addresses.ts";
import { listen } from "../support/server.ts";

function arrivalsAt(now: () => number, connectionsPerSecond: number, connectionsPerSecondPerAddress = 100): Arrivals {
  return new Arrivals({ connectionsPerSecond, connectionsPerSecondPerAddress }, now);
}

/** @returns When to come back, in milliseconds; undefined for one that is let in. */
function waitOf(arrivals: Arrivals, address: string): number | undefined {
  try {
    arrivals.admit({}, address);
    return undefined;
  } catch (error) {
    return (error as { retryAfterMs: number }).retryAfterMs;
  }
}

describe("new connections", () => {
  test("the requests of one connection take one place", () => {
    let now = 0;
    const arrivals = arrivalsAt(() => now, 2);
    const first = {};
    for (let i = 0; i < 10; i++) arrivals.admit(first, "203.0.113.7");
    arrivals.admit({}, "203.0.113.7");
    const late = {};
    expect(() => arrivals.admit(late, "203.0.113.7")).toThrow(expect.objectContaining({ code: "overloaded" }));
    arrivals.admit(first, "203.0.113.7");
    now += 500;
    arrivals.admit(late, "203.0.113.7");
    expect(() => arrivals.admit({}, "203.0.113.7")).toThrow();
    // However long nobody came, no more than those of a second come at once.
    now += 3_600_000;
    for (let i = 0; i < 2; i++) arrivals.admit({}, "203.0.113.7");
    expect(() => arrivals.admit({}, "203.0.113.7")).toThrow();
    arrivalsAt(() => now, Infinity).admit({}, "203.0.113.7");
  });

  test("a herd is told to come back at the rate at which it is taken, and is in when that is over", () => {
    let now = 0;
    const arrivals = arrivalsAt(() => now, 500);
    let waiting = Array.from({ length: 10_000 }, () => ({ connection: {}, atMs: 0, attempts: 0 }));
    const attempts: number[] = [];
    for (; waiting.length > 0; now += 10) {
      const still: typeof waiting = [];
      for (const peer of waiting) {
        if (peer.atMs > now) {
          still.push(peer);
          continue;
        }
        peer.attempts++;
        try {
          arrivals.admit(peer.connection, "203.0.113.7");
          attempts.push(peer.attempts);
        } catch (error) {
          peer.atMs = now + (error as { retryAfterMs: number }).retryAfterMs;
          still.push(peer);
        }
      }
      waiting = still;
      if (now > 60_000) break;
    }
    // 500 at once, and the others in 19 seconds, but for the first one of those.
    expect(waiting).toHaveLength(0);
    expect(now).toBeLessThan(25_000);
    expect(attempts.reduce((sum, count) => sum + count, 0) / attempts.length).toBeLessThan(2.5);
  });

  test("of one address leave places for others, and alone have all", () => {
    let now = 0;
    const arrivals = arrivalsAt(() => now, 500);
    const flooders = ["203.0.113.7", "::ffff:203.0.113.7"];
    const taken = { alone: 0, beside: 0 };
    for (; now < 10_000; now++) for (const flooder of flooders) if (waitOf(arrivals, flooder) === undefined) taken.alone++;
    expect(taken.alone).toBeGreaterThanOrEqual(5000);
    const refused: number[] = [];
    for (; now < 20_000; now++) {
      for (let i = 0; i < 5; i++) if (waitOf(arrivals, flooders[0] as string) === undefined) taken.beside++;
      // 80 a second of another address, as a burst of 8, and one of each of 100 others.
      if (now % 100 === 0) for (let i = 0; i < 8; i++) refused.push(waitOf(arrivals, "203.0.113.8") ?? 0);
      if (now % 10 === 0) refused.push(waitOf(arrivals, `198.51.100.${(now / 10) % 100}`) ?? 0);
    }
    expect(refused.filter((waitMs) => waitMs > 0)).toEqual([]);
    expect(taken.beside).toBeGreaterThan(3000);
    // Those who come at last and find no place do not wait behind the flood.
    const waits = Array.from({ length: 600 }, (_, i) => waitOf(arrivals, `192.0.2.${i % 200}`)).filter((waitMs) => waitMs !== undefined);
    expect(waits.length).toBeGreaterThan(100);
    expect(Math.max(...waits)).toBeLessThan(2000);
  });

  test("are not kept out by subscriptions with many new patterns", () => {
    let now = 0;
    const arrivals = arrivalsAt(() => now, 500);
    let compiled = 0;
    const refused: string[] = [];
    for (; now < 10_000; now++) {
      try {
        arrivals.admitPatterns(`203.0.113.${now % 50}`, 100);
        compiled += 100;
      } catch {
        // Most are.
      }
      if (now % 5 === 0 && waitOf(arrivals, `198.51.100.${(now / 5) % 100}`) !== undefined) refused.push(`${now}`);
      // Most subscribers bring few of their own.
      arrivals.admitPatterns("198.51.100.1", 2);
    }
    expect(refused).toEqual([]);
    // What the 200 connections a second have left: two places a pattern.
    expect(compiled / 10).toSatisfy((perSecond: number) => perSecond > 120 && perSecond < 220);
  });

  test("of IPv6 count by the /64", () => {
    const arrivals = arrivalsAt(() => 0, 10, 2);
    const own = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5", "2001:db8::6"];
    expect(own.map((address) => waitOf(arrivals, address) === undefined)).toEqual([true, true, true, true, true, false]);
    expect(waitOf(arrivals, "2001:db8:0:1::1")).toBeUndefined();
  });

  test("in a flood from one address: another one opens its streams, and the log tells whose flood it is", async () => {
    const lines: { code?: string; address?: string; count?: number; why?: string }[] = [];
    const ignore = (): void => undefined;
    const logger: Logger = { debug: ignore, info: ignore, error: ignore, warn: (fields) => void lines.push({ ...fields }) };
    const hub = createHub({ anonymousPublish: true, connectionsPerSecond: 50, connectionsPerSecondPerAddress: 10, logger });
    onTestFinished(() => hub.close());
    const server = createServer(hub.handler);
    takeLoopbackForForeign(server);
    await listen(server);
    const { port } = server.address() as AddressInfo;
    const open = async (n: number, method: string): Promise<number | undefined> => {
      const asked = request({
        host: "127.0.0.1",
        port,
        path: "/events/stream?match=a",
        localAddress: `127.0.0.${n}`,
        agent: false,
        method,
      });
      asked.on("error", ignore);
      onTestFinished(() => void asked.destroy());
      asked.end();
      const [{ statusCode }] = (await once(asked, "response")) as [IncomingMessage];
      return statusCode;
    };
    const flood = { isOn: true, refused: 0 };
    const floods = Array.from({ length: 20 }, async () => {
      while (flood.isOn) if ((await open(2, "HEAD")) === 503) flood.refused++;
    });
    await expect.poll(() => flood.refused).toBeGreaterThan(100);
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 10; i++) statuses.push(await open(3, "GET"));
    flood.isOn = false;
    await Promise.all(floods);
    expect(statuses).toEqual(Array<number>(10).fill(200));
    expect(lines).toMatchObject([
      { code: "overloaded", address: "203.0.113.2", count: 1, why: expect.stringContaining("10 connections a second") },
    ]);
  });

  test("have a rate of an address that is part of the whole", () => {
    const { connectionsPerSecond, connectionsPerSecondPerAddress } = DEFAULT_CONNECTION_LIMITS;
    expect(connectionsPerSecondPerAddress).toBeLessThan(connectionsPerSecond / 2);
  });
});
