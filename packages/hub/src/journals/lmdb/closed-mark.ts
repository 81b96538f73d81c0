import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** File with the hash of the data file's first pages at the last close. */
const MARK = "closed";
/** The pages that say where all others are, for any page size. */
const BEGINNING_BYTES = 16 * 1024;

/**
 * Notes the first pages of a closed journal's file. LMDB trusts these pages. If they were changed,
 * LMDB may end the process or read an older state.
 */
export function noteClosed(directory: string): void {
  try {
    writeFileSync(join(directory, MARK), beginningOf(directory));
  } catch {
    // Without a mark, as on a full disk, only the check of the first pages is left out.
  }
}

/**
 * Tells whether the file's first pages differ from those at the last close. This is also the case
 * if a process that has the file open has changed them.
 */
export function isChangedSinceClosed(directory: string): boolean {
  try {
    return readFileSync(join(directory, MARK), "utf8") !== beginningOf(directory);
  } catch {
    return false; // The file was never closed, or is absent.
  }
}

function beginningOf(directory: string): string {
  const fd = openSync(join(directory, "data.mdb"), "r");
  try {
    const bytes = Buffer.alloc(BEGINNING_BYTES);
    return createHash("sha256")
      .update(bytes.subarray(0, readSync(fd, bytes, 0, BEGINNING_BYTES, 0)))
      .digest("hex");
  } finally {
    closeSync(fd);
  }
}
