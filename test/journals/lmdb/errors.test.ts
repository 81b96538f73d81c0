import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbJournal } from "artesian/journals/lmdb";
import { open } from "lmdb";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Databases } from "../../../packages/hub/src/journals/lmdb/format.ts";
import { rising } from "../../../packages/hub/src/journals/lmdb/rising.ts";
import { RowReader } from "../../../packages/hub/src/journals/lmdb/rows.ts";

const update = (data: string) => ({ topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false });
const ALL = { maxRecords: Infinity, maxBytes: Infinity };
/** More than could be gone through one by one. */
const FAR = 2 ** 40;

/** Rows of which each look fails as it does in a transaction that LMDB has given up, or as bytes do that are no value. */
function failing(error: Error): { rows: Databases["rows"]; looks: () => number } {
  let looks = 0;
  const fail = (): never => {
    looks++;
    throw error;
  };
  return { rows: { get: fail, getRange: fail } as unknown as Databases["rows"], looks: () => looks };
}

describe("an error of the store", () => {
  const errors = [
    Object.assign(new Error("MDB_BAD_TXN: Transaction must abort, has a child, or is invalid"), { code: -30782 }),
    Object.assign(new Error("MDB_CORRUPTED: Located page was wrong type"), { code: -30796 }),
    Object.assign(new Error("Input/output error"), { code: 5 }),
  ];

  it.each(errors)("is thrown at once, and never taken for a record that is damaged: $message", (error) => {
    const looks: readonly ((reader: RowReader) => unknown)[] = [
      (reader) => reader.row(1),
      (reader) => reader.sound(1, FAR),
      (reader) => reader.page(0, FAR, ALL),
      (reader) => reader.all(0, FAR),
    ];
    for (const look of looks) {
      const { rows, looks: count } = failing(error);
      const reader = new RowReader(rows, "/directory", (what) => expect.unreachable(what));
      expect(() => look(reader)).toThrow(error);
      expect(count()).toBe(1);
    }
  });

  it("is told from bytes that are no value, which are left out and told of, with an end to the looks", () => {
    const { rows, looks } = failing(new Error("Unexpected end of MessagePack data"));
    const told: string[] = [];
    const reader = new RowReader(rows, "/directory", (what) => told.push(what));
    expect(reader.row(1)).toBeUndefined();
    expect(reader.page(0, FAR, ALL)).toEqual({ kind: "trimmed", head: FAR + 1 });
    expect(reader.all(0, FAR)).toEqual([]);
    expect(told).toEqual([expect.stringContaining("record 1 is not what was written")]);
    expect(looks()).toBeLessThan(30_000);
  });
});

describe("a walk through a range", () => {
  const entries = (...keys: (string | number)[]) => keys.map((key) => ({ key, value: 0 }));

  it("ends with an error where a key does not come after the one before, or before the start", () => {
    expect([...rising(entries("a", "b", "c"))].map(({ key }) => key)).toEqual(["a", "b", "c"]);
    for (const keys of [entries("a", "a"), entries("b", "a"), entries(2, 1)]) expect(() => [...rising(keys)]).toThrow(/not in order/);
    expect(() => [...rising(entries("a", "b"), "b")]).toThrow(/not in order/);
    // A tree that leads back into itself has no end.
    const endless = function* () {
      for (;;) yield* entries("a", "b");
    };
    expect(() => [...rising(endless())]).toThrow(/not in order/);
  });
});

describe("damage that shows while a journal is open", () => {
  const changes: readonly (readonly [what: string, held: unknown, why: RegExp])[] = [
    ["the newest updates are gone", [1, 2, 10], /its newest updates are gone/],
    ["what is held is not known", "?", /what it holds is not known/],
    ["what is held can't be", [9, 3, 10], /what it holds is not known/],
    ["what is held is a fraction", [1, 3.5, 10], /what it holds is not known/],
  ];

  it.each(changes)("ends its use, is told, and has the next start look at the file: %s", async (_, held, why) => {
    const directory = mkdtempSync(join(tmpdir(), "artesian-errors-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const journal = lmdbJournal({ directory });
    onTestFinished(() => journal.close());
    for (const data of ["1", "2", "3"]) await journal.append([update(data)]);
    const told = new Promise<void>((resolve) => void journal.watchFailure?.(resolve));
    const root = open({ path: directory, noSubdir: false, overlappingSync: false });
    await root.openDB({ name: "meta", encoding: "msgpack" }).put("held", held);
    await root.close();
    await told;
    expect(journal.failure).toMatchObject({ code: "journal_unavailable", cause: { message: expect.stringMatching(why) as string } });
    await expect(journal.append([update("4")])).rejects.toBe(journal.failure);
    await expect(journal.read(0, ALL)).rejects.toBe(journal.failure);
    expect([journal.head(), journal.tail()]).toEqual([1, 3]);
    expect(existsSync(join(directory, "unclean"))).toBe(true);
    await journal.close();
    expect(() => lmdbJournal({ directory })).toThrow(/is damaged/);
  });
});
