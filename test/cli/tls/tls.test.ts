import { readFileSync } from "node:fs";
import { Agent, get } from "node:https";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { messagesIn } from "../command.ts";
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
