import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { SILENT } from "../../core/logger.ts";
import { MatcherCompiler } from "../../core/matching/matcher.ts";
import { type Authorizer, createAuthorizer, type IssuerOptions } from "../../http/auth/index.ts";
import type { Config } from "../config/config.ts";
import { UsageError } from "../errors.ts";
import { urlHostOf } from "../serve/address.ts";

/**
 * Makes the hub's authorizer, for the commands that make and inspect tokens.
 *
 * @throws UsageError for unusable keys.
 */
export function authorizerOf(issuers: readonly IssuerOptions[], resourceIdentifier: string, config: Config): Authorizer {
  const compiler = new MatcherCompiler(hubUrlOf(config), { ...DEFAULT_LIMITS, topicBytes: config.maxTopicLength });
  try {
    return createAuthorizer({
      issuers,
      resourceIdentifier,
      compat: config.compat,
      leewayMs: config.tokenLeeway,
      limits: { tokenBytes: config.maxTokenLength, grantsPerToken: config.maxGrants, topicBytes: config.maxTopicLength },
      compilePattern: (matcher) => void compiler.compileAll([matcher]),
      logger: SILENT,
    });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`The keys cannot be used: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Returns the `aud` that the configured hub expects.
 *
 * @throws UsageError when only the running server knows the value.
 */
export function resourceIdentifierOf(config: Config): string {
  if (config.resourceIdentifier !== undefined) return config.resourceIdentifier;
  if (config.publicUrl === undefined && config.port === 0) {
    throw new UsageError(
      "--resource-identifier: the hub takes any free port, so say which URL it has, such as http://127.0.0.1:3000/.well-known/mercure.",
    );
  }
  return hubUrlOf(config);
}

function hubUrlOf(config: Config): string {
  return `${config.publicUrl ?? `http://${urlHostOf(config.host)}:${config.port}`}${config.path}`;
}
