// Installs the packed packages and the clients of the engines into a folder, as npm would from the registry.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packAll } from "../scripts/pack.mjs";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
export const BUILD = fileURLToPath(new URL("build/", import.meta.url));
export const { version: VERSION, license: LICENSE } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** The packages of a server. The demo is none. */
const OWN = ["artesian", "artesian-client", "artesian-sources"];
/** Clients of the engines, which a user of npm installs beside the hub. */
const CLIENTS = ["@redis/client", "@nats-io/transport-node", "@nats-io/jetstream"];

export function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 64 * 1024 * 1024, ...options });
}

/** Makes `FOLDER/node_modules` with the hub, its sources and the clients, in the versions of the repository's lock. */
export function installTree(folder) {
  const { packages: locked } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const packed = mkdtempSync(join(tmpdir(), "artesian-packed-"));
  try {
    mkdirSync(folder, { recursive: true });
    const files = packAll(packed).flatMap(({ name, file }) => (OWN.includes(name) ? [file] : []));
    const clients = CLIENTS.map((name) => `${name}@${locked[`node_modules/${name}`].version}`);
    writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name: "artesian-server", private: true })}\n`);
    run("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--no-bin-links", "--prefer-offline", ...files, ...clients]);
    prune(join(folder, "node_modules"));
    for (const name of ["package.json", "package-lock.json", "node_modules/.package-lock.json"])
      rmSync(join(folder, name), { force: true });
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
}

/** Removes what no program loads: hidden files, and the tests and pages of packages that are not ours. */
function prune(modules) {
  const names = "( -name .?* -o -name test -o -name tests -o -name docs -o -name benchmarks -o -name *.sh -o -name *.html )".split(" ");
  const others = ["-not", "-path", "./artesian*"];
  run("find", [".", "-mindepth", "2", ...names, ...others, "-prune", "-exec", "rm", "-r", "{}", "+"], { cwd: modules });
}

/** The time of the newest commit, in seconds since 1970, so that two builds of a commit are alike. */
export function commitTime() {
  return run("git", ["log", "-1", "--format=%ct"], { cwd: ROOT }).trim();
}
