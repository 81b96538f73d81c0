import { closeSync, fchmodSync, fchownSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Failure } from "../errors.ts";
import { targetOf } from "./file.ts";

/**
 * Replaces a file at once: a reader finds the old content or the new one. Keeps the file's owner,
 * group, mode, and the symbolic links to the file. The new file is also the lock, so that no other
 * command replaces the file in between.
 *
 * @param edit - Reads the file, and returns the new text and a result.
 * @returns The result.
 * @throws Failure if another command holds the lock, or the owner or the group can't be kept.
 * @throws Error of the system, with a `code`, if the file can't be replaced. The old file stays.
 */
export function replaceFile<T>(file: string, edit: () => readonly [text: string, result: T]): T {
  const target = targetOf(file);
  const next = `${target}.new`;
  const descriptor = openLock(next);
  let isReplaced = false;
  try {
    const [text, result] = edit();
    // Writes all bytes or throws, for example on a full disk.
    writeFileSync(descriptor, text);
    keepRights(descriptor, target);
    fsyncSync(descriptor);
    renameSync(next, target);
    isReplaced = true;
    return result;
  } finally {
    closeSync(descriptor);
    // After the rename, a file of this name is another command's.
    if (!isReplaced) rmSync(next, { force: true });
  }
}

function openLock(next: string): number {
  try {
    return openSync(next, "wx", 0o600);
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, "code") !== "EEXIST") throw error;
    const message = `${next} is there: another command changes the keys. If none does, a command was cut off: delete that file.`;
    throw new Failure(message, { cause: error });
  }
}

/** Gives the new file the owner, the group and the mode of the old one. */
function keepRights(descriptor: number, target: string): void {
  const { uid, gid, mode } = statSync(target);
  const own = fstatSync(descriptor);
  if (own.uid !== uid || own.gid !== gid) {
    try {
      fchownSync(descriptor, uid, gid);
    } catch (error) {
      throw new Failure(`${target} was not changed: this user can't keep its owner and group (${uid}:${gid}). Run the command as root.`, {
        cause: error,
      });
    }
  }
  // After the owner, so that nobody else may read the file in between.
  fchmodSync(descriptor, mode & 0o777);
}
