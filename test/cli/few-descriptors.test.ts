import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/free-port.ts";
import { cleanEnv, MAIN, messagesIn, send, untilListening } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { FORM } from "./worker-pool.ts";

const hasPrlimit = spawnSync("prlimit", ["--version"]).status === 0;

/** Runs a server that may have so many files open. */
function serveWith(
  limit: number,
  port: number,
  flags: readonly string[],
): { stderr: () => string; exit: Promise<unknown[]>; stop: () => void } {
  const all = ["serve", "--anonymous", "--anonymous-publish", "--port", String(port), ...flags];
  const child = spawn("prlimit", [`--nofile=${limit}:${limit}`, process.execPath, MAIN, ...all], {
    cwd: temporaryDirectory(),
    env: cleanEnv(),
  });
  const exit = once(child, "exit");
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  return { stderr: () => stderr, exit, stop: () => void child.kill("SIGTERM") };
}

describe.runIf(hasPrlimit)("a server with few descriptors", () => {
  it("says how many streams it holds, and holds a flood out", async () => {
    const port = await freePort();
    const server = serveWith(256, port, []);
    await untilListening(port);
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (let i = 0; i < 300; i++) {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      sockets.push(socket);
      socket.write("GET /events/stream?match=a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("data", resolve).once("close", resolve))));
    expect(server.stderr()).toMatch(/"level":40,.*a process may have 256 files open here, so it holds at most 184 streams/);
    for (const socket of sockets) socket.destroy();
    const answer = async (): Promise<number | undefined> =>
      send(`http://127.0.0.1:${port}/events/stream`, { method: "POST", headers: FORM }, "topic=a").then(
        ({ status }) => status,
        () => undefined,
      );
    await expect.poll(answer, { timeout: 30_000 }).toBe(200);
    server.stop();
    expect(await server.exit).toEqual([0, null]);
  });

  it.each([["one process"], ["two workers", "--workers", "2"]])(
    "says what it needs if there are too few to work: %s",
    async (_, ...flags) => {
      const server = serveWith(128, await freePort(), flags);
      expect(await server.exit).toEqual([1, null]);
      expect(messagesIn(server.stderr())).toMatch(
        /^A process may have 128 files open here, and artesian needs 256; .* Raise the limit by ulimit -n/,
      );
    },
  );
});
