import { resolve } from "node:path";
import type { Journal, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { SILENT } from "../../core/logger.ts";
import { type ReadOnlyLog, readLog } from "../../journals/log/tools/read-only.ts";
import { placeOf } from "../config/flags.ts";
import type { Config } from "../config/config.ts";
import { Failure, UsageError } from "../errors.ts";
import { journalPlace, openJournal } from "../serve/data.ts";
import type { Output } from "../terminal.ts";

const PAGE: ReadLimits = { maxRecords: 1000, maxBytes: 1024 * 1024 };

/** A journal that a command reads. */
export interface Source {
  readonly kind: Exclude<Config["journal"]["kind"], "memory">;
  /** The journal's place, for people. */
  readonly place: string;
  readonly journal: Pick<Journal, "read" | "head" | "tail" | "close"> & { readonly epoch: string | undefined };
  /** The journal, if a log. */
  readonly log: ReadOnlyLog | undefined;
  /** The journal, if on an engine that several hubs share. */
  readonly engine: Journal | undefined;
}

/**
 * Opens the configured journal for reading. A log is only read: opened to write, a copy of a log would
 * begin a new epoch.
 *
 * @param onDamage - Called with a description if read data differ from the written data.
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure when the journal can't be read.
 */
export async function openSource(config: Config, onDamage: (what: string) => void): Promise<Source> {
  const { data, journal } = config;
  if (journal.kind === "memory") throw new UsageError(`${placeOf("journal")}: A journal in memory is gone with its process.`);
  if (journal.kind !== "log") {
    const opened = await openJournal(config, { ...SILENT, error: (_, what) => onDamage(what) });
    return { kind: journal.kind, place: opened.place, journal: opened.journal, log: undefined, engine: opened.journal };
  }
  const { directory, markFile } = journalPlace(data, journal.directory);
  try {
    const log = await readLog(resolve(directory), onDamage, markFile);
    return { kind: "log", place: directory, journal: log, log, engine: undefined };
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Updates of a journal, or the number of updates that are missing in their place. */
export interface Part {
  readonly records: readonly JournalRecord[];
  readonly missing: number;
}

/** Reads all updates after an offset up to another, a page at a time. */
export async function* partsOf({ journal }: Source, from: number, upTo: number, limits: ReadLimits = PAGE): AsyncGenerator<Part, void> {
  for (let after = from; after < upTo;) {
    const page = await journal.read(after, limits);
    if (page.kind === "trimmed") {
      yield { records: [], missing: Math.min(page.head, upTo + 1) - 1 - after };
      after = page.head - 1;
      continue;
    }
    const records = page.records.filter(({ offset }) => offset <= upTo);
    if (records.length === 0) return;
    yield { records, missing: 0 };
    after = (records.at(-1) as JournalRecord).offset;
  }
}

/** The first sound update after an offset. Undefined if there is none. */
export async function firstAfter(source: Source, offset: number): Promise<JournalRecord | undefined> {
  for await (const { records } of partsOf(source, offset, source.journal.tail(), { ...PAGE, maxRecords: 1 })) {
    if (records.length > 0) return records[0];
  }
  return undefined;
}

/** The newest update. Undefined if there is none, or a damaged one. */
export function newestOf(source: Source): Promise<JournalRecord | undefined> {
  return firstAfter(source, source.journal.tail() - 1);
}

/** Writes updates as lines of NDJSON. */
export async function writeLines({ records }: Part, stdout: Output): Promise<void> {
  if (records.length > 0) await stdout.line(records.map(lineOf).join("\n"));
}

/** The fields of an update as `artesian publish --ndjson` reads them, and the place. */
function lineOf({ offset, at, topics, data, id, type, retry, private: isPrivate, ttlMs }: JournalRecord): string {
  return JSON.stringify({ offset, time: new Date(at).toISOString(), topic: topics, data, id, type, retry, private: isPrivate, ttl: ttlMs });
}
