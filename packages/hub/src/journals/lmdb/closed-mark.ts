import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Holds what the file began with when it was closed last. */
const MARK = "closed";
/** The pages that say where all others are, whatever the size of a page. */
const BEGINNING_BYTES = 16 * 1024;

/** Notes how the file of a closed journal begins. LMDB trusts these pages: if they were changed, it may end the process or read an older state. */
export function noteClosed(directory: string): void {
  try {
    writeFileSync(join(directory, MARK), beginningOf(directory));
  } catch {
    // Without a mark, as where the disk is full, only the look at the beginning is left out.
  }
}

/** Whether the file begins with something else than when it was closed last. Also where a process that has it open now has changed it. */
export function isChangedSinceClosed(directory: string): boolean {
  try {
    return readFileSync(join(directory, MARK), "utf8") !== beginningOf(directory);
  } catch {
    return false; // It was never closed, or is not there.
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
