import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { backUp } from "../../../packages/hub/src/journals/log/tools/backup.ts";
import { declareRestored } from "../../../packages/hub/src/journals/log/tools/restore.ts";
import { readLog } from "../../../packages/hub/src/journals/log/tools/read-only.ts";
import { verify } from "../../../packages/hub/src/journals/log/tools/verify.ts";
import { newDirectory, update } from "./support.ts";

const ALL = { maxRecords: 1_000_000, maxBytes: Infinity };
/** Leads to segments of 256 KiB. */
const SMALL = { maxBytes: 2 * 1024 * 1024 };

/** Fills some segments: every tenth update has an id, some have a key, and the table changes now and then. */
async function fill(directory: string, count = 1500): Promise<string> {
  const journal = await logJournal({ directory, retention: SMALL });
  for (let i = 0; i < count; i += 10) {
    await Promise.all(
      Array.from({ length: 10 }, (_, k) => journal.append([update(`${i + k} ${"x".repeat(600)}`, k === 0 ? { id: `id${i}` } : {})])),
    );
    if (i % 100 === 0) await journal.state?.commit([{ key: `entry${i}`, value: "v" }]);
    if (i % 250 === 0) await journal.idempotency?.append({ key: `key${i}`, request: "r", batch: [update("keyed")] });
  }
  await journal.close();
  return journal.epoch;
}

const filesOf = (directory: string, part: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith(`.${part}`))
    .toSorted();

/** Changes some bytes of a file. */
function damage(path: string, at = Math.floor(statSync(path).size / 2)): void {
  const fd = openSync(path, "r+");
  writeSync(fd, Buffer.from("damage"), 0, 6, at);
  closeSync(fd);
}

describe("verifying a log", { timeout: 60_000 }, () => {
  it("finds nothing in a sound one, closed, open or copied, and changes nothing", async () => {
    const directory = newDirectory();
    const epoch = await fill(directory);
    const before = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString("base64")]);
    const closed = await verify(directory);
    expect(closed).toMatchObject({ epoch, isOpen: false, damage: [], putBack: undefined });
    expect(closed.segments).toBeGreaterThan(3);
    expect(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString("base64")])).toEqual(before);
    const journal = await logJournal({ directory, retention: SMALL });
    onTestFinished(() => journal.close());
    expect(await verify(directory)).toMatchObject({ isOpen: true, damage: [], head: journal.head(), tail: journal.tail() });
    const copy = `${directory}-copy`;
    await backUp(directory, copy);
    expect(await verify(copy)).toMatchObject({ epoch, isOpen: false, damage: [], putBack: expect.stringContaining("copy") as string });
  });

  it("names each damaged file, and says what it means", async () => {
    const directory = newDirectory();
    await fill(directory);
    const [oldest = "", second = ""] = filesOf(directory, "log");
    const [index = ""] = filesOf(directory, "index");
    const tables = filesOf(directory, "table");
    damage(join(directory, second));
    damage(join(directory, index), 200);
    damage(join(directory, tables.at(-1) as string), 20);
    const found = await verify(directory);
    expect(found.damage).toEqual([
      { file: index, what: expect.stringMatching(/damaged|lead/) as string, meaning: expect.stringContaining("Nothing is lost") as string },
      {
        file: second,
        what: expect.stringContaining("at byte") as string,
        meaning: expect.stringMatching(/^Updates? \d+.* lost\. .*gap/) as string,
      },
      { file: tables.at(-1), what: "is damaged", meaning: expect.stringContaining("checkpoint before") as string },
    ]);
    rmSync(join(directory, oldest));
    const without = await verify(directory);
    const next = Number(second.slice(0, 16));
    expect(without.head).toBeLessThan(next);
    expect(without.damage[0]).toMatchObject({
      file: `a segment before ${second}`,
      meaning: expect.stringContaining(`to ${next - 1} are lost`) as string,
    });
    for (const table of tables) damage(join(directory, table), 20);
    expect((await verify(directory)).damage.at(-1)).toMatchObject({
      file: "the shared table",
      meaning: expect.stringContaining("not opened") as string,
    });
    damage(join(directory, "identity"), 3);
    expect((await verify(directory)).damage[0]).toMatchObject({
      file: "identity",
      meaning: expect.stringContaining("new epoch") as string,
    });
  });

  it("tells of an index that is whole by itself, but of another segment", async () => {
    const directory = newDirectory();
    await fill(directory);
    const [first = "", second = ""] = filesOf(directory, "index");
    cpSync(join(directory, first), join(directory, second));
    expect((await verify(directory)).damage).toMatchObject([{ file: second }]);
  });

  it("refuses a directory without a journal", async () => {
    await expect(verify(newDirectory())).rejects.toThrow(/There is no journal in/);
  });
});

