// npm run bench -- pacing: what `interval` and `latest` save where a screen cannot show every update.
//
// Method
// - Artesian as deployed (the built command, a log on a disk, every update committed), on one core; the publisher and the
//   subscribers are this process, on another.
// - 500 topics tick in turn, 5,000 updates a second in atomic batches of 250. Subscribers ask for all of them by one URL pattern: paced,
//   with `interval=250&latest=on`, or plainly.
// - CPU is the time of all threads of the server's process by the kernel's scheduler, over the time measured. Bytes are those that arrived.
// - When the ticks stop, the newest price of each topic that each subscriber received last must be the last one published, on every
//   subscriber; otherwise the benchmark fails. What each subscriber received last is kept, not all of it.
// - Plain subscribers may fall behind, and then catch up after the last tick: up to ten seconds are waited for them.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { renderMachine, saveResults, writeDocument } from "./lib/documents.mjs";
import { chooseCores, describeMachine, fileLimitFor } from "./lib/machine.mjs";
import { BenchError } from "./lib/processes.mjs";
import { median } from "./lib/statistics.mjs";
import { figure, table } from "./lib/table.mjs";
import { artesian, startArtesian } from "./servers/artesian.mjs";

const SYMBOLS = 500;
const TICKS_A_SECOND = 5000;
const BATCH = 250;
/** Of each subscriber, the newest bytes that are kept: some flushes of all topics. */
const TAIL_BYTES = 192 * 1024;
const PATTERN = "match_urlpattern=/quotes/:symbol";

/**
 * The time that all threads of a process have run, by the kernel's scheduler.
 *
 * @param {number} pid
 */
function cpuNanoseconds(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ", 1)[0]), 0);
}

/** @typedef {{ chunks: Buffer[], size: number, received: number, close: () => void }} Reader */

/**
 * Opens a stream and keeps the end of what it receives.
 *
 * @param {URL} url
 * @returns {Promise<Reader>}
 */
function openReader(url) {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: url.hostname, port: Number(url.port) });
    /** @type {Reader} */
    const reader = { chunks: [], size: 0, received: 0, close: () => socket.destroy() };
    socket.once("error", reject);
    socket.once("connect", () =>
      socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n\r\n`),
    );
    socket.once("data", () => resolve(reader));
    socket.on("data", (chunk) => {
      reader.received += chunk.length;
      reader.size += chunk.length;
      reader.chunks.push(chunk);
      while (reader.size - (reader.chunks[0]?.length ?? 0) > TAIL_BYTES) reader.size -= reader.chunks.shift()?.length ?? 0;
    });
  });
}

/**
 * The last price of each symbol in what a reader received last.
 *
 * @param {Reader} reader
 */
function lastPrices(reader) {
  /** @type {Map<number, number>} */
  const prices = new Map();
  for (const [, symbol, price] of Buffer.concat(reader.chunks)
    .toString("latin1")
    .matchAll(/data: \{"symbol":(\d+),"price":(\d+)\}/g)) {
    prices.set(Number(symbol), Number(price));
  }
  return prices;
}

/**
 * @param {Map<number, number>} seen
 * @param {Map<number, number>} prices
 */
function countWrong(seen, prices) {
  return [...prices].filter(([symbol, price]) => seen.get(symbol) !== price).length;
}

/**
 * Publishes ticks at their rate until the time is over.
 *
 * @param {URL} url
 * @param {number} seconds
 * @param {Map<number, number>} prices the last price of each symbol, kept up to date
 */
async function publishTicks(url, seconds, prices) {
  const started = performance.now();
  let ticks = prices.get(-1) ?? 0;
  for (let batch = 1; batch * BATCH <= seconds * TICKS_A_SECOND; batch++) {
    const lines = Array.from({ length: BATCH }, () => {
      const symbol = ticks % SYMBOLS;
      const price = 10_000 + ((ticks * 7919) % 89_999);
      ticks++;
      prices.set(symbol, price);
      return JSON.stringify({ topic: `/quotes/${symbol}`, type: "quote", data: `{"symbol":${symbol},"price":${price}}` });
    });
    const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: lines.join("\n") });
    if (!response.ok) throw new BenchError(`a batch was refused: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
    await sleep(Math.max(0, started + (batch * BATCH * 1000) / TICKS_A_SECOND - performance.now()));
  }
  prices.set(-1, ticks);
  return (performance.now() - started) / 1000;
}

/**
 * @param {{ subscribers: number, paced: boolean, seconds: number, journalDirectory: string, cores: { server: number } }} options
 */
