import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { freePort } from "../support/free-port.ts";
import { RedisServer } from "../support/redis-server.ts";
import { send, start, startServer } from "./command.ts";

/** Prints each datagram as a line of JSON. Descriptors that come with a datagram, as of a barrier, are closed. */
const RECEIVER = `
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print(json.dumps("bound"), flush=True)
while True:
    print(json.dumps(receiver.recv(65536).decode()), flush=True)
`;

interface Manager {
  readonly env: Readonly<Record<string, string>>;
  /** The messages so far, without barriers. */
  readonly messages: string[];
  /** Waits for a message that none before the place matches. @returns The message. */
  next(pattern: RegExp, place?: number): Promise<string>;
}

/** A service manager that listens at a datagram socket. */
async function startManager(): Promise<Manager> {
  const socket = join(temporaryDirectory(), "notify");
  const child = spawn("python3", ["-c", RECEIVER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const lines = createInterface(child.stdout);
  await once(lines, "line");
  const messages: string[] = [];
  lines.on("line", (line) => {
    const message = JSON.parse(line) as string;
    if (!message.startsWith("BARRIER=1")) messages.push(message);
  });
  return {
    env: { NOTIFY_SOCKET: socket },
    messages,
    async next(pattern, place = 0) {
      const find = (): string | undefined => messages.slice(place).find((message) => pattern.test(message));
      await expect.poll(find).toBeDefined();
      return find() ?? "";
    },
  };
}

describe.each([
  ["one process", ["--journal", "memory"]],
  ["two workers", ["--workers", "2"]],
] as const)("%s", (_, args) => {
  test("reports when it answers, each reload, that it lives, and when it leaves", async () => {
    const manager = await startManager();
    const cwd = temporaryDirectory();
    const settings = join(cwd, "artesian.json");
    writeFileSync(settings, "{}");
    const { run, url } = await startServer(args, { cwd, env: { ...manager.env, WATCHDOG_USEC: "400000" } });
    expect(await manager.next(/^READY=1$/m)).toBe(`READY=1\nSTATUS=listening on ${url}`);
    expect((await send(`${url}/health/ready`)).status).toBe(200);
    expect(manager.messages[0]).toMatch(/^READY=1$/m);
    await manager.next(/^WATCHDOG=1$/);

    for (const [content, status] of [
      ['{"maxTopics":50}', "settings and keys were read again"],
      ['{"maxTopics":', "the last reload changed nothing, and the log says why"],
    ] as const) {
      const place = manager.messages.length;
      writeFileSync(settings, content);
      run.child.kill("SIGHUP");
      expect(await manager.next(/^RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=/, place)).toBeDefined();
      expect(await manager.next(/^READY=1$/m, place)).toBe(`READY=1\nSTATUS=${status}`);
    }
    run.child.kill("SIGTERM");
    await manager.next(/^STOPPING=1$/m);
    expect(await run.exit).toBe(0);
    const told = manager.messages.map((message) => message.split("\n")[0]).filter((field) => field !== "WATCHDOG=1");
    expect(told).toEqual(["READY=1", "RELOADING=1", "READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]);
    expect(run.stderr).not.toContain("systemd-notify");
  });
});

test("a hub that waits for its engine is not ready, although its port answers", async () => {
  const manager = await startManager();
  const [port, redisPort] = await Promise.all([freePort(), freePort()]);
  const run = start(
    ["serve", "--port", String(port), "--anonymous", "--anonymous-publish", "--journal", `redis://127.0.0.1:${redisPort}`],
    { env: manager.env },
  );
  const health = `http://127.0.0.1:${port}/health/ready`;
  await expect
    .poll(() =>
      send(health).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(503);
  expect(manager.messages).toEqual([]);
  await RedisServer.start({ port: String(redisPort) });
  await manager.next(/^READY=1$/m);
  expect((await send(health)).status).toBe(200);
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
  expect(manager.messages.at(-1)).toBe("STOPPING=1\nSTATUS=draining");
});

test("without systemd-notify the server runs, and says once that the manager hears nothing", async () => {
  const { run, url } = await startServer(["--journal", "memory"], { env: { NOTIFY_SOCKET: "/nowhere", PATH: "/nowhere" } });
  await run.waitFor("stderr", /"msg":"the service manager hears nothing/);
  expect((await send(`${url}/health`)).status).toBe(200);
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
  expect(run.stderr.match(/hears nothing/g)).toHaveLength(1);
});

test("a manager that does not listen is named in the log, and does not delay the end", async () => {
  const { run } = await startServer(["--journal", "memory"], { env: { NOTIFY_SOCKET: "/nowhere/notify" } });
  await run.waitFor("stderr", /"msg":"systemd-notify failed"/);
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
});
