// Binaries of Node from the npm registry, in a folder that is not tracked: node_modules/.cache/artesian-nodes/MAJOR/.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CACHE = fileURLToPath(new URL("../node_modules/.cache/artesian-nodes/", import.meta.url));
const PACKAGE = `node-${process.platform}-${process.arch}`;

export const MAJORS = [20, 22, 24, 26];

export function nodeBinary(major) {
  const path = join(packageFolder(major), "bin/node");
  if (!existsSync(path)) throw new Error(`Node ${major} is not installed for the tests. Run \`node scripts/setup.mjs\`.`);
  return path;
}

export async function installNodes() {
  await Promise.all(MAJORS.map(installNewest));
}

async function installNewest(major) {
  const installed = installedVersion(major);
  let newest;
  try {
    newest = await newestVersion(major);
    if (newest === installed) return;
    console.error(`setup: Node ${newest}`);
    const folder = join(CACHE, `${major}`);
    mkdirSync(folder, { recursive: true });
    await npm("install", "--prefix", folder, "--no-save", "--no-package-lock", "--no-audit", `${PACKAGE}@${newest}`);
  } catch (error) {
    if (installed === undefined) {
      throw new Error(`Node ${newest ?? major} can't be installed from the npm registry (${PACKAGE}).`, { cause: error });
    }
    console.error(`setup: the npm registry does not answer; the tests run on Node ${installed}, which may not be the newest.`);
  }
}

async function newestVersion(major) {
  const versions = JSON.parse(await npm("view", `${PACKAGE}@${major}`, "version", "--json"));
  // One version is a text, several are a list in the order of their texts: 20.8.0 comes after 20.20.2.
  return [versions]
    .flat()
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
}

function installedVersion(major) {
  const manifest = join(packageFolder(major), "package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : undefined;
}

function packageFolder(major) {
  return join(CACHE, `${major}/node_modules/${PACKAGE}`);
}

async function npm(...args) {
  const { stdout } = await promisify(execFile)("npm", args, { maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}
