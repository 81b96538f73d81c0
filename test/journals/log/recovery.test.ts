import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { LogReader } from "../../../packages/hub/src/journals/log/files/reader.ts";
import { LogStore, type LogStoreOptions } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { append, appendWhole, newDirectory, openStore, readAll, update } from "./support.ts";

let opened = 0;

/**
 * Opens a store as after a crash: with a mark of its own, since the store that "crashed" still has
 * the files open.
 */
async function reopen(directory: string, more: Partial<LogStoreOptions> = {}): Promise<{ store: LogStore; told: string[] }> {
  const told: string[] = [];
  const tell = (what: string): void => void told.push(what);
  const markFile = join(dirname(directory), `mark-${++opened}`);
  const store = await LogStore.open({ directory, markFile, onDamage: tell, onPutBack: tell, segmentBytes: 4096, ...more });
  onTestFinished(() => store.close());
  return { store, told };
}

const segmentsOf = (directory: string, part = "log"): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(`.${part}`))
    .toSorted()
    .map((name) => join(directory, name));

const data = (records: readonly { data: string }[]): string[] => records.map((record) => record.data);

describe("a log that was cut off while it was written", () => {
  it.each([
    ["is missing from", (bytes: Buffer, cut: number) => bytes.subarray(0, cut)],
    ["is zeros from", (bytes: Buffer, cut: number) => Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)])],
    [
      "is something else from",
      (bytes: Buffer, cut: number) => Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut, 0xfe)]),
    ],
    ["has another byte at", (bytes: Buffer, cut: number) => Buffer.from(bytes).fill((bytes[cut] as number) ^ 1, cut, cut + 1)],
    ["has no bytes for a while at", (bytes: Buffer, cut: number) => Buffer.from(bytes).fill(0, cut, cut + 70)],
  ])(
    "keeps what was acknowledged, if the last group %s any position",
    async (what, damage) => {
      const directory = newDirectory();
      const { store } = await reopen(directory, { segmentBytes: 1024 * 1024 });
      for (const one of ["1", "2", "3"]) await append(store, one);
      const { position } = store.place;
      // A group of four appends, which share a flush.
      const group = [append(store, "4"), append(store, "5", "6"), append(store, "7"), append(store, "8")];
      await Promise.all(group);
      const file = segmentsOf(directory)[0] as string;
      const bytes = readFileSync(file);
      const end = store.place.position;
      for (let cut = position; cut < end; cut += what.startsWith("is zeros") ? 1 : 7) {
        writeFileSync(file, damage(bytes, cut));
        const { store: again, told } = await reopen(directory, { segmentBytes: 1024 * 1024 });
        const { records, gaps } = await readAll(again);
        expect(data(records.slice(0, 3))).toEqual(["1", "2", "3"]);
        expect([gaps, told]).toEqual([[], []]);
        // Whole appends, in order.
        expect([3, 4, 6, 7]).toContain(records.length);
        expect(data(records)).toEqual(["1", "2", "3", "4", "5", "6", "7"].slice(0, records.length));
        expect(again.place.tail).toBe(records.length);
        expect(again.place.bytes).toBe(66 * records.length);
        const next = await append(again, "next");
        expect(next).toEqual({ kind: "appended", first: records.length + 1, count: 1 });
        expect(data((await readAll(again)).records)).toEqual([...data(records), "next"]);
        await again.close();
        // Nothing of the torn group comes back behind the next append.
        const { store: third } = await reopen(directory, { segmentBytes: 1024 * 1024 });
        expect(third.place.tail).toBe(records.length + 1);
        await third.close();
      }
    },
    120_000,
  );

  it("goes on after each step of a new segment", async () => {
    const directory = newDirectory();
    const { store } = await reopen(directory);
    while (segmentsOf(directory).length < 3) await append(store, "x".repeat(500));
    const { tail } = store.place;
    await store.close();
    // A segment that was not complete when the process ended has no name yet.
    writeFileSync(join(directory, `${String(tail + 1).padStart(16, "0")}.log.new`), "unfinished");
    writeFileSync(join(directory, `${String(tail + 1).padStart(16, "0")}.table.new`), "unfinished");
    for (const part of ["index", "table"]) for (const path of segmentsOf(directory, part)) rmSync(path);
    const { store: again, told } = await reopen(directory);
    expect((await readAll(again)).records).toHaveLength(tail);
    expect(told).toEqual([]);
    await again.close();
    expect(readdirSync(directory).filter((name) => name.endsWith(".new"))).toEqual([]);
    // The indexes are written again.
    expect(segmentsOf(directory, "index")).toHaveLength(2);
  });
});

