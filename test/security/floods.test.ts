import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, constants, createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createHub } from "artesian";
import { describe, expect, onTestFinished, test } from "vitest";
import { SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { createHttpServer } from "../../packages/hub/src/cli/serve/http-server.ts";
import { listen, startHub } from "../support/server.ts";
import { openStream } from "../support/stream.ts";
import { collectGarbage } from "../support/garbage.ts";

/** What a socket gets until the server closes it. A server that leaves something unread resets the connection after its answer. */
async function untilClosed(socket: Socket): Promise<string> {
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return received;
}

describe("floods", () => {
  test("Slowloris, oversized headers", async () => {
    const hub = createHub({ anonymousPublish: true });
    const { maxHeaderBytes, headersTimeout, requestTimeout } = SETTINGS;
    const server = createHttpServer({
      maxHeaderBytes: maxHeaderBytes.fallback,
      headersTimeout: headersTimeout.fallback,
      requestTimeout: requestTimeout.fallback,
    });
    // The times that it ships with; shorter ones for the test.
    expect(server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 });
    server.headersTimeout = 500;
    server.requestTimeout = 1000;
    server.on("request", hub.handler);
    const origin = await listen(server);
    onTestFinished(() => hub.close());
    const { port } = server.address() as AddressInfo;
    const open = async (): Promise<Socket> => {
      const socket = connect(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      socket.on("error", () => undefined);
      await once(socket, "connect");
      return socket;
    };
    const stream = await openStream(`${origin}/events/stream?match=a`);
    const kept = await openStream(`${origin}/events/stream?match=b`);

    const idle = await Promise.all(Array.from({ length: 10 }, open));
    const slow = await Promise.all(Array.from({ length: 10 }, open));
    const bodies = await Promise.all(Array.from({ length: 10 }, open));
    const dripping = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write("X: a\r\n");
      for (const socket of bodies) if (socket.writable) socket.write("x");
    }, 50);
    onTestFinished(() => clearInterval(dripping));
    for (const socket of slow) socket.write("GET /events/stream HTTP/1.1\r\nHost: x\r\n");
    for (const socket of bodies) socket.write("POST /events/stream HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\ntopic=a&data=");
    const answers = await Promise.all([...idle, ...slow, ...bodies].map(untilClosed));
    for (const answer of answers) expect(answer).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
    clearInterval(dripping);

    const oversized = await open();
    oversized.write(`GET /events/stream HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(17_000)}\r\n\r\n`);
    expect(await untilClosed(oversized)).toMatch(/^HTTP\/1\.1 431 /);
    const many = await open();
    many.write(`GET /events/stream HTTP/1.1\r\nHost: x\r\n${"A: b\r\n".repeat(20_000)}\r\n`);
    expect(await untilClosed(many)).toMatch(/^HTTP\/1\.1 431 /);
    const target = await open();
    target.write(`GET /events/stream?match=${"x".repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await untilClosed(target)).toMatch(/^HTTP\/1\.1 431 /);

    expect(hub.stats()).toMatchObject({ subscribers: 2, tail: 0 });
    await hub.publish({ topic: ["a", "b"], data: "still" });
    for (const survivor of [stream, kept]) expect((await survivor.next()).data).toBe("still");
  });

  test("HTTP/2 rapid reset", async () => {
    const { hub } = await startHub({ connections: 50 });
    const server = createHttp2Server((req, res) => hub.handler(req as never, res as never));
    server.on("sessionError", () => undefined);
    const origin = await listen(server);
    const sessions = new Set<ClientHttp2Session>();
    onTestFinished(() => {
      for (const session of sessions) session.destroy();
    });

    /** Asks for streams, and resets each at once. The server may close the session for it. */
    async function attack(streams: number): Promise<void> {
      const session = connectHttp2(origin);
      sessions.add(session);
      session.on("error", () => undefined);
      await once(session, "connect");
      const closing = new Promise<void>((resolve) => session.once("close", resolve));
      for (let i = 0; i < streams && !session.destroyed && !session.closed; i++) {
        const publishing = i % 4 === 0;
        const request = session.request({ ":path": `/events/stream?match=a&last_event_id=x${i}`, ":method": publishing ? "POST" : "GET" });
        request.on("error", () => undefined);
        if (publishing) request.write("topic=a&data=");
        // Some before the server can have seen them, some while it answers.
        if (i % 2 === 0) request.close(constants.NGHTTP2_CANCEL);
        else setImmediate(() => request.close(constants.NGHTTP2_CANCEL));
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      session.close();
      await Promise.race([closing, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
      session.destroy();
      sessions.delete(session);
    }

    await attack(500);
    await expect.poll(() => hub.stats().subscribers).toBe(0);
    collectGarbage();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 10; i++) await attack(500);
    await expect.poll(() => hub.stats()).toMatchObject({ subscribers: 0, cohorts: 0, lagging: 0, tail: 0 });
    collectGarbage();
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);

    // Every place is free again.
    const session = connectHttp2(origin);
    sessions.add(session);
    const streams = Array.from({ length: 50 }, () => session.request({ ":path": "/events/stream?match=a" }));
    for (const [headers] of await Promise.all(streams.map((stream) => once(stream, "response"))))
      expect(headers).toMatchObject({ ":status": 200 });
    expect(hub.stats().subscribers).toBe(50);
  });
});
