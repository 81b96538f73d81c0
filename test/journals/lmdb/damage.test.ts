import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HubError, type Journal, type JournalRecord } from "artesian";
import { type LmdbJournalOptions, lmdbJournal } from "artesian/journals/lmdb";
import { open, type Database } from "lmdb";
import { describe, expect, it, onTestFinished } from "vitest";
import { findDamage } from "../../../packages/hub/src/journals/lmdb/tree-check.ts";
import { DAMAGES } from "../../faults/lib/damage.ts";
import { createRandom } from "../../support/random.ts";

const update = (data: string, id?: string) => ({ topics: ["t"], data, id, type: undefined, retry: undefined, private: false });
const ALL = { maxRecords: Infinity, maxBytes: Infinity };

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "artesian-damage-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A journal with records of many sizes, some with ids, some trimmed, that was closed. */
async function makeJournal(count = 2000): Promise<string> {
  const directory = temporaryDirectory();
  const journal = lmdbJournal({ directory, retention: { maxCount: count } });
  for (let i = 0; i < 1.5 * count; i += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, k) =>
        journal.append([update("x".repeat((i + k) % 40 === 0 ? 9000 : (i + k) % 300), k % 3 === 0 ? `id${i + k}` : undefined)]),
      ),
    );
  }
  await journal.state?.commit([{ key: "revoked/a", value: "1" }]);
  await journal.close();
  return directory;
}

/** Changes what is stored, with the engine's own means: its file stays sound. */
async function change(directory: string, run: (databases: Record<"rows" | "ids" | "meta" | "state", Database>) => void): Promise<void> {
  const root = open({ path: directory, noSubdir: false, overlappingSync: false });
  const databases = {
    rows: root.openDB({ name: "rows", encoding: "msgpack" }),
    ids: root.openDB({ name: "ids", dupSort: true, encoding: "ordered-binary" }),
    meta: root.openDB({ name: "meta", encoding: "msgpack" }),
    state: root.openDB({ name: "state", encoding: "string" }),
  };
  root.transactionSync(() => run(databases));
  await root.close();
}

function openJournal(options: LmdbJournalOptions): Journal {
  const journal = lmdbJournal(options);
  onTestFinished(() => journal.close());
  return journal;
}

/** As a subscriber walks: the records, and where it was told of a gap. */
async function walk(journal: Journal): Promise<{ offsets: number[]; gaps: number[] }> {
  const [offsets, gaps]: [number[], number[]] = [[], []];
  for (let after = journal.head() - 1; ; after = offsets.at(-1) ?? after) {
    const page = await journal.read(Math.max(after, (gaps.at(-1) ?? 0) - 1), ALL);
    if (page.kind === "trimmed") gaps.push(page.head);
    else if (page.records.length === 0) return { offsets, gaps };
    else offsets.push(...page.records.map(({ offset }) => offset));
  }
}

