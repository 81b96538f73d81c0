import type { ClientError } from "./error.ts";
import type { Tokens } from "./token.ts";

/** Most tokens in a row that the hub refuses although they are new. */
const MAX_REFUSED_TOKENS = 2;

/** What follows a failure: another attempt at once, another after a delay, or the end. */
export type Verdict = "at once" | "later" | "never";

/** Codes of answers that no hub gave: a proxy's page, or another server in its place, as there are during an outage. */
const FOREIGN: readonly string[] = ["http_error", "not_a_stream"];

/** Tells a token that has come to its end from one that the hub does not want, and an outage from a refusal. */
export interface Refusals {
  /** The hub took this token. */
  accepted(token: string | undefined): void;
  /**
   * Judges a failure; after 401, the token is not used again.
   *
   * @param token - What the connection was to be opened with; undefined where there was none yet.
   */
  judge(error: ClientError, token: string | undefined): Verdict;
}

/**
 * Counts from the last connection that worked.
 *
 * @param giveUpAfterMs - How long answers of others than a hub count as an outage, once a connection worked, in milliseconds.
 */
export function createRefusals(tokens: Tokens, giveUpAfterMs: number): Refusals {
  let hasWorked = false;
  let outageSinceMs: number | undefined;
  let lastAccepted: string | undefined;
  let refusedTokens = 0;
  let hasHurried = false;

  /** Before a connection worked, such an answer tells of a wrong URL. */
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
      // From now on it is refused like any other, should the function give it again.
      lastAccepted = undefined;
      if (refusedTokens >= MAX_REFUSED_TOKENS) return "never";
      if (hasHurried) return "later";
      hasHurried = true;
      return "at once";
    },
  };
}
