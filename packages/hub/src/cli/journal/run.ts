import { resolve } from "node:path";
import { SILENT } from "../../core/logger.ts";
import { backUp } from "../../journals/log/tools/backup.ts";
import { declareRestored } from "../../journals/log/tools/restore.ts";
import { placeOf } from "../config/flags.ts";
import { updatesOf } from "../config/units.ts";
import type { Config } from "../config/config.ts";
import { Failure, UsageError } from "../errors.ts";
import { journalPlace, openJournal } from "../serve/data.ts";

/**
 * Copies the configured journal.
 *
 * @returns The message for the user.
 * @throws UsageError when the journal is not in a directory.
 * @throws Failure when the copy can't be made.
 */
export async function backUpJournal({ data, journal }: Config, to: string): Promise<string> {
  if (journal.kind === "memory") throw noJournal("A journal in memory can't be copied.");
  if ("url" in journal) throw noJournal(`${nameOf(journal.kind)} makes backups by its own means.`);
  const { directory } = journalPlace(data, journal.directory);
  try {
    const { head, tail, asOf } = await backUp(directory, resolve(to));
    const time = new Date(asOf).toISOString();
    return `The journal in ${directory} was copied to ${resolve(to)}: ${updatesOf(head, tail)}, with all that were acknowledged before ${time}.`;
  } catch (error) {
    throw new Failure(`Not backed up: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/**
 * Records that the data of the configured journal were restored.
 *
 * @returns The message for the user.
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure when the journal is in use, missing or unreachable.
 */
export async function restoreJournal(config: Config): Promise<string> {
  const { data, journal: choice } = config;
  if (choice.kind === "memory") throw noJournal("Nothing can be put back into a journal in memory.");
  if (choice.kind === "log") {
    const { directory, markFile } = journalPlace(data, choice.directory);
    try {
      const { epoch, head, tail } = await declareRestored(directory, markFile);
      return `${told(directory, epoch, head, tail)} Revocations of the time since are missing: revoke again, or rotate the keys.`;
    } catch (error) {
      throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
  const { journal, place } = await openJournal(config, SILENT);
  try {
    await journal.beginEpoch?.();
    return told(place, journal.epoch, journal.head(), journal.tail());
  } catch (error) {
    throw new Failure(`The journal in ${place} could not be told: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await journal.close();
  }
}

function told(place: string, epoch: string, head: number, tail: number): string {
  return `The journal in ${place} has begun the epoch ${epoch}; it has ${updatesOf(head, tail)}. Each subscriber that comes back is told of a gap.`;
}

function nameOf(engine: "redis" | "nats"): string {
  return engine === "redis" ? "Redis" : "NATS";
}

function noJournal(why: string): UsageError {
  return new UsageError(`${placeOf("journal")}: ${why}`);
}
