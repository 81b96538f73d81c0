import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSelfNamed, writeSelfNamed } from "./file-identity.ts";

/** Names of the marks: one of each process that has the journal open, and one for those that are gone and did not close it. */
const OPEN = /^open-(\d+)$/;
const UNCLEAN = "unclean";
/** How often this process has each directory open. */
const opened = new Map<string, number>();

/**
 * Says whether a process ended without closing the journal, in which case its file deserves a look before it is used: one that LMDB can't
 * read ends the process, and who restarts it would do so for ever.
 */
export interface Use {
  /** Whether no other process has the journal open, nor this one. */
  readonly isAlone: boolean;
  /** Ids of the other processes that have it open. */
  readonly others: readonly number[];
  /** Whether the file should be looked at: a process was cut off, and no other one has the journal open. */
  readonly isSuspect: boolean;
  /** Call when the file was found to be sound. */
  clear(): void;
  /** Call when the file may be damaged: the next process that has it alone looks at it. */
  suspect(): void;
  /** Call when the journal was closed, or could not be opened. @param wasClosed - Whether all is well. */
  end(wasClosed: boolean): void;
}

/** Marks a journal's directory as in use by this process. */
export function markInUse(directory: string): Use {
  const own = `open-${process.pid}`;
  const count = opened.get(directory) ?? 0;
  const marks = readdirSync(directory);
  const others = marks.filter((name) => OPEN.test(name) && (name !== own || count === 0));
  // A process with the id of this one is gone: in a container each is number 1.
  const isInUse = (name: string): boolean => name !== own && isLiving(name) && readSelfNamed(join(directory, name))?.isOwn !== false;
  const living = others.filter(isInUse);
  const gone = others.filter((name) => !living.includes(name));
  for (const name of gone) attempt(() => renameSync(join(directory, name), join(directory, UNCLEAN)));
  opened.set(directory, count + 1);
  attempt(() => {
    // It names itself, so that a copy that was made meanwhile is not taken for one that is in use.
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

/** A power cut must not take the mark away while it leaves what the mark is about. */
function flush(directory: string): void {
  const fd = openSync(directory, "r");
  fsyncSync(fd);
  closeSync(fd);
}

/** Without a mark, as where the disk is full, all works but the look at the file. */
function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // As above.
  }
}
