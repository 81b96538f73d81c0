import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { makeDirectory } from "../../make-directory.ts";
import { readState } from "./format.ts";
import { openRoot } from "./open-root.ts";

/** Result of {@link declareRestored}. */
export interface DeclaredRestored {
  /** The new epoch. */
  readonly epoch: string;
  /** Number of updates that the journal holds. */
  readonly updates: number;
}

/**
 * Copies a journal, as of one moment, into another directory. Other processes may write to the
 * journal meanwhile. Their appends after the start are not in the copy. The journal's file does not
 * shrink during the copy, and may grow.
 *
 * @param to - Directory to make. An existing directory must be empty.
 * @throws Error if there is no journal, the directory is not empty, or it can't be written.
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
  // The copy holds private updates, like the journal itself.
  chmodSync(join(to, "data.mdb"), 0o600);
  // A backup that a power cut takes away is no backup.
  flush(join(to, "data.mdb"), to);
}

/**
 * Declares that the data of a journal were restored, when nothing else shows this, as after a disk
 * was set back to a snapshot. The journal begins a new epoch, so that each subscriber that comes
 * back is told of a gap.
 *
 * @param markFile - As the journal is opened with.
 * @throws Error if there is no journal, or a process has the journal open.
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