describe("damage of a log", () => {
  /** A log of three sealed segments and an active one, with one append a flush. */
  async function makeLog(): Promise<{ directory: string; tail: number }> {
    const directory = newDirectory();
    const { store } = await reopen(directory);
    for (let i = 1; segmentsOf(directory).length < 4 || i % 3 !== 0; i++) {
      await append(store, update(`${i} ${"x".repeat(300)}`, { id: `id ${i}` }));
    }
    const { tail } = store.place;
    await store.close();
    return { directory, tail };
  }

  it("in the middle of a segment is a gap that is told, and nothing else is lost", async () => {
    const { directory, tail } = await makeLog();
    const files = segmentsOf(directory);
    for (const [s, file] of files.entries()) {
      const bytes = readFileSync(file);
      for (let at = 24; at < bytes.length - 60; at += 97) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] as number) ^ 0x40;
        writeFileSync(file, changed);
        const { store, told } = await reopen(directory);
        const { records, gaps } = await readAll(store);
        for (const record of records) expect(record.data).toBe(`${record.offset} ${"x".repeat(300)}`);
        // At most one append is lost. Entries without records may be what is damaged.
        expect(records.length).toBeGreaterThanOrEqual(tail - 1);
        const missing = Array.from({ length: tail }, (_, i) => i + 1).filter(
          (offset) => !records.some((record) => record.offset === offset),
        );
        expect(gaps).toEqual(missing);
        expect(told).toHaveLength(missing.length);
        for (const offset of missing) expect(told[0]).toContain(`record ${offset} is not what was written`);
        expect([store.place.head, store.place.tail]).toEqual([1, tail]);
        expect(store.place.bytes).toBe(makeBytes(tail));
        for (const offset of missing) expect(await store.findId(`id ${offset}`)).toEqual([]);
        expect(await store.findId(`id ${tail === missing[0] ? 1 : tail}`)).toEqual([tail === missing[0] ? 1 : tail]);
        if (s === files.length - 1) expect(await append(store, "next")).toMatchObject({ first: tail + 1 });
        await store.close();
        writeFileSync(file, bytes);
      }
    }
  }, 120_000);

  const makeBytes = (tail: number): number => {
    let bytes = 0;
    for (let i = 1; i <= tail; i++) bytes += 64 + 1 + `${i} `.length + 300 + `id ${i}`.length;
    return bytes;
  };

  it("of a large part, or a missing segment, is a gap up to the next sound record", async () => {
    const { directory, tail } = await makeLog();
    const [first, second] = segmentsOf(directory) as [string, string];
    const bytes = readFileSync(first);
    writeFileSync(first, Buffer.concat([bytes.subarray(0, 1000), Buffer.alloc(bytes.length - 1000, 7)]));
    const secondFirst = Number(second.slice(-20, -4));
    {
      const { store } = await reopen(directory);
      const { records, gaps } = await readAll(store);
      expect(gaps).toEqual([3]);
      expect(records.map(({ offset }) => offset)).toEqual([1, 2, ...range(secondFirst, tail)]);
      expect(store.reader.between(0, tail).map(({ offset }) => offset)).toEqual(records.map(({ offset }) => offset));
      await store.close();
    }
    rmSync(first);
    rmSync(first.replace(".log", ".index"));
    const { store, told } = await reopen(directory);
    expect(store.place.head).toBe(1);
    const { records, gaps } = await readAll(store);
    expect(records.map(({ offset }) => offset)).toEqual(range(secondFirst, tail));
    expect(gaps).toEqual([1]);
    expect(told).toEqual([expect.stringContaining(`records 1 to ${secondFirst - 1} are missing`)]);
  });

  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  it.each(["missing", "damaged", "cut"])("of an index file costs nothing: it is %s", async (what) => {
    const { directory, tail } = await makeLog();
    const index = segmentsOf(directory, "index")[1] as string;
    const bytes = readFileSync(index);
    const positions = what === "damaged" ? range(0, Math.floor((bytes.length - 1) / 41)).map((i) => 41 * i) : [0];
    for (const position of positions) {
      if (what === "missing") rmSync(index);
      else if (what === "cut") writeFileSync(index, bytes.subarray(0, bytes.length / 2));
      else writeFileSync(index, Buffer.from(bytes).fill((bytes[position] as number) ^ 4, position, position + 1));
      const { store, told } = await reopen(directory);
      for (let i = 1; i <= tail; i++) expect(await store.findId(`id ${i}`)).toEqual([i]);
      expect((await readAll(store)).records).toHaveLength(tail);
      expect(told).toEqual([]);
      await store.close();
      expect(readFileSync(index).equals(bytes)).toBe(true);
    }
  });

  it("of an index file while the log is open is repaired too", async () => {
    const { directory, tail } = await makeLog();
    const { store } = await reopen(directory);
    for (const index of segmentsOf(directory, "index")) writeFileSync(index, Buffer.alloc(statSync(index).size));
    for (let i = 1; i <= tail; i++) expect(await store.findId(`id ${i}`)).toEqual([i]);
  });

  it("of the identity begins a new epoch", async () => {
    const { directory, tail } = await makeLog();
    const { store } = await reopen(directory);
    const { epoch } = store.place;
    await store.close();
    const path = join(directory, "identity");
    const bytes = readFileSync(path);
    bytes[bytes.length - 30] = (bytes[bytes.length - 30] as number) ^ 1;
    writeFileSync(path, bytes);
    const { store: again, told } = await reopen(directory);
    expect(again.place.epoch).not.toBe(epoch);
    expect([again.place.restoredUpTo, again.place.tail]).toEqual([tail, tail]);
    expect(told).toEqual([expect.stringContaining("its identity is missing or damaged")]);
    expect((await readAll(again)).records).toHaveLength(tail);
  });

  it("of all of the newest segment is told at the opening", async () => {
    const { directory } = await makeLog();
    const newest = segmentsOf(directory).at(-1) as string;
    writeFileSync(newest, Buffer.alloc(5000));
    await expect(reopen(directory)).rejects.toThrow(/is damaged: its newest segment.*Put a copy/);
  });
});

