// From measurements to medians, ratios and the verdict on each bar.
import { median, range } from "./statistics.mjs";
import { figure, table, times } from "./table.mjs";

/** @typedef {import("./scenarios.mjs").Scenario} Scenario */
/** @typedef {import("./scenarios.mjs").LoadResult} LoadResult */
/** @typedef {import("./scenarios.mjs").MemoryResult} MemoryResult */

/**
 * @typedef {object} Measurement
 * @property {number} round
 * @property {string} scenario
 * @property {string} server
 * @property {LoadResult | undefined} load
 * @property {MemoryResult | undefined} memory
 */

/**
 * @typedef {object} Verdict
 * @property {string} bar
 * @property {string} measured
 * @property {boolean} passed
 */

/** @typedef {(measurement: Measurement) => number | undefined} Metric */

/** @type {Metric} */
const cpu = ({ load }) => load?.server_cpu_us_per_delivery;
/** @type {Metric} */
const rate = ({ load }) => load?.deliveries_per_second;
/** @type {Metric} */
const memory = (measurement) => measurement.memory?.bytes_per_connection;

/**
 * @param {readonly Measurement[]} measurements
 * @param {Metric} metric
 * @returns {readonly number[]}
 */
function valuesOf(measurements, metric) {
  return measurements.map(metric).filter((value) => value !== undefined);
}

/** The measurements of one scenario. */
class Results {
  /** @type {readonly Measurement[]} */
  #all;

  /**
   * @param {readonly Measurement[]} measurements
   * @param {string} scenario
   */
  constructor(measurements, scenario) {
    this.#all = measurements.filter((measurement) => measurement.scenario === scenario);
  }

  /** @param {string} server */
  of(server) {
    return this.#all.filter((measurement) => measurement.server === server);
  }

  /**
   * Median, over the rounds, of one server's figure divided by another's of the same round: what slows a whole round
   * down cancels out.
   *
   * @param {string} server
   * @param {string} base
   * @param {Metric} metric
   * @returns {number | undefined}
   */
  ratio(server, base, metric) {
    const ratios = this.of(server).flatMap((measurement) => {
      const pair = this.of(base).find(({ round }) => round === measurement.round);
      const [above, below] = [metric(measurement), pair && metric(pair)];
      return above === undefined || below === undefined ? [] : [above / below];
    });
    return ratios.length === 0 ? undefined : median(ratios);
  }
}

/**
 * @param {readonly number[]} values
 * @param {number} decimals
 */
function medianAndRange(values, decimals) {
  const { least, most } = range(values);
  const middle = figure(median(values), decimals);
  return values.length === 1 ? middle : `${middle} (${figure(least, decimals)}–${figure(most, decimals)})`;
}

/**
 * @param {Results} results
 * @param {readonly string[]} servers
 */
function loadTable(results, servers) {
  const headers = [
    "server",
    "CPU µs a delivery",
    "to floor",
    "to better-sse",
    "deliveries a second",
    "to better-sse",
    "latency ms p50",
    "p99",
    "server's core",
    "generator's core",
    "bytes a delivery",
  ];
  const rows = servers.map((server) => {
    const own = results.of(server);
    const of = (/** @type {(load: LoadResult) => number} */ metric) => valuesOf(own, ({ load }) => load && metric(load));
    const bound = own.some(({ load }) => load?.generator_bound);
    return [
      server,
      medianAndRange(valuesOf(own, cpu), 2),
      times(results.ratio(server, "floor", cpu)),
      times(results.ratio(server, "better-sse", cpu)),
      medianAndRange(valuesOf(own, rate), 0),
      times(results.ratio(server, "better-sse", rate)),
      figure(median(of((load) => load.latency_ms.p50)), 1),
      figure(median(of((load) => load.latency_ms.p99)), 1),
      `${figure(100 * median(of((load) => load.server_cpu_share)))}%`,
      `${figure(100 * median(of((load) => load.generator_cpu_share)))}%${bound ? " *" : ""}`,
      figure(median(of((load) => load.bytes_per_delivery))),
    ];
  });
  return table(headers, rows);
}

