import { existsSync } from "node:fs";
import { z } from "zod";
import type { Action } from "../../core/matching/authorization.ts";
import { type MistakenSecret, mistakenSecret } from "../../http/auth/mistaken-secret.ts";
import { type JsonSchema, withJsonSchema } from "./json-schema.ts";
import { URL_START, type Schema } from "./values.ts";
import { parseUrl } from "../../core/parse-url.ts";

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
  /** `holds` is the required content. Undefined accepts any content. */
  | { readonly kind: "file"; readonly path: string; readonly holds: "secret" | "pem" | "jwks" | undefined }
  | { readonly kind: "url"; readonly url: string };

/** A key of an issuer, as written in the configuration file. */
export interface IssuerKeyChoice {
  readonly actions: readonly Action[];
  readonly algorithms: readonly Algorithm[];
  readonly key: KeyChoice;
}

/** An issuer, as written in the configuration file. */
export interface IssuerChoice {
  readonly issuer: string;
  readonly keys: readonly IssuerKeyChoice[];
}

const JWKS_URL = "the URL of a JWK set must be https; http is for this machine alone, such as http://127.0.0.1:8080/jwks.json.";

/** Text that starts like a URL counts as a URL. As a secret, it would be weak. */
function isJwksUrl(text: string): boolean {
  const url = parseUrl(text);
  if (url === undefined) return false;
  const { protocol, hostname } = url;
  return protocol === "https:" || (protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname));
}

/**
 * The correct spelling for something that is no secret, in a flag or variable and for an issuer of
 * the file.
 */
const REMEDIES: Readonly<Record<MistakenSecret, readonly [ofFlag: string, ofIssuer: string]>> = {
  path: [
    "looks like the path of a file, or is one, and is not taken for a shared secret. Write file:PATH to read the key from it.",
    "looks like the path of a file, or is one, and is not taken for a shared secret. Write it as secretFile, publicKeyFile or jwksFile.",
  ],
  url: [
    "is a URL, which is no shared secret. Write file:PATH for a file, or the https URL of a JWK set.",
    "is a URL, which is no shared secret. Write secretFile for a file, or jwksUrl for the https URL of a JWK set.",
  ],
  jwks: [
    "is a JWK set, which is no shared secret. Put it into a file and write file:PATH.",
    "is a JWK set, which is no shared secret. Put it into a file and name that by jwksFile.",
  ],
  "public key": [
    "is a public key, which everybody may know, and no shared secret. Put it into a file as PEM and write file:PATH.",
    "is a public key, which everybody may know, and no shared secret. Put it into a file as PEM and name that by publicKeyFile.",
  ],
  variable: [
    "is the name of a variable, which was not replaced by its value. Write the value, or file:PATH.",
    "is the name of a variable, which the file does not replace by its value. Write secretFile.",
  ],
};

/** Explains why a text is no shared secret. Returns undefined for a secret. */
function whyNoSecret(text: string, place: "flag" | "issuer"): string | undefined {
  const mistaken = mistakenSecret(text) ?? (existsSync(text.trim()) ? "path" : undefined);
  return mistaken === undefined ? undefined : REMEDIES[mistaken][place === "flag" ? 0 : 1];
}

