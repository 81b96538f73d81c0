import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Filesystem } from "../faults/lib/filesystem.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { runToEnd, send, startServer } from "./command.ts";

interface Finding {
  readonly status: string;
  readonly subject: string;
  readonly text: string;
}

const OPEN = ["--anonymous", "--anonymous-publish"];
const FORM = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" } };

/** Runs `doctor`. @returns The texts of the findings, by status and subject. */
async function examine(args: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { code, stdout, stderr } = await runToEnd(["doctor", "--json", ...OPEN, ...args], { cwd: temporaryDirectory() });
  expect(stderr).toBe("");
  const findings = JSON.parse(stdout) as Finding[];
  expect(code).toBe(findings.some(({ status }) => status === "problem") ? 1 : 0);
  return Object.fromEntries(findings.map(({ status, subject, text }) => [`${status} ${subject}`, text]));
}

test("finds nothing before the first start, and beside a hub that runs", async () => {
  const data = join(temporaryDirectory(), "data");
  const before = await examine(["--data", data, "--port", "0"]);
  expect(Object.keys(before).filter((key) => key.startsWith("problem"))).toEqual([]);
  expect(before["ok journal"]).toContain("The first start makes one");
  const { hub, url } = await startServer(["--data", data]);
  await send(hub, FORM, "topic=a&data=1");
  const { port } = new URL(url);
  const { stdout } = await runToEnd(["doctor", ...OPEN, "--data", data, "--port", port]);
  expect(stdout).toContain("has update 1, and a hub is running.");
  expect(stdout).toContain(`A hub at http://127.0.0.1:${port} is ready.`);
  expect(stdout).toContain("Other users cannot read");
  expect(stdout).toMatch(/\n0 problems, \d warnings?\.\n$/);
  // On another port there is nothing.
  expect((await examine(["--data", data, "--port", "1"]))["warning address"]).toContain("nothing listens at");
});

test("names problems of the settings, and looks at the rest", async () => {
  const { code, stdout } = await runToEnd(["doctor", "--port", "0"], { cwd: temporaryDirectory() });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^problem: settings: There is no key .*artesian keys create$/m);
  expect(stdout).toMatch(/^ok: +files: /m);
  const wrong = await runToEnd(["doctor", "--port", "many"], { cwd: temporaryDirectory() });
  expect(wrong.stdout).toMatch(/^problem: settings: --port: "many"/m);
});

test("tells of another program at the address", async () => {
  const server = createServer((socket) => socket.end("hello\n")).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  expect((await examine(["--port", String(port)]))["problem address"]).toContain("Another program listens");
});

test("tells of a journal of another kind, of damage, of rights and of an engine that is away", async () => {
  const data = temporaryDirectory();
  mkdirSync(join(data, "journal"));
  writeFileSync(join(data, "journal", "0000000000000001.log"), "x".repeat(100));
  chmodSync(data, 0o755);
  const found = await examine(["--data", data, "--port", "0"]);
  expect(found["problem journal"]).toContain("damaged");
  expect(found["warning data"]).toContain(`chmod -R go= ${data}`);
  expect((await examine(["--journal", "redis://127.0.0.1:1", "--port", "0"]))["problem journal"]).toContain("cannot be reached");
  expect((await examine(["--journal", "memory", "--port", "0"]))["warning journal"]).toContain("a restart loses it");
});

test("tells of an update from the future", async () => {
  const data = temporaryDirectory();
  const { hub, run } = await startServer(["--data", data]);
  await send(hub, FORM, "topic=a&data=1");
  run.child.kill("SIGTERM");
  await run.exit;
  // As if the clock was set back since.
  const shift = `data:text/javascript,${encodeURIComponent("const now = Date.now; Date.now = () => now() - 3_600_000;")}`;
  const { stdout } = await runToEnd(["doctor", ...OPEN, "--data", data, "--port", "0"], { env: { NODE_OPTIONS: `--import=${shift}` } });
  expect(stdout).toMatch(/^warning: clock: It is .*, and the newest update is of /m);
});

// A filesystem can be mounted by root alone.
test.runIf(process.getuid?.() === 0)("tells of a disk without room", async () => {
  const small = Filesystem.create("tmpfs", 16);
  onTestFinished(() => small.close());
  const found = await examine(["--data", small.path, "--port", "0"]);
  expect(found["problem disk"]).toMatch(/has 1\d\.\d MiB left, and publishing ends with 507/);
});
