import type { JournalRecord } from "../../core/journal/journal.ts";
import type { Config } from "../config/config.ts";
import { formatCount, roundedSize, updatesOf } from "../config/units.ts";
import type { Output } from "../terminal.ts";
import { firstAfter, newestOf, openSource } from "./source.ts";

/**
 * Describes the configured journal: the place, the updates, the files, and who writes.
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
      oldest: timeOf(await firstAfter(source, head - 1)),
      newest: timeOf(await newestOf(source)),
      head,
      tail,
      ...(files && { segments: files.segments, bytes: files.bytes, isOpen: log?.isOpen() }),
    };
    if (isJson) return void (await stdout.line(JSON.stringify(facts)));
    const rows: readonly (readonly [string, string | undefined])[] = [
      ["journal", `${place} (${kind === "log" ? "log" : kind === "redis" ? "on Redis" : "on NATS"})`],
      ["epoch", facts.epoch ?? "unknown: the identity is missing or damaged"],
      ["holds", updatesOf(head, tail)],
      ["oldest", facts.oldest],
      ["newest", facts.newest],
      [
        "on disk",
        files &&
          `${formatCount(files.segments)} ${files.segments === 1 ? "segment" : "segments"}, ${roundedSize(files.bytes)} with indexes and tables`,
      ],
      ["hub", log && (log.isOpen() ? "running" : "not running")],
    ];
    for (const [name, value] of rows) if (value !== undefined) await stdout.line(`${name.padEnd(9)}${value}`);
  } finally {
    await source.journal.close();
  }
}

const timeOf = (record: JournalRecord | undefined): string | undefined => record && new Date(record.at).toISOString();
