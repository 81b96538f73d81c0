// node bench/micro/matchers.mjs: what distinct URL patterns cost a publish, with topics never seen before and with known ones.
//
// Method
// - One process, the public API alone, a journal in memory: no sockets and no disk, so that what is left is validating, appending,
//   encoding and matching. The column of no patterns is that without matching; what the others have more is the matching.
// - P subscribers on `hub.fetch`, each with a URL pattern that no other has, of four shapes in turn (SHAPES). None of them selects the
//   topics that are measured, though they share most of their path: nothing is delivered, and every pattern has to be tried to its end.
// - `new`: 10,000 topics that the hub has not seen, one publish each. `known`: the same 10,000 again, in the same order; the index
//   remembers which patterns select a topic, so that none is tried.
// - A pass ends when an update that was published after it has arrived at a subscriber: everything before is dispatched by then.
// - CPU is the user and system time of the process, garbage collection included, divided by the publishes. The best of the rounds is
//   shown, beside the median: what else runs on the machine only ever adds. The first round of each warms up and does not count, nor
//   does one measurement before all others.
// - `a pattern tried` is what a new topic costs more than with no patterns, divided by the patterns.
// - At the end one update for each pattern is published, and each subscriber must have received its own and no other.
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";

import { importArtesian } from "../lib/artesian.mjs";
import { renderMachine, saveResults, writeDocument } from "../lib/documents.mjs";
import { describeMachine } from "../lib/machine.mjs";
import { BenchError } from "../lib/processes.mjs";
import { median } from "../lib/statistics.mjs";
import { figure, table } from "../lib/table.mjs";

const HELP = `Usage: node bench/micro/matchers.mjs [options]     what distinct URL patterns cost a publish

Options
  --rounds N      rounds to take the best of (5)
  --quick         two rounds of few topics, to see that it works; its figures mean nothing
  --write-docs    write the figures into docs/benchmarks.md
  --help

Raw figures go to bench/results/. Nothing else should run.`;

const HUB = "http://localhost/.well-known/mercure";
const PATTERNS = [0, 1, 100, 500];

/**
 * Patterns as applications have them, and a topic that each selects.
 *
 * @type {readonly ((n: number) => { pattern: string, selected: string })[]}
 */
const SHAPES = [
  (n) => ({ pattern: `/tenants/${n}/books/:id`, selected: `/tenants/${n}/books/1` }),
  (n) => ({ pattern: `/tenants/${n}/*`, selected: `/tenants/${n}/books/1/pages` }),
  (n) => ({ pattern: `/tenants/:tenant/books/${n}-:id(\\d+)`, selected: `/tenants/a/books/${n}-1` }),
  (n) => ({ pattern: `https://example.com/:kind(books|authors)/${n}{/:part}?`, selected: `https://example.com/authors/${n}` }),
];

/** @param {number} n */
const measuredTopic = (n) => `/tenants/none/books/b${n}`;

/** @typedef {Awaited<ReturnType<typeof importArtesian>>["createHub"]} CreateHub */
/** @typedef {ReturnType<CreateHub>} Hub */

/**
 * Subscribes, and tells each update's data as it comes.
 *
 * @param {Hub} hub
 * @param {string} query
 * @param {(data: string) => void} onData
 */
async function subscribe(hub, query, onData) {
  const response = await hub.fetch(new Request(`${HUB}?${query}`));
  if (response.status !== 200 || response.body === null)
    throw new BenchError(`the hub answered ${response.status}: ${await response.text()}`);
  const read = async (/** @type {ReadableStream<Uint8Array>} */ body) => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of body) {
      const events = (text + decoder.decode(chunk, { stream: true })).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        // What the hub itself sends, such as the cursor, is of another type.
        if (/^event:/m.test(event)) continue;
        const data = /^data: ?(.*)$/m.exec(event)?.[1];
        if (data !== undefined) onData(data);
      }
    }
  };
  read(response.body).catch((error) => {
    console.error(error);
    process.exit(2);
  });
}

/** Waits until everything that was published is dispatched. @typedef {() => Promise<void>} Settle */

/**
 * @param {Hub} hub
 * @returns {Promise<Settle>}
 */
async function follow(hub) {
  let count = 0;
  let arrived = (/** @type {string} */ _data) => {};
  await subscribe(hub, "match=settled", (data) => arrived(data));
  return async () => {
    const data = `${++count}`;
    const arrival = new Promise((resolve) => (arrived = (seen) => seen === data && resolve(undefined)));
    await hub.publish({ topic: "settled", data });
    await arrival;
  };
}

/**
 * @param {Hub} hub
 * @param {Settle} settle
 * @param {{ first: number, count: number }} topics
 * @returns {Promise<number>} CPU time, µs a publish.
 */
