import type { Config } from "../config/config.ts";
import { authorizerOf } from "../keys/authorizer.ts";
import { issuerOptions, trustedIssuers } from "../keys/trusted.ts";
import type { Access } from "./plan.ts";

const COMPAT_WARNING =
  "--compat 0.x weakens authorization: tokens are accepted in URLs, and without audience, issuer or end; see docs/guides/compatibility.md";

/**
 * Reads the permissions from the configuration and the key files.
 *
 * @throws UsageError when a key can't be used.
 */
export function accessOf(config: Config): Access {
  const { issuers: trusted, warnings } = trustedIssuers(config);
  const issuers = issuerOptions(trusted);
  const weakened = config.compat === undefined ? [] : [COMPAT_WARNING];
  // The hub's refusals are reported before anything is opened.
  if (issuers.length > 0) authorizerOf(issuers, "https://hub.invalid/.well-known/mercure", config);
  return {
    issuers,
    anonymous: config.anonymous,
    anonymousPublish: config.anonymousPublish,
    warnings: [...warnings, ...weakened],
  };
}
