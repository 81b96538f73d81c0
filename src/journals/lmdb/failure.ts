import { statfsSync } from "node:fs";
import { HubError } from "../../core/errors.ts";

/** Numbers of the errors of a disk that is full: no space, and over the quota. */
const FULL: ReadonlySet<number> = new Set([28, 122]);
/** What LMDB says of a write that came out short, for want of space, and of a disk that fails. */
const EIO = 5;
/** With less room than this, a write that came out short wanted space. */
const LITTLE_BYTES = 4 * 1024 * 1024;

/** Says why a commit failed, in terms of the hub. */
export async function toHubError(error: unknown, directory: string): Promise<HubError> {
  if (error instanceof HubError) return error;
  // The reason of a failed commit comes by a promise of its own.
  let reason = error;
  try {
    if (hasCommitError(error)) await error.commitError;
  } catch (cause) {
    reason = cause;
  }
  const code = reason instanceof Error && "code" in reason ? reason.code : undefined;
  const isFull =
    (typeof code === "number" && FULL.has(code)) ||
    /no space|ENOSPC|MDB_MAP_FULL|disk quota/i.test(String(reason)) ||
    (code === EIO && hasLittleRoom(directory));
  if (isFull) {
    return new HubError("journal_full", "The journal's disk is full; nothing was published. Free space and publish again.", {
      cause: reason,
    });
  }
  return new HubError("journal_unavailable", "The journal could not be written; nothing was published. Publish again in a moment.", {
    cause: reason,
  });
}

function hasCommitError(error: unknown): error is { readonly commitError: Promise<unknown> } {
  return error instanceof Error && "commitError" in error && error.commitError instanceof Promise;
}

function hasLittleRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize < LITTLE_BYTES;
  } catch {
    return false; // The disk fails, then.
  }
}
