import { sleep } from "../lib/clock.ts";
import { findRefused, SINGLE_ATTEMPTS } from "../lib/refusals.ts";
import { runFaults } from "../lib/run.ts";
import type { Scenario } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";

/** A server lives for a random time of this before it is told to stop, in milliseconds. */
const LIFE_MS = { least: 100, most: 1000 };
/** Longer, and it has not drained but given up: `--drain` is 5 s. */
const MOST_MS = 5000;

/** Where nobody listens, nobody refuses: that is between two servers. */
const ALLOWED: ReadonlySet<string> = new Set(["200", "ECONNREFUSED"]);

export const drain: Scenario = {
  name: "drain",
  promise: "R16",
  what: "SIGTERM under load, and started again, one process and two workers by turns; every client that reached it must have an answer that is not a refusal",
  run: async ({ full, seed, report, progress, violation, late }) => {
    const tally = createTally({ report, violation });
    const runs = full ? 4 : 2;
    const drainsOfRun = full ? 25 : 6;
    const tookMs: number[] = [];
    let refused = 0;
    for (let run = 0; run < runs; run++) {
      const workers = 1 + (run % 2);
      const label = `seed ${seed + run}, workers: ${workers}`;
      const outcome = await runFaults({
        seed: seed + run,
        server: { workers },
        lanes: SINGLE_ATTEMPTS,
        inject: async ({ server, random, mark }) => {
          for (let i = 0; i < drainsOfRun; i++) {
            await sleep(random.between(LIFE_MS.least, LIFE_MS.most));
            mark();
            const beganMs = performance.now();
            const code = await server.terminate();
            tookMs.push(performance.now() - beganMs);
            if (code !== 0) violation(`${label}: told to stop, it ended with ${code}: ${server.complaints()}`);
            await server.start();
            progress(`run ${run + 1} of ${runs}: ${i + 1} drains`);
          }
        },
      });
      tally.add(label, outcome);
      refused += findRefused(outcome, ALLOWED, (text) => violation(`${label}: ${text}`));
      report({ name: "drains", value: figure(tookMs.length) });
      report({ name: "refused or without an answer", value: figure(refused) });
      report({ name: "longest drain", value: `${figure(Math.max(...tookMs))} ms` });
    }
    if (Math.max(...tookMs) > MOST_MS) late(`A drain took ${figure(Math.max(...tookMs))} ms.`);
  },
};