describe("a backup of a log", { timeout: 120_000 }, () => {
  it("has all that was acknowledged before it began, while another instance writes, rolls and trims", async () => {
    const directory = newDirectory();
    const journal = await logJournal({ directory, retention: SMALL });
    onTestFinished(() => journal.close());
    const done = new AbortController();
    let count = 0;
    const load = (async () => {
      while (!done.signal.aborted) {
        await Promise.all(Array.from({ length: 20 }, () => journal.append([update(`${++count} ${"x".repeat(1000)}`)])));
        await journal.state?.commit([{ key: "count", value: String(count) }]);
      }
    })();
    for (let round = 0; round < 5; round++) {
      const until = journal.tail() + 1500;
      await expect.poll(() => journal.tail(), { timeout: 30_000 }).toBeGreaterThan(until);
      const [tail, entry] = [journal.tail(), Number((await journal.state?.entries("count", { limit: 1 }))?.[0]?.value)];
      const to = `${directory}-backup-${round}`;
      const place = await backUp(directory, to);
      expect(place.tail).toBeGreaterThanOrEqual(tail);
      const told: string[] = [];
      expect(await verify(to)).toMatchObject({ damage: [], tail: place.tail });
      const copy = await logJournal({
        directory: to,
        retention: SMALL,
        onPutBack: (what) => told.push(what),
        onDamage: (what) => told.push(what),
      });
      expect(told).toEqual([expect.stringContaining("were put back")]);
      expect(copy.epoch).not.toBe(journal.epoch);
      expect([copy.tail(), copy.restoredUpTo]).toEqual([place.tail, place.tail]);
      const page = await copy.read(copy.head() - 1, ALL);
      const offsets = page.kind === "records" ? page.records.map(({ offset }) => offset) : [];
      expect(offsets).toEqual(Array.from({ length: copy.tail() + 1 - copy.head() }, (_, i) => copy.head() + i));
      expect(Number((await copy.state?.entries("count", { limit: 1 }))?.[0]?.value)).toBeGreaterThanOrEqual(entry);
      for (const name of readdirSync(to)) expect(statSync(join(to, name)).mode & 0o777).toBe(0o600);
      await copy.close();
    }
    done.abort();
    await load;
  });

  it("can be opened, however fast the segments change", async () => {
    const directory = newDirectory();
    const journal = await logJournal({ directory, retention: SMALL });
    onTestFinished(() => journal.close());
    const done = new AbortController();
    const batch = Array.from({ length: 100 }, () => update("x".repeat(2000)));
    await journal.state?.commit([{ key: "revoked", value: "1" }]);
    const load = (async () => {
      while (!done.signal.aborted) await journal.append(batch);
    })();
    onTestFinished(async () => {
      done.abort();
      await load;
    });
    await expect.poll(() => journal.tail(), { timeout: 30_000 }).toBeGreaterThan(5000);
    for (let round = 0; round < 2; round++) {
      const to = `${directory}-backup-${round}`;
      const outcome = await backUp(directory, to).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome.message).toContain("sooner than they can be copied");
        expect(existsSync(to)).toBe(false);
        continue;
      }
      expect(await verify(to)).toMatchObject({ damage: [] });
      const copy = await logJournal({ directory: to, retention: SMALL, onPutBack: () => undefined, onDamage: (what) => expect.fail(what) });
      expect(await copy.state?.entries("revoked", { limit: 1 })).toHaveLength(1);
      await copy.close();
    }
  });

  it("that fails leaves nothing behind", async () => {
    const directory = newDirectory();
    await fill(directory);
    for (const table of filesOf(directory, "table")) damage(join(directory, table), 20);
    const [oldest = ""] = filesOf(directory, "log");
    rmSync(join(directory, oldest));
    const to = `${directory}-to`;
    await expect(backUp(directory, to)).rejects.toThrow(/could not be opened/);
    expect(existsSync(to)).toBe(false);
    mkdirSync(to);
    await expect(backUp(directory, to)).rejects.toThrow(/could not be opened/);
    expect(readdirSync(to)).toEqual([]);
  });

  it("without an index file is sound, with a note", async () => {
    const directory = newDirectory();
    await fill(directory);
    const to = `${directory}-to`;
    await backUp(directory, to);
    const [index = ""] = filesOf(to, "index");
    rmSync(join(to, index));
    expect(await verify(to)).toMatchObject({
      damage: [],
      notes: [{ file: index, what: "is missing", meaning: expect.stringContaining("Nothing is lost") as string }],
    });
  });

  it("is refused into the journal's own directory, and into a file", async () => {
    const directory = newDirectory();
    await fill(directory, 10);
    await expect(backUp(directory, join(directory, "a", "b"))).rejects.toThrow(/is in the journal's own directory/);
    symlinkSync(directory, `${directory}-link`);
    await expect(backUp(directory, join(`${directory}-link`, "a"))).rejects.toThrow(/is in the journal's own directory/);
    expect(existsSync(join(directory, "a"))).toBe(false);
    writeFileSync(`${directory}-file`, "kept");
    await expect(backUp(directory, `${directory}-file`)).rejects.toThrow(/-file is a file\. Name a directory/);
    expect(readFileSync(`${directory}-file`, "utf8")).toBe("kept");
  });

  it("is refused into a directory that has something, and of one that has no journal", async () => {
    const directory = newDirectory();
    await fill(directory, 10);
    await expect(backUp(directory, directory)).rejects.toThrow(/own directory/);
    await fill(`${directory}-other`, 10);
    await expect(backUp(directory, `${directory}-other`)).rejects.toThrow(/is not empty/);
    await expect(backUp(`${directory}-none`, `${directory}-to`)).rejects.toThrow(/There is no journal/);
  });
});

