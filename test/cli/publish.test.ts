import { createServer, type ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { subscribe, type ClientEvent } from "../../packages/client/src/index.ts";
import { answer, deadUrl, scripted } from "../client/server.ts";
import { runToEnd, send, start, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { freePort } from "../support/free-port.ts";

async function hubUrl(): Promise<string> {
  const { hub } = await startServer(["--journal", "memory"]);
  return hub;
}

/** Reads what the hub holds from the first update on. */
async function held(url: string, count: number): Promise<ClientEvent[]> {
  const events: ClientEvent[] = [];
  for await (const event of subscribe(url, { lastEventId: "earliest" })) {
    if (events.push(event) === count) break;
  }
  return events;
}

describe("one update", () => {
  test("goes to the hub, and its id is printed", async () => {
    const url = await hubUrl();
    const flags = ["--type", "note", "--id", "n-1", "--retry", "2s"];
    expect(await runToEnd(["publish", "--topic", "a", "--topic", "b", ...flags, "--url", url, "Hello,\nworld!"])).toEqual({
      code: 0,
      stdout: "n-1\n",
      stderr: "",
    });
    const made = await runToEnd(["publish", "--topic", "a", "--data", "", "--json"], { env: { ARTESIAN_URL: new URL(url).origin } });
    const { id } = JSON.parse(made.stdout) as { id: string };
    expect(await held(url, 2)).toEqual([
      { id: "n-1", type: "note", data: "Hello,\nworld!" },
      { id, type: "message", data: "" },
    ]);
  });

  test("an event id that some clients can't resume from is warned of, and taken", async () => {
    const url = await hubUrl();
    const { code, stdout, stderr } = await runToEnd(["publish", "--topic", "a", "--id", "水 1", "--url", url, "x"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "水 1\n" });
    expect(stderr).toMatch(/^warning: the event id "水 1" .*docs\/start\/clients\.md\.\n$/);
    const input = ["1", "é", "水"].map((id) => JSON.stringify({ topic: "a", id })).join("\n");
    const lines = await runToEnd(["publish", "--ndjson", "--url", url], { input });
    expect(lines.code).toBe(0);
    expect(lines.stderr.match(/^warning: .*$/gm)).toEqual([expect.stringContaining('"é"')]);
  });

  test("a hub that takes ASCII ids only refuses others", async () => {
    const { hub } = await startServer(["--journal", "memory", "--ascii-ids", "--published-retry-min", "2s", "--published-retry-max", "3s"]);
    const { code, stderr } = await runToEnd(["publish", "--topic", "a", "--id", "é", "--url", hub, "x"]);
    expect(code).toBe(1);
    expect(stderr).toContain("printable ASCII");
    await runToEnd(["publish", "--topic", "a", "--retry", "0", "--url", hub, "x"]);
    const response = await fetch(`${hub}?match=*&last_event_id=earliest`);
    let text = "";
    for await (const chunk of response.body ?? []) if ((text += Buffer.from(chunk).toString()).includes("data: x")) break;
    expect(text).toMatch(/retry: 2000\nid: .*\ndata: x/);
  });

  test("a refusal is explained", async () => {
    const url = await hubUrl();
    const { code, stdout, stderr } = await runToEnd(["publish", "--topic", "*", "--url", url, "x"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: Not published: The topic `\*` is reserved/);
  });

  test("a hub that is not there is told of, after trying", async () => {
    const { code, stderr } = await runToEnd(["publish", "--topic", "a", "--url", await deadUrl(), "--give-up-after", "400ms", "x"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ECONNREFUSED.* Trying again in 0\.\d s\.\n/);
    expect(stderr).toMatch(/error: Not published: .*ECONNREFUSED/);
  });

  test("what may pass is tried again with the same key, which is another one for the next update", async () => {
    const attempts = () =>
      [answer(503, "", { "retry-after": "0" }), (res: ServerResponse) => res.destroy(), answer(200, '{"ids":["#1"]}')] as const;
    const server = await scripted(...attempts(), ...attempts());
    for (const _ of "12") {
      const { code, stdout, stderr } = await runToEnd(["publish", "--topic", "a", "--url", server.url, "x"]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "#1\n" });
      expect(stderr.match(/Trying again/g)).toHaveLength(2);
    }
    const keys = server.requests.map(({ headers }) => headers["idempotency-key"]);
    expect(keys[0]).toMatch(/^"[\da-f-]{36}"$/);
    expect(keys).toEqual([keys[0], keys[0], keys[0], keys[3], keys[3], keys[3]]);
    expect(keys[3]).not.toBe(keys[0]);
  });

  test("a key is sent as it was given, and the hub publishes once for it", async () => {
    const url = await hubUrl();
    const publish = (data: string) => runToEnd(["publish", "--topic", "a", "--url", url, "--idempotency-key", 'order "7"', data]);
    const first = await publish("x");
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^#/) });
    expect(await publish("x")).toEqual(first);
    const other = await publish("y");
    expect(other).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("was used for another request") });
    await runToEnd(["publish", "--topic", "a", "--url", url, "end"]);
    expect((await held(url, 2)).map(({ data }) => data)).toEqual(["x", "end"]);
    const lines = await runToEnd(["publish", "--topic", "a", "--url", url, "--idempotency-key", "k"], { input: "1\n2\n" });
    expect(lines).toMatchObject({ code: 2, stderr: expect.stringContaining("--idempotency-key") });
    const foreign = await runToEnd(["publish", "--topic", "a", "--url", url, "--idempotency-key", "é", "x"]);
    expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining("printable ASCII") });
  });

  test("a hub that can't keep keys gets none", async () => {
    const refusal = JSON.stringify({ code: "idempotency_unsupported", detail: "no keys" });
    const server = await scripted(
      answer(501, refusal, { "content-type": "application/problem+json" }),
      answer(503, "", { "retry-after": "0" }),
      answer(200, '{"ids":["#1"]}'),
    );
    expect(await runToEnd(["publish", "--topic", "a", "--url", server.url, "x"])).toMatchObject({ code: 0, stdout: "#1\n" });
    expect(server.requests.map(({ headers }) => headers["idempotency-key"] !== undefined)).toEqual([true, false, false]);
  });
});

