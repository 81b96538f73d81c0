import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { isChangedSinceClosed, noteClosed } from "./closed-mark.ts";
import { type Databases, damaged, identify } from "./format.ts";
import { markInUse } from "./in-use.ts";
import { findDamage, isShort } from "./tree-check.ts";

/** An open journal's file. */
export interface OpenRoot extends Databases {
  readonly root: RootDatabase;
  readonly epoch: string;
  readonly close: () => Promise<void>;
}

/**
 * Opens a journal's file, or begins one.
 *
 * Where a process was cut off before it closed the file, and where its end is missing or its beginning was changed since, the file is first looked at page by page: about a
 * second for each GiB.
 *
 * @throws Error when the directory cannot be made or written, or holds a journal of a newer format, or one that is damaged.
 */
export function openRoot(directory: string): OpenRoot {
  mkdirSync(directory, { recursive: true });
  const use = markInUse(directory);
  let root: RootDatabase | undefined;
  try {
    const file = join(directory, "data.mdb");
    if (use.isSuspect || isShort(file) || (use.isAlone && isChangedSinceClosed(directory))) {
      const damage = findDamage(file);
      if (damage !== undefined) throw new Error(damaged(directory, `of data.mdb, ${damage}`));
      use.clear();
    }
    // Without overlapping sync a commit returns after the flush; with it, simulated power cuts lost acknowledged rows.
    // With batching by event turn, a failed commit rejects a second promise that nobody can handle, and ends the process.
    root = open({ path: directory, noSubdir: false, overlappingSync: false, eventTurnBatching: false, encoding: "msgpack" });
    const databases: Databases = {
      rows: root.openDB({ name: "rows", encoding: "msgpack" }),
      // Several offsets an id, in order: a reused id resolves to the earliest held.
      ids: root.openDB({ name: "ids", dupSort: true, encoding: "ordered-binary" }),
      meta: root.openDB({ name: "meta", encoding: "msgpack" }),
      entries: root.openDB({ name: "state", encoding: "string" }),
      keys: root.openDB({ name: "keys", encoding: "string" }),
      keyEnds: root.openDB({ name: "key-ends", encoding: "string" }),
    };
    const epoch = root.transactionSync(() => identify(databases, directory));
    const opened = root;
    const close = async (): Promise<void> => {
      await opened.close();
      noteClosed(directory);
      use.end(true);
    };
    return { root, ...databases, epoch, close };
  } catch (error) {
    void root?.close();
    use.end(false);
    if (error instanceof Error && /MDB_(CORRUPTED|INVALID|PAGE_NOTFOUND|PANIC|BAD_TXN)|MessagePack|end of buffer/.test(error.message)) {
      throw new Error(damaged(directory, error.message), { cause: error });
    }
    throw error;
  }
}
