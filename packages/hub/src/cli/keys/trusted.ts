import { KeyObject } from "node:crypto";
import type { Action } from "../../core/matching/authorization.ts";
import { misfit } from "../../http/auth/algorithms.ts";
import type { IssuerOptions, KeyOptions } from "../../http/auth/index.ts";
import { placeOf } from "../config/flags.ts";
import type { Algorithm, KeyChoice } from "../config/key-choice.ts";
import type { Config } from "../config/config.ts";
import { flagOf } from "../config/settings.ts";
import { UsageError } from "../errors.ts";
import { readKeyFile } from "./file.ts";
import { type Material, readMaterial } from "./material.ts";
import type { TrustedIssuer, TrustedKey } from "./trusted-issuer.ts";

/** The accepted issuers. */
export interface Trust {
  /** Empty if no issuer is accepted. */
  readonly issuers: readonly TrustedIssuer[];
  /** Warnings for the log. */
  readonly warnings: readonly string[];
}

const ROLES: readonly (readonly ["jwtKey" | "publisherJwtKey" | "subscriberJwtKey", readonly Action[]])[] = [
  ["jwtKey", ["publish", "subscribe"]],
  ["publisherJwtKey", ["publish"]],
  ["subscriberJwtKey", ["subscribe"]],
];

/**
 * Reads the configured keys. If none is configured, reads the keys of the data directory.
 *
 * @throws UsageError when a key can't be used.
 */
export function trustedIssuers(config: Config): Trust {
  const issuers = new Map<string, TrustedKey[]>();
  const add = (issuer: string, keys: readonly TrustedKey[]): void => void issuers.set(issuer, [...(issuers.get(issuer) ?? []), ...keys]);
  for (const [i, { issuer, keys }] of config.issuers.entries()) {
    add(
      issuer,
      keys.flatMap(({ key, actions, algorithms }, j) => keysOf(key, actions, algorithms, `issuers[${i}].keys[${j}]`)),
    );
  }
  const given = ROLES.flatMap(([key, actions]) => {
    const choice = config[key];
    // A key for one role takes that role from the key for both.
    const rest = key === "jwtKey" ? actions.filter((action) => roleKey(config, action) === undefined) : actions;
    return choice === undefined || rest.length === 0 ? [] : keysOf(choice, rest, [config.jwtAlg], placeOf(key));
  });
  if (given.length > 0) {
    if (config.issuer === undefined) {
      throw new UsageError(
        `${flagOf("issuer")}: say who signs with the key, by the tokens' \`iss\` claim, such as --issuer https://example.com.`,
      );
    }
    add(config.issuer, given);
  }
  if (issuers.size === 0) {
    const own = readKeyFile(config.data);
    if (own !== undefined && (config.issuer === undefined || config.issuer === own.issuer.issuer)) {
      return { issuers: [checked(own.issuer)], warnings: own.warnings };
    }
  }
  if (config.issuer !== undefined && !issuers.has(config.issuer)) {
    throw new UsageError(
      `${placeOf("issuer")}: this issuer has no key. Give it one by ${flagOf("jwtKey")}, such as --jwt-key file:key.pem.`,
    );
  }
  return { issuers: Array.from(issuers, ([issuer, keys]) => checked({ issuer, keys })), warnings: [] };
}

/**
 * Checks each configured key by itself.
 *
 * @returns One problem for each key that can't be used.
 */
export function keyProblems(config: Config): readonly string[] {
  const ofIssuers = config.issuers.flatMap(({ issuer, keys }, i) =>
    keys.map(
      ({ key, actions, algorithms }, j) =>
        () =>
          checked({ issuer, keys: keysOf(key, actions, algorithms, `issuers[${i}].keys[${j}]`) }),
    ),
  );
  const ofRoles = ROLES.map(([key, actions]) => () => {
    const choice = config[key];
    if (choice !== undefined) checked({ issuer: config.issuer ?? "", keys: keysOf(choice, actions, [config.jwtAlg], placeOf(key)) });
  });
  return [...ofIssuers, ...ofRoles].flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      if (error instanceof UsageError) return [error.message];
      throw error;
    }
  });
}

function roleKey(config: Config, action: Action): KeyChoice | undefined {
  return action === "publish" ? config.publisherJwtKey : config.subscriberJwtKey;
}

function keysOf(choice: KeyChoice, actions: readonly Action[], algorithms: readonly Algorithm[], place: string): readonly TrustedKey[] {
  const keys = readMaterial(choice, place).map((material) => ({ actions, algorithms, material, place }));
  if (keys.length === 1) return keys;
  // A JWK set may hold keys for other uses, and the list may name algorithms for different keys of
  // the set.
  const fitting = keys
    .map((key) => ({ ...key, algorithms: algorithms.filter((algorithm) => fits(key.material, algorithm)) }))
    .filter((key) => key.algorithms.length > 0);
  return fitting.length > 0 ? fitting : keys;
}

function fits({ verify, algorithm }: Material, allowed: Algorithm): boolean {
  return (algorithm === undefined || algorithm === allowed) && (!(verify instanceof KeyObject) || misfit(allowed, verify) === undefined);
}

/** @throws UsageError when a key does not fit its algorithms. */
function checked(issuer: TrustedIssuer): TrustedIssuer {
  for (const { material, algorithms, place } of issuer.keys) {
    if (!(material.verify instanceof KeyObject)) {
      if (algorithms.some((one) => one.startsWith("HS"))) {
        throw new UsageError(
          `${place}: a JWK set at a URL has public keys. Allow the algorithm of their private keys, such as --jwt-alg ES256.`,
        );
      }
      continue;
    }
    for (const algorithm of algorithms) {
      const problem = misfit(algorithm, material.verify);
      if (problem !== undefined)
        throw new UsageError(`${place}: ${problem} The algorithm is set by ${flagOf("jwtAlg")}, or by algorithms in the file.`);
    }
  }
  return issuer;
}

/** The issuers in the hub's form, without private halves. */
export function issuerOptions(issuers: readonly TrustedIssuer[]): readonly IssuerOptions[] {
  return issuers.map(({ issuer, keys }) => ({ issuer, keys: keys.map(keyOptions) }));
}

function keyOptions({ actions, algorithms, material }: TrustedKey): KeyOptions {
  const { verify, keyId } = material;
  const common = { actions, algorithms, ...(keyId === undefined ? {} : { keyId }) };
  if (!(verify instanceof KeyObject)) return { ...common, jwksUrl: verify.jwksUrl };
  if (verify.type === "secret") return { ...common, secret: new Uint8Array(verify.export()) };
  return { ...common, publicKey: verify.export({ type: "spki", format: "pem" }).toString() };
}
