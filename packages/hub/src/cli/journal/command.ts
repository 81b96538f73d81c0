import { Command } from "commander";
import { configOf, type SettingFlags, withSettings } from "../config/flags.ts";
import type { Key } from "../config/config.ts";
import { createOutput } from "../terminal.ts";

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

const COMPACT_EXAMPLES = `
Examples:
  artesian journal compact                                 the journal of ./data
  artesian journal compact --data /var/lib/artesian

Stop the hub first. Updates that were dropped leave room in the file for others; this gives it back to the disk. The disk needs room for the smaller file
beside the larger one. The epoch stays: subscribers notice nothing.`;

const SETTINGS_OF_JOURNALS: ReadonlySet<Key> = new Set<Key>(["data", "journal"]);

/** `artesian journal` backs up a journal, marks a restored backup and compacts the file. */
export function journalCommand(): Command {
  const backup = new Command("backup")
    .description("copy the journal in its current state, also while the hub runs")
    .argument("<directory>", "target directory, which must be empty or not exist")
    .addHelpText("after", BACKUP_EXAMPLES)
    .action(async (directory: string, flags: SettingFlags) => {
      // Opening journals needs slow imports, which the other commands must not pay for on each run.
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
  const compact = new Command("compact")
    .description("compact the journal's file, while the hub is stopped")
    .addHelpText("after", COMPACT_EXAMPLES)
    .action(async (flags: SettingFlags) => {
      const { compactJournal } = await import("./run.ts");
      await createOutput(process.stdout).line(await compactJournal(configOf(flags)));
    });
  const includes = (key: Key): boolean => SETTINGS_OF_JOURNALS.has(key);
  return new Command("journal")
    .description("back up the journal, mark a restored backup, and compact the file")
    .addHelpText(
      "after",
      [BACKUP_EXAMPLES, RESTORE_EXAMPLES, COMPACT_EXAMPLES]
        .map((text, i) => text.split("\n\n")[0]?.replace(i > 0 ? "\nExamples:" : "", ""))
        .join(""),
    )
    .addCommand(withSettings(backup, includes))
    .addCommand(withSettings(restore, includes))
    .addCommand(withSettings(compact, includes));
}
