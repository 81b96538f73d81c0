import { createRandom } from "../../support/random.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { sleep } from "../lib/clock.ts";
import { Fleet } from "../lib/fleet.ts";
import { MAIN } from "../lib/hub-server.ts";
import { findRefused, SINGLE_ATTEMPTS } from "../lib/refusals.ts";
import { runFaults } from "../lib/run.ts";
import type { Scenario } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";

const HUBS = 3;
const PER_SECOND = 1000;
/** Between one hub and the next, in milliseconds. */
const PAUSE_MS = 1000;
/** Times through all hubs. */
const PASSES = 6;
/** `dist/cli/main.js` of another version. Without it, the hubs are restarted with the same one. */
const OTHER_MAIN = process.env["FAULTS_OTHER_MAIN"];

export const rollingUpgrade: Scenario = {
  name: "rolling-upgrade",
  promise: "R16",
  what: `${HUBS} hubs on one Redis behind a balancer are stopped and started one after the other, first to the other version and then back, under load`,
  run: async ({ seed, report, violation, progress }) => {
    const tally = createTally({ report, violation });
    let restarts = 0;
    const outcome = await runFaults<Fleet>({
      seed,
      server: async (directory) => {
        const redis = await RedisServer.start({ appendonly: "yes", appendfsync: "always" });
        const engine = { url: redis.url, close: () => redis.stop() };
        return Fleet.create({ directory, engine, hubs: HUBS, random: createRandom(seed), spreadsPublishers: true });
      },
      perSecond: PER_SECOND,
      lanes: SINGLE_ATTEMPTS,
      inject: async ({ server, mark }) => {
        for (let pass = 1; pass <= PASSES; pass++) {
          const main = pass % 2 === 1 ? (OTHER_MAIN ?? MAIN) : MAIN;
          for (const hub of server.hubs) {
            await sleep(PAUSE_MS);
            mark();
            const code = await hub.terminate();
            if (code !== 0) violation(`told to stop, a hub ended with ${code}: ${hub.complaints()}`);
            await hub.start({ main });
            restarts++;
          }
          progress(`${pass} of ${PASSES} times through all hubs`);
        }
      },
    });
    tally.add(`seed ${seed}`, outcome);
    // There is always a hub that listens.
    const refused = findRefused(outcome, new Set(["200"]), violation);
    report({ name: "versions", value: OTHER_MAIN === undefined ? "one, restarted" : "two, by turns" });
    report({ name: "restarts of hubs", value: figure(restarts) });
    report({ name: "refused or without an answer", value: figure(refused) });
  },
};
