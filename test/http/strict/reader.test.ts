import { once } from "node:events";
import { type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createHub, type Hub, type HubOptions, type Journal, type Logger } from "artesian";
import { createGuard, LOOPBACK_HOSTS } from "artesian/http";
import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Drainable, serveRequests } from "../../../packages/hub/src/cli/serve/drain.ts";
import { createHttpServer } from "../../../packages/hub/src/cli/serve/http-server.ts";
import { refuseUnparsed } from "../../../packages/hub/src/cli/serve/parser-refusals.ts";
import { partsOf } from "../../../packages/hub/src/create-hub.ts";
import { Cors } from "../../../packages/hub/src/http/reply/cors.ts";
import { probeSockets } from "../../../packages/hub/src/http/sinks/socket-probe.ts";
import { Sockets } from "../../../packages/hub/src/http/sinks/sockets.ts";
import { MOST_UNDECIDED, StrictReader } from "../../../packages/hub/src/http/strict/reader.ts";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { DEFAULT_CONNECTION_LIMITS } from "../../../packages/hub/src/http/admission/connections.ts";
import { listen } from "../../support/server.ts";
import { SMUGGLED } from "./requests.ts";

const ignore = (): void => undefined;
const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

interface Options {
  readonly hub?: HubOptions;
  /** Whether Node's parser reads everything. */
  readonly isPlain?: boolean;
  readonly writesToHandle?: boolean;
  readonly proxies?: readonly string[];
  readonly headersTimeout?: number;
  readonly keepAliveMs?: number;
  readonly writeStallMs?: number;
}

interface Started {
  readonly hub: Hub;
  readonly port: number;
  readonly server: Server;
  readonly strict: StrictReader;
  readonly serving: Drainable;
  /** Targets of the requests that Node's parser has read. */
  readonly parsed: readonly string[];
}

/** A server as `serve` makes it, with a hub that anyone may publish to. */
async function start(options: Options = {}): Promise<Started> {
  const { proxies = [], headersTimeout = 10_000, writeStallMs = 5000 } = options;
  const server = createHttpServer({ maxHeaderBytes: 16 * 1024, headersTimeout, requestTimeout: 30_000 });
  if (options.keepAliveMs !== undefined) server.keepAliveTimeout = options.keepAliveMs;
  const sockets = new Sockets(
    { sockets: 1000, socketsPerAddress: 50, heldBytes: 2 ** 25, writeStallMs },
    (peer) => proxies.includes(peer),
    SILENT,
  );
  sockets.watch(server);
  const hub = createHub({
    anonymousPublish: true,
    url: "http://localhost/hub",
    path: "/hub",
    drainMs: 500,
    logger: SILENT,
    ...options.hub,
  });
  onTestFinished(() => hub.close());
  refuseUnparsed(server, new Cors([]), SILENT);
  const guard = createGuard({ hosts: LOOPBACK_HOSTS });
  const { handleWriter } = await probeSockets(SILENT);
  const strict = (
    options.isPlain === true
      ? undefined
      : StrictReader.of(server, {
          hub: partsOf(hub).strict,
          hosts: new Set(LOOPBACK_HOSTS),
          maxHeadBytes: 16 * 1024,
          isProxy: (peer) => proxies.includes(peer),
          sockets,
          handleWriter: options.writesToHandle === false ? undefined : handleWriter,
        })
  ) as StrictReader;
  const parsed: string[] = [];
  const serving = serveRequests(
    server,
    (req, res) => {
      parsed.push(req.url ?? "");
      if (guard(req, res)) hub.handler(req, res);
    },
    { strict },
  );
  await listen(server);
  return { hub, port: (server.address() as AddressInfo).port, server, strict, serving, parsed };
}

function open(port: number): { readonly socket: Socket; readonly text: () => string } {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("error", ignore).on("data", (part: Buffer) => (text += part.toString("latin1")));
  onTestFinished(() => void socket.destroy());
  return { socket, text: () => text };
}

/** Sends bytes, waits for so many answers, and ends. @returns All that came back. */
async function exchange(port: number, text: string, answers = 1): Promise<string> {
  const { socket, text: heard } = open(port);
  socket.write(Buffer.from(text, "latin1"));
  await expect.poll(() => socket.closed || heard().split("HTTP/1.1 ").length > answers).toBe(true);
  socket.end();
  if (!socket.closed) await once(socket, "close");
  return heard();
}

/** A request to publish. The first fields can be replaced. */
function publish(
  body: string,
  fields = "Content-Type: application/x-www-form-urlencoded",
  line = "POST /hub HTTP/1.1\r\nHost: localhost",
): string {
  const bytes = Buffer.from(body, "utf8");
  return `${line}\r\n${fields}${fields === "" ? "" : "\r\n"}Content-Length: ${bytes.length}\r\n\r\n${bytes.toString("latin1")}`;
}

