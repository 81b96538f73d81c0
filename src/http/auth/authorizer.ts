import { type Action, type Authorization, invalidToken } from "../../core/authorization.ts";
import { checkAction, checkAlgorithm, checkCritical, checkIdentity, checkNotBefore, checkSignature, type Passed } from "./checks.ts";
import { createKeySource, type KeySource } from "./keys.ts";
import { ACCESS_TOKENS, profileOf } from "./profile.ts";
import { Refusal } from "./refusal.ts";
import { parseToken } from "./token.ts";
import { TokenCache } from "./token-cache.ts";
import type { Authorizer, AuthorizerOptions, Verdict } from "./types.ts";

/** Enough for the subscribers of a large hub to come back at once: at some 0.6 kB a token, 20 MB. */
const CACHED_TOKENS = 32_768;
/** Longer tokens are verified each time, in characters: what is remembered must have a bound. */
const CACHED_LENGTH = 2048;

/** Runs one check. Where `run` is undefined, an earlier check failed that it builds on; then, and where it fails, the answer is undefined. */
type Step = <T>(check: string, run: (() => Passed<T> | Promise<Passed<T>>) | undefined) => Promise<T | undefined>;

/**
 * Makes what judges access tokens.
 *
 * @throws TypeError for options that cannot work, with what to change.
 * @see Mercure, "Token Validation"; RFC 9068; RFC 8725.
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  return new TokenAuthorizer(options);
}

class TokenAuthorizer implements Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #now: () => number;
  readonly #issuers = new Map<string, readonly KeySource[]>();
  readonly #cache = new TokenCache(CACHED_TOKENS);
  /** Counts the times that a key was removed: what was verified before must not be remembered after. */
  #removals = 0;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    if (options.resourceIdentifier === "") throw new TypeError("`resourceIdentifier` is empty. Give the hub's public URL.");
    const context = { now: this.#now, logger: options.logger, onRemoved: () => this.#forget() };
    for (const { issuer, keys } of options.issuers) {
      if (issuer === "") throw new TypeError("`issuer` is empty. Give the `iss` claim of its tokens.");
      if (this.#issuers.has(issuer)) throw new TypeError(`The issuer ${issuer} is there twice. Put its keys together.`);
      if (keys.length === 0) throw new TypeError(`The issuer ${issuer} has no keys. Give at least one.`);
      this.#issuers.set(
        issuer,
        keys.map((key, index) => createKeySource(key, `The issuer ${issuer}, key ${index + 1}`, context)),
      );
    }
  }

  verify(token: string, action: Action): Authorization | Promise<Authorization> {
    return this.#cache.get(token, action, this.#now()) ?? this.#verify(token, action);
  }

  async explain(token: string, action: Action): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = [];
    await this.#examine(token, action, async (check, run) => {
      if (run === undefined) {
        verdicts.push({ check, ok: false, detail: "Not checked, because of the above." });
        return undefined;
      }
      try {
        const { value, describe } = await run();
        verdicts.push({ check, ok: true, detail: describe() });
        return value;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        verdicts.push({ check, ok: false, detail: error.message });
        return undefined;
      }
    });
    return verdicts;
  }

  async #verify(token: string, action: Action): Promise<Authorization> {
    const removals = this.#removals;
    let current = "";
    try {
      const authorization = await this.#examine(token, action, async (check, run) => {
        current = check;
        return (await run?.())?.value;
      });
      if (authorization === undefined) throw new Refusal("A check gave no answer.");
      if (removals === this.#removals && token.length <= CACHED_LENGTH) this.#cache.set(token, action, authorization);
      return authorization;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#options.logger.debug({ check: current, reason: error.message, action }, "An access token is refused.");
      throw invalidToken(error);
    }
  }

  /** All checks in order: the cheap ones first, and nothing of the details before the signature. */
  async #examine(token: string, action: Action, step: Step): Promise<Authorization | undefined> {
    const { limits, resourceIdentifier } = this.#options;
    const now = this.#now();
    const short = await step("size", () => checkSize(token, limits.tokenBytes));
    const parts = await step("form", short && (() => ({ value: parseToken(token), describe: () => "It is a signed JWT." })));
    const header = parts?.header;
    const claims = parts?.claims;
    const profile = header === undefined ? ACCESS_TOKENS : profileOf(header, this.#options.compat);
    await step("typ", header && (() => profile.checkType(header)));
    const plain = await step("crit", header && (() => checkCritical(header)));
    const issuer = await step("iss", claims && (() => profile.checkIssuer(claims, this.#issuers)));
    const algorithm = await step("alg", header && issuer && (() => checkAlgorithm(header, issuer)));
    const trusted = await step("action", issuer && algorithm ? () => checkAction(action, algorithm, issuer) : undefined);
    await step("aud", claims && (() => profile.checkAudience(claims, resourceIdentifier)));
    const expiresAt = await step("exp", claims && (() => profile.checkExpiry(claims, now)));
    await step("nbf", claims && (() => checkNotBefore(claims, now)));
    const identity = await step("identity", claims && (() => checkIdentity(claims)));
    const signer = await step(
      "signature",
      header && plain && algorithm && trusted ? () => checkSignature(token, header, algorithm, trusted) : undefined,
    );
    const grants = await step(profile.grantsClaim, claims && (() => profile.readGrants(claims, this.#options)));
    if (claims === undefined || expiresAt === undefined || identity === undefined || signer === undefined || grants === undefined) {
      return undefined;
    }
    const maySubscribe = signer.actions.has("subscribe");
    return {
      issuer: this.#issuerOf(signer),
      ...identity,
      expiresAt,
      publish: signer.actions.has("publish") ? grants.publish : [],
      subscribe: maySubscribe ? grants.subscribe : [],
      ...(maySubscribe && grants.payload !== undefined && { payload: grants.payload }),
    };
  }

  #issuerOf(signer: KeySource): string {
    for (const [issuer, sources] of this.#issuers) if (sources.includes(signer)) return issuer;
    throw new TypeError("A key has no issuer.");
  }

  #forget(): void {
    this.#removals++;
    this.#cache.clear();
  }
}

function checkSize(token: string, maxBytes: number): Passed<true> {
  // A well-formed token has one byte a character.
  if (token.length > maxBytes) throw new Refusal(`It has ${token.length} bytes; at most ${maxBytes} are accepted.`);
  return { value: true, describe: () => `It has ${token.length} bytes.` };
}
