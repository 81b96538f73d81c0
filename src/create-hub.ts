import type { IncomingMessage, ServerResponse } from "node:http";
import { consoleLogger } from "./console-logger.ts";
import { HubCore } from "./core/hub-core.ts";
import type { HubCoreOptions } from "./core/hub-options.ts";
import { type Action, type Authorization, DEFAULT_LEEWAY_MS, invalidToken } from "./core/authorization.ts";
import type { Compression } from "./core/gzip-blocks.ts";
import { LogThrottle } from "./core/log-throttle.ts";
import type { SubscriberInfo } from "./core/inspect.ts";
import type { Matcher } from "./core/matcher.ts";
import type { Questions } from "./core/questions.ts";
import { type Readiness, readinessOf } from "./core/readiness.ts";
import type { Whole } from "./core/whole.ts";
import { BodyBytes } from "./http/body-bytes.ts";
import { isAdmin } from "./http/admin.ts";
import { Access } from "./http/access.ts";
import { createAuthorizer, type IssuerOptions } from "./http/auth/index.ts";
import { ClosedServers } from "./http/closed-servers.ts";
import type { Compat } from "./http/compat.ts";
import { Arrivals } from "./http/arrivals.ts";
import { type ConnectionLimits, Connections, DEFAULT_CONNECTION_LIMITS } from "./http/connections.ts";
import type { HttpContext } from "./http/context.ts";
import { Cors } from "./http/cors.ts";
import { FaultLog } from "./http/fault-log.ts";
import { handleFetch } from "./http/fetch.ts";
import { ResourceMetadata } from "./http/metadata.ts";
import { Metrics } from "./http/metrics.ts";
import { handleNode, type Next } from "./http/node.ts";
import { opaqueIds } from "./http/opaque-ids.ts";
import { HubPaths } from "./http/paths.ts";
import { DEFAULT_MIN_BYTES, gzipCompression } from "./http/gzip.ts";
import { hubLink, type LinkAttributes } from "./http/link.ts";
import { revocable } from "./http/revocable.ts";
import { ReservedTopics } from "./http/reserved-topics.ts";
import { DEFAULT_STREAM_RESETS, type StreamResetLimits, StreamResets } from "./http/stream-resets.ts";
import { TrustedProxies } from "./http/trusted-proxies.ts";
import { checkHubOptions } from "./hub-options-check.ts";
import { memoryJournal } from "./journals/memory/index.ts";

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
  /** Where updates are kept. Default: {@link memoryJournal}, which a restart empties; use `lmdbJournal` to keep them. */
  readonly journal?: HubCoreOptions["journal"] | undefined;
  /**
   * The path at which requests arrive at `handler` and `fetch`, such as `/live`. Set it for a route of your own, or behind a proxy that rewrites paths;
   * topics and tokens go by `url`. `/` takes every path. Default: the path of `url`, and `/events/stream`. Without a `url`, the hub's URL has this path.
   *
   * @see docs/embedding.md
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
   * @see docs/protocol.md, "Event ids and resuming"
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
   * @see docs/configuration.md, "Behind a proxy"
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
   * @see docs/compatibility.md
   */
  readonly compat?: Compat | undefined;
}

/** A hub with its HTTP handlers. */
export interface Hub extends Pick<
  HubCore,
  | "publish"
  | "publishBatch"
  | "disconnect"
  | "explain"
  | "scheduled"
  | "cancel"
  | "subscribe"
  | "observe"
  | "stats"
  | "revoke"
  | "close"
  | "url"
  | "draining"
> {
  /**
   * The hub as all processes of its journal are it, where they can ask each other (`journal.peers`, as the workers of `artesian serve` can); else this one
   * alone. What is here beside it (`stats`, `subscribers`, `disconnect`, `explain`) is of this process, and costs no question.
   */
  readonly whole: Pick<Whole, "stats" | "findSubscribers" | "disconnect" | "explain">;
  /** Small questions that the processes ask each other, for what runs beside the hub. Names of its own begin with `hub/` and `http/`. */
  readonly questions: Pick<Questions, "ask" | "answer" | "reachOthers">;
  /** The open streams of this process, in no order. Of many, or of all processes, `whole.findSubscribers()` gives one page at a time. */
  readonly subscribers: () => readonly SubscriberInfo[];
  /**
   * The value of a `Link` header that tells clients of a resource where its updates come from. With the event id of the newest update, unless told
   * otherwise: a client that subscribes after it misses nothing. Call it before you read what the resource shows.
   *
   * @example `res.setHeader("Link", hub.link())`
   */
  readonly link: (attributes?: LinkAttributes) => string;
  /** Whether a request's path is one of the hub's: that of its URL, or `/events/stream`; or the one that `path` names. */
  readonly handles: (pathname: string) => boolean;
  /**
   * What an access token says, for servers that take the hub's tokens for addresses of their own.
   *
   * @throws HubError `invalid_token`, or `keys_unavailable` while the issuer's JWK set cannot be fetched.
   */
  readonly verify: (token: string, action: Action) => Promise<Authorization>;
  /**
   * Tells whether the hub can do all its work now, with one check for each thing that it needs.
   * For readiness probes: the journal is tried with an empty append, at most once a second.
   *
   * @see docs/embedding.md, "Health"
   */
  readonly ready: () => Promise<Readiness>;
  /** Issuers whose JWK set could not be fetched so far: their tokens get 503. Empty once the hub can judge every token; see `/health` of the command. */
  readonly issuersWithoutKeys: () => readonly string[];
  /** Whether a token's holder may administer the hub: it allows publishing to exactly `HUB/admin`. */
  readonly isAdmin: (authorization: Authorization) => boolean;
  /** Answers a Fetch API request, in servers that live on between requests: Node, Deno, Bun. Never rejects; other paths get 404. */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Answers a request of `node:http` and friends, or of Express. Other paths go to `next`, or get 404. On HTTP/1.1 a stream takes its socket over, so
   * `server.closeAllConnections()` does not reach it; `close()` does. When shutting down, call `server.close()` first: nobody new can come, and the
   * subscribers are sent away within half a second.
   *
   * @see docs/embedding.md
   */
  readonly handler: (req: IncomingMessage, res: ServerResponse, next?: Next) => void;
}