describe("later", () => {
  test("by a delay, at a time, for a while, and line by line", async () => {
    const { hub, url } = await startServer(["--journal", "memory"]);
    const asked = Date.now();
    expect(await runToEnd(["publish", "--topic", "a", "--delay", "1h", "--id", "delayed", "x", "--url", hub])).toMatchObject({ code: 0 });
    const at = new Date(asked + 7_200_000).toISOString();
    expect(
      await runToEnd(["publish", "--topic", "b", "--deliver-at", at, "--ttl", "5s", "--id", "timed", "x", "--url", hub]),
    ).toMatchObject({ code: 0 });
    const lines = '{"topic":"c","id":"line","delay":10800000}\n';
    expect(await runToEnd(["publish", "--ndjson", "--url", hub], { input: lines })).toMatchObject({ code: 0 });
    const { body } = await send(`${url}/.well-known/mercure/scheduled`);
    const { scheduled } = JSON.parse(body) as { scheduled: { id: string; deliver_at: string; ttl?: number }[] };
    expect(scheduled.map(({ id, ttl }) => [id, ttl])).toEqual([
      ["delayed", undefined],
      ["timed", 5000],
      ["line", undefined],
    ]);
    expect(scheduled[1]?.deliver_at).toBe(at);
    const wrong = await runToEnd(["publish", "--topic", "b", "--deliver-at", "tomorrow", "x", "--url", hub]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("--deliver-at")]);
  });
});

