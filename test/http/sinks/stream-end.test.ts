import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, request, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createHub, type Hub, type HubOptions } from "artesian";
import express from "express";
import createFastify from "fastify";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { bearer, startSecured, token } from "../../protocol/requirements/support.ts";
import { listen } from "../../support/server.ts";

function makeHub(options: HubOptions = {}): Hub {
  const hub = createHub({ drainMs: 500, heartbeatMs: 55_000, ...options });
  onTestFinished(() => hub.close());
  return hub;
}

/** Asks for a stream, with QUERY if there is a body, and waits for its beginning. */
async function open(origin: string, path = "/events/stream", body = ""): Promise<{ readonly response: IncomingMessage; leave(): void }> {
  const form = { "content-type": "application/x-www-form-urlencoded", "content-length": body.length };
  const asked = body === "" ? request(origin + path).end() : request(origin + path, { method: "QUERY", headers: form }).end(body);
  asked.on("error", () => undefined);
  onTestFinished(() => void asked.destroy());
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  await once(response, "data");
  response.resume();
  return { response, leave: () => void asked.destroy() };
}

/** Tells what happens to a request and its response, with what hooks look at when it does. */
function record(req: IncomingMessage, res: ServerResponse): { readonly log: string[]; readonly closed: Promise<unknown> } {
  const log: string[] = [];
  res.on("finish", () => log.push(`res finish: ended ${res.writableEnded}, finished ${res.writableFinished}`));
  res.on("close", () => log.push(`res close: ended ${res.writableEnded}, ${res.statusCode}, head ${res.headersSent}`));
  req.on("aborted", () => log.push("req aborted"));
  req.on("close", () => log.push(`req close: aborted ${req.readableAborted}`));
  return {
    log,
    closed: Promise.all([new Promise((resolve) => res.on("close", resolve)), new Promise((resolve) => req.on("close", resolve))]),
  };
}

/** What Node does with a stream that its own response carries. */
const ordinary: RequestListener = (_req, res) => {
  res.setHeader("connection", "close");
  res.writeHead(200).write("data: 1\n\n");
};

/** Serves with it, and records what happens to the first request. */
async function recordFirst(
  listener: RequestListener,
): Promise<{ readonly origin: string; readonly recording: Promise<ReturnType<typeof record> & { readonly res: ServerResponse }> }> {
  let begin!: (recording: ReturnType<typeof record> & { readonly res: ServerResponse }) => void;
  const recording = new Promise<Parameters<typeof begin>[0]>((resolve) => (begin = resolve));
  const origin = await listen(
    createServer((req, res) => {
      begin({ ...record(req, res), res });
      // As handlers do that free what they hold.
      req.on("close", () => res.end());
      listener(req, res);
    }),
  );
  return { origin, recording };
}

describe("the end of a stream, as hooks of node:http hear it", () => {
  it("is that of any other response, when the client leaves", async () => {
    const logs: string[][] = [];
    for (const listener of [ordinary, makeHub().handler]) {
      const { origin, recording } = await recordFirst(listener);
      (await open(origin)).leave();
      const { log, closed } = await recording;
      await closed;
      logs.push(log.toSorted());
    }
    expect(logs[1]).toEqual(logs[0]);
    expect(logs[0]).toEqual(["req aborted", "req close: aborted true", "res close: ended false, 200, head true"]);
  });

  it("is that of any other response, when the server ends it", async () => {
    const logs: string[][] = [];
    const hub = makeHub();
    const ends = [(res: ServerResponse) => void res.end(), () => void hub.close()];
    for (const [i, listener] of [ordinary, hub.handler].entries()) {
      const { origin, recording } = await recordFirst(listener);
      await open(origin);
      const { log, closed, res } = await recording;
      ends[i]?.(res);
      await closed;
      logs.push(log);
    }
    expect(logs[1]).toEqual(logs[0]);
    // Which closes first is not the same in all versions of Node.
    expect(logs[0]?.toSorted()).toEqual([
      "req close: aborted false",
      "res close: ended true, 200, head true",
      "res finish: ended true, finished true",
    ]);
  });

  it("is told to listeners added after the handler returned, and after the stream began", async () => {
    const hub = makeHub();
    const heard: string[] = [];
    let later!: () => void;
    const origin = await listen(
      createServer((req, res) => {
        hub.handler(req, res);
        res.once("close", () => heard.push("res at once"));
        later = () => {
          req.once("close", () => heard.push("req later"));
          res.once("close", () => heard.push("res later"));
        };
      }),
    );
    const stream = await open(origin);
    later();
    stream.leave();
    await vi.waitFor(() => expect(heard.toSorted()).toEqual(["req later", "res at once", "res later"]));
  });

  it("is told to listeners added only after the stream began", async () => {
    const hub = makeHub();
    let res!: ServerResponse;
    const origin = await listen(createServer((req, response) => hub.handler(req, (res = response))));
    for (const who of ["res", "req"] as const) {
      const stream = await open(origin);
      const closed = new Promise((resolve) => (who === "res" ? res : res.req).on("close", resolve));
      stream.leave();
      await closed;
    }
  });

  it("is told through the prototype's emit if a tracer replaced it", async () => {
    const hub = makeHub();
    const told: string[] = [];
    ServerResponse.prototype.emit = function (this: ServerResponse, event: string, ...args: unknown[]): boolean {
      told.push(event);
      return EventEmitter.prototype.emit.call(this, event, ...args);
    };
    onTestFinished(() => void Reflect.deleteProperty(ServerResponse.prototype, "emit"));
    (await open(await listen(createServer(hub.handler)))).leave();
    await vi.waitFor(() => expect(told).toContain("close"));
  });

  it("keeps listeners of the socket that are not Node's", async () => {
    const hub = makeHub();
    const open_ = new Set<Socket>();
    const server = createServer(hub.handler).on("connection", (socket) => {
      open_.add(socket);
      socket.on("close", () => open_.delete(socket));
    });
    const stream = await open(await listen(server));
    await new Promise(setImmediate);
    expect(open_.size).toBe(1);
    stream.leave();
    await vi.waitFor(() => expect(open_.size).toBe(0));
  });

  it("ignores other writes into the stream, and lets everybody end it", async () => {
    const hub = makeHub();
    for (const isHeard of [true, false]) {
      let res!: ServerResponse;
      const origin = await listen(
        createServer((req, response) => {
          res = response;
          if (isHeard) res.on("close", () => undefined);
          hub.handler(req, res);
        }),
      );
      const { response } = await open(origin);
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      expect(res.write("HTTP/1.1 500 Not this\r\n\r\n")).toBe(false);
      await hub.publish({ topic: "a", data: "last" });
      await vi.waitFor(() => expect(text).toContain("data: last"));
      res.end("nor this");
      await once(response, "end");
      expect(text).not.toMatch(/this|HTTP/);
      await vi.waitFor(() => expect(hub.stats().subscribers).toBe(0));
    }
  });

  it("finds the request and the response collected, at once without listeners, else soon after the end", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const hub = makeHub();
    const made = new Map<string, WeakRef<object>>();
    let isHeard = false;
    const origin = await listen(
      createServer((req, res) => {
        made.set("req", new WeakRef(req)).set("res", new WeakRef(res));
        if (isHeard) res.on("close", () => undefined);
        hub.handler(req, res);
      }),
    );
    const collected = (): Promise<void> =>
      vi.waitFor(() => {
        collect();
        expect([...made].filter(([, ref]) => ref.deref() !== undefined).map(([name]) => name)).toEqual([]);
      });
    for (const body of ["", "match=a"]) {
      const silent = await open(origin, "/events/stream", body);
      await collected();
      expect(hub.stats().subscribers).toBe(1);
      silent.leave();
      await vi.waitFor(() => expect(hub.stats().subscribers).toBe(0));
    }
    isHeard = true;
    (await open(origin)).leave();
    await vi.waitFor(() => expect(hub.stats().subscribers).toBe(0));
    await collected();
  });
});

