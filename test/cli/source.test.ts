import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { requestsFor } from "../../packages/hub/src/cli/source/batches.ts";
import { inFlags } from "../../packages/hub/src/cli/source/wording.ts";
import { subscribe, type ClientEvent } from "../../packages/client/src/index.ts";
import { answer, bodyOf, deadUrl, scripted } from "../client/server.ts";
import { runToEnd, start, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** A hub on its own, and where it is. */
async function hubUrl(): Promise<string> {
  const { hub } = await startServer(["--journal", "memory"]);
  return hub;
}

async function held(url: string, count: number): Promise<ClientEvent[]> {
  const events: ClientEvent[] = [];
  for await (const event of subscribe(url, { lastEventId: "earliest", match: "*" })) {
    if (events.push(event) === count) break;
  }
  return events;
}

describe("poll", () => {
  test("publishes what changes to a hub, and goes on after a restart", async () => {
    const hub = await hubUrl();
    const server = await scripted(
      answer(200, '{"a":1,"b":1}', { ...JSON_TYPE, etag: '"1"' }),
      answer(304, ""),
      answer(200, '{"a":2,"b":1}', { ...JSON_TYPE, etag: '"2"' }),
    );
    const cwd = temporaryDirectory();
    const args = ["source", "poll", "--topic", "/{key}", "--items", ".", "--type", "t", "--once", "--url", hub, server.url];
    const runs = [];
    for (let i = 0; i < 3; i++) runs.push(await runToEnd(args, { cwd }));
    expect(runs).toEqual(
      [2, 0, 1].map((count) => ({ code: 0, stdout: "", stderr: `published ${count} ${count === 1 ? "update" : "updates"}\n` })),
    );
    expect((await held(hub, 3)).map(({ type, data }) => [type, data])).toEqual([
      ["t", "1"],
      ["t", "1"],
      ["t", "2"],
    ]);
    expect(server.requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"1"', '"1"']);
    expect(readdirSync(join(cwd, "data", "sources"))).toEqual([expect.stringMatching(/^poll-127\.0\.0\.1-[0-9a-f]{10}\.json$/)]);
  });

  test("goes on until it is stopped, and finishes what is under way", async () => {
    let release = (): void => undefined;
    const hub = await scripted((res, req) => {
      release = () => void bodyOf(req).then((text) => res.end(JSON.stringify({ ids: text.split("\n").map((_, i) => `${i}`) })));
      run.child.emit("written");
    });
    const server = await scripted(answer(200, "1", JSON_TYPE));
    const cwd = temporaryDirectory();
    const state = join(cwd, "s.json");
    const run = start(["source", "poll", "--topic", "x", "--interval", "1s", "--state", state, "--url", hub.url, server.url], { cwd });
    await expect.poll(() => hub.requests.length, { interval: 5, timeout: 10_000 }).toBe(1);
    run.child.kill("SIGINT");
    expect(existsSync(state)).toBe(false);
    release();
    expect(await run.exit).toBe(0);
    expect(run.stderr).toBe("published 1 update\n");
    expect(readFileSync(state, "utf8")).toContain("hashes");
    expect(server.requests).toHaveLength(1);
  });

  test("prints instead of publishing, and remembers nothing", async () => {
    const server = await scripted(answer(200, '{"x":9007199254740993}', JSON_TYPE));
    const cwd = temporaryDirectory();
    const headers = join(cwd, "headers");
    writeFileSync(headers, "X-Key: secret\n\nAccept: application/json\n");
    const args = ["source", "poll", "--topic", "/x", "--private", "--dry-run", "--once", "--header", `@${headers}`, "--header", "X-Two: 2"];
    expect(await runToEnd([...args, server.url], { cwd })).toEqual({
      code: 0,
      stdout: '{"topic":"/x","data":"{\\"x\\":9007199254740993}","private":true}\n',
      stderr: "printed 1 update\n",
    });
    expect(server.requests[0]?.headers).toMatchObject({ "x-key": "secret", "x-two": "2", accept: "application/json" });
    expect(readdirSync(cwd)).toEqual(["headers"]);
  });

  test("tells of failures, and recovers", async () => {
    const hub = await hubUrl();
    const server = await scripted(answer(500, ""), answer(200, "<p>", { "content-type": "text/html" }), answer(200, "[1]", JSON_TYPE));
    const run = start([
      "source",
      "poll",
      "--topic",
      "x",
      "--format",
      "json",
      "--interval",
      "1s",
      "--state",
      "none",
      "--url",
      hub,
      `${server.url}?key=secret`,
    ]);
    expect((await held(hub, 1))[0]?.data).toBe("[1]");
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    expect(run.stderr).toMatch(/\?… answered 500 Internal Server Error\. Trying again in \d\.\d s\.\n/);
    expect(run.stderr).toMatch(/is not JSON\. Its content type is text\/html\. Trying again/);
    expect(run.stderr).not.toContain("secret");
  });

  test("fails when a single round does, or the hub refuses or is not there", async () => {
    const server = await scripted(answer(404, ""), answer(200, "1"));
    const first = await runToEnd(["source", "poll", "--topic", "x", "--once", server.url]);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/error: .* answered 404 Not Found\. Check the address\.\n/);
    const dead = await runToEnd([
      "source",
      "poll",
      "--topic",
      "x",
      "--once",
      "--give-up-after",
      "1s",
      "--url",
      await deadUrl(),
      server.url,
    ]);
    expect(dead.code).toBe(1);
    expect(dead.stderr).toMatch(/Trying again .*\npublished 0 updates\n.*error: Not published: .*ECONNREFUSED/s);
    const { hub } = await startServer(["--journal", "memory", "--jwt-key", "x".repeat(32), "--issuer", "https://example.com"], {
      tokens: true,
    });
    const refused = await runToEnd(["source", "poll", "--topic", "x", "--url", hub, server.url]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/error: Not published: .* What is new is published at the next start\.\n/);
  });

  test("a state file that is none is left alone", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "notes.txt"), "mine");
    const server = await scripted(answer(200, "1"));
    const { code, stderr } = await runToEnd(["source", "poll", "--topic", "x", "--state", "notes.txt", server.url], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain("error: notes.txt: this is not a state file.");
    expect(readFileSync(join(cwd, "notes.txt"), "utf8")).toBe("mine");
  });
});