describe("a declaration that a log was restored", () => {
  it("begins a new epoch, and is refused while the journal is open", async () => {
    const directory = newDirectory();
    const journal = await logJournal({ directory });
    await journal.append([update("1", { id: "own" })]);
    await expect(declareRestored(directory)).rejects.toThrow(/in use by process \d+\. Stop the hub/);
    await journal.close();
    const declared = await declareRestored(directory);
    expect(declared).toEqual({ epoch: expect.not.stringMatching(journal.epoch) as string, head: 1, tail: 1 });
    const again = await logJournal({ directory });
    expect([again.epoch, again.restoredUpTo]).toEqual([declared.epoch, 1]);
    await again.close();
  });
});

describe("a log whose newest changes of the table are gone", () => {
  it("is not opened until the operator declares it, because a revocation may be missing", async () => {
    const directory = newDirectory();
    const journal = await logJournal({ directory });
    await journal.append([update("1")]);
    await journal.close();
    const [segment = ""] = filesOf(directory, "log");
    const before = readFileSync(join(directory, segment));
    const again = await logJournal({ directory });
    await again.state?.commit([{ key: "revoked", value: "1" }]);
    await again.append([update("2")]);
    await again.close();
    writeFileSync(join(directory, segment), before);
    for (const name of filesOf(directory, "log")) if (name !== segment) rmSync(join(directory, name));
    const why = /lost the newest change of its table .* does not start\. .*`artesian journal restore`.* rotate the keys/;
    await expect(logJournal({ directory })).rejects.toThrow(why);
    await expect(logJournal({ directory })).rejects.toThrow(why);
    expect((await verify(directory)).damage).toMatchObject([
      { file: "the shared table", what: "lacks 1 of its changes", meaning: expect.stringMatching(why) as string },
    ]);
    const log = await readLog(directory, (what) => expect.fail(what));
    expect(log.obstacle).toMatch(why);
    await log.close();
    await declareRestored(directory);
    const restored = await logJournal({ directory, onPutBack: (what) => expect.fail(what) });
    onTestFinished(() => restored.close());
    expect(restored.epoch).not.toBe(journal.epoch);
    expect((await verify(directory)).damage).toEqual([]);
  });

  it("is opened if it is a copy that was put back, with a warning that names revocations", async () => {
    const directory = newDirectory();
    await (await logJournal({ directory })).close();
    const copy = `${directory}-copy`;
    await backUp(directory, copy);
    const journal = await logJournal({ directory });
    await journal.state?.commit([{ key: "revoked", value: "1" }]);
    await journal.close();
    cpSync(join(directory, "mark"), join(copy, "mark"));
    const told: string[] = [];
    await (await logJournal({ directory: copy, onPutBack: (what) => told.push(what) })).close();
    expect(told).toEqual([expect.stringMatching(/were put back.*Revocations.*revoke again, or rotate the keys/)]);
  });
});

describe("reading a log without opening it", () => {
  it("changes nothing, and leaves out what was never flushed", async () => {
    const directory = newDirectory();
    await fill(directory, 100);
    const [segment = ""] = filesOf(directory, "log");
    const fd = openSync(join(directory, segment), "a");
    writeSync(fd, Buffer.alloc(100, 0xfe));
    closeSync(fd);
    const before = readFileSync(join(directory, segment));
    const log = await readLog(directory, (what) => expect.fail(what));
    const page = await log.read(log.head() - 1, ALL);
    expect(page.kind === "records" && page.records.length).toBe(log.tail());
    await log.close();
    expect(readFileSync(join(directory, segment)).equals(before)).toBe(true);
  });
});