async function measure({ subscribers, paced, seconds, journalDirectory, cores }) {
  const server = await startArtesian({ core: cores.server, files: fileLimitFor(subscribers), journalDirectory, open: true });
  const [pid = 0] = server.pids();
  try {
    const url = new URL("/events/stream", `http://127.0.0.1:${server.port}`);
    const stream = new URL(`${url.pathname}?${PATTERN}${paced ? "&interval=250&latest=on" : ""}`, url);
    /** @type {Reader[]} */
    const readers = [];
    for (let i = 0; i < subscribers; i++) readers.push(await openReader(stream));
    /** @type {Map<number, number>} */
    const prices = new Map();
    await publishTicks(url, 2, prices);
    const before = { cpu: cpuNanoseconds(pid), received: readers.reduce((sum, { received }) => sum + received, 0) };
    const lasted = await publishTicks(url, seconds, prices);
    const cpu = (cpuNanoseconds(pid) - before.cpu) / 1e9;
    const received = readers.reduce((sum, reader) => sum + reader.received, 0) - before.received;
    prices.delete(-1);
    let wrong = Infinity;
    for (let tries = 0; wrong > 0 && tries < 10; tries++) {
      await sleep(1000);
      wrong = readers.reduce((sum, reader) => sum + countWrong(lastPrices(reader), prices), 0);
    }
    if (wrong > 0) throw new BenchError(`${wrong} last prices of ${subscribers} subscribers were not the last ones published`);
    for (const { close } of readers) close();
    return {
      subscribers,
      paced,
      ticksASecond: (seconds * TICKS_A_SECOND) / lasted,
      cpuASecond: cpu / lasted,
      bytesASecond: received / lasted,
    };
  } finally {
    await server.stop();
  }
}

/**
 * @param {{ rounds: number, seconds: number, quick: boolean, writeDocs: boolean, journalDirectory: string }} options
 * @returns {Promise<boolean>}
 */
export async function benchPacing({ rounds, seconds, quick, writeDocs, journalDirectory }) {
  artesian.prepare();
  const cores = chooseCores();
  // All threads: the garbage collector's must not run on the server's core either.
  spawnSync("taskset", ["-acp", String(cores.generator), String(process.pid)]);
  const runs = quick
    ? [
        { subscribers: 20, paced: true },
        { subscribers: 5, paced: false },
      ]
    : [
        { subscribers: 1000, paced: true },
        { subscribers: 1000, paced: false },
      ];
  /** @type {Awaited<ReturnType<typeof measure>>[]} */
  const samples = [];
  for (let round = 1; round <= rounds; round++) {
    for (const run of runs) {
      process.stderr.write(`round ${round}/${rounds}: ${run.subscribers} subscribers, ${run.paced ? "paced" : "plain"}\n`);
      samples.push(await measure({ ...run, seconds, journalDirectory, cores }));
    }
  }
  const rows = runs.map((run) => {
    const of = samples.filter((sample) => sample.subscribers === run.subscribers && sample.paced === run.paced);
    const cpu = median(of.map(({ cpuASecond }) => cpuASecond));
    return [
      `${figure(run.subscribers)}, ${run.paced ? "`interval=250&latest=on`" : "plain"}`,
      figure(median(of.map(({ ticksASecond }) => ticksASecond))),
      figure(cpu * 1000),
      figure((cpu / run.subscribers) * 1e6),
      figure(median(of.map(({ bytesASecond }) => bytesASecond)) / run.subscribers / 1000, 1),
    ];
  });
  const headers = ["subscribers", "ticks/s taken", "server CPU, ms a second", "µs a second and subscriber", "kB a second and subscriber"];
  const text = table(headers, rows);
  const machine = describeMachine();
  const file = saveResults("pacing", { machine, seconds, rounds, samples });
  console.log(`${text}\n`);
  process.stderr.write(`raw figures: ${file}\n`);
  if (writeDocs) writeDocument("pacing", renderDocument({ machine, text, seconds, rounds }));
  return true;
}

/** @param {{ machine: import("./lib/machine.mjs").Machine, text: string, seconds: number, rounds: number }} parts */
function renderDocument({ machine, text, seconds, rounds }) {
  return `## What pacing saves

${figure(TICKS_A_SECOND)} ticks a second on ${SYMBOLS} topics, in batches of ${BATCH}, to subscribers of all of them: each with \`interval=250&latest=on\`, or plainly. The
server on one core with a log that flushes every update, publisher and subscribers on another. After the last tick, the last price of every topic was right on every
subscriber, in each run. ${seconds} s each, medians over ${rounds} rounds. \`npm run bench -- pacing --write-docs\` writes this part.

${renderMachine(machine)}

${text}`;
}
