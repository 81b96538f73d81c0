// What a delivery, a publish and a connection cost, next to the floor and to the peers. The method is in run.mjs.
import { saveResults, writeDocument } from "./lib/documents.mjs";
import { measure } from "./lib/load.mjs";
import { checkOnDisk, chooseCores, describeMachine, fileLimitFor } from "./lib/machine.mjs";
import { chooseNamed } from "./lib/named.mjs";
import { compileNative } from "./lib/native.mjs";
import { BenchError } from "./lib/processes.mjs";
import { writeCharts } from "./lib/report/charts.mjs";
import { renderDocument, renderReport } from "./lib/report/document.mjs";
import { mergeRecords } from "./lib/report/merge.mjs";
import { listScenarios } from "./lib/scenarios.mjs";
import { testGenerator } from "./lib/self-test.mjs";
import { artesian } from "./servers/artesian.mjs";
import { betterSse } from "./servers/better-sse.mjs";
import { fastifySse } from "./servers/fastify-sse.mjs";
import { durableFloor, floor } from "./servers/floor.mjs";
import { nchan } from "./servers/nchan.mjs";
import { polling } from "./servers/polling.mjs";
import { pushpin } from "./servers/pushpin.mjs";
import { socketIo } from "./servers/socket-io.mjs";

/** @typedef {import("./servers/server.mjs").Server} Server */
/** @typedef {import("./lib/scenarios.mjs").Scenario} Scenario */
/** @typedef {import("./lib/scenarios.mjs").Run} Run */
/** @typedef {import("./lib/report/measurements.mjs").Recorded} Recorded */
/** @typedef {import("./lib/report/measurements.mjs").Failure} Failure */
/** @typedef {{ server: number, generator: number }} Cores */

/** @type {readonly Server[]} */
const SERVERS = [floor, durableFloor, nchan, pushpin, betterSse, fastifySse, socketIo, polling, artesian];

/** @returns {string} A line for each server that can't be measured here. */
export function describeMissing() {
  return SERVERS.flatMap(({ name, missing }) => {
    const reason = missing?.();
    return reason === undefined ? [] : [`\n  ${name}: ${reason}`];
  }).join("");
}

/**
 * @typedef {object} DeliveryOptions
 * @property {number} rounds
 * @property {number} seconds
 * @property {boolean} quick
 * @property {readonly string[] | undefined} only Names of scenarios.
 * @property {readonly string[] | undefined} servers Names of servers.
 * @property {boolean} writeDocs
 * @property {string} journalDirectory
 * @property {string} journal Artesian's: the name of a kind.
 */

/** @param {import("./lib/load.mjs").Result} result */
function summary(result) {
  if (result.kind === "memory") return `${(result.bytes_per_connection / 1000).toFixed(1)} kB a connection`;
  const bound = result.generator_bound ? " (generator at its limit)" : "";
  const caughtUp = result.caught_up_seconds ? `, 99% caught up after ${result.caught_up_seconds.p99.toFixed(2)} s` : "";
  return result.deliveries === 0
    ? `${Math.round(result.updates_per_second)} publishes/s, ${result.server_cpu_us_per_update.toFixed(1)} µs each${bound}`
    : `${result.server_cpu_us_per_delivery.toFixed(2)} µs a delivery, ${Math.round(result.deliveries_per_second)} deliveries/s${caughtUp}${bound}`;
}

/**
 * What the servers can take part in, and why not in the rest, which is printed.
 *
 * @param {readonly Scenario[]} scenarios
 * @param {readonly Server[]} servers
 * @param {import("./servers/server.mjs").StartOptions} start
 */
async function plan(scenarios, servers, start) {
  /** @type {Failure[]} */
  const failures = [];
  /** @type {{ scenario: Scenario, runs: Run[] }[]} */
  const planned = [];
  for (const scenario of scenarios) {
    /** @type {Run[]} */
    const runs = [];
    for (const run of scenario.runs(servers.map(({ name }) => name))) {
      const server = serverOf(run);
      let reason = server.missing?.() ?? scenario.missing?.();
      for (const ability of run.abilities) reason ??= await server.lacks?.(ability, start);
      if (reason === undefined) runs.push(run);
      else failures.push({ scenario: scenario.name, label: run.label, server: server.name, reason, kind: "skipped" });
    }
    planned.push({ scenario, runs });
  }
  for (const { scenario, label, reason } of failures) process.stderr.write(`not measured: ${scenario}, ${label}: ${reason}\n`);
  return { planned, failures };
}

/** @param {Run} run */
function serverOf(run) {
  const server = SERVERS.find(({ name }) => name === run.server);
  if (!server) throw new Error(`no server ${run.server}`);
  return server;
}

