import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { cleanEnv, MAIN, runToEnd, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const OPEN = ["--anonymous", "--anonymous-publish"];

/** What libraries and Node print. It is loaded before the command, and speaks once the server listens. */
const NOISE = `
  const speak = () => {
    console.error("a library says %d", 1);
    console.warn("a library warns");
    console.log("a library chats\\u009b2J\\u007f");
    process.emitWarning("something is old", "DeprecationWarning", "DEP9999");
    if (process.env.NOISE === "throw") throw new Error("nobody catches this");
    if (process.env.NOISE === "reject") Promise.reject(new Error("nobody catches this"));
  };
  const waiting = setInterval(() => {
    if (!require("node:fs").existsSync("speak")) return;
    clearInterval(waiting);
    speak();
  }, 50);
`;

async function startNoisy(noise: string): ReturnType<typeof startServer> {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "noise.cjs"), NOISE);
  const server = await startServer([], { cwd, env: { NODE_OPTIONS: `--require ${join(cwd, "noise.cjs")}`, NOISE: noise } });
  writeFileSync(join(cwd, "speak"), "");
  return server;
}

function linesOf(stderr: string): unknown[] {
  return stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

describe("the log", () => {
  it("is JSON lines only, whatever Node and libraries print", async () => {
    const { run } = await startNoisy("none");
    await run.waitFor("stderr", /DEP9999/);
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    const lines = linesOf(run.stderr);
    expect(lines).toContainEqual(expect.objectContaining({ level: 50, msg: "a library says 1", from: "console.error" }));
    expect(lines).toContainEqual(expect.objectContaining({ level: 40, msg: "a library warns" }));
    expect(lines).toContainEqual(expect.objectContaining({ level: 30, msg: "a library chats\u009b2J\u007f" }));
    // A terminal would obey them.
    expect(run.stderr).toContain(String.raw`chats\u009b2J\u007f`);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        err: expect.objectContaining({ name: "DeprecationWarning", message: "something is old" }) as object,
      }),
    );
    expect(run.stdout).toMatch(/^listening on \S+\n$/);
  });

  it.each([
    ["a wrong flag", ["--prot", "1"], 2, /^unknown option '--prot' \(Did you mean --port\?\)$/],
    ["a wrong flag with a secret", ["--jwt-kye=secret"], 2, /^unknown option '--jwt-kye'$/],
    ["wrong values, each a line", ["--port", "http", "--drain", "x"], 2, /^--(?:port|drain): /],
    ["no key", [], 2, /./],
    ["a port that can't be had", [...OPEN, "--port", "1", "--host", "192.0.2.1"], 1, /192\.0\.2\.1/],
    ["a journal that can't be opened", [...OPEN, "--data", "/dev/null/x"], 1, /cannot be written/],
    ["workers that can't be started", [...OPEN, "--workers", "2", "--data", "/dev/null/x"], 1, /cannot be written/],
  ])("has the failure of a start: %s", async (_, args, status, message) => {
    const { code, stdout, stderr } = await runToEnd(["serve", ...args]);
    expect({ code, stdout }).toEqual({ code: status, stdout: "" });
    const failures = linesOf(stderr).filter((line) => (line as { level: number }).level === 60);
    expect(failures).not.toEqual([]);
    for (const line of failures) {
      expect(line).toEqual({
        level: 60,
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        pid: expect.any(Number) as number,
        hostname: hostname(),
        msg: expect.stringMatching(message) as string,
      });
    }
    expect(stderr).not.toContain("secret");
  });

  const hasScript = spawnSync("sh", ["-c", "script --version"], { encoding: "utf8" }).stdout.includes("util-linux");
  it.runIf(hasScript)("is for people on a terminal, if a server does not start", () => {
    const { stdout } = spawnSync("script", ["-qec", `${process.execPath} ${MAIN} serve --port http`, "/dev/null"], {
      cwd: temporaryDirectory(),
      env: cleanEnv(),
      encoding: "utf8",
    });
    expect(stripVTControlCharacters(stdout)).toMatch(/^error: --port: /);
  });

  it.each(["throw", "reject"])("tells of an error that ends the process: %s", async (noise) => {
    const { run } = await startNoisy(noise);
    expect(await run.exit).toBe(1);
    // A write that is under way at the end may come out after what is written then.
    const err = expect.objectContaining({ message: "nobody catches this" }) as object;
    expect(linesOf(run.stderr)).toContainEqual(expect.objectContaining({ level: 60, err }));
  });
});
