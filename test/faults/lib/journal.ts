import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** How the files of a journal are laid out, as far as the scenarios touch them. */
interface JournalFiles {
  readonly name: "log" | "lmdb";
  /** The files with the updates and all that belongs to them. */
  readonly data: (directory: string) => readonly string[];
  /** A file that the processes keep open. Without it, the journal is gone. */
  readonly vital: (directory: string) => string;
  /** A module for `--import` that makes the journal acknowledge without flushing. */
  readonly noSync: string;
}

const FILES: readonly JournalFiles[] = [
  {
    name: "log",
    data: (directory) => matching(directory, /\.(?:log|index|table)$|^identity$/),
    // The newest segment.
    vital: (directory) => matching(directory, /\.log$/).at(-1) ?? "",
    noSync: fileURLToPath(new URL("no-sync-log.mjs", import.meta.url)),
  },
  {
    name: "lmdb",
    data: (directory) => [join(directory, "data.mdb")],
    vital: (directory) => join(directory, "data.mdb"),
    noSync: fileURLToPath(new URL("no-sync.mjs", import.meta.url)),
  },
];

/** The journal under test: named by `FAULTS_JOURNAL`. */
export const JOURNAL: JournalFiles = FILES.find(({ name }) => name === process.env["FAULTS_JOURNAL"]) ?? (FILES[1] as JournalFiles);

function matching(directory: string, names: RegExp): readonly string[] {
  return readdirSync(directory)
    .filter((name) => names.test(name))
    .toSorted()
    .map((name) => join(directory, name));
}
