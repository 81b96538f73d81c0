// The part of docs/reference/benchmarks.md that `npm run bench` writes.
import { renderMachine } from "../documents.mjs";
import { judge, renderVerdicts } from "./bars.mjs";
import { drawCharts } from "./charts.mjs";
import { renderTables } from "./tables.mjs";

/** @typedef {import("./measurements.mjs").Recorded} Recorded */
/** @typedef {import("../scenarios.mjs").Scenario} Scenario */

/** @param {Recorded} record */
function renderFailures({ failures }) {
  const lines = failures.map(
    ({ scenario, label, reason, kind }) => `- ${scenario}, ${label}: ${kind === "failed" ? "failed: " : ""}${reason.split("\n", 1)[0]}`,
  );
  return lines.length === 0 ? [] : [`### Not measured\n\n${[...new Set(lines)].join("\n")}`];
}

/**
 * @param {Recorded} record
 * @param {readonly Scenario[]} scenarios
 */
export function renderReport(record, scenarios) {
  const verdicts = record.quick ? [] : judge(record.measurements, scenarios);
  const bars = record.quick ? "The bars are not judged: --quick measures too little." : renderVerdicts(verdicts);
  const text = [renderTables(record.measurements, scenarios), ...renderFailures(record), `### Bars\n\n${bars}`].join("\n\n");
  return { verdicts, text };
}

/**
 * @param {Recorded} record
 * @param {readonly Scenario[]} scenarios
 */
export function renderDocument(record, scenarios) {
  const { timing, rounds, machine, servers } = record;
  const charts = drawCharts(record.measurements, scenarios);
  const picture = (/** @type {Scenario} */ { name }) => {
    const chart = charts.get(name);
    return chart && `![${chart.title}](../images/${chart.file})`;
  };
  const text = `## What a delivery, a publish and a connection cost

Every server sends 100 bytes of data to every subscriber of a topic, on loopback, with plain HTTP/1.1 (Socket.IO: over WebSocket). It has one core and
the load generator another. It is started afresh for each measurement, warmed up for ${timing.warmUpSeconds} s and measured for ${timing.seconds}, where a scenario does not say
otherwise; the servers take turns, in ${rounds} rounds that each begin with another one. Figures are medians over the rounds, with the least and the most;
ratios are medians of the ratios within each round.

CPU is the user and system time of all threads of all the server's processes, divided by the deliveries: the figure that holds on a noisy
machine. An update is in flight until every subscriber has it and the publisher has its answer; every subscriber must receive
every update of its topic exactly once, and nobody another, or the measurement fails. Memory is the resident memory of the server's processes before and
after, left alone for ${timing.settleSeconds} s each time; the kernel's socket buffers are not in it.

${Object.entries(servers)
  .map(([name, title]) => `- \`${name}\`: ${title}`)
  .join("\n")}
${renderMachine(machine, new Date(record.measured))}

${renderTables(record.measurements, scenarios, picture)}

${[...renderFailures(record), `### Bars\n\n${renderVerdicts(judge(record.measurements, scenarios))}`].join("\n\n")}`;
  return { text, charts };
}
