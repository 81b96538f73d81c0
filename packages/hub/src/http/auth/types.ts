import type { JSONWebKeySet } from "jose";
import type { Action, Authorization } from "../../core/matching/authorization.ts";
import type { Logger } from "../../core/logger.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import type { Compat } from "../compat/names.ts";

/** An issuer's key, or set of keys. Exactly one of `secret`, `publicKey`, `jwks` and `jwksUrl`. */
export interface KeyOptions {
  /** Permitted uses of its tokens. Default: both. */
  readonly actions?: readonly Action[] | undefined;
  /**
   * The accepted signature algorithms, for example `["ES256"]`. At least one of HS256, HS384,
   * HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA and Ed25519 that
   * fits the kind of key.
   */
  readonly algorithms: readonly string[];
  /**
   * A shared secret for HS256, HS384 or HS512: at least 32, 48 or 64 bytes. Text stands for its
   * UTF-8 bytes.
   */
  readonly secret?: string | Uint8Array | undefined;
  /** PEM: SPKI, X.509 or PKCS#1. A private key's PEM counts for its public half. */
  readonly publicKey?: string | undefined;
  /** A JWK set. Members whose kind the algorithms do not need are skipped. */
  readonly jwks?: JSONWebKeySet | undefined;
  /**
   * The address of the issuer's JWK set: https, or http on the loopback. Fetched at the start.
   * Fetched again when a token needs a set older than 10 minutes, and when a token names an unknown
   * key, at most once in 30 seconds. At most 256 KiB and 100 keys, within 5 seconds.
   *
   * A failed fetch is retried after 1 to 30 seconds. Meanwhile the previous keys are used, for up
   * to a day. Tokens whose key is missing get 503 `keys_unavailable`.
   */
  readonly jwksUrl?: string | undefined;
  /** The `kid` of a `secret` or `publicKey`. It only says which key to try first. */
  readonly keyId?: string | undefined;
}

/** A trusted issuer of tokens. */
export interface IssuerOptions {
  /** The `iss` claim of its tokens, compared byte by byte. */
  readonly issuer: string;
  /** At least one. No other keys verify this issuer's tokens. */
  readonly keys: readonly KeyOptions[];
}

/** Options of an {@link Authorizer}. */
export interface AuthorizerOptions {
  /** Each identifier at most once. With no issuer, every token is refused. */
  readonly issuers: readonly IssuerOptions[];
  /** Required in a token's `aud`, so that a token for another hub is refused. */
  readonly resourceIdentifier: string;
  /**
   * Whether tokens of Mercure 0.x are accepted too: without audience, issuer or expiry. Default:
   * no.
   */
  readonly compat?: Compat | undefined;
  /**
   * Allowed difference between the issuer's clock and the hub's, in milliseconds. `exp` counts that
   * much later, `nbf` that much earlier.
   */
  readonly leewayMs: number;
  readonly limits: {
    /** Longest token, in bytes. Each is parsed before it is known to be genuine. */
    readonly tokenBytes: number;
    /** Most entries of `topics` over all details of a token. Each is compiled. */
    readonly grantsPerToken: number;
    /** Longest topic or pattern, in bytes of UTF-8. Bounds the matching time. */
    readonly topicBytes: number;
  };
  /** Throws a HubError for an invalid matcher. */
  readonly compilePattern: (matcher: Matcher) => void;
  /** The time, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  readonly logger: Logger;
}

/** The result of one check. */
export interface Verdict {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Judges access tokens. */
export interface Authorizer {
  /**
   * Verifies a token. A verified token is remembered for each action until it expires (the latest
   * 32,768, up to 2,048 characters each). The answer for a remembered token is not a promise. A
   * token without details for the hub is valid and grants nothing.
   *
   * @param action - The intended use. Keys may be trusted for one action only, and the answer has
   *   no grants for an action that the key is not trusted for.
   * @throws HubError `invalid_token`, always with the same text. The reason is logged at debug
   *   level and told by {@link explain}. A refusal by the clock alone is also logged at level warn,
   *   once a minute. `keys_unavailable` if the key may be in a set that cannot be fetched.
   */
  verify(token: string, action: Action): Authorization | Promise<Authorization>;
  /**
   * Returns each check with its verdict in words. For the operator only, because it reveals too
   * much.
   */
  explain(token: string, action: Action): Promise<readonly Verdict[]>;
  /**
   * Fetches the JWK sets before tokens need them, and retries after a failure until {@link close}.
   */
  start(): void;
  /** Issuers whose JWK set was never fetched so far. */
  issuersWithoutKeys(): readonly string[];
  /**
   * Prepares other issuers, while the present ones hold. Every new JWK set at a URL is fetched
   * first, so that no token has to wait for the set later.
   *
   * @throws TypeError for issuers that cannot work, and Error if a new set cannot be fetched.
   *   Nothing has changed then.
   */
  prepare(issuers: readonly IssuerOptions[]): Promise<PreparedIssuers>;
  /** Stops fetching. */
  close(): void;
}

/** Issuers that can take the place of the present ones. Call exactly one of the two. */
export interface PreparedIssuers {
  /**
   * Replaces the issuers at once. Tokens are verified again at their next use. JWK sets that were
   * there before are fetched again.
   */
  readonly use: () => void;
  /** Drops the prepared issuers. */
  readonly drop: () => void;
}
