import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { makeSocketDirectory, removeSocketDirectory } from "../../packages/hub/src/cli/serve/socket-directory.ts";
import { startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { childrenOf } from "./worker-processes.ts";

/** A directory as workers make one. */
function make(tmp: string, name: string): string {
  const directory = join(tmp, name);
  mkdirSync(directory);
  return directory;
}

function age(directory: string): void {
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(directory, hourAgo, hourAgo);
}

/** Leaves a socket that nobody listens at any more, as a process that is killed does. */
async function leaveSocket(path: string): Promise<void> {
  const program = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await once(spawn(process.execPath, ["-e", program]), "exit");
  expect(existsSync(path)).toBe(true);
}

it("sockets of workers that were killed are removed at the next start, and no others", async () => {
  const tmp = temporaryDirectory();
  const stale = make(tmp, "artesian-workers-stale1");
  await leaveSocket(join(stale, "0"));
  await leaveSocket(join(stale, "1"));
  const live = make(tmp, "artesian-workers-alive1");
  await leaveSocket(join(live, "0"));
  const listening = createServer().listen(join(live, "1"));
  await once(listening, "listening");
  onTestFinished(() => void listening.close());
  const young = make(tmp, "artesian-workers-young1");
  const other = make(tmp, "somebody-else");
  writeFileSync(join(other, "0"), "");
  for (const directory of [stale, live, other]) age(directory);
  const { run } = await startServer(["--workers", "2"], { env: { TMPDIR: tmp } });
  expect(existsSync(stale)).toBe(false);
  expect([live, young, other].map((directory) => existsSync(directory))).toEqual([true, true, true]);
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
  expect(readdirSync(tmp).toSorted()).toEqual(["artesian-workers-alive1", "artesian-workers-young1", "somebody-else"]);
});

it("workers start although the path of TMPDIR is too long for sockets", async () => {
  const tmp = join(temporaryDirectory(), "long".repeat(20));
  mkdirSync(tmp);
  const { run } = await startServer(["--workers", "2"], { env: { TMPDIR: tmp } });
  expect(readdirSync(tmp)).toEqual([]);
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
});

it("sockets are in TMPDIR, or in /tmp if the path of TMPDIR is too long for them", () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  const base = temporaryDirectory();
  for (const [bytes, isOwn] of [
    [74, true],
    [75, false],
    [200, false],
  ] as const) {
    const tmp = join(base, "x".repeat(bytes - base.length - 1));
    mkdirSync(tmp);
    vi.stubEnv("TMPDIR", tmp);
    const directory = makeSocketDirectory();
    onTestFinished(() => removeSocketDirectory(directory));
    expect(dirname(directory)).toBe(isOwn ? tmp : "/tmp");
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  }
});

it("a primary that is killed leaves nothing in the temporary folder", async () => {
  const tmp = temporaryDirectory();
  const { run } = await startServer(["--workers", "2"], { env: { TMPDIR: tmp } });
  expect(readdirSync(tmp)).toHaveLength(1);
  const pids = childrenOf(run.child.pid ?? 0);
  expect(pids).toHaveLength(2);
  run.child.kill("SIGKILL");
  await run.exit;
  await expect.poll(() => readdirSync(tmp), { timeout: 30_000 }).toEqual([]);
});
