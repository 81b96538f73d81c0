// What the benchmark needs of the machine, and what the reader of a figure must know of it.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";

import { BenchError } from "./processes.mjs";

/** @param {string} path below the repository's root */
export const inRepository = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Output of a command, or undefined when there is no such command.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
function outputOf(command, args) {
  const { stdout, error, status } = spawnSync(command, args, { encoding: "utf8", cwd: inRepository("") });
  return error || status !== 0 ? undefined : stdout.trim();
}

/** @param {string} list such as `0-2,5` */
function parseCpuList(list) {
  return list
    .trim()
    .split(",")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/**
 * The core for the server and the one for the load generator: the first two that this process may use, and not two
 * hardware threads of one core where there is a choice.
 *
 * @returns {{ server: number, generator: number }}
 */
export function chooseCores() {
  if (process.platform !== "linux") throw new BenchError("the benchmark reads /proc and pins processes to cores: it runs on Linux only");
  if (outputOf("taskset", ["--version"]) === undefined) {
    throw new BenchError("`taskset` is missing: install it (Debian and Ubuntu: apt-get install util-linux)");
  }
  const allowed = parseCpuList(/^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0");
  const [server, ...others] = allowed;
  if (server === undefined || others[0] === undefined) {
    throw new BenchError("two cores are needed, one for the server and one for the load generator; this process may use one only");
  }
  const siblingsFile = `/sys/devices/system/cpu/cpu${server}/topology/thread_siblings_list`;
  const siblings = existsSync(siblingsFile) ? parseCpuList(readFileSync(siblingsFile, "utf8")) : [];
  return { server, generator: others.find((core) => !siblings.includes(core)) ?? others[0] };
}

/**
 * How many descriptors each process can have, when the limit is raised as far as it can be.
 *
 * @param {number} wanted
 */
function reachableFileLimit(wanted) {
  const limit = outputOf("sh", ["-c", 'ulimit -n "$1" 2>/dev/null || ulimit -n "$(ulimit -Hn)"; ulimit -n', "sh", String(wanted)]);
  return limit === "unlimited" ? Infinity : Number(limit ?? 0);
}

/**
 * Checks that a server and the generator can each hold so many connections, and returns the limit to ask for.
 *
 * @param {number} connections
 * @returns {number}
 */
export function fileLimitFor(connections) {
  // A hub may refuse the last fifth of the descriptors, to keep some for itself.
  const needed = Math.ceil(connections / 0.8) + 500;
  const wanted = Math.max(65_536, needed);
  const reachable = reachableFileLimit(wanted);
  if (reachable < needed) {
    throw new BenchError(
      `${connections} connections need ${needed} open files in each process, and the hard limit is ${reachable}: ` +
        `raise it (as root: ulimit -Hn ${wanted}; ulimit -n ${wanted}, or LimitNOFILE= of the service) or run with --quick`,
    );
  }
  return wanted;
}

/** Installs the peers of `bench/package.json` where they are missing or not the ones of the lock file. */
export function installPeers() {
  const installed = outputOf("npm", ["ls", "--prefix", inRepository("bench"), "--depth=0"]);
  if (installed !== undefined) return;
  process.stderr.write("bench: installing what Artesian is compared with: npm ci --prefix bench\n");
  const { status, error } = spawnSync("npm", ["ci", "--prefix", inRepository("bench"), "--no-audit"], { stdio: ["ignore", 2, 2] });
  if (error || status !== 0) throw new BenchError("`npm ci --prefix bench` failed; it needs the npm registry once");
}

const FILE_SYSTEMS_IN_MEMORY = new Set([0x01021994, 0x858458f6]); // tmpfs, ramfs

/** @param {string} directory where a journal would lie */
export function checkOnDisk(directory) {
  if (FILE_SYSTEMS_IN_MEMORY.has(statfsSync(directory).type)) {
    throw new BenchError(`${directory} is a file system in memory, where a commit costs nothing: name one on a disk with --journal-dir`);
  }
}

/** @param {string} packageDirectory below the repository's root */
export function versionIn(packageDirectory) {
  return /** @type {{ version: string }} */ (JSON.parse(readFileSync(inRepository(`${packageDirectory}/package.json`), "utf8"))).version;
}

/** @typedef {ReturnType<typeof describeMachine>} Machine */

/** What a figure depends on. */
export function describeMachine() {
  const info = "/proc/cpuinfo";
  const model = existsSync(info) ? /^model name\s*:\s*(.+)$/m.exec(readFileSync(info, "utf8"))?.[1] : undefined;
  return {
    cpu: model ?? os.cpus()[0]?.model ?? os.arch(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    node: process.version,
    compiler: outputOf("cc", ["--version"])?.split("\n")[0] ?? "none",
    artesian: versionIn("."),
    commit: outputOf("git", ["describe", "--always", "--dirty"]) ?? "unknown",
  };
}
