import { createReadStream } from "node:fs";
import { Command } from "commander";
import { configOf, type SettingFlags, withSettings } from "../config/flags.ts";
import type { Key } from "../config/config.ts";
import { count } from "../config/values.ts";
import { EXIT, Failure, UsageError } from "../errors.ts";
import { examplesOf } from "../examples.ts";
import { valueOf } from "../source/flags.ts";
import { onStop } from "../signals.ts";
import { createOutput } from "../terminal.ts";

const INFO_EXAMPLES = `
Examples:
  artesian journal info                                    the journal of ./data, while the hub runs or not
  artesian journal info --json | jq .newest

Tells the place, the epoch, which updates are held and since when, the files of a log, and whether a hub is running. Changes nothing.`;

const TAIL_EXAMPLES = `
Examples:
  artesian journal tail                                    the ten newest updates of the journal of ./data
  artesian journal tail --lines 100 --follow | jq .topic

Writes lines as of journal export, also while the hub runs, and changes nothing. The lines have private updates, so keep them to yourself.`;

const BACKUP_EXAMPLES = `
Examples:
  artesian journal backup /backup/2026-11-28               the journal of ./data, while the hub runs or not
  artesian journal backup /backup/new --data /var/lib/artesian

To put it back: stop the hub, copy the backup's directory to where the journal was, and start the hub. It notices that the data were put back.
Redis and NATS have backups of their own.`;

const RESTORE_EXAMPLES = `
Examples:
  artesian journal restore                                 the journal of ./data
  artesian journal restore --data /var/lib/artesian
  artesian journal restore --journal redis://127.0.0.1

Say it after a disk or a machine was set back to a snapshot, or a server to an older dump, before the hub is started. A copy of the directory the hub
notices by itself. Each subscriber that comes back is then told of a gap, and gets all that the journal holds.`;

const VERIFY_EXAMPLES = `
Examples:
  artesian journal verify                                  the journal of ./data, while the hub runs or not
  artesian journal verify --journal log:/backup/2026-11-28

Reads every segment, index and checkpoint, says what is damaged and what that means, and changes nothing.

Exit code: 0 when nothing is damaged, 1 when something is or the journal can't be read.`;

const EXPORT_EXAMPLES = `
Examples:
  artesian journal export > updates.ndjson                 the journal of ./data, while the hub runs or not
  artesian journal export --journal log:/backup/2026-11-28 | gzip > updates.ndjson.gz

A line an update, the oldest first: {"offset":1,"time":"2026-11-28T09:30:00.000Z","topic":["a"],"data":"b","private":false}, and id, type, retry and ttl
where they are set. The lines have private updates, so keep them to yourself.`;

const IMPORT_EXAMPLES = `
Examples:
  artesian journal import updates.ndjson                   into the journal of ./data, while the hub runs or not
  gunzip -c updates.ndjson.gz | artesian journal import

Reads lines as of journal export, and as of publish --ndjson. Each update gets a new offset and the time of now, and a running hub delivers it. A line that
is no update ends the import; the message names it, and the lines before it are imported. The hub's own updates, as of presence, are left out.
An import into a log drops nothing; the bounds of retention are for Redis and NATS.

Exit code: 0 when every line was imported, 1 when one was not.`;

const SETTINGS_OF_JOURNALS: ReadonlySet<Key> = new Set<Key>(["data", "journal"]);
const SETTINGS_OF_IMPORTS: ReadonlySet<Key> = new Set<Key>([...SETTINGS_OF_JOURNALS, "retentionAge", "retentionBytes", "retentionCount"]);

