import { spawn } from "node:child_process";
import { once } from "node:events";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { newDirectory, update } from "./support.ts";

/** Runs a program with an open journal and `update`. @returns Its exit code. */
async function run(directory: string, end: string): Promise<number | null> {
  const script = `
    import { logJournal } from "artesian/journals/log";
    const journal = await logJournal({ directory: ${JSON.stringify(directory)} });
    const update = { topics: ["t"], data: "x", id: undefined, type: undefined, retry: undefined, private: false };
    await journal.append([update]);
    ${end}
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return ((await once(child, "exit")) as [number | null])[0];
}

describe("a process that exits without closing its log", () => {
  it("ends with its code while it writes, and lets others write", async () => {
    const directory = newDirectory();
    expect(await run(directory, "void journal.append([update]); setImmediate(() => process.exit(3));")).toBe(3);
    const journal = await logJournal({ directory });
    onTestFinished(() => journal.close());
    expect(journal.tail()).toBeGreaterThanOrEqual(1);
    expect(await journal.append([update("y")])).toEqual([journal.tail()]);
  });

  it("ends with its code when nothing is being written", async () => {
    expect(await run(newDirectory(), "process.exit(3);")).toBe(3);
  });
});
