import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSelfNamed, writeSelfNamed } from "../shared/file-identity.ts";

/**
 * Names of the marks: one for each process that has the journal open, and one for processes that
 * ended without closing the journal.
 */
const OPEN = /^open-(\d+)$/;
const UNCLEAN = "unclean";
/** How often this process has each directory open. */
const opened = new Map<string, number>();

/**
 * Tells whether a process ended without closing the journal. If so, its file must be checked before
 * use. LMDB ends the process on a file that it can't read, and each restart would end the same way.
 */
export interface Use {
  /** Whether no other process has the journal open, nor this process. */
  readonly isAlone: boolean;
  /** Ids of the other processes that have the journal open. */
  readonly others: readonly number[];
  /**
   * Whether the file should be checked: a process was cut off, and no other process has the journal
   * open.
   */
  readonly isSuspect: boolean;
  /** Call when the file was found to be sound. */
  clear(): void;
  /**
   * Call when the file may be damaged. The next process that opens the journal alone checks the
   * file.
   */
  suspect(): void;
  /**
   * Call when the journal was closed, or could not be opened. @param wasClosed - Whether the close
   * was clean.
   */
  end(wasClosed: boolean): void;
}

/** Marks a journal's directory as in use by this process. */
export function markInUse(directory: string): Use {
  const own = `open-${process.pid}`;
  const count = opened.get(directory) ?? 0;
  const marks = readdirSync(directory);
  const others = marks.filter((name) => OPEN.test(name) && (name !== own || count === 0));
  // An earlier process with the same id is gone. In a container each process is number 1.
  const isInUse = (name: string): boolean => name !== own && isLiving(name) && readSelfNamed(join(directory, name))?.isOwn !== false;
  const living = others.filter(isInUse);
  const gone = others.filter((name) => !living.includes(name));
  for (const name of gone) attempt(() => renameSync(join(directory, name), join(directory, UNCLEAN)));
  opened.set(directory, count + 1);
  attempt(() => {
    // The mark names itself, so that its copy is not taken for a mark of a journal in use.
    if (count === 0) writeSelfNamed(join(directory, own), "");
    flush(directory);
  });
  const isAlone = living.length === 0 && count === 0;
  return {
    isAlone,
    others: living.map(processOf),
    isSuspect: (gone.length > 0 || marks.includes(UNCLEAN)) && isAlone,
    suspect: () => attempt(() => writeFileSync(join(directory, UNCLEAN), "")),
    clear: () => attempt(() => rmSync(join(directory, UNCLEAN), { force: true })),
    end: (wasClosed) => {
      const left = (opened.get(directory) ?? 1) - 1;
      opened.set(directory, left);
      if (left > 0) return;
      opened.delete(directory);
      attempt(() =>
        wasClosed ? rmSync(join(directory, own), { force: true }) : renameSync(join(directory, own), join(directory, UNCLEAN)),
      );
    },
  };
}

function processOf(name: string): number {
  return Number(OPEN.exec(name)?.[1]);
}

function isLiving(name: string): boolean {
  try {
    process.kill(processOf(name), 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Flushes a directory. A power cut must not remove the mark and keep the open journal's writes. */
function flush(directory: string): void {
  const fd = openSync(directory, "r");
  fsyncSync(fd);
  closeSync(fd);
}

/** Without a mark, as on a full disk, everything works except the check of the file. */
function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // Only the check of the file is left out.
  }
}
