import { sleep } from "../lib/clock.ts";
import type { Part } from "../lib/hub-server.ts";
import { type FaultContext, runFaults } from "../lib/run.ts";
import type { Scenario } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";

/** A server lives for a random time of this before it is killed, in milliseconds. */
const LIFE_MS = { least: 5, most: 500 };
/** For the publishers to get their updates in, when the kills are over. */
const REST_MS = 120_000;

const PER_SECOND = 10_000;

/** Kills of one run, and the updates that must be acknowledged in it: one more run for more, so that the logs stay small. */
const PER_RUN = { kills: 50, updates: 100_000 };

export const kills: Scenario = {
  name: "kills",
  promise: "R1",
  what: "SIGKILL of a worker, the primary or all processes, at a random moment 5 to 500 ms after the last; one process and two workers",
  run: async ({ full, seed, report, progress, violation }) => {
    const tally = createTally({ report, violation });
    const done = { alone: 0, worker: 0, primary: 0, everything: 0 };
    const runs = full ? 20 : 2;
    for (let run = 0; run < runs; run++) {
      const workers = 1 + (run % 2);
      const killsOfRun = full ? PER_RUN.kills : 15;
      const updates = full ? PER_RUN.updates : 30_000;
      const outcome = await runFaults({
        seed: seed + run,
        server: { workers },
        perSecond: PER_SECOND,
        inject: async (context) => {
          for (let kill = 0; kill < killsOfRun; kill++) {
            const part = await killOnce(context);
            done[workers === 1 ? "alone" : part]++;
            progress(`run ${run + 1} of ${runs}: ${kill + 1} kills, ${context.publisher.acknowledged} updates`);
          }
          if (!context.server.runs) await context.server.start();
          await context.publisher.reach(updates, REST_MS);
        },
      });
      tally.add(`seed ${seed + run}, ${workers} worker${workers === 1 ? "" : "s"}`, outcome);
      const { alone, worker, primary, everything } = done;
      report({ name: "kills", value: figure(alone + worker + primary + everything) });
      report({ name: "of the only process, a worker, the primary, all", value: `${alone}, ${worker}, ${primary}, ${everything}` });
    }
  },
};

/** Lets the server live for a while, and kills a part of it. Once in a while it is killed before it even listens. */
async function killOnce({ server, random, mark }: FaultContext): Promise<Part> {
  const starting = server.runs ? Promise.resolve(true) : server.start();
  const mayStart = random.below(10) > 0;
  if (mayStart) await starting;
  await sleep(random.between(LIFE_MS.least, LIFE_MS.most));
  // A server whose worker dies at its start is one that does not start, and says so.
  const part = random.pick<Part>(mayStart ? ["worker", "worker", "primary", "everything"] : ["primary", "everything"]);
  mark();
  const killed = await server.kill(part, (workers) => (workers.length === 0 ? undefined : random.pick(workers)));
  await starting;
  return killed;
}
