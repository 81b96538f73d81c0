import { Session } from "node:inspector";
import { performance } from "node:perf_hooks";
import { every } from "../../core/scheduler.ts";

const LOOK_MS = 1000;
/** Below this share of the time at work, a check finds the process idle. */
const IDLE_UTILIZATION = 0.05;
/** Growth in streams since the last collection that justifies another. */
const WAVE = 1000;

/**
 * Frees memory after a wave of connections. Each request leaves garbage, which V8 by itself keeps
 * until its heap is several times larger. The pause takes some milliseconds for each thousand
 * streams. So the heap is collected once a wave, in a second in which nothing else happens.
 *
 * @param countStreams - Returns the number of open streams.
 * @param collect - Frees the memory.
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

/**
 * Collects garbage by the inspector's protocol. The protocol needs no flag at the start, and frees
 * more than `gc` would.
 */
export function collectGarbage(): void {
  const session = new Session();
  session.connect();
  session.post("HeapProfiler.collectGarbage", () => {
    // Not now: inside the answer, the process would wait for itself for ever.
    setImmediate(() => session.disconnect());
  });
}