/** `artesian journal` looks after a journal: backups, checks, and moves of updates. */
export function journalCommand(): Command {
  const info = new Command("info")
    .description("describe the journal: its updates, its files, and who writes it")
    .option("--json", "write one JSON object")
    .addHelpText("after", INFO_EXAMPLES)
    .action(async (flags: SettingFlags & { readonly json?: boolean }) => {
      const { json = false, ...settings } = flags;
      // Opening journals needs slow imports, which the other commands must not pay for on each run.
      const { describeJournal } = await import("./info.ts");
      await describeJournal(configOf(settings), createOutput(process.stdout), { isJson: json });
    });
  const tail = new Command("tail")
    .description("write the newest updates as lines of NDJSON")
    .option("-n, --lines <number>", "number of updates to begin with", "10")
    .option("-f, --follow", "go on with the updates that come, until Ctrl-C")
    .addHelpText("after", TAIL_EXAMPLES)
    .action(async (flags: SettingFlags & { readonly lines: string; readonly follow?: boolean }) => {
      const { lines, follow = false, ...settings } = flags;
      const { tailJournal } = await import("./tail.ts");
      const stop = new AbortController();
      // A reader that has gone, such as `| head`, is no failure.
      const stdout = createOutput(process.stdout, () => process.exit(process.exitCode ?? EXIT.ok));
      const release = onStop(() => stop.abort());
      const options = { lines: valueOf("--lines", lines, count(0, Number.MAX_SAFE_INTEGER)) ?? 10, follows: follow, signal: stop.signal };
      await tailJournal(configOf(settings), stdout, createOutput(process.stderr), options).finally(release);
    });
  const backup = new Command("backup")
    .description("copy the journal in its current state, also while the hub runs")
    .argument("<directory>", "target directory, which must be empty or not exist")
    .addHelpText("after", BACKUP_EXAMPLES)
    .action(async (directory: string, flags: SettingFlags) => {
      const { backUpJournal } = await import("./run.ts");
      await createOutput(process.stdout).line(await backUpJournal(configOf(flags), directory));
    });
  const restore = new Command("restore")
    .description("mark the journal's data as restored, so that subscribers are told of a gap")
    .addHelpText("after", RESTORE_EXAMPLES)
    .action(async (flags: SettingFlags) => {
      const { restoreJournal } = await import("./run.ts");
      await createOutput(process.stdout).line(await restoreJournal(configOf(flags)));
    });
  const verify = new Command("verify")
    .description("check every file of a log, and say what is damaged")
    .addHelpText("after", VERIFY_EXAMPLES)
    .action(async (flags: SettingFlags) => {
      const { verifyJournal } = await import("./verify.ts");
      const isSound = await verifyJournal(configOf(flags), createOutput(process.stdout), createOutput(process.stderr));
      if (!isSound) process.exitCode = EXIT.failure;
    });
  const exporting = new Command("export")
    .description("write every update as a line of NDJSON")
    .addHelpText("after", EXPORT_EXAMPLES)
    .action(async (flags: SettingFlags) => {
      const { exportJournal } = await import("./export.ts");
      const stderr = createOutput(process.stderr);
      // Nobody is left to take the lines, as with `| head`.
      const stdout = createOutput(process.stdout, () => process.exit(EXIT.failure));
      await stderr.line(await exportJournal(configOf(flags), stdout, stderr));
    });
  const importing = new Command("import")
    .description("append updates from lines of NDJSON")
    .argument("[file]", "file with the lines (default: the standard input)")
    .addHelpText("after", IMPORT_EXAMPLES)
    .action(async (file: string | undefined, flags: SettingFlags) => {
      const { importJournal } = await import("./import.ts");
      const stderr = createOutput(process.stderr);
      await stderr.line(await importJournal(configOf(flags), inputOf(file), stderr));
    });
  const includes = (key: Key): boolean => SETTINGS_OF_JOURNALS.has(key);
  return new Command("journal")
    .description("describe, read, back up, restore, verify, export and import the journal")
    .addHelpText(
      "after",
      examplesOf([INFO_EXAMPLES, TAIL_EXAMPLES, BACKUP_EXAMPLES, RESTORE_EXAMPLES, VERIFY_EXAMPLES, EXPORT_EXAMPLES, IMPORT_EXAMPLES]),
    )
    .addCommand(withSettings(info, includes))
    .addCommand(withSettings(tail, includes))
    .addCommand(withSettings(backup, includes))
    .addCommand(withSettings(restore, includes))
    .addCommand(withSettings(verify, includes))
    .addCommand(withSettings(exporting, includes))
    .addCommand(withSettings(importing, (key) => SETTINGS_OF_IMPORTS.has(key)));
}

/** @throws Failure when the file can't be read. */
function inputOf(file: string | undefined): AsyncIterable<Uint8Array> {
  if (file !== undefined) return readFileOf(file);
  if (process.stdin.isTTY) throw new UsageError("There are no lines. Name a file, or pipe lines into the command.");
  return process.stdin;
}

async function* readFileOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
