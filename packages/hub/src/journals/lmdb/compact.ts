import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { flush, mustExist } from "./backup.ts";
import { identityOf } from "../shared/file-identity.ts";
import { writeFileName } from "./format.ts";
import { openRoot } from "./open-root.ts";
import { findDamage } from "./tree-check.ts";

/**
 * Directory for the smaller file, inside the journal's directory. A rename must not leave the
 * filesystem.
 */
const WORKPLACE = "compact";

/** Sizes of a journal's file, in bytes. */
export interface Compacted {
  readonly before: number;
  readonly after: number;
}

/**
 * Makes a journal's file smaller. Dropped records leave free pages in the file, which only a copy
 * leaves out. The epoch stays, and no record is lost.
 *
 * The copy replaces the file by a rename, so that a crash at any moment leaves one of the two. The
 * disk needs room for both meanwhile. A file that would not get smaller stays as it is.
 *
 * @param markFile - As the journal is opened with.
 * @throws Error if there is no journal, a process has the journal open, or the copy can't be made.
 *   The file is then unchanged.
 */
export async function compact(directory: string, markFile?: string): Promise<Compacted> {
  mustExist(directory);
  const [file, workplace] = [join(directory, "data.mdb"), join(directory, WORKPLACE)];
  const copy = join(workplace, "data.mdb");
  const { root, close } = openRoot({ directory, markFile, isAlone: true });
  try {
    const { mode, uid, gid, size: before } = statSync(file);
    rmSync(workplace, { recursive: true, force: true });
    mkdirSync(workplace, { mode: 0o700 });
    const transaction = lastTransaction(root);
    await root.backup(workplace, true);
    const after = statSync(copy).size;
    if (after >= before) return { before, after: before };
    await nameItself(workplace, copy);
    const damage = findDamage(copy);
    if (damage !== undefined) throw new Error(`The copy of the journal in ${directory} is damaged: ${damage}. The journal is unchanged.`);
    chmodSync(copy, mode & 0o777);
    if (process.getuid?.() !== uid || process.getgid?.() !== gid) chownSync(copy, uid, gid);
    flush(copy);
    // Within a transaction nobody else writes. A process that opens the files at this moment finds
    // that they were replaced before it acknowledges anything.
    root.transactionSync(() => {
      if (lastTransaction(root) !== transaction)
        throw new Error(`The journal in ${directory} was written to meanwhile. Stop the hub, then try again.`);
      // The locks hold numbers of the file's transactions, and the copy counts from the start.
      rmSync(join(directory, "lock.mdb"), { force: true });
      renameSync(copy, file);
    });
    flush(directory);
    return { before, after: statSync(file).size };
  } finally {
    rmSync(workplace, { recursive: true, force: true });
    await close(true);
  }
}

function lastTransaction(root: RootDatabase): number {
  return (root.getStats() as { readonly lastTxnId: number }).lastTxnId;
}

/**
 * Notes in the copy that it is the journal's file, so that it does not count as a restored backup.
 */
async function nameItself(workplace: string, copy: string): Promise<void> {
  const root = open({ path: workplace, noSubdir: false, overlappingSync: false, eventTurnBatching: false });
  try {
    const meta = root.openDB<unknown, string>({ name: "meta", encoding: "msgpack" });
    root.transactionSync(() => writeFileName(meta, identityOf(copy)));
  } finally {
    await root.close();
  }
}
