// What is measured, on one freshly started server at a time.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

import { nativeProgram } from "./machine.mjs";
import { BenchError, spawnOnCore, stop, waitForEnd, waitForLine } from "./processes.mjs";

/** @typedef {import("../servers/server.mjs").RunningServer} RunningServer */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {"load" | "memory"} kind
 * @property {number} subscribers
 * @property {number} window Updates in flight; 0 for memory.
 */

/**
 * @typedef {object} LoadResult What `native/load.c` prints.
 * @property {number} deliveries
 * @property {number} updates
 * @property {number} seconds
 * @property {number} deliveries_per_second
 * @property {number} server_cpu_us_per_delivery
 * @property {number} server_cpu_share
 * @property {number} generator_cpu_share
 * @property {boolean} generator_bound
 * @property {number} bytes_per_delivery
 * @property {{ p50: number, p99: number, max: number }} latency_ms
 */

/**
 * @typedef {object} MemoryResult
 * @property {number} before_bytes Resident memory of the server just started.
 * @property {number} after_bytes The same with every connection open and idle.
 * @property {number} bytes_per_connection
 */

/**
 * @typedef {object} Timing
 * @property {number} seconds How long each load is measured.
 * @property {number} warmUpSeconds
 * @property {number} settleSeconds How long a server is left alone before its memory is read.
 */

/**
 * @param {boolean} quick
 * @returns {readonly Scenario[]}
 */
export function listScenarios(quick) {
  const few = quick ? 200 : 1_000;
  const many = quick ? 1_000 : 10_000;
  const text = (/** @type {number} */ n) => n.toLocaleString("en");
  return [
    { name: "one", title: `${text(few)} subscribers, one update at a time`, kind: "load", subscribers: few, window: 1 },
    { name: "wide", title: `${text(many)} subscribers, one update at a time`, kind: "load", subscribers: many, window: 1 },
    { name: "burst", title: `${text(few)} subscribers, 64 updates in flight`, kind: "load", subscribers: few, window: 64 },
    { name: "memory", title: `${text(many)} idle subscribers`, kind: "memory", subscribers: many, window: 0 },
  ];
}

/**
 * @param {Scenario} scenario
 * @param {RunningServer} server
 * @param {{ core: number, files: number, timing: Timing }} options
 * @returns {Promise<LoadResult>}
 */
export async function measureLoad(scenario, server, { core, files, timing }) {
  const options = {
    port: server.port,
    subscribers: scenario.subscribers,
    window: scenario.window,
    seconds: timing.seconds,
    "warm-up": timing.warmUpSeconds,
    pids: server.pid,
  };
  const argv = [nativeProgram("load"), ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)];
  const child = spawnOnCore({ name: "load", core, files, argv });
  try {
    const output = await waitForEnd(child, { name: "the load generator", timeoutMs: 120_000 });
    return JSON.parse(output);
  } finally {
    await stop(child);
  }
}

/**
 * @param {number} pid
 * @returns {number} bytes
 */
function residentBytes(pid) {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kib === undefined) throw new BenchError(`the resident memory of process ${pid} can't be read`);
  return Number(kib) * 1024;
}

/**
 * Memory of the kernel for sockets is not in it: it is the same for every server.
 *
 * @param {Scenario} scenario
 * @param {RunningServer} server
 * @param {{ core: number, files: number, timing: Timing }} options
 * @returns {Promise<MemoryResult>}
 */
export async function measureMemory(scenario, server, { core, files, timing }) {
  await wait(timing.settleSeconds * 1000);
  const before = residentBytes(server.pid);
  const argv = [nativeProgram("load"), "--hold", "--port", String(server.port), "--subscribers", String(scenario.subscribers)];
  const child = spawnOnCore({ name: "load", core, files, argv });
  try {
    await waitForLine(child, /"holding"/, { name: "the load generator", timeoutMs: 60_000 });
    await wait(timing.settleSeconds * 1000);
    const after = residentBytes(server.pid);
    if (child.exitCode !== null) throw new BenchError("the load generator ended while it held the subscribers");
    return { before_bytes: before, after_bytes: after, bytes_per_connection: (after - before) / scenario.subscribers };
  } finally {
    await stop(child);
  }
}
