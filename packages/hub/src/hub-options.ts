import type { HubCoreOptions } from "./core/hub-options.ts";
import type { Matcher } from "./core/matching/matcher.ts";
import type { ConnectionLimits } from "./http/admission/connections.ts";
import type { StreamResetLimits } from "./http/admission/stream-resets.ts";
import type { AppRequest, RightsAnswer } from "./http/auth/app-rights.ts";
import type { IssuerOptions } from "./http/auth/index.ts";
import type { Compat } from "./http/compat/names.ts";

/** Issuers whose tokens a hub accepts. */
export interface AuthorizationOptions {
  /** At least one. */
  readonly issuers: readonly IssuerOptions[];
  /** Required value in `aud`. Default: the hub's URL. */
  readonly resourceIdentifier?: string | undefined;
  /**
   * Name of the cookie that may carry the token of a browser's `EventSource`. Default
   * `__Secure-mercure_access_token`.
   */
  readonly cookieName?: string | undefined;
  /**
   * Largest difference between an issuer's clock and the hub's, in milliseconds, from 0 to 300,000.
   * For requests, `exp` counts that much later and `nbf` that much earlier. Default: 5,000.
   */
  readonly leewayMs?: number | undefined;
}

/** Options of a hub. Everything has a default. */
export interface HubOptions
  extends Omit<HubCoreOptions, "journal" | "compression" | "idCipher" | "isPrivate" | "leewayMs">, Partial<ConnectionLimits> {
  /**
   * Receives reports that the hub's users do not see. Default: failures reach `console.error`, at
   * most 10 a minute, and nothing else is reported.
   */
  readonly logger?: HubCoreOptions["logger"];
  /**
   * The journal for updates. Default: `memoryJournal`, which a restart empties. Use `logJournal`
   * to keep updates.
   */
  readonly journal?: HubCoreOptions["journal"] | undefined;
  /**
   * The path at which requests arrive at `handler` and `fetch`, such as `/live`. Set this for a
   * route of your own, or behind a proxy that rewrites paths. Topics and tokens go by `url`. `/`
   * takes every path. Default: the path of `url`, and `/events/stream`. Without a `url`, the hub's
   * URL has this path.
   *
   * @see docs/start/embedding.md
   */
  readonly path?: string | undefined;
  /**
   * Tells who sends a request that has no access token, and what the sender may do. Gets the
   * framework's own request, after the application's middleware: `IncomingMessage` for `handler`,
   * `Request` for `fetch`. Called at each request, before the rights of a stream end, and by
   * `hub.reauthorize()`, with the request that opened the stream. So read the session from its store, and not
   * what middleware once read.
   *
   * For `undefined`, or another falsy value, the answer is 401, and an `EventSource` is told to come back later. If the
   * function throws or takes 10 seconds, the answer is 500, and an `EventSource` comes back.
   *
   * With this option, updates of this process are private unless they say `private: false`.
   *
   * @see docs/guides/sessions.md
   */
  authorize?(request: AppRequest): RightsAnswer | Promise<RightsAnswer>;
  /** Issuers whose tokens are accepted. Default: none. */
  readonly authorization?: AuthorizationOptions | undefined;
  /**
   * Whether subscribers without a token get public updates. Default: only if no tokens are accepted
   * at all. Not with `authorize`, which says so itself.
   */
  readonly anonymous?: boolean | undefined;
  /**
   * Whether anyone who reaches the hub may publish over HTTP. Default false: only this process and
   * holders of a token publish.
   */
  readonly anonymousPublish?: boolean | undefined;
  /**
   * Topics that only this process publishes. Over HTTP they get 400 `reserved_topic`, with any
   * token. Default: none.
   */
  readonly reservedTopics?: readonly Matcher[] | undefined;
  /**
   * Whether streams are compressed for subscribers that accept gzip: each frame once, for all. A
   * number is the smallest frame to compress, in bytes. Default: 512.
   */
  readonly compression?: boolean | number | undefined;
  /**
   * Secret that makes the hub's own event ids opaque, at least 32 bytes. Without the secret, ids
   * count the updates, private ones too. Use the same secret in all processes of the journal, and
   * after a restart. With another secret, subscribers are told of a gap once. Default: ids are
   * `#EPOCH:OFFSET`.
   *
   * @see docs/reference/protocol.md, "Event ids and resuming"
   */
  readonly opaqueIds?: string | Uint8Array | undefined;
  /**
   * Origins of pages that may use the hub, exactly as in `Origin`. They may send the cookie. Apps
   * and extensions have schemes of their own: `capacitor://localhost`. `*` lets any page in,
   * without the cookie.
   */
  readonly corsOrigins?: readonly string[] | undefined;
  /**
   * How many streams a peer may reset on one connection of HTTP/2, if the server speaks HTTP/2.
   * Past the limit the connection is closed. Stops peers that repeatedly ask and cancel. Default:
   * 100 at once, 33 a second.
   */
  readonly streamResets?: StreamResetLimits | undefined;
  /**
   * Addresses and networks of your proxies, such as `10.0.0.0/8` or `2001:db8::1`. A proxy's
   * `X-Forwarded-For` or `Forwarded` names the client for limits, logs and `subscribers()`: the
   * right-most address that is no proxy of this list. Both headers are ignored from other peers.
   * For `handler` alone. Default: none.
   *
   * @see docs/reference/configuration.md, "Behind a proxy"
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * Origins of pages that may publish with the cookie, beside the hub's own. The hub's own are the
   * origin of `url`, and the origin of the host that the request names.
   */
  readonly publishOrigins?: readonly string[] | undefined;
  /**
   * Whether clients and tokens of Mercure 0.x work too. This weakens authorization: such tokens
   * need no audience, no issuer and no end, and may be in URLs. Default: they do not.
   *
   * @see docs/guides/compatibility.md
   */
  readonly compat?: Compat | undefined;
  /**
   * Whether the hub describes itself at `HUB/openapi.json` and `HUB/asyncapi.json`. Everyone who
   * reaches the hub may read both. Default false.
   *
   * @see docs/reference/api-description.md
   */
  readonly apiDescription?: boolean | undefined;
}
