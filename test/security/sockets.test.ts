import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, type Socket } from "node:net";
import { createHub, type Logger } from "artesian";
import { describe, expect, onTestFinished, test } from "vitest";
import { SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { createHttpServer } from "../../packages/hub/src/cli/serve/http-server.ts";
import { serveRequests } from "../../packages/hub/src/cli/serve/drain.ts";
import { MAX_UNANSWERED, Sockets, type SocketLimits } from "../../packages/hub/src/http/sinks/sockets.ts";
import type { UnreadLimits } from "../../packages/hub/src/http/sinks/unread-answers.ts";
import { connectFrom, takeLoopbackForForeign } from "../support/addresses.ts";
import { listen } from "../support/server.ts";

/** All that a server with 1,024 descriptors may have. */
const ALL = 921;
/** Before a connection that sends nothing is closed for its time is over. Far less where the machine is not busy. */
const SERVED_MS = 5000;
const GET = "GET /held HTTP/1.1\r\nHost: x\r\n\r\n";

interface Options extends SocketLimits, Partial<UnreadLimits> {
  readonly proxies?: readonly string[];
  /** Answers requests for other paths than the hub's. Default: 404. */
  readonly listener?: RequestListener;
  readonly isForeign?: boolean;
}

interface Started {
  readonly port: number;
  readonly lines: readonly { readonly address?: string; readonly count?: number; readonly text: string }[];
  /** How many connections the server has. */
  readonly connections: () => Promise<number>;
  readonly responses: readonly ServerResponse[];
}

/** A server as `serve` makes it, with a hub. */
async function start({ proxies = [], listener, isForeign = true, ...given }: Options): Promise<Started> {
  const { maxHeaderBytes, headersTimeout, requestTimeout, maxHeldBytes, writeStall } = SETTINGS;
  const limits = { heldBytes: maxHeldBytes.fallback, writeStallMs: writeStall.fallback, ...given };
  const server = createHttpServer({
    maxHeaderBytes: maxHeaderBytes.fallback,
    headersTimeout: headersTimeout.fallback,
    requestTimeout: requestTimeout.fallback,
  });
  const lines: { address?: string; count?: number; text: string }[] = [];
  const ignore = (): void => undefined;
  const logger: Logger = { debug: ignore, info: ignore, error: ignore, warn: (fields, text) => void lines.push({ ...fields, text }) };
  new Sockets(limits, (address) => proxies.includes(address), logger).watch(server);
  if (isForeign) takeLoopbackForForeign(server);
  const hub = createHub({ anonymousPublish: true, connectionsPerSecond: Infinity });
  onTestFinished(() => hub.close());
  const responses: ServerResponse[] = [];
  serveRequests(server, (req, res) => {
    responses.push(res);
    hub.handler(req, res, listener === undefined ? undefined : () => listener(req, res));
  });
  await listen(server);
  const connections = (): Promise<number> => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
  return { port: (server.address() as AddressInfo).port, lines, connections, responses };
}

const several = (count: number, n: number, port: number): Promise<Socket[]> =>
  Promise.all(Array.from({ length: count }, () => connectFrom(n, port)));

/** Publishes, and opens a stream, each with a connection of its own. @returns How long it took, in milliseconds. */
async function visit(n: number, port: number): Promise<number> {
  const began = performance.now();
  const from = { host: "127.0.0.1", port, path: "/events/stream", localAddress: `127.0.0.${n}`, agent: false };
  const publish = request({ ...from, method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } });
  publish.end("topic=a");
  const [published] = (await once(publish, "response")) as [IncomingMessage];
  expect(published.statusCode).toBe(200);
  published.resume();
  const subscribe = request(from).end();
  onTestFinished(() => void subscribe.destroy());
  const [stream] = (await once(subscribe, "response")) as [IncomingMessage];
  expect(stream.statusCode).toBe(200);
  return performance.now() - began;
}

const isOpen = (socket: Socket): boolean => !socket.destroyed && !socket.readableEnded;

/** Which of some connections the server has closed, once it has closed so many. */
async function closed(sockets: readonly Socket[], count: number): Promise<number[]> {
  for (const socket of sockets) socket.resume();
  await expect.poll(() => sockets.filter((socket) => !isOpen(socket)).length).toBe(count);
  return sockets.flatMap((socket, i) => (isOpen(socket) ? [] : [i]));
}

