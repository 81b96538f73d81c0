import type { JSONWebKeySet } from "jose";
import type { Action, Authorization } from "../../core/matching/authorization.ts";
import type { Logger } from "../../core/logger.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import type { Compat } from "../compat/names.ts";

/** A key, or a set of keys, that an issuer signs its tokens with. Exactly one of `secret`, `publicKey`, `jwks` and `jwksUrl`. */
export interface KeyOptions {
  /** What tokens signed with it may be used for. Default: both. */
  readonly actions?: readonly Action[] | undefined;
  /**
   * The only signature algorithms accepted with it, for example `["ES256"]`: at least one of HS256, HS384, HS512, RS256, RS384,
   * RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA and Ed25519, that fits the kind of key.
   */
  readonly algorithms: readonly string[];
  /** A shared secret for HS256, HS384 or HS512: at least 32, 48 or 64 bytes. Text stands for its UTF-8 bytes. */
  readonly secret?: string | Uint8Array | undefined;
  /** PEM: SPKI, X.509 or PKCS#1. Of a private key's PEM, the public half is used. */
  readonly publicKey?: string | undefined;
  /** A JWK set; its members of other kinds than the algorithms need are left out. */
  readonly jwks?: JSONWebKeySet | undefined;
  /**
   * Where the issuer serves its JWK set: https, or http on the loopback. Fetched at the start, then when a token needs it after 10 minutes, and when a
   * token names a key that it does not have, at most once in 30 seconds. At most 256 KiB and 100 keys, within 5 seconds. A fetch that fails is tried
   * again after 1 to 30 seconds; the keys of before are used meanwhile, for up to a day. Tokens that need a key which is not there get 503
   * `keys_unavailable`.
   */
  readonly jwksUrl?: string | undefined;
  /** The `kid` of a `secret` or `publicKey`. It only says which key to try first. */
  readonly keyId?: string | undefined;
}

/** Someone whose tokens the hub trusts. */
export interface IssuerOptions {
  /** The `iss` claim of its tokens, compared byte by byte. */
  readonly issuer: string;
  /** At least one. Its tokens are verified with these and no others. */
  readonly keys: readonly KeyOptions[];
}

/** How {@link Authorizer} judges tokens. */
export interface AuthorizerOptions {
  /** No two with the same identifier. With none, every token is refused. */
  readonly issuers: readonly IssuerOptions[];
  /** Must be in a token's `aud`: it keeps a token for another hub out. */
  readonly resourceIdentifier: string;
  /** Whether tokens of Mercure 0.x are accepted too: without audience, without issuer, without end. Default: they are not. */
  readonly compat?: Compat | undefined;
  /** How far an issuer's clock may differ from the hub's, in milliseconds: `exp` counts that much later, `nbf` that much earlier. */
  readonly leewayMs: number;
  readonly limits: {
    /** Longest token, in bytes (each is parsed before it is known to be genuine). */
    readonly tokenBytes: number;
    /** Most entries of `topics` over all details of a token (each is compiled). */
    readonly grantsPerToken: number;
    /** Longest topic or pattern, in bytes of UTF-8 (matching time). */
    readonly topicBytes: number;
  };
  /** Throws a HubError when a matcher is not valid. */
  readonly compilePattern: (matcher: Matcher) => void;
  /** The time, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  readonly logger: Logger;
}

/** What one check of a token came to. */
export interface Verdict {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Judges access tokens. */
export interface Authorizer {
  /**
   * Verified tokens are remembered by their own bytes, for each action, until they expire (the latest 10,000): then the answer is
   * not a promise. A token without details for the hub is valid and grants nothing.
   *
   * @param action - What the token is to be used for: keys may be trusted for one action only, and the answer has no grants of
   *   an action that the key is not trusted for.
   * @throws HubError `invalid_token`, always with the same text; why is logged at debug level, and said by {@link explain}. A refusal by the clock
   * alone is also logged at level warn, once a minute. `keys_unavailable` if the key may be in a set that cannot be fetched.
   */
  verify(token: string, action: Action): Authorization | Promise<Authorization>;
  /** Each check with its verdict in words, for whoever runs the hub; it says too much for anyone else. */
  explain(token: string, action: Action): Promise<readonly Verdict[]>;
  /** Fetches the JWK sets, before tokens need them, and again after a failure, until {@link close}. */
  start(): void;
  /** The issuers that have a JWK set which was never fetched so far. */
  issuersWithoutKeys(): readonly string[];
  /** Stops fetching. */
  close(): void;
}
