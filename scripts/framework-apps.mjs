// The frameworks that the applications of several files need, with pinned versions, from the npm registry. They are in a folder that is not
// tracked: node_modules/.cache/artesian-frameworks/. Their manifests and lockfiles are in test/frameworks/apps/.
import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MANIFESTS = join(ROOT, "test/frameworks/apps");
const CACHE = join(ROOT, "node_modules/.cache/artesian-frameworks");
/** Copied last, so an installation that was interrupted is made again. */
const DONE = "installed.json";

/** The pinned version of a framework's package. */
export function pinnedVersion(name, packageName) {
  return JSON.parse(readFileSync(join(MANIFESTS, name, "package.json"), "utf8")).dependencies[packageName];
}

/** The folder with a framework's packages, and with the hub of this repository. */
export function packagesOf(name) {
  if (!isInstalled(name)) throw new Error(`${name} is not installed for the tests. Run \`node scripts/setup.mjs\`.`);
  return join(CACHE, name, "node_modules");
}

/** Installs what is not there yet, one after the other: the disk is the limit. */
export async function installFrameworks() {
  for (const name of readdirSync(MANIFESTS)) {
    if (!isInstalled(name)) await install(name);
  }
}

function isInstalled(name) {
  const done = join(CACHE, name, DONE);
  return existsSync(done) && readFileSync(done).equals(readFileSync(join(MANIFESTS, name, "package-lock.json")));
}

async function install(name) {
  const [from, folder] = [join(MANIFESTS, name), join(CACHE, name)];
  console.error(`setup: ${name}, for its application`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(from, file), join(folder, file));
  try {
    await promisify(execFile)("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit"], { maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    throw new Error(`${name} can't be installed from the npm registry.`, { cause: error });
  }
  symlinkSync(join(ROOT, "packages/hub"), join(folder, "node_modules/artesian"));
  copyFileSync(join(from, "package-lock.json"), join(folder, DONE));
}
