import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { untilListening } from "../cli/command.ts";
import { freePort } from "../support/free-port.ts";
import { serveArguments, type Setup, type SetupKind, startSetup } from "../support/setups.ts";

const FOLDER = fileURLToPath(new URL("../../examples/symfony/", import.meta.url));
const COMPOSE = readFileSync(`${FOLDER}compose.yaml`, "utf8");
/** The origin of the pages in the compose file. */
const COMPOSED = "http://localhost:8000";
export const SECRET = "a-secret-for-the-test-of-32-bytes-or-more";

/** Hubs as the compose file starts them, and the application of examples/symfony once for each. */
export interface SymfonySetup extends Setup {
  /** Where each application is. */
  readonly origins: readonly string[];
}

/** Starts hubs and applications that end with the test. */
export async function startSymfony(kind: SetupKind): Promise<SymfonySetup> {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const origins = ports.map((port) => `http://127.0.0.1:${port}`);
  const args = serveArguments(COMPOSE).flatMap((arg) => (arg === COMPOSED ? origins.join(",") : [arg]));
  const setup = await startSetup(kind, args, { ARTESIAN_JWT_KEY: SECRET });
  await Promise.all(setup.urls.map((url, i) => startPhp(ports[i] as number, url)));
  return { ...setup, origins: origins.slice(0, setup.urls.length) };
}

async function startPhp(port: number, hub: string): Promise<void> {
  // PHP 8.2 reports the age of Debian's libraries.
  const child = spawn("php", ["-d", "error_reporting=E_ALL&~E_DEPRECATED", "-S", `127.0.0.1:${port}`, "index.php"], {
    cwd: FOLDER,
    env: { PATH: process.env["PATH"], MERCURE_URL: hub, MERCURE_JWT_SECRET: SECRET },
    stdio: "ignore",
  });
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  await untilListening(port);
}
