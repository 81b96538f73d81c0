import type { ClientError } from "./error.ts";
import type { Tokens } from "./token.ts";

/** Most new tokens in a row that the hub may refuse. */
const MAX_REFUSED_TOKENS = 2;

/** The reaction to a failure: another attempt at once, another after a delay, or the end. */
export type Verdict = "at once" | "later" | "never";

/**
 * Codes of answers that no hub gave. A proxy's page or another server stands in the hub's place
 * during an outage.
 */
const FOREIGN: readonly string[] = ["http_error", "not_a_stream"];

/** Tells an expired token from an unwanted token, and an outage from a refusal. */
export interface Refusals {
  /** The hub took this token. */
  accepted(token: string | undefined): void;
  /**
   * Judges a failure. After 401, the token is not used again.
   *
   * @param token - The token of the connection, or undefined if there was none yet.
   */
  judge(error: ClientError, token: string | undefined): Verdict;
}

/**
 * Counts refusals since the last connection that worked.
 *
 * @param giveUpAfterMs - How long foreign answers count as an outage after a connection worked, in
 *   milliseconds.
 */
export function createRefusals(tokens: Tokens, giveUpAfterMs: number): Refusals {
  let hasWorked = false;
  let outageSinceMs: number | undefined;
  let lastAccepted: string | undefined;
  let refusedTokens = 0;
  let hasHurried = false;

  /** Before a connection worked, a foreign answer points to a wrong URL. */
  function isOutage({ code }: ClientError): boolean {
    if (!hasWorked || !FOREIGN.includes(code)) return false;
    outageSinceMs ??= performance.now();
    return performance.now() - outageSinceMs < giveUpAfterMs;
  }

  return {
    accepted(token) {
      lastAccepted = token;
      refusedTokens = 0;
      hasHurried = false;
      hasWorked = true;
      outageSinceMs = undefined;
    },
    judge(error, token) {
      if (error.status !== 401 || !tokens.renewable || token === undefined) return error.temporary || isOutage(error) ? "later" : "never";
      tokens.drop(token);
      if (token !== lastAccepted) refusedTokens += 1;
      // From now on, this token is refused like any other if the function returns it again.
      lastAccepted = undefined;
      if (refusedTokens >= MAX_REFUSED_TOKENS) return "never";
      if (hasHurried) return "later";
      hasHurried = true;
      return "at once";
    },
  };
}