describe("the shared table of a log", () => {
  async function makeLog(): Promise<{ directory: string; expected: readonly unknown[] }> {
    const directory = newDirectory();
    const { store } = await reopen(directory);
    const expected = new Map<string, string>();
    for (let i = 1; segmentsOf(directory).length < 4 || i % 10 !== 0; i++) {
      const key = `k${i % 17}`;
      const value = i % 5 === 0 ? undefined : `value ${i} ${i % 7 === 0 ? "\ud800" : ""}`;
      await appendWhole(store, { batch: i % 2 === 0 ? [update("x".repeat(200))] : [], steps: [{ key, value }] });
      if (value === undefined) expected.delete(key);
      else expected.set(key, value);
    }
    await store.close();
    return { directory, expected: [...expected].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value })) };
  }

  it("is rebuilt from the newest checkpoint, or from the one before", async () => {
    const { directory, expected } = await makeLog();
    const tables = segmentsOf(directory, "table");
    expect(tables).toHaveLength(2);
    const newest = tables[1] as string;
    const bytes = readFileSync(newest);
    const look = async (): Promise<void> => {
      const { store } = await reopen(directory);
      expect(await store.entries("", { limit: 100 })).toEqual(expected);
      await store.close();
    };
    await look();
    for (let i = 0; i < bytes.length; i += 11) {
      writeFileSync(newest, Buffer.from(bytes).fill((bytes[i] as number) ^ 2, i, i + 1));
      await look();
    }
    rmSync(newest);
    await look();
    // The segments from the first on are still here, and the first begins with an empty table.
    rmSync(tables[0] as string);
    await look();
  });

  it("is not opened if a change may be missing", async () => {
    const { directory } = await makeLog();
    for (const path of segmentsOf(directory, "table")) rmSync(path);
    const first = segmentsOf(directory)[0] as string;
    const bytes = readFileSync(first);
    writeFileSync(first, Buffer.from(bytes).fill(0, 400, 410));
    await expect(reopen(directory)).rejects.toThrow(/is damaged: its table cannot be read/);
    writeFileSync(first, bytes);
    rmSync(first);
    await expect(reopen(directory)).rejects.toThrow(/is damaged: its table cannot be read/);
  });

  it("is opened if only updates are missing", async () => {
    const directory = newDirectory();
    const { store } = await reopen(directory);
    await appendWhole(store, { batch: [], steps: [{ key: "revoked", value: "1" }] });
    const { position } = store.place;
    await append(store, "lost");
    await append(store, "kept");
    await appendWhole(store, { batch: [], steps: [{ key: "later", value: "2" }] });
    await store.close();
    const file = segmentsOf(directory)[0] as string;
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0, position + 57, position + 60));
    const { store: again } = await reopen(directory);
    expect(await again.entries("", { limit: 9 })).toEqual([
      { key: "later", value: "2" },
      { key: "revoked", value: "1" },
    ]);
    const { records, gaps } = await readAll(again);
    expect([data(records), gaps]).toEqual([["kept"], [1]]);
  });

  it("can be listed by pages of a length", async () => {
    const store = await openStore({ directory: newDirectory() });
    await appendWhole(store, { batch: [], steps: ["a", "b", "c"].map((key) => ({ key, value: "x".repeat(10) })) });
    expect(await store.entries("", { limit: 10, maxLength: 15 })).toHaveLength(2);
    expect(await store.entries("", { limit: 10, maxLength: 1 })).toHaveLength(1);
    expect(await store.entries("b", { limit: 10 })).toHaveLength(1);
  });
});

