/** Exit codes. They are fixed, because scripts compare them. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** The command was called incorrectly. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * The command was called correctly but failed. Exit code 1. The message says why and what to do.
 */
export class Failure extends Error {
  override readonly name = "Failure";
}
