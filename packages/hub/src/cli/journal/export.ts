import { resolve } from "node:path";
import { SILENT } from "../../core/logger.ts";
import type { Journal, JournalRecord, ReadLimits } from "../../core/journal/journal.ts";
import { readLog } from "../../journals/log/tools/read-only.ts";
import { placeOf } from "../config/flags.ts";
import type { Config } from "../config/config.ts";
import { formatCount } from "../config/units.ts";
import { Failure, UsageError } from "../errors.ts";
import { journalPlace, openJournal } from "../serve/data.ts";
import type { Output } from "../terminal.ts";

const PAGE: ReadLimits = { maxRecords: 1000, maxBytes: 1024 * 1024 };

/** The parts of a journal that an export needs. */
type Source = Pick<Journal, "read" | "head" | "tail" | "close">;

/**
 * Writes every update of the configured journal as a line of NDJSON. The updates appended after the
 * start are left out.
 *
 * @returns The message for the user.
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure when the journal can't be read.
 */
export async function exportJournal(config: Config, stdout: Output, stderr: Output): Promise<string> {
  if (config.journal.kind === "memory") throw new UsageError(`${placeOf("journal")}: A journal in memory is gone with its process.`);
  const source = await openSource(config, (what) => void stderr.line(`warning: ${what}`));
  try {
    let count = 0;
    let missing = 0;
    const tail = source.tail();
    for (let after = source.head() - 1; after < tail;) {
      const page = await source.read(after, PAGE);
      if (page.kind === "trimmed") {
        missing += Math.min(page.head, tail + 1) - 1 - after;
        after = page.head - 1;
        continue;
      }
      const records = page.records.filter(({ offset }) => offset <= tail);
      if (records.length === 0) break;
      await stdout.line(records.map(lineOf).join("\n"));
      count += records.length;
      after = (records.at(-1) as JournalRecord).offset;
      stderr.status(`${formatCount(count)} updates`);
    }
    const lost = missing === 0 ? "" : ` ${formatCount(missing)} more are damaged, or were dropped meanwhile.`;
    return `exported ${formatCount(count)} ${count === 1 ? "update" : "updates"}.${lost}`;
  } finally {
    await source.close();
  }
}

async function openSource(config: Config, onDamage: (what: string) => void): Promise<Source> {
  const { data, journal } = config;
  // A log is read as it is. Opened to write, a copy of a log would begin a new epoch.
  if (journal.kind !== "log") return (await openJournal(config, { ...SILENT, error: (_, what) => onDamage(what) })).journal;
  const { directory } = journalPlace(data, journal.directory);
  try {
    return await readLog(resolve(directory), onDamage);
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The fields of an update as `artesian publish --ndjson` reads them, and its place. */
function lineOf({ offset, at, topics, data, id, type, retry, private: isPrivate, ttlMs }: JournalRecord): string {
  return JSON.stringify({ offset, time: new Date(at).toISOString(), topic: topics, data, id, type, retry, private: isPrivate, ttl: ttlMs });
}
