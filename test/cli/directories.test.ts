import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runToEnd, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** No directory can be made here, and Node's recursive `mkdir` tries without end. */
const IMPOSSIBLE = "/proc/nope/x";

const KEY = ["--anonymous", "--anonymous-publish", "--port", "0"];

describe.runIf(process.platform === "linux")("a directory that can't be made is told", () => {
  test.each([
    ["serve --data", ["serve", ...KEY, "--data", IMPOSSIBLE]],
    ["serve --workers", ["serve", ...KEY, "--workers", "2", "--data", IMPOSSIBLE]],
    ["serve --journal log", ["serve", ...KEY, "--journal", `log:${IMPOSSIBLE}`]],
    ["demo", ["demo", "--port", "0", "--data", IMPOSSIBLE]],
    ["keys create", ["keys", "create", "--data", IMPOSSIBLE]],
  ])("%s", async (_, args) => {
    const { code, stderr } = await runToEnd(args);
    expect(code).toBe(1);
    expect(stderr).toContain(IMPOSSIBLE);
    expect(stderr).toContain("cannot be written");
  });

  test("journal backup", async () => {
    const data = temporaryDirectory();
    const { run } = await startServer(["--data", data]);
    const { code, stderr } = await runToEnd(["journal", "backup", IMPOSSIBLE, "--data", data]);
    run.child.kill();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "error: Not backed up: ENOENT: no such file or directory, mkdir '/proc/nope'\n",
    });
  });

  test("source --state", async () => {
    const { hub } = await startServer(["--journal", "memory"]);
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "log"), "line\n");
    const follow = ["source", "lines", "log", "--from", "beginning", "--once", "--topic", "a"];
    const { code, stderr } = await runToEnd([...follow, "--state", `${IMPOSSIBLE}/state.json`, "--url", hub], { cwd });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("the state cannot be written (ENOENT)") as string });
  });
});
