import { HubError } from "../../../core/errors.ts";

/** Errors of a full disk: no space, over the quota, and a limit on the size of files. */
const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** Translates an error of the files into the hub's terms. Nothing of the append is in the log. */
export function toWriteError(error: unknown): HubError {
  if (error instanceof HubError) return error;
  if (error instanceof Error && "code" in error && FULL.has(error.code)) {
    return new HubError("journal_full", "The journal's disk is full; nothing was published. Free space and publish again.", {
      cause: error,
    });
  }
  return new HubError("journal_unavailable", "The journal could not be written; nothing was published. Publish again in a moment.", {
    cause: error,
  });
}

/** Makes the error of a process that is not the writer any more. Nothing of the append is in the log. */
export function deposed(): HubError {
  return new HubError("journal_unavailable", "Another process writes the journal now. Try again in a moment.", { retryAfterMs: 1000 });
}

/** Makes the error of an append that may be in the log or not. */
export function outcomeUnknown(cause: unknown): HubError {
  return new HubError("outcome_unknown", "The journal's files failed while the update was written. It may be published or not.", { cause });
}

/** Translates an error of a read into the hub's terms. */
export function toReadError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  return new HubError("journal_unavailable", "The journal could not be read. Try again in a moment.", { cause: error });
}
