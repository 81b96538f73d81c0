import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { childrenOf } from "./worker-processes.ts";

const REPLACED_MS = 90_000;

/**
 * Whether a child has begun its program. Until then its parent waits for it inside of a system call,
 * so that a stop would also stop the parent.
 */
function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes("NODE_UNIQUE_ID=");
  } catch {
    return false;
  }
}

test("a worker that hangs while it starts is killed and replaced", { timeout: 120_000 }, async () => {
  const { run } = await startServer(["--data", temporaryDirectory(), "--workers", "2"]);
  const primary = run.child.pid ?? 0;
  const before = childrenOf(primary);
  process.kill(before[0] ?? 0, "SIGKILL");
  const starting = (): number | undefined => childrenOf(primary).find((pid) => !before.includes(pid) && isWorker(pid));
  await expect.poll(starting, { timeout: REPLACED_MS, interval: 1 }).toBeDefined();
  const hung = starting() ?? 0;
  process.kill(hung, "SIGSTOP");
  onTestFinished(() => {
    if (childrenOf(primary).includes(hung)) process.kill(hung, "SIGKILL");
  });
  await expect.poll(() => childrenOf(primary).length === 2 && !childrenOf(primary).includes(hung), { timeout: REPLACED_MS }).toBe(true);
  expect(run.stderr).toContain("no sign of life for 30 s");
});
