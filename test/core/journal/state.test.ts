import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journal, type JournalState, memoryJournal } from "artesian";
import { logJournal } from "artesian/journals/log";
import { expect, onTestFinished, test } from "vitest";
import { allEntries } from "../../../packages/hub/src/core/journal/state.ts";

const MEBIBYTE = 1024 * 1024;
const VALUE = "x".repeat(MEBIBYTE / 4);

/** A table with 600 small entries, and 16 large ones after them: four mebibytes. */
async function fill(journal: Journal): Promise<{ readonly state: JournalState; readonly keys: readonly string[] }> {
  onTestFinished(() => journal.close());
  if (journal.state === undefined) throw new Error("The journal has no shared table.");
  const small = Array.from({ length: 600 }, (_, i) => ({ key: `list/a${String(i).padStart(3, "0")}`, value: "x" }));
  const large = Array.from({ length: 16 }, (_, i) => ({ key: `list/b${String(i).padStart(2, "0")}`, value: VALUE }));
  await journal.state.commit([...small, ...large, { key: "other", value: "x" }]);
  return { state: journal.state, keys: [...small, ...large].map(({ key }) => key) };
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "artesian-state-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const openLog = (): Promise<Journal> => logJournal({ directory: newDirectory() });

/** Another instance writes, as another process would. */
async function openLogFollower(): Promise<Journal> {
  const directory = newDirectory();
  const writer = await logJournal({ directory });
  onTestFinished(() => writer.close());
  return logJournal({ directory });
}

const IN_DIRECTORIES: readonly [string, () => Journal | Promise<Journal>][] = [
  ["log", openLog],
  ["log of another process", openLogFollower],
];

test.each<[string, () => Journal | Promise<Journal>]>([["memory", memoryJournal], ...IN_DIRECTORIES])(
  "all entries are listed once, and no more than a few large ones in a turn of the event loop (%s)",
  async (_, open) => {
    const { state, keys } = await fill(await open());
    const found: string[] = [];
    let inTurn = 0;
    let mostInTurn = 0;
    const turn = setInterval(() => (inTurn = 0), 0);
    onTestFinished(() => clearInterval(turn));
    for await (const { key, value } of allEntries(state, "list/")) {
      found.push(key);
      inTurn += value.length;
      mostInTurn = Math.max(mostInTurn, inTurn);
    }
    expect(found).toEqual(keys);
    // A timer may fall into the turn after the one that it was meant for.
    expect(mostInTurn).toBeLessThanOrEqual(3 * MEBIBYTE);
  },
);

test.each(IN_DIRECTORIES)("a page ends at its length, after one entry at least (%s)", async (_, open) => {
  const { state } = await fill(await open());
  const lengthOf = async (maxLength: number): Promise<number> => (await state.entries("list/b", { limit: 500, maxLength })).length;
  expect([await lengthOf(1), await lengthOf(MEBIBYTE), await lengthOf(MEBIBYTE + 1), await lengthOf(Infinity)]).toEqual([1, 4, 5, 16]);
});