describe("lines", () => {
  test("become updates in their order, whatever their ends", async () => {
    const url = await hubUrl();
    const { code, stdout, stderr } = await runToEnd(["publish", "--topic", "a", "--type", "note", "--url", url], {
      input: "\uFEFFone\r\n\ntwo\u2028 é\rx\n水",
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/^published 4 updates in /);
    expect((await held(url, 4)).map((event) => event.data)).toEqual(["one", "", "two\u2028 é\nx", "水"]);
  });

  test("many go in batches, and keep their order", async () => {
    const url = await hubUrl();
    const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${"x".repeat(i % 700)}`);
    const { code, stdout } = await runToEnd(["publish", "--topic", "a", "--url", url, "--print-ids"], { input: lines.join("\n") });
    expect(code).toBe(0);
    const events = await held(url, 5000);
    expect(events.map((event) => event.data)).toEqual(lines);
    expect(stdout).toBe(`${events.map((event) => event.id).join("\n")}\n`);
  });

  test("a line goes out soon, though the input stays open", async () => {
    const url = await hubUrl();
    const run = start(["publish", "--topic", "a", "--url", url, "--print-ids"], { openInput: true });
    run.child.stdin.write("first\n");
    await run.waitFor("stdout", /\n/);
    run.child.stdin.end("second");
    expect(await run.exit).toBe(0);
    expect((await held(url, 2)).map((event) => event.data)).toEqual(["first", "second"]);
  });

  test("NDJSON lines are whole updates", async () => {
    const url = await hubUrl();
    const updates = [{ topic: "a", data: "1", id: "u-1", type: "note" }, { topic: ["b", "c"], data: { x: [1] } }, { topic: "d" }];
    const input = `${updates.map((update) => JSON.stringify(update)).join("\n\n")}\n`;
    const { code, stdout } = await runToEnd(["publish", "--ndjson", "--json", "--print-ids", "--url", url], { input });
    expect(code).toBe(0);
    const results = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { line?: number; published?: number });
    expect(results.map((result) => result.line ?? result.published)).toEqual([1, 3, 5, 3]);
    expect((await held(url, 3)).map(({ type, data }) => [type, data])).toEqual([
      ["note", "1"],
      ["message", '{"x":[1]}'],
      ["message", ""],
    ]);
  });

  test("a wrong NDJSON line is named, and what is before it is sent", async () => {
    const url = await hubUrl();
    const wrong = [
      ["{", "is not JSON"],
      ["[]", "is not a JSON object"],
      ['{"data":"x"}', 'needs a "topic"'],
      ['{"topic":"a","retry":-1}', '"retry"'],
      ['{"topic":"a","private":"yes"}', '"private"'],
      ['{"topic":"a","private":null}', '"private"'],
      ['{"topic":"a","options":{"private":true}}', "`private`"],
      ['{"topic":"a","Private":true}', "`private`"],
      ['{"topic":"a","private":true,"private":false}', 'has "private" 2 times'],
    ] as const;
    for (const [line, problem] of wrong) {
      const { code, stderr } = await runToEnd(["publish", "--ndjson", "--url", url], {
        input: `{"topic":"a"}\n\n${line}\n{"topic":"a"}\n`,
      });
      expect(code, line).toBe(1);
      expect(stderr).toContain("published 1 update in");
      expect(stderr).toContain("error: Line 3 ");
      expect(stderr).toContain(problem);
    }
    expect(await held(url, wrong.length)).toHaveLength(wrong.length);
  });

  test("JSON data arrives as it was written", async () => {
    const url = await hubUrl();
    const datas = ['{"b":1, "10":2,"2":3}', "[9007199254740993,1e400,1.0]", "null", "true"];
    const input = datas.map((data) => `{"data" : ${data} ,"topic":"a"}\n`).join("");
    expect(await runToEnd(["publish", "--ndjson", "--url", url], { input })).toMatchObject({ code: 0 });
    expect((await held(url, datas.length)).map((event) => event.data)).toEqual(datas);
  });

  test("a line that is not UTF-8 is named", async () => {
    const url = await hubUrl();
    const { code, stderr } = await runToEnd(["publish", "--topic", "a", "--url", url], {
      input: Buffer.from("one\n\xff\nthree", "latin1"),
    });
    expect(code).toBe(1);
    expect(stderr).toContain("published 1 update in");
    expect(stderr).toContain("Line 2 is not UTF-8");
  });

  test("lines that were not acknowledged are named, and nothing overtakes them", async () => {
    const batches: number[] = [];
    const server = createServer((req, res) => {
      let body = "";
      req.setEncoding("utf8").on("data", (text: string) => (body += text));
      req.on("end", () => {
        const { length } = body.split("\n");
        batches.push(length);
        if (batches.length === 2) res.writeHead(507, { "content-type": "application/problem+json" }).end('{"detail":"The disk is full."}');
        else res.end(JSON.stringify({ ids: Array<string>(length).fill("#") }));
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const input = Array.from({ length: 1200 }, (_, i) => i).join("\n");
    const { code, stdout, stderr } = await runToEnd(
      ["publish", "--topic", "a", "--json", "--url", `http://127.0.0.1:${port}`, "--give-up-after", "0"],
      { input },
    );
    expect(code).toBe(1);
    expect(batches).toEqual([500, 500]);
    expect(stderr).toContain("published 500 updates");
    expect(stderr).toContain("error: Lines 501 to 1,000 and later lines were not acknowledged: The disk is full.");
    expect(JSON.parse(stdout)).toMatchObject({ published: 500, firstLine: 501, lastLine: 1000, uncertain: false });
  });

  test("go on when the server is killed and comes back, each line once", async () => {
    const cwd = temporaryDirectory();
    const flags = ["--port", String(await freePort())];
    const first = await startServer(flags, { cwd });
    const run = start(["publish", "--topic", "a", "--url", first.hub, "--print-ids"], { openInput: true });
    const lines = Array.from({ length: 4000 }, (_, i) => String(i));
    run.child.stdin.write(`${lines.slice(0, 2000).join("\n")}\n`);
    await run.waitFor("stdout", /\n/);
    first.run.child.kill("SIGKILL");
    await first.run.exit;
    run.child.stdin.end(lines.slice(2000).join("\n"));
    await run.waitFor("stderr", /Trying again/);
    const second = await startServer(flags, { cwd });
    expect(await run.exit).toBe(0);
    expect(run.stderr).toContain("published 4,000 updates");
    const received: string[] = [];
    for await (const { data } of subscribe(second.hub, { lastEventId: "earliest" })) {
      received.push(data);
      if (data === lines.at(-1)) break;
    }
    expect(received).toEqual(lines);
  });

  test("Ctrl-C sends what was read, says how much that was, and ends with 130", async () => {
    const url = await hubUrl();
    const run = start(["publish", "--topic", "a", "--url", url, "--print-ids"], { openInput: true });
    run.child.stdin.write("first\n");
    await run.waitFor("stdout", /\n/);
    run.child.kill("SIGINT");
    expect(await run.exit).toBe(130);
    const trying = start(["publish", "--topic", "a", "--url", await deadUrl(), "x"]);
    await trying.waitFor("stderr", /Trying again/);
    trying.child.kill("SIGINT");
    expect(await trying.exit).toBe(130);
    expect(run.stderr).toContain("published 1 update in");
  });

  test("an empty input publishes nothing", async () => {
    const url = await hubUrl();
    const { code, stderr } = await runToEnd(["publish", "--topic", "a", "--url", url]);
    expect(code).toBe(0);
    expect(stderr).toContain("published 0 updates");
  });
});
