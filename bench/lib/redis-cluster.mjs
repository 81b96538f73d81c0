// A Redis Cluster of masters alone, each of which may be given a share of a core by a control group.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { freePort } from "./engines.mjs";
import { atEnd, BenchError, spawnOnCore, stop, waitForLine } from "./processes.mjs";

const SLOTS = 16_384;
const PERIOD_US = 10_000;

/** Why a process can't be given a share of a core here; undefined where it can. */
export function whyNoShares() {
  const groups = "/sys/fs/cgroup/cpu";
  if (!existsSync(join(groups, "cpu.cfs_quota_us")) && !existsSync("/sys/fs/cgroup/cgroup.controllers"))
    return "there are no control groups";
  try {
    limit(process.pid, 1, true)();
    return undefined;
  } catch {
    return "control groups need root";
  }
}

/**
 * Gives a process a share of one core, by version 1 or 2 of the kernel's control groups.
 *
 * @param {number} pid
 * @param {number} share Of a core.
 * @param {boolean} [isTrial] Makes the group, and puts nothing into it.
 * @returns {() => void} Removes the group, once the process has ended.
 */
function limit(pid, share, isTrial = false) {
  const isSecond = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const group = join(isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu", `artesian-bench-${pid}`);
  mkdirSync(group);
  const quota = Math.round(PERIOD_US * share);
  try {
    if (isSecond) writeFileSync(join(group, "cpu.max"), `${quota} ${PERIOD_US}`);
    else {
      writeFileSync(join(group, "cpu.cfs_period_us"), String(PERIOD_US));
      writeFileSync(join(group, "cpu.cfs_quota_us"), String(quota));
    }
    if (!isTrial) writeFileSync(join(group, "cgroup.procs"), String(pid));
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
  return atEnd(() => rmdirSync(group));
}

/** @param {readonly (string | number)[]} args */
function cli(...args) {
  const { stdout, status } = spawnSync("redis-cli", args.map(String), { encoding: "utf8" });
  if (status !== 0 || /^(ERR|\(error\))/.test(stdout)) throw new BenchError(`redis-cli ${args.join(" ")}: ${stdout.trim()}`);
  return stdout.trim();
}

/**
 * Starts masters in memory, one for each key, which has the slot of that key; the first one has all other slots, too.
 *
 * @param {{ keys: readonly string[], share: number, core: number, files: number, directory: string }} options
 */
export async function startRedisCluster({ keys, share, core, files, directory }) {
  const made = mkdtempSync(join(directory, "cluster-"));
  const remove = atEnd(() => rmSync(made, { recursive: true, force: true }));
  /** @type {{ port: number, bus: number, child: import("./processes.mjs").Child, release: () => void }[]} */
  const nodes = [];
  const end = async () => {
    for (const { child, release } of nodes) {
      await stop(child);
      release();
    }
    remove();
  };
  try {
    for (const i of keys.keys()) {
      const [port, bus] = [await freePort(), await freePort()];
      const cluster = ["--cluster-enabled", "yes", "--cluster-port", String(bus), "--cluster-config-file", `nodes-${i}.conf`];
      const argv = [
        "redis-server",
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        made,
        "--save",
        "",
        "--appendonly",
        "no",
        ...cluster,
      ];
      const child = spawnOnCore({ name: "redis-server", core, files, argv });
      await waitForLine(child, /Ready to accept connections/, { name: "redis-server", timeoutMs: 10_000 });
      nodes.push({ port, bus, child, release: () => undefined });
    }
    const first = /** @type {typeof nodes[number]} */ (nodes[0]);
    const slots = keys.map((key) => Number(cli("-p", first.port, "cluster", "keyslot", key)));
    if (new Set(slots).size < slots.length) throw new BenchError("two keys have one slot");
    const others = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => !slots.slice(1).includes(slot));
    cli("-p", first.port, "cluster", "addslots", ...others);
    for (const [i, { port, bus }] of nodes.entries()) {
      if (i === 0) continue;
      cli("-p", port, "cluster", "addslots", slots[i] ?? 0);
      cli("-p", first.port, "cluster", "meet", "127.0.0.1", port, bus);
    }
    for (let tries = 0; nodes.some(({ port }) => !isWhole(port, nodes.length)); tries++) {
      if (tries > 200) throw new BenchError("the Redis Cluster did not come together within 20 s");
      await sleep(100);
    }
    for (const node of nodes) node.release = limit(/** @type {number} */ (node.child.pid), share);
  } catch (error) {
    await end();
    throw error;
  }
  return { port: nodes[0]?.port ?? 0, pids: nodes.map(({ child }) => child.pid ?? 0), stop: end };
}

/**
 * @param {number} port
 * @param {number} count
 */
function isWhole(port, count) {
  const info = cli("-p", port, "cluster", "info");
  return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${count}`);
}
