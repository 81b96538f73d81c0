import { describe, expect, test } from "vitest";
import { send, startServer, temporaryDirectory } from "./command.ts";

describe("demo", () => {
  test("serves the pages, the chat and the hub on one port", async () => {
    const { url, hub, run } = await startServer(["--bot", "none", "--journal", "memory"], {}, "demo");
    const page = await send(url);
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toContain("text/html");
    expect(page.headers["content-security-policy"]).toContain("default-src 'self'");
    const state = await send(`${url}/chat/lobby/state`);
    expect(state.status).toBe(200);
    expect(state.headers["content-type"]).toContain("application/json");
    const published = await send(hub, { method: "POST", headers: { "content-type": "application/json" } }, '{"topic":"greeting"}');
    expect(published.status).toBe(200);
    expect((await send(`${url}/health`)).body).toBe("ok\n");
    expect((await send(`${url}/nowhere`)).status).toBe(404);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
  });

  test("answers to no foreign host or page", async () => {
    const { url } = await startServer(["--bot", "none", "--journal", "memory"], {}, "demo");
    expect((await send(url, { headers: { host: "evil.example" } })).status).toBe(421);
    const message = { method: "POST", headers: { origin: "https://evil.example", "content-type": "application/json" } };
    expect((await send(`${url}/chat/lobby/messages`, message, "{}")).status).toBe(403);
  });

  test("what was said is there after a restart", async () => {
    const cwd = temporaryDirectory();
    const first = await startServer(["--bot", "none"], { cwd }, "demo");
    const message = { id: "message-1", visitor: "visitor-1234567890", nickname: "Ada", text: "Hello, room!" };
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    expect((await send(`${first.url}/chat/lobby/messages`, post, JSON.stringify(message))).status).toBeLessThan(300);
    first.run.child.kill("SIGTERM");
    expect(await first.run.exit).toBe(0);
    const second = await startServer(["--bot", "none"], { cwd }, "demo");
    expect((await send(`${second.url}/chat/lobby/state`)).body).toContain("Hello, room!");
  });
});
