// npm run bench -- micro: what the parts cost that every update and every subscriber go through.
//
// Method
// - One process, no sockets: encode, match, cohort, open, cursor and append, each in a file of micro/. They time inner modules of the
//   product as built, because the public API does all of them at once.
// - A sample is as many calls as take 100 µs, or one call where that takes longer. A case is sampled for a while, then the next one of the
//   same benchmark, in rounds: what slows the machine down for a while does not fall on one case. The first round only warms up.
// - Shown: median, 99th percentile and least of all samples, of the time on the clock. What else runs on the machine only ever adds
//   to it, and least to the least. Where one call takes less than 100 µs, the percentile is of means over a sample.
// - Before and after measuring each benchmark verifies what it computed, and fails where that is wrong.
// - Bars are of the structure alone: that a cost does not grow with what it must not grow with. They compare the least.
import { availableParallelism, loadavg } from "node:os";

import { renderMachine, saveResults, writeDocument } from "./lib/documents.mjs";
import { checkOnDisk, describeMachine } from "./lib/machine.mjs";
import { measureScene } from "./lib/measure.mjs";
import { chooseNamed } from "./lib/named.mjs";
import { BenchError } from "./lib/processes.mjs";
import { figure, table, times } from "./lib/table.mjs";
import { append } from "./micro/append.mjs";
import { cohort } from "./micro/cohort.mjs";
import { cursor } from "./micro/cursor.mjs";
import { encode } from "./micro/encode.mjs";
import { match } from "./micro/match.mjs";
import { openStream } from "./micro/open.mjs";

/** @typedef {import("./lib/measure.mjs").Figures} Figures */

/** @typedef {{ what: string, of: string, to: string, most: number }} Bar Names two cases, and the most that one may cost to the other. */

/**
 * @typedef {object} Benchmark
 * @property {string} name
 * @property {string} title What one operation is.
 * @property {"ns" | "µs"} unit
 * @property {string} method For docs/reference/benchmarks.md.
 * @property {readonly Bar[]} bars
 * @property {(context: { journalDirectory: string }) => Promise<import("./lib/measure.mjs").Scene>} prepare
 */

/** @typedef {{ name: string, cases: Figures[], bars: (Bar & { ratio: number })[] }} Result */

/** @type {readonly Benchmark[]} */
const BENCHMARKS = [encode, match, cohort, openStream, cursor, append];
const ROUND_MS = { quick: 10, full: 150 };

/**
 * @param {Benchmark} benchmark
 * @param {{ rounds: number, roundMs: number, journalDirectory: string }} options
 * @returns {Promise<Result>}
 */
async function measure({ name, bars, prepare }, { rounds, roundMs, journalDirectory }) {
  const scene = await prepare({ journalDirectory });
  try {
    const cases = await measureScene(scene, { rounds, roundMs });
    const least = (/** @type {string} */ wanted) => cases.find((measured) => measured.name === wanted)?.least ?? NaN;
    return { name, cases, bars: bars.map((bar) => ({ ...bar, ratio: least(bar.of) / least(bar.to) })) };
  } finally {
    await scene.close?.();
  }
}

/**
 * @param {Benchmark} benchmark
 * @param {Result} result
 */
function renderCases({ title, unit }, { cases }) {
  const shown = (/** @type {number} */ ns) => {
    const value = unit === "ns" ? ns : ns / 1000;
    return figure(value, value < 100 ? 1 : 0);
  };
  return table(
    [`${title}, ${unit}`, "median", "p99", "least", "a second"],
    cases.map(({ name, median, p99, least }) => [name, shown(median), shown(p99), shown(least), figure(1e9 / median)]),
  );
}

/** @param {readonly Result[]} results */
function renderBars(results) {
  return table(
    ["what must not grow", "measured", "at most", "verdict"],
    results.flatMap(({ bars }) => bars.map(({ what, ratio, most }) => [what, times(ratio), times(most), ratio <= most ? "pass" : "FAIL"])),
  );
}

/**
 * @param {{ rounds: number, quick: boolean, writeDocs: boolean, only: readonly string[] | undefined, journalDirectory: string }} options
 * @returns {Promise<boolean>} Whether the bars are met.
 */
export async function benchMicro({ rounds, quick, writeDocs, only, journalDirectory }) {
  if (only !== undefined && writeDocs) throw new BenchError("--write-docs writes all of the micro-benchmarks: leave --only out");
  if (!quick) checkOnDisk(journalDirectory);
  const load = loadavg()[0] ?? 0;
  if (load >= 1) process.stderr.write(`bench: the load average is ${load.toFixed(2)}; only the least of the samples is to be trusted\n`);
  const benchmarks = chooseNamed(BENCHMARKS, only, "--only");
  const roundMs = quick ? ROUND_MS.quick : ROUND_MS.full;
  /** @type {Result[]} */
  const results = [];
  /** @type {string[]} */
  const tables = [];
  for (const benchmark of benchmarks) {
    const result = await measure(benchmark, { rounds, roundMs, journalDirectory });
    results.push(result);
    tables.push(renderCases(benchmark, result));
    console.log(`${tables.at(-1)}\n`);
  }
  const machine = describeMachine();
  const bars = renderBars(results);
  if (results.some((result) => result.bars.length > 0)) console.log(`${bars}\n`);
  process.stderr.write(`raw figures: ${saveResults("micro", { machine, load, rounds, roundMs, unit: "ns", results })}\n`);
  if (writeDocs) writeDocument("micro", renderDocument({ machine, load, rounds, tables, bars }));
  return results.every((result) => result.bars.every(({ ratio, most }) => ratio <= most));
}

/** @param {{ machine: import("./lib/machine.mjs").Machine, load: number, rounds: number, tables: readonly string[], bars: string }} parts */
function renderDocument({ machine, load, rounds, tables, bars }) {
  const parts = BENCHMARKS.map(({ name, method }, i) => `### ${name}\n\n${method}\n\n${tables[i]}`);
  return `## What the parts cost

The parts that every update and every subscriber go through, one by one, in one process without sockets. Samples of 100 µs or of one call, ${rounds} rounds in
which the cases of a benchmark take turns; the time on the clock. What else runs on the machine only ever adds to it, and least to the least. Each
benchmark verifies what it computed. \`npm run bench -- micro --write-docs\` writes this part.

${renderMachine(machine)}
- Load average before: ${load.toFixed(2)} on ${availableParallelism()} cores

${parts.join("\n\n")}

### What must not grow

${bars}`;
}
