import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { mkdir, mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createHub } from "artesian";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { packAll } from "../../scripts/pack.mjs";
import { cleanEnv } from "../cli/command.ts";
import { removeDirectory } from "../support/directory.ts";
import { listen } from "../support/server.ts";

/** Most packages that an embedder installs, with `artesian` itself. */
const MOST_PACKAGES = 30;
const INSTALL_MS = 240_000;

let directory = "";
let tarballs: ReadonlyMap<string, string> = new Map();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "artesian-tarballs-"));
  tarballs = new Map(packAll(join(directory, "packed")).map(({ name, file }) => [name, file]));
}, INSTALL_MS);

afterAll(() => removeDirectory(directory));

interface Installed {
  readonly folder: string;
  /** By their paths in `node_modules`. */
  readonly packages: Readonly<Record<string, { readonly deprecated?: string }>>;
}

/** Installs tarballs into an empty folder, as npm would from the registry. What is in npm's cache is not asked for again. */
async function install(...names: readonly string[]): Promise<Installed> {
  const folder = join(directory, names.at(-1) ?? "");
  await mkdir(folder);
  const files = names.map((name) => tarballs.get(name) ?? `${name} was not packed`);
  const args = ["install", "--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund", ...files];
  await promisify(execFile)("npm", args, { cwd: folder, env: cleanEnv() });
  const lock = JSON.parse(await readFile(join(folder, "node_modules/.package-lock.json"), "utf8")) as Pick<Installed, "packages">;
  return { folder, packages: lock.packages };
}

/** The first block of a language in a README of the tarball. */
async function firstBlock({ folder }: Installed, name: string, language: string): Promise<string> {
  const page = await readFile(join(folder, "node_modules", name, "README.md"), "utf8");
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`The README of ${name} has no block of ${language}.`);
  return block;
}

/** Runs a module in a folder to its end; gives what it prints. */
async function runModule(folder: string, code: string): Promise<string> {
  const child = execFile(process.execPath, ["--input-type=module"], { cwd: folder, env: cleanEnv() });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: string) => (output += text));
  child.stdin?.end(code);
  const [status] = await once(child, "close");
  expect([status, output]).toEqual([0, output]);
  return output;
}

/** Starts a command of an installed package on a free port; gives its origin. */
async function startInstalled({ folder }: Installed, command: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(join(folder, "node_modules/.bin", command), [...args, "--port", "0", "--data", "d"], {
    cwd: folder,
    env: { ...cleanEnv(), PATH: `${fileURLToPath(new URL(".", `file://${process.execPath}`))}:${process.env["PATH"] ?? ""}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  onTestFinished(async () => {
    child.kill();
    await closed;
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return line.replace("listening on ", "");
}

/** The paths that a package's `exports` lead to, under any condition. */
function targetsOf(exports: unknown): readonly string[] {
  return typeof exports === "string" ? [exports] : Object.values(exports as Record<string, unknown>).flatMap(targetsOf);
}

/** The files that a package of a folder names and does not have: in its `exports`, and as sources of its maps. */
async function missingFiles({ folder }: Installed, name: string): Promise<readonly string[]> {
  const root = join(folder, "node_modules", name);
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { exports: unknown };
  const named = [...targetsOf(exports)];
  const maps = (await readdir(join(root, "dist"), { recursive: true })).filter((path) => path.endsWith(".map"));
  expect(maps.length).toBeGreaterThan(5);
  for (const map of maps) {
    const { sources } = JSON.parse(await readFile(join(root, "dist", map), "utf8")) as { sources: readonly string[] };
    named.push(...sources.map((source) => join("dist", dirname(map), source)));
  }
  return named.filter((path) => !existsSync(join(root, path)));
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

describe("in an empty folder", () => {
  test(
    "artesian brings few packages, none deprecated, and no parser of feeds; its first snippet and its first command run",
    async () => {
      const installed = await install("artesian-client", "artesian");
      const names = Object.keys(installed.packages);
      expect(names.length).toBeLessThanOrEqual(MOST_PACKAGES);
      expect(names.filter((name) => installed.packages[name]?.deprecated !== undefined)).toEqual([]);
      expect(names.filter((name) => /feedsmith|csv-parse|hono|rivescript/.test(name))).toEqual([]);
      const snippet = (await firstBlock(installed, "artesian", "js")).replace("listen(3000)", "listen(0)");
      expect(await runModule(installed.folder, `${snippet}\nconsole.log(hub.stats().published);\nprocess.exit();`)).toContain("1");
      const origin = await startInstalled(installed, "artesian", "serve", "--anonymous", "--anonymous-publish");
      expect(await statusOf(`${origin}/console`)).toBe(200);
      const source = promisify(execFile)(
        join(installed.folder, "node_modules/.bin/artesian"),
        ["source", "lines", "--topic", "/a", "x.log"],
        {
          cwd: installed.folder,
          env: cleanEnv(),
        },
      );
      await expect(source).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("npm install artesian-sources") as unknown });
    },
    INSTALL_MS,
  );

  test(
    "artesian-client is alone, and its first snippet runs",
    async () => {
      const installed = await install("artesian-client");
      expect(Object.keys(installed.packages)).toEqual(["node_modules/artesian-client"]);
      expect(existsSync(join(installed.folder, "node_modules/artesian-client/dist/artesian.js"))).toBe(true);
      const hub = createHub({ anonymous: true, anonymousPublish: true });
      const origin = await listen(createServer(hub.handler));
      onTestFinished(() => hub.close());
      const snippet = (await firstBlock(installed, "artesian-client", "js")).replace("http://127.0.0.1:3000", origin);
      expect(await runModule(installed.folder, snippet)).toBe("Hello, world!\n");
    },
    INSTALL_MS,
  );

  test(
    "artesian-sources brings the hub's command its sources, and its first snippet runs",
    async () => {
      const installed = await install("artesian-client", "artesian", "artesian-sources");
      expect(await runModule(installed.folder, await firstBlock(installed, "artesian-sources", "js"))).toContain("/quotes/");
      const { stdout } = await promisify(execFile)(join(installed.folder, "node_modules/.bin/artesian"), ["source", "feed", "--help"], {
        env: cleanEnv(),
      });
      expect(stdout).toContain("RSS");
    },
    INSTALL_MS,
  );

  test(
    "artesian-demo runs with all of its pages, and each package has the sources that it names",
    async () => {
      const installed = await install("artesian-client", "artesian", "artesian-sources", "artesian-demo");
      for (const name of tarballs.keys()) expect(await missingFiles(installed, name), name).toEqual([]);
      expect(await firstBlock(installed, "artesian-demo", "sh")).toBe("npx artesian-demo\n");
      const origin = await startInstalled(installed, "artesian-demo");
      for (const path of ["/", "/chat/lobby", "/stocks", "/news", "/console"]) {
        const page = await (await fetch(origin + path)).text();
        const assets = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, asset]) => asset ?? "");
        expect(assets.length, path).toBeGreaterThan(1);
        for (const asset of assets) expect(await statusOf(origin + asset), asset).toBe(200);
      }
    },
    INSTALL_MS,
  );
});
