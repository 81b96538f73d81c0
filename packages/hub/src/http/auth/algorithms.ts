import type { KeyObject } from "node:crypto";

/** The key that a signature algorithm requires. */
type Requirement =
  | { readonly kind: "secret"; readonly minBytes: number }
  | { readonly kind: "rsa" }
  | { readonly kind: "ec"; readonly curve: string }
  | { readonly kind: "ed25519" };

/** RFC 7518 requires a secret as long as the hash, and RSA keys of at least 2,048 bits. */
const MIN_RSA_BITS = 2048;

const REQUIREMENTS: ReadonlyMap<string, Requirement> = new Map<string, Requirement>([
  ["HS256", { kind: "secret", minBytes: 32 }],
  ["HS384", { kind: "secret", minBytes: 48 }],
  ["HS512", { kind: "secret", minBytes: 64 }],
  ["RS256", { kind: "rsa" }],
  ["RS384", { kind: "rsa" }],
  ["RS512", { kind: "rsa" }],
  ["PS256", { kind: "rsa" }],
  ["PS384", { kind: "rsa" }],
  ["PS512", { kind: "rsa" }],
  ["ES256", { kind: "ec", curve: "prime256v1" }],
  ["ES384", { kind: "ec", curve: "secp384r1" }],
  ["ES512", { kind: "ec", curve: "secp521r1" }],
  ["EdDSA", { kind: "ed25519" }],
  ["Ed25519", { kind: "ed25519" }],
]);

/** Names of the signature algorithms that tokens may use if a key allows them. */
export const KNOWN_ALGORITHMS: readonly string[] = [...REQUIREMENTS.keys()];

/** Whether a signature algorithm is known. `none` is not. */
export function isKnownAlgorithm(algorithm: string): boolean {
  return REQUIREMENTS.has(algorithm);
}

/** Whether an algorithm uses a shared secret. */
export function isSymmetric(algorithm: string): boolean {
  return REQUIREMENTS.get(algorithm)?.kind === "secret";
}

/** The bytes of a shared secret. Text stands for its UTF-8. */
export function secretBytes(secret: string | Uint8Array): Buffer {
  return typeof secret === "string" ? Buffer.from(secret, "utf8") : Buffer.from(secret);
}

/**
 * Checks that a key fits an algorithm. This keeps a public key from being used as a secret.
 *
 * @returns The reason why the key does not fit, or undefined if it fits.
 */
export function misfit(algorithm: string, key: KeyObject): string | undefined {
  const requirement = REQUIREMENTS.get(algorithm);
  if (requirement === undefined) return `${algorithm} is not an algorithm that is known here. Known are ${KNOWN_ALGORITHMS.join(", ")}.`;
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  switch (requirement.kind) {
    case "secret": {
      if (key.type !== "secret") return `${algorithm} needs a shared secret, not a key pair.`;
      const bytes = key.symmetricKeySize ?? 0;
      return bytes < requirement.minBytes
        ? `${algorithm} needs a secret of at least ${requirement.minBytes} bytes; this one has ${bytes}.`
        : undefined;
    }
    case "rsa":
      if (type !== "rsa") return `${algorithm} needs an RSA key.`;
      return (details?.modulusLength ?? 0) < MIN_RSA_BITS ? `${algorithm} needs an RSA key of at least ${MIN_RSA_BITS} bits.` : undefined;
    case "ec":
      return type === "ec" && details?.namedCurve === requirement.curve
        ? undefined
        : `${algorithm} needs an elliptic-curve key on ${requirement.curve}.`;
    case "ed25519":
      return type === "ed25519" ? undefined : `${algorithm} needs an Ed25519 key.`;
  }
}
