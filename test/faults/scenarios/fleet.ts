import { NatsServer } from "../../support/nats-server.ts";
import { createRandom } from "../../support/random.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { sleep } from "../lib/clock.ts";
import { Fleet, type Engine } from "../lib/fleet.ts";
import { type FaultContext, runFaults } from "../lib/run.ts";
import type { Scenario, ScenarioOptions } from "../lib/scenario.ts";
import { createTally, figure } from "../lib/tally.ts";

const HUBS = 3;
const PARTITIONS = 3;
const PER_SECOND = 3000;
/** Between one kill and the next, in milliseconds. */
const LIFE_MS = { least: 1000, most: 3000 };
/** After so many kills the engine's turn comes. */
const ENGINE_EVERY = 5;
/** How long the engine is away, in milliseconds. */
const AWAY_MS = 500;
const REST_MS = 180_000;

/** An engine that can be killed and comes back with what it had. */
interface RestartableEngine extends Engine {
  restart(): Promise<void>;
}

/** Each write is flushed before it is acknowledged: else what a killed engine had acknowledged could be gone, which is told as a gap. */
async function startRedis(): Promise<RestartableEngine> {
  const server = await RedisServer.start({ appendonly: "yes", appendfsync: "always" });
  return {
    url: server.url,
    restart: async () => {
      await server.kill();
      await sleep(AWAY_MS);
      await server.restart();
    },
    close: () => server.stop(),
  };
}

async function startPartitionedRedis(): Promise<RestartableEngine> {
  const redis = await startRedis();
  return { ...redis, url: `${redis.url}?partitions=${PARTITIONS}` };
}

async function startNats(): Promise<RestartableEngine> {
  const server = await NatsServer.start();
  return {
    url: server.url,
    restart: async () => {
      // Not SIGKILL: this version of the server may lose what it has acknowledged then, which is another test's.
      await server.kill("SIGTERM");
      await sleep(AWAY_MS);
      await server.start();
    },
    close: () => server[Symbol.asyncDispose](),
  };
}

export const fleetRedis: Scenario = {
  name: "fleet-redis",
  promise: "R12",
  what: `${HUBS} hubs on one Redis, subscribers spread over them by a balancer; a hub is killed every second or two, and Redis once in a while`,
  run: (options) => runFleet(startRedis, options),
};

export const fleetNats: Scenario = {
  name: "fleet-nats",
  promise: "R12",
  what: `${HUBS} hubs on one NATS server, subscribers spread over them by a balancer; a hub is killed every second or two, and the server restarted once in a while`,
  run: (options) => runFleet(startNats, options),
};

export const fleetPartitions: Scenario = {
  name: "fleet-partitions",
  promise: "R12",
  what: `the same on Redis, with the topics in ${PARTITIONS} partitions: each hub has the updates in an order of its own, except those of one topic`,
  run: (options) => runFleet(startPartitionedRedis, options, { orderOf: "topic", turns: 5 }),
};

async function runFleet(
  start: () => Promise<RestartableEngine>,
  { full, seed, report, progress, violation }: ScenarioOptions,
  { orderOf, turns: few }: { readonly orderOf: "all" | "topic"; readonly turns: number } = { orderOf: "all", turns: 10 },
): Promise<void> {
  const tally = createTally({ report, violation });
  const { wanted, turns } = full ? { wanted: 200_000, turns: 50 } : { wanted: 20_000, turns: few };
  const done = { kills: 0, restarts: 0 };
  const outcome = await runFaults<Fleet<RestartableEngine>>({
    seed,
    server: async (directory) => Fleet.create({ directory, engine: await start(), hubs: HUBS, random: createRandom(seed) }),
    perSecond: PER_SECOND,
    orderOf,
    inject: async (context) => {
      for (let turn = 1; turn <= turns || context.publisher.acknowledged < wanted; turn++) {
        await strike(context, turn % ENGINE_EVERY === 0, done);
        progress(`${figure(context.publisher.acknowledged)} updates, ${done.kills} kills of hubs, ${done.restarts} of the engine`);
      }
      await context.server.start();
      await context.publisher.reach(wanted, REST_MS);
    },
  });
  tally.add(`seed ${seed}`, outcome);
  report({ name: "kills of hubs", value: figure(done.kills) });
  report({ name: "restarts of the engine", value: figure(done.restarts) });
}

async function strike(
  { server, random, mark }: FaultContext<Fleet<RestartableEngine>>,
  isEngine: boolean,
  done: { kills: number; restarts: number },
): Promise<void> {
  await sleep(random.between(LIFE_MS.least, LIFE_MS.most));
  mark();
  if (isEngine) {
    await server.engine.restart();
    done.restarts++;
    return;
  }
  const hub = random.pick(server.hubs);
  await hub.kill("everything");
  done.kills++;
  await hub.start();
}