/**
 * Makes a hub. It does not listen: give its `handler` or `fetch` to a server.
 *
 * @example
 * ```ts
 * const hub = createHub();
 * createServer(hub.handler).listen(3000);
 * await hub.publish({ topic: "greeting", data: "Hello, world!" });
 * ```
 * @throws TypeError that lists every option that is misspelt, of the wrong kind or out of its range, with what to write.
 */
export function createHub(options: HubOptions = {}): Hub {
  checkHubOptions(options);
  const { journal = memoryJournal(), authorization, anonymousPublish = false, ...rest } = options;
  const {
    anonymous = authorization === undefined,
    connections = DEFAULT_CONNECTION_LIMITS.connections,
    connectionsPerAddress = DEFAULT_CONNECTION_LIMITS.connectionsPerAddress,
    connectionsPerSecond = DEFAULT_CONNECTION_LIMITS.connectionsPerSecond,
    connectionsPerSecondPerAddress = DEFAULT_CONNECTION_LIMITS.connectionsPerSecondPerAddress,
    streamResets = DEFAULT_STREAM_RESETS,
    corsOrigins = [],
    publishOrigins = [],
    trustedProxies = [],
    reservedTopics = [],
    compression = true,
    opaqueIds: secret,
    compat,
    path,
    ...core
  } = rest;
  const leewayMs = authorization?.leewayMs ?? DEFAULT_LEEWAY_MS;
  const hub = new HubCore({
    ...core,
    url: core.url ?? (path === undefined || path === "/" ? undefined : `http://localhost${path}`),
    journal,
    leewayMs,
    logger: core.logger ?? consoleLogger(),
    compression: compressionOf(compression),
    idCipher: secret === undefined ? undefined : opaqueIds(secret),
  });
  const hubPath = new URL(hub.url).pathname;
  const resource = authorization?.resourceIdentifier ?? hub.url;
  const cookieName = authorization?.cookieName ?? "__Secure-mercure_access_token";
  const metadata = new ResourceMetadata(hub.url, resource, cookieName, core.subscriptions === true);
  const paths = new HubPaths(hubPath, metadata.path, path);
  const authorizer =
    authorization &&
    revocable(
      createAuthorizer({
        issuers: authorization.issuers,
        resourceIdentifier: resource,
        compat,
        leewayMs,
        limits: hub.limits,
        compilePattern: (matcher) => hub.checkMatcher(matcher),
        logger: hub.logger,
      }),
      hub,
    );
  const context: HttpContext = {
    hub,
    notices: new LogThrottle(hub.logger),
    faults: new FaultLog(hub.logger, hub.outage),
    hubPath,
    metadata,
    metrics: new Metrics(hub),
    compat,
    bodies: new BodyBytes(hub.limits.pendingBodyBytes),
    arrivals: new Arrivals({ connectionsPerSecond, connectionsPerSecondPerAddress }),
    connections: new Connections({ ...hub.limits, connections, connectionsPerAddress }),
    proxies: new TrustedProxies(trustedProxies, hub.logger),
    streamResets: new StreamResets(streamResets),
    closedServers: new ClosedServers(hub),
    cors: new Cors(corsOrigins, compat),
    reservedTopics: new ReservedTopics(reservedTopics, hub),
    access: new Access({
      anonymous,
      anonymousPublish,
      cookieName,
      compat,
      publishOrigins,
      hubUrl: hub.url,
      authorizer,
    }),
    paths,
  };
  authorizer?.start();
  const issuersWithoutKeys = (): readonly string[] => authorizer?.issuersWithoutKeys() ?? [];
  return {
    url: hub.url,
    get draining() {
      return hub.draining;
    },
    publish: (update, publishing) => hub.publish(update, publishing),
    publishBatch: (updates, publishing) => hub.publishBatch(updates, publishing),
    subscribe: (subscription) => hub.subscribe(subscription),
    observe: (observer) => hub.observe(observer),
    whole: hub.whole,
    questions: hub.questions,
    stats: () => hub.stats(),
    subscribers: () => [...hub.eachSubscriber()],
    disconnect: (subscriberId) => hub.disconnect(subscriberId),
    explain: (eventId, subscriberId) => hub.explain(eventId, subscriberId),
    scheduled: () => hub.scheduled(),
    cancel: (id) => hub.cancel(id),
    verify: async (token, action) => {
      if (authorizer === undefined) throw invalidToken("no issuer is configured");
      return authorizer.verify(token, action);
    },
    ready: () => readinessOf(hub, issuersWithoutKeys()),
    issuersWithoutKeys,
    isAdmin: (authorization) => isAdmin(authorization, hubPath),
    revoke: (revocation) => hub.revoke(revocation),
    link: (attributes) => hubLink(hub.url, { lastEventId: hub.cursor(), ...attributes }),
    close: () => hub.close().finally(() => authorizer?.close()),
    handles: (pathname) => paths.resolve(pathname) !== undefined,
    fetch: (request) => handleFetch(context, request),
    handler: (req, res, next) => handleNode(context, req, res, next),
  };
}

function compressionOf(choice: boolean | number): Compression | undefined {
  if (choice === false) return undefined;
  return gzipCompression(choice === true ? DEFAULT_MIN_BYTES : choice);
}
