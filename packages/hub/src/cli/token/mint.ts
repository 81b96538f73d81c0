import { randomUUID, type KeyObject } from "node:crypto";
import type { Action } from "../../core/matching/authorization.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { mintToken } from "../../http/auth/index.ts";
import type { Algorithm } from "../config/key-choice.ts";
import type { Config } from "../config/config.ts";
import { UsageError } from "../errors.ts";
import { authorizerOf, resourceIdentifierOf } from "../keys/authorizer.ts";
import { issuerOptions, trustedIssuers } from "../keys/trusted.ts";
import type { TrustedIssuer } from "../keys/trusted-issuer.ts";
import { noKey } from "./no-key.ts";

/** The contents of a new token. */
export interface MintRequest {
  readonly publish: readonly Matcher[];
  readonly subscribe: readonly Matcher[];
  readonly payload: Readonly<Record<string, unknown>> | undefined;
  readonly lifetimeMs: number;
  /** Undefined generates a subject. */
  readonly subject: string | undefined;
}

interface Signer {
  readonly issuer: string;
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
  readonly keyId: string | undefined;
}

/**
 * Makes a token for the configured hub, and checks that this hub would accept the token.
 *
 * @throws UsageError when no key may sign the token, or the hub would refuse it.
 */
export async function mint(config: Config, request: MintRequest): Promise<string> {
  const { publish, subscribe, payload, lifetimeMs, subject } = request;
  const actions: Action[] = [];
  if (publish.length > 0) actions.push("publish");
  if (subscribe.length > 0) actions.push("subscribe");
  if (actions.length === 0) {
    throw new UsageError(
      "--publish, --subscribe: name topics that the token allows, such as --publish greeting, or --subscribe '*' for every topic.",
    );
  }
  if (payload !== undefined && subscribe.length === 0) throw new UsageError("--payload: goes with subscriptions. Add --subscribe TOPIC.");
  const { issuers } = trustedIssuers(config);
  if (issuers.length === 0) throw noKey(config);
  const audience = resourceIdentifierOf(config);
  const { issuer, key, algorithm, keyId } = signerOf(issuers, actions, config.issuer);
  const material =
    key.type === "secret"
      ? { secret: new Uint8Array(key.export()) }
      : { privateKeyPem: key.export({ type: "pkcs8", format: "pem" }).toString() };
  const token = await mintToken({
    key: { ...material, algorithm, keyId },
    issuer,
    audience,
    subject: subject ?? `urn:uuid:${randomUUID()}`,
    publish,
    subscribe: subscribe.length === 0 ? [] : [{ topics: subscribe, payload }],
    lifetimeSeconds: Math.ceil(lifetimeMs / 1000),
  });
  const authorizer = authorizerOf(issuerOptions(issuers), audience, config);
  for (const action of actions) {
    const refused = (await authorizer.explain(token, action)).find(({ ok }) => !ok);
    if (refused !== undefined) throw new UsageError(`The hub would refuse this token. ${refused.check}: ${refused.detail}`);
  }
  return token;
}

/** Finds a key that may sign for all of the actions. */
function signerOf(issuers: readonly TrustedIssuer[], actions: readonly Action[], chosen: string | undefined): Signer {
  const keys = issuers
    .filter(({ issuer }) => chosen === undefined || issuer === chosen)
    .flatMap(({ issuer, keys }) => keys.map((key) => ({ issuer, ...key })));
  const signing = keys.filter(({ material }) => material.sign !== undefined);
  if (signing.length === 0) {
    throw new UsageError("--jwt-key: tokens are signed with a shared secret or a private key, and the configured key can only check them.");
  }
  const found = signing.find((key) => actions.every((action) => key.actions.includes(action)));
  const algorithm = found?.algorithms[0];
  if (found?.material.sign !== undefined && algorithm !== undefined) {
    return { issuer: found.issuer, key: found.material.sign, algorithm, keyId: found.material.keyId };
  }
  throw new UsageError(
    actions.length > 1
      ? "Publishers' and subscribers' tokens have different keys here: make two tokens, one with --publish and one with --subscribe."
      : `No key that is configured may sign tokens to ${actions.join()}.`,
  );
}
