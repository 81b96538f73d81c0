import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type Server } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createHub, type Hub, type HubOptions } from "artesian";
import express from "express";
import createFastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { listen } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

function makeHub(options: HubOptions = {}): Hub {
  const hub = createHub({ drainMs: 500, heartbeatMs: 55_000, ...options });
  onTestFinished(() => hub.close());
  return hub;
}

const closed = (server: Pick<Server, "close">): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

/** Starts a server of a kind for a hub; tells where it is, and what closes it. */
const SERVERS: Readonly<Record<string, (hub: Hub) => Promise<{ readonly origin: string; close(): Promise<unknown> }>>> = {
  async "node:http"(hub) {
    const server = createServer(hub.handler);
    return { origin: await listen(server), close: () => closed(server) };
  },
  async Express(hub) {
    const server = createServer(express().use(hub.handler));
    return { origin: await listen(server), close: () => closed(server) };
  },
  async Fastify(hub) {
    const app = createFastify();
    app.get("/events/stream", (req, reply) => {
      reply.hijack();
      hub.handler(req.raw, reply.raw);
    });
    return { origin: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
  },
};

describe("a server that is closed before the hub", () => {
  it.each(Object.keys(SERVERS))("of %s sends its subscribers away, and closes", async (name) => {
    const hub = makeHub();
    const server = await (SERVERS[name] as (typeof SERVERS)[string])(hub);
    const url = `${server.origin}/events/stream`;
    const streams = [await openStream(url), await openStream(url)];
    await hub.publish({ topic: "a", data: "before" });
    await server.close();
    for (const stream of streams) {
      expect((await stream.next()).data).toBe("before");
      let drain = await stream.nextOfAny();
      while (drain.event !== "hub:drain") drain = await stream.nextOfAny();
      await stream.ended;
      expect(stream.retries.at(-1)).toBeGreaterThanOrEqual(1000);
    }
    expect(hub.stats().subscribers).toBe(0);
    await hub.close();
  });

  it("leaves the subscribers of other servers alone, and the hub serves on", async () => {
    const hub = makeHub();
    const [first, second] = [createServer(hub.handler), createServer(hub.handler)];
    await openStream(`${await listen(first)}/events/stream`);
    const kept = await openStream(`${await listen(second)}/events/stream`);
    await closed(first);
    expect(hub.stats().subscribers).toBe(1);
    const added = await openStream(`${await listen(createServer(hub.handler))}/events/stream`);
    await hub.publish({ topic: "a", data: "after" });
    expect([(await kept.next()).data, (await added.next()).data]).toEqual(["after", "after"]);
  });

  it("cuts those that take nothing", async () => {
    const hub = makeHub({ writeStallMs: 60_000 });
    const server = createServer(hub.handler);
    const origin = await listen(server);
    const stopped = connect(Number(new URL(origin).port), "127.0.0.1");
    onTestFinished(() => void stopped.destroy());
    stopped.on("error", () => undefined).write("GET /events/stream HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(stopped, "data");
    stopped.pause();
    while (hub.stats().stalled === 0) {
      await hub.publish({ topic: "a", data: "x".repeat(500_000) });
      await nextTurn();
    }
    await closed(server);
    expect(hub.stats().subscribers).toBe(0);
  });

  it("of HTTP/2 sends its subscribers away too", async () => {
    const hub = makeHub();
    const server = createHttp2Server((req, res) => hub.handler(req as never, res as never));
    const client = connectHttp2(await listen(server));
    onTestFinished(() => client.destroy());
    const stream = client.request({ ":path": "/events/stream" });
    let text = "";
    stream.setEncoding("utf8").on("data", (part: string) => (text += part));
    await once(stream, "data");
    const done = closed(server);
    await once(stream, "end");
    expect(text).toContain("event: hub:drain\n");
    client.close();
    await done;
  });

  it("that never listened keeps its connections", async () => {
    const hub = makeHub();
    const inner = createServer(hub.handler);
    const outer = createServer();
    const origin = await listen(outer);
    outer.removeAllListeners("connection").on("connection", (socket) => inner.emit("connection", socket));
    const stream = await openStream(`${origin}/events/stream`);
    // Another server's end shows that it was looked at.
    const other = createServer(hub.handler);
    await openStream(`${await listen(other)}/events/stream`);
    await closed(other);
    await hub.publish({ topic: "a", data: "after" });
    expect((await stream.next()).data).toBe("after");
  });
});
