import { describe, expect, it } from "vitest";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { startServer, temporaryDirectory } from "./command.ts";

/** What libraries and Node print. It is loaded before the command, and speaks once the server listens. */
const NOISE = `
  const speak = () => {
    console.error("a library says %d", 1);
    console.warn("a library warns");
    console.log("a library chats");
    process.emitWarning("something is old", "DeprecationWarning", "DEP9999");
    if (process.env.NOISE === "throw") throw new Error("nobody catches this");
    if (process.env.NOISE === "reject") Promise.reject(new Error("nobody catches this"));
  };
  setTimeout(speak, 3000);
`;

async function startNoisy(noise: string): ReturnType<typeof startServer> {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "noise.cjs"), NOISE);
  return startServer([], { cwd, env: { NODE_OPTIONS: `--require ${join(cwd, "noise.cjs")}`, NOISE: noise } });
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
    expect(lines).toContainEqual(expect.objectContaining({ level: 30, msg: "a library chats" }));
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 40,
        err: expect.objectContaining({ name: "DeprecationWarning", message: "something is old" }) as object,
      }),
    );
    expect(run.stdout).toMatch(/^listening on \S+\n$/);
  });

  it.each(["throw", "reject"])("tells of an error that ends the process: %s", async (noise) => {
    const { run } = await startNoisy(noise);
    expect(await run.exit).toBe(1);
    expect(linesOf(run.stderr).at(-1)).toMatchObject({ level: 60, err: { message: "nobody catches this" } });
  });
});
