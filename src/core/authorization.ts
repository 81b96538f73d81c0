import { HubError } from "./errors.ts";
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
  /** When it ends, the `exp` claim, in milliseconds since 1970; Infinity where it has none, which only tokens of Mercure 0.x may. */
  readonly expiresAt: number;
  /** Topics that may be published to. */
  readonly publish: readonly Matcher[];
  /** In the token's order: the first that selects a subscription's matcher gives its payload. */
  readonly subscribe: readonly SubscribeGrant[];
  /** What presence shows for every subscription that no grant has a payload for: any JSON. Only tokens of Mercure 0.x have it. */
  readonly payload?: unknown;
}

/**
 * The one answer to every token that is not accepted: a text that told them apart would help whoever forges one.
 *
 * @param cause - Why, for the hub's log only.
 */
export function invalidToken(cause: unknown): HubError {
  const detail =
    "The access token is not accepted. Use a token that is signed by an issuer this hub trusts, made for this hub, and not expired.";
  return new HubError("invalid_token", detail, { cause });
}
