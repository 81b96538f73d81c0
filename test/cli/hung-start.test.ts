import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { childrenOf } from "./worker-processes.ts";

const REPLACED_MS = 90_000;

/** Hangs a worker before its program begins, once: while there is a file that says so. */
const HANG = `
const { existsSync, rmSync } = require("node:fs");
if (require("node:cluster").isWorker && existsSync(process.env.HANG_FILE)) {
  rmSync(process.env.HANG_FILE);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
`;

test("a worker that hangs while it starts is killed and replaced", { timeout: 120_000 }, async () => {
  const directory = temporaryDirectory();
  const [preload, hangFile] = [join(directory, "hang.cjs"), join(directory, "hang")];
  writeFileSync(preload, HANG);
  const env = { NODE_OPTIONS: `--require ${preload}`, HANG_FILE: hangFile };
  const { run } = await startServer(["--data", temporaryDirectory(), "--workers", "2"], { env });
  const primary = run.child.pid ?? 0;
  const [first = 0] = childrenOf(primary);
  writeFileSync(hangFile, "");
  process.kill(first, "SIGKILL");
  await expect.poll(() => existsSync(hangFile), { timeout: REPLACED_MS }).toBe(false);
  const hung = childrenOf(primary);
  await expect.poll(() => run.stderr.match(/"a worker listens"/g)?.length, { timeout: REPLACED_MS }).toBe(1);
  expect(run.stderr).toContain("no sign of life for 30 s");
  const now = childrenOf(primary);
  expect(now).toHaveLength(2);
  expect(now.filter((pid) => hung.includes(pid))).toHaveLength(1);
});
