import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import { createHub, type Hub, type HubOptions } from "artesian";
import express from "express";
import createFastify from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { listen } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

function makeHub(options: HubOptions = {}): Hub {
  const hub = createHub({ drainMs: 500, anonymousPublish: true, ...options });
  onTestFinished(() => hub.close());
  return hub;
}

/** The fields of a stream's head, and of a publisher's answer. */
async function heads(origin: string): Promise<{ readonly stream: Headers; readonly published: Headers }> {
  const { response } = await openStream(`${origin}/events/stream`, { headers: { origin: "https://page.example" } });
  const published = await fetch(`${origin}/events/stream`, {
    method: "POST",
    body: new URLSearchParams({ topic: "a" }),
    headers: { origin: "https://page.example" },
  });
  expect([response.status, published.status]).toEqual([200, 200]);
  return { stream: response.headers, published: published.headers };
}

describe("header fields that were set before the hub", () => {
  it("stay on its answers in Express, and Vary is joined", async () => {
    const app = express();
    app.use((_req, res, next) => {
      res.vary("Origin").vary("accept-encoding").set({ "X-Frame-Options": "DENY", "Cache-Control": "max-age=60", "Content-Length": "3" });
      res.cookie("a", "1").cookie("b", "2");
      next();
    });
    app.use(makeHub().handler);
    const { stream, published } = await heads(await listen(createServer(app)));
    for (const headers of [stream, published]) {
      expect(headers.get("x-powered-by")).toBe("Express");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Path=/"]);
    }
    expect(stream.get("vary")).toBe("Origin, accept-encoding, Accept");
    expect(stream.get("cache-control")).toBe("no-store, no-transform");
    expect(stream.get("content-length")).toBeNull();
  });

  it("include those of hooks that wait for the head, which can't change how the stream is read", async () => {
    const hub = makeHub();
    const origin = await listen(
      createServer((req, res) => {
        const writeHead = res.writeHead.bind(res);
        // As middleware does that measures the time to the head, or compresses.
        res.writeHead = (status: number) => {
          res.setHeader("X-Response-Time", "1ms").setHeader("Content-Encoding", "br").setHeader("Content-Length", 5);
          return writeHead(status);
        };
        hub.handler(req, res);
      }),
    );
    const stream = await openStream(`${origin}/events/stream`, { headers: { "accept-encoding": "identity" } });
    expect(stream.response.headers.get("x-response-time")).toBe("1ms");
    expect(stream.response.headers.get("content-encoding")).toBeNull();
    await hub.publish({ topic: "a", data: "readable" });
    expect((await stream.next()).data).toBe("readable");
  });

  it("join those of the hub's own origins", async () => {
    const app = express();
    app.use((_req, res, next) => {
      res.vary("Cookie");
      next();
    });
    app.use(makeHub({ corsOrigins: ["https://page.example"] }).handler);
    const { stream, published } = await heads(await listen(createServer(app)));
    expect(stream.get("access-control-allow-origin")).toBe("https://page.example");
    expect(stream.get("vary")?.split(", ").toSorted()).toEqual(["Accept", "Accept-Encoding", "Cookie", "Origin"]);
    expect(published.get("vary")).toContain("Cookie");
  });

  it("stay on its answers in Fastify, where reply's are handed over, as the example does", async () => {
    const hub = makeHub();
    const app = createFastify();
    onTestFinished(() => app.close());
    app.addHook("onRequest", async (_request, reply) => {
      void reply
        .header("vary", "Origin")
        .header("access-control-allow-origin", "https://page.example")
        .header("set-cookie", ["a=1", "b=2"]);
    });
    app.addHook("onRequest", async (request, reply) => {
      if (!hub.handles(new URL(request.url, "http://localhost").pathname)) return;
      reply.hijack();
      reply.raw.setHeaders(new Map(Object.entries(reply.getHeaders()).map(([name, value]) => [name, value as string | string[]])));
      hub.handler(request.raw, reply.raw);
    });
    const { stream, published } = await heads(await app.listen({ port: 0, host: "127.0.0.1" }));
    for (const headers of [stream, published]) {
      expect(headers.get("access-control-allow-origin")).toBe("https://page.example");
      expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    }
    expect(stream.get("vary")).toBe("Origin, Accept, Accept-Encoding");
  });

  it("stay on a stream of HTTP/2", async () => {
    const hub = makeHub();
    const server = createHttp2Server((req, res) => {
      res.setHeader("Vary", "Origin");
      hub.handler(req as never, res as never);
    });
    const client = connectHttp2(await listen(server));
    onTestFinished(() => client.destroy());
    const [headers] = (await once(client.request({ ":path": "/events/stream" }), "response")) as [IncomingHttpHeaders];
    expect(headers["vary"]).toBe("Origin, Accept, Accept-Encoding");
  });

  it("and a hook that fails at the head make a failure, and the connection is not counted any more", async () => {
    const hub = makeHub({ connections: 1 });
    let fails = true;
    const origin = await listen(
      createServer((req, res) => {
        const writeHead = res.writeHead.bind(res);
        res.writeHead = (status: number) => {
          if (fails && status === 200) throw new RangeError("a hook's mistake");
          return writeHead(status);
        };
        hub.handler(req, res);
      }),
    );
    expect((await fetch(`${origin}/events/stream`)).status).toBe(500);
    fails = false;
    expect((await openStream(`${origin}/events/stream`)).response.status).toBe(200);
  });
});
