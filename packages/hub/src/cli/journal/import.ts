import { HubError } from "../../core/errors.ts";
import type { Journal } from "../../core/journal/journal.ts";
import { DEFAULT_LIMITS, LIMIT_RANGES, type Limits } from "../../core/limits.ts";
import { SILENT } from "../../core/logger.ts";
import { TopicParser } from "../../core/update/topic.ts";
import { type Update, validateUpdate } from "../../core/update/update.ts";
import { placeOf } from "../config/flags.ts";
import type { Config } from "../config/config.ts";
import { formatCount } from "../config/units.ts";
import { NONE } from "../config/values.ts";
import { Failure, UsageError } from "../errors.ts";
import { fromNdjson } from "../publish/items.ts";
import { type Line, LineError, readLines } from "../publish/lines.ts";
import { startProgress } from "../publish/progress.ts";
import { openJournal } from "../serve/data.ts";
import type { Output } from "../terminal.ts";

/** Most updates, and bytes of their lines, that are appended at once. */
const BATCH = { updates: 100, bytes: 1024 * 1024 } as const;

/** The update was accepted by a hub, whose limits may have been larger than the default. */
const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  bodyBytes: LIMIT_RANGES.bodyBytes[1],
  topicsPerUpdate: LIMIT_RANGES.topicsPerUpdate[1],
  topicBytes: LIMIT_RANGES.topicBytes[1],
  idBytes: LIMIT_RANGES.idBytes[1],
};

/** Updates that are appended together. */
interface Batch {
  readonly updates: Update[];
  bytes: number;
  firstLine: number;
  lastLine: number;
}

/**
 * Appends a line of NDJSON after the other to the configured journal, also while the hub runs. Each
 * update gets a new offset and the time of now.
 *
 * @returns The message for the user.
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure that names the line, when a line is no update or can't be appended. All lines
 *   before are imported.
 */
export async function importJournal(config: Config, input: AsyncIterable<Uint8Array>, stderr: Output): Promise<string> {
  if (config.journal.kind === "memory") throw new UsageError(`${placeOf("journal")}: Nothing can be put into a journal in memory.`);
  const warn = (_: object, what: string): void => void stderr.line(`warning: ${what}`);
  const { journal, place } = await openJournal(keepingAll(config), { ...SILENT, warn, error: warn });
  const progress = startProgress(stderr, "imported");
  const read = new UpdateReader();
  let batch = newBatch();
  const flush = async (): Promise<void> => {
    await append(journal, batch);
    progress.add(batch.updates.length);
    batch = newBatch();
  };
  try {
    try {
      for await (const lines of readLines(input)) {
        for (const line of lines) {
          const update = read.read(line);
          if (update === undefined) continue;
          if (batch.updates.length === 0) batch.firstLine = line.number;
          batch.lastLine = line.number;
          batch.updates.push(update);
          batch.bytes += line.text.length;
          if (batch.updates.length >= BATCH.updates || batch.bytes >= BATCH.bytes) await flush();
        }
      }
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      // The lines before it are sound.
      if (batch.updates.length > 0) await flush();
      throw new Failure(`${error.message.replace(/\.?$/, ".")} Imported before it: ${formatCount(progress.total)}.`, { cause: error });
    }
    if (batch.updates.length > 0) await flush();
  } finally {
    await journal.close();
  }
  const left = read.leftOut === 0 ? "" : ` ${formatCount(read.leftOut)} of the hub's own were left out.`;
  return `${progress.summary()} into the journal in ${place}.${left}`;
}

/**
 * The configuration without the bounds of a log. The hub that starts next applies its own, which
 * the command does not know.
 */
function keepingAll(config: Config): Config {
  if (config.journal.kind !== "log") return config;
  return { ...config, retentionAge: NONE, retentionBytes: NONE, retentionCount: NONE };
}

function newBatch(): Batch {
  return { updates: [], bytes: 0, firstLine: 0, lastLine: 0 };
}

/** @throws Failure that names the lines. */
async function append(journal: Journal, { updates, firstLine, lastLine }: Batch): Promise<void> {
  try {
    await journal.append(updates);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const lines = firstLine === lastLine ? `Line ${firstLine}` : `Lines ${firstLine} to ${lastLine}`;
    const doubt = error.code === "outcome_unknown" ? "may be imported or not" : "and later lines were not imported";
    throw new Failure(`${lines} ${doubt}: ${error.message}`, { cause: error });
  }
}

/** Turns lines into updates. */
class UpdateReader {
  readonly #parser = new TopicParser("http://localhost/.well-known/mercure");
  /** Number of the hub's own updates, as of presence. They tell of a past that is over. */
  leftOut = 0;

  /** @returns Undefined for an empty line, and for the hub's own updates. @throws LineError */
  read(line: Line): Update | undefined {
    const { number } = line;
    const input = fromNdjson(line);
    if (input === undefined) return undefined;
    const { topic, data, type, delayMs, deliverAt } = input;
    if (typeof data !== "string" && data !== undefined) throw new LineError(number, 'has "data" that is not a string.');
    if (delayMs !== undefined || deliverAt !== undefined) {
      throw new LineError(
        number,
        "has a time of delivery. Publish it with `artesian publish --ndjson`, because an import appends at once.",
      );
    }
    const topics = typeof topic === "string" ? [topic] : topic;
    if (type?.startsWith("hub:") === true || topics.some((one) => one !== "" && this.#parser.parse(one).reserved)) {
      this.leftOut++;
      return undefined;
    }
    try {
      return validateUpdate({ ...input, data }, LIMITS, () => false);
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      throw new LineError(number, `is no update of a hub: ${error.message}`, { cause: error });
    }
  }
}
