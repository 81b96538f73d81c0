import { createSecretKey, generateKeyPairSync, type JsonWebKey, type KeyObject, randomBytes, randomUUID } from "node:crypto";

/** Algorithms that the commands `artesian keys` make keys for. */
export const CREATED_ALGORITHMS = ["HS256", "ES256", "EdDSA"] as const;

/** One of {@link CREATED_ALGORITHMS}. */
export type CreatedAlgorithm = (typeof CREATED_ALGORITHMS)[number];

/** Makes a key with its private part, a new `kid`, and the time in `iat` (seconds since 1970). */
export function createJwk(algorithm: CreatedAlgorithm): JsonWebKey {
  const iat = Math.floor(Date.now() / 1000);
  return { ...generate(algorithm).export({ format: "jwk" }), kid: randomUUID(), alg: algorithm, use: "sig", iat };
}

function generate(algorithm: CreatedAlgorithm): KeyObject {
  switch (algorithm) {
    case "HS256":
      return createSecretKey(randomBytes(32));
    case "ES256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    case "EdDSA":
      return generateKeyPairSync("ed25519").privateKey;
  }
}