describe("restored data", () => {
  it("begin a new epoch, once: a copy of the directory, and older files in place", async () => {
    const directory = newDirectory();
    const markFile = join(dirname(directory), "mark");
    const told: string[] = [];
    const open = (): Promise<LogStore> => LogStore.open({ directory, markFile, onPutBack: (what) => told.push(what) });
    const first = await open();
    await append(first, "1");
    await first.close();
    const file = segmentsOf(directory)[0] as string;
    const backup = `${directory}.backup`;
    copyFileSync(file, backup);
    const second = await open();
    expect(second.place.epoch).toBe(first.place.epoch);
    await append(second, "2");
    await second.close();
    expect(told).toEqual([]);
    writeFileSync(file, readFileSync(backup));
    const third = await open();
    // Update 2 is a gap.
    expect(third.place).toMatchObject({ restoredUpTo: 2, tail: 2 });
    expect(third.place.epoch).not.toBe(first.place.epoch);
    expect(told).toEqual([expect.stringContaining("tells of update 2, and the newest is 1")]);
    await append(third, "another 2");
    await third.close();
    const fourth = await open();
    expect(fourth.place).toMatchObject({ epoch: third.place.epoch, restoredUpTo: 2, tail: 3 });
    await fourth.close();
    const identity = readFileSync(join(directory, "identity"));
    rmSync(join(directory, "identity"));
    // Keeps the number of the removed file in use, so that the copy gets another.
    writeFileSync(join(directory, "other"), "");
    writeFileSync(join(directory, "identity"), identity);
    const fifth = await open();
    expect(fifth.place.epoch).not.toBe(third.place.epoch);
    expect(told[1]).toContain("its identity is a copy");
    await fifth.close();
    await expect(LogStore.open({ directory, markFile, epoch: first.place.epoch })).rejects.toThrow(
      /is not the one that the hub began with/,
    );
    const declared = await LogStore.open({ directory, markFile, isDeclared: true, onPutBack: (what) => told.push(what) });
    expect(declared.place.epoch).not.toBe(fifth.place.epoch);
    expect(told.at(-1)).toContain("this was declared");
    await declared.close();
  });

  it("are not begun if a certain epoch is required and nothing is there", async () => {
    const directory = newDirectory();
    await expect(LogStore.open({ directory, epoch: "AAAAAAAA" })).rejects.toThrow(/is not the one/);
    expect(existsSync(directory)).toBe(false);
  });

  it("of a newer format are refused", async () => {
    const directory = newDirectory();
    await (await LogStore.open({ directory })).close();
    const { crc32 } = await import("node:zlib");
    const path = join(directory, "identity");
    const [name, line] = readFileSync(path, "utf8").split("\n") as [string, string];
    const newer = line.slice(0, -9).replace("log 1 ", "log 2 ");
    writeFileSync(path, `${name}\n${newer} ${crc32(newer).toString(16).padStart(8, "0")}\n`);
    await expect(LogStore.open({ directory })).rejects.toThrow(/has format 2; this version of Artesian reads format 1/);
  });
});

