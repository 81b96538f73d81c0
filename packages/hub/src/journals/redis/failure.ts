import { HubError } from "../../core/errors.ts";
import { ReplyError } from "./connection.ts";

/** Retry time, in milliseconds. */
const RETRY_MS = 1000;

/** Errors of a Redis that has not begun to run a command. */
const UNTOUCHED = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|CROSSSLOT|LOADING|MASTERDOWN|BUSY|NOAUTH|NOPERM|NOSCRIPT)\b/;

/** Makes the error for an append that stored nothing. @param cause - For logs. */
export function unavailable(why: string, cause?: unknown): HubError {
  return new HubError("journal_unavailable", `${why} Nothing was published. Publish again in a moment.`, { cause, retryAfterMs: RETRY_MS });
}

/** Makes the error for a write that was sent, with an unknown outcome. */
export function unknownOutcome(why: string, cause?: unknown): HubError {
  return new HubError(
    "outcome_unknown",
    `${why} It may or may not have been published. An idempotency key makes it safe to publish again.`,
    {
      cause,
      retryAfterMs: RETRY_MS,
    },
  );
}

/** Translates a write's failure into the hub's terms. */
export function writeFailure(error: unknown): HubError {
  if (error instanceof HubError) return error;
  if (!(error instanceof ReplyError)) return unknownOutcome("The connection to the journal's Redis was lost.", error);
  const { message } = error;
  if (/\bOOM\b/.test(message)) {
    return new HubError(
      "journal_full",
      "The memory of the journal's Redis is full; nothing was published. Raise maxmemory, or keep less.",
      {
        cause: error,
        retryAfterMs: RETRY_MS,
      },
    );
  }
  if (/\bMISCONF\b/.test(message)) {
    // The error about the append-only file has the system's words. The error about snapshots has
    // not.
    if (/no space|quota/i.test(message)) {
      return new HubError("journal_full", "The disk of the journal's Redis is full; nothing was published. Free space and publish again.", {
        cause: error,
        retryAfterMs: RETRY_MS,
      });
    }
    return unavailable("The journal's Redis cannot save to its disk and takes no updates.", error);
  }
  if (/\bNOREPLICAS\b/.test(message)) return unavailable("The journal's Redis has fewer replicas than it is set to need.", error);
  if (/\bREADONLY\b/.test(message)) return unavailable("The journal's Redis has become a replica.", error);
  // A command that is forbidden within the script may come after its writes.
  const isWithin = /\bNOPERM\b.*\bscript\b/s.test(message);
  if (UNTOUCHED.test(message) && !isWithin) return unavailable("The journal's Redis could not take the update.", error);
  // A script that ended in the middle, as after a key has changed its type, may have written
  // before.
  return unknownOutcome("The journal's Redis failed at the update.", error);
}

/** Translates a read's failure into the hub's terms. */
export function readFailure(cause: unknown): HubError {
  return cause instanceof HubError ? cause : unreadable(cause);
}

/** @param cause - For logs. The cause may name the server, which clients must not see. */
export function unreadable(cause: unknown): HubError {
  return new HubError("journal_unavailable", "The journal's Redis cannot be read. Try again in a moment.", {
    cause,
    retryAfterMs: RETRY_MS,
  });
}
