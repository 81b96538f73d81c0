import { z } from "zod";
import type { Action } from "../../core/authorization.ts";
import type { Schema } from "./values.ts";

/** The signature algorithms that can be allowed. */
export const ALGORITHMS = [
  "HS256",
  "HS384",
  "HS512",
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
  "Ed25519",
] as const;

/** One of {@link ALGORITHMS}. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** Where a key is. */
export type KeyChoice =
  | { readonly kind: "secret"; readonly secret: string }
  | { readonly kind: "pem"; readonly pem: string }
  /** `holds` says what it must hold; undefined takes what it finds. */
  | { readonly kind: "file"; readonly path: string; readonly holds: "secret" | "pem" | "jwks" | undefined }
  | { readonly kind: "url"; readonly url: string };

/** A key of an issuer, as it stands in the configuration file. */
export interface IssuerKeyChoice {
  readonly actions: readonly Action[];
  readonly algorithms: readonly Algorithm[];
  readonly key: KeyChoice;
}

/** An issuer, as it stands in the configuration file. */
export interface IssuerChoice {
  readonly issuer: string;
  readonly keys: readonly IssuerKeyChoice[];
}

const JWKS_URL = "the URL of a JWK set must be https; http is for this machine alone, such as http://127.0.0.1:8080/jwks.json.";

/** What starts like a URL is one: taken for a secret, it would be a weak one. */
function isJwksUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));
}

/** A key. What is wrong with it is told without repeating it: an error ends up in logs, and may be one letter off the secret. */
export function keyChoice(): Schema<KeyChoice> {
  return z.unknown().transform((value, context): KeyChoice => {
    const fail = (message: string): never => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (typeof value !== "string") return fail("must be a text.");
    const text = value.trim();
    if (text === "") return fail("is empty. Write file:PATH, the https URL of a JWK set, a PEM text, or a shared secret.");
    if (text.startsWith("file:")) {
      const path = text.slice("file:".length);
      return path === "" ? fail("file: lacks its path.") : { kind: "file", path, holds: undefined };
    }
    if (/^https?:/i.test(text)) return isJwksUrl(text) ? { kind: "url", url: text } : fail(JWKS_URL);
    // A variable often has its line ends written out.
    if (text.includes("-----BEGIN")) return { kind: "pem", pem: text.replaceAll(String.raw`\n`, "\n") };
    return { kind: "secret", secret: value };
  });
}

/** An allowed algorithm. `none` is not one. */
export function algorithm(): Schema<Algorithm> {
  return z.enum(ALGORITHMS, { error: () => `is not a signature algorithm that can be allowed. Write one of ${ALGORITHMS.join(", ")}.` });
}

const filled = z.string({ error: () => "must be a text." }).min(1, { error: () => "is empty." });

const issuerKey = z
  .strictObject({
    actions: z
      .array(z.enum(["publish", "subscribe"]), { error: () => 'must be a list of "publish" and "subscribe".' })
      .min(1)
      .optional(),
    algorithms: z.array(algorithm(), { error: () => 'must be a list, such as ["ES256"].' }).min(1, { error: () => "names no algorithm." }),
    secret: filled.optional(),
    secretFile: filled.optional(),
    publicKeyFile: filled.optional(),
    jwksFile: filled.optional(),
    jwksUrl: filled.refine(isJwksUrl, { error: () => JWKS_URL }).optional(),
  })
  .transform(({ actions, algorithms, ...places }, context): IssuerKeyChoice => {
    const { secret, secretFile, publicKeyFile, jwksFile, jwksUrl } = places;
    const choices: KeyChoice[] = [];
    if (secret !== undefined) choices.push({ kind: "secret", secret });
    if (secretFile !== undefined) choices.push({ kind: "file", path: secretFile, holds: "secret" });
    if (publicKeyFile !== undefined) choices.push({ kind: "file", path: publicKeyFile, holds: "pem" });
    if (jwksFile !== undefined) choices.push({ kind: "file", path: jwksFile, holds: "jwks" });
    if (jwksUrl !== undefined) choices.push({ kind: "url", url: jwksUrl });
    const [key] = choices;
    if (key !== undefined && choices.length === 1) return { actions: actions ?? ["publish", "subscribe"], algorithms, key };
    context.addIssue({ code: "custom", message: "needs one of secret, secretFile, publicKeyFile, jwksFile and jwksUrl, and not two." });
    return z.NEVER;
  });

/** The `issuers` of the configuration file. */
export const issuersSchema: Schema<readonly IssuerChoice[]> = z.array(
  z.strictObject({ issuer: filled, keys: z.array(issuerKey, { error: () => "must be a list." }).min(1, { error: () => "has no key." }) }),
  {
    error: () =>
      'must be a list, such as [{"issuer": "https://example.com", "keys": [{"algorithms": ["ES256"], "jwksFile": "keys.json"}]}].',
  },
);
