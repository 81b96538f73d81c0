import { createServer } from "node:http";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listen } from "../support/server.ts";
import { runToEnd, send, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { freePort } from "../support/free-port.ts";

/** A visitor's access to the lobby. */
async function askToken(url: string): Promise<{ authorization: string }> {
  const answer = await send(`${url}/chat/lobby/token`, { method: "POST", headers: { "content-type": "application/json" } }, "{}");
  const { token } = JSON.parse(answer.body) as { token: string };
  return { authorization: `Bearer ${token}` };
}

describe("demo", () => {
  test("serves the pages, the chat and the hub on one port", async () => {
    const { url, hub, run } = await startServer(["--bot", "none", "--journal", "memory"], {}, "demo");
    const page = await send(url);
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toContain("text/html");
    expect(page.headers["content-security-policy"]).toContain("default-src 'self'");
    expect((await send(`${url}/chat/lobby/state`)).status).toBe(401);
    const state = await send(`${url}/chat/lobby/state`, { headers: await askToken(url) });
    expect(state.status).toBe(200);
    expect(state.headers["content-type"]).toContain("application/json");
    const published = await send(hub, { method: "POST", headers: { "content-type": "application/json" } }, '{"topic":"greeting"}');
    expect(published.status).toBe(200);
    expect((await send(`${url}/health`)).body).toBe("ok\n");
    expect((await send(`${url}/nowhere`)).status).toBe(404);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
  });

  test("serves every app, each on what nobody else may publish to", async () => {
    const { url, hub } = await startServer(["--bot", "none", "--journal", "memory"], {}, "demo");
    for (const path of ["/stocks", "/news", "/console"]) {
      const page = await send(url + path);
      expect([path, page.status, page.headers["content-type"]]).toEqual([path, 200, expect.stringContaining("text/html")]);
    }
    const board = JSON.parse((await send(`${url}/stocks/api/board`)).body) as { quotes?: unknown[]; simulated?: boolean };
    expect(JSON.stringify(board)).toContain("AMBRS");
    await expect.poll(async () => (await send(`${url}/news/api/feeds`)).body).toContain("Sample feed");
    expect((await send(`${url}/console/api/about`)).status).toBe(200);
    for (const topic of ["/chat/lobby", "/quotes/AMBRS", "/news/town", "/console/stats"]) {
      const forged = await send(hub, { method: "POST", headers: { "content-type": "application/json" } }, JSON.stringify({ topic }));
      expect([topic, forged.status, forged.body]).toEqual([topic, 400, expect.stringContaining("reserved_topic")]);
    }
  });

  test("outlives bodies beyond an app's bound, whose length nobody announced", async () => {
    const { url, run } = await startServer(["--bot", "none", "--journal", "memory"], {}, "demo");
    const headers = { ...(await askToken(url)), "content-type": "application/json", "transfer-encoding": "chunked" };
    for (const path of ["/news/api/feeds", "/chat/lobby/messages", "/demo/server/kill", "/nowhere"]) {
      // The server may end the connection before it has read all.
      const answer = await send(url + path, { method: "POST", headers }, "a".repeat(300_000)).catch(() => undefined);
      expect([path, (answer?.status ?? 413) >= 400 && (answer?.status ?? 413) < 500]).toEqual([path, true]);
      expect((await send(`${url}/health`)).body).toBe("ok\n");
    }
    expect(run.child.exitCode).toBe(null);
  });

  test.each([
    ["--quotes", "gold"],
    ["--feed", "ftp://example.com/feed"],
    ["--bot", "parrot"],
  ])("says what is wrong with %s %s", async (flag, value) => {
    const { code, stderr } = await runToEnd(["demo", "--journal", "memory", flag, value]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(flag)]);
  });

  test("sends no path of a file to a bot as its key", async () => {
    const options = { env: { ARTESIAN_BOT_KEY: "/run/secrets/bot-key" } };
    const { code, stderr } = await runToEnd(["demo", "--journal", "memory", "--bot", "webhook:http://127.0.0.1:9/reply"], options);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/ARTESIAN_BOT_KEY: .*path of a file/)]);
    expect(stderr).not.toContain("/run/secrets");
  });

  test("gives the bot's first token the time of --bot-first-token, and logs why there is no answer", async () => {
    const model = await listen(createServer((req) => req.resume()));
    const flags = ["--bot", `openai:${model}#m`, "--bot-first-token", "1s", "--journal", "memory"];
    const { url, run } = await startServer(flags, {}, "demo");
    const headers = { ...(await askToken(url)), "content-type": "application/json" };
    const message = JSON.stringify({ id: "question-1", nickname: "Ada", text: "@artie how deep is it?" });
    expect((await send(`${url}/chat/lobby/messages`, { method: "POST", headers }, message)).status).toBe(201);
    await expect.poll(async () => (await send(`${url}/chat/lobby/state`, { headers })).body).toContain("could not think");
    expect(run.stderr).toContain("The first part did not come within 1000 ms.");
  });

  test("answers to no foreign host or page", async () => {
    const { url } = await startServer(["--bot", "none", "--journal", "memory"], {}, "demo");
    expect((await send(url, { headers: { host: "evil.example" } })).status).toBe(421);
    const message = { method: "POST", headers: { origin: "https://evil.example", "content-type": "application/json" } };
    expect((await send(`${url}/chat/lobby/messages`, message, "{}")).status).toBe(403);
  });

  test("what was said is there after a restart", async () => {
    const cwd = temporaryDirectory();
    const flags = ["--bot", "none", "--port", String(await freePort())];
    const first = await startServer(flags, { cwd }, "demo");
    const message = { id: "message-1", nickname: "Ada", text: "Hello, room!" };
    const headers = await askToken(first.url);
    const post = { method: "POST", headers: { ...headers, "content-type": "application/json" } };
    expect((await send(`${first.url}/chat/lobby/messages`, post, JSON.stringify(message))).status).toBeLessThan(300);
    const key = join(cwd, "data/chat-keys.json");
    expect(statSync(key).mode & 0o777).toBe(0o600);
    first.run.child.kill("SIGTERM");
    expect(await first.run.exit).toBe(0);
    const second = await startServer(flags, { cwd }, "demo");
    // With the token from before: a restart does not end the pages' access.
    expect((await send(`${second.url}/chat/lobby/state`, { headers })).body).toContain("Hello, room!");
    second.run.child.kill("SIGTERM");
    await second.run.exit;
    writeFileSync(key, "{}");
    const { code, stderr } = await runToEnd(["demo", "--bot", "none"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(`${key} is not a JWK set`);
  });

  test("keeps the owner's link in a file of this user, and only its path in the log", async () => {
    const data = temporaryDirectory();
    const file = join(data, "chat-owner.url");
    writeFileSync(file, "of an earlier start", { mode: 0o644 });
    const { url, run } = await startServer(["--bot", "none", "--data", data], {}, "demo");
    await run.waitFor("stderr", /the link that moderates the chat is in \S+chat-owner\.url/);
    expect(run.stderr).toContain(file);
    const link = readFileSync(file, "utf8").trimEnd();
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/chat\/lobby#owner=[\w-]{22}$/);
    expect(link.startsWith(`${url}/`)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(data).filter((name) => name.startsWith("chat-owner"))).toEqual(["chat-owner.url"]);
    const secret = link.slice(link.indexOf("=") + 1);
    expect(run.stdout + run.stderr).not.toContain(secret);
    const headers = { ...(await askToken(url)), "content-type": "application/json", "chat-owner": secret };
    const moderated = await send(`${url}/chat/lobby/moderation`, { method: "POST", headers }, '{"remove":"message-1"}');
    expect(moderated.body).not.toContain("not_owner");
  });

  test("keeps no key of the chat when it keeps no updates, and lets nobody publish in a room", async () => {
    const cwd = temporaryDirectory();
    const { url, hub } = await startServer(["--bot", "none", "--journal", "memory"], { cwd }, "demo");
    const update = { method: "POST", headers: { "content-type": "application/json" } };
    const refused = await send(hub, update, '{"topic":"/chat/lobby","type":"chat"}');
    expect([refused.status, refused.body]).toEqual([400, expect.stringContaining("reserved_topic")]);
    const watching = await fetch(`${hub}?match=/chat/lobby`, { headers: await askToken(url) });
    expect(watching.status).toBe(200);
    await watching.body?.cancel();
    expect(existsSync(join(cwd, "data"))).toBe(false);
  });
});
