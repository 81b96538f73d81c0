import { HubError } from "../errors.ts";
import type { Matcher } from "./matcher.ts";

/** What a token can allow on topics. */
export type Action = "publish" | "subscribe";

/** Topics whose private updates may be received, and what is told about such subscriptions. */
export interface SubscribeGrant {
  /** At least one. */
  readonly topics: readonly Matcher[];
  /** User-defined data that presence shows for a subscription which these topics select; a JSON object. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

/** What a verified token says. */
export interface Authorization {
  /** The `iss` claim; of a token of Mercure 0.x, which needs none, the issuer whose key it is signed with. */
  readonly issuer: string;
  /** The `sub` claim. */
  readonly subject: string | undefined;
  /** The `jti` claim. */
  readonly tokenId: string | undefined;
  /** When it was issued, the `iat` claim, in milliseconds since 1970. */
  readonly issuedAt: number | undefined;
  /**
   * When the hub takes it no longer, in milliseconds since 1970: the `exp` claim and the hub's leeway. Infinity without an `exp`, which only tokens of
   * Mercure 0.x may lack.
   */
  readonly expiresAt: number;
  /** Topics that may be published to. */
  readonly publish: readonly Matcher[];
  /** In the token's order: the first that selects a subscription's matcher gives its payload. */
  readonly subscribe: readonly SubscribeGrant[];
  /** What presence shows for every subscription that no grant has a payload for: any JSON. Only tokens of Mercure 0.x have it. */
  readonly payload?: unknown;
}

/** How far the clocks of an issuer and of the hub may differ unless told otherwise, in milliseconds. */
export const DEFAULT_LEEWAY_MS = 5000;
/** Most that may be allowed for: a leeway prolongs every token, a stolen one too. */
export const MAX_LEEWAY_MS = 300_000;

/**
 * When a stream ends that was opened or renewed now, in milliseconds since 1970. A stream ends no later than its token's `exp`, as the protocol
 * asks. The leeway counts only for a token that was taken within it.
 */
export function streamEnd({ expiresAt }: Pick<Authorization, "expiresAt">, leewayMs: number, now: number = Date.now()): number {
  return expiresAt - leewayMs > now ? expiresAt - leewayMs : expiresAt;
}

/** Between the two, in milliseconds, a browser asks again whose cookie has a token that ended: soon at first, for it is being renewed; later less often. */
const ENDED_MS = { least: 10_000, most: 60_000 };

/**
 * When a request with the same credentials may do better, if its token was refused by the clock alone: a browser may have a new cookie by then.
 *
 * @param passedMs - For how long the token has not been valid; negative if it will be after that time.
 * @returns Milliseconds from now. Random, so that the pages of a herd come apart.
 */
export function retryAfterClock(passedMs: number): number {
  if (passedMs < 0) return Math.min(ENDED_MS.most, (1000 - passedMs) * (1 + Math.random() / 4));
  return Math.min(ENDED_MS.most, Math.max(ENDED_MS.least, passedMs)) * (0.5 + Math.random() / 2);
}

/**
 * The one answer to every token that is not accepted: a text that told them apart would help whoever forges one.
 *
 * @param cause - Why, for the hub's log only.
 * @param retryAfterMs - If the clock alone refuses it: when to ask again with the cookie of then, in milliseconds. Only a browser's `EventSource` is told.
 */
export function invalidToken(cause: unknown, retryAfterMs?: number): HubError {
  const detail =
    "The access token is not accepted. Use a token that is signed by an issuer this hub trusts, made for this hub, and not expired.";
  return new HubError("invalid_token", detail, { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}
