import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const FILE = /^(?:identity|mark|(\d{16})\.(?:log|index|table))(?:\.new)?$/;
const CLAIM = /^writer-\d+$/;
/** Offsets have 48 bits in an entry. */
const MOST_OFFSET: number = 2 ** 48 - 1;

/**
 * Looks at the names that a journal uses. To open a pipe that has such a name would hang the
 * process.
 *
 * @throws Error if one of them is no file, or no file of a journal, or if the directory has a
 *   journal of an earlier version, which LMDB wrote.
 */
export function refuseForeignFiles(directory: string): void {
  for (const entry of entriesOf(directory)) {
    const why = whyForeign(directory, entry);
    if (why !== undefined) throw new Error(`The journal in ${directory} ${why} Move it away, or name another directory.`);
  }
}

function whyForeign(directory: string, entry: Dirent): string | undefined {
  const { name } = entry;
  if (name === "data.mdb") return "was written with LMDB by an earlier version, and this version does not read it.";
  const [isOurs, digits] = FILE.exec(name) ?? [];
  if (isOurs !== undefined) {
    if (!isFile(directory, entry)) return `cannot be opened: ${name} is no file.`;
    return Number(digits ?? 1) <= MOST_OFFSET
      ? undefined
      : `cannot be opened: ${name} is no segment, because no journal has so many records.`;
  }
  return CLAIM.test(name) && entry.isDirectory() ? `cannot be opened: ${name} is a directory.` : undefined;
}

function isFile(directory: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile();
  // What a link leads to may be missing for now.
  return statSync(join(directory, entry.name), { throwIfNoEntry: false })?.isFile() ?? true;
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    // The directory is made or opened next, and that error names the fault.
    return [];
  }
}
