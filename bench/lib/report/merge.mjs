// Runs that were measured one after another, as one: a run of everything takes hours.
import { readFileSync } from "node:fs";

import { BenchError } from "../processes.mjs";

/** @typedef {import("./measurements.mjs").Recorded} Recorded */

/**
 * @param {string} file
 * @returns {Recorded}
 */
function read(file) {
  try {
    const record = JSON.parse(readFileSync(file, "utf8"));
    if (!Array.isArray(record?.measurements) || !Array.isArray(record.failures)) throw new Error("it holds no measurements");
    return record;
  } catch (error) {
    throw new BenchError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @param {Recorded} record What must be the same for figures to stand in one table. */
function conditions({ machine, timing, quick }) {
  const { commit: _, ...rest } = machine;
  return JSON.stringify({ ...rest, timing, quick });
}

/**
 * @param {readonly string[]} files
 * @returns {Recorded}
 */
export function mergeRecords(files) {
  const records = files.map(read);
  const [first] = records;
  const newest = records.toSorted((a, b) => a.measured.localeCompare(b.measured)).at(-1);
  if (!first || !newest) throw new BenchError("report: name the files to report on, of bench/results/");
  const other = records.findIndex((record) => conditions(record) !== conditions(first));
  if (other !== -1) throw new BenchError(`${files[other]} was measured under other conditions than ${files[0]}`);
  let rounds = 0;
  const measurements = records.flatMap((record) => {
    const before = rounds;
    rounds += record.rounds;
    return record.measurements.map((measurement) => ({ ...measurement, round: before + measurement.round }));
  });
  const commits = [...new Set(records.map(({ machine }) => machine.commit))].join(", ");
  return {
    measured: newest.measured,
    machine: { ...newest.machine, commit: commits },
    timing: first.timing,
    rounds: Math.max(...roundsByScenario(measurements)),
    quick: first.quick,
    servers: Object.assign({}, ...records.map(({ servers }) => servers)),
    measurements,
    failures: records
      .flatMap(({ failures }) => failures)
      .filter((failure) => !measurements.some((measurement) => isOf(measurement, failure))),
  };
}

/**
 * Whether this is what could not be measured at another time.
 *
 * @param {Recorded["measurements"][number]} measurement
 * @param {Recorded["failures"][number]} failure
 */
function isOf(measurement, failure) {
  return measurement.scenario === failure.scenario && measurement.label === failure.label;
}

/** @param {Recorded["measurements"]} measurements How many rounds each scenario has. */
function roundsByScenario(measurements) {
  const scenarios = new Set(measurements.map(({ scenario }) => scenario));
  return [...scenarios].map((name) => new Set(measurements.filter(({ scenario }) => scenario === name).map(({ round }) => round)).size);
}
