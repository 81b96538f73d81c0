import { statfsSync } from "node:fs";
import { HubError } from "../../core/errors.ts";

/** Numbers of the errors of a disk that is full: no space, and over the quota. */
const FULL: ReadonlySet<number> = new Set([28, 122]);
/** What LMDB says of a write that came out short, for want of space, and of a disk that fails. */
const EIO = 5;
/** With less room than this, a write that came out short wanted space. */
const LITTLE_BYTES = 4 * 1024 * 1024;

/**
 * LMDB's numbers for a file that is not what it wrote: a page that is missing, changed or in the wrong place, a file of another kind, a tree that is too deep, and an environment that
 * has given up.
 */
const DAMAGED: ReadonlySet<number> = new Set([-30797, -30796, -30795, -30793, -30787, -30786, -30784, -30780, -30779]);

const BAD_TXN = -30782;

/** Damage of a journal's file, in words for the operator. */
export class Damage extends Error {
  override readonly name = "Damage";
}

/**
 * Whether the store failed, rather than what decodes its values. After such an error the transaction answers nothing more, so that the error must never be taken for
 * a value that is damaged.
 */
export function isStoreError(error: unknown): error is Error {
  return error instanceof Error && (("code" in error && typeof error.code === "number") || /MDB_|^Invalid key size/.test(error.message));
}

/** Whether an error says that the file is damaged. */
export function isDamage(error: unknown): error is Error {
  if (error instanceof Damage) return true;
  if (!isStoreError(error)) return false;
  return (
    ("code" in error && DAMAGED.has(error.code as number)) ||
    /MDB_(CORRUPTED|INVALID|PAGE_NOTFOUND|PANIC)|^Invalid key size/.test(error.message)
  );
}

/**
 * Whether an error may come of damage: LMDB answers so after an error in the same transaction, and at some damages at once. Only a look at the file tells.
 */
export function isDoubtful(error: unknown): boolean {
  return isStoreError(error) && (("code" in error && error.code === BAD_TXN) || error.message.includes("MDB_BAD_TXN"));
}

/** Says in terms of the hub why something could not be read. */
export function toReadError(error: unknown): unknown {
  if (!isStoreError(error)) return error;
  return new HubError("journal_unavailable", "The journal could not be read. Try again in a moment.", { cause: error });
}

/** Finds out why a commit failed: the reason comes by a promise of its own. */
export async function reasonOf(error: unknown): Promise<unknown> {
  try {
    if (hasCommitError(error)) await error.commitError;
  } catch (reason) {
    return reason;
  }
  return error;
}

/** Says in terms of the hub why a commit failed. */
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
    return false; // The disk fails, then.
  }
}
