import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../support/server.ts";
import { RedisServer } from "../support/redis-server.ts";
import { openStream } from "../support/stream.ts";
import { type Answer, type RunningServer, send, startServer } from "./command.ts";
import { FORM, openAtEach, openLineToEach, startPool, TWO } from "./worker-pool.ts";
import { childrenOf } from "./worker-processes.ts";

const MEMORY = ["--journal", "memory"];
const PASS = { status: "pass" };
const WELL = { status: "pass", checks: { journal: PASS, keys: PASS, drain: PASS } };
/** Longer than any test: only a signal ends it. */
const LONG = ["--lame-duck", "1h"];

const parsed = ({ status, body }: Answer): unknown => [status, JSON.parse(body)];
const ready = async ({ url }: RunningServer): Promise<unknown> => parsed(await send(`${url}/health/ready`));
const post = (hub: string): Promise<Answer> => send(hub, { method: "POST", headers: FORM }, "topic=a&data=b");

describe("health", () => {
  test("is asked for at three addresses, with GET or HEAD", async () => {
    const server = await startServer(MEMORY);
    const live = await send(`${server.url}/health/live?x`);
    expect(parsed(live)).toEqual([200, PASS]);
    expect(live.headers).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
    expect(await ready(server)).toEqual([200, WELL]);
    expect(await send(`${server.url}/health`)).toMatchObject({ status: 200, body: "ok\n" });
    for (const path of ["/health", "/health/live", "/health/ready"]) {
      expect(await send(server.url + path, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
      expect(await send(server.url + path, { method: "POST" })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
    expect((await send(`${server.url}/health/other`)).status).toBe(404);
  });

  test("needs no Host that the server knows, nor any", async () => {
    const { url } = await startServer(MEMORY);
    for (const path of ["/health", "/health/live", "/health/ready"]) {
      for (const host of ["10.1.2.3", "10.1.2.3:3000", "hub.internal"])
        expect(await send(url + path, { headers: { host } }), `${path} of ${host}`).toMatchObject({ status: 200 });
      // As HAProxy asks by default.
      const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
      let answer = "";
      socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
      socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
      await once(socket, "close");
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(await send(url, { headers: { host: "10.1.2.3" } })).toMatchObject({ status: 421 });
  });

  test("names the issuer whose keys are missing, and is live", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    let isUp = false;
    const origin = await listen(
      createServer((_req, res) => {
        if (isUp) res.end(JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }));
        else res.writeHead(503).end();
      }),
    );
    const issuer = "https://issuer.example";
    const server = await startServer([...MEMORY, "--issuer", issuer, "--jwt-alg", "EdDSA", "--jwt-key", `${origin}/jwks`]);
    const missing = { status: "fail", detail: `waiting for the JWK set of ${issuer}` };
    expect(await ready(server)).toEqual([503, { status: "fail", checks: { ...WELL.checks, keys: missing } }]);
    expect((await send(`${server.url}/health/live`)).status).toBe(200);
    // Before the first fetch has failed, the set would not be available "again".
    await server.run.waitFor("stderr", /The issuer's JWK set cannot be fetched/);
    isUp = true;
    await server.run.waitFor("stderr", /The issuer's JWK set is available again/);
    expect(await ready(server)).toEqual([200, WELL]);
  });

  test("names the journal while its engine is away; subscribers are still sent here", async () => {
    const redis = await RedisServer.start();
    const server = await startServer(["--journal", redis.url]);
    expect(await ready(server)).toEqual([200, WELL]);
    await redis.kill();
    const down = { status: "fail", detail: "The journal cannot be reached." };
    await expect.poll(() => ready(server)).toEqual([503, { status: "fail", checks: { ...WELL.checks, journal: down } }]);
    for (const path of ["/health", "/health/live"]) expect((await send(server.url + path)).status).toBe(200);
    await redis.restart();
    await expect.poll(() => ready(server), { timeout: 30_000 }).toEqual([200, WELL]);
  });

  test("names a journal that is full", async () => {
    const redis = await RedisServer.start();
    const server = await startServer(["--journal", redis.url]);
    await redis.run("CONFIG", "SET", "maxmemory", "1");
    const full = { status: "fail", detail: "The journal's disk is full." };
    await expect.poll(() => ready(server)).toEqual([503, { status: "fail", checks: { ...WELL.checks, journal: full } }]);
  });
});

describe("a lame duck", () => {
  const LAME = [503, { status: "fail", checks: { ...WELL.checks, drain: { status: "fail", detail: "The hub is shutting down." } } }];

  test("says that it is not ready, and serves new connections, until a second signal", async () => {
    const server = await startServer([...MEMORY, ...LONG]);
    const { run, url, hub } = server;
    run.child.kill("SIGTERM");
    await run.waitFor("stderr", /"lameDuckMs":3600000/);
    expect(await ready(server)).toEqual(LAME);
    expect(await send(`${url}/health`)).toMatchObject({ status: 503, body: "draining\n" });
    expect((await send(`${url}/health/live`)).status).toBe(200);
    const stream = await openStream(`${hub}?match=a`);
    expect((await post(hub)).status).toBe(200);
    expect((await stream.next()).data).toBe("b");
    expect(run.stderr).not.toContain('"draining"');
    // Two signals that come close together are one, as of a terminal and of npm.
    const pressing = setInterval(() => run.child.kill("SIGTERM"), 100);
    onTestFinished(() => clearInterval(pressing));
    await run.waitFor("stderr", /"draining"/);
    clearInterval(pressing);
    await stream.ended;
    expect(await run.exit).toBe(0);
  });

  test("drains when its time is over", async () => {
    const { run } = await startServer([...MEMORY, "--lame-duck", "50ms"]);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    expect(run.stderr).toMatch(/"lameDuckMs":50,[^]*"draining"[^]*"stopped"/);
  });

  test.each([
    ["behind a proxy that is trusted", ["--trusted-proxies", "10.0.0.0/8"]],
    ["on a host that others reach", ["--host", "0.0.0.0"]],
  ])("is what a server is by default %s", async (_, flags) => {
    const { run } = await startServer([...MEMORY, ...flags]);
    run.child.kill("SIGTERM");
    await run.waitFor("stderr", /"lameDuckMs":3000/);
  });

  test.each([
    ["serve on the loopback address", "serve", []],
    ["the demo", "demo", ["--trusted-proxies", "10.0.0.0/8"]],
  ] as const)("is not what %s is by default", async (_, command, flags) => {
    const { run } = await startServer([...MEMORY, ...flags], {}, command);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    expect(run.stderr).not.toContain("lameDuckMs");
  });

  test("is every worker, and whichever takes a worker's place", async () => {
    const pool = await startPool([...TWO, ...LONG]);
    const lines = await openLineToEach(pool);
    const asked = async (): Promise<unknown[]> => Promise.all(lines.map(async (line) => parsed(await line.send("/health/ready"))));
    expect(await asked()).toEqual([
      [200, WELL],
      [200, WELL],
    ]);
    const [first, second] = pool.workers();
    // As a service manager does, which signals all processes of a service.
    for (const pid of [first, second, pool.run.child.pid]) process.kill(pid as number, "SIGTERM");
    await pool.run.waitFor("stderr", /"lameDuckMs":3600000/);
    await expect.poll(asked).toEqual([LAME, LAME]);
    const streams = await openAtEach(pool, `${pool.hub}?match=a`);
    process.kill(first as number, "SIGKILL");
    await pool.run.waitFor("stderr", /"a worker listens"/);
    const replacing = await openLineToEach(pool);
    for (const line of replacing) await expect.poll(async () => parsed(await line.send("/health/ready"))).toEqual(LAME);
    expect((await post(pool.hub)).status).toBe(200);
    const kept = streams.find(({ worker }) => worker === second);
    expect((await kept?.next())?.data).toBe("b");
    expect(childrenOf(pool.run.child.pid ?? 0)).toContain(second);
    pool.run.child.kill("SIGTERM");
    await kept?.ended;
    expect(await pool.run.exit).toBe(0);
  });
});
