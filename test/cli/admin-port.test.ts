import { request } from "node:http";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { RedisServer } from "../support/redis-server.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { start, startServer, untilListening } from "./command.ts";

/** The value of a metric, summed over its series. */
function sumOf(metrics: string, name: string): number {
  const values = metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"));
  return Array.from(values).reduce((sum, [, value]) => sum + Number(value), 0);
}

describe.each([
  ["one process", []],
  ["two workers", ["--workers", "2"]],
])("the listener for metrics, %s", (_, args) => {
  test("answers for an open hub without a token, for all processes, and for nothing else", async () => {
    const adminPort = await freePort();
    const { run, url, hub } = await startServer(["--data", temporaryDirectory(), "--admin-port", `${adminPort}`, ...args]);
    const admin = `http://127.0.0.1:${adminPort}`;
    expect((await fetch(`${url}/.well-known/mercure/metrics`)).status).toBe(401);
    for (let i = 0; i < 10; i++) await fetch(hub, { method: "POST", body: new URLSearchParams({ topic: "a" }) });
    const answer = await fetch(`${admin}/metrics`);
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(sumOf(await answer.text(), "artesian_updates_published_total")).toBe(10);
    for (const path of ["/health", "/health/live", "/health/ready"]) expect((await fetch(admin + path)).status).toBe(200);
    expect((await fetch(`${admin}/metrics`, { method: "POST" })).status).toBe(405);
    for (const path of ["/", "/events/stream?match=a", "/.well-known/mercure/metrics", "/console"]) {
      const refused = await fetch(admin + path);
      expect([refused.status, await refused.json()]).toMatchObject([404, { code: "not_found" }]);
    }
    // A page whose name was pointed here.
    const rebound = request(`${admin}/metrics`, { headers: { host: "evil.example" } }).end();
    const [{ statusCode }] = (await once(rebound, "response")) as [IncomingMessage];
    expect(statusCode).toBe(421);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    const socket = connect(adminPort, "127.0.0.1");
    expect(await new Promise((resolve) => socket.once("error", ({ message }) => resolve(message)))).toContain("ECONNREFUSED");
  });
});

test("while the journal's engine is away it says so, and then answers from the hub", async () => {
  const port = await freePort();
  const adminPort = await freePort();
  const args = ["--port", "0", "--anonymous", "--anonymous-publish", "--admin-port", `${adminPort}`];
  start(["serve", ...args, "--journal", `redis://127.0.0.1:${port}`]);
  await untilListening(adminPort);
  const admin = `http://127.0.0.1:${adminPort}`;
  expect((await fetch(`${admin}/health/ready`)).status).toBe(503);
  expect(sumOf(await (await fetch(`${admin}/metrics`)).text(), "artesian_journal_up")).toBe(0);
  await RedisServer.start({ port: `${port}` });
  await expect.poll(async () => (await fetch(`${admin}/health/ready`)).status).toBe(200);
  expect(sumOf(await (await fetch(`${admin}/metrics`)).text(), "artesian_journal_up")).toBe(1);
});

test("a port that is taken is told, with what to do", async () => {
  const { url } = await startServer();
  const taken = new URL(url).port;
  const run = start(["serve", "--port", "0", "--anonymous", "--anonymous-publish", "--admin-port", taken]);
  await run.waitFor("stderr", new RegExp(`Port ${taken} on 127\\.0\\.0\\.1 is in use.*--admin-port`));
  expect(await run.exit).not.toBe(0);
});
