// How an operation of some nanoseconds or microseconds is timed, next to others.
//
// Ours and not a library's, for two reasons: cases take turns in rounds, so that what slows the machine down for a while
// does not fall on one of them; and CI runs it without the packages of bench/, which need the registry.
import { BenchError } from "./processes.mjs";
import { median, quantileOf } from "./statistics.mjs";

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {() => unknown} run What is measured. A promise is waited for.
 * @property {number} [operations] How many operations one call of `run` is. Default: 1.
 */

/**
 * @typedef {object} Scene
 * @property {readonly Case[]} cases They take turns.
 * @property {() => void | Promise<void>} verify Throws where what the cases computed is wrong. Called before they are measured, and after.
 * @property {() => void | Promise<void>} [close]
 */

/** @typedef {{ name: string, median: number, p99: number, least: number, samples: number, rounds: number[] }} Figures In nanoseconds an operation. */

/** A sample is as many calls as take this long, at least one: reading the clock then costs a two-thousandth of it. */
const SAMPLE_NS = 100_000;
const MOST_CALLS = 1e7;

/** Where results go, so that no call can be left out as useless. */
const held = { result: /** @type {unknown} */ (undefined) };

/**
 * @param {Case} measured
 * @param {number} calls
 * @returns {number | Promise<number>} nanoseconds
 */
function time({ run }, calls) {
  const before = process.hrtime.bigint();
  const first = run();
  // Only what is asynchronous is waited for: an `await` costs as much as some of the cases.
  if (first instanceof Promise) return timeRest(run, first, calls, before);
  held.result = first;
  for (let call = 1; call < calls; call++) held.result = run();
  return Number(process.hrtime.bigint() - before);
}

/**
 * @param {Case["run"]} run
 * @param {Promise<unknown>} first
 * @param {number} calls
 * @param {bigint} before
 */
async function timeRest(run, first, calls, before) {
  held.result = await first;
  for (let call = 1; call < calls; call++) held.result = await run();
  return Number(process.hrtime.bigint() - before);
}

/** @param {Case} measured */
async function callsOfASample(measured) {
  for (let calls = 1; ;) {
    const elapsed = await time(measured, calls);
    if (elapsed >= SAMPLE_NS || calls >= MOST_CALLS) return calls;
    // The first calls are slow, so what they tell is believed up to a factor only.
    calls = Math.ceil(calls * Math.min(10, Math.max(1.2, (1.1 * SAMPLE_NS) / elapsed)));
  }
}

/**
 * @param {Case} measured
 * @param {number} forMs
 * @returns {Promise<number[]>} Nanoseconds an operation, of each sample.
 */
async function sample(measured, forMs) {
  const calls = await callsOfASample(measured);
  const operations = calls * (measured.operations ?? 1);
  /** @type {number[]} */
  const samples = [];
  for (const until = performance.now() + forMs; samples.length === 0 || performance.now() < until;) {
    samples.push((await time(measured, calls)) / operations);
    // Timers and what was put off have their turn outside of the samples.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return samples;
}

/**
 * Measures the cases of a scene in turns; the first round only warms up.
 *
 * @param {Scene} scene
 * @param {{ rounds: number, roundMs: number }} options `roundMs`: for each case.
 * @returns {Promise<Figures[]>} In the order of the cases.
 * @throws BenchError when what was computed is wrong.
 */
export async function measureScene({ cases, verify }, { rounds, roundMs }) {
  const samples = cases.map(() => /** @type {number[][]} */ ([]));
  await verify();
  for (let round = 0; round <= rounds; round++) {
    for (const [i, measured] of cases.entries()) {
      const ofRound = await sample(measured, roundMs);
      if (round > 0) samples[i]?.push(ofRound);
    }
  }
  await verify();
  return cases.map(({ name }, i) => {
    const byRound = samples[i] ?? [];
    const sorted = byRound.flat().toSorted((a, b) => a - b);
    return {
      name,
      median: quantileOf(sorted, 0.5),
      p99: quantileOf(sorted, 0.99),
      least: quantileOf(sorted, 0),
      samples: sorted.length,
      rounds: byRound.map(median),
    };
  });
}

/**
 * Several scenes as one: the cases of all of them take turns.
 *
 * @param {readonly Scene[]} scenes
 * @returns {Scene}
 */
export function joinScenes(scenes) {
  return {
    cases: scenes.flatMap(({ cases }) => cases),
    verify: async () => {
      for (const { verify } of scenes) await verify();
    },
    close: async () => {
      for (const { close } of scenes) await close?.();
    },
  };
}

/**
 * @param {boolean} holds
 * @param {string} otherwise What is wrong.
 */
export function verifyThat(holds, otherwise) {
  if (!holds) throw new BenchError(`a micro-benchmark computed something wrong: ${otherwise}`);
}