describe("a log of changes without updates", () => {
  it("does not grow without bound, and keeps its table and its head", async () => {
    const directory = newDirectory();
    const { store } = await reopen(directory, { retention: { maxCount: 2 } });
    for (let i = 1; i <= 3; i++) await append(store, "x".repeat(1500));
    const follower = await LogReader.open(directory, store.salt, store.place);
    onTestFinished(() => follower.close());
    store.onMoved((place) => follower.moveTo(place));
    const lease = (i: number): Promise<unknown> =>
      appendWhole(store, { batch: [], steps: [{ key: `lease ${i % 5}`, value: `${i} ${"x".repeat(100)}` }] });
    for (let i = 1; i <= 300; i++) {
      await lease(i);
      const active = segmentsOf(directory).at(-1) as string;
      expect(store.place.position).toBeLessThan(4096 + 400);
      // With the space that is kept ready.
      expect(statSync(active).size).toBeLessThan(1024 * 1024);
      if (i % 23 !== 0) continue;
      const copy = `${directory}-${i}`;
      cpSync(directory, copy, { recursive: true });
      const { store: again } = await reopen(copy, { retention: { maxCount: 2 } });
      expect((await again.entries("", { limit: 9 })).map(({ value }) => Number(value.split(" ")[0])).toSorted((a, b) => a - b)).toEqual(
        [4, 3, 2, 1, 0].map((back) => i - back).filter((one) => one > 0),
      );
      expect(again.place).toMatchObject({ head: 2, tail: 3 });
    }
    await append(store, "4");
    for (const reader of [store.reader, follower]) expect(data((await readAll({ reader }, 2)).records.slice(-1))).toEqual(["4"]);
    expect(follower.between(3, 4)).toHaveLength(1);
  });

  it("is whole at each step of the replacement", async () => {
    const directory = newDirectory();
    const { store } = await reopen(directory);
    const file = segmentsOf(directory)[0] as string;
    let before = readFileSync(file);
    for (let i = 1; i <= 60; i++) {
      await appendWhole(store, { batch: [], steps: [{ key: `k${i % 7}`, value: `${i} ${"x".repeat(100)}` }] });
      const isReplaced = store.place.position < 400 && i > 10;
      const bytes = readFileSync(file);
      if (isReplaced) {
        // The checkpoint is written, and the new entry only in part.
        for (let cut = 72; cut <= 120; cut += 6) {
          writeFileSync(file, Buffer.concat([bytes.subarray(0, cut), before.subarray(cut)]));
          const { store: again } = await reopen(directory);
          const values = (await again.entries("", { limit: 9 })).map(({ value }) => Number(value.split(" ")[0]));
          expect(Math.max(...values)).toBe(i - 1);
          await again.close();
        }
        return;
      }
      before = bytes;
    }
    throw new Error("The segment was not replaced.");
  });
});
