import type { Journal, JournalRecord } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { LinkProcess } from "./link-process.ts";
import { newDirectory, update } from "./support.ts";

const KILLS = Number(process.env["LOG_KILLS"] ?? 20);
const PROGRAM = "journal-program.ts";
const SOON = { timeout: 30_000, interval: 2 };
const ALL = { maxRecords: 1_000_000, maxBytes: Infinity };

const start = (directory: string): Promise<LinkProcess> => LinkProcess.start(PROGRAM, [JSON.stringify({ directory })]);

describe("processes of one journal", { timeout: 240_000 }, () => {
  it(`survive ${KILLS} kills of the one that writes: nothing acknowledged is lost, doubled or reordered`, async () => {
    const directory = newDirectory();
    let processes = await Promise.all([0, 1, 2].map(() => start(directory)));
    const all = [...processes];
    // Follows in this process. If this process becomes the writer, its journal is closed and opened again.
    const followed: JournalRecord[] = [];
    const openHere = async (): Promise<Journal> => {
      const opened = await logJournal({ directory });
      opened.follow(followed.length, (records) => followed.push(...records));
      return opened;
    };
    let journal = await openHere();
    onTestFinished(() => journal.close());
    let [count, own, starting] = [0, 0, 0];
    const done = new AbortController();
    let isReopening = false;
    const failures: unknown[] = [];
    const load = (async () => {
      while (!done.signal.aborted) {
        for (const one of processes) if (one.open < 20) one.send(count++ % 4 === 0 ? `plain${count}` : `key=${count}`);
        const key = `own${own}`;
        const used = journal;
        const outcome = await used.idempotency?.append({ key, request: key, batch: [update(key)] }).catch((error: unknown) => error);
        if (!(outcome instanceof Error)) own++;
        else if (used === journal && !isReopening) failures.push(outcome);
        else await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const replace = async (): Promise<void> => {
      const replacement = await start(directory);
      starting--;
      all.push(replacement);
      processes.push(replacement);
    };
    const takeovers: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await expect.poll(() => processes.length, SOON).toBeGreaterThan(1);
      let victim = processes.find(({ listens }) => listens);
      if (victim === undefined) {
        isReopening = true;
        await journal.close();
        await expect.poll(() => (victim = processes.find(({ listens }) => listens)), SOON).toBeDefined();
        journal = await openHere();
        isReopening = false;
      }
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 60));
      const before = own;
      const killedAt = performance.now();
      victim?.kill();
      processes = processes.filter((one) => one !== victim);
      await expect.poll(() => own, SOON).toBeGreaterThan(before + 1);
      takeovers.push(performance.now() - killedAt);
      starting++;
      void replace();
    }
    await expect.poll(() => starting, SOON).toBe(0);
    done.abort();
    await load;
    await expect.poll(() => processes.every(({ open }) => open === 0), SOON).toBe(true);
    const page = await journal.read(0, ALL);
    const records = page.kind === "records" ? page.records : [];
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i + 1));
    await expect.poll(() => followed.length, SOON).toBe(records.length);
    expect(followed).toEqual(records);
    // Keys are never doubled. Nothing of this process failed, because it has keys.
    expect(failures).toEqual([]);
    const offsets = new Map(records.map(({ offset, data }) => [data, offset]));
    expect(offsets.size).toBe(records.length);
    let acknowledged = own;
    for (let i = 0; i < own; i++) expect(offsets.has(`own${i}`)).toBe(true);
    for (const line of all.flatMap((one) => one.lines)) {
      const [, offset, data = ""] = /^(?:ok|repeated) (\d+) (\S+)/.exec(line) ?? [];
      if (offset === undefined) continue;
      acknowledged++;
      expect(offsets.get(data)).toBe(Number(offset));
    }
    for (const line of all.flatMap((one) => one.lines)) expect(line).not.toMatch(/^failed \S+ key=/);
    const sorted = takeovers.toSorted((a, b) => a - b);
    const at = (part: number): string => `${sorted[Math.floor(part * (sorted.length - 1))]?.toFixed(0)} ms`;
    console.log(`${acknowledged} acknowledged; from a kill to the next acknowledged update: median ${at(0.5)}, longest ${at(1)}`);
    await Promise.all(processes.map((one) => one.end()));
  });

  it("that are unrelated share the journal, and one that closes hands over", async () => {
    const directory = newDirectory();
    const [first, second] = [await start(directory), await start(directory)];
    expect([first.listens, second.listens]).toEqual([true, false]);
    second.send("from the second");
    await second.line(/^ok 1 from the second/);
    first.send("from the first");
    await first.line(/^ok 2 from the first/);
    expect(await first.end()).toBe(0);
    await expect.poll(() => second.listens, SOON).toBe(true);
    second.send("alone");
    await second.line(/^ok 3 alone/);
    expect(await second.end()).toBe(0);
    const journal = await logJournal({ directory });
    expect([journal.epoch, journal.tail()]).toEqual([first.lines[0]?.split(" ")[1], 3]);
    await journal.close();
  });

  it("read on while the one that writes is suspended, and wait with their appends", async () => {
    const directory = newDirectory();
    const writer = await start(directory);
    const journal = await logJournal({ directory });
    onTestFinished(() => journal.close());
    for (const data of ["1", "2"]) await journal.append([update(data)]);
    writer.kill("SIGSTOP");
    const waiting = journal.append([update("3")]);
    expect(await journal.read(0, ALL)).toMatchObject({ records: [{ data: "1" }, { data: "2" }] });
    expect(journal.failure).toBeUndefined();
    writer.kill("SIGCONT");
    expect(await waiting).toEqual([3]);
    writer.kill("SIGSTOP");
    const opening = logJournal({ directory }).catch((error: unknown) => error);
    const doubtful = await journal.append([update("4")]).catch((error: unknown) => error);
    expect(doubtful).toMatchObject({ code: "outcome_unknown" });
    expect(await opening).toMatchObject({ code: "journal_unavailable", retryAfterMs: expect.any(Number) as number });
    // As the primary does with a worker that gives no sign of life.
    writer.kill("SIGKILL");
    await writer.exit();
    expect(await journal.append([update("5")])).toEqual([expect.any(Number)]);
  });

  it("find ids, keys and entries, whoever writes", async () => {
    const directory = newDirectory();
    const writer = await start(directory);
    const journal = await logJournal({ directory });
    onTestFinished(() => journal.close());
    const once = { key: "k", request: "r", batch: [update("1", { id: "own" })], steps: [{ key: "entry", value: "v" }], answer: "a" };
    expect(await journal.idempotency?.append(once)).toEqual({ kind: "appended", offsets: [1] });
    const look = async (): Promise<unknown> => [
      await journal.find("own"),
      await journal.find("x".repeat(10_000)),
      await journal.idempotency?.append(once),
      await journal.idempotency?.find({ key: "k", request: "other" }),
      await journal.state?.entries("", { limit: 10 }),
      [journal.head(), journal.tail(), journal.bytes()],
    ];
    const found = [
      [1],
      [],
      { kind: "repeated", offsets: [1], answer: "a" },
      { kind: "reused" },
      [{ key: "entry", value: "v" }],
      [1, 1, 69],
    ];
    expect(await look()).toEqual(found);
    writer.kill();
    await writer.exit();
    expect(await look()).toEqual(found);
  });
});
