// npm run bench -- fleet: what it costs that hubs on several machines share one engine, next to one hub with the log on its disk.
//
// Method
// - Two hubs as deployed (the built command) and their engine on one core; publisher and subscribers are this process, on another. The core that they share is
//   what bounds them: on machines of their own each would have its own.
// - Latency: 1,000 updates a second, one request each at its time, to one hub; ten subscribers at the other. From when an update was to be sent to its receipt.
// - Rate: 32 publishers at one hub, each with the next request as soon as the last one is answered, alone or 100 updates in one; one subscriber at the other hub.
//   What counts is what that subscriber has received, over the time until it had everything.
// - Every subscriber must receive every update that was acknowledged, once and in order; otherwise the benchmark fails.
import { spawnSync } from "node:child_process";
import { Agent, request } from "node:http";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { renderMachine, saveResults, writeDocument } from "./lib/documents.mjs";
import { listEngines } from "./lib/engines.mjs";
import { chooseCores, describeMachine } from "./lib/machine.mjs";
import { BenchError } from "./lib/processes.mjs";
import { median, quantileOf } from "./lib/statistics.mjs";
import { figure, table } from "./lib/table.mjs";
import { artesian, startArtesian } from "./servers/artesian.mjs";

const RATE = 1000;
const SUBSCRIBERS = 10;
const PUBLISHERS = 32;
const BATCH = 100;
const FILES = 1024;
/** What may be on its way after the last answer. */
const CATCH_UP_MS = 30_000;

/** @typedef {{ next: number, ages: number[], close: () => void }} Reader `next`: number of the update that comes next. */

/**
 * Opens a stream of numbered updates, and notes how old each is.
 *
 * @param {number} port
 * @param {boolean} inOrder Whether they are numbered in the order in which they are published.
 * @returns {Promise<Reader>}
 */
function openReader(port, inOrder) {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    /** @type {Reader} */
    const reader = { next: 0, ages: [], close: () => socket.destroy() };
    let rest = "";
    socket.once("error", reject);
    socket.write("GET /events/stream?match=fleet HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n");
    socket.once("data", () => resolve(reader));
    socket.setEncoding("latin1").on("data", (/** @type {string} */ part) => {
      const now = performance.now();
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, number, sent] = /^data: (\d+) ([\d.]+)$/.exec(line) ?? [];
        if (number === undefined) continue;
        if (inOrder && Number(number) !== reader.next) reader.next = NaN;
        reader.next++;
        reader.ages.push(now - Number(sent));
      }
    });
  });
}

/**
 * @param {number} port
 * @param {Agent} agent
 * @param {string} type
 * @param {string} body
 * @returns {Promise<void>}
 */
function publish(port, agent, type, body) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": type, "content-length": body.length };
    const req = request({ port, host: "127.0.0.1", path: "/events/stream", method: "POST", agent, headers }, (res) => {
      res.resume().once("end", () => {
        if (res.statusCode === 200) resolve();
        else reject(new BenchError(`an update was answered ${res.statusCode}`));
      });
    });
    req.once("error", reject);
    req.end(body);
  });
}

/**
 * @param {readonly Reader[]} readers
 * @param {number} count
 */
async function untilAll(readers, count) {
  const deadline = performance.now() + CATCH_UP_MS;
  while (readers.some(({ next }) => next !== count)) {
    if (performance.now() > deadline)
      throw new BenchError(`subscribers received ${readers.map(({ next }) => next).join(", ")} of ${count} updates`);
    await sleep(5);
  }
}

/**
 * @param {readonly [number, number]} ports
 * @param {number} seconds
 * @returns {Promise<number[]>} Ages in milliseconds, rising.
 */
async function measureLatency([from, to], seconds) {
  const readers = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => openReader(to, false)));
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  /** @type {Promise<void>[]} */
  const answers = [];
  const warmUp = RATE;
  const count = warmUp + seconds * RATE;
  const started = performance.now();
  for (let number = 0; number < count; number++) {
    const due = started + (number * 1000) / RATE;
    const waitMs = due - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    answers.push(publish(from, agent, "application/x-www-form-urlencoded", `topic=fleet&data=${number}+${due.toFixed(3)}`));
  }
  await Promise.all(answers);
  await untilAll(readers, count);
  agent.destroy();
  for (const { close } of readers) close();
  return readers.flatMap(({ ages }) => ages.slice(warmUp)).toSorted((a, b) => a - b);
}

/**
 * @param {readonly [number, number]} ports
 * @param {number} seconds
 * @param {number} perRequest
 * @returns {Promise<number>} Updates a second.
 */
