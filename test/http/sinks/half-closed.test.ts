import { once } from "node:events";
import { connect } from "node:net";
import { createHub } from "artesian";
import { expect, it, onTestFinished } from "vitest";
import { createHttpServer } from "../../../packages/hub/src/cli/serve/http-server.ts";
import { listen } from "../../support/server.ts";

const BOUNDS = { maxHeaderBytes: 16_384, headersTimeout: 10_000, requestTimeout: 30_000 };

/** Sends a request, ends this half of the connection at once, and reads to the end. */
async function sendAndEnd(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
  socket.end(request);
  await once(socket, "close");
  return text;
}

async function startServed(): Promise<{ hub: ReturnType<typeof createHub>; port: number }> {
  const hub = createHub({ anonymousPublish: true, drainMs: 500 });
  onTestFinished(() => hub.close());
  const server = createHttpServer(BOUNDS);
  server.on("request", hub.handler);
  return { hub, port: Number(new URL(await listen(server)).port) };
}

const PATH = "/.well-known/mercure";
const publish = (data: string): string =>
  `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${13 + data.length}\r\n\r\ntopic=a&data=${data}`;

it("a client that ends its half of the connection after a publish gets the answer, and the connection's end", async () => {
  const { hub, port } = await startServed();
  const answer = await sendAndEnd(port, publish("1"));
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(hub.stats().tail).toBe(1);
});

it("so does a client that has sent several requests", async () => {
  const { hub, port } = await startServed();
  const answers = await sendAndEnd(port, publish("1") + publish("2"));
  expect(answers.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(2);
  expect(hub.stats().tail).toBe(2);
});

it("a stream ends with its client's half, and a request that is cut in its body is refused", async () => {
  const { hub, port } = await startServed();
  await sendAndEnd(port, `GET ${PATH}?match=a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
  await expect.poll(() => hub.stats().subscribers, { timeout: 30_000 }).toBe(0);
  await sendAndEnd(port, publish("1").slice(0, -1));
  expect(hub.stats().tail).toBe(0);
});
