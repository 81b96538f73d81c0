import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { newDirectory, openStore, readAll } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** The program `appender.ts` in one file that Node runs as it is. */
let program: string;

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), "artesian-appender-"));
  const input = fileURLToPath(new URL("appender.ts", import.meta.url));
  await build({ root: ROOT, configFile: false, logLevel: "silent", build: { ssr: input, outDir: directory, emptyOutDir: false } });
  program = join(directory, "appender.js");
  return () => rmSync(directory, { recursive: true });
});
const OPTIONS = { run: 0, most: Infinity, size: 500, refusals: 1, retention: { maxBytes: 1024 ** 3 }, segmentBytes: 64 * 1024 };

/** An appending process, and what it said. */
class Appender {
  readonly acked = new Map<number, string>();
  readonly failed: string[] = [];
  readonly said: string[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #wait: { readonly isMet: () => boolean; readonly resolve: () => void } | undefined;

  constructor(options: { readonly directory: string } & Partial<typeof OPTIONS>, prefix: readonly string[] = []) {
    const { most, ...rest } = { ...OPTIONS, ...options };
    const parameters = JSON.stringify({ ...rest, most: most === Infinity ? 1e9 : most });
    const all = [...prefix, process.execPath, program, parameters];
    this.#child = spawn(all[0] as string, all.slice(1), { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    this.#exit = once(this.#child, "close");
    onTestFinished(() => this.kill());
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      const [what, rest, data] = line.split(" ") as [string, string, string];
      if (what === "ack") this.acked.set(Number(rest), data);
      else if (what === "failed") this.failed.push(rest);
      else this.said.push(line);
      if (this.#wait?.isMet() === true) this.#wait.resolve();
    });
  }

  async until(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    const met = new Promise<void>((resolve) => (this.#wait = { isMet, resolve }));
    await Promise.race([met, this.#exit]);
    if (!isMet()) throw new Error(`The process ended: ${this.said.join(", ")}`);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  async ended(): Promise<void> {
    await this.#exit;
  }
}

describe("a process that is killed while it appends", () => {
  it("loses nothing that was acknowledged, 20 times", async () => {
    const directory = newDirectory();
    const acked = new Map<number, string>();
    for (let run = 1; run <= 20; run++) {
      const appender = new Appender({ directory, run });
      const wanted = 50 + 83 * run;
      await appender.until(() => appender.acked.size >= wanted);
      await appender.kill();
      expect(appender.said).toEqual([expect.stringMatching(/^open /)]);
      const tail = Number(appender.said[0]?.split(" ")[1]);
      expect(tail).toBeGreaterThanOrEqual(Math.max(0, ...acked.keys()));
      for (const [offset, data] of appender.acked) {
        expect(acked.has(offset)).toBe(false);
        acked.set(offset, data);
      }
    }
    const store = await openStore({
      directory,
      segmentBytes: OPTIONS.segmentBytes,
      retention: OPTIONS.retention,
      onPutBack: (what) => expect(what).toBe(""),
    });
    const { records, gaps } = await readAll(store);
    expect(gaps).toEqual([]);
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i + 1));
    const dataOf = new Map(records.map(({ offset, data }) => [offset, data]));
    for (const [offset, data] of acked) expect(dataOf.get(offset)).toBe(data);
    // Each id is of one append at the most, with both of its records or none.
    const ids = records.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const times = new Map<string, number>();
    for (const { data } of records) times.set(data, (times.get(data) ?? 0) + 1);
    for (const [data, count] of times) expect(count).toBe(Number(data.split(":")[1]) % 7 === 0 ? 2 : 1);
    for (const { id, offset } of records.filter(({ id }) => id !== undefined).slice(-200))
      expect(await store.findId(id as string)).toEqual([offset]);
    expect(await store.entries("", { limit: 1000 })).toHaveLength(
      new Set(
        records
          .map(({ data }) => Number(data.split(":")[1]))
          .filter((n) => n % 5 === 0)
          .map((n) => n % 100),
      ).size,
    );
  }, 300_000);
});

const canLimit = spawnSync("prlimit", ["--version"]).status === 0;
const canMount = process.getuid?.() === 0 && mountsTmpfs();

function mountsTmpfs(): boolean {
  const path = `/tmp/artesian-log-probe-${process.pid}`;
  mkdirSync(path);
  const isDone = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", path]).status === 0;
  if (isDone) spawnSync("umount", [path]);
  spawnSync("rmdir", [path]);
  return isDone;
}

describe.runIf(canLimit)("a process whose files may not grow", () => {
  it("refuses updates with journal_full, and keeps what was acknowledged", async () => {
    const directory = newDirectory();
    const appender = new Appender({ directory, refusals: 20, segmentBytes: 64 * 1024 * 1024 }, ["prlimit", `--fsize=${400 * 1024}`]);
    await appender.ended();
    expect(appender.said.at(-1)).toBe("closed");
    expect(new Set(appender.failed)).toEqual(new Set(["journal_full"]));
    expect(appender.acked.size).toBeGreaterThan(200);
    const store = await openStore({ directory, retention: OPTIONS.retention });
    const { records, gaps } = await readAll(store);
    expect(gaps).toEqual([]);
    const dataOf = new Map(records.map(({ offset, data }) => [offset, data]));
    for (const [offset, data] of appender.acked) expect(dataOf.get(offset)).toBe(data);
    expect(store.place.tail).toBe(records.length);
    // Refused appends are not in the log.
    const appends = [...appender.acked.values()].reduce((sum, data) => sum + (Number(data.split(":")[1]) % 7 === 0 ? 2 : 1), 0);
    expect(records).toHaveLength(appends);
  }, 60_000);
});

describe.runIf(canMount)("a full filesystem", () => {
  it("is journal_full, and appends go on once retention has made room or files were removed", async () => {
    const path = newDirectory();
    mkdirSync(path, { recursive: true });
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "none", path]);
    onTestFinished(() => void spawnSync("umount", ["--lazy", path]));
    const directory = `${path}/journal`;
    const full = new Appender({ directory, refusals: 30, segmentBytes: 256 * 1024 });
    await full.ended();
    expect(full.said.at(-1)).toBe("closed");
    expect(new Set(full.failed)).toEqual(new Set(["journal_full"]));
    expect(statfsSync(path).bavail * statfsSync(path).bsize).toBeLessThan(512 * 1024);
    // A retention below the size of the disk frees segments.
    const after = new Appender({
      directory,
      run: 1,
      most: 5000,
      refusals: 1e9,
      retention: { maxBytes: 1024 * 1024 },
      segmentBytes: 256 * 1024,
    });
    await after.ended();
    expect(after.said.at(-1)).toBe("closed");
    expect(after.acked.size).toBeGreaterThan(4900);
    const store = await openStore({ directory, retention: { maxBytes: 1024 * 1024 }, segmentBytes: 256 * 1024 });
    const { records, gaps } = await readAll(store, store.place.head - 1);
    expect(gaps).toEqual([]);
    const dataOf = new Map(records.map(({ offset, data }) => [offset, data]));
    for (const [offset, data] of after.acked) if (offset >= store.place.head) expect(dataOf.get(offset)).toBe(data);
    expect(Math.max(...after.acked.keys())).toBeLessThanOrEqual(store.place.tail);
    await store.close();
  }, 120_000);
});
