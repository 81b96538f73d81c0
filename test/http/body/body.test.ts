import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import bodyParser from "body-parser";
import { createHub, type Hub, type HubOptions } from "artesian";
import express from "express";
import createFastify from "fastify";
import { Hono } from "hono";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { listen } from "../../support/server.ts";
import { bearer, exact, HUB_URL, mint, TRUSTING } from "../../support/tokens.ts";

const JSON_TYPE = { "content-type": "application/json" };
const UPDATE = '{"topic":"a","data":"1"}';
const PLAINLY = /body was read before the hub got the request.*before body parsers/;

function open(options: HubOptions = {}): { hub: Hub; failures: readonly string[] } {
  const failures: string[] = [];
  const ignore = (): void => undefined;
  const logger = { debug: ignore, info: ignore, warn: ignore, error: (_: object, text: string) => void failures.push(text) };
  const hub = createHub({ anonymousPublish: true, drainMs: 100, logger, ...options });
  onTestFinished(() => hub.close());
  return { hub, failures };
}

async function post(origin: string, body = UPDATE, headers: Record<string, string> = JSON_TYPE): Promise<{ status: number; body: string }> {
  const response = await fetch(`${origin}/events/stream`, { method: "POST", headers, body });
  return { status: response.status, body: await response.text() };
}

describe("a body that was read before the hub got the request", () => {
  const parser = bodyParser.json();
  it.each<[string, (hub: Hub) => RequestListener]>([
    ["body-parser and plain node", (hub) => (req, res) => parser(req, res, () => hub.handler(req, res))],
    [
      "plain node",
      (hub) => async (req, res) => {
        for await (const _ of req);
        hub.handler(req, res);
      },
    ],
    [
      "a reader that has begun and not ended",
      (hub) => (req, res) => {
        req.once("data", () => {
          req.pause();
          hub.handler(req, res);
        });
      },
    ],
    [
      "a listener that counts its bytes",
      (hub) => (req, res) => {
        req.on("data", () => undefined);
        hub.handler(req, res);
      },
    ],
    [
      "a reader that takes the stream while the hub looks at the token",
      (hub) => (req, res) => {
        hub.handler(req, res);
        req.once("readable", () => void req.read());
      },
    ],
  ])("by %s is told in the answer and the log", async (_, mount) => {
    const { hub, failures } = open();
    const origin = await listen(createServer(mount(hub)));
    const answer = await post(origin);
    expect(answer).toEqual({ status: 500, body: expect.stringMatching(PLAINLY) });
    expect(JSON.parse(answer.body)).toMatchObject({ code: "internal", status: 500 });
    expect(failures).toEqual([expect.stringMatching(PLAINLY)]);
    expect(hub.stats().published).toBe(0);
  });

  it("by Express goes to its error handlers", async () => {
    const { hub } = open();
    const told: unknown[] = [];
    const app = express();
    app.use(express.json(), hub.handler);
    app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      told.push(error);
      res.status(500).send("told");
    });
    const origin = await listen(createServer(app));
    expect(await post(origin)).toEqual({ status: 500, body: "told" });
    expect(told).toEqual([expect.objectContaining({ name: "BodyReadError", message: expect.stringMatching(PLAINLY) })]);
  });

  it("by Fastify's parser is told", async () => {
    const { hub } = open();
    const app = createFastify();
    app.all("/events/stream", (req, reply) => {
      reply.hijack();
      hub.handler(req.raw, reply.raw);
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => app.close());
    const answer = await post(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
    expect(answer).toEqual({ status: 500, body: expect.stringMatching(PLAINLY) });
  });

  it("by a handler of Hono, or of any Fetch server, is told", async () => {
    const { hub, failures } = open();
    const app = new Hono();
    app.all("/events/stream", async (c) => {
      await c.req.raw.text();
      return hub.fetch(c.req.raw);
    });
    const answer = await app.request("http://localhost/events/stream", { method: "POST", headers: JSON_TYPE, body: UPDATE });
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringMatching(PLAINLY)]);
    expect(failures).toHaveLength(1);
    const locked = new Request("http://localhost/events/stream", { method: "POST", headers: JSON_TYPE, body: UPDATE });
    locked.body?.getReader();
    expect((await (await hub.fetch(locked)).json()) as unknown).toMatchObject({ detail: expect.stringMatching(PLAINLY) });
  });

  it("by HTTP/2 is told", async () => {
    const { hub } = open();
    const server = createHttp2Server((req, res) => {
      req.resume().once("end", () => hub.handler(req as never, res as never));
    });
    const origin = await listen(server);
    const session = connectHttp2(origin);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":method": "POST", ":path": "/events/stream", ...JSON_TYPE });
    stream.end(UPDATE);
    let text = "";
    for await (const chunk of stream.setEncoding("utf8")) text += chunk as string;
    expect(text).toMatch(PLAINLY);
  });

  it("is reported on console.error without a logger", async () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => undefined);
    onTestFinished(() => written.mockRestore());
    const { hub } = open({ logger: undefined });
    const origin = await listen(createServer((req, res) => void req.resume().once("end", () => hub.handler(req, res))));
    expect((await post(origin)).status).toBe(500);
    expect(written.mock.calls).toEqual([[expect.stringMatching(PLAINLY), expect.anything(), expect.any(TypeError)]]);
  });
});

describe("a body that can be read", () => {
  it("is empty after an empty body was read", async () => {
    const { hub } = open();
    const origin = await listen(createServer((req, res) => void req.resume().once("end", () => hub.handler(req, res))));
    expect(await post(origin, "", { "content-type": "application/x-www-form-urlencoded" })).toEqual({
      status: 400,
      body: expect.stringContaining("missing_topic"),
    });
  });

  it("may have an encoding set by the application", async () => {
    const { hub } = open();
    const origin = await listen(
      createServer((req, res) => {
        req.setEncoding("utf8");
        hub.handler(req, res);
      }),
    );
    expect((await post(origin, '{"topic":"a","data":"über"}')).status).toBe(200);
    const { value } = await hub.subscribe({ lastEventId: "earliest" }).next();
    expect(value).toMatchObject({ data: "über" });
  });
});

describe("a request that ends before its body", () => {
  it("is refused, also when the hub gets it after its end", async () => {
    const { hub } = open({ ...TRUSTING, anonymousPublish: true });
    const server = createServer((req, res) => {
      req.once("error", () => undefined);
      // As a middleware that waits for something else.
      req.once("close", () => hub.handler(req, res));
    });
    const socket = connect(Number(new URL(await listen(server)).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("POST /events/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    await once(server, "request");
    socket.destroy();
    const admin = bearer(await mint({ publish: [exact("/.well-known/mercure/admin")] }));
    const metrics = async (): Promise<string> => (await hub.fetch(new Request(`${HUB_URL}/metrics`, { headers: admin }))).text();
    await expect.poll(metrics).toMatch(/requests_refused_total\{[^}]*code="invalid_body"[^}]*\} 1/);
  });
});
