import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { cleanEnv } from "../cli/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Of each benchmark, what it must measure. */
const FIGURES = {
  encode: [
    "100 B in a line",
    "100 B in 10 lines",
    "1,000 B in a line",
    "1,000 B in 10 lines",
    "gzip block of 1 kB, new",
    "gzip block of 1 kB, known",
  ],
  match: ["100 exact", "1,000 exact", "10,000 exact", "100,000 exact", "1 pattern", "100 patterns", "500 patterns"].flatMap((matchers) => [
    `${matchers}, known topic`,
    `${matchers}, new topic`,
  ]),
  cohort: ["1 member", "10 members", "100 members", "1,000 members", "10,000 members", "100,000 members"],
  open: ["1 selection", "100 selections", "10,000 selections"].flatMap((selections) =>
    ["those", "another", "the same"].map((which) => `${selections}, ${which}`),
  ),
  cursor: [
    "parse, the hub's own id",
    "parse, a publisher's id",
    ...["memory", "log"].flatMap((journal) => [
      `${journal}: find`,
      `${journal}: resume, the hub's own id`,
      `${journal}: resume, a publisher's id`,
      `${journal}: resume, an unknown id`,
    ]),
  ],
  append: ["memory, one at a time", "memory, 32 in flight", "log, one at a time", "log, 32 in flight"],
};

interface Results {
  readonly results: readonly {
    readonly name: string;
    readonly cases: readonly { readonly name: string; readonly median: number; readonly p99: number; readonly least: number }[];
    readonly bars: readonly { readonly what: string; readonly ratio: number; readonly most: number }[];
  }[];
}

const bench = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, ["bench/run.mjs", "micro", ...args], { cwd: ROOT, env: cleanEnv() });

describe("npm run bench -- micro", () => {
  // It verifies what it computes, and ends with an error where that is wrong.
  it("measures every part, and no cost grows with what it must not grow with", async () => {
    const { stdout, stderr } = await bench("--quick", "--journal-dir", temporaryDirectory());
    const file = ROOT + (/^raw figures: (\S+)$/m.exec(stderr)?.[1] ?? "");
    const { results } = JSON.parse(readFileSync(file, "utf8")) as Results;
    rmSync(file);

    expect(Object.fromEntries(results.map(({ name, cases }) => [name, cases.map((measured) => measured.name)]))).toEqual(FIGURES);
    for (const { name, median, p99, least } of results.flatMap(({ cases }) => cases)) {
      expect.soft(least, name).toBeGreaterThan(0);
      expect.soft(median, name).toBeGreaterThanOrEqual(least);
      expect.soft(p99, name).toBeGreaterThanOrEqual(median);
      expect.soft(p99, name).toBeLessThan(Infinity);
      expect.soft(stdout).toContain(`| ${name} `);
    }
    const bars = results.flatMap((result) => result.bars);
    expect(bars.length).toBeGreaterThan(0);
    for (const { what, ratio, most } of bars) {
      expect.soft(ratio, what).toBeGreaterThan(0);
      expect.soft(ratio, what).toBeLessThanOrEqual(most);
    }
  });

  it.each([
    [["--only", "everything"], "encode, match, cohort, open, cursor, append"],
    [["--only", "encode", "--write-docs"], "--only"],
    [["--quick", "--write-docs"], "--quick"],
  ])("refuses %j", async (args, hint) => {
    await expect(bench(...args)).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(hint) });
  });
});
