import { cpSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll } from "vitest";
import { packagesOf } from "../../scripts/framework-apps.mjs";
import { type Example, startProgram } from "../examples/example.ts";
import { removeDirectory } from "../support/directory.ts";

const FRAMEWORKS = fileURLToPath(new URL("../../examples/frameworks/", import.meta.url));
const NODE: Command = [process.execPath];

type Command = readonly [string, ...string[]];

/** An application of several files, which its framework builds. */
interface App {
  /** Its folder in `examples/frameworks`. */
  readonly folder: string;
  readonly build: Command;
  readonly start: Command;
  readonly env?: Readonly<Record<string, string>>;
  /** Finds the origin in a line that the server prints. */
  readonly address: RegExp;
  /** Makes the copy ready for the build. */
  readonly prepare?: (folder: string) => void;
}

const NEXT: App = {
  folder: "next",
  build: [...NODE, "node_modules/next/dist/bin/next", "build"],
  start: [...NODE, "node_modules/next/dist/bin/next", "start", "--port", "0", "--hostname", "127.0.0.1"],
  env: { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
  address: /^- Local: +(http:\/\/127\.0\.0\.1:\d+)$/,
  prepare(folder) {
    // Here `node_modules` is a link, and no second build will need the cache.
    const path = join(folder, "next.config.mjs");
    const forTests = 'export default { turbopack: { root: "/" }, experimental: { turbopackFileSystemCacheForBuild: false },';
    writeFileSync(path, readFileSync(path, "utf8").replace("export default {", forTests));
  },
};

export const APPS: Readonly<Record<string, App>> = {
  next: NEXT,
  "next/server.mjs": { ...NEXT, start: [...NODE, "server.mjs"], address: /^listening on (http:\/\/127\.0\.0\.1:\d+)$/ },
};

/** Folders of applications that are built, by their names: one build for all tests of a file. */
const built = new Map<string, Promise<string>>();

/** Starts an application as its users would, after its build. */
export async function startBuiltApp(app: App, env: Readonly<Record<string, string>>): Promise<Example> {
  let building = built.get(app.folder);
  if (building === undefined) built.set(app.folder, (building = buildApp(app)));
  return startProgram(app.start, { cwd: await building, env: { ...app.env, ...env }, address: app.address });
}

/** Removes what was built. Call it in a file of tests that starts such applications. */
export function removeBuiltApps(): void {
  afterAll(async () => {
    for (const folder of built.values()) await removeDirectory(await folder);
  });
}

async function buildApp({ folder, build: [command, ...args], env, prepare }: App): Promise<string> {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), `artesian-${folder}-`)));
  cpSync(join(FRAMEWORKS, folder), copy, { recursive: true });
  symlinkSync(packagesOf(folder), join(copy, "node_modules"));
  prepare?.(copy);
  await promisify(execFile)(command, args, { cwd: copy, env: { ...process.env, ...env } });
  return copy;
}
