import { createHash, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { Agent, createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { mintToken } from "artesian/http";
import { ClientError, publish, subscribe } from "../../packages/client/src/index.ts";
import { unreadable } from "../../packages/hub/src/cli/config/load.ts";
import { openStream } from "../support/stream.ts";
import { messagesIn, runToEnd, send, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const FORM = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };
const OPEN = ["--anonymous", "--anonymous-publish"];
const MEMORY = ["--journal", "memory"];

/** Sends the start of a publish, and leaves the rest out: a request that is under way. */
async function halfPublish(url: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  await new Promise<void>((resolve) => {
    socket.write(`POST /events/stream HTTP/1.1\r\nHost: ${host}\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n`, () => resolve());
  });
  // "100 Continue": the server has the request.
  await once(socket, "data");
  return socket;
}

describe("what serve answers", () => {
  test("the page says what runs here, and lets nothing else in", async () => {
    const { run, url } = await startServer(MEMORY);
    expect(run.stdout).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    const page = await send(url);
    expect(page.status).toBe(200);
    expect(page.body).toContain(`curl -d topic=greeting -d &#39;data=Hello, world!&#39; ${url}/events/stream`.replaceAll("&#39;", "'"));
    const style = /<style>(.*)<\/style>/s.exec(page.body)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(page.headers["content-security-policy"]).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
    expect(page.body).not.toMatch(/<script|style=/);
    expect((await send(url, { method: "HEAD" })).body).toBe("");
    expect(await send(url, { method: "POST" })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    const missing = await send(`${url}/nowhere`);
    expect(missing.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(missing.body)).toMatchObject({ status: 404, code: "not_found" });
    expect(await send(`${url}/health?x`)).toMatchObject({ status: 200, body: "ok\n" });
  });

  test("the page shows the public URL, and never a Host that is markup", async () => {
    const { url } = await startServer([...MEMORY, "--public-url", "https://events.example.com"]);
    expect((await send(url)).body).toContain("https://events.example.com/events/stream");
    const open = await startServer([...MEMORY, "--host", "0.0.0.0"]);
    const local = open.url.replace("0.0.0.0", "127.0.0.1");
    expect((await send(local, { headers: { host: '"><script>' } })).body).not.toContain("<script>");
    expect((await send(local, { headers: { host: "hub.lan:8080" } })).body).toContain("http://hub.lan:8080/events/stream");
  });

  test("an update goes from curl to a subscriber", async () => {
    const { url, hub } = await startServer(MEMORY);
    const events = subscribe(`${url}/.well-known/mercure`, { match: "greeting", lastEventId: "earliest" });
    const answer = await send(hub, FORM, "topic=greeting&data=Hello%2C+world!");
    expect(answer.status).toBe(200);
    for await (const event of events) {
      expect(event).toEqual({ id: answer.body, type: "message", data: "Hello, world!" });
      break;
    }
  });

  test("a foreign host or page is refused on the loopback", async () => {
    const { url, hub } = await startServer([...MEMORY, "--public-url", "https://events.example.com"]);
    const { port } = new URL(url);
    for (const host of ["evil.example", "localhost.evil.example", `evil.example:${port}`]) {
      expect(await send(url, { headers: { host } }), host).toMatchObject({ status: 421 });
    }
    for (const host of [`localhost:${port}`, "localhost", `127.0.0.1:${port}`, "[::1]:1", "events.example.com"]) {
      expect(await send(`${url}/health`, { headers: { host } }), host).toMatchObject({ status: 200 });
    }
    const foreign = await send(hub, { method: "POST", headers: { ...FORM.headers, origin: "https://evil.example" } }, "topic=a");
    expect(foreign.status).toBe(403);
    const own = await send(hub, { method: "POST", headers: { ...FORM.headers, origin: url } }, "topic=a");
    expect(own.status).toBe(200);
  });

  test("/health is 503 until the JWK set of each issuer was there once, and says whose is missing", async () => {
    let isUp = false;
    const { publicKey } = generateKeyPairSync("ed25519");
    const keys = createServer((_req, res) => {
      if (isUp) res.end(JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] }));
      else res.writeHead(503).end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void keys.close());
    await once(keys, "listening");
    const jwks = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks`;
    const { run, url } = await startServer([...MEMORY, "--issuer", "https://issuer.example", "--jwt-alg", "EdDSA", "--jwt-key", jwks]);
    const health = async (): Promise<unknown> => {
      const { status, body } = await send(`${url}/health`);
      return [status, body];
    };
    expect(await health()).toEqual([503, "waiting for the JWK set of https://issuer.example\n"]);
    await run.waitFor("stderr", /"level":40,.*The issuer's JWK set cannot be fetched/);
    isUp = true;
    await run.waitFor("stderr", /The issuer's JWK set is available again/);
    expect(await health()).toEqual([200, "ok\n"]);
    isUp = false;
    expect(await health()).toEqual([200, "ok\n"]);
  });

  test("a clock may differ by --token-leeway", async () => {
    const cwd = temporaryDirectory();
    const secret = "x".repeat(32);
    const issuer = "https://issuer.example";
    const hub = "https://hub.example/.well-known/mercure";
    const flags = ["--issuer", issuer, "--jwt-key", secret, "--resource-identifier", hub];
    const key = { secret, algorithm: "HS256" } as const;
    const token = await mintToken({
      key,
      issuer,
      audience: hub,
      subject: "someone",
      publish: [{ type: "exact", pattern: "a" }],
      lifetimeSeconds: 1,
    });
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString()) as { exp: number };
    await expect.poll(() => Date.now() / 1000 >= exp).toBe(true);
    const inspect = (leeway: string): Promise<{ code: unknown; stdout: string }> =>
      runToEnd(["token", "inspect", token, "--for", "publish", ...flags, "--token-leeway", leeway], { cwd });
    expect(await inspect("1m")).toMatchObject({ code: 0 });
    expect(await inspect("0")).toMatchObject({ code: 1, stdout: expect.stringMatching(/refused +exp/) });
    const lenient = await startServer([...MEMORY, ...flags, "--token-leeway", "1m"], { tokens: true });
    const strict = await startServer([...MEMORY, ...flags, "--token-leeway", "0s"], { tokens: true });
    const publish = async ({ hub: at }: { hub: string }): Promise<unknown> =>
      (await send(at, { method: "POST", headers: { ...FORM.headers, authorization: `Bearer ${token}` } }, "topic=a")).status;
    expect([await publish(lenient), await publish(strict)]).toEqual([200, 401]);
    await strict.run.waitFor("stderr", /"level":40,.*"claim":"exp",.*"tokenTime":"[^"]+Z","hubTime":"[^"]+Z","leewayMs":0/);
    expect((await runToEnd(["serve", "--token-leeway", "6m"])).stderr).toContain("a duration from 0ms to 5m");
  });

  test("oversized header fields are refused", async () => {
    const { url } = await startServer(MEMORY);
    expect((await send(url, { headers: { "x-large": "x".repeat(17_000) } })).status).toBe(431);
  });
});

describe("where serve runs", () => {
  test("without a key it does not start, and says the command that makes one", async () => {
    const cwd = temporaryDirectory();
    for (const flags of [["--host", "0.0.0.0"], [], ["--anonymous"]]) {
      const refused = await runToEnd(["serve", "--port", "0", "--data", "./my data", ...flags], { cwd });
      expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: "" });
      expect(messagesIn(refused.stderr)).toContain("artesian keys create --data './my data'\n");
      expect(refused.stderr).toContain("--anonymous-publish --anonymous");
    }
    expect(existsSync(join(cwd, "my data"))).toBe(false);
  });

  test("others may publish without a token only by agreement, and the log warns of it", async () => {
    const { run, url } = await startServer([...MEMORY, "--host", "0.0.0.0"]);
    const local = url.replace("0.0.0.0", "127.0.0.1");
    await run.waitFor(
      "stderr",
      /"level":40,.*everyone who reaches 0\.0\.0\.0 may publish .* web pages which such people open may publish too/,
    );
    expect((await send(`${local}/events/stream`, { ...FORM, headers: { ...FORM.headers, host: "hub.lan" } }, "topic=a")).status).toBe(200);
    const quiet = await startServer(MEMORY);
    await quiet.run.waitFor("stderr", /"listening"/);
    quiet.run.child.kill("SIGTERM");
    await quiet.run.exit;
    expect(quiet.run.stderr).not.toContain('"level":40');
  });

  test("the log's line of the start says version, retention and issuers", async () => {
    const cwd = temporaryDirectory();
    expect((await runToEnd(["keys", "create"], { cwd })).code).toBe(0);
    const { issuer } = JSON.parse(readFileSync(join(cwd, "data/keys.json"), "utf8")) as { issuer: string };
    const { run, url } = await startServer([...MEMORY, "--retention-age", "1h", "--retention-count", "none"], { cwd, tokens: true });
    const [line] = await run.waitFor("stderr", /^.*"listening".*$/m);
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
    expect(JSON.parse(line)).toMatchObject({
      version,
      retention: { maxAgeMs: 3_600_000, maxBytes: 64 * 2 ** 20 },
      issuers: [issuer],
      audience: `${url}/.well-known/mercure`,
    });
  });

  test("on an address that others reach without a public URL, the log says which audience tokens must have", async () => {
    const cwd = temporaryDirectory();
    expect((await runToEnd(["keys", "create"], { cwd })).code).toBe(0);
    const { run, url } = await startServer([...MEMORY, "--host", "0.0.0.0"], { cwd, tokens: true });
    const [line] = await run.waitFor("stderr", /^.*"level":40.*--public-url.*$/m);
    expect((JSON.parse(line) as { msg: string }).msg).toContain(`audience ${url}/.well-known/mercure;`);
    for (const args of [
      ["--host", "0.0.0.0", "--public-url", "https://hub.example"],
      ["--host", "127.0.0.1"],
    ]) {
      const told = await startServer([...MEMORY, ...args], { cwd, tokens: true });
      await told.run.waitFor("stderr", /"listening"/);
      told.run.child.kill("SIGTERM");
      await told.run.exit;
      expect(told.run.stderr).not.toContain('"level":40');
    }
  });

  test("a variable that is misspelt is warned of, also if the hub does not start", async () => {
    const env = { ARTESIAN_RETENTION_AG: "1h", ARTESIAN_SERVICE_HOST: "10.0.0.1" };
    const { run } = await startServer(MEMORY, { env });
    const [line] = await run.waitFor("stderr", /^.*"level":40.*$/m);
    expect(JSON.parse(line)).toMatchObject({ variable: "ARTESIAN_RETENTION_AG", msg: expect.stringContaining("ARTESIAN_RETENTION_AGE.") });
    const refused = await runToEnd(["serve"], { env: { ARTESIAN_JWT_KYE: "secret-of-the-hub" } });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("Write ARTESIAN_JWT_KEY.");
    expect(refused.stderr).not.toContain("secret-of-the-hub");
    const wrong = await runToEnd(["serve", "--port", "http"], { env });
    expect(messagesIn(wrong.stderr)).toMatch(/Write ARTESIAN_RETENTION_AGE\.\n--port: /);
  });

  test("keys that can't be looked for are not taken for none", async () => {
    const cwd = temporaryDirectory();
    symlinkSync("loop", join(cwd, "loop"));
    const refused = await runToEnd(["serve", "--data", "loop"], { cwd });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("loop/keys.json: the file cannot be read (ELOOP)") });
    expect(unreadable(Object.assign(new Error(), { code: "EACCES" }))).toMatch(/^permission denied/);
  });

  test("behind a trusted proxy the limit and the log go by the client's address", async () => {
    const { run, hub } = await startServer([...MEMORY, "--trusted-proxies", "127.0.0.1,::1", "--max-connections-per-address", "1"]);
    const through = (address: string): RequestInit => ({ headers: { "X-Forwarded-For": address } });
    await openStream(hub, through("203.0.113.7"));
    await openStream(hub, through("198.51.100.1, 203.0.113.8"));
    const refused = await fetch(hub, through("198.51.100.2, 203.0.113.8"));
    expect(refused.status).toBe(429);
    await refused.body?.cancel();
    const [line] = await run.waitFor("stderr", /^.*"too_many_connections".*$/m);
    expect(JSON.parse(line)).toMatchObject({ address: "203.0.113.8", status: 429 });
  });

  test("a name is as good as its address", async () => {
    const { url } = await startServer([...MEMORY, "--host", "localhost"]);
    expect(url).toMatch(/^http:\/\/localhost:\d+$/);
    expect((await send(`${url}/health`)).status).toBe(200);
    const nowhere = await runToEnd(["serve", ...OPEN, "--host", "nowhere.invalid"]);
    expect(nowhere.code).toBe(1);
    expect(messagesIn(nowhere.stderr)).toContain('"nowhere.invalid"');
  });

  test("a port in use is named", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { code, stderr, stdout } = await runToEnd(["serve", ...OPEN, "--port", String(port)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(messagesIn(stderr)).toMatch(new RegExp(`^Port ${port} .* is in use.*--port 0`));
  });

  test("a directory that can't be written is named", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "file"), "");
    const { code, stderr } = await runToEnd(["serve", ...OPEN, "--port", "0", "--data", "file/data"], { cwd });
    expect(code).toBe(1);
    expect(messagesIn(stderr)).toMatch(/^The directory .*file\/data\/journal cannot be written/);
  });

  test("nothing is written to disk with --journal memory", async () => {
    const cwd = temporaryDirectory();
    await startServer(MEMORY, { cwd });
    expect(existsSync(join(cwd, "data"))).toBe(false);
    await startServer([], { cwd });
    expect(existsSync(join(cwd, "data", "journal"))).toBe(true);
  });

  test("the log is JSON on stderr, by its level", async () => {
    const { run } = await startServer(MEMORY);
    await run.waitFor("stderr", /\n/);
    run.child.kill("SIGTERM");
    await run.exit;
    const lines = run.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map((line) => line.msg)).toEqual(["listening", "draining", "stopped"]);
    const silent = await startServer([...MEMORY, "--log-level", "warn"]);
    silent.run.child.kill("SIGTERM");
    expect(await silent.run.exit).toBe(0);
    expect(silent.run.stderr).toBe("");
  });
});

describe("how serve stops", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s tells subscribers, and ends well", async (signal) => {
    const { run, hub } = await startServer(MEMORY);
    const response = await fetch(hub);
    run.child.kill(signal);
    expect(await response.text()).toContain("event: hub:drain\n");
    expect(await run.exit).toBe(0);
  });

  test("SIGHUP stops neither a hub nor its streams, and is logged", async () => {
    const { run, hub } = await startServer(MEMORY);
    const stream = await openStream(`${hub}?match=a`);
    for (let i = 0; i < 2; i++) run.child.kill("SIGHUP");
    await run.waitFor("stderr", /SIGHUP: settings and keys are as before/);
    await publish(hub, { topic: "a", data: "still here" });
    expect((await stream.next()).data).toBe("still here");
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
  });

  test("SIGHUP stops the demo: its terminal was closed", async () => {
    const { run } = await startServer(MEMORY, {}, "demo");
    run.child.kill("SIGHUP");
    expect(await run.exit).toBe(0);
  });

  test("what was acknowledged is there after the restart, once", async () => {
    const cwd = temporaryDirectory();
    const first = await startServer([], { cwd });
    const acknowledged: string[] = [];
    const publishing = Array.from({ length: 4 }, async () => {
      for (let i = 0; ; i++) {
        try {
          acknowledged.push(await publish(first.hub, { topic: "a", data: String(i) }));
        } catch (error) {
          if (error instanceof ClientError) return;
          throw error;
        }
        if (acknowledged.length === 200) first.run.child.kill("SIGTERM");
      }
    });
    await Promise.all(publishing);
    expect(await first.run.exit).toBe(0);
    const second = await startServer([], { cwd });
    const held: string[] = [];
    const last = await publish(second.hub, { topic: "a", data: "last" });
    for await (const event of subscribe(second.hub, { lastEventId: "earliest" })) {
      held.push(event.id ?? "");
      if (event.id === last) break;
    }
    expect(new Set(held).size).toBe(held.length);
    expect(acknowledged.filter((id) => !held.includes(id))).toEqual([]);
  });

  test("a request that does not end is cut at the bound", async () => {
    const { run, url } = await startServer([...MEMORY, "--drain", "200ms"]);
    const socket = await halfPublish(url);
    const closed = once(socket, "close");
    run.child.kill("SIGTERM");
    await closed;
    expect(await run.exit).toBe(0);
  });

  test("what is under way is answered, and then no more", async () => {
    const { run, url } = await startServer([...MEMORY, "--drain", "30s"]);
    const socket = await halfPublish(url);
    run.child.kill("SIGTERM");
    await run.waitFor("stderr", /"draining"/);
    let answers = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answers += text));
    socket.write(`topic=aGET /health HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`);
    await once(socket, "close");
    expect(answers).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 503 .*\r\n\r\ndraining\n$/s);
    expect(await run.exit).toBe(0);
    await expect(fetch(url)).rejects.toThrow(TypeError);
  });

  test("a publish that comes after the wait for quiet is taken", async () => {
    const cwd = temporaryDirectory();
    const { run, url, hub } = await startServer(["--drain", "20s"], { cwd });
    const stream = await openStream(hub);
    const socket = await halfPublish(url);
    run.child.kill("SIGTERM");
    await stream.ended;
    // The longest wait for quiet is 2 s.
    await sleep(3000);
    socket.write("topic=a");
    let answer = "";
    for await (const part of socket) answer += String(part);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await run.exit).toBe(0);
    const second = await startServer([], { cwd });
    const again = await openStream(`${second.hub}?lastEventID=earliest`);
    expect((await again.next()).id).toBe(answer.trimEnd().split("\r\n").at(-1));
  });

  test("who keeps a connection is answered, and sent away with the answer", async () => {
    const { run, url } = await startServer([...MEMORY, "--drain", "30s"]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const post = () => send(`${url}/events/stream`, { agent, ...FORM }, "topic=a&data=b");
    expect((await post()).status).toBe(200);
    run.child.kill("SIGTERM");
    await run.waitFor("stderr", /"draining"/);
    // One after the other on one connection, until an answer says that it is the last.
    let last = await post();
    while (last.headers.connection !== "close") {
      expect(last.status).toBe(200);
      last = await post();
    }
    expect(last.status).toBe(200);
    await expect(post()).rejects.toThrow("ECONNREFUSED");
    expect(await run.exit).toBe(0);
  });

  test("a connection that a pool kept aside is answered, too", async () => {
    const { run, url } = await startServer([...MEMORY, "--drain", "30s"]);
    const used = new Agent({ keepAlive: true, maxSockets: 1 });
    const aside = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => {
      used.destroy();
      aside.destroy();
    });
    const post = (agent: Agent) => send(`${url}/events/stream`, { agent, ...FORM }, "topic=a&data=b");
    for (const agent of [used, aside]) expect((await post(agent)).status).toBe(200);
    run.child.kill("SIGTERM");
    await run.waitFor("stderr", /"draining"/);
    while ((await post(used)).headers.connection !== "close");
    // A pool takes the connections that it used last.
    await sleep(650);
    const { status, headers } = await post(aside);
    expect([status, headers.connection]).toEqual([200, "close"]);
    expect(await run.exit).toBe(0);
  });

  test("a second Ctrl-C ends it at once", async () => {
    const { run, url } = await startServer([...MEMORY, "--drain", "1h"]);
    await halfPublish(url);
    run.child.kill("SIGINT");
    await run.waitFor("stderr", /"draining"/);
    // Two that come close together count as one, so the impatient press it until it ends.
    const pressing = setInterval(() => run.child.kill("SIGINT"), 50);
    onTestFinished(() => clearInterval(pressing));
    expect(await run.exit).toBe(130);
  });
});
