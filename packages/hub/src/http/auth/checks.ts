import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import { compactVerify } from "jose";
import type { Action } from "../../core/matching/authorization.ts";
import { isObject, type JsonObject, member } from "./json.ts";
import type { KeySource } from "./keys.ts";
import { type Clock, AudienceRefusal, ClockRefusal, KeysAway, quote, Refusal, showTime } from "./refusal.ts";

/** The result of a passed check. */
export interface Passed<T> {
  readonly value: T;
  /** Describes the result. Called only for `explain`, so a busy hub does not build the text. */
  readonly describe: () => string;
}

/** The largest time that a `Date` can hold, in milliseconds. */
const MAX_TIME_MS = 8.64e15;

/**
 * Checks that the `typ` header is `at+jwt` or `application/at+jwt`. Tokens made for other purposes,
 * such as ID tokens, fail.
 */
export function checkType(header: JsonObject): Passed<true> {
  const type = quote(member(header, "typ"));
  if (!isAccessToken(header)) throw new Refusal(`The header's typ is ${type}; it must be "at+jwt".`);
  return { value: true, describe: () => `The header's typ is ${type}.` };
}

/** Whether the header belongs to an access token by RFC 9068. */
export function isAccessToken(header: JsonObject): boolean {
  const type = member(header, "typ");
  return typeof type === "string" && /^(?:application\/)?at\+jwt$/i.test(type);
}

/** Refuses a token with critical extensions, because the hub understands none. */
export function checkCritical(header: JsonObject): Passed<true> {
  if (Object.hasOwn(header, "crit")) throw new Refusal(`The header requires unknown extensions: ${quote(header["crit"])}.`);
  return { value: true, describe: () => "The header requires no extension." };
}

/** Checks that the issuer is trusted. The later checks see only the keys of this issuer. */
export function checkIssuer(claims: JsonObject, issuers: ReadonlyMap<string, readonly KeySource[]>): Passed<readonly KeySource[]> {
  const issuer = member(claims, "iss");
  const sources = typeof issuer === "string" ? issuers.get(issuer) : undefined;
  if (sources === undefined) {
    const known = [...issuers.keys()].map(quote).join(", ");
    throw new Refusal(`iss is ${quote(issuer)}, which is no trusted issuer. Trusted: ${known === "" ? "none" : known}.`);
  }
  return { value: sources, describe: () => `iss is ${quote(issuer)}, a trusted issuer.` };
}

/**
 * Checks that a key of the issuer allows the algorithm. The allow-list never comes from the token.
 */
export function checkAlgorithm(header: JsonObject, sources: readonly KeySource[]): Passed<string> {
  const algorithm = member(header, "alg");
  if (typeof algorithm !== "string" || !sources.some((source) => source.algorithms.has(algorithm))) {
    const allowed = [...new Set(sources.flatMap((source) => [...source.algorithms]))];
    throw new Refusal(`The header's alg is ${quote(algorithm)}; the issuer's keys accept ${allowed.join(", ")}.`);
  }
  return { value: algorithm, describe: () => `A key of the issuer accepts ${algorithm}.` };
}

/** Checks that at least one of these keys is trusted for the action. */
export function checkAction(action: Action, algorithm: string, sources: readonly KeySource[]): Passed<readonly KeySource[]> {
  const trusted = sources.filter((source) => source.algorithms.has(algorithm) && source.actions.has(action));
  if (trusted.length === 0) throw new Refusal(`No key of the issuer that accepts ${algorithm} is trusted to ${action}.`);
  return { value: trusted, describe: () => `A key of the issuer is trusted to ${action}.` };
}

/**
 * Checks the signature with the trusted keys. `kid` says which key to try first. Key material in
 * the token (`jwk`, `jku`, `x5c`, `x5u`) is ignored.
 */
export async function checkSignature(
  token: string,
  header: JsonObject,
  algorithm: string,
  sources: readonly KeySource[],
): Promise<Passed<KeySource>> {
  const hint = member(header, "kid");
  const keyId = typeof hint === "string" ? hint : undefined;
  // A fetched set goes last. A token of a local key never waits for an issuer that is down.
  const rank = (source: KeySource): number => (source.fetched !== undefined ? 2 : keyId !== undefined && source.keyId === keyId ? 0 : 1);
  const ordered = sources.length === 1 ? sources : sources.toSorted((a, b) => rank(a) - rank(b));
  let tried = 0;
  let retryAfterMs: number | undefined;
  for (const source of ordered) {
    const found = await source.find(algorithm, keyId);
    retryAfterMs ??= found.retryAfterMs;
    for (const { key } of found.keys) {
      tried++;
      try {
        if (key.type === "secret") verifyMac(token, algorithm, key);
        else await compactVerify(token, key, { algorithms: [algorithm] });
      } catch {
        // Not signed with this key. The next one may fit.
        continue;
      }
      return { value: source, describe: () => `The signature is of a trusted key (${tried} tried).` };
    }
  }
  const text = `The signature is of no trusted key (${tried} tried; kid is ${quote(hint)}).`;
  if (retryAfterMs !== undefined) throw new KeysAway(`${text} The issuer's JWK set cannot be fetched just now.`, retryAfterMs);
  throw new Refusal(text);
}

