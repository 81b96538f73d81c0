// npm run bench -- partitions: what it brings to spread a fleet's topics over several streams, where the engine is the limit.
//
// Method
// - A Redis Cluster of as many masters as there are partitions, each with one of them and with a share of a core that makes it the limit, as a
//   full one is; all on one core, of which they leave a part.
// - One process appends to the journal itself, without HTTP, and follows all of it, on the other core: 128 batches of 100 updates are on their way at
//   a time, each of one topic, over 1,024 topics. So partitions are what is measured, and not how fast one hub takes requests.
// - Every update must come back once, and those of a topic in order; otherwise the benchmark fails.
// - The CPU of masters and process is measured, so that it is seen which one is full.
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

import { importInner } from "./lib/artesian.mjs";
import { renderMachine, saveResults, writeDocument } from "./lib/documents.mjs";
import { chooseCores, describeMachine } from "./lib/machine.mjs";
import { cpuTicksOf } from "./lib/process-tree.mjs";
import { BenchError } from "./lib/processes.mjs";
import { startRedisCluster, whyNoShares } from "./lib/redis-cluster.mjs";
import { median } from "./lib/statistics.mjs";
import { figure, table, times } from "./lib/table.mjs";

const PARTITIONS = [1, 2, 4];
/** Of a core, for each master. */
const SHARE = 0.1;
const LANES = 128;
const BATCH = 100;
const TOPICS = 1024;
const DATA = "x".repeat(100);
const WARM_UP_MS = 1000;
const TICKS_PER_SECOND = 100;

/**
 * @param {number} count
 * @param {{ seconds: number, journalDirectory: string, core: number }} options
 */
async function measure(count, { seconds, journalDirectory, core }) {
  const { redisJournal } = await importInner("journals/redis/index");
  const name = "bench";
  const names = count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}-${i + 1}of${count}`);
  const keys = names.map((one) => `{${one}}:`);
  const cluster = await startRedisCluster({ keys, share: SHARE, core, files: 1024, directory: journalDirectory });
  try {
    const url = `redis+cluster://127.0.0.1:${cluster.port}`;
    /** @type {import("../packages/hub/src/core/journal/journal.ts").Journal} */
    const journal = await redisJournal({ url, name, partitions: count, retention: { maxCount: 200_000 } });
    try {
      return { count, ...(await load(journal, cluster.pids, seconds)) };
    } finally {
      await journal.close();
    }
  } finally {
    await cluster.stop();
  }
}

/**
 * @param {import("../packages/hub/src/core/journal/journal.ts").Journal} journal
 * @param {readonly number[]} masters Their process ids.
 * @param {number} seconds
 */
async function load(journal, masters, seconds) {
  /** @type {Map<string, number>} */
  const last = new Map();
  const count = { received: 0, sent: 0, batches: 0 };
  const state = { isInOrder: true, isOver: false };
  journal.follow(journal.tail(), (records) => {
    for (const { topics, data } of records) {
      const [topic = ""] = topics;
      const number = Number.parseInt(data, 10);
      state.isInOrder &&= (last.get(topic) ?? -1) < number;
      last.set(topic, number);
      count.received++;
    }
  });
  const lane = async () => {
    while (!state.isOver) {
      const topics = [`https://example.com/prices/${count.batches++ % TOPICS}`];
      const rest = { topics, id: undefined, type: undefined, retry: undefined, private: false };
      await journal.append(Array.from({ length: BATCH }, () => ({ ...rest, data: `${count.sent++} ${DATA}` })));
    }
  };
  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  await sleep(WARM_UP_MS);
  const before = { at: performance.now(), received: count.received, own: process.cpuUsage(), ticks: masters.map(cpuTicksOf) };
  await sleep(seconds * 1000);
  const lasted = (performance.now() - before.at) / 1000;
  const own = process.cpuUsage(before.own);
  const measured = {
    rate: (count.received - before.received) / lasted,
    masters: masters.map((pid, i) => (cpuTicksOf(pid) - (before.ticks[i] ?? 0)) / TICKS_PER_SECOND / lasted),
    own: (own.user + own.system) / 1e6 / lasted,
  };
  state.isOver = true;
  await lanes;
  if (count.received === count.sent && state.isInOrder) return measured;
  throw new BenchError(`of ${count.sent} updates ${count.received} came back, ${state.isInOrder ? "" : "not "}in order`);
}

/**
 * @param {{ rounds: number, seconds: number, quick: boolean, writeDocs: boolean, journalDirectory: string }} options
 * @returns {Promise<boolean>}
 */
export async function benchPartitions({ rounds, seconds, quick, writeDocs, journalDirectory }) {
  const why = whyNoShares() ?? (spawnSync("redis-cli", ["--version"]).error && "apt-get install redis-server");
  if (why !== undefined) throw new BenchError(`the masters cannot be given a share of a core: ${why}`);
  const cores = chooseCores();
  const machine = describeMachine();
  spawnSync("taskset", ["-acp", String(cores.generator), String(process.pid)]);
  /** @type {Awaited<ReturnType<typeof measure>>[]} */
  const samples = [];
  for (let round = 0; round < rounds; round++) {
    for (const count of round % 2 === 0 ? PARTITIONS : PARTITIONS.toReversed()) {
      const sample = await measure(count, { seconds: quick ? 1 : seconds, journalDirectory, core: cores.server });
      process.stderr.write(
        `round ${round + 1}/${rounds}: ${count}: ${Math.round(sample.rate)} updates/s, ${sample.masters.map((share) => share.toFixed(2)).join(" ")} and ${sample.own.toFixed(2)} of a core\n`,
      );
      samples.push(sample);
    }
  }
  const of = (/** @type {number} */ count) => samples.filter((sample) => sample.count === count);
  const rows = PARTITIONS.map((count) => {
    const ratios = of(count).map(({ rate }, i) => rate / (of(count === 1 ? 1 : count / 2)[i]?.rate ?? Number.NaN));
    return [
      String(count),
      figure(median(of(count).map(({ rate }) => rate))),
      count === 1 ? "" : times(median(ratios)),
      `${figure(100 * median(of(count).flatMap(({ masters }) => masters)), 0)}%`,
      `${figure(100 * median(of(count).map(({ own }) => own)), 0)}%`,
    ];
  });
  const text = table(["partitions", "updates/s", "to half as many", "of a core, each master", "the process"], rows);
  const file = saveResults("partitions", { machine, seconds, rounds, share: SHARE, samples });
  console.log(`${text}\n`);
  process.stderr.write(`raw figures: ${file}\n`);
  if (writeDocs) writeDocument("partitions", renderDocument({ machine, text, seconds, rounds }));
  return true;
}

/** @param {{ machine: import("./lib/machine.mjs").Machine, text: string, seconds: number, rounds: number }} parts */
function renderDocument({ machine, text, seconds, rounds }) {
  return `## What partitions bring

A Redis Cluster of as many masters as partitions, each of which is given ${SHARE * 100}% of a core, so that the engine is what is full; they share one core. One process on another core appends ${LANES} batches of ${BATCH} updates at a time, of 100 bytes and over ${figure(TOPICS)} topics, and follows all of them. Each update came back once, and those of a topic
in order. ${seconds} s each, medians over ${rounds} rounds. \`npm run bench -- partitions --write-docs\` writes this part.

${renderMachine(machine)}

${text}`;
}
