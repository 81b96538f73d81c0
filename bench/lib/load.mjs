// The load generator, as a child on its own core, and what it found out.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

import { nativeProgram } from "./native.mjs";
import { BenchError, spawnOnCore, stop, waitForEnd, waitForLine } from "./processes.mjs";

/** @typedef {import("../servers/server.mjs").RunningServer} RunningServer */
/** @typedef {import("./scenarios.mjs").Run} Run */

/** @typedef {{ p50: number, p99: number, max: number }} Quantiles */

/**
 * @typedef {object} LoadResult What `native/load` prints.
 * @property {"load" | "herd" | "poll"} kind
 * @property {number} subscribers
 * @property {number} deliveries
 * @property {number} updates
 * @property {number} seconds
 * @property {number} updates_per_second
 * @property {number} deliveries_per_second
 * @property {number} server_cpu_us_per_delivery
 * @property {number} server_cpu_us_per_update
 * @property {number} server_cpu_share
 * @property {number} generator_cpu_share
 * @property {boolean} generator_bound
 * @property {number} bytes_received
 * @property {number} bytes_sent
 * @property {number} bytes_per_delivery
 * @property {Quantiles} latency_ms Of deliveries.
 * @property {Quantiles} answer_ms Of answers to publishers.
 * @property {{ p50: number, p99: number, all: number }} [caught_up_seconds] Herd.
 * @property {number} [requests] Polling: those of the time measured.
 */

/**
 * @typedef {object} MemoryResult
 * @property {"memory"} kind
 * @property {number} before_bytes Resident memory of the server just started.
 * @property {number} after_bytes The same with every connection open and idle.
 * @property {number} bytes_per_connection
 * @property {boolean} generator_bound
 */

/** @typedef {LoadResult | MemoryResult} Result */

/**
 * @typedef {object} Timing
 * @property {number} seconds How long each load is measured.
 * @property {number} warmUpSeconds
 * @property {number} settleSeconds How long a server is left alone before its memory is read.
 */

/**
 * @param {Run} run
 * @param {RunningServer} server
 * @param {{ core: number, files: number, timing: Timing }} options
 * @returns {Promise<Result>}
 */
export async function measure(run, server, { core, files, timing }) {
  /** @type {Record<string, string | number | true>} */
  const options = {
    mode: run.mode,
    port: server.port,
    seconds: timing.seconds,
    "warm-up": timing.warmUpSeconds,
    ...(await server.speak(run)),
    ...run.load,
  };
  if (server.mostPublishers !== undefined) options.window = Math.min(Number(options.window ?? 1), server.mostPublishers);
  const argv = [
    nativeProgram("load"),
    ...Object.entries(options).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`)),
  ];
  if (run.mode === "hold") return measureMemory(server, { core, files, timing, argv, connections: run.connections });
  const child = spawnOnCore({ name: "load", core, files, argv: [...argv, `--pids=${server.pids().join(",")}`] });
  try {
    return JSON.parse(await waitForEnd(child, { name: "the load generator", timeoutMs: 180_000 }));
  } finally {
    await stop(child);
  }
}

/**
 * Resident memory, summed up: what processes share counts for each.
 *
 * @param {readonly number[]} pids
 * @returns {number} bytes
 */
function residentBytes(pids) {
  return pids.reduce((sum, pid) => {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    if (kib === undefined) throw new BenchError(`the resident memory of process ${pid} can't be read`);
    return sum + Number(kib) * 1024;
  }, 0);
}

/**
 * Memory of the kernel for sockets is not in it: it is the same for every server.
 *
 * @param {RunningServer} server
 * @param {{ core: number, files: number, timing: Timing, argv: readonly string[], connections: number }} options
 * @returns {Promise<MemoryResult>}
 */
async function measureMemory(server, { core, files, timing, argv, connections }) {
  await wait(timing.settleSeconds * 1000);
  const before = residentBytes(server.pids());
  const child = spawnOnCore({ name: "load", core, files, argv });
  try {
    await waitForLine(child, /"holding"/, { name: "the load generator", timeoutMs: 60_000 });
    await wait(timing.settleSeconds * 1000);
    const after = residentBytes(server.pids());
    if (child.exitCode !== null) throw new BenchError("the load generator ended while it held the subscribers");
    return {
      kind: "memory",
      before_bytes: before,
      after_bytes: after,
      bytes_per_connection: (after - before) / connections,
      generator_bound: false,
    };
  } finally {
    await stop(child);
  }
}