describe("the look at the file", () => {
  it("finds nothing in one that is sound, whatever was done to it", async () => {
    const directory = await makeJournal();
    expect(findDamage(join(directory, "data.mdb"))).toBeUndefined();
  });

  it("finds nothing where there is no file, or an empty one", () => {
    const file = join(temporaryDirectory(), "data.mdb");
    expect(findDamage(file)).toBeUndefined();
    writeFileSync(file, "");
    expect(findDamage(file)).toBeUndefined();
  });

  it("finds pages that are missing, elsewhere, or not what was written", async () => {
    const original = await makeJournal();
    const size = readFileSync(join(original, "data.mdb")).length;
    const copy = temporaryDirectory();
    const file = join(copy, "data.mdb");
    const restore = (): void => copyFileSync(join(original, "data.mdb"), file);
    restore();
    truncateSync(file, size / 2);
    expect(findDamage(file)).toMatch(/is missing/);
    const random = createRandom(1);
    let found = 0;
    for (let i = 0; i < 50; i++) {
      restore();
      DAMAGES["a page in the place of another"]?.(copy, random);
      if (findDamage(file) !== undefined) found++;
    }
    // The others are pages that are free, or hold parts of large values.
    expect(found).toBeGreaterThan(10);
    for (let i = 0; i < 50; i++) {
      restore();
      DAMAGES["flipped bits at the beginning"]?.(copy, random);
      // Of these some are in bytes that mean nothing; none may be too much for it.
      findDamage(file);
    }
  });

  it("is taken at a start after a process was cut off, and refuses until the file is replaced", async () => {
    const directory = await makeJournal();
    const file = join(directory, "data.mdb");
    const bytes = readFileSync(file);
    // Root of the rows' tree, or a page below it: the middle of the file.
    const damaged = Buffer.from(bytes);
    for (let page = 20; page < 40; page++) damaged.fill(0, page * 4096, page * 4096 + 24);
    writeFileSync(file, damaged);
    writeFileSync(join(directory, "open-999999999"), "");
    for (let start = 0; start < 2; start++) {
      expect(() => lmdbJournal({ directory })).toThrow(/is damaged: of data\.mdb, .*Put a copy/);
      expect(readdirSync(directory)).toContain("unclean");
    }
    writeFileSync(file, bytes);
    const journal = openJournal({ directory, onPutBack: () => undefined });
    expect((await walk(journal)).offsets).toHaveLength(2000);
    await journal.close();
    expect(readdirSync(directory).toSorted()).toEqual(["closed", "data.mdb", "lock.mdb", "mark"]);
  });

  it("is taken where the beginning of a closed file was changed, which LMDB trusts", async () => {
    const directory = await makeJournal();
    expect(existsSync(join(directory, "closed"))).toBe(true);
    const [file, random] = [join(directory, "data.mdb"), createRandom(7)];
    const sound = readFileSync(file);
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      writeFileSync(file, sound);
      DAMAGES["flipped bits at the beginning"]?.(directory, random);
      let journal: Journal | undefined;
      try {
        journal = lmdbJournal({ directory, onDamage: () => undefined, onPutBack: () => undefined });
      } catch (error) {
        expect(String(error)).toMatch(/damaged|newer version/);
        refused++;
        continue;
      }
      const { offsets, gaps } = await walk(journal);
      expect(offsets.length === 2000 || gaps.length > 0).toBe(true);
      await journal.append([update("new")]);
      await journal.close();
    }
    expect(refused).toBeGreaterThan(20);
  });

  it("is not taken after a journal was closed, nor while another process has it open", async () => {
    const directory = await makeJournal();
    const first = openJournal({ directory });
    const second = openJournal({ directory });
    await first.close();
    expect(existsSync(join(directory, `open-${process.pid}`))).toBe(true);
    await second.close();
    // The parent of this process is alive.
    writeFileSync(join(directory, `open-${process.ppid}`), "");
    writeFileSync(join(directory, "unclean"), "");
    await openJournal({ directory }).close();
    expect(existsSync(join(directory, "unclean"))).toBe(true);
    rmSync(join(directory, `open-${process.ppid}`));
    await openJournal({ directory }).close();
    expect(existsSync(join(directory, "unclean"))).toBe(false);
  });
});

describe("a record that is not what was written", () => {
  const changes: readonly (readonly [what: string, change: (stored: unknown[]) => unknown])[] = [
    ["another text", (stored) => stored.with(4, "y")],
    ["another time", (stored) => stored.with(1, 1)],
    ["public instead of private", (stored) => stored.with(2, true)],
    ["another topic", (stored) => stored.with(3, ["u"])],
    ["another id", (stored) => stored.with(5, "other")],
    ["a type", (stored) => stored.with(6, "alert")],
    ["a number for no type", (stored) => stored.with(6, 2)],
    ["a fraction for no time to reconnect", (stored) => stored.with(7, 0.5)],
    ["a number for a text", (stored) => stored.with(4, 5)],
    ["no list at all", () => 7],
  ];

  it.each(changes)("is left out, and told of: %s", async (_, mutate) => {
    const directory = await makeJournal(300);
    await change(directory, ({ rows }) => rows.putSync(200, mutate(rows.get(200) as unknown[])));
    const told: string[] = [];
    const journal = openJournal({ directory, onDamage: (what) => told.push(what) });
    const { offsets, gaps } = await walk(journal);
    expect(gaps).toEqual([201]);
    expect(offsets).toEqual(Array.from({ length: 300 }, (_unused, i) => 151 + i).filter((offset) => offset !== 200));
    await walk(journal);
    expect(told).toEqual([expect.stringContaining("record 200 is not what was written")]);
  });

  it("that is another one's place, or none, is left out, also at both ends of what is read", async () => {
    const directory = await makeJournal(300);
    await change(directory, ({ rows }) => {
      rows.putSync(160, rows.get(161));
      for (const offset of [170, 171, 172]) rows.removeSync(offset);
      rows.putSync(450, 0);
    });
    const journal = openJournal({ directory, onDamage: () => undefined });
    const { offsets, gaps } = await walk(journal);
    expect(gaps).toEqual([161, 173, 451]);
    expect(offsets).toHaveLength(295);
    expect(await journal.append([update("new")])).toEqual([451]);
    const followed: JournalRecord[] = [];
    journal.follow(165, (records) => followed.push(...records));
    expect(followed.map(({ offset }) => offset)).toEqual([166, 167, 168, 169, ...offsets.filter((offset) => offset > 172), 451]);
  });

  it("is dropped in its turn, without ever stopping the others", async () => {
    const directory = await makeJournal(300);
    await change(directory, ({ rows }) => {
      rows.putSync(151, 0);
      rows.removeSync(152);
    });
    const journal = openJournal({ directory, retention: { maxCount: 100 }, onDamage: () => undefined });
    await journal.append([update("new")]);
    expect(journal.head()).toBe(352);
    expect((await walk(journal)).gaps).toEqual([]);
  });

  it("is kept, where it is the first, for as long as what follows it: whoever reads from the beginning is told", async () => {
    const directory = await makeJournal(300);
    await change(directory, ({ rows }) => {
      rows.putSync(151, 0);
      rows.removeSync(152);
    });
    const journal = openJournal({ directory, retention: { maxAgeMs: 60_000 }, onDamage: () => undefined });
    await journal.append([update("new")]);
    expect(journal.head()).toBe(151);
    expect((await walk(journal)).gaps).toEqual([153]);
    await journal.close();
    const old = openJournal({ directory, retention: { maxAgeMs: 1 }, onDamage: () => undefined });
    await old.append([update("newer")]);
    expect(old.head()).toBeGreaterThan(153);
  });

  it("is not found by an id that leads elsewhere", async () => {
    const directory = await makeJournal(300);
    await change(directory, ({ ids }) => {
      ids.putSync("id300", 400);
      ids.putSync("nobody", 400);
      ids.putSync("gone", 3);
    });
    const journal = openJournal({ directory });
    expect(await journal.find("id300")).toEqual([301]);
    expect(await journal.find("nobody")).toEqual([]);
    expect(await journal.find("gone")).toEqual([]);
  });
});

