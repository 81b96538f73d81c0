import { once } from "node:events";
import { createServer, request } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createHub, memoryJournal } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { partitionedJournal } from "../../../packages/hub/src/journals/partitioned/index.ts";
import { from, listenForAnyAddress } from "../../support/addresses.ts";
import { after, dataOf, JSON_ACCEPTED, numbers, poll, pollAll, type Polled } from "../../support/poll.ts";
import { listen, listenFetch, startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";

describe("a waiting poll", () => {
  it("takes the place of a stream, and gives it back", async () => {
    const { hub } = await startHub({ connectionsPerAddress: 2, connections: 3 });
    const url = `${await listenForAnyAddress(hub)}/events/stream?match=a`;
    const { cursor } = await poll(url);
    const ask = (n: number): Promise<Response> => {
      const { headers } = from(`203.0.113.${n}`);
      return fetch(after(url, cursor), { headers: { ...JSON_ACCEPTED, ...headers } });
    };
    const waiting = [ask(1), ask(1)];
    await expect.poll(() => hub.stats().subscribers).toBe(2);
    const third = await ask(1);
    expect([third.status, await third.json()]).toMatchObject([429, { code: "too_many_connections" }]);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThanOrEqual(10);
    waiting.push(ask(2));
    await expect.poll(() => hub.stats().subscribers).toBe(3);
    const fourth = await ask(3);
    expect([fourth.status, await fourth.json()]).toMatchObject([503, { code: "overloaded" }]);
    expect(Number(fourth.headers.get("retry-after"))).toBeGreaterThanOrEqual(5);
    // Statuses that a client of both could not read as an EventSource.
    const both = await fetch(after(url, cursor), {
      headers: { Accept: "application/json, text/event-stream;q=0.1", "x-from": "203.0.113.3" },
    });
    expect(both.status).toBe(503);
    await both.text();
    await hub.publish({ topic: "a", data: "x" });
    for (const answer of waiting) expect(dataOf((await (await answer).json()) as Polled)).toEqual(["x"]);
    expect(dataOf((await (await ask(1)).json()) as Polled)).toEqual(["x"]);
    expect(hub.stats().subscribers).toBe(0);
  });

  it("is cancelled when its client leaves, over HTTP/1.1, HTTP/2 and in a pipeline", async () => {
    const { hub, url, origin, server } = await startHub();
    const { cursor } = await poll(`${url}?match=a`);
    const path = after("/events/stream?match=a", cursor);
    const first = request(`${origin}${path}`, { headers: JSON_ACCEPTED });
    first.on("error", () => undefined).end();
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    first.destroy();
    await expect.poll(() => hub.stats().subscribers).toBe(0);

    const http2 = createHttp2Server(hub.handler as never);
    const client = connectHttp2(await listen(http2));
    onTestFinished(() => client.destroy());
    const stream = client.request({ ":path": path, accept: "application/json" });
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    stream.close(8);
    await expect.poll(() => hub.stats().subscribers).toBe(0);
    const second = client.request({ ":path": path, accept: "application/json" }).setEncoding("utf8");
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    await hub.publish({ topic: "a", data: "over HTTP/2" });
    const [text] = (await once(second, "data")) as [string];
    expect(dataOf(JSON.parse(text) as Polled)).toEqual(["over HTTP/2"]);

    const now = await poll(`${url}?match=a`);
    const lines = `GET ${after("/events/stream?match=a", now.cursor)} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n`;
    const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
    socket.write(lines + lines);
    await expect.poll(() => hub.stats().subscribers).toBe(2);
    socket.destroy();
    await expect.poll(() => hub.stats().subscribers).toBe(0);
  });

  it("leaves nothing on a kept connection", async () => {
    const { hub, origin, server } = await startHub();
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => void sockets.add(socket));
    const { cursor } = await poll(`${origin}/events/stream?match=a`);
    for (let i = 0; i < 30; i++) await poll(after(`${origin}/events/stream?match=a`, cursor, 0));
    expect(sockets.size).toBeLessThan(4);
    for (const socket of sockets) expect(socket.listenerCount("close")).toBeLessThan(5);
    expect(hub.stats()).toMatchObject({ subscribers: 0, lagging: 0 });
  });

  it("is answered when the hub drains, and told when to come back", async () => {
    const { hub, url } = await startHub({ drainMs: 5000 });
    const { cursor } = await poll(`${url}?match=a`);
    const waiting = poll(after(`${url}?match=a`, cursor));
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    const closing = hub.close();
    expect(await waiting).toEqual({ updates: [], cursor, drain: { reconnectInMs: expect.any(Number) } });
    const late = await fetch(after(`${url}?match=a`, cursor), { headers: JSON_ACCEPTED });
    expect([late.status, await late.json()]).toMatchObject([503, { code: "draining" }]);
    expect(late.headers.get("retry-after")).toBe("2");
    await closing;
  });

  it("is answered when its server is closed", async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const server = createServer(hub.handler);
    const url = `${await listen(server)}/events/stream?match=a`;
    const { cursor } = await poll(url);
    const waiting = poll(after(url, cursor));
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    const closed = new Promise((resolve) => void server.close(resolve));
    expect(await waiting).toMatchObject({ updates: [], drain: {} });
    await closed;
  });

  it("is answered when the operator ends it", async () => {
    const { hub, url } = await startHub();
    const { cursor } = await poll(`${url}?match=a`);
    const waiting = poll(after(`${url}?match=a`, cursor));
    await expect.poll(() => hub.subscribers().length).toBe(1);
    for (const { id } of hub.subscribers()) hub.disconnect(id);
    expect(await waiting).toEqual({ updates: [], cursor });
  });

  it("is in the statistics, and neither among the subscriptions nor told to observers", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true, subscriptions: true });
    const seen: string[] = [];
    hub.observe({ subscribed: ({ id }) => void seen.push(id), unsubscribed: ({ id }) => void seen.push(id) });
    const presence = `${new URL(TRUSTING.url as string).pathname}/subscriptions`;
    const watcher = await openStream(`${url}?match=*`, { headers: bearer(await mint({ subscribe: [exact("*")] })) });
    expect((await watcher.next()).data).toContain("active");
    seen.length = 0;
    const { cursor } = await poll(`${url}?match=a`);
    const waiting = poll(after(`${url}?match=a`, cursor));
    await expect.poll(() => hub.stats().subscribers).toBe(2);
    const token = bearer(await mint({ subscribe: [exact(presence)] }));
    const list = (await (await fetch(`${new URL(url).origin}${presence}`, { headers: token })).json()) as { subscriptions: unknown[] };
    expect(list.subscriptions).toHaveLength(1);
    await hub.publish({ topic: "a", data: "x" });
    await waiting;
    expect((await watcher.next()).data).toBe("x");
    expect(seen).toEqual([]);
  });
});