async function pass(hub, settle, { first, count }) {
  const data = "x".repeat(100);
  const before = process.cpuUsage();
  for (let n = first; n < first + count; n++) {
    await hub.publish({ topic: measuredTopic(n), data });
    // As a server would: what arrives together is dispatched together, and the loop turns in between.
    if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
  await settle();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/**
 * @param {CreateHub} createHub
 * @param {number} patterns
 * @param {{ rounds: number, topics: number }} options
 */
async function measure(createHub, patterns, { rounds, topics }) {
  const hub = createHub({ url: HUB });
  const settle = await follow(hub);
  const selected = Array.from({ length: patterns }, (_, n) => {
    const shape = SHAPES[n % SHAPES.length];
    if (shape === undefined) throw new RangeError("no shape");
    return shape(n);
  });
  const received = selected.map(() => /** @type {string[]} */ ([]));
  for (const [n, { pattern }] of selected.entries()) {
    const own = /** @type {string[]} */ (received[n]);
    await subscribe(hub, new URLSearchParams({ match_urlpattern: pattern }).toString(), (data) => own.push(data));
  }
  const samples = [];
  for (let round = 0; round <= rounds; round++) {
    const range = { first: round * topics, count: topics };
    const sample = { new: await pass(hub, settle, range), known: await pass(hub, settle, range) };
    if (round > 0) samples.push(sample);
  }
  for (const [n, { selected: topic }] of selected.entries()) await hub.publish({ topic, data: `${n}` });
  await settle();
  for (const [n, own] of received.entries()) {
    if (own.join() !== `${n}`) throw new BenchError(`pattern ${selected[n]?.pattern} received ${JSON.stringify(own)}, not its own update`);
  }
  await hub.close();
  return { patterns, samples };
}

/** @typedef {Awaited<ReturnType<typeof measure>>} Measurement */

/** @param {readonly Measurement[]} measurements */
function renderTable(measurements) {
  const best = (/** @type {Measurement} */ { samples }, /** @type {"new" | "known"} */ which) => Math.min(...samples.map((s) => s[which]));
  const cell = (/** @type {Measurement} */ m, /** @type {"new" | "known"} */ which) =>
    `${figure(best(m, which), 1)} (${figure(median(m.samples.map((s) => s[which])), 1)})`;
  const [none] = measurements;
  return table(
    ["distinct patterns", "new topic, µs", "known topic, µs", "a pattern tried, ns"],
    measurements.map((m) => {
      // With few, the difference is in the noise of the rest.
      const tried = none === undefined || m.patterns < 100 ? "" : figure(((best(m, "new") - best(none, "new")) / m.patterns) * 1000);
      return [figure(m.patterns), cell(m, "new"), cell(m, "known"), tried];
    }),
  );
}

/**
 * @param {{ tables: string, machine: import("../lib/machine.mjs").Machine, load: number, rounds: number, topics: number }} parts
 */
function renderDocument({ tables, machine, load, rounds, topics }) {
  return `## What distinct URL patterns cost a publish

CPU time of a publish, in one process with a journal in memory and no sockets, so that matching is not lost among other work. Each
subscriber has a URL pattern that no other has, in four shapes; none selects the ${figure(topics)} topics that are published, so each must be
tried to its end. \`new\` topics were never seen; \`known\` ones are the same again: the index remembers what it found, until a pattern
comes or goes. The best of ${rounds} rounds, with the median: what else runs on the machine only ever adds. Afterwards each subscriber must
receive an update of its own. \`node bench/micro/matchers.mjs --write-docs\` writes this part.

${renderMachine(machine)}
- Load average before: ${load.toFixed(2)} on ${availableParallelism()} cores

${tables}`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      quick: { type: "boolean", default: false },
      "write-docs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const rounds = values.quick ? 2 : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) throw new BenchError("--rounds must be a whole number from 1 to 100");
  if (values.quick && values["write-docs"]) throw new BenchError("--quick measures too little for --write-docs");
  const topics = values.quick ? 1_000 : 10_000;
  const load = loadavg()[0] ?? 0;
  if (load >= 1) process.stderr.write(`bench: the load average is ${load.toFixed(2)}; the best of the rounds may still be too much\n`);
  const { createHub } = await importArtesian();
  await measure(createHub, 100, { rounds: 1, topics });
  const measurements = [];
  for (const patterns of PATTERNS) {
    process.stderr.write(`${patterns} patterns\n`);
    measurements.push(await measure(createHub, patterns, { rounds, topics }));
  }
  const machine = describeMachine();
  const tables = renderTable(measurements);
  const file = saveResults("matchers", { machine, load, rounds, topics, unit: "CPU µs a publish", measurements });
  console.log(tables);
  process.stderr.write(`raw figures: ${file}\n`);
  if (values["write-docs"]) writeDocument("matchers", renderDocument({ tables, machine, load, rounds, topics }));
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(error instanceof BenchError ? `bench: ${error.message}` : error);
  process.exit(2);
}