/** A container's file of variables keeps the quotes that a shell removes. */
const QUOTED = /^(["']).*\1$/s;
const QUOTES = "has quotes around it, which are not part of it. Leave them out.";

/**
 * Parses a key. Errors never repeat the text, because they end up in logs and the text may be one
 * letter off the secret.
 */
export function keyChoice(): Schema<KeyChoice> {
  const schema = z.unknown().transform((value, context): KeyChoice => {
    const fail = (message: string): never => {
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    if (typeof value !== "string") return fail("must be a text.");
    const text = value.trim();
    if (text === "") return fail("is empty. Write file:PATH, the https URL of a JWK set, a PEM text, or a shared secret.");
    if (QUOTED.test(text)) return fail(QUOTES);
    if (/^file:/i.test(text)) {
      const path = text.slice("file:".length);
      return path === "" ? fail("file: lacks its path.") : { kind: "file", path, holds: undefined };
    }
    if (/^https?:/i.test(text)) return isJwksUrl(text) ? { kind: "url", url: text } : fail(JWKS_URL);
    // A variable often has its line ends written out.
    if (text.includes("-----BEGIN")) return { kind: "pem", pem: text.replaceAll(String.raw`\n`, "\n") };
    const problem = whyNoSecret(text, "flag");
    return problem === undefined ? { kind: "secret", secret: value } : fail(problem);
  });
  return withJsonSchema(schema, { type: "string", pattern: String.raw`\S` });
}

/** An allowed algorithm. `none` is not allowed. */
export function algorithm(): Schema<Algorithm> {
  const error = `is not a signature algorithm that can be allowed. Write one of ${ALGORITHMS.join(", ")}.`;
  return withJsonSchema(z.enum(ALGORITHMS, { error: () => error }), { enum: [...ALGORITHMS] });
}

const filled = z.string({ error: () => "must be a text." }).min(1, { error: () => "is empty." });

const issuerSecret = filled.superRefine((value, context) => {
  const message = QUOTED.test(value.trim()) ? QUOTES : whyNoSecret(value, "issuer");
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

/** @param other - The correct spelling for something that is no file. */
function filePath(other: string): Schema<string> {
  return filled.superRefine((value, context) => {
    if (/^file:/i.test(value)) context.addIssue({ code: "custom", message: "must be the path alone, without file:." });
    else if (URL_START.test(value)) context.addIssue({ code: "custom", message: `is a URL, and must be the path of a file. ${other}` });
    else if (/-----BEGIN|^\s*\{/.test(value)) {
      context.addIssue({ code: "custom", message: "is a key, and must be the path of a file that holds it." });
    }
  });
}

const issuerKey = z
  .strictObject({
    actions: z
      .array(z.enum(["publish", "subscribe"]), { error: () => 'must be a list of "publish" and "subscribe".' })
      .min(1)
      .optional(),
    algorithms: z.array(algorithm(), { error: () => 'must be a list, such as ["ES256"].' }).min(1, { error: () => "names no algorithm." }),
    secret: issuerSecret.optional(),
    secretFile: filePath("Download it, or write jwksUrl for the URL of a JWK set.").optional(),
    publicKeyFile: filePath("Download it, or write jwksUrl for the URL of a JWK set.").optional(),
    jwksFile: filePath("Write jwksUrl for the URL of a JWK set.").optional(),
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

const FILLED = { type: "string", minLength: 1 } as const;
const PLACES = ["secret", "secretFile", "publicKeyFile", "jwksFile", "jwksUrl"] as const;

/** The `issuers` of the configuration file, as JSON Schema. */
const ISSUERS: JsonSchema = {
  type: "array",
  items: {
    type: "object",
    required: ["issuer", "keys"],
    additionalProperties: false,
    properties: {
      issuer: { ...FILLED, description: "The `iss` claim of its tokens." },
      keys: {
        type: "array",
        minItems: 1,
        items: {
          type: "object",
          required: ["algorithms"],
          additionalProperties: false,
          oneOf: PLACES.map((place) => ({ required: [place] })),
          properties: {
            actions: { type: "array", minItems: 1, items: { enum: ["publish", "subscribe"] }, description: "Default: both." },
            algorithms: { type: "array", minItems: 1, items: { enum: [...ALGORITHMS] } },
            secret: { ...FILLED, description: "A shared secret. A file of its own hides it better: secretFile." },
            secretFile: { ...FILLED, description: "File with a shared secret." },
            publicKeyFile: { ...FILLED, description: "File with a public key or a certificate, as PEM." },
            jwksFile: { ...FILLED, description: "File with a JWK set." },
            jwksUrl: {
              type: "string",
              pattern: "^[hH][tT][tT][pP][sS]?://",
              description: "URL of a JWK set: https, or http on the loopback.",
            },
          },
        },
      },
    },
  },
};

/** The `issuers` of the configuration file. */
export const issuersSchema: Schema<readonly IssuerChoice[]> = withJsonSchema(
  z.array(
    z.strictObject({ issuer: filled, keys: z.array(issuerKey, { error: () => "must be a list." }).min(1, { error: () => "has no key." }) }),
    {
      error: () =>
        'must be a list, such as [{"issuer": "https://example.com", "keys": [{"algorithms": ["ES256"], "jwksFile": "keys.json"}]}].',
    },
  ),
  ISSUERS,
);
