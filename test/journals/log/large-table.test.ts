import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LogStore } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { longestTurnMs } from "../../support/cpu.ts";
import { appendWhole, newDirectory, openStore, update } from "./support.ts";

/** Longest time that housekeeping may hold up all others, in milliseconds of processor time. */
const LONGEST_MS = 150;
const ENTRIES = 10_000;
const VALUE = "v".repeat(2000);
const RETENTION = { maxBytes: 1024 * 1024 };

const filesOf = (directory: string, part: string): string[] => readdirSync(directory).filter((name) => name.endsWith(`.${part}`));
const bytesOf = (directory: string): number =>
  readdirSync(directory).reduce((sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0);

describe("a shared table far larger than the retention", () => {
  // Unit tests share a process, and its collector of garbage counts. The least of a few runs is the table's own time.
  it("holds nobody up, leaves few files, and ends and opens soon", { timeout: 300_000, retry: 2 }, async () => {
    const directory = newDirectory();
    const store = await LogStore.open({ directory, retention: RETENTION });
    const commit = (from: number, count: number, data: string): Promise<unknown> =>
      Promise.all(
        Array.from({ length: count }, (_, i) =>
          appendWhole(store, { batch: [update(data)], steps: [{ key: `k${(from + i) % ENTRIES}`, value: `${from + i} ${VALUE}` }] }),
        ),
      );
    let mostFiles = 0;
    const written = await longestTurnMs(async () => {
      for (let i = 0; i < 3 * ENTRIES; i += 50) {
        await commit(i, 50, "");
        mostFiles = Math.max(mostFiles, readdirSync(directory).length);
      }
    });
    const bytes = bytesOf(directory);
    const beganMs = performance.now();
    const closed = await longestTurnMs(() => store.close());
    const closeMs = performance.now() - beganMs;
    let again!: LogStore;
    const opened = await longestTurnMs(async () => (again = await openStore({ directory, retention: RETENTION })));
    for (const key of [0, 1, ENTRIES - 1]) {
      const [entry] = await again.entries(`k${key}`, { limit: 1 });
      expect(entry).toEqual({ key: `k${key}`, value: `${2 * ENTRIES + key} ${VALUE}` });
    }
    expect(filesOf(directory, "table").length).toBeLessThanOrEqual(2);
    expect(mostFiles).toBeLessThan(20);
    // Two checkpoints of the table, and four segments of twice its length.
    expect(bytes).toBeLessThan(10 * ENTRIES * (VALUE.length + 10));
    expect(Math.max(written, closed, opened)).toBeLessThan(LONGEST_MS);
    expect(closeMs).toBeLessThan(10_000);
  });
});
