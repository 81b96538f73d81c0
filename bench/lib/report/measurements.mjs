// What a run of the benchmark found out, and ratios within its rounds.
import { median } from "../statistics.mjs";

/** @typedef {import("../load.mjs").LoadResult} LoadResult */
/** @typedef {import("../load.mjs").MemoryResult} MemoryResult */
/** @typedef {import("../load.mjs").Result} Result */

/**
 * @typedef {object} Measurement
 * @property {number} round
 * @property {string} scenario
 * @property {string} label The row: a server, or what it was asked for.
 * @property {string} server
 * @property {Result} result
 */

/**
 * @typedef {object} Failure What could not be measured.
 * @property {string} scenario
 * @property {string} label
 * @property {string} server
 * @property {string} reason
 * @property {"skipped" | "failed"} kind
 */

/**
 * @typedef {object} Recorded What is saved of a run.
 * @property {string} measured When, in ISO 8601.
 * @property {import("../machine.mjs").Machine} machine
 * @property {import("../load.mjs").Timing} timing
 * @property {number} rounds
 * @property {boolean} quick
 * @property {Readonly<Record<string, string>>} servers Titles by name.
 * @property {readonly Measurement[]} measurements
 * @property {readonly Failure[]} failures
 */

/** @typedef {(result: Result) => number | undefined} Metric A figure, where the result has it. */

/**
 * @param {(result: LoadResult) => number | undefined} metric
 * @returns {Metric}
 */
const ofLoad = (metric) => (result) => (result.kind === "memory" ? undefined : metric(result));

/**
 * @param {(result: MemoryResult) => number} metric
 * @returns {Metric}
 */
const ofMemory = (metric) => (result) => (result.kind === "memory" ? metric(result) : undefined);

export const cpuPerDelivery = ofLoad((result) => result.server_cpu_us_per_delivery);
export const cpuPerUpdate = ofLoad((result) => result.server_cpu_us_per_update);
export const deliveriesPerSecond = ofLoad((result) => result.deliveries_per_second);
export const updatesPerSecond = ofLoad((result) => result.updates_per_second);
export const bytesPerDelivery = ofLoad((result) => result.bytes_per_delivery);
export const bytesBothWays = ofLoad((result) => (result.bytes_received + result.bytes_sent) / result.deliveries);
export const requestsPerDelivery = ofLoad((result) => (result.requests ?? 0) / result.deliveries);
export const latency50 = ofLoad((result) => result.latency_ms.p50);
export const latency99 = ofLoad((result) => result.latency_ms.p99);
export const latencyMax = ofLoad((result) => result.latency_ms.max);
export const answer50 = ofLoad((result) => result.answer_ms.p50);
export const answer99 = ofLoad((result) => result.answer_ms.p99);
export const caughtUp50 = ofLoad((result) => result.caught_up_seconds?.p50);
export const caughtUp99 = ofLoad((result) => result.caught_up_seconds?.p99);
export const caughtUpAll = ofLoad((result) => result.caught_up_seconds?.all);
export const serverShare = ofLoad((result) => 100 * result.server_cpu_share);
export const generatorShare = ofLoad((result) => 100 * result.generator_cpu_share);
export const memoryPerConnection = ofMemory((result) => result.bytes_per_connection / 1000);
export const memoryBefore = ofMemory((result) => result.before_bytes / 1e6);
export const memoryAfter = ofMemory((result) => result.after_bytes / 1e6);

/** The measurements of one scenario. */
export class Results {
  /** @type {readonly Measurement[]} */
  #all;

  /**
   * @param {readonly Measurement[]} measurements
   * @param {string} scenario
   */
  constructor(measurements, scenario) {
    this.#all = measurements.filter((measurement) => measurement.scenario === scenario);
  }

  /** Rows, in the order in which they were first measured. */
  get labels() {
    return [...new Set(this.#all.map(({ label }) => label))];
  }

  /** @param {string} label */
  of(label) {
    return this.#all.filter((measurement) => measurement.label === label);
  }

  /**
   * @param {string} label
   * @param {Metric} metric
   * @returns {readonly number[]} a figure for each round that has one
   */
  values(label, metric) {
    return this.of(label)
      .map(({ result }) => metric(result))
      .filter((value) => value !== undefined);
  }

  /**
   * @param {string} label
   * @param {Metric} metric
   * @returns {number | undefined} the median over the rounds
   */
  median(label, metric) {
    const values = this.values(label, metric);
    return values.length === 0 ? undefined : median(values);
  }

  /**
   * Median, over the rounds, of one row's figure divided by another's of the same round: what slows a whole round
   * down cancels out.
   *
   * @param {string} label
   * @param {string} base
   * @param {Metric} metric
   * @returns {number | undefined}
   */
  ratio(label, base, metric) {
    const ratios = this.of(label).flatMap(({ round, result }) => {
      const pair = this.of(base).find((measurement) => measurement.round === round);
      const [above, below] = [metric(result), pair && metric(pair.result)];
      return above === undefined || below === undefined || below === 0 ? [] : [above / below];
    });
    return ratios.length === 0 ? undefined : median(ratios);
  }

  /**
   * Whether a row was held back by the load generator, so that its deliveries a second say too little of it.
   *
   * @param {string} label
   */
  heldBack(label) {
    return this.of(label).some(({ result }) => result.kind !== "memory" && result.generator_bound && result.server_cpu_share < 0.9);
  }
}
