import { openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RedisServer } from "../support/redis-server.ts";
import { openStream } from "../support/stream.ts";
import { runToEnd, send, start, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const FORM = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };
const SEGMENT = "0000000000000001.log";

/** A data directory for a log, and the flags that name it. */
function newPlace(): { readonly data: string; readonly flags: readonly string[]; readonly file: (name: string, text: string) => string } {
  const data = temporaryDirectory();
  return {
    data,
    flags: ["--data", data, "--journal", "log"],
    file: (name, text) => {
      writeFileSync(join(data, name), text);
      return join(data, name);
    },
  };
}

const lines = (...updates: readonly object[]): string => updates.map((update) => `${JSON.stringify(update)}\n`).join("");
const parsed = (ndjson: string): Record<string, unknown>[] =>
  ndjson
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("artesian journal export and import", () => {
  test("bring all that an update has from one journal into another, while hubs run and not", async () => {
    const [from, to] = [newPlace(), newPlace()];
    const full = {
      topic: ["t", "other"],
      data: "line 1\nline 2 é😀\u0000",
      id: "own",
      type: "note",
      private: true,
      retry: 2000,
      ttl: 3_600_000,
    };
    const plain = { topic: "t", data: "plain" };
    const imported = await runToEnd(["journal", "import", from.file("in.ndjson", lines(full, plain)), ...from.flags]);
    expect(imported).toMatchObject({ code: 0, stdout: "" });
    expect(imported.stderr).toMatch(/^imported 2 updates in .* into the journal in \S+\/journal\.\n$/);
    const hub = await startServer(from.flags);
    await send(hub.hub, FORM, "topic=t&data=live");
    const exported = await runToEnd(["journal", "export", ...from.flags]);
    expect(exported).toMatchObject({ code: 0, stderr: "exported 3 updates.\n" });
    const found = parsed(exported.stdout);
    expect(found).toMatchObject([
      { offset: 1, time: expect.stringMatching(/^20\d\d-.*Z$/) as string, ...full },
      { offset: 2, topic: ["t"], data: "plain", private: false },
      { offset: 3, topic: ["t"], data: "live", private: false },
    ]);
    expect(Object.keys(found[1] ?? {})).toEqual(["offset", "time", "topic", "data", "private"]);
    // Into a running hub, which delivers them.
    const target = await startServer(to.flags);
    const stream = await openStream(`${target.hub}?match=t`);
    const again = await runToEnd(["journal", "import", to.file("out.ndjson", exported.stdout), ...to.flags]);
    expect(again.code).toBe(0);
    expect((await stream.take(2)).map(({ data }) => data)).toEqual(["plain", "live"]);
    const second = parsed((await runToEnd(["journal", "export", ...to.flags])).stdout);
    const withoutTime = (updates: readonly object[]): unknown => updates.map((update) => ({ ...update, time: undefined }));
    expect(withoutTime(second)).toEqual(withoutTime(found));
  });

  test("name a bad line, and import the lines before it", async () => {
    const place = newPlace();
    const good = lines({ topic: "t", data: "1" }, { topic: "t", data: "2" });
    const BAD: readonly (readonly [line: string, message: RegExp])[] = [
      ['{"topic":1}', /Line 3 needs a "topic"/],
      ["{", /Line 3 is not JSON/],
      ["[]", /Line 3 is not a JSON object/],
      ['{"topic":"t","data":{"a":1}}', /^$/],
      ['{"topic":""}', /Line 3 is no update of a hub: A topic is empty/],
      ['{"topic":"t","id":"#x"}', /Line 3 is no update of a hub: The id/],
      ['{"topic":"t","delay":1000}', /Line 3 has a time of delivery/],
    ];
    let count = 0;
    for (const [line, message] of BAD) {
      const { code, stderr } = await runToEnd(["journal", "import", place.file("in", good + line), ...place.flags]);
      count += 2;
      if (message.source === "^$") {
        // Other JSON than text is kept as it is written.
        expect(code).toBe(0);
        count++;
        continue;
      }
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr).toContain("Imported before it: 2.");
    }
    expect(parsed((await runToEnd(["journal", "export", ...place.flags])).stdout)).toHaveLength(count);
  });

  test("leave the hub's own updates out, and skip empty lines", async () => {
    const place = newPlace();
    const own = lines({ topic: "/.well-known/mercure/subscriptions/x", data: "{}" }, { topic: "t", type: "hub:note", data: "x" });
    const { code, stderr } = await runToEnd(["journal", "import", place.file("in", `\n${own}\n${lines({ topic: "t" })}`), ...place.flags]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^imported 1 update in .*\. 2 of the hub's own were left out\.\n$/);
  });

  test("refuse what has no journal", async () => {
    const place = newPlace();
    expect(await runToEnd(["journal", "export", ...place.flags])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("There is no journal") as string,
    });
    expect((await runToEnd(["journal", "export", "--journal", "memory"])).code).toBe(2);
    expect((await runToEnd(["journal", "import", "in", "--journal", "memory"])).code).toBe(2);
    const missing = await runToEnd(["journal", "import", join(place.data, "missing"), ...place.flags]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot be read") as string });
  });
});

