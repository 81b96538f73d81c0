import { cpSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll } from "vitest";
import { packagesOf } from "../../scripts/framework-apps.mjs";
import { nodeBinary } from "../../scripts/runtimes.mjs";
import { type Example, startProgram } from "../examples/example.ts";
import { removeDirectory } from "../support/directory.ts";
import { freePort } from "../support/free-port.ts";

const FRAMEWORKS = fileURLToPath(new URL("../../examples/frameworks/", import.meta.url));
/** For frameworks that need a newer Node than the hub. */
const NODE_24 = nodeBinary(24);

type Command = readonly [string, ...string[]];

/** An application of several files, which its framework builds. */
interface App {
  /** Its folder in `examples/frameworks`. */
  readonly folder: string;
  readonly build: Command;
  readonly start: Command;
  readonly env: Readonly<Record<string, string>>;
  /** Finds the origin in a line that the server prints. */
  readonly address: RegExp;
  /** Makes the copy ready for the build. */
  readonly prepare?: (folder: string) => void;
}

const NEXT: App = {
  folder: "next",
  build: [process.execPath, "node_modules/next/dist/bin/next", "build"],
  start: [process.execPath, "node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1"],
  env: { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
  address: /^- Local: +(http:\/\/127\.0\.0\.1:\d+)$/,
  prepare(folder) {
    // Here `node_modules` is a link, and no second build will need the cache.
    const path = join(folder, "next.config.mjs");
    const forTests = 'export default { turbopack: { root: "/" }, experimental: { turbopackFileSystemCacheForBuild: false },';
    writeFileSync(path, readFileSync(path, "utf8").replace("export default {", forTests));
  },
};

const writeManifest = (folder: string, dependencies: readonly string[]): void =>
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ type: "module", dependencies: Object.fromEntries(dependencies.map((name) => [name, "*"])) }),
  );

/** Its build packs all but the `dependencies` of the manifest. */
const SVELTEKIT: App = {
  folder: "sveltekit",
  build: [NODE_24, "node_modules/vite/bin/vite.js", "build"],
  start: [NODE_24, "build"],
  env: { HOST: "127.0.0.1" },
  address: /^Listening on (http:\/\/127\.0\.0\.1:\d+)$/,
  prepare: (folder) => writeManifest(folder, ["artesian"]),
};

const REACT_ROUTER: App = {
  folder: "react-router",
  build: [NODE_24, "node_modules/@react-router/dev/bin.cjs", "build"],
  start: [NODE_24, "node_modules/@react-router/serve/bin.cjs", "build/server/index.js"],
  env: { HOST: "127.0.0.1", NODE_ENV: "production" },
  address: /\((http:\/\/127\.0\.0\.1:\d+)\)$/,
  prepare: (folder) => writeManifest(folder, ["artesian", "isbot", "@react-router/node"]),
};

const NUXT: App = {
  folder: "nuxt",
  build: [NODE_24, "node_modules/nuxt/bin/nuxt.mjs", "build"],
  start: [NODE_24, ".output/server/index.mjs"],
  env: { HOST: "127.0.0.1", NODE_ENV: "production", NUXT_TELEMETRY_DISABLED: "1" },
  address: /^Listening on (http:\/\/127\.0\.0\.1:\d+)$/,
  prepare: (folder) => writeManifest(folder, ["artesian"]),
};

export const APPS: Readonly<Record<string, App>> = {
  next: NEXT,
  sveltekit: SVELTEKIT,
  nuxt: NUXT,
  "react-router": REACT_ROUTER,
  "next/server.mjs": { ...NEXT, start: [process.execPath, "server.mjs"], address: /^listening on (http:\/\/127\.0\.0\.1:\d+)$/ },
};

/** An application that was built in a temporary folder, for an origin. */
interface BuiltApp {
  readonly folder: string;
  readonly address: { readonly PORT: string; readonly ORIGIN: string };
}

/** By their folders in `examples/frameworks`: one build for all tests of a file. */
const builtApps = new Map<string, Promise<BuiltApp>>();

/** Starts an application as its users would, after its build. */
export async function startBuiltApp(app: App, env: Readonly<Record<string, string>>): Promise<Example> {
  let building = builtApps.get(app.folder);
  if (building === undefined) builtApps.set(app.folder, (building = buildApp(app)));
  const { folder, address } = await building;
  return startProgram(app.start, { cwd: folder, env: { ...app.env, ...address, ...env }, address: app.address });
}

/** Removes what was built. Call it in a file of tests that starts such applications. */
export function removeBuiltApps(): void {
  afterAll(async () => {
    for (const building of builtApps.values()) await removeDirectory((await building).folder);
  });
}

async function buildApp({ folder: name, build: [command, ...args], env, prepare }: App): Promise<BuiltApp> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `artesian-${name}-`)));
  cpSync(join(FRAMEWORKS, name), folder, { recursive: true });
  symlinkSync(packagesOf(name), join(folder, "node_modules"));
  prepare?.(folder);
  // SvelteKit must know the origin when it is built.
  const port = String(await freePort());
  const address = { PORT: port, ORIGIN: `http://127.0.0.1:${port}` };
  await promisify(execFile)(command, args, { cwd: folder, env: { ...process.env, ...env, ...address } });
  return { folder, address };
}
