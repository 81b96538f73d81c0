import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { logJournal } from "artesian/journals/log";
import { openStream } from "../support/stream.ts";
import { send, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { childrenOf } from "./worker-processes.ts";

const FORM = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };
const SOON = { timeout: 25_000 };

const logged = (stderr: string, text: string): number => stderr.split("\n").filter((line) => line.includes(text)).length;

describe.each([1, 2])("a server of %d whose journal's directory", (workers) => {
  const start = async () => {
    const data = join(temporaryDirectory(), "data");
    const server = await startServer(["--data", data, "--workers", String(workers)]);
    const publish = (text: string) => send(server.hub, FORM, new URLSearchParams({ topic: "a", data: text }).toString());
    const health = async () => (await send(`${server.url}/health/ready`)).status;
    return { server, journal: join(data, "journal"), publish, health };
  };
  const WAYS: Readonly<Record<string, (journal: string) => void | Promise<void>>> = {
    "is removed": (journal) => rmSync(journal, { recursive: true }),
    "is replaced by an empty one": (journal) => {
      rmSync(journal, { recursive: true });
      mkdirSync(journal);
    },
    "is replaced by another journal": async (journal) => {
      rmSync(journal, { recursive: true });
      await (await logJournal({ directory: journal })).close();
    },
  };

  test.each(Object.keys(WAYS))("%s refuses updates, is not ready, and begins no other journal", async (way) => {
    const { server, journal, publish, health } = await start();
    const { run, url, hub } = server;
    expect((await publish("1")).status).toBe(200);
    expect(await health()).toBe(200);
    const stream = await openStream(`${hub}?match=a`);
    await WAYS[way]?.(journal);
    const files = existsSync(journal) ? readdirSync(journal).toSorted() : undefined;
    await stream.ended;
    await expect.poll(() => logged(run.stderr, "removed or replaced while it was open"), SOON).toBe(workers);
    for (let i = 0; i < 10; i++) expect([await health(), (await publish("2")).status]).toEqual([503, 503]);
    expect((await send(`${url}/health/ready`)).body).not.toContain(journal);
    if (workers > 1) {
      const [victim] = childrenOf(run.child.pid ?? 0);
      process.kill(victim ?? 0, "SIGKILL");
      // The one in its place does not start, and says why.
      await run.waitFor("stderr", /not the one that the hub began with/);
      for (let i = 0; i < 10; i++) expect((await publish("3")).status).toBe(503);
    }
    expect(existsSync(journal) ? readdirSync(journal).toSorted() : undefined).toEqual(files);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
  });

  test("is moved away and back goes on, with all that was taken", async () => {
    const { server, journal, publish, health } = await start();
    const { run, hub } = server;
    expect((await publish("1")).status).toBe(200);
    renameSync(journal, `${journal}-away`);
    await expect.poll(() => logged(run.stderr, "removed or replaced while it was open"), SOON).toBe(workers);
    expect((await publish("2")).status).toBe(503);
    if (workers > 1) {
      const [victim] = childrenOf(run.child.pid ?? 0);
      process.kill(victim ?? 0, "SIGKILL");
      await run.waitFor("stderr", /not the one that the hub began with/);
    }
    renameSync(`${journal}-away`, journal);
    await expect.poll(() => childrenOf(run.child.pid ?? 0).length, SOON).toBe(workers > 1 ? workers : 0);
    await expect.poll(health, SOON).toBe(200);
    await expect.poll(async () => (await publish("3")).status, SOON).toBe(200);
    const stream = await openStream(`${hub}?match=a`, { headers: { "last-event-id": "earliest" } });
    expect((await stream.next()).data).toBe("1");
    expect((await stream.next()).data).toBe("3");
  });
});