describe("artesian journal info and tail", () => {
  test("describe a log and write its newest updates, while the hub runs and not", async () => {
    const place = newPlace();
    const input = lines(...["1", "2", "3"].map((data) => ({ topic: "t", data, private: data === "3" })));
    expect((await runToEnd(["journal", "import", place.file("in.ndjson", input), ...place.flags])).code).toBe(0);
    const info = async (...flags: string[]) => (await runToEnd(["journal", "info", ...place.flags, ...flags])).stdout;
    expect(await info()).toMatch(
      /^journal  \S+\/journal \(log\)\nepoch    \w{8}\nholds    updates 1 to 3\noldest   20\S+Z\nnewest   20\S+Z\non disk  1 segment, \d+\.\d MiB .*\nhub      not running\n$/,
    );
    const { hub, run } = await startServer(place.flags);
    await send(hub, FORM, "topic=t&data=4");
    expect(JSON.parse(await info("--json"))).toMatchObject({ kind: "log", head: 1, tail: 4, segments: 1, isOpen: true });
    const tail = async (...flags: string[]) => parsed((await runToEnd(["journal", "tail", ...place.flags, ...flags])).stdout);
    expect((await tail("-n", "2")).map(({ data }) => data)).toEqual(["3", "4"]);
    const follower = start(["journal", "tail", "--lines", "1", "--follow", ...place.flags]);
    await follower.waitFor("stdout", /"data":"4"/);
    await send(hub, FORM, "topic=t&data=5");
    await follower.waitFor("stdout", /"data":"5"/);
    run.child.kill("SIGTERM");
    await run.exit;
    // It goes on with the next hub.
    const next = await startServer(place.flags);
    await send(next.hub, FORM, "topic=t&data=6");
    await follower.waitFor("stdout", /"data":"6"/);
    follower.child.kill("SIGINT");
    expect(await follower.exit).toBe(0);
    expect(parsed(follower.stdout).map(({ data }) => data)).toEqual(["4", "5", "6"]);
  });

  test("work on an engine", async () => {
    const { url } = await RedisServer.start();
    const flags = ["--journal", url];
    const { hub } = await startServer(flags);
    await send(hub, FORM, "topic=t&data=1");
    expect((await runToEnd(["journal", "info", ...flags])).stdout).toMatch(/\(on Redis\)\n.*\nholds    update 1\n/);
    const follower = start(["journal", "tail", "--follow", ...flags]);
    await follower.waitFor("stdout", /"data":"1"/);
    await send(hub, FORM, "topic=t&data=2");
    await follower.waitFor("stdout", /"data":"2"/);
    follower.child.kill("SIGTERM");
    expect(await follower.exit).toBe(0);
  });

  test.each(["info", "tail"])("%s says that there is no journal", async (name) => {
    const place = newPlace();
    expect(await runToEnd(["journal", name, ...place.flags])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("There is no journal in") as string,
    });
    expect((await runToEnd(["journal", name, "--journal", "memory"])).code).toBe(2);
  });
});

describe("artesian journal verify", () => {
  test("says what is damaged and what that means, while the hub runs or not", async () => {
    const place = newPlace();
    const { run, hub } = await startServer(place.flags);
    for (let i = 0; i < 5; i++) await send(hub, FORM, `topic=t&data=${i}`);
    const sound = await runToEnd(["journal", "verify", ...place.flags]);
    expect(sound).toMatchObject({ code: 0, stderr: "" });
    expect(sound.stdout).toMatch(
      /^The journal in \S+, epoch \w{8}: updates 1 to 5 in 1 segment of .* MiB; a hub is running\.\nNo damage\.\n$/,
    );
    run.child.kill("SIGTERM");
    await run.exit;
    const path = join(place.data, "journal", SEGMENT);
    const at = readFileSync(path).indexOf("t2") + 1;
    writeSync(openSync(path, "r+"), "X", at);
    const damaged = await runToEnd(["journal", "verify", ...place.flags]);
    expect(damaged.code).toBe(1);
    expect(damaged.stdout).toMatch(
      /\ndamage: 0{15}1\.log has other bytes than were written, at byte \d+\. Update 3 is lost\. Subscribers are told of a gap in its place\.\n1 damage\.\n$/,
    );
    const exported = await runToEnd(["journal", "export", ...place.flags]);
    expect(parsed(exported.stdout).map(({ data }) => data)).toEqual(["0", "1", "3", "4"]);
    expect(exported.stderr).toMatch(/warning: .*record 3 .*\nexported 4 updates\. 1 more/);
  });

  test("is for a journal in a directory, and says so", async () => {
    const place = newPlace();
    expect(await runToEnd(["journal", "verify", "--data", place.data, "--journal", "memory"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("only a journal in a directory") as string,
    });
    expect(await runToEnd(["journal", "verify", ...place.flags])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("There is no journal") as string,
    });
  });

  test.each(["info", "tail", "backup", "restore", "verify", "export", "import"])("%s has help with examples", async (name) => {
    const { code, stdout } = await runToEnd(["journal", name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`artesian journal ${name}`);
    expect(stdout).toContain("Examples:");
  });
});
