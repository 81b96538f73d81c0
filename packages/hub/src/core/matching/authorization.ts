import { HubError } from "../errors.ts";
import type { Matcher } from "./matcher.ts";

/** An action that a token can allow on topics. */
export type Action = "publish" | "subscribe";

/** Topics whose private updates may be received, and the presence payload of such subscriptions. */
export interface SubscribeGrant {
  /** At least one. */
  readonly topics: readonly Matcher[];
  /**
   * User-defined data that presence shows for a subscription selected by these topics. A JSON
   * object.
   */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

/** The issuer of rights that the application gave itself. No token has an empty issuer. */
export const APP_ISSUER = "";

/** The claims of a verified token, or the rights that the application gave. */
export interface Authorization {
  /**
   * The `iss` claim. For a token of Mercure 0.x, which needs no `iss`, the issuer of the key that
   * signed the token. Empty for rights that the application gave.
   */
  readonly issuer: string;
  /** The `sub` claim. */
  readonly subject: string | undefined;
  /** The `jti` claim. */
  readonly tokenId: string | undefined;
  /** The `iat` claim: time of issue, in milliseconds since 1970. */
  readonly issuedAt: number | undefined;
  /**
   * Time when the hub stops accepting the token, in milliseconds since 1970: the `exp` claim and
   * the hub's leeway. Infinity without an `exp`, which only tokens of Mercure 0.x may lack.
   */
  readonly expiresAt: number;
  /** Topics that may be published to. */
  readonly publish: readonly Matcher[];
  /**
   * In the token's order. The first grant that selects a subscription's matcher gives its payload.
   */
  readonly subscribe: readonly SubscribeGrant[];
  /**
   * Presence payload for every subscription without a payload from a grant. Any JSON. Only tokens
   * of Mercure 0.x have this field.
   */
  readonly payload?: unknown;
  /** When the application was asked, by the monotonic clock of this process. Undefined for tokens. */
  readonly askedAtMs?: number | undefined;
  /**
   * Asks the application again about the same request. Undefined for tokens.
   *
   * @returns Undefined for an anonymous visitor.
   * @throws HubError as the first time.
   */
  readonly askAgain?: (() => Promise<Authorization | undefined>) | undefined;
}

/** Default tolerance between the clocks of an issuer and the hub, in milliseconds. */
export const DEFAULT_LEEWAY_MS = 5000;
/** Largest tolerance, in milliseconds. A leeway prolongs every token, even a stolen token. */
export const MAX_LEEWAY_MS = 300_000;

/**
 * Computes when a stream ends that was opened or renewed now, in milliseconds since 1970. A stream
 * ends no later than its token's `exp`, as the protocol asks. The leeway counts only for a token
 * that was accepted within the leeway.
 */
export function streamEnd({ expiresAt }: Pick<Authorization, "expiresAt">, leewayMs: number, now: number = Date.now()): number {
  return expiresAt - leewayMs > now ? expiresAt - leewayMs : expiresAt;
}

/**
 * Range in milliseconds of the retry time of a browser whose cookie has an ended token. The first
 * retries come soon, because the cookie is being renewed. Later retries come less often.
 */
const ENDED_MS = { least: 10_000, most: 60_000 };

/**
 * Computes when a request with the same credentials may do better, if its token was refused by the
 * clock alone. A browser may have a new cookie by then.
 *
 * @param passedMs - Milliseconds for which the token has been invalid. Negative if the token
 *   becomes valid after that time.
 * @returns Milliseconds from now. Random, so that the pages of a herd come apart.
 */
export function retryAfterClock(passedMs: number): number {
  if (passedMs < 0) return Math.min(ENDED_MS.most, (1000 - passedMs) * (1 + Math.random() / 4));
  return Math.min(ENDED_MS.most, Math.max(ENDED_MS.least, passedMs)) * (0.5 + Math.random() / 2);
}

/**
 * Makes the same error for every token that is not accepted. A text that told the reasons apart
 * would help forgers.
 *
 * @param cause - The reason, for the hub's log only.
 * @param retryAfterMs - If the clock alone refuses the token: when to retry with a new cookie, in
 *   milliseconds. Only a browser's `EventSource` is told.
 */
export function invalidToken(cause: unknown, retryAfterMs?: number): HubError {
  const detail =
    "The access token is not accepted. Use a token that is signed by an issuer this hub trusts, made for this hub, and not expired.";
  return new HubError("invalid_token", detail, { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
