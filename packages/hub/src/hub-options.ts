import type { HubCoreOptions } from "./core/hub-options.ts";
import type { Matcher } from "./core/matching/matcher.ts";
import type { ConnectionLimits } from "./http/admission/connections.ts";
import type { StreamResetLimits } from "./http/admission/stream-resets.ts";
import type { IssuerOptions } from "./http/auth/index.ts";
import type { Compat } from "./http/compat/names.ts";

/** Whose tokens a hub accepts. */
export interface AuthorizationOptions {
  /** At least one. */
  readonly issuers: readonly IssuerOptions[];
  /** What tokens must have in `aud`. Default: the hub's URL. */
  readonly resourceIdentifier?: string | undefined;
  /** The cookie that a browser's `EventSource` may bring its token in. Default `__Secure-mercure_access_token`. */
  readonly cookieName?: string | undefined;
  /**
   * How far an issuer's clock may differ from the hub's, in milliseconds, from 0 to 300,000: `exp` counts that much later for requests, and
   * `nbf` that much earlier. Default: 5,000.
   */
  readonly leewayMs?: number | undefined;
}

/** How a hub behaves. Everything has a default. */
export interface HubOptions extends Omit<HubCoreOptions, "journal" | "compression" | "idCipher" | "leewayMs">, Partial<ConnectionLimits> {
  /** Where the hub reports what its users do not see. Default: failures reach `console.error`, at most 10 a minute, and nothing else is reported. */
  readonly logger?: HubCoreOptions["logger"];
  /** Where updates are kept. Default: `memoryJournal`, which a restart empties; use `lmdbJournal` to keep them. */
  readonly journal?: HubCoreOptions["journal"] | undefined;
  /**
   * The path at which requests arrive at `handler` and `fetch`, such as `/live`. Set it for a route of your own, or behind a proxy that rewrites paths;
   * topics and tokens go by `url`. `/` takes every path. Default: the path of `url`, and `/events/stream`. Without a `url`, the hub's URL has this path.
   *
   * @see docs/start/embedding.md
   */
  readonly path?: string | undefined;
  /** Whose tokens are accepted. Default: nobody's. */
  readonly authorization?: AuthorizationOptions | undefined;
  /** Whether subscribers without a token get public updates. Default: only where no tokens are accepted anyway. */
  readonly anonymous?: boolean | undefined;
  /** Whether anyone who reaches the hub may publish over HTTP. Default false: only this process and holders of a token publish. */
  readonly anonymousPublish?: boolean | undefined;
  /** Topics that only this process publishes: over HTTP they answer 400 `reserved_topic`, with any token. Default: none. */
  readonly reservedTopics?: readonly Matcher[] | undefined;
  /**
   * Whether streams are compressed for those who take gzip: each frame once, for all. A number is the smallest frame that is, in bytes.
   * Default: 512.
   */
  readonly compression?: boolean | number | undefined;
  /**
   * Secret that makes the hub's own event ids opaque, at least 32 bytes: without it they count the updates, private ones too. The same in all processes
   * of the journal, and after a restart; with another one, subscribers are told of a gap once. Default: ids are `#EPOCH:OFFSET`.
   *
   * @see docs/reference/protocol.md, "Event ids and resuming"
   */
  readonly opaqueIds?: string | Uint8Array | undefined;
  /**
   * Origins of pages that may use the hub, exactly as in `Origin`; they may send the cookie. Apps and extensions have schemes of their own:
   * `capacitor://localhost`. `*` lets any page in, without the cookie.
   */
  readonly corsOrigins?: readonly string[] | undefined;
  /**
   * How many streams a peer may reset on one connection of HTTP/2, where the server speaks it; past it the connection is closed. Stops peers that ask and take
   * back, over and over. Default: 100 at once, 33 a second.
   */
  readonly streamResets?: StreamResetLimits | undefined;
  /**
   * Addresses and networks of your proxies, such as `10.0.0.0/8` or `2001:db8::1`. From them, `X-Forwarded-For` or `Forwarded` names the client that limits,
   * logs and `subscribers()` go by: the right-most address that is no proxy of this list. From others both are ignored. For `handler` alone. Default: none.
   *
   * @see docs/reference/configuration.md, "Behind a proxy"
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Origins of pages that may publish with the cookie, beside the hub's own: that of `url`, and that of the host that the request names.
   */
  readonly publishOrigins?: readonly string[] | undefined;
  /**
   * Whether clients and tokens of Mercure 0.x work too, which weakens authorization: such tokens need no audience, no issuer and no end, and may be
   * in URLs. Default: they do not.
   *
   * @see docs/guides/compatibility.md
   */
  readonly compat?: Compat | undefined;
}
