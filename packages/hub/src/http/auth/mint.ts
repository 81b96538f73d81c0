import { createPrivateKey, createSecretKey, type KeyObject, randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import type { SubscribeGrant } from "../../core/matching/authorization.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { misfit, secretBytes } from "./algorithms.ts";
import { DETAIL_TYPE } from "./details.ts";
import { mistakenSecret } from "./mistaken-secret.ts";

/** The key that signs a token: exactly one of `secret` and `privateKeyPem`. */
export interface SigningKey {
  /** Text stands for its UTF-8 bytes. At least 32, 48 or 64 bytes for HS256, HS384 or HS512. */
  readonly secret?: string | Uint8Array | undefined;
  /** PKCS#8, PKCS#1 or SEC1, not encrypted. */
  readonly privateKeyPem?: string | undefined;
  /** A signature algorithm that fits the key, for example HS256 or ES256. */
  readonly algorithm: string;
  /** The header's `kid`. */
  readonly keyId?: string | undefined;
}

/** Claims of a new token. */
export interface MintOptions {
  readonly key: SigningKey;
  /** `iss`: the name under which the hub knows the key. */
  readonly issuer: string;
  /** `aud`: the hub's resource identifier. */
  readonly audience: string;
  /** `sub`: the user of the token. */
  readonly subject: string;
  /** `jti`: names this token for revocation. Default: a random id. */
  readonly tokenId?: string | undefined;
  /** `client_id`. Default: the issuer. */
  readonly clientId?: string | undefined;
  /** Topics that may be published to. */
  readonly publish?: readonly Matcher[] | undefined;
  /** Topics whose private updates may be received. */
  readonly subscribe?: readonly SubscribeGrant[] | undefined;
  /** Lifetime in seconds, at least 1. Minutes are enough for a page that renews its token. */
  readonly lifetimeSeconds: number;
}

/**
 * Makes a signed access token, with all claims that RFC 9068 requires and a `jti`.
 *
 * @throws TypeError for options that cannot work, with the remedy.
 */
export async function mintToken(options: MintOptions): Promise<string> {
  const {
    key,
    issuer,
    audience,
    subject,
    tokenId = `urn:uuid:${randomUUID()}`,
    clientId = issuer,
    publish = [],
    subscribe = [],
    lifetimeSeconds,
  } = options;
  for (const [name, value] of Object.entries({ issuer, audience, subject, tokenId, clientId })) {
    if (value === "") throw new TypeError(`\`${name}\` is empty.`);
  }
  if (!Number.isSafeInteger(lifetimeSeconds) || lifetimeSeconds < 1) {
    throw new TypeError("`lifetimeSeconds` must be a whole number of seconds, at least 1.");
  }
  const details: object[] = [];
  if (publish.length > 0) details.push({ type: DETAIL_TYPE, actions: ["publish"], topics: publish.map(writeMatcher) });
  for (const { topics, payload } of subscribe) {
    if (topics.length === 0) throw new TypeError("A grant of `subscribe` has no topics. Give at least one; the pattern `*` is for all.");
    details.push({ type: DETAIL_TYPE, actions: ["subscribe"], topics: topics.map(writeMatcher), ...(payload && { payload }) });
  }
  const signingKey = readSigningKey(key);
  const issuedAt = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: subject,
    client_id: clientId,
    iat: issuedAt,
    exp: issuedAt + lifetimeSeconds,
    jti: tokenId,
    authorization_details: details,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.algorithm, typ: "at+jwt", ...(key.keyId !== undefined && { kid: key.keyId }) })
    .sign(signingKey);
}

function writeMatcher({ type, pattern }: Matcher): object {
  if (pattern === "") throw new TypeError("A topic is empty. Give a topic, a URL pattern, or `*` for all.");
  if (type === "uritemplate")
    throw new TypeError("Access tokens have no URI templates. Write a URL pattern: `/books/{id}` is `/books/:id`.");
  return type === "exact" ? { match: pattern } : { match: pattern, match_type: type };
}

function readSigningKey({ secret, privateKeyPem, algorithm }: SigningKey): KeyObject {
  if ((secret === undefined) === (privateKeyPem === undefined)) throw new TypeError("Give exactly one of `secret` and `privateKeyPem`.");
  const mistaken = secret === undefined ? undefined : mistakenSecret(secret);
  if (mistaken !== undefined) throw new TypeError(`The \`secret\` is a ${mistaken}, and must be the shared secret itself.`);
  let key: KeyObject;
  try {
    key = secret === undefined ? createPrivateKey(privateKeyPem ?? "") : createSecretKey(secretBytes(secret));
  } catch (error) {
    throw new TypeError("`privateKeyPem` is not a private key in PEM without a passphrase.", { cause: error });
  }
  const text = misfit(algorithm, key);
  if (text !== undefined) throw new TypeError(text);
  return key;
}