/** A journal whose appends wait. */
function slowJournal(): { readonly journal: Journal; readonly release: () => void } {
  const journal = memoryJournal();
  const append = journal.append.bind(journal);
  let release: () => void = ignore;
  const released = new Promise<void>((resolve) => (release = resolve));
  journal.append = async (batch) => {
    await released;
    return append(batch);
  };
  return { journal, release };
}

/**
 * Without what differs between two equal answers. Node's parser often gives a request to its handler before the body, and an answer that does not wait
 * for the body ends the connection. The strict reader has the body.
 */
const normal = (answer: string): string =>
  answer
    .replace(/Date: .*/, "Date: now")
    .replaceAll(/(?:Connection|Keep-Alive): .*\r\n/g, "")
    .replaceAll(/#\w{8}:\d+/g, "#id");

const JSON_TYPE = "Content-Type: application/json";
const CASES: Readonly<Record<string, string>> = {
  "a form": publish("topic=a&data=b"),
  "a form without a type": publish("topic=a&data=b", ""),
  "an id that is not ASCII": publish("topic=a&id=caf%C3%A9"),
  "a warning": publish("topic=a&message=b"),
  "JSON for JSON": publish('{"topic":"a","data":1}', `${JSON_TYPE}\r\nAccept: application/json`),
  "a batch": publish('[{"topic":"a"},{"topic":"b"}]', JSON_TYPE),
  "no topic": publish("data=b"),
  "no body": publish(""),
  "invalid JSON": publish("{", JSON_TYPE),
  "bytes that are no UTF-8": publish("topic=a&data=", "Accept: */*").replace("Content-Length: 13", "Content-Length: 14") + "\xff",
  "another type": publish("a", "Content-Type: text/plain"),
  "a token where no issuer is": publish("topic=a", "Authorization: Bearer a.b.c"),
  "a token of another scheme": publish("topic=a", "Authorization: Basic YTpi"),
  "an invalid key": publish("topic=a", "Idempotency-Key: é".replace("é", '"')),
  "an alias": publish("topic=a", "", "POST /events/stream HTTP/1.1\r\nHost: localhost"),
  "another path of the hub": publish("topic=a", "", "POST /hub/revocations HTTP/1.1\r\nHost: localhost"),
  "another path": publish("topic=a", "", "POST /elsewhere HTTP/1.1\r\nHost: localhost"),
  "another host": publish("topic=a", "", "POST /hub HTTP/1.1\r\nHost: evil.example"),
  "a page of another origin": publish("topic=a", "Origin: https://evil.example"),
  "a query": publish("topic=a", "", "POST /hub?private=on HTTP/1.1\r\nHost: localhost"),
  "a coding": publish("topic=a", "Content-Encoding: gzip"),
  "an expectation": publish("topic=a", "Expect: 200-maybe"),
  "a body in chunks": "POST /hub HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ntopic=a\r\n0\r\n\r\n",
  "a body that is too large": publish(`topic=a&data=${"x".repeat(5000)}`),
};

describe("The strict reader of publishes", () => {
  it.each(Object.entries(CASES))("answers as Node's server does: %s", async (_, text) => {
    const options = { hub: { limits: { bodyBytes: 4000 } } };
    const [strict, plain] = [await start(options), await start({ ...options, isPlain: true })];
    const expected = await exchange(plain.port, text);
    expect(normal(await exchange(strict.port, text))).toBe(normal(expected));
    // One answer is the reader's or the parser's, never of both.
    expect(strict.strict.requests + strict.parsed.length).toBe(plain.parsed.length);
  });

  it.each(SMUGGLED)("leaves to Node's parser: %j", async (text) => {
    const hosts = text.replaceAll(/Host: [ab]\b/g, "Host: localhost");
    const [strict, plain] = [await start(), await start({ isPlain: true })];
    const half = async ({ port }: Started): Promise<string> => {
      const { socket, text: heard } = open(port);
      socket.end(Buffer.from(hosts, "latin1"));
      await once(socket, "close");
      return normal(heard());
    };
    expect(await half(strict)).toBe(await half(plain));
    expect(strict.strict.requests).toBe(0);
    expect(strict.parsed).toEqual(plain.parsed);
  });

  it.each([true, false])(
    "answers pipelined requests in order, and hands on from the first other one (past the stream: %s)",
    async (writesToHandle) => {
      const { port, strict, parsed } = await start({ writesToHandle });
      const many = Array.from({ length: 100 }, (_, i) => publish(`topic=a&id=id-${i}`)).join("");
      const heard = await exchange(port, `${many}GET /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n${publish("topic=a&id=last")}`, 102);
      expect(heard.match(/id-\d+|last|HTTP\/1.1 404/g)).toEqual([
        ...Array.from({ length: 100 }, (_, i) => `id-${i}`),
        "HTTP/1.1 404",
        "last",
      ]);
      expect(strict.requests).toBe(100);
      expect(parsed).toEqual(["/elsewhere", "/hub"]);
    },
  );

  it("reads a request that comes in two parts, wherever it is cut", async () => {
    const { port, strict } = await start();
    const text = publish("topic=a&data=b");
    await Promise.all(
      Array.from({ length: text.length - 1 }, async (_, i) => {
        const { socket, text: heard } = open(port);
        socket.setNoDelay().write(text.slice(0, i + 1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        socket.write(text.slice(i + 1));
        await expect.poll(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
        socket.destroy();
      }),
    );
    expect(strict.underWay).toBe(0);
  });

  it("leaves a connection that is silent or stops within a request to Node's timeouts", async () => {
    const { port, strict, parsed } = await start({ headersTimeout: 500 });
    const [silent, stopped, quick] = [open(port), open(port), open(port)];
    stopped.socket.write(publish("topic=a").slice(0, 40));
    await Promise.all([once(silent.socket, "close"), once(stopped.socket, "close")]);
    expect(stopped.text()).toMatch(/^HTTP\/1\.1 408 /);
    // One that was handed on is served like any other.
    expect(quick.text()).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect(strict.requests + parsed.length).toBe(0);
  });

  it("serves a request that stops for longer than the reader waits", async () => {
    const { port, strict, parsed } = await start();
    const text = publish("topic=a");
    const { socket, text: heard } = open(port);
    socket.write(text.slice(0, -3));
    await new Promise((resolve) => setTimeout(resolve, 1600));
    socket.write(text.slice(-3));
    await expect.poll(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect([strict.requests, parsed]).toEqual([0, ["/hub"]]);
  });

  it("hands on the oldest of too many that wait", async () => {
    const { port, server, strict, parsed } = await start();
    const [few, count] = [20, MOST_UNDECIDED + 20];
    let accepted = 0;
    server.on("connection", () => void accepted++);
    const waiting = Array.from({ length: count }, () => open(port));
    await expect.poll(() => accepted).toBe(count);
    for (const { socket } of waiting) socket.write(publish("topic=a"));
    await expect.poll(() => waiting.filter(({ text: heard }) => heard().startsWith("HTTP/1.1 200")).length).toBe(count);
    expect(parsed.length).toBeGreaterThanOrEqual(few);
    expect(strict.requests + parsed.length).toBe(count);
  });

  it("closes an idle connection after the server's keep-alive timeout, and no busy one", async () => {
    const { journal, release } = slowJournal();
    const { port } = await start({ keepAliveMs: 400, hub: { journal } });
    const { socket, text: heard } = open(port);
    socket.write(publish("topic=a"));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(socket.closed).toBe(false);
    release();
    await once(socket, "close");
    expect(heard()).toContain("Keep-Alive: timeout=0\r\n");
  });

  it("answers a client that has ended its half, then closes", async () => {
    const { port, strict } = await start();
    const { socket, text: heard } = open(port);
    socket.end(publish("topic=a"));
    await once(socket, "close");
    expect(heard()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(strict.requests).toBe(1);
  });

  it("lets Node's parser refuse a part of a request that ends", async () => {
    const { port } = await start();
    const { socket, text: heard } = open(port);
    socket.end(publish("topic=a").slice(0, 40));
    await once(socket, "close");
    expect(heard()).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("stores the update of a client that leaves before its answer", async () => {
    const { journal, release } = slowJournal();
    const { port, strict } = await start({ hub: { journal } });
    const { socket } = open(port);
    socket.write(publish("topic=a"));
    await expect.poll(() => strict.underWay).toBe(1);
    socket.resetAndDestroy();
    await expect.poll(() => strict.underWay).toBe(0);
    release();
    await expect.poll(() => journal.tail()).toBe(1);
  });

  it("leaves requests through a trusted proxy to Node's parser", async () => {
    const { port, strict, parsed } = await start({ proxies: ["127.0.0.1"] });
    expect(await exchange(port, publish("topic=a"))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect([strict.requests, parsed]).toEqual([0, ["/hub"]]);
  });

  it("cuts a client that sends and does not read", async () => {
    const { port, strict } = await start({ writeStallMs: 1000 });
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", ignore).pause();
    const many = Buffer.from(publish("topic=a").repeat(2000));
    const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
    // Until the server stops reading. Its kernel and this one hold some megabytes.
    const send = (): void => {
      while (!socket.destroyed && socket.write(many));
    };
    socket.on("drain", send);
    send();
    await closed;
    await expect.poll(() => strict.underWay).toBe(0);
  });

  it("reads no request while it is held, on old and new connections, and goes on with all of them", async () => {
    const { port, strict, hub, server } = await start();
    const [busy, idle] = [open(port), open(port)];
    busy.socket.write(publish("topic=a&data=1"));
    await expect.poll(busy.text).toMatch(/^HTTP\/1\.1 200/);
    strict.hold();
    const fresh = open(port);
    for (const { socket } of [busy, idle, fresh]) socket.write(publish("topic=a&data=2"));
    await expect.poll(() => new Promise((resolve) => void server.getConnections((_, count) => resolve(count)))).toBe(3);
    // Turns in which the requests would be read.
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect([strict.requests, hub.stats().published]).toEqual([1, 1]);
    strict.goOn();
    for (const { text } of [idle, fresh]) await expect.poll(text).toMatch(/^HTTP\/1\.1 200/);
    await expect.poll(() => busy.text().split("HTTP/1.1 200").length).toBe(3);
  });

  it("drains: answers what is under way, and sends away with the next answer", async () => {
    const { journal, release } = slowJournal();
    const { port, serving } = await start({ hub: { journal } });
    const [busy, idle] = [open(port), open(port)];
    busy.socket.write(publish("topic=a"));
    idle.socket.write(publish("data=refused"));
    await expect.poll(idle.text).toMatch(/^HTTP\/1\.1 400 /);
    const drained = serving.drain(async () => undefined, 10_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    release();
    await Promise.all([drained, once(busy.socket, "close"), once(idle.socket, "close")]);
    expect(busy.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(busy.text()).toContain("Connection: close\r\n");
  });

  it("drains: waits for the rest of a body, and of a head", async () => {
    const { port, serving, parsed } = await start();
    const text = publish("topic=a&data=b");
    const [body, head, idle] = [open(port), open(port), open(port)];
    idle.socket.write(publish("data=refused"));
    await expect.poll(idle.text).toMatch(/^HTTP\/1\.1 400 /);
    body.socket.write(text.slice(0, -3));
    head.socket.write(text.slice(0, 40));
    const drained = serving.drain(async () => undefined, 30_000);
    await expect.poll(() => parsed, { timeout: 20_000 }).toEqual(["/hub"]);
    body.socket.write(text.slice(-3));
    await expect.poll(body.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    // Connections without a request are closed now.
    if (!idle.socket.closed) await once(idle.socket, "close");
    head.socket.write(text.slice(40));
    await drained;
    for (const { socket, text: heard } of [body, head]) {
      if (!socket.closed) await once(socket, "close");
      expect(heard()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(heard()).toMatch(/^Connection: close\r$/im);
    }
  });

  it("holds a limit of bodies that changes while a connection is open", async () => {
    const { hub, port, strict, parsed } = await start();
    const { socket, text: heard } = open(port);
    const text = publish(`topic=a&data=${"x".repeat(2000)}`);
    socket.write(text + text);
    await expect.poll(() => heard().match(/HTTP\/1.1 200/g)).toHaveLength(2);
    const change = await partsOf(hub).prepareChange({
      issuers: [],
      corsOrigins: [],
      publishOrigins: [],
      limits: { ...DEFAULT_LIMITS, bodyBytes: 1024 },
      connections: DEFAULT_CONNECTION_LIMITS,
    });
    change.apply();
    socket.write(text);
    await expect.poll(heard).toMatch(/HTTP\/1\.1 413 /);
    expect([strict.requests, parsed]).toEqual([2, ["/hub"]]);
  });

  it("differs from Node's parser alone for bodies that no answer needs, and for malformed bytes", async () => {
    const heard = async (text: string, isEnough: (answer: string) => boolean): Promise<readonly [strict: string, plain: string]> => {
      const both = [await start(), await start({ isPlain: true })].map(async ({ port, hub }) => {
        const { socket, text: answer } = open(port);
        socket.write(Buffer.from(text, "latin1"));
        await expect.poll(() => socket.closed || isEnough(answer()), { timeout: 20_000 }).toBe(true);
        return `${
          answer()
            .match(/(?<=HTTP\/1\.1 )\d+|(?<=Connection: )\S+/g)
            ?.join(" ") ?? "nothing"
        }, ${hub.stats().tail} stored`;
      });
      return [await (both[0] as Promise<string>), await (both[1] as Promise<string>)];
    };
    const options = "OPTIONS /hub HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd";
    expect(await heard(options, (answer) => answer.includes("\r\n\r\n"))).toEqual(["204 keep-alive, 0 stored", "204 close, 0 stored"]);
    expect(await heard(`${publish("topic=a")}junk\r\n\r\n`, () => false)).toEqual([
      "200 keep-alive 400 close, 1 stored",
      "nothing, 1 stored",
    ]);
  });
});
