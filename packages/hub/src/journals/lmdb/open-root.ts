import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { makeDirectory } from "../../make-directory.ts";
import { isChangedSinceClosed, noteClosed } from "./closed-mark.ts";
import { identityOf } from "../shared/file-identity.ts";
import { Damage, isDamage, isDoubtful } from "./failure.ts";
import { type Databases, damaged, identify, OtherJournal } from "./format.ts";
import { markInUse } from "./in-use.ts";
import { Mark } from "../shared/mark.ts";
import { findDamage, isShort } from "./tree-check.ts";

/** An open journal's file. */
export interface OpenRoot extends Databases {
  readonly root: RootDatabase;
  readonly epoch: string;
  readonly mark: Mark;
  /** Makes the next start check the file, even if this process crashes. */
  readonly suspect: () => void;
  /** @param isSound - Whether no fault is known, and the files are in place. */
  readonly close: (isSound: boolean) => Promise<void>;
}

/** Options for opening a journal's file. */
export interface OpenRootOptions {
  readonly directory: string;
  /** Default: `mark` in the directory. */
  readonly markFile?: string | undefined;
  /** Called with a description if the data were restored. Default: a warning of the process. */
  readonly onPutBack?: ((what: string) => void) | undefined;
  /** Called if data of an older version were converted. */
  readonly onConverted?: ((what: string) => void) | undefined;
  /** Declares that the data were restored. */
  readonly isDeclared?: boolean | undefined;
  /** Whether to refuse a journal that is open elsewhere, in this process or another. */
  readonly isAlone?: boolean | undefined;
  /** The required epoch. No new journal is begun then, and no other is opened. */
  readonly wanted?: string | undefined;
}

/**
 * Opens a journal's file, or begins a journal.
 *
 * The file is first checked page by page if a process was cut off before it closed the file. The
 * same check runs if the file's end is missing, or if its first pages were changed since the close.
 * The check takes about a second for each GiB.
 *
 * @throws Error if the directory cannot be made or written. Also if its journal has a newer format,
 *   is damaged, is not the required one, or is in use against `isAlone`.
 */
export function openRoot({
  directory,
  markFile,
  onPutBack = (what) => process.emitWarning(what),
  onConverted,
  isDeclared = false,
  isAlone = false,
  wanted,
}: OpenRootOptions): OpenRoot {
  const file = join(directory, "data.mdb");
  if (wanted !== undefined && !existsSync(file)) throw new OtherJournal(directory);
  makeDirectory(directory);
  const use = markInUse(directory);
  if (isAlone && !use.isAlone) {
    use.end(true);
    const processes = use.others.map((id) => `process ${id}`).join(", ") || "this process";
    throw new Error(`The journal in ${directory} is in use by ${processes}. Stop the hub, then try again.`);
  }
  let root: RootDatabase | undefined;
  try {
    const isNew = !existsSync(file);
    if (use.isSuspect || isShort(file) || (use.isAlone && isChangedSinceClosed(directory))) {
      const damage = findDamage(file);
      if (damage !== undefined) throw new Damage(`of data.mdb, ${damage}`);
      use.clear();
    }
    // Without overlapping sync a commit returns after the flush. With overlapping sync, simulated
    // power cuts lost acknowledged rows. With batching by event turn, a failed commit rejects a
    // second promise that nobody can handle, and ends the process.
    root = open({ path: directory, noSubdir: false, overlappingSync: false, eventTurnBatching: false, encoding: "msgpack" });
    // Private updates are for this user alone. Existing files keep their rights.
    if (isNew) for (const name of ["data.mdb", "lock.mdb"]) chmodSync(join(directory, name), 0o600);
    const databases: Databases = {
      rows: root.openDB({ name: "rows", encoding: "msgpack" }),
      // Several offsets per id, in order. A reused id resolves to the earliest record held.
      ids: root.openDB({ name: "ids", dupSort: true, encoding: "ordered-binary" }),
      meta: root.openDB({ name: "meta", encoding: "msgpack" }),
      entries: root.openDB({ name: "state", encoding: "string" }),
      keys: root.openDB({ name: "keys", encoding: "string" }),
      keyEnds: root.openDB({ name: "key-ends", encoding: "string" }),
    };
    const mark = new Mark(markFile ?? join(directory, "mark"));
    const { epoch, putBack, convertedFrom } = root.transactionSync(() =>
      identify(databases, { directory, file: identityOf(file), mark, isDeclared, wanted }),
    );
    if (convertedFrom !== undefined) {
      onConverted?.(
        `The journal in ${directory} was converted from format ${convertedFrom}. Older versions of Artesian can't read it any more.`,
      );
    }
    if (putBack !== undefined) {
      onPutBack(
        `The data in ${directory} were put back (${putBack}). The journal begins a new epoch, so that subscribers are told of a gap.`,
      );
    }
    const opened = root;
    const close = async (isSound: boolean): Promise<void> => {
      await opened.close();
      if (isSound) noteClosed(directory);
      use.end(isSound);
    };
    return { root, ...databases, epoch, mark, suspect: () => use.suspect(), close };
  } catch (error) {
    void root?.close();
    use.end(error instanceof OtherJournal);
    if (isDamage(error) || isDoubtful(error) || (error instanceof Error && /MessagePack|end of buffer/.test(error.message))) {
      throw new Error(damaged(directory, (error as Error).message), { cause: error });
    }
    throw error;
  }
}
