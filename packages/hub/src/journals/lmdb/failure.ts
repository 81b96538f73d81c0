import { statfsSync } from "node:fs";
import { HubError } from "../../core/errors.ts";

/** Error numbers of a full disk: no space, and over the quota. */
const FULL: ReadonlySet<number> = new Set([28, 122]);
/** LMDB's error both for a short write, for want of space, and for a disk that fails. */
const EIO = 5;
/** Free space in bytes below which a short write counts as want of space. */
const LITTLE_BYTES = 4 * 1024 * 1024;

/**
 * LMDB's error numbers for a damaged file. They stand for a page that is missing, changed or in the
 * wrong place, and for a file of another kind. They also stand for a tree that is too deep, and for
 * an environment that has given up.
 */
const DAMAGED: ReadonlySet<number> = new Set([-30797, -30796, -30795, -30793, -30787, -30786, -30784, -30780, -30779]);

const BAD_TXN = -30782;

/** Damage of a journal's file, in words for the operator. */
export class Damage extends Error {
  override readonly name = "Damage";
}

/**
 * Tells whether the store failed, rather than the decoder of its values. After a store error the
 * transaction answers nothing more, so the error must never count as a damaged value.
 */
export function isStoreError(error: unknown): error is Error {
  return error instanceof Error && (("code" in error && typeof error.code === "number") || /MDB_|^Invalid key size/.test(error.message));
}

/** Tells whether an error says that the file is damaged. */
export function isDamage(error: unknown): error is Error {
  if (error instanceof Damage) return true;
  if (!isStoreError(error)) return false;
  return (
    ("code" in error && DAMAGED.has(error.code as number)) ||
    /MDB_(CORRUPTED|INVALID|PAGE_NOTFOUND|PANIC)|^Invalid key size/.test(error.message)
  );
}

/**
 * Tells whether an error may come from damage. LMDB gives the same error after an earlier error in
 * the same transaction, and directly at some damages. Only a check of the file decides.
 */
export function isDoubtful(error: unknown): boolean {
  return isStoreError(error) && (("code" in error && error.code === BAD_TXN) || error.message.includes("MDB_BAD_TXN"));
}

/** Translates a read error into the hub's terms. */
export function toReadError(error: unknown): unknown {
  if (!isStoreError(error)) return error;
  return new HubError("journal_unavailable", "The journal could not be read. Try again in a moment.", { cause: error });
}

/** Finds out why a commit failed. The reason comes by a promise of its own. */
export async function reasonOf(error: unknown): Promise<unknown> {
  try {
    if (hasCommitError(error)) await error.commitError;
  } catch (reason) {
    return reason;
  }
  return error;
}

/** Translates a commit's failure into the hub's terms. */
export function toHubError(reason: unknown, directory: string): HubError {
  if (reason instanceof HubError) return reason;
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
    return false; // Free space is unknown, so the disk itself fails.
  }
}
