// Child processes: each on one core, found again by its id, and gone when the benchmark is.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { treeOf } from "./process-tree.mjs";

/** A reason that the reader can act on: printed without a stack. */
export class BenchError extends Error {}

/** @typedef {import("node:child_process").ChildProcessByStdio<import("node:stream").Writable, import("node:stream").Readable, import("node:stream").Readable>} Child */

/** @type {Map<Child, string>} what runs, and what it is called */
const running = new Map();
/** @type {Set<() => void>} */
const cleanups = new Set();

/**
 * Runs something when the benchmark ends, however it ends. Must be synchronous.
 *
 * @param {() => void} cleanup
 * @returns {() => void} Runs it now instead.
 */
export function atEnd(cleanup) {
  cleanups.add(cleanup);
  return () => {
    if (cleanups.delete(cleanup)) cleanup();
  };
}

/** @param {readonly number[]} pids Those of them that still run are ended. */
function endNow(pids) {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

/**
 * A child and what it has started, which would outlive it.
 *
 * @param {Child} child
 */
const familyOf = (child) => (child.pid === undefined ? [] : treeOf(child.pid));

/** Ends every child and runs what is left of {@link atEnd}; for the one who calls `process.exit`. */
export function endEverything() {
  for (const child of running.keys()) endNow(familyOf(child));
  for (const cleanup of cleanups) {
    cleanups.delete(cleanup);
    try {
      cleanup();
    } catch (error) {
      console.error(`bench: cleaning up: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Makes Ctrl-C, SIGTERM and any other end of this process take the children along. */
export function endWithThisProcess() {
  process.on("exit", endEverything);
  for (const [signal, status] of /** @type {const} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])) {
    process.on(signal, () => process.exit(status));
  }
}

/**
 * Starts a command on one core with the open-file limit raised as far as it may be. The shell and `taskset` replace
 * themselves by the command, so that the child's id is the command's own.
 *
 * @param {{ name: string, core: number, files: number, argv: readonly string[], env?: Record<string, string> }} options
 *   `files`: descriptors wanted; the hard limit is taken where it is lower and can't be raised.
 * @returns {Child}
 */
export function spawnOnCore({ name, core, files, argv, env = {} }) {
  const script = 'ulimit -n "$1" 2>/dev/null || ulimit -n "$(ulimit -Hn)"; core=$2; shift 2; exec taskset -c "$core" "$@"';
  const child = spawn("sh", ["-c", script, "sh", String(files), String(core), ...argv], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
    // Out of the terminal's process group: on Ctrl-C this process ends it, with all that it has started.
    detached: true,
  });
  running.set(child, name);
  child.once("close", () => running.delete(child));
  child.once("error", () => running.delete(child));
  // A child that has ended makes writing to it fail; its exit is noticed elsewhere.
  child.stdin.on("error", () => undefined);
  return child;
}

/**
 * Keeps the last part of what a child says on its standard error, to quote it when it fails.
 *
 * @param {Child} child
 * @returns {() => string}
 */
function keepComplaints(child) {
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => {
    text = (text + chunk).slice(-4000);
  });
  return () => (text.trim() === "" ? "" : `\n${text.trim()}`);
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string} what
 * @returns {Promise<T>}
 */
async function within(promise, ms, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new BenchError(`${what} took longer than ${ms / 1000} s`)), ms);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits until a line of standard output matches.
 *
 * @param {Child} child
 * @param {RegExp} pattern
 * @param {{ name: string, timeoutMs: number }} options
 * @returns {Promise<RegExpMatchArray>}
 */
export async function waitForLine(child, pattern, { name, timeoutMs }) {
  const complaints = keepComplaints(child);
  /** @type {Promise<RegExpMatchArray>} */
  const found = new Promise((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      const match = line.match(pattern);
      if (match) resolve(match);
    });
    child.once("error", (error) => reject(new BenchError(`${name} did not start: ${error.message}`)));
    child.once("close", (code, signal) => reject(new BenchError(`${name} ended early (${signal ?? code})${complaints()}`)));
  });
  return within(found, timeoutMs, `${name}: starting`);
}

/**
 * Waits until a child ends by itself with status 0, and returns its standard output.
 *
 * @param {Child} child
 * @param {{ name: string, timeoutMs: number }} options
 * @returns {Promise<string>}
 */
export async function waitForEnd(child, { name, timeoutMs }) {
  const complaints = keepComplaints(child);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => {
    output += chunk;
  });
  const [code, signal] = await within(once(child, "close"), timeoutMs, name);
  if (code !== 0) throw new BenchError(`${name} failed (${signal ?? code})${complaints()}`);
  return output;
}

/**
 * Ends a child: asks first, insists after five seconds.
 *
 * @param {Child} child
 */
export async function stop(child) {
  if (!running.has(child)) return;
  const family = familyOf(child);
  const closed = once(child, "close");
  const insist = setTimeout(() => endNow(family), 5000);
  child.stdin.end();
  child.kill("SIGTERM");
  await closed;
  clearTimeout(insist);
  endNow(family);
}