describe("idle connections", () => {
  test("of one address do not keep others out, and are held to the limit of an address", async () => {
    const { port, lines, connections } = await start({ sockets: ALL, socketsPerAddress: 200 });
    await several(ALL, 2, port);
    await expect.poll(connections).toBe(200);
    expect(await visit(3, port)).toBeLessThan(SERVED_MS);
    expect(lines).toMatchObject([{ address: "203.0.113.2", count: 1 }]);
  });

  test.each([
    ["many addresses", true, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ["the loopback", false, [1]],
  ])("of %s that take all places do not keep others out", async (_, isForeign, addresses) => {
    const { port, lines, connections } = await start({ sockets: ALL, socketsPerAddress: 100, isForeign });
    await Promise.all(addresses.map((n) => several(Math.ceil(ALL / addresses.length), n, port)));
    await expect.poll(connections).toBe(ALL);
    expect(await visit(99, port)).toBeLessThan(SERVED_MS);
    expect(await connections()).toBeLessThanOrEqual(ALL);
    expect(lines).toMatchObject([{ address: isForeign ? expect.stringMatching(/^203\.0\.113\./) : "127.0.0.1", count: 1 }]);
  });

  test("go before all others, of the address that has the most, the oldest first", async () => {
    const requests: string[] = [];
    const { port } = await start({ sockets: 8, socketsPerAddress: 8, listener: ({ url = "" }) => void requests.push(url) });
    const stream = await connectFrom(2, port);
    stream.write("GET /events/stream HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(stream, "data");
    const busy = await several(2, 2, port);
    for (const socket of busy) socket.write(GET);
    await expect.poll(() => requests.length).toBe(2);
    const few = await connectFrom(3, port);
    const most: Socket[] = [];
    for (let i = 0; i < 4; i++) most.push(await connectFrom(4, port));
    const newcomers: Socket[] = [];
    for (let i = 0; i < 3; i++) {
      newcomers.push(await connectFrom(5 + i, port));
      expect(await closed(most, i + 1)).toEqual([0, 1, 2].slice(0, i + 1));
    }
    expect([stream, ...busy, few, ...newcomers].every(isOpen)).toBe(true);
  });

  test("of an address are closed for its newer ones, and for nobody else's", async () => {
    const { port } = await start({ sockets: 100, socketsPerAddress: 3 });
    const others = await several(3, 3, port);
    const own: Socket[] = [];
    for (let i = 0; i < 5; i++) own.push(await connectFrom(2, port));
    expect(await closed(own, 2)).toEqual([0, 1]);
    expect(others.every(isOpen)).toBe(true);
  });

  test("are those that wait for their next request, too; one that was used is the last to go", async () => {
    const { port } = await start({ sockets: 100, socketsPerAddress: 2, listener: (_, res) => void res.end("x") });
    const used = await connectFrom(2, port);
    const unused = await connectFrom(2, port);
    used.write(GET);
    await once(used, "data");
    await connectFrom(2, port);
    expect(await closed([used, unused], 1)).toEqual([1]);
    await connectFrom(2, port);
    expect(await closed([used], 1)).toEqual([0]);
  });
});

describe("connections with a request or a stream", () => {
  test("stay: a new one is closed if there are no others", async () => {
    const { port, lines } = await start({ sockets: 100, socketsPerAddress: 3, listener: () => undefined });
    const busy = await several(2, 2, port);
    for (const socket of busy) socket.write(GET);
    const stream = await connectFrom(2, port);
    stream.write("GET /events/stream HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(stream, "data");
    const late = await connectFrom(2, port);
    expect(await closed([late], 1)).toEqual([0]);
    expect([...busy, stream].every(isOpen)).toBe(true);
    expect(lines).toMatchObject([{ address: "203.0.113.2", count: 1 }]);
    stream.destroy();
    await expect.poll(async () => isOpen(await connectFrom(2, port))).toBe(true);
  });

  test("keep a connection busy until the last answer of several is there", async () => {
    const held: ServerResponse[] = [];
    const { port } = await start({ sockets: 100, socketsPerAddress: 1, listener: (_, res) => void held.push(res) });
    const socket = await connectFrom(2, port);
    socket.write(GET + GET);
    await expect.poll(() => held.length).toBe(1);
    held[0]?.end();
    await once(socket, "data");
    await expect.poll(() => held.length).toBe(2);
    expect(await closed([await connectFrom(2, port)], 1)).toEqual([0]);
    expect(isOpen(socket)).toBe(true);
    held[1]?.end();
    await once(socket, "data");
    await connectFrom(2, port);
    expect(await closed([socket], 1)).toEqual([0]);
  });

  test("a stream is not heard at its response, which would keep that in memory", async () => {
    const { port, responses } = await start({ sockets: 100, socketsPerAddress: 10, listener: () => undefined });
    const [stream, busy] = [await connectFrom(2, port), await connectFrom(2, port)];
    stream.write("GET /events/stream HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(stream, "data");
    busy.write(GET);
    await expect.poll(() => responses.map((response) => response.listenerCount("close"))).toEqual([0, 1]);
  });
});

/** More than the kernel takes for a peer that does not read. */
const LARGE = Buffer.alloc(16 * 1024 * 1024);
const answer: RequestListener = ({ url }, res) => void res.end(url === "/large" ? LARGE : "small");
const GET_LARGE = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n";

/** Connections that ask for a large answer, and do not read it. */
async function unread(count: number, started: Started): Promise<Socket[]> {
  const sockets = await several(count, 2, started.port);
  for (const socket of sockets) socket.pause().write(GET_LARGE);
  await expect.poll(() => started.responses.length).toBe(count);
  return sockets;
}

describe("a connection whose peer does not read its answers", () => {
  test("may send some requests ahead, and is cut past their bound without an answer to the others", async () => {
    const { port, lines, responses, connections } = await start({ sockets: 100, socketsPerAddress: 10, listener: answer });
    const socket = await connectFrom(2, port);
    let received = "";
    socket.setEncoding("latin1").on("data", (part: string) => (received += part));
    for (const rounds of [1, 2]) {
      socket.write(GET.repeat(MAX_UNANSWERED));
      await expect.poll(() => received.split("small").length - 1).toBe(rounds * MAX_UNANSWERED);
    }
    expect(lines).toEqual([]);
    socket.write(GET.repeat(1000));
    await expect.poll(connections).toBe(0);
    expect(responses.length).toBeLessThanOrEqual(3 * MAX_UNANSWERED);
    expect(lines).toMatchObject([{ address: "203.0.113.2", count: 1, text: expect.stringContaining("requests without waiting") }]);
  });

  test("is cut once its peer took nothing for the write stall", async () => {
    const started = await start({ sockets: 100, socketsPerAddress: 10, writeStallMs: 1000, listener: answer });
    await unread(3, started);
    await expect.poll(started.connections).toBe(0);
    expect(started.lines).toMatchObject([{ address: "203.0.113.2", count: 1, text: expect.stringContaining("--write-stall") }]);
  });

  test("is not cut while its peer reads slowly, or waits for an answer", async () => {
    const listener: RequestListener = (req, res) => (req.url === "/large" ? answer(req, res) : undefined);
    const { port, lines } = await start({ sockets: 100, socketsPerAddress: 10, writeStallMs: 3000, listener });
    const [slow, waiting] = [await connectFrom(2, port), await connectFrom(2, port)];
    waiting.write(GET);
    let received = 0;
    slow.on("data", ({ length }: Buffer) => {
      received += length;
      slow.pause();
      setTimeout(() => slow.resume(), 15);
    });
    slow.write(GET_LARGE);
    await expect.poll(() => received, { timeout: 60_000 }).toBeGreaterThan(LARGE.length);
    expect([slow, waiting].every(isOpen)).toBe(true);
    expect(lines).toEqual([]);
  });

  test("gives its place to a newcomer after a moment", async () => {
    const started = await start({ sockets: 3, socketsPerAddress: 10, writeStallMs: 600_000, listener: answer });
    await unread(3, started);
    const isServed = async (): Promise<boolean> => {
      const newcomer = await connectFrom(3, started.port);
      newcomer.write(GET);
      return await new Promise((resolve) => newcomer.once("data", () => resolve(true)).once("close", () => resolve(false)));
    };
    await expect.poll(isServed).toBe(true);
  });

  test("is cut if it holds most of what all such connections may hold", async () => {
    const started = await start({ sockets: 100, socketsPerAddress: 10, heldBytes: 2.5 * LARGE.length, listener: answer });
    await unread(4, started);
    await expect.poll(started.connections).toBe(2);
    expect(started.lines).toMatchObject([{ address: "203.0.113.2", count: 1, text: expect.stringContaining("--max-held-bytes") }]);
  });
});

describe("requests that are not complete", () => {
  const head = (length: number): string =>
    `POST /events/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n`;

  test("give their places to newcomers after a moment, also if their peers go on sending", async () => {
    const { port, responses } = await start({ sockets: 20, socketsPerAddress: 10 });
    const slow: Socket[] = [];
    for (let n = 2; n < 22; n++) slow.push(await connectFrom(n, port));
    for (const socket of slow) socket.write(head(200_000));
    await expect.poll(() => responses.length).toBe(20);
    const timer = setInterval(() => slow.forEach((socket) => socket.write("x")), 100);
    onTestFinished(() => clearInterval(timer));
    const isServed = async (): Promise<boolean> => {
      const newcomer = await connectFrom(30, port);
      newcomer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      return await new Promise((resolve) => newcomer.once("data", () => resolve(true)).once("close", () => resolve(false)));
    };
    await expect.poll(isServed).toBe(true);
  });
});

const PIECE = Buffer.alloc(100 * 1024);
/** Requests for more pieces than an idle peer is sent, and for fewer, but more than its kernel takes. */
const MANY = 30;
const FEW = 4;
const getPieces = (count: number, last = ""): string =>
  `GET / HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(count - 1) + `GET / HTTP/1.1\r\nHost: x\r\n${last}\r\n`;

/** Bytes of the sockets of a port that their peers have not confirmed, those without a process included. */
function kernelBytes(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/net/${table}`, "latin1").split("\n"));
  return rows.reduce((sum, row) => {
    const [, from, , , queues = "0:0"] = row.trim().split(/\s+/);
    return from?.endsWith(local) === true ? sum + Number.parseInt(queues.slice(0, 8), 16) : sum;
  }, 0);
}

describe.skipIf(process.platform !== "linux")("answers that the kernel has and the peer has not", () => {
  const pieces: RequestListener = (_, res) => void res.end(PIECE);

  /** Connections whose answers are finished, and that do not read them. */
  async function asked(count: number, started: Started, last = ""): Promise<Socket[]> {
    const sockets = await several(count, 2, started.port);
    for (const socket of sockets) socket.pause().write(getPieces(FEW, last));
    await expect.poll(() => started.responses.filter((res) => res.writableFinished).length).toBe(count * FEW);
    expect(kernelBytes(started.port)).toBeGreaterThan(count * 100_000);
    return sockets;
  }

  test("keep the next answers of their connections from being made", async () => {
    let begun = 0;
    const listener: RequestListener = (_, res) => {
      begun++;
      setImmediate(() => res.end(PIECE));
    };
    const limits = { sockets: 100, socketsPerAddress: 100, heldBytes: 4_000_000, writeStallMs: 1500 };
    const { port, connections } = await start({ ...limits, listener });
    const count = 30;
    for (const socket of await several(count, 2, port)) socket.pause().write(getPieces(MANY));
    await expect.poll(() => begun).toBeGreaterThan(count);
    await expect.poll(connections).toBe(0);
    // The peers' kernel takes some, too.
    expect(begun * PIECE.length).toBeLessThan(limits.heldBytes + count * 500_000);
  });

  test("are asked for by a client that reads each before the next, without a wait", async () => {
    const { port, lines } = await start({ sockets: 100, socketsPerAddress: 10, listener: pieces });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const local = new Set<number | undefined>();
    for (let i = 0; i < MANY; i++) {
      const req = request({ port, agent, path: "/" }).end();
      const [res] = (await once(req, "response")) as [IncomingMessage];
      local.add(req.socket?.localPort);
      let bytes = 0;
      for await (const part of res) bytes += (part as Buffer).length;
      expect(bytes).toBe(PIECE.length);
    }
    expect(local.size).toBe(1);
    expect(lines).toEqual([]);
  });

  test("are dropped with a connection that gives its place to a newcomer", async () => {
    const started = await start({ sockets: 100, socketsPerAddress: 3, listener: pieces });
    await asked(3, started);
    await several(3, 2, started.port);
    await expect.poll(() => kernelBytes(started.port)).toBe(0);
  });

  test.each([
    ["that is kept", "", (): void => undefined],
    ["that ends with the last one", "Connection: close\r\n", (): void => undefined],
    ["whose peer has ended its half", "", (socket: Socket): void => void socket.end()],
    ["whose peer has ended its half before the last one", "Connection: close\r\n", (socket: Socket): void => void socket.end()],
  ])("are dropped for the write stall with a connection %s", async (_, last, then) => {
    const started = await start({ sockets: 100, socketsPerAddress: 10, writeStallMs: 1500, listener: pieces });
    for (const socket of await asked(2, started, last)) then(socket);
    await expect.poll(() => kernelBytes(started.port)).toBe(0);
    await expect.poll(started.connections).toBe(0);
    expect(started.lines).toMatchObject([{ address: "203.0.113.2", text: expect.stringContaining("--write-stall") }]);
  });

  test.each(["", "Connection: close\r\n"])("count with what all connections may hold (%j)", async (last) => {
    const started = await start({ sockets: 100, socketsPerAddress: 10, heldBytes: 1_000_000, listener: pieces });
    for (const socket of await several(10, 2, started.port)) socket.pause().write(getPieces(FEW, last));
    await expect.poll(() => started.lines.length).toBeGreaterThan(0);
    await expect.poll(() => kernelBytes(started.port)).toBeLessThan(1_000_000);
    expect(started.lines).toMatchObject([{ address: "203.0.113.2", text: expect.stringContaining("--max-held-bytes") }]);
  });

  test.each([
    ["ends with the last one", "Connection: close\r\n", false],
    ["ends with the peer's half", "", true],
  ])("reach a slow peer to the end, if the connection %s", async (_, last, endsHalf) => {
    const { port, lines, connections } = await start({ sockets: 100, socketsPerAddress: 10, writeStallMs: 2000, listener: pieces });
    const socket = await connectFrom(2, port);
    let received = 0;
    const errors: Error[] = [];
    socket
      .on("error", (error) => errors.push(error))
      .on("data", ({ length }: Buffer) => {
        received += length;
        socket.pause();
        setTimeout(() => socket.resume(), 50);
      });
    socket.write(getPieces(MANY, last));
    if (endsHalf) socket.end();
    await once(socket, "end", { signal: AbortSignal.timeout(60_000) });
    expect(received).toBeGreaterThan(MANY * PIECE.length);
    expect(errors).toEqual([]);
    expect(lines).toEqual([]);
    socket.end();
    await expect.poll(connections).toBe(0);
  });

  test("end with the connection, if the peer sends a request behind its last one", async () => {
    const started = await start({ sockets: 100, socketsPerAddress: 10, listener: pieces });
    const [socket] = await asked(1, started, "Connection: close\r\n");
    socket?.write(GET);
    await expect.poll(() => kernelBytes(started.port)).toBe(0);
    expect(started.responses.length).toBe(FEW);
  });

  test("are dropped with a connection whose peer sends what is no HTTP", async () => {
    const started = await start({ sockets: 100, socketsPerAddress: 10, listener: pieces });
    const [socket] = await asked(1, started);
    socket?.write("?\r\n\r\n");
    await expect.poll(() => kernelBytes(started.port)).toBe(0);
  });

  test("are dropped with a stream whose peer has ended its half", async () => {
    const started = await start({ sockets: 100, socketsPerAddress: 10 });
    const stream = await connectFrom(2, started.port);
    stream.pause().write("GET /events/stream?match=a HTTP/1.1\r\nHost: x\r\n\r\n");
    for (let i = 0; i < 4; i++) {
      const body = new URLSearchParams({ topic: "a", data: "x".repeat(1_000_000) });
      expect((await fetch(`http://127.0.0.1:${started.port}/events/stream`, { method: "POST", body })).status).toBe(200);
    }
    await expect.poll(() => kernelBytes(started.port)).toBeGreaterThan(100_000);
    stream.end();
    await expect.poll(() => kernelBytes(started.port)).toBe(0);
  });
});

test("the connections of a trusted proxy and of the loopback are not those of one address", async () => {
  const proxied = await start({ sockets: 100, socketsPerAddress: 2, proxies: ["203.0.113.2"] });
  const local = await start({ sockets: 100, socketsPerAddress: 2, isForeign: false });
  for (const { port, connections, lines } of [proxied, local]) {
    const sockets = await several(20, 2, port);
    await expect.poll(connections).toBe(20);
    expect(sockets.every(isOpen)).toBe(true);
    expect(lines).toEqual([]);
  }
});

test("an expectation that is not known is refused once, and ends the connection", async () => {
  const { port } = await start({ sockets: ALL, socketsPerAddress: ALL });
  const expecting = "GET / HTTP/1.1\r\nHost: x\r\nExpect: the-moon\r\n\r\n";
  const socket = await connectFrom(2, port);
  let answers = "";
  socket.setEncoding("latin1").on("data", (text: string) => (answers += text));
  const closed = once(socket, "close");
  socket.write(expecting.repeat(MAX_UNANSWERED));
  await closed;
  expect(answers.match(/HTTP\/1\.1 417 /g)).toHaveLength(1);
  expect(answers).toMatch(/^connection: close\r$/im);
});
