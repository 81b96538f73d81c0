import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { realFiles } from "../../../packages/hub/src/journals/log/files/file-operations.ts";
import { LogStore } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { verify } from "../../../packages/hub/src/journals/log/tools/verify.ts";
import { LinkProcess } from "./link-process.ts";
import { append, appendWhole, newDirectory, openStore, readAll, update } from "./support.ts";

const SOON = { timeout: 30_000, interval: 5 };
const PROGRAM = "journal-program.ts";
const start = (directory: string): Promise<LinkProcess> => LinkProcess.start(PROGRAM, [JSON.stringify({ directory })]);
const data = (records: readonly { data: string }[]): string[] => records.map((record) => record.data);

describe("a writer whose socket was removed while it was suspended", { timeout: 120_000 }, () => {
  it("leaves the log as its successor wrote it, whether it ends or goes on", async () => {
    for (const end of ["ends", "goes on"]) {
      const directory = newDirectory();
      const first = await start(directory);
      first.send("first");
      await first.line(/^ok 1 first/);
      first.kill("SIGSTOP");
      for (const name of readdirSync(directory)) if (name.startsWith("writer-")) rmSync(join(directory, name));
      const second = await start(directory);
      for (let i = 2; i <= 21; i++) second.send(`second ${i}`);
      await expect.poll(() => second.open, SOON).toBe(0);
      first.kill("SIGCONT");
      if (end === "ends") expect(await first.end()).toBe(0);
      else {
        first.send("late");
        await first.line(/ late/);
        // It follows the other now.
        first.send("through the second");
        await first.line(/^(ok|failed) .*through the second/);
      }
      second.send("last");
      await second.line(/^ok \d+ last/);
      await first.end();
      expect(await second.end()).toBe(0);
      const journal = await logJournal({ directory });
      const { records, gaps } = await readAll(journal);
      await journal.close();
      expect(gaps).toEqual([]);
      const offsets = new Map(records.map((record) => [record.data, record.offset]));
      for (const line of [...first.lines, ...second.lines]) {
        const [, offset, text = ""] = /^ok (\d+) (.*)$/.exec(line) ?? [];
        if (offset !== undefined) expect(offsets.get(text)).toBe(Number(offset));
      }
      expect(data(records.slice(0, 21))).toEqual(["first", ...Array.from({ length: 20 }, (_, i) => `second ${i + 2}`)]);
      expect((await verify(directory)).damage).toEqual([]);
    }
  });
});

describe("a store that lost its claim", () => {
  it("acknowledges and writes nothing, and leaves every file as it is when it closes", async () => {
    const directory = newDirectory();
    let isDeposed = false;
    const store = await LogStore.open({ directory, isDeposed: () => isDeposed, segmentBytes: 4096 });
    while (store.place.segment === 1) await append(store, "x".repeat(500));
    await appendWhole(store, { batch: [], steps: [{ key: "k", value: "v" }] });
    // The work on files that no append waits for is done.
    const names = (): string => readdirSync(directory).join(" ");
    await expect.poll(names, SOON).toMatch(/^(?!.*\.new).*\.table/);
    await expect.poll(() => readFileSync(join(directory, "mark"), "utf8"), SOON).toContain(` ${store.place.tail}`);
    isDeposed = true;
    const copy = `${directory}-copy`;
    cpSync(directory, copy, { recursive: true });
    const before = readdirSync(directory);
    await expect(append(store, "late")).rejects.toMatchObject({ code: "journal_unavailable" });
    await store.close();
    expect(readdirSync(directory)).toEqual(before);
    // An entry of its close, or a cut, would be a change.
    for (const name of before) expect(readFileSync(join(directory, name)).equals(readFileSync(join(copy, name))), name).toBe(true);
  });

  it("does not acknowledge an append during whose flush it lost the claim", async () => {
    const directory = newDirectory();
    let isDeposed = false;
    const files = { ...realFiles, flush: (fd: number) => realFiles.flush(fd).then(() => void (isDeposed ||= isLate)) };
    let isLate = false;
    const store = await openStore({ directory, files, isDeposed: () => isDeposed });
    await append(store, "1");
    const { place } = store;
    isLate = true;
    await expect(append(store, "2")).rejects.toMatchObject({ code: "outcome_unknown" });
    expect(store.place).toEqual(place);
  });
});

describe("the successor of a suspended writer", () => {
  it.each([
    ["with records", 2],
    ["without records in the active segment", 0],
  ])("counts nothing that the other writes afterwards: %s", async (_, records) => {
    const directory = newDirectory();
    // The other has no way to know, as if it was suspended after its last look.
    const old = await LogStore.open({ directory, markFile: `${directory}.mark-1` });
    onTestFinished(() => old.close());
    for (let i = 1; i <= records; i++) await append(old, `${i}`);
    await appendWhole(old, { batch: [], steps: [{ key: "kept", value: "1" }] });
    const store = await LogStore.open({ directory, markFile: `${directory}.mark-2`, isTakeover: true });
    const revoke = (one: LogStore, key: string): Promise<unknown> => appendWhole(one, { batch: [], steps: [{ key, value: "1" }] });
    await append(store, "successor");
    await revoke(store, "revoked");
    await append(old, "late").catch(() => undefined);
    await revoke(old, "late").catch(() => undefined);
    await append(store, "next");
    await store.close();
    // Without the newest checkpoints, the table is read from all segments.
    for (const isWithoutTables of [false, true]) {
      const copy = `${directory}-${isWithoutTables}`;
      mkdirSync(copy);
      for (const name of readdirSync(directory)) {
        if (name.startsWith("writer-") || (isWithoutTables && records > 0 && name.endsWith(".table"))) continue;
        cpSync(join(directory, name), join(copy, name));
      }
      const again = await openStore({
        directory: copy,
        markFile: `${copy}.mark`,
        onPutBack: () => undefined,
        onDamage: (what) => expect.fail(what),
      });
      const numbers = Array.from({ length: records }, (__, i) => `${i + 1}`);
      expect(data((await readAll(again)).records)).toEqual([...numbers, "successor", "next"]);
      expect((await again.entries("", { limit: 9 })).map(({ key }) => key).toSorted()).toEqual(["kept", "revoked"]);
    }
  });

  it("is read by a process that follows, also in a segment that had no records", async () => {
    const directory = newDirectory();
    const first = await start(directory);
    const journal = await logJournal({ directory });
    onTestFinished(() => journal.close());
    await journal.state?.commit([{ key: "k", value: "v" }]);
    const third = await start(directory);
    first.kill();
    await first.exit();
    await journal.append([update("1")]);
    third.send("2");
    await third.line(/^ok 2 2/);
    await expect.poll(() => journal.tail(), SOON).toBe(2);
    expect(data((await readAll(journal)).records)).toEqual(["1", "2"]);
  });

  it("does not take its own new file for one that somebody put there", async () => {
    const directory = newDirectory();
    const old = await LogStore.open({ directory, markFile: `${directory}.mark-1` });
    onTestFinished(() => old.close());
    const store = await openStore({ directory, markFile: `${directory}.mark-2`, isTakeover: true });
    const appended = append(store, "first").then(() => "appended");
    // As the timers of the journal do, while the new file gets its name.
    const nextTurn = (): Promise<string> => new Promise((resolve) => setImmediate(resolve, "a turn"));
    do expect(store.look()).toBeUndefined();
    while ((await Promise.race([appended, nextTurn()])) !== "appended");
  });
});
