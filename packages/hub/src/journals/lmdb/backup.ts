import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { makeDirectory } from "../../make-directory.ts";
import { readState } from "./format.ts";
import { openRoot } from "./open-root.ts";

/** Which journal was declared to be one that was put back. */
export interface DeclaredRestored {
  /** The new epoch. */
  readonly epoch: string;
  /** How many updates the journal holds. */
  readonly updates: number;
}

/**
 * Copies a journal, as it is at one moment, into another directory. Other processes may write to the journal meanwhile; what they append after the beginning is not in the
 * copy. The journal's file does not shrink while it lasts, and may grow.
 *
 * @param to - A directory, which is made; one that is there must be empty.
 * @throws Error when there is no journal, the directory has something in it, or can't be written.
 */
export async function backUp(directory: string, to: string): Promise<void> {
  mustExist(directory);
  makeDirectory(to);
  if (readdirSync(to).length > 0) throw new Error(`The directory ${to} is not empty. Name one that is, or does not exist.`);
  const root = open({ path: directory, noSubdir: false, readOnly: true });
  try {
    await root.backup(to, false);
  } finally {
    await root.close();
  }
  // It holds private updates, like the journal itself.
  chmodSync(join(to, "data.mdb"), 0o600);
  // A backup that a power cut takes away is none.
  flush(join(to, "data.mdb"), to);
}

/**
 * Says that the data of a journal were put back, when nothing else tells it: as after a disk was set back to a snapshot. The journal begins a new epoch, so that each subscriber
 * that comes back is told of a gap.
 *
 * @param markFile - As the journal is opened with.
 * @throws Error when there is no journal, or a process has it open.
 */
export async function declareRestored(directory: string, markFile?: string): Promise<DeclaredRestored> {
  mustExist(directory);
  const { epoch, meta, close } = openRoot({ directory, markFile, isDeclared: true, isAlone: true, onPutBack: () => undefined });
  const [head, tail] = readState(meta) ?? [1, 0];
  await close(true);
  return { epoch, updates: tail + 1 - head };
}

/** Waits until files and directories are on the disk. */
export function flush(...paths: readonly string[]): void {
  for (const path of paths) {
    const fd = openSync(path, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/** @throws Error if a directory holds no journal. */
export function mustExist(directory: string): void {
  if (!existsSync(join(directory, "data.mdb"))) throw new Error(`There is no journal in ${directory}.`);
}
