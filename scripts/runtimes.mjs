// Binaries of Node, Bun and Deno from the npm registry, in a folder that is not tracked: node_modules/.cache/artesian-runtimes/.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CACHE = fileURLToPath(new URL("../node_modules/.cache/artesian-runtimes/", import.meta.url));
const { platform } = process;
const arch = { x64: ["x64", "x64"], arm64: ["aarch64", "arm64"] }[process.arch] ?? [process.arch, process.arch];

/** Each with its folder in the cache, its package, and its binary there. */
const node = (major) => ({
  folder: `${major}`,
  range: `${major}`,
  name: `Node ${major}`,
  packageName: `node-${platform}-${process.arch}`,
  file: "bin/node",
});
const BUN = { folder: "bun", range: "1", name: "Bun", packageName: `@oven/bun-${platform}-${arch[0]}`, file: "bin/bun" };
const DENO = { folder: "deno", range: "2", name: "Deno", packageName: `@deno/${platform}-${arch[1]}-glibc`, file: "deno" };

export const MAJORS = [20, 22, 24, 26];

export const nodeBinary = (major) => binaryOf(node(major));
export const bunBinary = () => binaryOf(BUN);
export const denoBinary = () => binaryOf(DENO);

export async function installNodes() {
  await Promise.all(MAJORS.map((major) => installNewest(node(major))));
}

export async function installRuntimes() {
  await Promise.all([installNodes(), installNewest(BUN), installNewest(DENO)]);
}

function binaryOf(runtime) {
  const path = join(packageFolder(runtime), runtime.file);
  if (!existsSync(path)) throw new Error(`${runtime.name} is not installed for the tests. Run \`node scripts/setup.mjs\`.`);
  return path;
}

async function installNewest(runtime) {
  const { name, packageName } = runtime;
  const installed = installedVersion(runtime);
  let newest;
  try {
    newest = await newestVersion(runtime);
    if (newest === installed) return;
    console.error(`setup: ${name.split(" ")[0]} ${newest}`);
    const folder = join(CACHE, runtime.folder);
    mkdirSync(folder, { recursive: true });
    await npm("install", "--prefix", folder, "--no-save", "--no-package-lock", "--no-audit", `${packageName}@${newest}`);
  } catch (error) {
    if (installed === undefined) throw new Error(`${name} can't be installed from the npm registry (${packageName}).`, { cause: error });
    console.error(`setup: the npm registry does not answer; the tests run on ${name} (${installed}), which may not be the newest.`);
  }
}

async function newestVersion({ packageName, range }) {
  const versions = JSON.parse(await npm("view", `${packageName}@${range}`, "version", "--json"));
  // One version is a text, several are a list in the order of their texts: 20.8.0 comes after 20.20.2.
  return [versions]
    .flat()
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
}

function installedVersion(runtime) {
  const manifest = join(packageFolder(runtime), "package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : undefined;
}

function packageFolder({ folder, packageName }) {
  return join(CACHE, `${folder}/node_modules/${packageName}`);
}

async function npm(...args) {
  const { stdout } = await promisify(execFile)("npm", args, { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