/**
 * @param {Results} results
 * @param {readonly string[]} servers
 */
function memoryTable(results, servers) {
  const rows = servers.map((server) => {
    const own = results.of(server);
    const mb = (/** @type {(memory: MemoryResult) => number} */ metric) =>
      figure(median(valuesOf(own, (measurement) => measurement.memory && metric(measurement.memory))) / 1e6, 1);
    return [
      server,
      medianAndRange(
        valuesOf(own, memory).map((bytes) => bytes / 1000),
        1,
      ),
      times(results.ratio(server, "better-sse", memory)),
      mb((result) => result.before_bytes),
      mb((result) => result.after_bytes),
    ];
  });
  return table(["server", "kB a connection", "to better-sse", "MB before", "MB after"], rows);
}

/**
 * @param {readonly Measurement[]} measurements
 * @param {readonly Scenario[]} scenarios
 * @returns {string} Markdown
 */
export function renderTables(measurements, scenarios) {
  const parts = scenarios.map(({ name, title, kind }) => {
    const results = new Results(measurements, name);
    const servers = [...new Set(measurements.filter(({ scenario }) => scenario === name).map(({ server }) => server))].toSorted();
    return `### ${title}\n\n${kind === "load" ? loadTable(results, servers) : memoryTable(results, servers)}`;
  });
  const flagged = measurements.some(({ load }) => load?.generator_bound);
  const note =
    "\\* In at least one round the load generator used 90% of its core or more: it was a bottleneck itself, and deliveries a second are a lower limit there.";
  return [...parts, ...(flagged ? [note] : [])].join("\n\n");
}

/**
 * The bars that the measurements allow to judge.
 *
 * @param {readonly Measurement[]} measurements
 * @param {readonly Scenario[]} scenarios
 * @returns {readonly Verdict[]}
 */
export function judge(measurements, scenarios) {
  const measured = new Map(scenarios.map(({ name }) => [name, new Results(measurements, name)]));
  /** @type {Verdict[]} */
  const verdicts = [];

  const one = measured.get("one");
  if (one) {
    const ratio = one.ratio("artesian", "floor", cpu);
    const bar = "CPU a delivery, 1,000 subscribers, one update at a time: at most 1.8× the floor";
    verdicts.push({ bar, measured: times(ratio) || "not measured", passed: ratio !== undefined && ratio <= 1.8 });
  }

  const burst = measured.get("burst");
  if (burst) {
    const ratio = burst.ratio("artesian", "better-sse", rate);
    // A peer that waits for the generator would look slower than it is. (Artesian would, too, but to its own loss.)
    const heldBack = burst.of("better-sse").some(({ load }) => load && load.generator_bound && load.server_cpu_share < 0.9);
    const bar = "Deliveries a second, 1,000 subscribers, 64 updates in flight: at least 4× better-sse";
    const figureText = heldBack ? "not comparable: better-sse waited for the load generator" : times(ratio) || "not measured";
    verdicts.push({ bar, measured: figureText, passed: !heldBack && ratio !== undefined && ratio >= 4 });
  }

  const idle = measured.get("memory");
  if (idle) {
    const values = valuesOf(idle.of("artesian"), memory);
    const bytes = values.length === 0 ? undefined : median(values);
    const bar = "Resident memory a connection, 10,000 idle subscribers: at most 13 kB";
    verdicts.push({
      bar,
      measured: bytes === undefined ? "not measured" : `${figure(bytes / 1000, 1)} kB`,
      passed: bytes !== undefined && bytes <= 13_000,
    });
  }
  return verdicts;
}

/**
 * @param {readonly Verdict[]} verdicts
 * @returns {string} Markdown
 */
export function renderVerdicts(verdicts) {
  return table(
    ["bar", "measured", "verdict"],
    verdicts.map(({ bar, measured, passed }) => [bar, measured, passed ? "pass" : "FAIL"]),
  );
}
