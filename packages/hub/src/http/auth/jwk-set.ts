import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { isSymmetric, misfit } from "./algorithms.ts";
import { isObject, type JsonObject, member } from "./json.ts";

/** A key that may verify signatures of these algorithms only. */
export interface VerificationKey {
  readonly keyId: string | undefined;
  readonly algorithms: ReadonlySet<string>;
  readonly key: KeyObject;
}

/** Most members of a set. A token without `kid` is tried with each. */
const MAX_KEYS = 100;

/**
 * Reads the members of a JWK set that can verify one of the algorithms. Other members are skipped,
 * because RFC 7517 (section 5) asks to ignore unknown kinds of key.
 *
 * @param secrets - Whether shared secrets are allowed. Not in a set that others can fetch.
 * @returns The keys, or an error text if the value is no JWK set.
 */
export function readJwkSet(value: unknown, algorithms: readonly string[], secrets: boolean): readonly VerificationKey[] | string {
  const members = isObject(value) ? member(value, "keys") : undefined;
  if (!Array.isArray(members)) return "It is not a JSON object with an array named `keys`.";
  if (members.length > MAX_KEYS) return `It has ${members.length} keys; at most ${MAX_KEYS} are accepted.`;
  return members.flatMap((jwk: unknown) => (isObject(jwk) ? readJwk(jwk, algorithms, secrets) : []));
}

/** Selects the keys that may have signed a token, by `kid` if both have one. */
export function selectKeys(keys: readonly VerificationKey[], algorithm: string, keyId: string | undefined): readonly VerificationKey[] {
  return keys.filter((key) => key.algorithms.has(algorithm) && (keyId === undefined || key.keyId === undefined || key.keyId === keyId));
}

function readJwk(jwk: JsonObject, algorithms: readonly string[], secrets: boolean): readonly VerificationKey[] {
  const use = member(jwk, "use");
  const operations = member(jwk, "key_ops");
  const bound = member(jwk, "alg");
  const keyId = member(jwk, "kid");
  if (use !== undefined && use !== "sig") return [];
  if (operations !== undefined && !(Array.isArray(operations) && (operations.includes("verify") || operations.includes("sign")))) return [];
  const key = importJwk(jwk, secrets);
  if (key === undefined) return [];
  const usable = algorithms.filter((algorithm) => {
    return (
      (bound === undefined || bound === algorithm) &&
      isSymmetric(algorithm) === (key.type === "secret") &&
      misfit(algorithm, key) === undefined
    );
  });
  if (usable.length === 0) return [];
  return [{ keyId: typeof keyId === "string" ? keyId : undefined, algorithms: new Set(usable), key }];
}

function importJwk(jwk: JsonObject, secrets: boolean): KeyObject | undefined {
  if (member(jwk, "kty") === "oct") {
    const secret = member(jwk, "k");
    return secrets && typeof secret === "string" ? createSecretKey(Buffer.from(secret, "base64url")) : undefined;
  }
  try {
    // For a private member, this is the public half.
    return createPublicKey({ key: { ...jwk }, format: "jwk" });
  } catch {
    // Unknown to this runtime, or broken. The key can't verify anything.
    return undefined;
  }
}
