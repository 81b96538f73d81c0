import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from "node:http2";
import { type AddressInfo, connect as connectPlain, type Socket } from "node:net";
import { createHub, type Hub, type Logger } from "artesian";
import { expect, onTestFinished, test } from "vitest";
import { SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { serveRequests } from "../../packages/hub/src/cli/serve/drain.ts";
import { createHttpServer } from "../../packages/hub/src/cli/serve/http-server.ts";
import { readCertificate } from "../../packages/hub/src/cli/serve/tls/certificate.ts";
import { Sockets, type SocketLimits } from "../../packages/hub/src/http/sinks/sockets.ts";
import type { UnreadLimits } from "../../packages/hub/src/http/sinks/unread-answers.ts";
import { ask, makeFiles, subscribe } from "../cli/tls/certificates.ts";
import { listen } from "../support/server.ts";

const PAGE = Buffer.alloc(200_000, "x");

interface Options extends Partial<SocketLimits>, Partial<UnreadLimits> {
  readonly requestTimeout?: number;
  readonly isProxy?: boolean;
}

interface Started {
  readonly port: number;
  readonly hub: Hub;
  readonly lines: readonly string[];
  readonly session: (settings?: { readonly initialWindowSize?: number }) => ClientHttp2Session;
}

/** A server with TLS as `serve` makes it, with a hub, and a page for every other path. */
async function start({ requestTimeout = SETTINGS.requestTimeout.fallback, ...given }: Options = {}): Promise<Started> {
  const limits = { sockets: 1000, socketsPerAddress: 1000, heldBytes: 2 ** 26, writeStallMs: 60_000, ...given };
  const files = makeFiles();
  const bounds = { maxHeaderBytes: 16_384, headersTimeout: 10_000, requestTimeout };
  const server = createHttpServer(bounds, { certificate: readCertificate(files), maxHttp2Streams: 20 });
  // Failed handshakes, which `serve` logs.
  server.on("clientError", (_, socket) => void socket.destroy());
  const lines: string[] = [];
  const ignore = (): void => undefined;
  const logger: Logger = { debug: ignore, info: ignore, error: ignore, warn: (_, text) => void lines.push(text) };
  new Sockets(limits, () => false, logger).watch(server);
  const hub = createHub({ anonymousPublish: true, connectionsPerSecond: Infinity });
  onTestFinished(() => hub.close());
  const page: RequestListener = (_, res) => void res.end(PAGE);
  serveRequests(server, (req, res) => hub.handler(req, res, () => page(req, res)));
  await listen(server);
  const { port } = server.address() as AddressInfo;
  const session: Started["session"] = (settings) => {
    const opened = connectHttp2(`https://127.0.0.1:${port}`, { ca: readFileSync(files.cert), ...(settings && { settings }) });
    opened.on("error", ignore);
    onTestFinished(() => opened.destroy());
    return opened;
  };
  return { port, hub, lines, session };
}

/** Connects without a handshake. */
async function connectOnly(port: number): Promise<Socket> {
  const socket = connectPlain(port, "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Sends a request and reads nothing of its answer. */
async function leaveUnread(session: ClientHttp2Session): Promise<ClientHttp2Stream> {
  const request = session.request({ ":path": "/page" });
  request.on("error", () => undefined);
  await once(request, "response");
  return request;
}

const closing = (emitter: ClientHttp2Session | ClientHttp2Stream | Socket): Promise<unknown> =>
  new Promise((resolve) => emitter.once("close", resolve));

test("connections without a handshake, and idle ones of HTTP/2, make room for others; those with a stream stay", async () => {
  const { port, hub, session } = await start({ sockets: 6 });
  const busy = session();
  const received = await subscribe(busy, "a");
  const idle = session();
  await ask(idle, "/page");
  const silent = await Promise.all([1, 2, 3, 4].map(() => connectOnly(port)));
  const gone = Promise.all([...silent.map(closing), closing(idle)]);
  for (let i = 0; i < 5; i++) await ask(session(), "/events/stream", { topic: "a", data: `<${i}>` });
  await gone;
  await expect.poll(received).toContain("data: <4>\n");
  expect(busy.closed || busy.destroyed).toBe(false);
  expect(hub.stats().subscribers).toBe(1);
});

test("one connection carries more requests at once than one of HTTP/1.1, and no more than its client was told", async () => {
  const { session } = await start();
  const opened = session();
  await once(opened, "remoteSettings");
  expect(opened.remoteSettings).toMatchObject({ maxConcurrentStreams: 20, maxHeaderListSize: 16_384 });
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(opened, "/page")));
  expect(answers.every(({ status, body }) => status === 200 && body.length === PAGE.length)).toBe(true);
});

test("the connection that leaves most unread is cut once all leave too much, and no other", async () => {
  const { session, lines } = await start({ heldBytes: 1_000_000 });
  const [greedy, modest] = [session({ initialWindowSize: 1000 }), session({ initialWindowSize: 1000 })];
  await leaveUnread(modest);
  const cut = closing(greedy);
  await Promise.all(Array.from({ length: 10 }, () => leaveUnread(greedy).catch(() => undefined)));
  await cut;
  expect(modest.closed || modest.destroyed).toBe(false);
  expect(lines).toEqual([expect.stringContaining("Unread answers exceed --max-held-bytes")]);
});

test("a stream whose peer takes nothing is cancelled, and the others of its connection go on", async () => {
  const { hub, session } = await start({ writeStallMs: 500 });
  const opened = session({ initialWindowSize: 1000 });
  const received = await subscribe(opened, "a");
  const stalled = await leaveUnread(opened);
  await closing(stalled);
  expect(stalled.rstCode).toBe(constants.NGHTTP2_CANCEL);
  await hub.publish({ topic: "a", data: "on" });
  await expect.poll(received).toContain("data: on\n");
});

test("a request whose body does not come is cancelled", async () => {
  const { session } = await start({ requestTimeout: 1000 });
  const opened = session();
  const received = await subscribe(opened, "a");
  const request = opened.request({ ":path": "/events/stream", ":method": "POST", "content-type": "application/x-www-form-urlencoded" });
  request.on("error", () => undefined);
  request.write("topic=");
  await closing(request);
  expect(request.rstCode).toBe(constants.NGHTTP2_CANCEL);
  expect(await ask(opened, "/events/stream", { topic: "a", data: "whole" })).toMatchObject({ status: 200 });
  await expect.poll(received).toContain("data: whole\n");
});

test("a header that is too large, or never ends, costs its own request or connection", async () => {
  const { session } = await start();
  const opened = session();
  const received = await subscribe(opened, "a");
  const large = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, "y".repeat(1000)]));
  const attacker = session();
  const bomb = attacker.request({ ":path": "/page", ...large });
  bomb.on("error", () => undefined);
  await closing(bomb);
  expect(bomb.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
  await ask(opened, "/events/stream", { topic: "a", data: "on" });
  await expect.poll(received).toContain("data: on\n");
});
