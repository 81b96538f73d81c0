// A table for each kind of scenario.
import { median, range } from "../statistics.mjs";
import { figure, table, times } from "../table.mjs";
import * as metrics from "./measurements.mjs";

/** @typedef {import("./measurements.mjs").Metric} Metric */
/** @typedef {import("./measurements.mjs").Results} Results */
/** @typedef {import("../scenarios.mjs").Scenario} Scenario */

/** @typedef {{ header: string, cell: (results: Results, label: string) => string }} Column */

/**
 * The median, with the least and the most where there is room for them.
 *
 * @param {string} header
 * @param {Metric} metric
 * @param {{ decimals?: number, spread?: boolean, unit?: string }} [options]
 * @returns {Column}
 */
function value(header, metric, { decimals = 0, spread = false, unit = "" } = {}) {
  return {
    header,
    cell(results, label) {
      const values = results.values(label, metric);
      if (values.length === 0) return "";
      const middle = `${figure(median(values), decimals)}${unit}`;
      const { least, most } = range(values);
      return spread && values.length > 1 ? `${middle} (${figure(least, decimals)}–${figure(most, decimals)})` : middle;
    },
  };
}

/**
 * @param {string} header
 * @param {Metric} metric
 * @param {string | ((label: string, results: Results) => string)} base
 * @returns {Column}
 */
function ratio(header, metric, base) {
  const baseOf = typeof base === "string" ? () => base : base;
  return { header, cell: (results, label) => times(results.ratio(label, baseOf(label, results), metric)) };
}

const generatorColumn = {
  header: "generator's core",
  /** @type {Column["cell"]} */
  cell(results, label) {
    const share = value("", metrics.generatorShare, { unit: "%" }).cell(results, label);
    return results.of(label).some(({ result }) => result.generator_bound) ? `${share} *` : share;
  },
};

const shares = [value("server's core", metrics.serverShare, { unit: "%" }), generatorColumn];
const cpu = value("CPU µs a delivery", metrics.cpuPerDelivery, { decimals: 2, spread: true });
const latency = (/** @type {string} */ what) => [
  value(`${what} ms p50`, metrics.latency50, { decimals: 1 }),
  value("p99", metrics.latency99, { decimals: 1 }),
  value("max", metrics.latencyMax, { decimals: 1 }),
];
const server = (/** @type {string} */ label) => label.split(",", 1)[0] ?? label;
/** The row of the same server that was measured first. */
const firstOfServer = (/** @type {string} */ label, /** @type {Results} */ results) =>
  results.labels.find((other) => server(other) === server(label)) ?? label;
const firstRow = (/** @type {string} */ label, /** @type {Results} */ results) => results.labels[0] ?? label;

/** @type {Readonly<Record<Scenario["table"], readonly Column[]>>} */
const COLUMNS = {
  "fan-out": [
    cpu,
    ratio("to floor", metrics.cpuPerDelivery, "floor"),
    ratio("to nchan", metrics.cpuPerDelivery, "nchan"),
    value("deliveries a second", metrics.deliveriesPerSecond, { spread: true }),
    ratio("to nchan", metrics.deliveriesPerSecond, "nchan"),
    ratio("to better-sse", metrics.deliveriesPerSecond, "better-sse"),
    ...latency("latency"),
    ...shares,
    value("bytes a delivery", metrics.bytesPerDelivery),
  ],
  latency: [...latency("latency"), ratio("p99 to nchan", metrics.latency99, "nchan"), cpu, ...shares],
  memory: [
    value("kB a connection", metrics.memoryPerConnection, { decimals: 1, spread: true }),
    ratio("to nchan", metrics.memoryPerConnection, "nchan"),
    ratio("to better-sse", metrics.memoryPerConnection, "better-sse"),
    value("MB before", metrics.memoryBefore, { decimals: 1 }),
    value("MB after", metrics.memoryAfter, { decimals: 1 }),
  ],
  herd: [
    value("s to 99% caught up", metrics.caughtUp99, { decimals: 2, spread: true }),
    ratio("to nchan", metrics.caughtUp99, "nchan"),
    value("half", metrics.caughtUp50, { decimals: 2 }),
    value("all", metrics.caughtUpAll, { decimals: 2 }),
    cpu,
    value("bytes a delivery", metrics.bytesPerDelivery),
    ...shares,
  ],
  publish: [
    value("publishes a second", metrics.updatesPerSecond, { spread: true }),
    ratio("to nchan", metrics.updatesPerSecond, "nchan"),
    ratio("to durable-floor", metrics.updatesPerSecond, "durable-floor"),
    value("CPU µs a publish", metrics.cpuPerUpdate, { decimals: 1, spread: true }),
    ratio("to nchan", metrics.cpuPerUpdate, "nchan"),
    value("acknowledged after ms p50", metrics.answer50, { decimals: 2 }),
    value("p99", metrics.answer99, { decimals: 2 }),
    ...shares,
  ],
  topics: [
    value("CPU µs a publish", metrics.cpuPerUpdate, { decimals: 1, spread: true }),
    ratio("to the fewest topics", metrics.cpuPerUpdate, firstOfServer),
    ...latency("latency"),
    ...shares,
  ],
  workers: [cpu, ratio("to one worker", metrics.cpuPerDelivery, firstRow), ...latency("latency"), ...shares],
  gzip: [
    value("bytes a delivery", metrics.bytesPerDelivery),
    ratio("to identity", metrics.bytesPerDelivery, firstRow),
    cpu,
    ratio("to identity", metrics.cpuPerDelivery, firstRow),
    ...shares,
  ],
  polling: [
    value("bytes a client and update", metrics.bytesBothWays),
    ratio("to artesian", metrics.bytesBothWays, firstRow),
    value("requests a client and update", metrics.requestsPerDelivery, { decimals: 1 }),
    value("CPU µs a client and update", metrics.cpuPerDelivery, { decimals: 1, spread: true }),
    ratio("to artesian", metrics.cpuPerDelivery, firstRow),
    ...latency("staleness"),
    ...shares,
  ],
};

const BOUND_NOTE =
  "\\* In at least one round the load generator used 90% of its core or more: it was a bottleneck itself, and what is counted a second is a lower limit there.";

/**
 * @param {readonly import("./measurements.mjs").Measurement[]} measurements
 * @param {readonly Scenario[]} scenarios
 * @param {(scenario: Scenario) => string | undefined} [picture] Markdown
 * @returns {string} Markdown
 */
export function renderTables(measurements, scenarios, picture = () => undefined) {
  const parts = scenarios.flatMap((scenario) => {
    const results = new metrics.Results(measurements, scenario.name);
    if (results.labels.length === 0) return [];
    const columns = COLUMNS[scenario.table];
    const labels = scenario.table === "topics" ? results.labels.toSorted((a, b) => server(a).localeCompare(server(b))) : results.labels;
    const rows = labels.map((label) => [label, ...columns.map(({ cell }) => cell(results, label))]);
    const grid = table(["server", ...columns.map(({ header }) => header)], rows);
    return [[`### ${scenario.title}`, scenario.about, picture(scenario), grid].filter((part) => part !== undefined).join("\n\n")];
  });
  const flagged = measurements.some(({ result }) => result.generator_bound);
  return [...parts, ...(flagged ? [BOUND_NOTE] : [])].join("\n\n");
}