describe("a journal whose parts contradict each other", () => {
  const changes: readonly (readonly [what: string, why: RegExp, run: Parameters<typeof change>[1]])[] = [
    ["counts too few", /first and last records/, ({ meta }) => meta.putSync("held", [151, 449, 1])],
    ["counts too many", /first and last records/, ({ meta }) => meta.putSync("held", [151, 451, 1])],
    ["does not know", /not known/, ({ meta }) => meta.putSync("held", "?")],
    ["has no format", /has records/, ({ meta }) => meta.removeSync("format")],
    ["has no epoch", /no epoch/, ({ meta }) => meta.removeSync("epoch")],
    [
      "has another entry in its table",
      /"revoked\/a"/,
      ({ state }) => state.putSync("revoked/a", `${String(state.get("revoked/a")).slice(0, 8)}2`),
    ],
    ["has an entry under another key", /"revoked\/b"/, ({ state }) => state.putSync("revoked/b", state.get("revoked/a"))],
  ];

  it.each(changes)("is refused: it %s", async (_, why, run) => {
    const directory = await makeJournal(300);
    await change(directory, run);
    expect(() => lmdbJournal({ directory })).toThrow(why);
    expect(() => lmdbJournal({ directory })).toThrow(/is damaged: .*move it away to begin an empty journal/);
  });
});

describe("a journal of another version", () => {
  it("that is older is converted, with all that it holds", async () => {
    const directory = await makeJournal(300);
    const before = openJournal({ directory });
    const page = await before.read(150, ALL);
    await before.close();
    await change(directory, ({ rows, meta, state }) => {
      for (let offset = 151; offset <= 450; offset++) rows.putSync(offset, (rows.get(offset) as unknown[]).slice(1));
      for (const { key, value } of Array.from(state.getRange())) state.putSync(key, String(value).slice(8));
      meta.putSync("state", meta.get("held"));
      meta.removeSync("held");
      meta.putSync("format", 1);
    });
    const told: string[] = [];
    const onConverted = (what: string): void => void told.push(what);
    const journal = openJournal({ directory, onConverted });
    expect(told).toEqual([expect.stringContaining("converted from format 1")]);
    expect(await journal.read(150, ALL)).toEqual(page);
    expect(await journal.state?.entries("", { limit: 10 })).toEqual([{ key: "revoked/a", value: "1" }]);
    expect(journal.epoch).toBe(before.epoch);
    await journal.close();
    expect(findDamage(join(directory, "data.mdb"))).toBeUndefined();
    await openJournal({ directory, onConverted }).close();
    expect(told).toHaveLength(1);
  });

  it("that becomes newer while it is open takes nothing more, and goes on when it is set back", async () => {
    const directory = await makeJournal(300);
    const journal = openJournal({ directory });
    const move = (from: string, to: string, format: number) =>
      change(directory, ({ meta }) => {
        meta.putSync(to, meta.get(from));
        meta.removeSync(from);
        meta.putSync("format", format);
      });
    await move("held", "elsewhere", 3);
    const refusal = await journal.append([update("new")]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(HubError);
    expect(refusal).toMatchObject({ code: "journal_unavailable", message: expect.stringContaining("newer version") as string });
    await expect(journal.read(400, ALL)).rejects.toMatchObject({ code: "journal_unavailable" });
    // What must not throw: timers ask for these.
    expect([journal.head(), journal.tail()]).toEqual([151, 450]);
    await move("elsewhere", "held", 2);
    expect(await journal.append([update("new")])).toEqual([451]);
  });
});
