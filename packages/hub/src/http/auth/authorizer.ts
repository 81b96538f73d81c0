import { type Action, type Authorization, invalidToken, MAX_LEEWAY_MS, retryAfterClock } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import { LogThrottle } from "../../core/log-throttle.ts";
import { checkAction, checkAlgorithm, checkCritical, checkIdentity, checkNotBefore, checkSignature, type Passed } from "./checks.ts";
import { member } from "./json.ts";
import { createKeySource, type KeyContext, type KeySource } from "./keys.ts";
import type { JwkSetUrl } from "./jwk-set-url.ts";
import { ACCESS_TOKENS, profileOf } from "./profile.ts";
import { AudienceRefusal, type Clock, ClockRefusal, KeysAway, quote, Refusal, showTime } from "./refusal.ts";
import { parseToken } from "./token.ts";
import { TokenCache } from "./token-cache.ts";
import type { Authorizer, AuthorizerOptions, IssuerOptions, PreparedIssuers, Verdict } from "./types.ts";

/**
 * Most remembered tokens. Enough for the subscribers of a large hub to come back at once: 20 MB at
 * about 0.6 kB a token.
 */
const CACHED_TOKENS = 32_768;
/**
 * Longest remembered token, in characters. Longer tokens are verified each time, because memory
 * must be bounded.
 */
const CACHED_LENGTH = 2048;

/**
 * Runs one check. `run` is undefined if an earlier check failed on which this one depends. The
 * answer is undefined then, and also if this check fails.
 */
type Step = <T>(check: string, run: (() => Passed<T> | Promise<Passed<T>>) | undefined) => Promise<T | undefined>;

/**
 * Makes the verifier of access tokens.
 *
 * @throws TypeError for options that cannot work, with the remedy.
 * @see Mercure, "Token Validation"; RFC 9068; RFC 8725.
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  return new TokenAuthorizer(options);
}

/** The keys of each issuer. */
type Issuers = ReadonlyMap<string, readonly KeySource[]>;

