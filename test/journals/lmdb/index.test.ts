import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { HubError } from "artesian";
import { lmdbJournal } from "artesian/journals/lmdb";
import { open } from "lmdb";
import { describe, expect, it, onTestFinished, vi } from "vitest";

const update = (data: string) => ({ topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false });

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "artesian-lmdb-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Another process that appends to the same journal and prints the data of each record once it is acknowledged. */
function startWriter(directory: string, prefix: string, count: number): ChildProcess {
  const script = `
    import { lmdbJournal } from "artesian/journals/lmdb";
    const journal = lmdbJournal({ directory: ${JSON.stringify(directory)} });
    for (let i = 0; i < ${count}; i++) {
      const data = ${JSON.stringify(prefix)} + i;
      await journal.append([{ topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false }]);
      process.stdout.write(data + "\\n");
    }
    await journal.close();
  `;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void writer.kill("SIGKILL"));
  return writer;
}

describe("the lmdb journal between processes", () => {
  it("gives each process everything that all append, once and in one order", async () => {
    const directory = temporaryDirectory();
    const journal = lmdbJournal({ directory });
    const followed: { offset: number; data: string }[] = [];
    journal.follow(0, (records) => followed.push(...records));
    const writers = ["a", "b"].map((prefix) => startWriter(directory, prefix, 200));
    for (let i = 0; i < 200; i++) await journal.append([update(`c${i}`)]);
    await Promise.all(writers.map((writer) => once(writer, "exit")));
    await expect.poll(() => followed.length).toBe(600);
    expect(followed.map(({ offset }) => offset)).toEqual(Array.from({ length: 600 }, (_, i) => i + 1));
    for (const prefix of ["a", "b", "c"]) {
      const own = followed.filter(({ data }) => data.startsWith(prefix)).map(({ data }) => data);
      expect(own).toEqual(Array.from({ length: 200 }, (_, i) => `${prefix}${i}`));
    }
    await journal.close();
  });

  it("keeps what was acknowledged when its process is killed with -9", async () => {
    const directory = temporaryDirectory();
    const writer = startWriter(directory, "x", 1_000_000);
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: writer.stdout as NodeJS.ReadableStream })) {
      acknowledged.push(line);
      if (acknowledged.length === 500) writer.kill("SIGKILL");
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    const journal = lmdbJournal({ directory });
    const page = await journal.read(0, { maxRecords: Infinity, maxBytes: Infinity });
    const kept = page.kind === "records" ? page.records.map((record) => record.data) : [];
    expect(kept.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(kept.length - acknowledged.length).toBeLessThanOrEqual(1);
    await journal.close();
  });
});

/** A channel whose other end is the test. */
function testChannel() {
  const listeners = new Set<() => void>();
  let posts = 0;
  return {
    post: () => void posts++,
    listen: (onMoved: () => void) => {
      listeners.add(onMoved);
      return () => void listeners.delete(onMoved);
    },
    get posts() {
      return posts;
    },
    listeners,
  };
}

describe("the lmdb journal with a channel", () => {
  it("looks at the tail when it is told, at the end of the turn", async () => {
    // The tail is looked at now and then too: not in this test.
    vi.useFakeTimers({ toFake: ["setInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const directory = temporaryDirectory();
    const channel = testChannel();
    const journal = lmdbJournal({ directory, channel });
    const followed: string[][] = [];
    journal.follow(0, (records) => followed.push(records.map(({ data }) => data)));
    await once(startWriter(directory, "x", 3), "exit");
    expect(followed).toEqual([]);
    for (const onMoved of [...channel.listeners, ...channel.listeners]) onMoved();
    expect(followed).toEqual([]);
    await nextTurn();
    expect(followed).toEqual([["x0", "x1", "x2"]]);
    await journal.close();
    expect(channel.listeners.size).toBe(0);
    expect(channel.posts).toBe(0);
  });

  it("posts once for the commits of a turn, and not for what changes no record", async () => {
    const channel = testChannel();
    const journal = lmdbJournal({ directory: temporaryDirectory(), channel });
    await journal.state?.commit([{ key: "a", value: "1" }]);
    await nextTurn();
    expect(channel.posts).toBe(0);
    await Promise.all(Array.from({ length: 50 }, (_, i) => journal.append([update(String(i))])));
    await nextTurn();
    expect(channel.posts).toBeGreaterThanOrEqual(1);
    expect(channel.posts).toBeLessThanOrEqual(2);
    await journal.close();
  });
});

describe("a process that exits while it writes", () => {
  it("ends, and lets the others write", async () => {
    const directory = temporaryDirectory();
    const script = `
      import { lmdbJournal } from "artesian/journals/lmdb";
      const journal = lmdbJournal({ directory: ${JSON.stringify(directory)} });
      const update = { topics: ["t"], data: "x", id: undefined, type: undefined, retry: undefined, private: false };
      await journal.append([update]);
      void journal.append([update]);
      setImmediate(() => process.exit(3));
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child, "exit");
    const journal = lmdbJournal({ directory });
    expect(await journal.append([update("y")])).toEqual([journal.tail()]);
    await journal.close();
  });

  it("keeps its exit code when nothing is being written", async () => {
    const script = `
      import { lmdbJournal } from "artesian/journals/lmdb";
      const journal = lmdbJournal({ directory: ${JSON.stringify(temporaryDirectory())} });
      await journal.append([{ topics: ["t"], data: "x", id: undefined, type: undefined, retry: undefined, private: false }]);
      process.exit(3);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([3, null]);
  });
});

describe("what the lmdb journal refuses", () => {
  it("a journal of another format, naming both", async () => {
    const directory = temporaryDirectory();
    const root = open({ path: directory, noSubdir: false });
    await root.openDB({ name: "meta", encoding: "msgpack" }).put("format", 99);
    await root.close();
    expect(() => lmdbJournal({ directory })).toThrow(/format 99.*reads formats 1 and 2/);
  });

  it("a directory that is a file", () => {
    const directory = temporaryDirectory();
    const file = join(directory, "file");
    writeFileSync(file, "");
    chmodSync(file, 0o600);
    expect(() => lmdbJournal({ directory: file })).toThrow(/EEXIST|ENOTDIR/);
  });

  it("an id longer than its index can hold, leaving nothing of the batch", async () => {
    const journal = lmdbJournal({ directory: temporaryDirectory() });
    const failed = journal.append([update("1"), { ...update("2"), id: "x".repeat(4000) }]);
    await expect(failed).rejects.toBeInstanceOf(HubError);
    expect(journal.tail()).toBe(0);
    expect(await journal.append([update("3")])).toEqual([1]);
    await journal.close();
  });
});
