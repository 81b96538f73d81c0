import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { BALANCED_LAME_DUCK_MS } from "../../packages/hub/src/cli/serve/departure.ts";
import { CLOSE_MS } from "../../packages/hub/src/cli/serve/plan.ts";
import { GRACE_MS } from "../../packages/hub/src/cli/serve/workers.ts";
import { cleanEnv, startServer } from "../cli/command.ts";
import { freePort } from "../support/free-port.ts";

const read = (name: string): string => readFileSync(new URL(`../../packaging/docker/${name}`, import.meta.url), "utf8");

interface Compose {
  readonly services: {
    readonly hub: { readonly command: string; readonly stop_grace_period: string; readonly environment: Record<string, string> };
  };
}

test("the health check of the image tells a hub that answers from a port without one", async () => {
  const [, list = ""] = /^HEALTHCHECK .* CMD (\[.+\])$/m.exec(read("Dockerfile")) ?? [];
  const [command = "", ...args] = JSON.parse(list) as string[];
  expect(command).toBe("node");
  const { url } = await startServer(["--journal", "memory"]);
  const statusAt = (port: number | string): number | null =>
    spawnSync(process.execPath, args, { env: { ...cleanEnv(), ARTESIAN_PORT: String(port) } }).status;
  expect(statusAt(new URL(url).port)).toBe(0);
  expect(statusAt(await freePort())).toBe(1);
});

test("compose.yaml starts a hub, and waits for the longest stop", async () => {
  const { command, environment, stop_grace_period: grace } = (parse(read("compose.yaml")) as Compose).services.hub;
  const [name = "", ...args] = command.split(" ");
  expect([name, ...Object.keys(environment)]).toEqual(["serve", "ARTESIAN_JWT_KEY"]);
  const env = { ARTESIAN_JWT_KEY: "a-secret-for-the-test-of-32-bytes-or-more" };
  const { run } = await startServer([...args, "--journal", "memory"], { env, tokens: true });
  run.child.kill("SIGTERM");
  expect(await run.exit).toBe(0);
  expect(Number.parseInt(grace, 10) * 1000).toBeGreaterThan(BALANCED_LAME_DUCK_MS + SETTINGS.drain.fallback + CLOSE_MS + GRACE_MS);
});
