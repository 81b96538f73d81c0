/** Exit codes: fixed, because scripts compare them. */
export const EXIT = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** The command was called in a way that it can't be: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command was right but could not be done: exit code 1. The message says why and what to do. */
export class Failure extends Error {
  override readonly name = "Failure";
}
