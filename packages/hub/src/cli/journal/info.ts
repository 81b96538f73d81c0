import type { JournalRecord } from "../../core/journal/journal.ts";
import type { Config } from "../config/config.ts";
import { formatCount, inMebibytes } from "../config/units.ts";
import type { Output } from "../terminal.ts";
import { openSource, PAGE, type Source } from "./source.ts";

/**
 * Describes the configured journal: its place, its updates, its files, and who writes it.
 *
 * @param isJson - Whether to write one JSON object.
 * @throws UsageError when the journal keeps nothing.
 * @throws Failure when the journal can't be read.
 */
export async function describeJournal(config: Config, stdout: Output, { isJson }: { readonly isJson: boolean }): Promise<void> {
  const source = await openSource(config, () => undefined);
  try {
    const { kind, place, journal, log } = source;
    const [head, tail] = [journal.head(), journal.tail()];
    const files = log?.files();
    const facts = {
      kind,
      place,
      epoch: journal.epoch,
      updates: tail - head + 1,
      oldest: timeOf(await firstFrom(source, head - 1)),
      newest: timeOf(await firstFrom(source, tail - 1)),
      head,
      tail,
      ...(files && { segments: files.segments, bytes: files.bytes, isOpen: log?.isOpen() }),
    };
    if (isJson) return void (await stdout.line(JSON.stringify(facts)));
    const rows: readonly (readonly [string, string | undefined])[] = [
      ["journal", `${place} (${kind === "log" ? "log" : kind === "redis" ? "on Redis" : "on NATS"})`],
      ["epoch", facts.epoch ?? "unknown: the identity is missing or damaged"],
      ["updates", facts.updates === 0 ? "none" : `${formatCount(facts.updates)}, offsets ${formatCount(head)} to ${formatCount(tail)}`],
      ["oldest", facts.oldest],
      ["newest", facts.newest],
      [
        "on disk",
        files &&
          `${formatCount(files.segments)} ${files.segments === 1 ? "segment" : "segments"}, ${inMebibytes(files.bytes)} with indexes and tables`,
      ],
      ["hub", log && (log.isOpen() ? "running" : "not running")],
    ];
    for (const [name, value] of rows) if (value !== undefined) await stdout.line(`${name.padEnd(9)}${value}`);
  } finally {
    await source.journal.close();
  }
}

/** The first sound update after an offset. */
async function firstFrom({ journal }: Source, offset: number): Promise<JournalRecord | undefined> {
  for (let after = offset; after < journal.tail();) {
    const page = await journal.read(after, { ...PAGE, maxRecords: 1 });
    if (page.kind === "records") return page.records[0];
    after = page.head - 1;
  }
  return undefined;
}

const timeOf = (record: JournalRecord | undefined): string | undefined => record && new Date(record.at).toISOString();