/**
 * Verifies an HMAC. The library would import the secret again for each token and hand each to
 * another thread, which took ten times as long.
 *
 * @throws Refusal if the token is not signed with the secret.
 * @see RFC 7515, appendix A.1.2.
 */
function verifyMac(token: string, algorithm: string, secret: KeyObject): void {
  const end = token.lastIndexOf(".");
  const expected = createHmac(`sha${algorithm.slice(2)}`, secret)
    .update(token.slice(0, end), "latin1")
    .digest();
  const signature = Buffer.from(token.slice(end + 1), "base64url");
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) throw new Refusal("The signature is of another key.");
}

/** Checks that the token was made for this hub. */
export function checkAudience(claims: JsonObject, resourceIdentifier: string): Passed<true> {
  const audience = member(claims, "aud");
  const entries: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  if (!entries.every((entry) => typeof entry === "string") || !entries.includes(resourceIdentifier)) {
    throw new AudienceRefusal(quote(audience), resourceIdentifier);
  }
  return { value: true, describe: () => `aud contains ${quote(resourceIdentifier)}.` };
}

/**
 * Checks that the token has an expiry in the future. The value is the end of its acceptance,
 * including the leeway.
 */
export function checkExpiry(claims: JsonObject, clock: Clock): Passed<number> {
  const expiresAt = numericDate(claims, "exp");
  if (expiresAt === undefined) throw new Refusal("exp is missing. A token must expire.");
  if (clock.now >= expiresAt + clock.leewayMs) throw new ClockRefusal("exp", expiresAt, clock);
  return { value: expiresAt + clock.leewayMs, describe: () => `exp is ${showTime(expiresAt)}.` };
}

/** Checks that the token is valid already. */
export function checkNotBefore(claims: JsonObject, clock: Clock): Passed<true> {
  const from = numericDate(claims, "nbf");
  if (from !== undefined && clock.now + clock.leewayMs < from) throw new ClockRefusal("nbf", from, clock);
  return { value: true, describe: () => (from === undefined ? "There is no nbf." : `nbf is ${showTime(from)}.`) };
}

/** Checks the types of the claims that the hub uses. */
export function checkIdentity(
  claims: JsonObject,
): Passed<{ subject: string | undefined; tokenId: string | undefined; issuedAt: number | undefined }> {
  const subject = optionalText(claims, "sub");
  const tokenId = optionalText(claims, "jti");
  const clientId = optionalText(claims, "client_id");
  const issuedAt = numericDate(claims, "iat");
  return {
    value: { subject, tokenId, issuedAt },
    describe: () => {
      const wanted = Object.entries({ sub: subject, jti: tokenId, client_id: clientId, iat: issuedAt });
      const missing = wanted.flatMap(([name, value]) => (value === undefined ? [name] : []));
      const advice = missing.length === 0 ? "" : ` RFC 9068 also asks for ${missing.join(", ")}.`;
      return `sub is ${quote(subject)}, jti is ${quote(tokenId)}.${advice}`;
    },
  };
}

/** The entries of the `authorization_details` claim, of any type. None without the claim. */
export function readDetails(claims: JsonObject): readonly JsonObject[] {
  if (!Object.hasOwn(claims, "authorization_details")) return [];
  const details = member(claims, "authorization_details");
  if (!Array.isArray(details) || !details.every(isObject)) throw new Refusal("authorization_details is not an array of objects.");
  return details;
}

/** Reads a NumericDate, which may have a fraction (RFC 7519, section 2). In milliseconds. */
function numericDate(claims: JsonObject, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const seconds = claims[name];
  if (typeof seconds !== "number" || !(Math.abs(seconds * 1000) <= MAX_TIME_MS)) {
    throw new Refusal(`${name} is ${quote(seconds)}; it must be a number of seconds since 1970.`);
  }
  return seconds * 1000;
}

function optionalText(claims: JsonObject, name: string): string | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const text = claims[name];
  // Presence puts these names into URLs, which can't encode a lone surrogate.
  if (typeof text !== "string" || !text.isWellFormed()) throw new Refusal(`${name} is ${quote(text)}; it must be a string.`);
  return text;
}