class TokenAuthorizer implements Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #now: () => number;
  #issuers: Issuers;
  readonly #notices: LogThrottle;
  readonly #cache = new TokenCache(CACHED_TOKENS);
  /**
   * Counts removed keys. A verification that began before a removal must not be remembered after
   * it.
   */
  #removals = 0;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#notices = new LogThrottle(options.logger);
    const { leewayMs } = options;
    if (!(Number.isFinite(leewayMs) && leewayMs >= 0 && leewayMs <= MAX_LEEWAY_MS)) {
      throw new TypeError(`\`leewayMs\` is ${JSON.stringify(leewayMs)}. Give milliseconds from 0 to ${MAX_LEEWAY_MS}.`);
    }
    if (options.resourceIdentifier === "") throw new TypeError("`resourceIdentifier` is empty. Give the hub's public URL.");
    this.#issuers = this.#read(options.issuers);
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

  start(): void {
    for (const set of setsOf(this.#issuers)) set.start();
  }

  issuersWithoutKeys(): readonly string[] {
    return [...this.#issuers].flatMap(([issuer, sources]) => (sources.some(({ fetched }) => fetched?.isReady === false) ? [issuer] : []));
  }

  async prepare(options: readonly IssuerOptions[]): Promise<PreparedIssuers> {
    const present = setsOf(this.#issuers);
    const issuers = this.#read(options, (url, algorithms) => present.find((set) => set.isOf(url, algorithms)));
    const next = setsOf(issuers);
    const added = next.filter((set) => !present.includes(set));
    const drop = (): void => {
      for (const set of added) set.close();
    };
    try {
      await Promise.all(added.map((set) => set.fetchNow()));
    } catch (error) {
      drop();
      throw error;
    }
    const use = (): void => {
      this.#issuers = issuers;
      this.#forget();
      for (const set of present) if (!next.includes(set)) set.close();
      for (const set of next) if (present.includes(set)) set.start();
    };
    return { use, drop };
  }

  close(): void {
    for (const set of setsOf(this.#issuers)) set.close();
  }

  #read(options: readonly IssuerOptions[], known?: KeyContext["known"]): Issuers {
    const issuers = new Map<string, readonly KeySource[]>();
    const context: KeyContext = {
      now: this.#now,
      logger: this.#options.logger,
      onRemoved: () => this.#forget(),
      ...(known !== undefined && { known }),
    };
    for (const { issuer, keys } of options) {
      if (issuer === "") throw new TypeError("`issuer` is empty. Give the `iss` claim of its tokens.");
      if (issuers.has(issuer)) throw new TypeError(`The issuer ${issuer} is listed twice. Put its keys together.`);
      if (keys.length === 0) throw new TypeError(`The issuer ${issuer} has no keys. Give at least one.`);
      issuers.set(
        issuer,
        keys.map((key, index) => createKeySource(key, `The issuer ${issuer}, key ${index + 1}`, context)),
      );
    }
    return issuers;
  }

  async #verify(token: string, action: Action): Promise<Authorization> {
    const removals = this.#removals;
    let current = "";
    let only: ClockRefusal | AudienceRefusal | undefined;
    try {
      const authorization = await this.#examine(token, action, async (check, run) => {
        current = check;
        try {
          return (await run?.())?.value;
        } catch (error) {
          if (!(error instanceof ClockRefusal || error instanceof AudienceRefusal)) throw error;
          // The time or the audience may be the token's only fault, which is known only at the end.
          // A forged token is never reported as expired.
          only ??= error;
          return undefined;
        }
      });
      if (only !== undefined) throw only;
      if (authorization === undefined) throw new Refusal("A check gave no answer.");
      if (removals === this.#removals && token.length <= CACHED_LENGTH) this.#cache.set(token, action, authorization);
      return authorization;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const check = error instanceof ClockRefusal ? error.claim : error instanceof AudienceRefusal ? "aud" : current;
      this.#options.logger.debug({ check, reason: error.message, action }, "An access token is refused.");
      if (error instanceof KeysAway) throw keysUnavailable(error);
      if (error instanceof AudienceRefusal) this.#tellAudience(error, action);
      if (!(error instanceof ClockRefusal)) throw invalidToken(error);
      this.#tellClock(error, token, action);
      throw invalidToken(error, retryAfterClock(error.passedMs));
    }
  }

  /** Logs the remedy of a token that is right in all but its audience, such as one for another port. */
  #tellAudience({ audience }: AudienceRefusal, action: Action): void {
    const { resourceIdentifier } = this.#options;
    this.#notices.warn(
      "audience",
      { audience, resourceIdentifier, action },
      `An access token is refused, because it was made for another hub. Make one for this hub: artesian token mint --resource-identifier ${resourceIdentifier}`,
    );
  }

  /** Logs both times. Otherwise a wrong clock looks like a wrong key to everyone else. */
  #tellClock({ claim, tokenMs, hubMs, leewayMs }: ClockRefusal, token: string, action: Action): void {
    this.#notices.warn(
      `clock ${claim}`,
      {
        claim,
        issuer: quote(member(parseToken(token).claims, "iss")),
        tokenTime: showTime(tokenMs),
        hubTime: showTime(hubMs),
        leewayMs,
        action,
      },
      claim === "exp" ? "A token has expired by the hub's clock." : "A token is not valid yet by the hub's clock.",
    );
  }

  /** Runs all checks in order: cheap checks first, and the details only after the signature. */
  async #examine(token: string, action: Action, step: Step): Promise<Authorization | undefined> {
    const { limits, resourceIdentifier } = this.#options;
    // The issuers may be replaced while a signature is checked.
    const issuers = this.#issuers;
    const clock: Clock = { now: this.#now(), leewayMs: this.#options.leewayMs };
    const short = await step("size", () => checkSize(token, limits.tokenBytes));
    const parts = await step("form", short && (() => ({ value: parseToken(token), describe: () => "It is a signed JWT." })));
    const header = parts?.header;
    const claims = parts?.claims;
    const profile = header === undefined ? ACCESS_TOKENS : profileOf(header, this.#options.compat);
    await step("typ", header && (() => profile.checkType(header)));
    const plain = await step("crit", header && (() => checkCritical(header)));
    const issuer = await step("iss", claims && (() => profile.checkIssuer(claims, issuers)));
    const algorithm = await step("alg", header && issuer && (() => checkAlgorithm(header, issuer)));
    const trusted = await step("action", issuer && algorithm ? () => checkAction(action, algorithm, issuer) : undefined);
    await step("aud", claims && (() => profile.checkAudience(claims, resourceIdentifier)));
    const expiresAt = await step("exp", claims && (() => profile.checkExpiry(claims, clock)));
    await step("nbf", claims && (() => checkNotBefore(claims, clock)));
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
      issuer: issuerOf(issuers, signer),
      ...identity,
      expiresAt,
      publish: signer.actions.has("publish") ? grants.publish : [],
      subscribe: maySubscribe ? grants.subscribe : [],
      ...(maySubscribe && grants.payload !== undefined && { payload: grants.payload }),
    };
  }

  #forget(): void {
    this.#removals++;
    this.#cache.clear();
  }
}

function issuerOf(issuers: Issuers, signer: KeySource): string {
  for (const [issuer, sources] of issuers) if (sources.includes(signer)) return issuer;
  throw new TypeError("A key has no issuer.");
}

function setsOf(issuers: Issuers): readonly JwkSetUrl[] {
  return [...issuers.values()].flat().flatMap(({ fetched }) => (fetched === undefined ? [] : [fetched]));
}

function keysUnavailable(refusal: KeysAway): HubError {
  return new HubError("keys_unavailable", "The hub cannot fetch the keys of the token's issuer just now. Try again later.", {
    cause: refusal,
    retryAfterMs: refusal.retryAfterMs,
  });
}

function checkSize(token: string, maxBytes: number): Passed<true> {
  // A well-formed token has one byte a character.
  if (token.length > maxBytes) throw new Refusal(`It has ${token.length} bytes; at most ${maxBytes} are accepted.`);
  return { value: true, describe: () => `It has ${token.length} bytes.` };
}
