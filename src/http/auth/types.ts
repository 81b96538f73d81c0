import type { JSONWebKeySet } from "jose";
import type { Action, Authorization } from "../../core/authorization.ts";
import type { Logger } from "../../core/logger.ts";
import type { Matcher } from "../../core/matcher.ts";
import type { Compat } from "../compat.ts";

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
   * Where the issuer serves its JWK set: https, or http on the loopback. Fetched when first needed, then every 10 minutes and when a
   * token names a key that it does not have, at most once in 30 seconds. At most 256 KiB and 100 keys, within 5 seconds.
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
   * @throws HubError `invalid_token`, always with the same text; why is logged at debug level, and said by {@link explain}.
   */
  verify(token: string, action: Action): Authorization | Promise<Authorization>;
  /** Each check with its verdict in words, for whoever runs the hub; it says too much for anyone else. */
  explain(token: string, action: Action): Promise<readonly Verdict[]>;
}
