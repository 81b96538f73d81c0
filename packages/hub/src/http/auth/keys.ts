import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import type { Action } from "../../core/matching/authorization.ts";
import type { Logger } from "../../core/logger.ts";
import { isKnownAlgorithm, isSymmetric, KNOWN_ALGORITHMS, misfit, secretBytes } from "./algorithms.ts";
import { readJwkSet, selectKeys } from "./jwk-set.ts";
import { type FoundKeys, JwkSetUrl } from "./jwk-set-url.ts";
import { type MistakenSecret, mistakenSecret } from "./mistaken-secret.ts";
import type { KeyOptions } from "./types.ts";
import { parseUrl } from "../../core/parse-url.ts";

/** One entry of an issuer's keys. */
export interface KeySource {
  readonly actions: ReadonlySet<Action>;
  readonly algorithms: ReadonlySet<string>;
  readonly keyId: string | undefined;
  /** Keys of this source that may have signed, the likeliest first. */
  find(algorithm: string, keyId: string | undefined): FoundKeys | Promise<FoundKeys>;
  /** The fetched set. Undefined for local keys. */
  readonly fetched?: JwkSetUrl | undefined;
}

const ACTIONS: readonly Action[] = ["publish", "subscribe"];

const NO_SECRET: Readonly<Record<MistakenSecret, string>> = {
  path: "The `secret` looks like the path of a file. Read the file and give what it holds.",
  url: "The `secret` is a URL. Give the https URL of a JWK set as `jwksUrl`.",
  jwks: "The `secret` is a JWK set. Give it parsed, as `jwks`.",
  "public key": "The `secret` is a public key, which everybody may know. Give it in PEM, as `publicKey`.",
  variable: "The `secret` is the name of a variable. Give the variable's value.",
};

/** Surroundings of a key source. */
export interface KeyContext {
  readonly now: () => number;
  readonly logger: Logger;
  /** Called when a key has left a fetched set. */
  readonly onRemoved: () => void;
  /** Finds a set that is fetched already. */
  readonly known?: (url: string, algorithms: readonly string[]) => JwkSetUrl | undefined;
}

/**
 * Reads one entry of an issuer's keys.
 *
 * @param where - The entry's name in errors.
 * @throws TypeError for an entry that cannot work, with the remedy.
 */
export function createKeySource(options: KeyOptions, where: string, context: KeyContext): KeySource {
  const { actions = ACTIONS, algorithms, keyId, secret, publicKey, jwks, jwksUrl } = options;
  const fault = (text: string, cause?: unknown): TypeError => new TypeError(`${where}: ${text}`, { cause });
  if ([secret, publicKey, jwks, jwksUrl].filter((material) => material !== undefined).length !== 1) {
    throw fault("Give exactly one of `secret`, `publicKey`, `jwks` and `jwksUrl`.");
  }
  if (algorithms.length === 0) throw fault("`algorithms` is empty. Name the signature algorithms to accept.");
  if (actions.length === 0) throw fault("`actions` is empty. Leave it out to allow both.");
  for (const action of actions) {
    if (!ACTIONS.includes(action)) throw fault(`\`actions\` has ${JSON.stringify(action)}; only "publish" and "subscribe" are known.`);
  }
  for (const algorithm of algorithms) {
    if (!isKnownAlgorithm(algorithm)) {
      throw fault(`\`algorithms\` has ${JSON.stringify(algorithm)}. Known are ${KNOWN_ALGORITHMS.join(", ")}.`);
    }
  }
  if (keyId !== undefined && (jwks ?? jwksUrl) !== undefined) {
    throw fault("`keyId` does not go with a JWK set, whose members have their own `kid`.");
  }
  const common = { actions: new Set(actions), algorithms: new Set(algorithms), keyId };

  if (jwksUrl !== undefined) {
    if (algorithms.some(isSymmetric)) throw fault("A fetched JWK set has no secrets: `algorithms` cannot have HS256, HS384 or HS512.");
    if (!mayFetch(jwksUrl)) throw fault("`jwksUrl` must be an https URL without user name (http is for the loopback only).");
    const { known, ...surroundings } = context;
    const set = known?.(jwksUrl, algorithms) ?? new JwkSetUrl({ url: jwksUrl, algorithms, ...surroundings });
    return { ...common, fetched: set, find: (algorithm, kid) => set.find(algorithm, kid) };
  }
  if (jwks !== undefined) {
    const keys = readJwkSet(jwks, algorithms, true);
    if (typeof keys === "string") throw fault(`\`jwks\` cannot be used. ${keys}`);
    if (keys.length === 0) throw fault(`\`jwks\` has no key that fits ${algorithms.join(", ")}.`);
    return { ...common, find: (algorithm, kid) => ({ keys: selectKeys(keys, algorithm, kid) }) };
  }
  let key: KeyObject;
  if (secret === undefined) {
    try {
      key = createPublicKey(publicKey ?? "");
    } catch (error) {
      throw fault("`publicKey` is not a key in PEM: SPKI, X.509 or PKCS#1.", error);
    }
  } else {
    const bytes = secretBytes(secret);
    // If this is a public key, everyone who has it could sign.
    if (isPem(bytes)) throw fault("The `secret` is a PEM file. Give the key pair's public key as `publicKey`.");
    const mistaken = mistakenSecret(secret);
    if (mistaken !== undefined) throw fault(NO_SECRET[mistaken]);
    key = createSecretKey(bytes);
  }
  for (const algorithm of algorithms) {
    const text = misfit(algorithm, key);
    if (text !== undefined) throw fault(text);
  }
  const found = { keys: [{ keyId, algorithms: common.algorithms, key }] };
  const none = { keys: [] };
  return { ...common, find: (algorithm) => (common.algorithms.has(algorithm) ? found : none) };
}

function isPem(bytes: Buffer): boolean {
  return bytes.toString("latin1").trimStart().startsWith("-----BEGIN ");
}

function mayFetch(text: string): boolean {
  const url = parseUrl(text);
  if (url === undefined) return false;
  const { protocol, hostname, username, password } = url;
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));
}
