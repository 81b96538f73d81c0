// A server may be several processes: a master and its workers, or a supervisor and what it runs.
import { readdirSync, readFileSync } from "node:fs";

/**
 * Parent of each process that runs now.
 *
 * @returns {Map<number, number>}
 */
function parents() {
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // The name in parentheses may hold anything, and so the fields are counted from the last one.
      const [, , parent] = readFileSync(`/proc/${entry}/stat`, "utf8")
        .replace(/^.*\) /s, "- ")
        .split(" ");
      found.set(Number(entry), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/**
 * The CPU time that a process has had, in ticks of the kernel's clock.
 *
 * @param {number} pid
 */
export function cpuTicksOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/**
 * A process and all that descend from it.
 *
 * @param {number} root
 * @returns {readonly number[]}
 */
export function treeOf(root) {
  const parentOf = parents();
  const tree = new Set([root]);
  for (let size = 0; size < tree.size;) {
    size = tree.size;
    for (const [pid, parent] of parentOf) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree];
}
