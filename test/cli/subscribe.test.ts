import { describe, expect, test } from "vitest";
import { publish } from "../../packages/client/src/index.ts";
import { answer, scripted } from "../client/server.ts";
import { runToEnd, start, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { freePort } from "../support/free-port.ts";

const FAST_RETRY = ["--retry-min", "100ms", "--retry-max", "100ms"];

describe("output", () => {
  test("the data of the topics that were asked for", async () => {
    const { hub } = await startServer(["--journal", "memory"]);
    const updates = ["/books/1", "b", "c", "/books/2", "b"].map((topic, i) => ({ topic, data: `${i}` }));
    await publish(hub, updates);
    const { code, stdout, stderr } = await runToEnd([
      "subscribe",
      "b",
      "--urlpattern",
      "/books/:id",
      "--earliest",
      "--count",
      "4",
      "--url",
      hub,
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "0\n1\n3\n4\n" });
    expect(stderr).toMatch(/^connected\nlast event id: \S+\n$/);
    const all = await runToEnd(["subscribe", "--earliest", "--count", "5", "--url", hub]);
    expect(all.stdout).toBe("0\n1\n2\n3\n4\n");
    const byUrl = await runToEnd(["subscribe", "--earliest", "--count", "1", "--url", `${hub}?match=c`]);
    expect(byUrl.stdout).toBe("2\n");
  });

  test("control characters as they are into a pipe, and shown in messages", async () => {
    const evil = "\u001b]0;OWNED\u0007\u009b2J";
    const shown = "\\u001b]0;OWNED\\u0007\\u009b2J";
    const { url } = await scripted(
      answer(200, `event: hub:gap\ndata: ${evil}\n\nid: ${evil}\ndata: a${evil}\n\n`, { "Content-Type": "text/event-stream" }),
      answer(403, JSON.stringify({ detail: evil }), { "Content-Type": "application/problem+json" }),
    );
    const first = await runToEnd(["subscribe", "--count", "1", "--url", url]);
    expect(first).toMatchObject({ code: 0, stdout: `a${evil}\n` });
    expect(first.stderr).toContain(`no longer keeps them: ${shown}\n`);
    expect(first.stderr).toContain(`last event id: ${shown}\n`);
    const refused = await runToEnd(["subscribe", "--url", url]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`error: ${shown}`);
    for (const { stderr } of [first, refused]) expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("objects with --json", async () => {
    const { hub } = await startServer(["--journal", "memory"]);
    await publish(hub, { topic: "a", data: "x\ny", id: "u-1", type: "note" });
    const { stdout } = await runToEnd(["subscribe", "--json", "--earliest", "--count", "1"], { env: { ARTESIAN_URL: hub } });
    expect(stdout).toBe('{"id":"u-1","type":"note","data":"x\\ny"}\n');
  });

  test("updates after an id", async () => {
    const { hub } = await startServer(["--journal", "memory"]);
    const ids = await publish(hub, [
      { topic: "a", data: "1" },
      { topic: "a", data: "2" },
    ]);
    const { stdout, stderr } = await runToEnd(["subscribe", "--last-event-id", ids[0] ?? "", "--count", "1", "--url", hub]);
    expect(stdout).toBe("2\n");
    expect(stderr).toContain(`last event id: ${ids[1]}\n`);
  });

  test("a snapshot of the newest, at a pace", async () => {
    const { hub } = await startServer(["--journal", "memory"]);
    await publish(
      hub,
      Array.from({ length: 20 }, (_, i) => ({ topic: `/quotes/${i % 2}`, data: `${i}` })),
    );
    const last = await runToEnd(["subscribe", "/quotes/0", "--last", "3", "--count", "3", "--url", hub]);
    expect(last.stdout).toBe("14\n16\n18\n");
    const flags = ["--urlpattern", "/quotes/:symbol", "--latest", "--last", "10", "--interval", "1s", "--count", "2", "--url", hub];
    expect((await runToEnd(["subscribe", ...flags])).stdout).toBe("18\n19\n");
    const wrong = await runToEnd(["subscribe", "--interval", "5ms", "--url", hub]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("--interval")]);
  });

  test("a gap is a warning, and an object with --json", async () => {
    const { hub } = await startServer(["--journal", "memory"]);
    await publish(hub, { topic: "a", data: "1" });
    const flags = ["subscribe", "--last-event-id", "gone", "--count", "1", "--url", hub];
    const plain = await runToEnd(flags);
    expect(plain.stdout).toBe("1\n");
    expect(plain.stderr).toMatch(/warning: updates are missing.*"requested":"gone"/);
    const json = await runToEnd([...flags, "--json"]);
    const [gap] = json.stdout.split("\n").map((line) => (line === "" ? undefined : (JSON.parse(line) as object)));
    expect(gap).toMatchObject({ id: null, type: "hub:gap" });
  });
});

describe("how it goes on", () => {
  test("by itself, when the server is killed and comes back: nothing is lost or repeated", async () => {
    const cwd = temporaryDirectory();
    const port = String(await freePort());
    const first = await startServer(["--port", port, ...FAST_RETRY], { cwd });
    const run = start(["subscribe", "--count", "300", "--url", first.hub]);
    await run.waitFor("stderr", /connected/);
    for (let i = 0; i < 150; i++) await publish(first.hub, { topic: "a", data: String(i) });
    first.run.child.kill("SIGKILL");
    await first.run.exit;
    await run.waitFor("stderr", /Trying again in/);
    const second = await startServer(["--port", port, ...FAST_RETRY], { cwd });
    for (let i = 150; i < 300; i++) await publish(second.hub, { topic: "a", data: String(i) });
    expect(await run.exit).toBe(0);
    expect(run.stdout).toBe(Array.from({ length: 300 }, (_, i) => `${i}\n`).join(""));
  });

  test("after a drain", async () => {
    const cwd = temporaryDirectory();
    const port = String(await freePort());
    const first = await startServer(["--port", port, ...FAST_RETRY], { cwd });
    const run = start(["subscribe", "--count", "1", "--url", first.hub]);
    await run.waitFor("stderr", /connected/);
    first.run.child.kill("SIGTERM");
    await run.waitFor("stderr", /The hub is shutting down\. Trying again in/);
    await first.run.exit;
    const second = await startServer(["--port", port], { cwd });
    await publish(second.hub, { topic: "a", data: "x" });
    expect(await run.exit).toBe(0);
    expect(run.stdout).toBe("x\n");
  });
});

describe("how it ends", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s: well, with the id to go on from", async (signal) => {
    const { hub } = await startServer(["--journal", "memory"]);
    const run = start(["subscribe", "--url", hub]);
    await run.waitFor("stderr", /connected/);
    const id = await publish(hub, { topic: "a", data: "x" });
    await run.waitFor("stdout", /x\n/);
    run.child.kill(signal);
    expect(await run.exit).toBe(0);
    expect(run.stderr).toContain(`last event id: ${id}\n`);
  });

  test("quietly, when the reader has seen enough", async () => {
    const data = "id: 1\ndata: x\n\n".repeat(1000);
    const server = await scripted((res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      const more = (): boolean | void => res.destroyed || void res.write(data, more);
      more();
    });
    const run = start(["subscribe", "--url", server.url]);
    await run.waitFor("stdout", /x\n/);
    run.child.stdout.destroy();
    expect(await run.exit).toBe(0);
    expect(run.stderr).toBe("connected\n");
  });

  test("a stuck reader holds the stream back, and its unread updates do not count", async () => {
    let id = 0;
    const server = await scripted((res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      const more = (): boolean | void =>
        res.destroyed || void res.write(`id: ${++id}\ndata: ${"x".repeat(100_000)}\n\n`, () => setImmediate(more));
      more();
    });
    const run = start(["subscribe", "--json", "--url", server.url]);
    run.child.stdout.pause();
    await run.waitFor("stderr", /connected/);
    run.child.kill("SIGINT");
    const [, last] = await run.waitFor("stderr", /last event id: (\d+)\n/);
    run.child.stdout.resume();
    expect(await run.exit).toBe(0);
    // The last whole line is the last one that counts.
    expect(run.stdout.slice(0, run.stdout.lastIndexOf("\n")).split("\n")).toHaveLength(Number(last));
  });

  test("with an error, when the hub refuses permanently", async () => {
    const problem = answer(400, '{"detail":"Check the pattern.","code":"invalid_matcher"}', { "content-type": "application/problem+json" });
    const server = await scripted(problem);
    const { code, stderr } = await runToEnd(["subscribe", "--url", server.url]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "error: Check the pattern.\n" });
    const page = await scripted(answer(200, "<html>", { "content-type": "text/html" }));
    expect((await runToEnd(["subscribe", "--url", page.url])).stderr).toContain("not an event stream");
  });
});
