import type { Compat } from "../compat/names.ts";
import { checkAudience, checkExpiry, checkIssuer, checkType, isAccessToken, type Passed, readDetails } from "./checks.ts";
import { type Grants, readGrants } from "./details.ts";
import type { JsonObject } from "./json.ts";
import type { KeySource } from "./keys.ts";
import { checkCompatExpiry, checkCompatType, findCompatKeys, readCompatGrants } from "../compat/token.ts";
import type { Clock } from "./refusal.ts";
import type { AuthorizerOptions } from "./types.ts";

/** The checks that differ between kinds of tokens. */
export interface TokenProfile {
  readonly checkType: (header: JsonObject) => Passed<true>;
  /** Finds the keys that may have signed the token. */
  readonly checkIssuer: (claims: JsonObject, issuers: ReadonlyMap<string, readonly KeySource[]>) => Passed<readonly KeySource[]>;
  readonly checkAudience: (claims: JsonObject, resourceIdentifier: string) => Passed<true>;
  /** Finds the end of the token's acceptance, in milliseconds since 1970. */
  readonly checkExpiry: (claims: JsonObject, clock: Clock) => Passed<number>;
  /** The claim that contains the grants. */
  readonly grantsClaim: string;
  readonly readGrants: (claims: JsonObject, options: Pick<AuthorizerOptions, "limits" | "compilePattern">) => Passed<Grants>;
}

/** Access tokens of RFC 9068. */
export const ACCESS_TOKENS: TokenProfile = {
  checkType,
  checkIssuer,
  checkAudience,
  checkExpiry,
  grantsClaim: "authorization_details",
  readGrants: (claims, options) => readGrants(readDetails(claims), options),
};

/** Tokens of Mercure 0.x. */
const COMPAT_TOKENS: TokenProfile = {
  checkType: checkCompatType,
  checkIssuer: findCompatKeys,
  checkAudience: () => ({ value: true, describe: () => "aud is not checked in a token of Mercure 0.x." }),
  checkExpiry: checkCompatExpiry,
  grantsClaim: "mercure",
  readGrants: readCompatGrants,
};

/**
 * Chooses by the header's type alone. A token that calls itself an access token is judged as one,
 * whatever its claims.
 */
export function profileOf(header: JsonObject, compat: Compat | undefined): TokenProfile {
  return compat === undefined || isAccessToken(header) ? ACCESS_TOKENS : COMPAT_TOKENS;
}
