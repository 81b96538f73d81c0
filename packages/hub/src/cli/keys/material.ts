import { createPrivateKey, createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { z } from "zod";
import { unreadable } from "../config/load.ts";
import type { KeyChoice } from "../config/key-choice.ts";
import { UsageError } from "../errors.ts";
import { whyNotJson } from "../json.ts";
import { readRegularFile } from "../regular-file.ts";

/** One key from any source. Its `toString` and its JSON reveal nothing. */
export interface Material {
  /** Checks tokens: a secret, a public key, or the URL of a JWK set. */
  readonly verify: KeyObject | { readonly jwksUrl: string };
  /** Makes tokens. Undefined if only the public half is known. */
  readonly sign: KeyObject | undefined;
  /** Fields of the JWK itself. */
  readonly keyId: string | undefined;
  readonly algorithm: string | undefined;
}

/** The parts of a JWK set that are checked here. The key's own parts are checked on import. */
const jwks = z.object({
  keys: z
    .array(z.looseObject({ kty: z.string(), kid: z.string().optional(), alg: z.string().optional(), use: z.string().optional() }))
    .min(1),
});

/**
 * Reads a key.
 *
 * @param place - The key's place in the configuration, for errors. Errors never repeat any of the
 *   key.
 * @throws UsageError when the key can't be read.
 */
export function readMaterial(choice: KeyChoice, place: string): readonly Material[] {
  switch (choice.kind) {
    case "secret":
      return [ofSecret(Buffer.from(choice.secret))];
    case "pem":
      return [ofPem(choice.pem, place)];
    case "url":
      return [{ verify: { jwksUrl: choice.url }, sign: undefined, keyId: undefined, algorithm: undefined }];
    case "file":
      return ofFile(choice.path, choice.holds, place);
  }
}

function ofFile(path: string, holds: "secret" | "pem" | "jwks" | undefined, place: string): readonly Material[] {
  let bytes: Buffer;
  try {
    ({ bytes } = readRegularFile(path));
  } catch (error) {
    throw new UsageError(`${place}: ${path}: ${unreadable(error)}`, { cause: error });
  }
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  const isPem = text.includes("-----BEGIN");
  if (holds === "pem" || (holds === undefined && isPem)) return [ofPem(text, `${place}: ${path}`)];
  if (holds === "jwks" || (holds === undefined && /^\s*\{/.test(text))) return ofJwks(text, `${place}: ${path}`);
  // A public key that is taken for a secret is a secret that everybody knows.
  if (isPem) throw new UsageError(`${place}: ${path} holds a PEM, not a shared secret.`);
  // An editor ends the file with a line end, which is no part of the secret.
  const end = text.endsWith("\r\n") ? 2 : text.endsWith("\n") ? 1 : 0;
  return [ofSecret(bytes.subarray(0, bytes.length - end))];
}

/**
 * Reads the text of a JWK set.
 *
 * @throws UsageError when the set has no usable key.
 */
export function ofJwks(text: string, place: string): readonly Material[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${place} is not JSON: ${error instanceof SyntaxError ? whyNotJson(error, text) : ""}`);
  }
  const set = jwks.safeParse(content);
  if (!set.success) throw new UsageError(`${place} is not a JWK set: an object with a list of "keys".`);
  const materials = set.data.keys
    .filter(({ use }) => use === undefined || use === "sig")
    .map((jwk, i) => ofJwk(jwk, `${place}: keys[${i}]`));
  if (materials.length === 0) throw new UsageError(`${place} has no key for signatures.`);
  return materials;
}

function ofJwk(jwk: z.infer<typeof jwks>["keys"][number], place: string): Material {
  const named = { keyId: jwk.kid, algorithm: jwk.alg };
  const { k, d } = jwk as { k?: unknown; d?: unknown };
  if (jwk.kty === "oct") {
    if (typeof k !== "string" || !/^[\w-]+$/.test(k)) throw new UsageError(`${place} is not a JWK that can be read.`);
    return { ...ofSecret(Buffer.from(k, "base64url")), ...named };
  }
  try {
    const key = jwk as JsonWebKey;
    const sign = d === undefined ? undefined : createPrivateKey({ key, format: "jwk" });
    return { verify: createPublicKey(sign ?? { key, format: "jwk" }), sign, ...named };
  } catch {
    // The underlying reason may quote the key.
    throw new UsageError(`${place} is not a JWK that can be read.`);
  }
}

function ofSecret(bytes: Buffer): Material {
  const secret = createSecretKey(bytes);
  return { verify: secret, sign: secret, keyId: undefined, algorithm: undefined };
}

function ofPem(pem: string, place: string): Material {
  try {
    const sign = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem) ? createPrivateKey(pem) : undefined;
    return { verify: createPublicKey(sign ?? pem), sign, keyId: undefined, algorithm: undefined };
  } catch {
    // The underlying reason may quote the key.
    throw new UsageError(
      `${place}: the PEM cannot be read. It must be a public key, a certificate, or a private key without a passphrase.`,
    );
  }
}
