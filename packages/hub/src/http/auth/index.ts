export { createAuthorizer } from "./authorizer.ts";
export { type Credentials, readCredentials } from "./credentials.ts";
export { DETAIL_TYPE } from "./details.ts";
export { mintToken, type MintOptions, type SigningKey } from "./mint.ts";
export type { Authorizer, AuthorizerOptions, IssuerOptions, KeyOptions, Verdict } from "./types.ts";
