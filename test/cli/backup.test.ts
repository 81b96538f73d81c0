import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RedisServer } from "../support/redis-server.ts";
import { openStream } from "../support/stream.ts";
import { type RunningServer, runToEnd, send, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { childrenOf } from "./worker-processes.ts";

const FORM = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };

/** One data directory, and the servers that run on it one after the other. */
class Place {
  readonly data = join(temporaryDirectory(), "data");
  readonly flags: readonly string[] = ["--data", this.data];
  readonly backup = join(temporaryDirectory(), "backup");
  #server: RunningServer | undefined;
  #published = 0;

  get journal(): string {
    return join(this.data, "journal");
  }

  get server(): RunningServer {
    if (this.#server === undefined) throw new Error("The server is not started.");
    return this.#server;
  }

  async start(args: readonly string[] = []): Promise<void> {
    this.#server = await startServer([...this.flags, ...args]);
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.server.run.child.kill(signal);
    expect(await this.server.run.exit).toBe(signal === "SIGTERM" ? 0 : signal);
  }

  /** @returns The id of the last. */
  async publish(count: number, id?: string): Promise<string> {
    let last = "";
    for (let i = 0; i < count; i++) {
      const form = new URLSearchParams({ topic: "a", data: String(++this.#published) });
      if (id !== undefined) form.set("id", id);
      const { status, body } = await send(this.server.hub, FORM, form.toString());
      expect(status).toBe(200);
      last = body;
    }
    return last;
  }

  /** What a subscriber is told first that comes back with an id, up to the newest update. */
  async resume(lastEventId: string): Promise<{ gap: unknown; data: string[] }> {
    await this.publish(1);
    const stream = await openStream(`${this.server.hub}?match=a`, { headers: { "last-event-id": lastEventId } });
    let gap: unknown;
    const data: string[] = [];
    while (data.at(-1) !== String(this.#published)) {
      const event = await stream.nextOfAny();
      if (event.event === "hub:gap") gap ??= (JSON.parse(event.data) as { reason: unknown }).reason;
      else if (event.event === undefined) data.push(event.data);
    }
    stream.close();
    return { gap, data };
  }
}

const numbers = (from: number, to: number): string[] => Array.from({ length: to + 1 - from }, (_, i) => String(from + i));

/** Ways to put a backup back. The journal there is what was lost. */
const WAYS: Readonly<Record<string, (place: Place) => void>> = {
  "copied to where it was": ({ journal, backup }) => {
    rmSync(journal, { recursive: true });
    cpSync(backup, journal, { recursive: true });
  },
  "cp -a": ({ journal, backup }) => {
    rmSync(journal, { recursive: true });
    execFileSync("cp", ["-a", backup, journal]);
  },
  "cp -a over the files that are there": ({ journal, backup }) => void execFileSync("cp", ["-a", `${backup}/.`, journal]),
  tar: ({ journal, backup }) => {
    const archive = join(backup, "..", "backup.tar");
    execFileSync("tar", ["-C", backup, "-cf", archive, "."]);
    rmSync(journal, { recursive: true });
    mkdirSync(journal);
    execFileSync("tar", ["-C", journal, "-xf", archive]);
  },
  "moved to where it was": ({ journal, backup }) => {
    rmSync(journal, { recursive: true });
    renameSync(backup, journal);
  },
};

describe("a backup of a journal that is put back", () => {
  test.each(Object.keys(WAYS))("is a new epoch, of which each subscriber is told: %s", async (way) => {
    const place = new Place();
    await place.start();
    const before = await place.publish(3);
    await place.stop();
    execFileSync("cp", ["-a", place.journal, place.backup]);
    await place.start();
    const last = await place.publish(10);
    await place.stop();
    WAYS[way]?.(place);
    await place.start();
    const all = [...numbers(1, 3), ...numbers(14, 28)];
    await place.publish(15);
    expect(await place.resume(last)).toEqual({ gap: "epoch", data: [...all, "29"] });
    expect(place.server.run.stderr).toContain("were put back");
    // One that saw no more than what was put back has missed ten updates too.
    expect(await place.resume(before)).toEqual({ gap: "epoch", data: [...all, "29", "30"] });
    // One that saw nothing is told in the place of the lost updates.
    expect(await place.resume("earliest")).toEqual({ gap: "trimmed", data: [...all, "29", "30", "31"] });
    const next = await place.publish(1);
    await place.stop();
    await place.start();
    expect(place.server.run.stderr).not.toContain("were put back");
    expect(await place.resume(next)).toEqual({ gap: undefined, data: ["33"] });
  });

  test("is one epoch for all workers", async () => {
    const place = new Place();
    await place.start(["--workers", "2"]);
    await place.publish(3);
    await place.stop();
    cpSync(place.journal, place.backup, { recursive: true });
    await place.start(["--workers", "2"]);
    const last = await place.publish(10);
    await place.stop();
    WAYS["copied to where it was"]?.(place);
    await place.start(["--workers", "2"]);
    expect(place.server.run.stderr.match(/were put back/g)).toHaveLength(1);
    const epochs = new Set<string>();
    for (let i = 0; i < 20; i++) epochs.add((await place.publish(1)).slice(0, 9));
    expect(epochs.size).toBe(1);
    expect(epochs).not.toContain(last.slice(0, 9));
    const [worker] = childrenOf(place.server.run.child.pid ?? 0);
    process.kill(worker ?? 0, "SIGKILL");
    await expect.poll(() => childrenOf(place.server.run.child.pid ?? 0).filter((pid) => pid !== worker).length).toBe(2);
    await place.server.run.waitFor("stderr", /a worker ended/);
    for (let i = 0; i < 20; i++) epochs.add((await place.publish(1)).slice(0, 9));
    expect(epochs.size).toBe(1);
    expect((await place.resume(last)).gap).toBe("epoch");
  });

  test("is told also to those whose last id is a publisher's, after which they go on if it is held", async () => {
    const place = new Place();
    await place.start();
    await place.publish(2);
    await place.publish(1, "kept");
    await place.stop();
    cpSync(place.journal, place.backup, { recursive: true });
    await place.start();
    await place.publish(1, "lost");
    await place.stop();
    WAYS["copied to where it was"]?.(place);
    await place.start();
    await place.publish(1, "new");
    expect(await place.resume("kept")).toEqual({ gap: "epoch", data: ["5", "6"] });
    expect(await place.resume("lost")).toEqual({ gap: "unknown", data: ["1", "2", "3", "5", "6", "7"] });
    expect(await place.resume("new")).toEqual({ gap: undefined, data: ["6", "7", "8"] });
  });
});

describe("an unchanged journal keeps its epoch", () => {
  const changes: readonly (readonly [what: string, change: (place: Place) => Promise<void> | void])[] = [
    ["a restart", () => undefined],
    ["a kill", async (place) => (await place.start(), await place.publish(1), place.stop("SIGKILL"))],
    [
      "the directory moved",
      (place) => {
        renameSync(place.data, `${place.data}-2`);
        renameSync(`${place.data}-2`, place.data);
      },
    ],
    [
      "another owner, mode and name in between",
      (place) => {
        execFileSync("chmod", ["-R", "u+rwX,g+rX", place.data]);
        renameSync(place.journal, `${place.journal}-2`);
        renameSync(`${place.journal}-2`, place.journal);
      },
    ],
    ["a hard-linked copy", (place) => void execFileSync("cp", ["-al", place.journal, place.backup])],
    ["a copy that is not put back", (place) => cpSync(place.journal, place.backup, { recursive: true })],
    ["a mark that is gone", (place) => rmSync(join(place.data, "journal.mark"), { force: true })],
    ["a mark that a power cut left empty", (place) => writeFileSync(join(place.data, "journal.mark"), "")],
  ];

  test.each(changes)("%s", async (_, change) => {
    const place = new Place();
    await place.start();
    const last = await place.publish(3);
    await place.stop();
    await change(place);
    await place.start();
    expect(place.server.run.stderr).not.toContain("were put back");
    expect((await place.resume(last)).gap).toBeUndefined();
  });
});

describe("artesian journal backup", () => {
  test("copies a consistent state while the hub takes updates, unlike a plain copy", async () => {
    const place = new Place();
    await place.start();
    const before = await place.publish(20);
    const done = new AbortController();
    const publishing = (async () => {
      while (!done.signal.aborted) await place.publish(1);
    })();
    const { code, stdout, stderr } = await runToEnd(["journal", "backup", place.backup, ...place.flags]);
    done.abort();
    await publishing;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [, copied] = /: updates 1 to (\d+), with all that were acknowledged before \S+Z\.\n$/.exec(stdout) ?? [];
    expect(stdout).toMatch(`The journal in ${place.journal} was copied to ${place.backup}: `);
    const last = await place.publish(1);
    await place.stop();
    WAYS["copied to where it was"]?.(place);
    await place.start();
    expect((await place.resume(last)).gap).toBe("epoch");
    const { gap, data } = await place.resume(before);
    expect(gap).toBe("epoch");
    const count = Number(copied);
    expect(count).toBeGreaterThanOrEqual(20);
    expect(data.slice(0, count)).toEqual(numbers(1, count));
    // The next one was published after the restart.
    expect(Number(data[count])).toBeGreaterThan(count + 1);
  });

  test("refuses an impossible source or target", async () => {
    const place = new Place();
    const backUp = (...args: string[]) => runToEnd(["journal", "backup", ...place.flags, ...args]);
    expect(await backUp(place.backup)).toMatchObject({
      code: 1,
      stderr: `error: Not backed up: There is no journal in ${place.journal}.\n`,
    });
    await place.start();
    await place.publish(1);
    mkdirSync(place.backup);
    writeFileSync(join(place.backup, "something"), "");
    expect(await backUp(place.backup)).toMatchObject({ code: 1, stderr: expect.stringContaining("is not empty") as string });
    expect(await backUp(place.backup, "--journal", "memory")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--journal") as string,
    });
    expect(await backUp(place.backup, "--journal", "nats://127.0.0.1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("own means") as string,
    });
  });
});

describe("artesian journal restore", () => {
  test("declares restored data, and then each subscriber is told of a gap", async () => {
    const place = new Place();
    await place.start();
    const last = await place.publish(3);
    await place.stop();
    const { code, stdout } = await runToEnd(["journal", "restore", ...place.flags]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^The journal in \S+ has begun the epoch \w{8}; it has updates 1 to 3\. Each subscriber/);
    await place.start();
    expect(await place.resume(last)).toEqual({ gap: "epoch", data: ["1", "2", "3", "4"] });
  });

  test("is refused while a hub uses the journal, which goes on as it was", async () => {
    const place = new Place();
    await place.start();
    const last = await place.publish(3);
    const refused = await runToEnd(["journal", "restore", ...place.flags]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe(
      `error: The journal in ${place.journal} is in use by process ${place.server.run.child.pid}. Stop the hub, then try again.\n`,
    );
    expect(await place.resume(last)).toEqual({ gap: undefined, data: ["4"] });
  });

  test("is refused where there is no journal", async () => {
    const data = temporaryDirectory();
    expect(await runToEnd(["journal", "restore", "--data", data])).toMatchObject({
      code: 1,
      stderr: `error: There is no journal in ${join(data, "journal")}.\n`,
    });
    expect(existsSync(join(data, "journal"))).toBe(false);
    expect((await runToEnd(["journal", "restore", "--journal", "memory"])).code).toBe(2);
    const away = await runToEnd(["journal", "restore", "--journal", "redis://127.0.0.1:1"]);
    expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot be opened") as string });
  });

  test("tells the hubs that run on Redis", async () => {
    const { url } = await RedisServer.start();
    const { hub } = await startServer(["--journal", url]);
    await send(hub, FORM, "topic=a&data=1");
    const stream = await openStream(`${hub}?match=a`);
    expect((await stream.nextOfAny()).event).toBe("hub:cursor");
    expect((await runToEnd(["journal", "restore", "--journal", url])).stdout).toContain("it has update 1.");
    await stream.ended;
  });
});
