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
import { logAllElse, openLog } from "./log.ts";
import { CLOSE_MS, type Plan } from "./plan.ts";
import type { Reread } from "./reload/changes.ts";
import { reloadAtHangUp } from "./reload/hang-ups.ts";
import { findServiceManager } from "./service-manager.ts";

/** Prepares a worker's process before the worker's program is loaded. */
const WORKER_START = fileURLToPath(new URL("./worker-start.cjs", import.meta.url));
/** How long a worker may take beyond its own bound before it is killed, in milliseconds. */
export const GRACE_MS = 2000;

/**
 * The configured number of processes.
 *
 * @throws UsageError when several processes could not share their journal.
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

/** Options of `runWorkers`. */
export interface WorkersOptions {
  /** The number of workers. */
  readonly count: number;
  /** Path of the program that calls `runWorker`. Default: that of `artesian serve`. */
  readonly program?: string;
  /** Lines for the terminal from which the server was started. */
  readonly welcome: Announcement["welcome"];
  readonly onListening?: Announcement["onListening"];
  /** Whether SIGHUP, as of a closed terminal, stops the server. */
  readonly stopsOnHangUp?: boolean;
  /** Reads settings and keys again at SIGHUP. Default: SIGHUP changes nothing. */
  readonly reread?: () => Reread;
}

/**
 * Runs workers, which share the port and the journal, until the server is told to stop. A worker
 * that ends is replaced.
 *
 * @throws Failure when no worker can be started, at first or later.
 */
export async function runWorkers(plan: Plan, options: WorkersOptions): Promise<void> {
  const {
    count,
    program = fileURLToPath(new URL("./worker.js", import.meta.url)),
    welcome,
    onListening,
    stopsOnHangUp = false,
    reread,
  } = options;
  const { config, address } = plan;
  const port = config.port === 0 ? await choosePort(address.address, config) : config.port;
  // Workers take connections from one shared queue themselves. If the primary handed connections
  // out, the one on its way to a killed worker would stay open without an answer. See
  // docs/decisions/shared-listening-socket.md.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: program, execArgv: [...process.execArgv, "--require", WORKER_START], args: [], serialization: "advanced" });
  const log = openLog(config.logLevel);
  logAllElse(log.logger);
  // One process checks a file that a crash may have damaged, before several open it at once.
  const epoch = "directory" in config.journal ? await lookAtJournal(config, log.logger) : undefined;
  const plansOf = (all: Plan): readonly Plan[] =>
    Array.from({ length: count }, (_, index) => {
      const { maxConnections, maxSockets } = all.config;
      const share = (total: number | undefined): number | undefined => shareOf(total, index, count);
      return { ...all, epoch, config: { ...all.config, port, maxConnections: share(maxConnections), maxSockets: share(maxSockets) } };
    });
  const pool = new WorkerPool(plansOf(plan), log.logger);
  const manager = findServiceManager(log.logger);
  const hangUps = reread && reloadAtHangUp(plan, reread, log.logger, manager);
  const boundMs = config.drain + CLOSE_MS + GRACE_MS;
  // Some workers may listen for a while before all do, and may wait for their journal before they
  // listen.
  const departure = departAtSignal(lameDuckMsOf(config, address), {
    logger: log.logger,
    hangUp: stopsOnHangUp,
    onBegin: () => manager.stopping(),
    onLame: () => pool.becomeLame(),
  });
  try {
    const listening = await Promise.race([pool.start(), departure.due.then(() => undefined)]);
    if (listening !== undefined) {
      hangUps?.begin(async (next) => {
        const change = await pool.prepare(plansOf(next));
        const apply = (): void => {
          log.logger.level = next.config.logLevel;
          change.apply();
        };
        return { ...change, apply };
      });
      manager.ready(listening.listenUrl);
      // An unread stdout must not keep the server from being stopped.
      const announced = announce({ ...listening, ...plan, logger: log.logger, welcome, onListening, workers: count });
      await Promise.race([announced, departure.due, pool.failed]);
    }
    await Promise.race([departure.due, pool.failed]);
    hangUps?.end();
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

/**
 * Opens and closes the journal.
 *
 * @returns The journal's epoch.
 */
async function lookAtJournal(config: Config, logger: Logger): Promise<string> {
  const { journal } = await openJournal(config, logger);
  await journal.close();
  return journal.epoch;
}

/**
 * Ports outside the ranges that systems give to outgoing connections. A port from those ranges
 * could be taken before the workers listen on it.
 */
const CHOSEN_PORTS = { from: 10_000, to: 32_768 } as const;
const CHOICES = 50;

/**
 * Chooses a port before any worker is started if any port will do, so that a replaced worker comes
 * back on the same port. A configured port is not tried, because a client that connects at that
 * moment would be cut off.
 *
 * @throws Failure if no port was free.
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

/** A worker's share of a total. Undefined if the default holds, which applies to each process. */
function shareOf(all: number | undefined, index: number, count: number): number | undefined {
  if (all === undefined) return undefined;
  return Math.max(1, Math.floor(all / count) + (index < all % count ? 1 : 0));
}
