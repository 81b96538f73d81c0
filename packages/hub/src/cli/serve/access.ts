import type { Config } from "../config/config.ts";
import { authorizerOf } from "../keys/authorizer.ts";
import { issuerOptions, trustedIssuers } from "../keys/trusted.ts";
import { withData } from "../config/flags.ts";
import { UsageError } from "../errors.ts";
import type { ListenAddress } from "./address.ts";
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

/**
 * Reads the permissions of `artesian serve`, with warnings about who may publish and subscribe.
 *
 * @throws UsageError when nobody could publish, or a key can't be used.
 */
export function accessOfServer(config: Config, address: Pick<ListenAddress, "loopback">): Access {
  const access = accessOf(config);
  const { issuers, anonymous, anonymousPublish } = access;
  if (issuers.length === 0 && !anonymousPublish) {
    throw new UsageError(
      `There is no key to check tokens with, so nobody could publish. Make one, then start again:  ${withData("artesian keys create", config.data)}\n` +
        "On a closed network,  --anonymous-publish --anonymous  opens the hub to everyone who reaches it instead. To try it out:  npx artesian-demo",
    );
  }
  const warnings = [...access.warnings];
  if (anonymousPublish && !address.loopback) {
    warnings.push(
      `everyone who reaches ${config.host} may publish (--anonymous-publish), and every name in \`Host\` is answered, so that web pages which such people open may publish too; ` +
        "use this only in a closed network without browsers, or have publishers show a token",
    );
  }
  if (issuers.length === 0 && !anonymous) warnings.push("nobody may subscribe: there is no key to check tokens with, and no --anonymous");
  return { ...access, warnings };
}
