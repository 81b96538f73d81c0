// The bars that Artesian sets itself, and the verdict on each.
import { figure, table } from "../table.mjs";
import * as metrics from "./measurements.mjs";

/** @typedef {import("./measurements.mjs").Results} Results */

/**
 * @typedef {object} Bar
 * @property {string} text
 * @property {string} scenario
 * @property {(results: Results) => number | undefined} ratio Or a figure, if there is a unit.
 * @property {string} [unit] Default: a ratio.
 * @property {number} [most]
 * @property {number} [least]
 * @property {string} [peer] Compared by what it delivers a second: not where the load generator held it back.
 */

/** @typedef {{ bar: string, measured: string, passed: boolean }} Verdict */

/** @param {metrics.Metric} metric @param {string} base */
const artesianTo = (metric, base) => (/** @type {Results} */ results) => results.ratio("artesian", base, metric);

/** @param {metrics.Metric} metric The last row to the first. */
const lastToFirst = (metric) => (/** @type {Results} */ results) => {
  const own = results.labels.filter((label) => label.startsWith("artesian"));
  const [first, last] = [own[0], own.at(-1)];
  return first === undefined || last === undefined || first === last ? undefined : results.ratio(last, first, metric);
};

const ONE = "CPU a delivery, 1,000 subscribers, one update at a time";
const BURST = "Deliveries a second, 1,000 subscribers, 64 updates in flight";
const IDLE = "Resident memory an idle connection, 10,000 subscribers";
const GZIP = "1 kB of JSON in gzip";

/** @type {readonly Bar[]} */
const BARS = [
  { text: `${ONE}, to Nchan`, scenario: "one", ratio: artesianTo(metrics.cpuPerDelivery, "nchan"), most: 0.75 },
  { text: `${ONE}, to the floor`, scenario: "one", ratio: artesianTo(metrics.cpuPerDelivery, "floor"), most: 1.5 },
  { text: "The same, 10,000 subscribers, to the floor", scenario: "wide", ratio: artesianTo(metrics.cpuPerDelivery, "floor"), most: 1.3 },
  { text: `${BURST}, to Nchan`, scenario: "burst", ratio: artesianTo(metrics.deliveriesPerSecond, "nchan"), least: 6, peer: "nchan" },
  {
    text: `${BURST}, to better-sse`,
    scenario: "burst",
    ratio: artesianTo(metrics.deliveriesPerSecond, "better-sse"),
    least: 10,
    peer: "better-sse",
  },
  {
    text: "CPU a delivery, 1,000 private topics with one subscriber each, to Nchan",
    scenario: "private",
    ratio: artesianTo(metrics.cpuPerDelivery, "nchan"),
    most: 2,
  },
  {
    text: "CPU a delivery, 100 patterns with 10 subscribers each, to Nchan",
    scenario: "patterns",
    ratio: artesianTo(metrics.cpuPerDelivery, "nchan"),
    most: 3,
  },
  {
    text: "Latency p99, 1,000 subscribers, 10 updates a second, to Nchan",
    scenario: "steady",
    ratio: artesianTo(metrics.latency99, "nchan"),
    most: 1.1,
  },
  { text: `${IDLE}, to Nchan`, scenario: "memory", ratio: artesianTo(metrics.memoryPerConnection, "nchan"), most: 0.85 },
  { text: `${IDLE}, to better-sse`, scenario: "memory", ratio: artesianTo(metrics.memoryPerConnection, "better-sse"), most: 0.2 },
  {
    text: "CPU a durable publish, 32 publishers, to Nchan's volatile one",
    scenario: "publish",
    ratio: artesianTo(metrics.cpuPerUpdate, "nchan"),
    most: 3,
  },
  {
    text: "Durable publishes a second, 256 publishers, to Nchan's volatile ones",
    scenario: "durable",
    ratio: artesianTo(metrics.updatesPerSecond, "nchan"),
    least: 0.4,
    peer: "nchan",
  },
  {
    text: "The same, to the durable floor's",
    scenario: "durable",
    ratio: artesianTo(metrics.updatesPerSecond, "durable-floor"),
    least: 0.5,
    peer: "durable-floor",
  },
  {
    text: "CPU a publish to one subscriber among 10,000 others on 1,000 topics",
    scenario: "topics",
    ratio: (results) => results.median("artesian, 1,000 topics", metrics.cpuPerUpdate),
    unit: " µs",
    most: 350,
  },
  {
    text: "CPU a publish to one subscriber among 10,000 others, 100,000 topics to 100",
    scenario: "topics",
    ratio: lastToFirst(metrics.cpuPerUpdate),
    most: 1.2,
  },
  {
    text: "10,000 come back and catch up with 100 updates, time to 99%, to Nchan",
    scenario: "herd",
    ratio: artesianTo(metrics.caughtUp99, "nchan"),
    most: 1,
  },
  { text: `${GZIP}, bytes a delivery, to identity`, scenario: "gzip", ratio: lastToFirst(metrics.bytesPerDelivery), most: 0.4 },
  { text: `${GZIP}, CPU a delivery, to identity`, scenario: "gzip", ratio: lastToFirst(metrics.cpuPerDelivery), most: 1.15 },
  { text: "CPU a delivery, two workers to one", scenario: "workers", ratio: lastToFirst(metrics.cpuPerDelivery), most: 1.15 },
  {
    text: "The same information by polling each second, bytes, to Artesian's",
    scenario: "polling",
    ratio: (results) => results.ratio("polling each 1 s", "artesian, pushed", metrics.bytesBothWays),
    least: 10,
  },
];

/**
 * @param {readonly import("./measurements.mjs").Measurement[]} measurements
 * @param {readonly import("../scenarios.mjs").Scenario[]} scenarios Those selected: bars of others are not judged.
 * @returns {readonly Verdict[]}
 */
export function judge(measurements, scenarios) {
  return BARS.filter(({ scenario }) => scenarios.some(({ name }) => name === scenario)).map(
    ({ text, scenario, ratio, unit = "×", most, least, peer }) => {
      const bar = `${text}: ${most === undefined ? `at least ${least}` : `at most ${most}`}${unit}`;
      const results = new metrics.Results(measurements, scenario);
      // A peer that waits for the generator would look slower than it is. (Artesian would, too, but to its own loss.)
      if (peer !== undefined && results.heldBack(peer))
        return { bar, measured: `not comparable: ${peer} waited for the load generator`, passed: false };
      const found = ratio(results);
      if (found === undefined) return { bar, measured: "not measured", passed: false };
      return { bar, measured: `${figure(found, 2)}${unit}`, passed: found <= (most ?? Infinity) && found >= (least ?? -Infinity) };
    },
  );
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