async function measureRate([from, to], seconds, perRequest) {
  const reader = await openReader(to, false);
  const agent = new Agent({ keepAlive: true, maxSockets: PUBLISHERS });
  let sent = 0;
  const started = performance.now();
  const until = started + seconds * 1000;
  const lane = async () => {
    while (performance.now() < until) {
      const lines = Array.from({ length: perRequest }, () => `{"topic":"fleet","data":"${sent++} 0"}`);
      await publish(from, agent, "application/x-ndjson", lines.join("\n"));
    }
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, lane));
  await untilAll([reader], sent);
  const lasted = (performance.now() - started) / 1000;
  agent.destroy();
  reader.close();
  return sent / lasted;
}

/**
 * @param {import("./lib/engines.mjs").Engine} engine
 * @param {{ seconds: number, journalDirectory: string, core: number }} options
 */
async function measure(engine, { seconds, journalDirectory, core }) {
  const running = await engine.start({ core, files: FILES, directory: journalDirectory });
  /** @type {import("./servers/server.mjs").RunningServer[]} */
  const hubs = [];
  try {
    for (let i = 0; i < engine.hubs; i++)
      hubs.push(await startArtesian({ core, files: FILES, journalDirectory, open: true, journal: running.journal }));
    const ports = /** @type {[number, number]} */ ([hubs[0]?.port, hubs.at(-1)?.port]);
    const ages = await measureLatency(ports, seconds);
    return {
      engine: engine.name,
      p50: quantileOf(ages, 0.5),
      p99: quantileOf(ages, 0.99),
      single: await measureRate(ports, seconds, 1),
      batched: await measureRate(ports, seconds, BATCH),
    };
  } finally {
    for (const hub of hubs) await hub.stop();
    await running.stop();
  }
}

/**
 * @param {{ rounds: number, seconds: number, quick: boolean, writeDocs: boolean, journalDirectory: string }} options
 * @returns {Promise<boolean>}
 */
export async function benchFleet({ rounds, seconds, quick, writeDocs, journalDirectory }) {
  artesian.prepare();
  const cores = chooseCores();
  const machine = describeMachine();
  spawnSync("taskset", ["-acp", String(cores.generator), String(process.pid)]);
  const all = listEngines();
  for (const { name, missing } of all) if (missing !== undefined) process.stderr.write(`not measured: ${name}: ${missing}\n`);
  const engines = all.filter(({ missing }) => missing === undefined);
  /** @type {Awaited<ReturnType<typeof measure>>[]} */
  const samples = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % engines.length;
    for (const engine of [...engines.slice(first), ...engines.slice(0, first)]) {
      process.stderr.write(`round ${round + 1}/${rounds}: ${engine.name}: `);
      const sample = await measure(engine, { seconds: quick ? 1 : seconds, journalDirectory, core: cores.server });
      process.stderr.write(`p99 ${sample.p99.toFixed(1)} ms, ${Math.round(sample.single)} and ${Math.round(sample.batched)} updates/s\n`);
      samples.push(sample);
    }
  }
  const rows = engines.map(({ name }) => {
    const of = samples.filter(({ engine }) => engine === name);
    const middle = (/** @type {"p50" | "p99" | "single" | "batched"} */ key) => median(of.map((sample) => sample[key]));
    return [name, figure(middle("p50"), 1), figure(middle("p99"), 1), figure(middle("single")), figure(middle("batched"))];
  });
  const headers = ["journal", "publish to receipt, ms p50", "p99", "updates/s that a hub follows, one a request", `${BATCH} a request`];
  const text = table(headers, rows);
  const file = saveResults("fleet", { machine, seconds, rounds, samples });
  console.log(`${text}\n`);
  process.stderr.write(`raw figures: ${file}\n`);
  if (writeDocs) writeDocument("fleet", renderDocument({ machine, engines, text, seconds, rounds }));
  return true;
}

/** @param {{ machine: import("./lib/machine.mjs").Machine, engines: readonly import("./lib/engines.mjs").Engine[], text: string, seconds: number, rounds: number }} parts */
function renderDocument({ machine, engines, text, seconds, rounds }) {
  return `## What an engine between hubs costs

Publishers at one hub, subscribers at another; both hubs and their engine share one core, publishers and subscribers have another. Latency at ${figure(RATE)} updates a second, one a request, with ${SUBSCRIBERS} subscribers, from when an update was to be sent until it was received. The rate is that of ${PUBLISHERS} publishers who wait for each
answer, and what the other hub's subscriber has received. Each subscriber had every update once. ${seconds} s each, medians over ${rounds} rounds. \`npm run bench -- fleet --write-docs\` writes this part.

${engines.map(({ name, title }) => `- \`${name}\`: ${title}`).join("\n")}
${renderMachine(machine)}

${text}`;
}