describe("a poll for presence", () => {
  it("gets each update of it once, although several share an id", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true, subscriptions: true, limits: { replayUpdates: 1 } });
    const headers = bearer(await mint({ subscribe: [exact("*")] }));
    let { cursor } = await poll(`${url}?match=*`, headers);
    const read: string[] = [];
    const readUntil = async (count: number): Promise<void> => {
      while (read.length < count) {
        const answer = await poll(after(`${url}?match=*`, cursor), headers);
        ({ cursor } = answer);
        for (const { data } of answer.updates) {
          const { match, active } = JSON.parse(data) as { match: string; active: boolean };
          read.push(`${match} ${active}`);
        }
      }
    };
    const stream = await openStream(`${url}?match=a&match=b&match=c`);
    await readUntil(3);
    stream.close();
    await readUntil(6);
    expect(read.toSorted()).toEqual(["a", "b", "c"].flatMap((name) => [`${name} false`, `${name} true`]));
    await hub.publish({ topic: "a", data: '{"match":"last"}' });
    await readUntil(7);
    expect(read.at(-1)).toBe("last undefined");
  });
});

describe("a poll by the Fetch API", () => {
  it("is answered alike, and cancelled with its signal", async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const url = `${await listenFetch(hub.fetch)}/events/stream?match=a`;
    const { cursor } = await poll(url);
    const waiting = poll(after(url, cursor));
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    await hub.publish({ topic: "a", data: "x" });
    expect(dataOf(await waiting)).toEqual(["x"]);
    const now = await poll(url);
    for (const early of [true, false]) {
      const controller = new AbortController();
      if (early) controller.abort();
      const ask = hub.fetch(new Request(after(url, now.cursor), { headers: JSON_ACCEPTED, signal: controller.signal }));
      if (!early) await expect.poll(() => hub.stats().subscribers).toBe(1);
      controller.abort();
      await ask;
      expect(hub.stats().subscribers).toBe(0);
    }
  });
});

const LARGE = { retention: { maxCount: 50_000 } };

describe("a poller that loops while others publish at full rate", () => {
  it.each([
    ["memory", () => memoryJournal(LARGE), ""],
    ["three partitions", () => partitionedJournal(Array.from({ length: 3 }, () => memoryJournal(LARGE))), ""],
    ["own ids", () => memoryJournal(LARGE), "own"],
    ["own ids in partitions", () => partitionedJournal(Array.from({ length: 3 }, () => memoryJournal(LARGE))), "own"],
  ])("gets each of 10,000 updates once and in order: %s", async (_name, makeJournal, own) => {
    const { hub, url } = await startHub({ journal: await makeJournal() });
    const { cursor } = await poll(`${url}?match=a&match_urlpattern=/:b`);
    const publishing = (async () => {
      for (let i = 0; i < 10_000; i++) {
        await hub.publish({
          topic: i % 3 === 0 ? "a" : i % 3 === 1 ? "/b" : "/c",
          data: String(i),
          ...(own !== "" && { id: `${own}-${i}` }),
        });
        if (i % 100 === 0) await hub.publish({ topic: "other", data: "x" });
        // The memory journal is so fast that the poller would have no turn.
        if (i % 20 === 0) await nextTurn();
      }
    })();
    const read = await pollAll(`${url}?match=a&match_urlpattern=/:b`, 10_000, cursor);
    await publishing;
    // In partitions, the order is that of each topic.
    for (const topic of [0, 1, 2]) {
      expect(read.filter((n) => Number(n) % 3 === topic)).toEqual(numbers(10_000).filter((n) => Number(n) % 3 === topic));
    }
    if (!_name.includes("partitions")) expect(read).toEqual(numbers(10_000));
  });
});