describe("lines", () => {
  test("of the standard input are published", async () => {
    const hub = await hubUrl();
    const { code, stderr } = await runToEnd(
      ["source", "lines", "--topic", "/l/{s}", "--format", "json", "--data-field", "d", "--url", hub],
      {
        input: '{"s":"a","d":"1"}\n{"s":"b","d":{"x":2}}\nno\n{"s":"c","d":3}',
      },
    );
    expect(code).toBe(0);
    expect(stderr).toBe("warning: The line at byte 42 was left out: not JSON.\npublished 3 updates\n".replace("42", "40"));
    expect((await held(hub, 3)).map(({ data }) => data)).toEqual(["1", '{"x":2}', "3"]);
  });

  test("of a file are followed, across a kill", async () => {
    const hub = await hubUrl();
    const cwd = temporaryDirectory();
    const file = join(cwd, "app.log");
    writeFileSync(file, "1\n");
    const args = ["source", "lines", "--topic", "log", "--from", "beginning", "--url", hub, "app.log"];
    const first = start(args, { cwd });
    await held(hub, 1);
    await expect.poll(() => existsSync(join(cwd, "data", "sources")), { interval: 5 }).toBe(true);
    await expect
      .poll(() => readdirSync(join(cwd, "data", "sources")).filter((name) => name.endsWith(".json")), { interval: 5 })
      .toHaveLength(1);
    first.child.kill("SIGKILL");
    await first.exit;
    appendFileSync(file, "2\n");
    const second = start(args, { cwd });
    await held(hub, 2);
    appendFileSync(file, "3\n");
    expect((await held(hub, 3)).map(({ data }) => data)).toEqual(["1", "2", "3"]);
    second.child.kill("SIGINT");
    expect(await second.exit).toBe(0);
    expect(second.stderr).toBe("published 2 updates\n");
  });
});

test("new items of a feed are published once", async () => {
  const hub = await hubUrl();
  const feed = (n: number): string =>
    JSON.stringify({
      version: "https://jsonfeed.org/version/1.1",
      title: "T",
      items: Array.from({ length: n }, (_, i) => ({ id: `${i}`, title: `t${i}` })),
    });
  const server = await scripted(answer(200, feed(1), JSON_TYPE), answer(200, feed(2), JSON_TYPE));
  const cwd = temporaryDirectory();
  const args = ["source", "feed", "--once", "--url", hub, `tests=${server.url}`];
  expect(await runToEnd(args, { cwd })).toMatchObject({ code: 0, stderr: "published 1 update\n" });
  expect(await runToEnd(args, { cwd })).toMatchObject({ code: 0, stderr: "published 1 update\n" });
  expect((await held(hub, 2)).map(({ data }) => (JSON.parse(data) as { title: string }).title)).toEqual(["t0", "t1"]);
});

