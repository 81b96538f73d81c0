import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Journal, Retention } from "artesian";
import { lmdbJournal } from "artesian/journals/lmdb";
import { describe, expect, it, onTestFinished } from "vitest";
import { compact } from "../../../packages/hub/src/journals/lmdb/compact.ts";
import { findDamage } from "../../../packages/hub/src/journals/lmdb/tree-check.ts";

const SOON = { timeout: 25_000 };
const NONE: Retention = { maxAgeMs: Infinity, maxBytes: Infinity, maxCount: Infinity };

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "artesian-retention-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function open(directory: string, retention: Retention): Journal {
  const journal = lmdbJournal({ directory, retention, onPutBack: (what) => expect.unreachable(what) });
  onTestFinished(() => journal.close());
  return journal;
}

async function fill(directory: string, count: number, size: number): Promise<Journal> {
  const journal = open(directory, NONE);
  for (let i = 0; i < count; i += 500) {
    await Promise.all(
      Array.from({ length: Math.min(500, count - i) }, (_, k) =>
        journal.append([{ topics: ["t"], data: "x".repeat(size), id: `id${i + k}`, type: undefined, retry: undefined, private: false }]),
      ),
    );
  }
  await journal.close();
  return journal;
}

const held = (journal: Journal): number => journal.tail() + 1 - journal.head();
const sizeOf = (directory: string): number => statSync(join(directory, "data.mdb")).size;

describe("a retention that was lowered", () => {
  const bounds: readonly (readonly [what: string, retention: Retention, left: (journal: Journal) => boolean])[] = [
    ["the count", { ...NONE, maxCount: 100 }, (journal) => held(journal) === 100],
    ["the bytes", { ...NONE, maxBytes: 50_000 }, (journal) => journal.bytes() <= 50_000 && held(journal) > 100],
    ["the age", { ...NONE, maxAgeMs: 1 }, (journal) => held(journal) === 0],
  ];

  it.each(bounds)("takes effect at the start, with nothing published: %s", async (_, retention, isLeft) => {
    const directory = temporaryDirectory();
    const before = await fill(directory, 5000, 100);
    const journal = open(directory, retention);
    await expect.poll(() => isLeft(journal), SOON).toBe(true);
    expect([journal.tail(), journal.epoch]).toEqual([5000, before.epoch]);
    // What is left is what is newest, and the ids of the others are gone with them.
    expect(await journal.find("id0")).toEqual([]);
    if (held(journal) > 0) expect(await journal.find("id4999")).toEqual([5000]);
    await journal.close();
    expect(findDamage(join(directory, "data.mdb"))).toBeUndefined();
  });

  it("takes effect in steps that hold up nobody, and updates are taken meanwhile", async () => {
    const directory = temporaryDirectory();
    await fill(directory, 40_000, 100);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const journal = open(directory, { ...NONE, maxCount: 10 });
    delay.enable();
    let appended = 0;
    let slowestMs = 0;
    while (held(journal) > 10) {
      const began = performance.now();
      await journal.append([{ topics: ["t"], data: "new", id: undefined, type: undefined, retry: undefined, private: false }]);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      appended++;
    }
    delay.disable();
    expect(journal.tail()).toBe(40_000 + appended);
    expect(appended).toBeGreaterThan(20);
    // A step takes two or three; a busy machine takes longer, and the whole in one step took 500.
    expect(delay.percentile(50) / 1e6).toBeLessThan(15);
    expect(slowestMs).toBeLessThan(2000);
  });

  it("makes room in the file for further updates, without making it larger", async () => {
    const directory = temporaryDirectory();
    await fill(directory, 4000, 2000);
    const before = sizeOf(directory);
    const journal = open(directory, { ...NONE, maxCount: 100 });
    await expect.poll(() => held(journal), SOON).toBe(100);
    for (let i = 0; i < 2000; i += 100) {
      await Promise.all(
        Array.from({ length: 100 }, () =>
          journal.append([{ topics: ["t"], data: "y".repeat(2000), id: undefined, type: undefined, retry: undefined, private: false }]),
        ),
      );
    }
    await expect.poll(() => held(journal), SOON).toBe(100);
    expect(sizeOf(directory)).toBeLessThan(before * 1.05);
  });
});

describe("compacting a journal", () => {
  it("gives the disk back what was dropped, and keeps the epoch, what is held, and the rights of the file", async () => {
    const directory = temporaryDirectory();
    const { epoch } = await fill(directory, 4000, 2000);
    const trimmed = open(directory, { ...NONE, maxCount: 100 });
    await expect.poll(() => held(trimmed), SOON).toBe(100);
    await trimmed.state?.commit([{ key: "revoked/a", value: "1" }]);
    await trimmed.close();
    const files = readdirSync(directory).toSorted();
    const { before, after } = await compact(directory);
    expect(before).toBeGreaterThan(8_000_000);
    expect(after).toBeLessThan(1_000_000);
    expect(sizeOf(directory)).toBe(after);
    expect(statSync(join(directory, "data.mdb")).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).toSorted()).toEqual(files.filter((name) => name !== "lock.mdb"));
    expect(findDamage(join(directory, "data.mdb"))).toBeUndefined();
    // Nothing more to gain.
    expect((await compact(directory)).after).toBe(after);
    const journal = open(directory, NONE);
    expect([journal.epoch, journal.head(), journal.tail()]).toEqual([epoch, 3901, 4000]);
    expect(await journal.find("id3999")).toEqual([4000]);
    expect(await journal.state?.entries("", { limit: 9 })).toEqual([{ key: "revoked/a", value: "1" }]);
    const [offset] = await journal.append([
      { topics: ["t"], data: "new", id: undefined, type: undefined, retry: undefined, private: false },
    ]);
    expect(offset).toBe(4001);
  });

  it("is refused while the journal is open, and where there is none", async () => {
    const directory = temporaryDirectory();
    await expect(compact(directory)).rejects.toThrow(/no journal/);
    const journal = open(directory, NONE);
    await journal.append([{ topics: ["t"], data: "x", id: undefined, type: undefined, retry: undefined, private: false }]);
    await expect(compact(directory)).rejects.toThrow(/in use by this process\. Stop the hub/);
    expect(await journal.append([{ topics: ["t"], data: "y", id: undefined, type: undefined, retry: undefined, private: false }])).toEqual([
      2,
    ]);
  });

  it("that was cut off leaves the journal as it was, and what it left is removed by the next one", async () => {
    const directory = temporaryDirectory();
    const { epoch } = await fill(directory, 1000, 2000);
    cpSync(join(directory, "data.mdb"), join(directory, "compact", "data.mdb"));
    const journal = open(directory, { ...NONE, maxCount: 10 });
    expect(journal.epoch).toBe(epoch);
    await expect.poll(() => held(journal), SOON).toBe(10);
    await journal.close();
    const { before, after } = await compact(directory);
    expect(after).toBeLessThan(before);
    expect(readdirSync(directory)).not.toContain("compact");
  });
});
