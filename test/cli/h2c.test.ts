import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask, openSession, subscribe } from "./tls/certificates.ts";
import { type RunningServer, send, startServer } from "./command.ts";

const FORM = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** An empty SETTINGS frame, and what answers it. */
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** A hub for which the loopback is a proxy, as it is for one that speaks HTTP/2 without TLS. */
const behindProxy = (...args: string[]): Promise<RunningServer> => startServer(["--trusted-proxies", "127.0.0.1", ...args]);

describe.each([
  ["clients, one process", () => startServer(["--drain", "5s"])],
  ["clients, two workers", () => startServer(["--drain", "5s", "--workers", "2"])],
  ["a proxy", () => behindProxy("--drain", "5s")],
])("HTTP/2 with prior knowledge, of %s", (_, start) => {
  test("carries many streams and publishes on a connection, beside HTTP/1.1, and is drained", { timeout: 120_000 }, async () => {
    const { run, url, hub } = await start();
    const session = openSession(url);
    const received = await Promise.all(Array.from({ length: 50 }, () => subscribe(session, "a")));
    const publisher = openSession(url);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (__, i) => ask(publisher, "/events/stream", { topic: "a", data: `<${i}>` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await send(hub, FORM, "topic=a&data=<last>")).status).toBe(200);
    for (const text of received) {
      await expect.poll(text).toContain("data: <last>\n");
      expect(text().match(/^data: </gm)).toHaveLength(21);
    }
    const gone = Promise.all([once(session, "close"), once(publisher, "close")]);
    run.child.kill("SIGTERM");
    await gone;
    for (const text of received) expect(text()).toContain("event: hub:drain\n");
    expect(await run.exit).toBe(0);
  });
});

test("curl publishes and reads by it", async () => {
  const { hub } = await startServer();
  const curl = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)("curl", ["--silent", "--http2-prior-knowledge", "--max-time", "20", ...args])).stdout;
  expect(await curl("--write-out", " %{http_version} %{http_code}", "--data", "topic=a&data=b", hub)).toMatch(/ 2 200$/);
  // A poll, which ends by itself.
  expect(await curl("--header", "Accept: application/json", `${hub}?match=a&last=1`)).toContain('"b"');
});

test("a connection that begins with a part of the preface may go on with the rest, or is refused", async () => {
  const { url } = await startServer();
  const port = Number(new URL(url).port);
  const slow = connect({ port, host: "127.0.0.1" }).setNoDelay();
  onTestFinished(() => void slow.destroy());
  slow.write(PREFACE.slice(0, 9));
  await new Promise((resolve) => setTimeout(resolve, 100));
  slow.write(Buffer.concat([Buffer.from(PREFACE.slice(9)), SETTINGS]));
  const [answer] = (await once(slow, "data")) as [Buffer];
  expect(answer[3]).toBe(4);
  const other = connect({ port, host: "127.0.0.1" });
  onTestFinished(() => void other.destroy());
  other.write("PRI * HTTP/2.0\r\n\r\nno\r\n\r\n");
  expect(String(((await once(other, "data")) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 400 /);
});

test("--no-strict-reader turns it off", async () => {
  const { url } = await startServer(["--no-strict-reader"]);
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  socket.write(PREFACE);
  expect(String(((await once(socket, "data")) as [Buffer])[0])).toMatch(/^HTTP\/1\.1 400 /);
});

test("an idle connection makes room for others", async () => {
  const { url, hub } = await startServer(["--max-sockets", "20"]);
  const sessions = Array.from({ length: 30 }, () => openSession(url));
  await expect.poll(() => sessions.filter(({ destroyed, closed }) => destroyed || closed).length).toBeGreaterThanOrEqual(10);
  expect((await send(hub, FORM, "topic=a&data=b")).status).toBe(200);
  const session = openSession(url);
  expect((await ask(session, "/events/stream", { topic: "a", data: "c" })).status).toBe(200);
});
