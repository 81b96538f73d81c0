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
  /** The `iss` claim. */
  readonly issuer: string;
  /** The `sub` claim. */
  readonly subject: string | undefined;
  /** The `jti` claim. */
  readonly tokenId: string | undefined;
  /** When it ends, the `exp` claim, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Topics that may be published to. */
  readonly publish: readonly Matcher[];
  /** In the token's order: the first that selects a subscription's matcher gives its payload. */
  readonly subscribe: readonly SubscribeGrant[];
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
