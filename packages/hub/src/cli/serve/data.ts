import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";
import { HubError } from "../../core/errors.ts";
import type { Journal, Retention } from "../../core/journal/journal.ts";
import type { Logger } from "../../core/logger.ts";
import { PeerExchange } from "../../core/journal/peer-exchange.ts";
import type { PeerBus, Peers } from "../../core/journal/peers.ts";
import { logJournal } from "../../journals/log/index.ts";
import { memoryJournal } from "../../journals/memory/index.ts";
import { makeDirectory } from "../../make-directory.ts";
import type { Config } from "../config/config.ts";
import { NONE } from "../config/values.ts";
import { Failure } from "../errors.ts";

/**
 * Default bound by bytes. A journal in memory must leave room for the rest of the process, and
 * Redis holds all of its journal in memory.
 */
const RETENTION_BYTES = { log: 2 ** 30, memory: 64 * 2 ** 20, redis: 256 * 2 ** 20, nats: 2 ** 30 } as const;

type Engine = Extract<Config["journal"], { readonly url: string }>;

/** The journal's engine is unreachable, which may pass. */
export class EngineAway extends Failure {}

/** An open journal and its description. */
export interface OpenJournal {
  readonly journal: Journal;
  /** The journal's place, for people. */
  readonly place: string;
  /** The other processes of this server. Undefined if there are none. */
  readonly workers: Peers | undefined;
}

/** Access to the server's other processes. */
export interface Others {
  /** Carries questions to the other processes. */
  readonly bus: PeerBus;
  /** Epoch of the directory's journal that the other processes have open. */
  readonly epoch: string | undefined;
}

/**
 * Opens the configured journal.
 *
 * @param logger - Logs damaged records and restored data.
 * @param others - The other processes of the same journal, if there are any.
 * @throws Failure when the journal's directory or server can't be used.
 * @throws {@link EngineAway} when the journal's server cannot be reached.
 */
export async function openJournal(config: Config, logger: Logger, others?: Others): Promise<OpenJournal> {
  const retention = retentionOf(config);
  const onDamage = (what: string): void => logger.error({}, what);
  const onWarning = (what: string): void => logger.warn({}, what);
  if ("url" in config.journal) {
    const opened = await openEngine(config.journal, retention, { onDamage, onWarning });
    // The engine's peers are all hubs of the fleet.
    return { ...opened, workers: others && new PeerExchange(others.bus) };
  }
  if (config.journal.kind === "memory") {
    return { journal: memoryJournal({ retention }), place: "memory; it is gone when the server stops", workers: undefined };
  }
  const { directory, markFile } = journalPlace(config.data, config.journal.directory);
  // If other processes have the journal open, its directory exists already or must not be made.
  if (others?.epoch === undefined) prepareDirectory(directory);
  try {
    const options = { directory, markFile, retention, ...others, onPutBack: onWarning, onDamage };
    const journal = await logJournal(options);
    return { journal, place: directory, workers: journal.peers };
  } catch (error) {
    // The process that writes the journal may be suspended.
    if (isAway(error)) throw new EngineAway(error.message, { cause: error });
    throw notOpened(directory, error);
  }
}

/**
 * The directory of a journal on this machine. In the data directory its mark is beside the journal, out of
 * reach of a copy of the journal's directory.
 */
export function journalPlace(
  data: string,
  directory: string | undefined,
): { readonly directory: string; readonly markFile: string | undefined } {
  if (directory !== undefined) return { directory: resolve(directory), markFile: undefined };
  return { directory: resolve(join(data, "journal")), markFile: resolve(join(data, "journal.mark")) };
}

/** Makes the error for a journal in a directory that can't be opened. */
export function notOpened(directory: string, error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return new Failure(message.includes(directory) ? message : `The journal in ${directory} cannot be opened: ${message}`, { cause: error });
}

/** Loads only the client of the configured engine, so that the others need not be installed. */
async function openEngine(
  { kind, url }: Engine,
  retention: Retention,
  { onDamage, onWarning }: Readonly<Record<"onDamage" | "onWarning", (what: string) => void>>,
): Promise<Omit<OpenJournal, "workers">> {
  try {
    if (kind === "redis") {
      const { redisJournal, withoutCredentials } = await import("../../journals/redis/index.ts");
      return { journal: await redisJournal({ url, retention, onDamage, onWarning }), place: withoutCredentials(url) };
    }
    const { natsJournal, withoutCredentials } = await import("../../journals/nats/index.ts");
    return { journal: await natsJournal({ url, retention, onDamage }), place: withoutCredentials(url) };
  } catch (error) {
    throw new (isAway(error) ? EngineAway : Failure)(
      `The journal on ${kind === "redis" ? "Redis" : "NATS"} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Tells whether a failure to open a journal may pass. */
function isAway(error: unknown): error is HubError {
  return error instanceof HubError && error.code === "journal_unavailable" && error.retryAfterMs !== undefined;
}

/** The retention, with the journal's defaults. */
export function retentionOf(config: Config): Retention {
  const bytes = config.retentionBytes ?? RETENTION_BYTES[config.journal.kind];
  return {
    ...(config.retentionAge === NONE ? {} : { maxAgeMs: config.retentionAge }),
    ...(bytes === NONE ? {} : { maxBytes: bytes }),
    ...(config.retentionCount === NONE ? {} : { maxCount: config.retentionCount }),
  };
}

function prepareDirectory(directory: string): void {
  try {
    // Updates may be private. Other users of the machine must not read them.
    makeDirectory(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `The directory ${directory} cannot be written (${reason}). Give one that can by --data, or --journal memory to keep nothing.`,
      { cause: error },
    );
  }
}
