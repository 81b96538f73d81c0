import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { publish } from "../../packages/client/src/index.ts";
import { RedisServer } from "../support/redis-server.ts";
import { openStream } from "../support/stream.ts";
import { messagesIn, runToEnd, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { openLineToEach, startPool, TWO } from "./worker-pool.ts";

const ON = ["--opaque-ids", "on"];

/** What a subscriber that comes back with an event id receives first. */
async function firstAfter(hub: string, id: string): Promise<string> {
  const stream = await openStream(`${hub}?${new URLSearchParams({ match: "a", last_event_id: id })}`);
  const { event, data } = await stream.nextOfAny();
  stream.close();
  return event === undefined ? data : `${event}: ${data}`;
}

describe("--opaque-ids", () => {
  test("on: the secret lies in the data directory, all workers have it, and it outlives them", async () => {
    const cwd = temporaryDirectory();
    const first = await startPool([...TWO, ...ON], { cwd });
    const ids: string[] = [];
    for (const line of await openLineToEach(first)) ids.push((await line.send("/events/stream", "POST", "topic=a&data=1")).body);
    for (const id of ids) expect(id).toMatch(/^#[\w-]{22}$/);
    expect(statSync(join(cwd, "data", "ids-keys.json")).mode & 0o777).toBe(0o600);
    await publish(first.hub, { topic: "a", data: "missed" });
    first.run.child.kill("SIGTERM");
    expect(await first.run.exit).toBe(0);
    const second = await startServer(ON, { cwd });
    expect(await firstAfter(second.hub, ids[1] as string)).toBe("missed");
    second.run.child.kill("SIGTERM");
    await second.run.exit;
    // Switched off, and for who has a plain id on again: told, once.
    const off = await startServer([], { cwd });
    expect(await firstAfter(off.hub, ids[1] as string)).toMatch(/^hub:gap: .*"unknown"/);
    expect(await publish(off.hub, { topic: "a", data: "plain" })).toMatch(/^#\w{8}:4$/);
  });

  test("file:PATH: hubs on several machines take each other's ids", async () => {
    const redis = await RedisServer.start();
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "ids.secret"), `${"fleet".repeat(8)}\n`);
    const args = ["--journal", redis.url, "--opaque-ids", "file:ids.secret"];
    const [here, there] = [await startServer([...args, "--data", "one"], { cwd }), await startServer([...args, "--data", "two"], { cwd })];
    const id = await publish(here.hub, { topic: "a", data: "1" });
    await publish(there.hub, { topic: "a", data: "2" });
    expect(id).toMatch(/^#[\w-]{22}$/);
    for (const { hub } of [here, there]) expect(await firstAfter(hub, id)).toBe("2");
    const refused = await runToEnd(["serve", "--anonymous", "--anonymous-publish", "--journal", redis.url, ...ON], { cwd });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/several machines need the same secret[^]*file:ids\.secret/)]);
  });

  test("in memory, and with the setting in the file", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "artesian.json"), JSON.stringify({ opaqueIds: true, journal: "memory" }));
    const { hub } = await startServer([], { cwd });
    const id = await publish(hub, { topic: "a", data: "1" });
    await publish(hub, { topic: "a", data: "2" });
    expect([id.length, await firstAfter(hub, id)]).toEqual([23, "2"]);
  });

  test.each([
    ["short.secret", /short\.secret has 5 bytes; at least 32 are needed\. Make one with {2}openssl/],
    ["missing.secret", /--opaque-ids .*missing\.secret: /],
  ])("file:%s is refused", async (file, message) => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "short.secret"), "short\n");
    for (const workers of ["1", "2"]) {
      const args = ["serve", "--anonymous", "--anonymous-publish", "--workers", workers, "--opaque-ids", `file:${file}`];
      expect(await runToEnd(args, { cwd })).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) as string });
    }
  });

  test("another word is refused", async () => {
    const { code, stderr } = await runToEnd(["serve", "--opaque-ids", "yes"]);
    expect([code, messagesIn(stderr)]).toEqual([2, "--opaque-ids: the value is not on, off, or file:PATH with the file of a secret."]);
  });
});
