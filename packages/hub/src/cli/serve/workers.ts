import cluster from "node:cluster";
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { placeOf } from "../config/flags.ts";
import type { Logger } from "../../core/logger.ts";
import type { Config } from "../config/config.ts";
import { AUTO } from "../config/values.ts";
import { EXIT, UsageError } from "../errors.ts";
import { announce, type Announcement } from "./announce.ts";
import { WorkerPool } from "./worker-pool.ts";
import { departAtSignal, lameDuckMsOf } from "./departure.ts";
import { createHttpServer, listen, type RequestBounds } from "./http-server.ts";
import { openJournal } from "./data.ts";
import { logAllElse, noteHangUps, openLog } from "./log.ts";
import { CLOSE_MS, type Plan } from "./plan.ts";
import { makeSocketDirectory, removeSocketDirectory, removeStaleSocketDirectories } from "./socket-directory.ts";

/** How long a worker may take beyond its own bound before it is killed, in milliseconds. */
const GRACE_MS = 2000;

/**
 * How many processes the configuration asks for.
 *
 * @throws UsageError when they could not share their journal.
 */
export function workersOf({ workers, journal }: Config): number {
  const count = workers === AUTO ? availableParallelism() : workers;
  if (count > 1 && journal.kind === "memory") {
    throw new UsageError(
      `${placeOf("workers")}: ${count} processes can't share a journal in memory, which is one process's own. ` +
        "Leave it out to run one, or keep updates on the disk: leave --journal out.",
    );
  }
  return count;
}

/**
 * Runs workers, which share the port and the journal, until it is told to stop. One that ends is replaced.
 *
 * @throws Failure when they can't be started, or none can be any more.
 */
export async function runWorkers(plan: Plan, count: number, welcome: Announcement["welcome"]): Promise<void> {
  const { config, address } = plan;
  const port = config.port === 0 ? await choosePort(address.address, config) : config.port;
  // Workers take connections from one shared queue themselves. Were they handed out by the primary, the one on its way to a worker that is killed
  // would stay open without an answer: see docs/decisions/shared-listening-socket.md.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: fileURLToPath(new URL("./worker.js", import.meta.url)), args: [], serialization: "advanced" });
  const log = openLog(config.logLevel);
  logAllElse(log.logger);
  // A file that a crash may have left damaged is looked at by one process, before several open it at once.
  const epoch = config.journal.kind === "lmdb" ? await lookAtJournal(config, log.logger) : undefined;
  await removeStaleSocketDirectories();
  const sockets = makeSocketDirectory();
  const removeSockets = (): void => removeSocketDirectory(sockets);
  process.once("exit", removeSockets);
  const pool = new WorkerPool(
    Array.from({ length: count }, (_, index) => {
      const share = (all: number | undefined): number | undefined => shareOf(all, index, count);
      return {
        ...plan,
        epoch,
        config: { ...config, port, maxConnections: share(config.maxConnections), maxSockets: share(config.maxSockets) },
      };
    }),
    sockets,
    log.logger,
  );
  const boundMs = config.drain + CLOSE_MS + GRACE_MS;
  // Workers may listen for a while before all do, and wait for their journal before they listen.
  const departure = departAtSignal(lameDuckMsOf(config, address), {
    logger: log.logger,
    hangUp: false,
    onLame: () => pool.becomeLame(),
  });
  try {
    const listening = await Promise.race([pool.start(), departure.due.then(() => undefined)]);
    if (listening !== undefined) {
      noteHangUps(log.logger);
      // Nobody may read stdout: that must not keep the server from being stopped.
      const announced = announce({ ...listening, ...plan, logger: log.logger, welcome, workers: count });
      await Promise.race([announced, departure.due, pool.failed]);
    }
    await Promise.race([departure.due, pool.failed]);
  } catch (error) {
    await pool.stop(boundMs);
    await log.close();
    log.endSoon(EXIT.failure);
    throw error;
  }
  const allWell = await pool.stop(boundMs);
  log.logger.info({}, "all workers stopped");
  await log.close();
  if (!allWell) process.exitCode = EXIT.failure;
  log.endSoon(EXIT.ok);
}

/** Opens and closes the journal. @returns Its epoch. */
async function lookAtJournal(config: Config, logger: Logger): Promise<string> {
  const { journal } = await openJournal(config, logger);
  await journal.close();
  return journal.epoch;
}

/** Ports that no system gives to outgoing connections by itself. A port from among those could be taken before the workers listen on it. */
const CHOSEN_PORTS = { from: 10_000, to: 32_768 } as const;
const CHOICES = 50;

/**
 * Chooses a port if any will do, before any worker is started: one that is replaced must come back on the same. A port that was asked for is not tried: who
 * connects at that moment would be cut off.
 *
 * @throws Failure if none was free.
 */
async function choosePort(address: string, bounds: RequestBounds): Promise<number> {
  for (let choice = 1; ; choice++) {
    const server = createHttpServer(bounds);
    try {
      const port = await listen(server, address, randomInt(CHOSEN_PORTS.from, CHOSEN_PORTS.to));
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch (error) {
      if (choice === CHOICES) throw error;
    }
  }
}

/** A worker's part of what was allowed in all. Undefined if the default holds, which is each process's own. */
function shareOf(all: number | undefined, index: number, count: number): number | undefined {
  if (all === undefined) return undefined;
  return Math.max(1, Math.floor(all / count) + (index < all % count ? 1 : 0));
}
