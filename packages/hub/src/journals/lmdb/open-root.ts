import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { makeDirectory } from "../../make-directory.ts";
import { isChangedSinceClosed, noteClosed } from "./closed-mark.ts";
import { identityOf } from "./file-identity.ts";
import { Damage, isDamage, isDoubtful } from "./failure.ts";
import { type Databases, damaged, identify, OtherJournal } from "./format.ts";
import { markInUse } from "./in-use.ts";
import { Mark } from "./mark.ts";
import { findDamage, isShort } from "./tree-check.ts";

/** An open journal's file. */
export interface OpenRoot extends Databases {
  readonly root: RootDatabase;
  readonly epoch: string;
  readonly mark: Mark;
  /** Has the next start look at the file, also if this process crashes. */
  readonly suspect: () => void;
  /** @param isSound - Whether nothing is known to be wrong with the files, and they are where they were. */
  readonly close: (isSound: boolean) => Promise<void>;
}

/** How a journal's file is opened. */
export interface OpenRootOptions {
  readonly directory: string;
  /** Default: `mark` in the directory. */
  readonly markFile?: string | undefined;
  /** Called when the data are ones that were put back: with that in words. Default: a warning of the process. */
  readonly onPutBack?: ((what: string) => void) | undefined;
  /** Is told when data of an older version were converted. */
  readonly onConverted?: ((what: string) => void) | undefined;
  /** Says that the data were put back. */
  readonly isDeclared?: boolean | undefined;
  /** Whether it is refused while the journal is open elsewhere, in this process or another. */
  readonly isAlone?: boolean | undefined;
  /** The epoch of the journal that is wanted. None is begun then, and no other is opened. */
  readonly wanted?: string | undefined;
}

/**
 * Opens a journal's file, or begins one.
 *
 * Where a process was cut off before it closed the file, and where its end is missing or its beginning was changed since, the file is first looked at page by page: about a
 * second for each GiB.
 *
 * @throws Error when the directory cannot be made or written, or holds a journal of a newer format, or one that is damaged, or not the wanted one, or one that is in use and must not be.
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
    // Without overlapping sync a commit returns after the flush; with it, simulated power cuts lost acknowledged rows.
    // With batching by event turn, a failed commit rejects a second promise that nobody can handle, and ends the process.
    root = open({ path: directory, noSubdir: false, overlappingSync: false, eventTurnBatching: false, encoding: "msgpack" });
    // Private updates are for this user alone. Files that are there keep the rights that they were given.
    if (isNew) for (const name of ["data.mdb", "lock.mdb"]) chmodSync(join(directory, name), 0o600);
    const databases: Databases = {
      rows: root.openDB({ name: "rows", encoding: "msgpack" }),
      // Several offsets an id, in order: a reused id resolves to the earliest held.
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
