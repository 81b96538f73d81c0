// What a delivery and a connection cost, next to the floor and to better-sse. The method is in run.mjs.
import { renderMachine, saveResults, writeDocument } from "./lib/documents.mjs";
import { checkOnDisk, chooseCores, compileNative, describeMachine, fileLimitFor } from "./lib/machine.mjs";
import { BenchError } from "./lib/processes.mjs";
import { judge, renderTables, renderVerdicts } from "./lib/report.mjs";
import { listScenarios, measureLoad, measureMemory } from "./lib/scenarios.mjs";
import { artesian } from "./servers/artesian.mjs";
import { betterSse } from "./servers/better-sse.mjs";
import { floor } from "./servers/floor.mjs";

/** @type {readonly import("./servers/server.mjs").Server[]} */
const SERVERS = [floor, betterSse, artesian];

/**
 * @typedef {object} DeliveryOptions
 * @property {number} rounds
 * @property {number} seconds
 * @property {boolean} quick
 * @property {readonly string[] | undefined} only Names of scenarios.
 * @property {readonly string[] | undefined} servers Names of servers.
 * @property {boolean} writeDocs
 * @property {string} journalDirectory
 */

/**
 * @template {{ name: string }} T
 * @param {readonly T[]} all
 * @param {readonly string[] | undefined} names
 * @param {string} option
 * @returns {readonly T[]}
 */
function select(all, names, option) {
  const unknown = names?.find((name) => !all.some((item) => item.name === name));
  if (unknown !== undefined) throw new BenchError(`${option}: "${unknown}" is none of ${all.map(({ name }) => name).join(", ")}`);
  return names ? all.filter(({ name }) => names.includes(name)) : all;
}

/** @typedef {Pick<import("./lib/report.mjs").Measurement, "load" | "memory">} Result */

/**
 * @param {import("./lib/scenarios.mjs").Scenario} scenario
 * @param {import("./servers/server.mjs").RunningServer} server
 * @param {Parameters<typeof measureLoad>[2]} options
 * @returns {Promise<Result>}
 */
async function measure(scenario, server, options) {
  return scenario.kind === "load"
    ? { load: await measureLoad(scenario, server, options), memory: undefined }
    : { load: undefined, memory: await measureMemory(scenario, server, options) };
}

/** @param {Result} result */
function summary({ load, memory }) {
  if (memory) return `${(memory.bytes_per_connection / 1000).toFixed(1)} kB a connection`;
  if (!load) return "";
  const bound = load.generator_bound ? " (generator at its limit)" : "";
  return `${load.server_cpu_us_per_delivery.toFixed(2)} µs a delivery, ${Math.round(load.deliveries_per_second)} deliveries/s${bound}`;
}

/**
 * @param {DeliveryOptions} options
 * @returns {Promise<boolean>} Whether every bar that was measured is met.
 */
export async function benchDelivery(options) {
  const scenarios = select(listScenarios(options.quick), options.only, "--only");
  const servers = select(SERVERS, options.servers, "--servers");
  const cores = chooseCores();
  const files = fileLimitFor(Math.max(...scenarios.map(({ subscribers }) => subscribers)));
  compileNative();
  for (const server of servers) server.prepare();
  checkOnDisk(options.journalDirectory);

  const timing = { seconds: options.seconds, warmUpSeconds: options.quick ? 0.5 : 2, settleSeconds: options.quick ? 1 : 4 };
  /** @type {import("./lib/report.mjs").Measurement[]} */
  const measurements = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const scenario of scenarios) {
      // Another one begins each round, so that none always has the machine at its coldest.
      const order = [...servers.slice(round % servers.length), ...servers.slice(0, round % servers.length)];
      for (const server of order) {
        // The floor allocates 16 kB for each connection to keep its code short: its memory says nothing.
        if (scenario.kind === "memory" && server === floor) continue;
        process.stderr.write(`round ${round + 1}/${options.rounds}  ${scenario.title}  ${server.name}: `);
        const running = await server.start({ core: cores.server, files, journalDirectory: options.journalDirectory });
        try {
          const result = await measure(scenario, running, { core: cores.generator, files, timing });
          process.stderr.write(`${summary(result)}\n`);
          measurements.push({ round, scenario: scenario.name, server: server.name, ...result });
        } finally {
          await running.stop();
        }
      }
    }
  }

  const machine = describeMachine();
  const verdicts = options.quick ? [] : judge(measurements, scenarios);
  const file = saveResults("delivery", { machine, timing, rounds: options.rounds, measurements, verdicts });
  const tables = renderTables(measurements, scenarios);
  const bars = options.quick ? "The bars are not judged: --quick measures too little." : renderVerdicts(verdicts);
  console.log(`${tables}\n\n### Bars\n\n${bars}\n`);
  process.stderr.write(`raw figures: ${file}\n`);
  if (options.writeDocs) writeDocument("delivery", renderDocument({ machine, servers, tables, bars, options, cores }));
  return verdicts.every(({ passed }) => passed);
}

/**
 * @param {{ machine: import("./lib/machine.mjs").Machine, servers: typeof SERVERS, tables: string, bars: string,
 *   options: DeliveryOptions, cores: { server: number, generator: number } }} parts
 */
function renderDocument({ machine, servers, tables, bars, options, cores }) {
  return `## What a delivery and a connection cost

Every server takes the same POST (a form with 100 bytes of data) and sends it to every subscriber, on loopback, with plain
HTTP/1.1. The server is pinned to core ${cores.server} and the load generator to core ${cores.generator}. A server is started afresh for each
measurement, warmed up for 2 seconds and measured for ${options.seconds}; the servers take turns, in ${options.rounds} rounds that each begin with another
one. Figures are medians over the rounds, with the least and the most; ratios are medians of the ratios within each round.

CPU is the server's user and system time, of all its threads, divided by the deliveries: the figure that holds on a noisy
machine. An update is in flight until every subscriber has it and the publisher has its answer; every subscriber must receive
every update exactly once, or the measurement fails. Memory is the resident memory of the server's process before and after,
left alone for 4 seconds each time; the kernel's socket buffers are not in it.

${servers.map(({ name, title }) => `- \`${name}\`: ${title}`).join("\n")}
${renderMachine(machine)}

${tables}

### Bars

${bars}`;
}
