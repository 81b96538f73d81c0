import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { once } from "node:events";
import { constants } from "node:http2";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { messagesIn, start, untilListening } from "../command.ts";
import { ask, type Files, makeFiles, openSession, startSecure, subscribe } from "./certificates.ts";

/** Subscribes over HTTP/1.1. @returns What has arrived so far. */
async function subscribeByHttp1(url: string, { cert }: Files): Promise<() => string> {
  const agent = new Agent({ ca: readFileSync(cert) });
  const request = get(`${url}/events/stream?match=a`, { agent });
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, "response")) as [IncomingMessage];
  expect([response.statusCode, response.httpVersion]).toEqual([200, "1.1"]);
  let received = "";
  response.setEncoding("utf8").on("data", (text: string) => (received += text));
  return () => received;
}

describe.each([
  ["one process", []],
  ["two workers", ["--workers", "2"]],
])("a server with a certificate, %s", (_, args) => {
  test("serves streams and publishes over HTTP/2 and HTTP/1.1 on one port, and drains both", { timeout: 120_000 }, async () => {
    const files = makeFiles();
    const { run, url } = await startSecure(files, ...args, "--drain", "5s");
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const session = openSession(url, files);
    const received = await Promise.all(Array.from({ length: 100 }, () => subscribe(session, "a")));
    received.push(await subscribeByHttp1(url, files));
    const publisher = openSession(url, files);
    // More at once than a connection of HTTP/1.1 may have.
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => ask(publisher, "/events/stream", { topic: "a", data: `<${i}>` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const all = Array.from({ length: 100 }, (_, i) => `<${i}>`);
    for (const text of received) {
      await expect.poll(() => all.filter((one) => !text().includes(`data: ${one}\n`))).toEqual([]);
      expect(text().match(/^data: </gm)).toHaveLength(100);
    }
    const gone = Promise.all([once(session, "close"), once(publisher, "close")]);
    run.child.kill("SIGTERM");
    await gone;
    for (const text of received) expect(text()).toContain("event: hub:drain\n");
    expect(await run.exit).toBe(0);
  });
});

test("connections without a handshake, and those from before the journal was open, do not hold up a drain", async () => {
  const files = makeFiles();
  const redisPort = await freePort();
  const port = await freePort();
  const tls = [
    "--port",
    `${port}`,
    "--tls-cert",
    files.cert,
    "--tls-key",
    files.key,
    "--headers-timeout",
    "60s",
    "--request-timeout",
    "60s",
  ];
  const run = start([
    "serve",
    "--anonymous",
    "--anonymous-publish",
    "--drain",
    "10s",
    "--journal",
    `redis://127.0.0.1:${redisPort}`,
    ...tls,
  ]);
  await untilListening(port);
  const session = openSession(`https://127.0.0.1:${port}`, files);
  expect(await ask(session, "/health/ready")).toMatchObject({ status: 503 });
  const silent = connect(port, "127.0.0.1");
  onTestFinished(() => void silent.destroy());
  silent.on("error", () => undefined);
  await once(silent, "connect");
  await RedisServer.start({ port: `${redisPort}` });
  await run.waitFor("stdout", /listening/);
  const gone = once(session, "close");
  run.child.kill("SIGTERM");
  await gone;
  expect(await run.exit).toBe(0);
  expect(run.stderr).not.toContain("did not close in time");
});

test("resets over and over cost the connection on every path", async () => {
  const files = makeFiles();
  const { url } = await startSecure(files);
  for (const path of ["/health/live", "/", "/nothing"]) {
    const session = openSession(url, files);
    const code = new Promise((resolve) => session.once("goaway", resolve));
    const gone = new Promise((resolve) => session.once("close", resolve));
    for (let i = 0; i < 200 && !session.closed && !session.destroyed; i++) {
      const request = session.request({ ":path": path });
      request.on("error", () => undefined);
      // Sent, and given up at once.
      request.close(constants.NGHTTP2_CANCEL);
      if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await gone;
    expect(await code).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
});

test("pages of the https origin may publish, and those of the same host over http may not", async () => {
  const files = makeFiles();
  const { url } = await startSecure(files);
  const session = openSession(url, files);
  for (const [origin, status] of [
    [url, 200],
    [url.replace("https", "http"), 403],
  ] as const) {
    expect(await ask(session, "/events/stream", { topic: "a" }, { origin })).toMatchObject({ status });
  }
});

test("a client that speaks plain HTTP to the port is logged with the advice", async () => {
  const { run, url } = await startSecure(makeFiles());
  const request = requestPlain(url.replace("https", "http")).end();
  await once(request, "error");
  await run.waitFor("stderr", /TLS handshake failed\. It spoke plain HTTP: its URL needs https:/);
});

test("the page, the log and the API description name https", async () => {
  const files = makeFiles();
  const { run, url } = await startSecure(files, "--api-description");
  const session = openSession(url, files);
  const { body: description } = await ask(session, "/.well-known/mercure/openapi.json");
  expect(JSON.parse(description)).toMatchObject({ servers: [{ url }] });
  const { body } = await ask(session, "/");
  expect(body).toContain(`${url}/events/stream`);
  expect(body).not.toContain("http://127.0.0.1");
  expect(messagesIn(run.stderr)).toContain("listening");
});
