import type { Compat } from "../compat/names.ts";
import { checkAudience, checkExpiry, checkIssuer, checkType, isAccessToken, type Passed, readDetails } from "./checks.ts";
import { type Grants, readGrants } from "./details.ts";
import type { JsonObject } from "./json.ts";
import type { KeySource } from "./keys.ts";
import { checkCompatExpiry, checkCompatType, findCompatKeys, readCompatGrants } from "../compat/token.ts";
import type { Clock } from "./refusal.ts";
import type { AuthorizerOptions } from "./types.ts";

/** The checks in which kinds of tokens differ. */
export interface TokenProfile {
  readonly checkType: (header: JsonObject) => Passed<true>;
  /** The keys that may have signed it. */
  readonly checkIssuer: (claims: JsonObject, issuers: ReadonlyMap<string, readonly KeySource[]>) => Passed<readonly KeySource[]>;
  readonly checkAudience: (claims: JsonObject, resourceIdentifier: string) => Passed<true>;
  /** When it is taken no longer, in milliseconds since 1970. */
  readonly checkExpiry: (claims: JsonObject, clock: Clock) => Passed<number>;
  /** The claim that says what it allows. */
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
  checkAudience: () => ({ value: true, describe: () => "aud is not looked at in a token of Mercure 0.x." }),
  checkExpiry: checkCompatExpiry,
  grantsClaim: "mercure",
  readGrants: readCompatGrants,
};

/** The header's type alone decides: what calls itself an access token is judged as one, whatever its claims are. */
export function profileOf(header: JsonObject, compat: Compat | undefined): TokenProfile {
  return compat === undefined || isAccessToken(header) ? ACCESS_TOKENS : COMPAT_TOKENS;
}