/**
 * @param {Run} run
 * @param {import("./lib/load.mjs").Timing} timing
 * @param {Cores} cores
 * @param {import("./servers/server.mjs").StartOptions} start
 */
async function measureRun(run, timing, cores, start) {
  const running = await serverOf(run).start({
    ...start,
    ...(run.mode === "herd" && { replay: true }),
    ...(run.workers && { workers: run.workers }),
  });
  try {
    return await measure(run, running, { core: cores.generator, files: start.files, timing });
  } finally {
    await running.stop();
  }
}

/**
 * @param {DeliveryOptions} options
 * @returns {Promise<boolean>} Whether every bar that was measured is met.
 */
export async function benchDelivery(options) {
  const { quick, rounds, seconds, journalDirectory } = options;
  const scenarios = chooseNamed(listScenarios({ quick, seconds }), options.only, "--only");
  const servers = chooseNamed(SERVERS, options.servers, "--servers");
  const cores = chooseCores();
  const start = {
    core: cores.server,
    files: fileLimitFor(Math.max(...scenarios.map(({ most }) => most))),
    journalDirectory,
    journal: options.journal,
  };
  compileNative();
  checkOnDisk(journalDirectory);
  if (quick) await testGenerator(cores);
  const present = servers.filter(({ missing }) => missing?.() === undefined);
  for (const server of present) server.prepare();
  const { planned, failures } = await plan(scenarios, servers, start);

  const timing = { seconds: quick ? 0.5 : seconds, warmUpSeconds: quick ? 0.2 : 2, settleSeconds: quick ? 0.5 : 4 };
  /** @type {import("./lib/report/measurements.mjs").Measurement[]} */
  const measurements = [];
  const measured = new Date().toISOString();
  const machine = describeMachine();
  /** @returns {Recorded} */
  const record = () => {
    const used = present.filter(({ name }) => measurements.some(({ server }) => server === name));
    return {
      measured,
      machine,
      timing,
      rounds,
      quick,
      servers: Object.fromEntries(
        used.map(({ name, title }) => [name, name === "artesian" ? `${title}; journal: ${options.journal}` : title]),
      ),
      measurements,
      failures,
    };
  };
  let file = "";
  for (let round = 0; round < rounds; round++) {
    for (const { scenario, runs } of planned) {
      // Another one begins each round, so that none always has the machine at its coldest.
      const first = runs.length === 0 ? 0 : round % runs.length;
      for (const run of [...runs.slice(first), ...runs.slice(0, first)]) {
        process.stderr.write(`round ${round + 1}/${rounds}  ${scenario.title}  ${run.label}: `);
        try {
          const result = await measureRun(run, timing, cores, start);
          process.stderr.write(`${summary(result)}\n`);
          measurements.push({ round, scenario: scenario.name, label: run.label, server: run.server, result });
        } catch (error) {
          if (!(error instanceof BenchError)) throw error;
          // One that fails must not cost the figures of all the others.
          process.stderr.write(`FAILED: ${error.message}\n`);
          failures.push({ scenario: scenario.name, label: run.label, server: run.server, reason: error.message, kind: "failed" });
        }
      }
    }
    // So that a run that is broken off has not been for nothing.
    file = saveResults("delivery", record(), file);
  }
  const passed = finish(record(), scenarios, options.writeDocs);
  process.stderr.write(`raw figures: ${file}\n`);
  return passed;
}

/**
 * @param {Recorded} record
 * @param {readonly Scenario[]} scenarios
 * @param {boolean} writeDocs
 */
function finish(record, scenarios, writeDocs) {
  const { text, verdicts } = renderReport(record, scenarios);
  console.log(`${text}\n`);
  if (writeDocs) {
    const document = renderDocument(record, scenarios);
    writeDocument("delivery", document.text);
    writeCharts(document.charts);
  }
  const failed = record.failures.filter(({ kind }) => kind === "failed");
  if (failed.length > 0) {
    process.stderr.write(`${failed.length} measurement${failed.length === 1 ? "" : "s"} failed\n`);
    process.exitCode = 2;
  }
  return verdicts.every(({ passed }) => passed);
}

/**
 * Reports on what was measured earlier.
 *
 * @param {readonly string[]} files
 * @param {{ writeDocs: boolean }} options
 * @returns {boolean} Whether every bar that was measured is met.
 */
export function reportDelivery(files, { writeDocs }) {
  const record = mergeRecords(files);
  if (record.quick && writeDocs) throw new BenchError("--quick measures too little for --write-docs");
  const all = listScenarios({ quick: record.quick, seconds: record.timing.seconds });
  const scenarios = all.filter(({ name }) => record.measurements.some(({ scenario }) => scenario === name));
  return finish(record, scenarios, writeDocs);
}
