import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { logJournal } from "artesian/journals/log";
import { expect, it, onTestFinished } from "vitest";

const PROBE = fileURLToPath(new URL("../../support/damage-probe.ts", import.meta.url));
const LOADER = new URL("../../faults/typescript.mjs", import.meta.url).href;
const SEEDS = Number(process.env["DAMAGE_SEEDS"] ?? 96);
/** From one line of the probe to the next. */
const BOUND_MS = 60_000;

interface Line {
  readonly seed: number;
  readonly kind: string;
  readonly outcome?: string;
}

async function makeJournal(directory: string): Promise<void> {
  // Several segments.
  const journal = await logJournal({ directory, retention: { maxCount: 2500, maxBytes: 1024 * 1024 } });
  const update = (i: number) => ({
    topics: ["t"],
    data: "x".repeat(i % 40 === 0 ? 9000 : i % 300),
    id: i % 3 === 0 ? `id${i}` : undefined,
    type: undefined,
    retry: undefined,
    private: false,
  });
  for (let i = 0; i < 3000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => journal.append([update(i + k)])));
  await journal.state?.commit(Array.from({ length: 200 }, (_, i) => ({ key: `entry/${i}`, value: "x".repeat(i) })));
  for (let i = 0; i < 100; i++) await journal.idempotency?.append({ key: `key${i}`, request: "r", batch: [update(i)] });
  await journal.close();
}

/** Runs the probe from a seed on, until it has done all, ended by itself, or was silent for too long. @returns Where to go on. */
async function probe(original: string, workplace: string, first: number, outcomes: Map<string, number>): Promise<number> {
  const child = spawn(process.execPath, ["--import", LOADER, PROBE, original, workplace, String(first), String(SEEDS)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-2000)));
  let last: Line | undefined;
  let isHanging = false;
  const hang = (): void => {
    isHanging = true;
    child.kill("SIGKILL");
  };
  let watchdog = setTimeout(hang, BOUND_MS);
  for await (const text of createInterface({ input: child.stdout })) {
    clearTimeout(watchdog);
    watchdog = setTimeout(hang, BOUND_MS);
    last = JSON.parse(text) as Line;
    if (last.outcome === undefined) continue;
    const outcome = last.outcome.replace(/:.*/s, "");
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  clearTimeout(watchdog);
  if (last === undefined) throw new Error(`The probe did nothing: ${complaints}`);
  expect(isHanging ? `seed ${last.seed}, ${last.kind}: no end within ${BOUND_MS} ms` : undefined).toBeUndefined();
  expect(last.outcome === undefined ? `seed ${last.seed}, ${last.kind}: the process ended: ${complaints}` : undefined).toBeUndefined();
  return last.seed + 1;
}

it("no damage to a file keeps opening, reading, replaying, publishing or closing from their end", async () => {
  const parent = mkdtempSync(join(tmpdir(), "artesian-fuzz-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const [original, workplace] = [join(parent, "original"), join(parent, "work")];
  await makeJournal(original);
  mkdirSync(workplace);
  const outcomes = new Map<string, number>();
  for (let first = 0; first < SEEDS;) {
    first = await probe(original, workplace, first, outcomes);
  }
  expect([...outcomes.keys()].filter((outcome) => !["read", "gaps", "refused", "unavailable"].includes(outcome))).toEqual([]);
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(SEEDS);
  expect(outcomes.get("read")).toBeGreaterThan(0);
  expect(outcomes.get("gaps")).toBeGreaterThan(0);
}, 600_000);
