import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/free-port.ts";
import { cleanEnv, MAIN, untilListening } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** A server that was told to stop ends within this time, in milliseconds: far less than the bound that its drain has. */
const MOST_MS = 10_000;

async function makePipe(): Promise<string> {
  const path = join(temporaryDirectory(), "pipe");
  await once(spawn("mkfifo", [path]), "exit");
  return path;
}

function opened(path: string, flags: number): number {
  const fd = openSync(path, flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

/** Places that can't be written to. Each is opened as a shell would for a program. */
const PLACES: Readonly<Record<string, () => Promise<number>>> = {
  "the disk is full": async () => opened("/dev/full", constants.O_WRONLY),
  "the pipe is full, and nobody reads": async () => {
    const path = await makePipe();
    const filling = opened(path, constants.O_RDWR | constants.O_NONBLOCK);
    const writing = opened(path, constants.O_WRONLY);
    const bytes = Buffer.alloc(4096, "x");
    for (;;) {
      try {
        writeSync(filling, bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "EAGAIN" });
        return writing;
      }
    }
  },
  "the pipe is closed": async () => {
    const path = await makePipe();
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writing = opened(path, constants.O_WRONLY);
    closeSync(reading);
    return writing;
  },
};

describe.runIf(process.platform === "linux").each(Object.keys(PLACES))("a server whose log can't be written: %s", (place) => {
  it.each([
    ["one process", "stderr", []],
    ["two workers", "stderr", ["--workers", "2"]],
    ["one process", "stdout and stderr", []],
    ["two workers", "stdout and stderr", ["--workers", "2"]],
  ] as const)("ends at SIGTERM: %s, %s", async (_, streams, args) => {
    const port = await freePort();
    const fd = await (PLACES[place] as () => Promise<number>)();
    const all = ["serve", "--port", String(port), "--anonymous", "--anonymous-publish", "--log-level", "debug", "--drain", "1s", ...args];
    const stdout = streams === "stderr" ? "ignore" : fd;
    const child = spawn(process.execPath, [MAIN, ...all], { cwd: temporaryDirectory(), env: cleanEnv(), stdio: ["ignore", stdout, fd] });
    const exit = once(child, "exit");
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await exit;
    });
    await untilListening(port);
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(`http://127.0.0.1:${port}/events/stream`, {
        method: "POST",
        body: new URLSearchParams({ topic: "t", data: "x" }),
      });
      expect(answer.status).toBe(200);
    }
    const beganMs = performance.now();
    child.kill("SIGTERM");
    const [code, signal] = await exit;
    expect(performance.now() - beganMs).toBeLessThan(MOST_MS);
    expect([code, signal]).toEqual([0, null]);
  });
});
