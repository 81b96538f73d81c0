import { Session } from "node:inspector";
import { performance } from "node:perf_hooks";
import { every } from "../../core/scheduler.ts";

const LOOK_MS = 1000;
/** Below this share of the time at work, a look finds the process idle. */
const IDLE_UTILIZATION = 0.05;
/** So many streams more than after the last time make it worth while. */
const WAVE = 1000;

/**
 * Gives memory back after a wave of connections: each request leaves garbage, which V8 by itself keeps until its heap is several times larger. It
 * takes a pause of some milliseconds for each thousand streams, so it is done once a wave, in a second in which nothing else happens.
 *
 * @param countStreams - How many are open.
 * @param collect - Gives the memory back.
 * @returns Stops watching.
 */
export function trimHeapWhenIdle(countStreams: () => number, collect: () => void = collectGarbage): () => void {
  let last = performance.eventLoopUtilization();
  let trimmedAt = 0;
  return every(LOOK_MS, () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    const streams = countStreams();
    trimmedAt = Math.min(trimmedAt, streams);
    if (utilization >= IDLE_UTILIZATION || streams - trimmedAt < WAVE) return;
    trimmedAt = streams;
    collect();
  });
}

/** By the inspector's protocol, which needs no flag at the start, and gives more back than `gc` would. */
export function collectGarbage(): void {
  const session = new Session();
  session.connect();
  session.post("HeapProfiler.collectGarbage", () => {
    // Not now: inside the answer, the process would wait for itself for ever.
    setImmediate(() => session.disconnect());
  });
}
