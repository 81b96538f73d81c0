import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { start, startServer, send } from "./command.ts";
import { childrenOf } from "./worker-processes.ts";

/** Has each process send itself SIGHUP at its first import of a module, before the module is read. */
function hangUpAtImportOf(module: string): Record<string, string> {
  const folder = temporaryDirectory();
  const hooks = join(folder, "hooks.mjs");
  const register = join(folder, "register.mjs");
  writeFileSync(
    hooks,
    `let isDone = false;
    export function resolve(specifier, context, next) {
      if (specifier.endsWith(${JSON.stringify(`/${module}`)}) && !isDone) {
        isDone = true;
        process.kill(process.pid, "SIGHUP");
      }
      return next(specifier, context);
    }`,
  );
  writeFileSync(register, 'import { register } from "node:module"; register(new URL("hooks.mjs", import.meta.url));');
  return { NODE_OPTIONS: `--import=${register}` };
}

test("SIGHUP during the first imports of a server is no end, and the settings are read again", async () => {
  const env = hangUpAtImportOf("program.js");
  const { run, url } = await startServer(["--journal", "memory"], { env });
  await run.waitFor("stderr", /SIGHUP: settings and keys are as before/);
  expect((await send(`${url}/health`)).status).toBe(200);
});

test("SIGHUP during the first imports of a worker is no end", async () => {
  const env = hangUpAtImportOf("serve-plan.js");
  const { run, url } = await startServer(["--workers", "2"], { env });
  expect((await send(`${url}/health`)).status).toBe(200);
  expect(run.stderr).not.toContain("takes its place");
});

test("workers whose primary is killed while they start end without a stack in the log", async () => {
  for (let i = 0; i < 3; i++) {
    const run = start(["serve", "--port", "0", "--anonymous", "--anonymous-publish", "--workers", "2"]);
    const pid = run.child.pid ?? 0;
    for (let workers = 0; workers === 0; await sleep(2)) {
      expect(run.child.exitCode).toBeNull();
      workers = childrenOf(pid).length;
    }
    run.child.kill("SIGKILL");
    // The workers have the same streams, which close when all have ended.
    expect(await run.exit).toBe("SIGKILL");
    expect(run.stderr).toBe("");
  }
});
