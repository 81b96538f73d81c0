import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { unknownVariables } from "../../packages/hub/src/cli/config/variables.ts";
import { BALANCED_LAME_DUCK_MS } from "../../packages/hub/src/cli/serve/departure.ts";
import { CLOSE_MS } from "../../packages/hub/src/cli/serve/plan.ts";
import { GRACE_MS } from "../../packages/hub/src/cli/serve/workers.ts";
import { temporaryDirectory } from "../support/directory.ts";

const UNIT = readFileSync(new URL("../../packaging/systemd/artesian.service", import.meta.url), "utf8");

/** The unit, with a command that is on every machine in the place of ours. */
function installUnit(): string {
  const file = join(temporaryDirectory(), "artesian.service");
  writeFileSync(file, UNIT.replaceAll(/^(Exec\w+)=artesian /gm, `$1=${process.execPath} `));
  return file;
}

/** Runs `systemd-analyze`, which needs no running systemd for these. */
function analyze(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["--no-pager", ...args], { encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

const valuesOf = (name: string): readonly string[] => [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map(([, value = ""]) => value);

test("systemd finds no mistake in the unit", () => {
  expect(analyze("verify", installUnit())).toEqual({ status: 0, output: "" });
});

test("systemd rates the sandbox: at most 2.0 of 10", () => {
  const { status, output } = analyze("security", "--offline=true", "--threshold=20", installUnit());
  expect({ status, output }).toEqual({ status: 0, output });
});

test("systemd waits for the longest stop with the default settings, and the hub knows the variables", () => {
  const longestMs = BALANCED_LAME_DUCK_MS + SETTINGS.drain.fallback + CLOSE_MS + GRACE_MS;
  expect(Number(valuesOf("TimeoutStopSec")[0]) * 1000).toBeGreaterThan(longestMs);
  const env = Object.fromEntries(valuesOf("Environment").map((assignment) => assignment.split("=")));
  expect(Object.keys(env)).toContain("ARTESIAN_DATA");
  expect(unknownVariables(env)).toEqual([]);
});