describe("the end of a stream, as hooks of frameworks hear it", () => {
  it("is told to middleware of Express", async () => {
    const hub = makeHub();
    const lines: string[] = [];
    const app = express();
    app.use((req, res, next) => {
      res.on("close", () => lines.push(`${req.method} ${req.originalUrl} ${res.statusCode} ${res.getHeader("content-type") as string}`));
      next();
    });
    app.use("/events", hub.handler);
    (await open(await listen(createServer(app)))).leave();
    await vi.waitFor(() => expect(lines).toEqual(["GET /events/stream 200 text/event-stream"]));
  });

  it("runs onRequestAbort of Fastify when the client leaves, and onResponse when the hub ends it, and both are logged", async () => {
    const hub = makeHub();
    const told: string[] = [];
    const app = createFastify({
      logger: { stream: { write: (line: string) => void told.push((JSON.parse(line) as { msg: string }).msg) } },
    });
    onTestFinished(() => app.close());
    app.addHook("onRequestAbort", async (_request) => void told.push("onRequestAbort"));
    app.addHook("onResponse", async (_request, reply) => void told.push(`onResponse ${reply.statusCode}`));
    app.get("/events/stream", (req, reply) => {
      reply.hijack();
      hub.handler(req.raw, reply.raw);
    });
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    (await open(origin)).leave();
    await vi.waitFor(() => expect(told).toContain("onRequestAbort"));
    expect(told).not.toContain("onResponse 200");
    await open(origin);
    await hub.close();
    await vi.waitFor(() => expect(told).toEqual(expect.arrayContaining(["onResponse 200", "request completed"])));
  });
});

describe("a stream whose application", () => {
  it("destroys the response ends, and its subscriber is gone", async () => {
    const hub = makeHub();
    let response: ServerResponse | undefined;
    const origin = await listen(
      createServer((req, res) => {
        response = res;
        hub.handler(req, res);
      }),
    );
    const stream = await open(origin);
    const closed = new Promise((resolve) => stream.response.once("close", resolve));
    response?.destroy();
    await closed;
    await expect.poll(() => hub.stats().subscribers).toBe(0);
  });

  it("takes so long for its head that the token ends meanwhile gives its place back", async () => {
    const { hub, url } = await startSecured({ connections: 1, leewayMs: 0 });
    const exp = Date.now() / 1000 + 1.5;
    const slow = await listen(
      createServer((req, res) => {
        const writeHead = res.writeHead.bind(res);
        res.writeHead = (status: number) => {
          while (Date.now() / 1000 < exp + 0.01);
          return writeHead(status);
        };
        hub.handler(req, res);
      }),
    );
    await expect(
      fetch(`${slow}/events/stream?match=a`, { headers: bearer(token({ exp })) }).then((response) => response.text()),
    ).rejects.toThrow();
    const next = await fetch(`${url}?match=a`, { headers: bearer(token()) });
    expect(next.status).toBe(200);
    await next.body?.cancel();
  });
});
