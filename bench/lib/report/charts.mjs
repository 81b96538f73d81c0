// The figures worth a picture: docs/images/bench-*.svg.
import { mkdirSync, writeFileSync } from "node:fs";

import { inRepository } from "../machine.mjs";
import { median } from "../statistics.mjs";
import { figure } from "../table.mjs";
import * as metrics from "./measurements.mjs";
import { barChart } from "./svg.mjs";

/** @typedef {import("../scenarios.mjs").Scenario} Scenario */

/**
 * @typedef {object} Chart
 * @property {string} scenario
 * @property {string} title
 * @property {metrics.Metric} metric
 * @property {string} unit
 * @property {number} decimals
 * @property {"least" | "most"} best
 * @property {readonly string[]} [servers] Default: all.
 */

/** @type {readonly Chart[]} */
const CHARTS = [
  { scenario: "one", title: "Server CPU a delivery", metric: metrics.cpuPerDelivery, unit: "µs", decimals: 2, best: "least" },
  { scenario: "burst", title: "Deliveries a second", metric: metrics.deliveriesPerSecond, unit: "", decimals: 0, best: "most" },
  { scenario: "steady", title: "Latency, 99th percentile", metric: metrics.latency99, unit: "ms", decimals: 1, best: "least" },
  {
    scenario: "memory",
    title: "Resident memory a connection",
    metric: metrics.memoryPerConnection,
    unit: "kB",
    decimals: 1,
    best: "least",
  },
  { scenario: "herd", title: "Time until 99% have caught up", metric: metrics.caughtUp99, unit: "s", decimals: 2, best: "least" },
  { scenario: "publish", title: "Publishes acknowledged a second", metric: metrics.updatesPerSecond, unit: "", decimals: 0, best: "most" },
  {
    scenario: "topics",
    title: "Server CPU a publish",
    metric: metrics.cpuPerUpdate,
    unit: "µs",
    decimals: 0,
    best: "least",
    servers: ["artesian", "nchan"],
  },
  { scenario: "polling", title: "Bytes a client and update", metric: metrics.bytesBothWays, unit: "", decimals: 0, best: "least" },
];

/** @param {string} scenario */
const fileOf = (scenario) => `bench-${scenario}.svg`;

/**
 * Draws what was measured.
 *
 * @param {readonly metrics.Measurement[]} measurements
 * @param {readonly Scenario[]} scenarios
 * @returns {ReadonlyMap<string, { file: string, title: string, svg: string }>} by scenario
 */
export function drawCharts(measurements, scenarios) {
  /** @type {Map<string, { file: string, title: string, svg: string }>} */
  const drawn = new Map();
  for (const { scenario, title, metric, unit, decimals, best, servers } of CHARTS) {
    const found = scenarios.find(({ name }) => name === scenario);
    const results = new metrics.Results(measurements, scenario);
    const rows = results.labels
      .filter((label) => servers === undefined || servers.some((server) => label.startsWith(server)))
      .map((label) => ({ label, value: median(results.values(label, metric)), own: label.startsWith("artesian") }))
      .filter(({ value }) => Number.isFinite(value))
      .map((row) => ({ ...row, text: `${figure(row.value, decimals)}${unit && ` ${unit}`}` }));
    if (!found || rows.length === 0) continue;
    const sorted = servers
      ? servers.flatMap((server) => rows.filter(({ label }) => label.startsWith(server)))
      : rows.toSorted((a, b) => (best === "least" ? a.value - b.value : b.value - a.value));
    const note = `${found.title}; ${best === "least" ? "less" : "more"} is better`;
    drawn.set(scenario, { file: fileOf(scenario), title, svg: barChart({ title, note, rows: sorted }) });
  }
  return drawn;
}

/** @param {ReturnType<typeof drawCharts>} charts */
export function writeCharts(charts) {
  mkdirSync(inRepository("docs/images"), { recursive: true });
  for (const { file, svg } of charts.values()) writeFileSync(inRepository(`docs/images/${file}`), svg);
}