describe("quotes", () => {
  test("of an address and a file have their fields mapped", async () => {
    const server = await scripted(answer(200, '[{"s":"A","p":1.5}]', JSON_TYPE));
    const fields = ["--field", "symbol=s", "--field", "price=p", "--dry-run", "--once"];
    const http = await runToEnd(["source", "quotes", ...fields, server.url]);
    expect(JSON.parse(http.stdout)).toMatchObject({ topic: "/quotes/A", type: "quote" });
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "p.csv"), "s;p\nA;1.5\nB;2\n");
    const file = await runToEnd(["source", "quotes", ...fields, "--speed", "max", "--delimiter", ";", "p.csv"], { cwd });
    expect(file).toMatchObject({ code: 0, stderr: "printed 2 updates\n" });
    expect(file.stdout).toContain('"/quotes/B"');
  });

  test("of a simulated market come until it is stopped", async () => {
    const run = start(["source", "quotes", "--dry-run", "--symbols", "AA,BB", "--rate", "1000", "simulated"]);
    await run.waitFor("stdout", /"\/quotes\/(?:AA|BB)"/);
    run.child.kill("SIGINT");
    expect(await run.exit).toBe(0);
    expect(run.stderr).toMatch(/^printed [\d,]+ updates?\n$/);
  });
});

test.each(["poll", "feed", "quotes", "lines", ""])("source %s --help has examples", async (command) => {
  const { code, stdout } = await runToEnd(["source", ...command.split(" ").filter(Boolean), "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain("Examples:\n  artesian source ");
});

test.each([
  [["poll", "http://h/"], "--topic"],
  [["poll", "--topic", "x", "nowhere"], "not an http or https URL"],
  [["poll", "--topic", "x", "--interval", "10", "http://h/"], "--interval: "],
  [["poll", "--topic", "x", "--items", ".", "http://h/"], "--topic: "],
  [["poll", "--topic", "/{key}", "http://h/"], "--items"],
  [["poll", "--topic", "x", "--header", "X-Key secret", "http://h/"], '--header: a header is written "Name: value"'],
  [["poll", "--topic", "x", "--header", "@nowhere", "http://h/"], "nowhere cannot be read (ENOENT)"],
  [["poll", "--topic", "x", "--format", "xml", "http://h/"], "auto, json, text"],
  [["poll", "--topic", "x", "--token", "a b", "http://h/"], "--token: "],
  [["feed"], "addresses"],
  [["feed", "a=http://h/", "a=http://i/"], 'two are called "a"'],
  [["lines", "app.log"], "--topic: "],
  [["lines", "--topic", "x", "--id-field", "id", "app.log"], "--id-field: only a JSON line has fields. Set --format to json"],
  [["lines", "--topic", "x", "--max-line-bytes", "0", "app.log"], "--max-line-bytes: "],
  [["quotes", "--speed", "2", "http://h/"], "--speed: this means nothing for an address"],
  [["quotes", "--field", "prize=p", "p.csv"], "symbol, price"],
  [["quotes", "--rate", "fast", "simulated"], "--rate: "],
  [["quotes", "--rate", "1000000000", "simulated"], "--rate: "],
  [["quotes", "--once", "simulated"], "--once: "],
  [["pol"], "poll"],
])("source %j is refused", async (args, hint) => {
  const { code, stdout, stderr } = await runToEnd(["source", ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(hint);
  expect(stderr).not.toContain("secret");
});

test("a batch is split where one request could not carry it", () => {
  const update = (bytes: number): { topic: string; data: string } => ({ topic: "a", data: "x".repeat(bytes) });
  const sizes = (updates: ReturnType<typeof update>[]): number[] => requestsFor(updates).map((request) => request.length);
  expect(sizes([])).toEqual([]);
  expect(sizes([1, 2, 3].map(update))).toEqual([3]);
  expect(sizes([200_000, 200_000, 200_000, 900_000, 1].map(update))).toEqual([2, 1, 1, 1]);
});

test("what a source says of its options is said of the flags", () => {
  expect(inFlags("topicField: only `format` and (maxItems); the bound (maxLineBytes) of topics")).toBe(
    "--topic-field: only --format and (--max-items); the bound (--max-line-bytes) of topics",
  );
  expect(inFlags("http://h/a: nothing at x (select). A lower maxFreshMs asks sooner.")).toBe(
    "http://h/a: nothing at x (--select). A lower --max-fresh asks sooner.",
  );
});
