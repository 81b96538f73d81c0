import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The files with the updates of a journal, and all that belongs to them. */
export function journalFiles(directory: string): readonly string[] {
  return matching(directory, /\.(?:log|index|table)$|^identity$/);
}

/** The newest segment, which the processes keep open. Without it, the journal is gone. */
export function newestSegment(directory: string): string {
  return matching(directory, /\.log$/).at(-1) ?? "";
}

function matching(directory: string, names: RegExp): readonly string[] {
  return readdirSync(directory)
    .filter((name) => names.test(name))
    .toSorted()
    .map((name) => join(directory, name));
}
