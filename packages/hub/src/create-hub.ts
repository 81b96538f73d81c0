import type { IncomingMessage, ServerResponse } from "node:http";
import { closeOnSignals, type CloseOptions } from "./close-on-signals.ts";
import { consoleLogger } from "./console-logger.ts";
import { HubCore } from "./core/hub-core.ts";
import type { Matcher } from "./core/matching/matcher.ts";
import { type Action, type Authorization, DEFAULT_LEEWAY_MS, invalidToken } from "./core/matching/authorization.ts";
import type { Compression } from "./core/update/gzip-blocks.ts";
import { LogThrottle } from "./core/log-throttle.ts";
import { PolledBytes } from "./http/sinks/polled-bytes.ts";
import type { OfSubject, Subjects } from "./core/streams/subjects.ts";
import type { OwnProcess, SubscriberInfo } from "./core/inspect/own-process.ts";
import type { PeerRequests } from "./core/inspect/peer-requests.ts";
import type { Publisher } from "./core/publisher.ts";
import type { Readers } from "./core/readers.ts";
import { type Readiness, readinessOf } from "./core/readiness.ts";
import type { Tokens } from "./core/table/tokens.ts";
import type { Fleet } from "./core/inspect/fleet.ts";
import { isAdmin, isMonitor } from "./http/auth/admin.ts";
import { Access } from "./http/auth/access.ts";
import { type AppRequest, AppRights } from "./http/auth/app-rights.ts";
import { createAuthorizer } from "./http/auth/index.ts";
import { ClosedServers } from "./http/sinks/closed-servers.ts";
import { ApiDescription } from "./http/api-description/api-description.ts";
import { Arrivals } from "./http/admission/arrivals.ts";
import { Connections, DEFAULT_CONNECTION_LIMITS } from "./http/admission/connections.ts";
import { BodyBytes } from "./http/admission/body-bytes.ts";
import type { HttpContext } from "./http/context.ts";
import { Cors } from "./http/reply/cors.ts";
import { FaultLog } from "./http/reply/fault-log.ts";
import { handleFetch } from "./http/fetch.ts";
import { ResourceMetadata } from "./http/routes/metadata.ts";
import { Metrics } from "./http/routes/metrics-collector.ts";
import { answerNode, handleNode, type Next } from "./http/node.ts";
import { opaqueIds } from "./http/opaque-ids.ts";
import { HubPaths } from "./http/routes/paths.ts";
import { DEFAULT_MIN_BYTES, gzipCompression } from "./http/reply/gzip.ts";
import { hubLink, type LinkAttributes } from "./http/reply/link.ts";
import { revocable } from "./http/auth/revocable.ts";
import { ChosenStreams, type StreamChoice } from "./http/routes/chosen-stream.ts";
import { ReservedTopics } from "./http/routes/reserved-topics.ts";
import { DEFAULT_STREAM_RESETS, StreamResets } from "./http/admission/stream-resets.ts";
import { TrustedProxies } from "./http/admission/trusted-proxies.ts";
import { createStrictHub, type StrictHub } from "./http/strict/request.ts";
import { type ChangedOptions, type PreparedChange, prepareChange } from "./hub-changes.ts";
import type { HubOptions } from "./hub-options.ts";
import { checkHubOptions } from "./hub-options-check.ts";
import { memoryJournal } from "./journals/memory/index.ts";

/** Ends streams. */
export interface Disconnect {
  /**
   * Ends one stream of this process. To keep its peer out, revoke the token.
   *
   * @returns Whether this process had the subscriber.
   */
  (subscriberId: string): boolean;
  /**
   * Ends all streams of a user, in all processes of the journal. End the session first: the peers
   * come back, and are judged again.
   *
   * @throws HubError `journal_unavailable` or `journal_full`. The streams of this process have ended.
   *   TypeError without a subject.
   */
  (which: OfSubject): Promise<void>;
}

/** A hub with its HTTP handlers. */
export interface Hub
  extends
    Pick<HubCore, "close" | "url" | "draining">,
    Pick<Publisher, "publish" | "publishBatch" | "scheduled" | "cancel">,
    Pick<Readers, "subscribe">,
    Pick<OwnProcess, "explain" | "observe" | "stats">,
    Pick<Subjects, "reauthorize">,
    Pick<Tokens, "revoke"> {
  /** Ends streams. Their peers come back and lose nothing, unless their rights are gone. */
  readonly disconnect: Disconnect;
  /**
   * Fleet-wide view: aggregates every process on this journal (`journal.peers`, as for the workers
   * of `artesian serve`). Without peers, this process only. The hub's own `stats`, `subscribers`,
   * `disconnect` and `explain` cover this process and ask no other.
   */
  readonly fleet: Pick<Fleet, "stats" | "findSubscribers" | "disconnect" | "explain">;
  /**
   * Lists the open streams of this process, in no order. For many streams, or for all processes,
   * `fleet.findSubscribers()` gives one page at a time.
   */
  readonly subscribers: () => readonly SubscriberInfo[];
  /**
   * Makes the value of a `Link` header that tells clients of a resource which hub has its updates.
   * By default the value includes the event id of the newest update, so a client that subscribes
   * after it misses nothing. Call this function before you read the resource.
   *
   * @example `res.setHeader("Link", hub.link())`
   */
  readonly link: (attributes?: LinkAttributes) => string;
  /**
   * Tells whether a request's path belongs to the hub: the path of its URL, `/events/stream`, or
   * the path that `path` names.
   */
  readonly handles: (pathname: string) => boolean;
  /**
   * Verifies an access token, for servers that accept the hub's tokens at addresses of their own.
   *
   * @returns The token's claims.
   * @throws HubError `invalid_token`, or `keys_unavailable` while the issuer's JWK set cannot be
   *   fetched.
   */
  readonly verify: (token: string, action: Action) => Promise<Authorization>;
  /**
   * Tells whether the hub can do all its work now, with one check for each thing that it needs. For
   * readiness probes. The journal is tried with an empty append, at most once a second.
   *
   * @see docs/start/embedding.md, "Health"
   */
  readonly ready: () => Promise<Readiness>;
  /**
   * Lists the issuers whose JWK set could not be fetched so far. Their tokens get 503. Empty once
   * the hub can judge every token. See `/health` of the command.
   */
  readonly issuersWithoutKeys: () => readonly string[];
  /**
   * Tells whether a token's holder may administer the hub. The token must allow publishing to
   * exactly `HUB/admin`.
   */
  readonly isAdmin: (authorization: Authorization) => boolean;
  /**
   * Tells whether a token's holder may watch the hub, as its administrators may. The token must allow
   * publishing to exactly `HUB/monitor` or `HUB/admin`.
   */
  readonly isMonitor: (authorization: Authorization) => boolean;
  /**
   * Closes the hub, and its server, at SIGINT and SIGTERM.
   *
   * @example `hub.closeOnSignals({ server })`
   * @returns Stops waiting for signals.
   */
  readonly closeOnSignals: (options?: CloseOptions) => () => void;
  /** Closes the hub at the end of a block: `await using hub = createHub()`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
  /**
   * Answers a request at a route of the application's own with a stream that the application chooses.
   * The client can ask for no other topics. Private updates of the matchers are sent too.
   *
   * @param choice - A falsy value if the request has no session: the answer is 401, and an `EventSource`
   *   is told to come back later. A function if something is looked up first: a logout meanwhile then
   *   counts, and `reauthorize` asks again.
   * @throws TypeError that lists every fault of `choice`. Faults of a function's answer are logged,
   *   and the answer is 500.
   * @see docs/guides/sessions.md
   */
  readonly stream: (req: IncomingMessage, res: ServerResponse, choice: StreamChoice) => void;
  /**
   * Makes the answer to a Fetch API request at a route of the application's own, as `stream` does.
   * Rejects with a TypeError for faults of `choice`.
   */
  readonly response: (request: Request, choice: StreamChoice) => Promise<Response>;
  /**
   * Answers a Fetch API request, in servers that stay alive between requests: Node, Deno, Bun.
   * Never rejects. Other paths get 404.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Answers a request of `node:http` and similar servers, or of Express. Other paths go to `next`,
   * or get 404. On HTTP/1.1 a stream takes its socket over, so `server.closeAllConnections()` does
   * not reach the stream, but `close()` does. When shutting down, call `server.close()` first. Then
   * nobody new can come, and the subscribers are sent away within half a second.
   *
   * @see docs/start/embedding.md
   */
  readonly handler: (req: IncomingMessage, res: ServerResponse, next?: Next) => void;
}

/**
 * Makes a hub. The hub does not listen by itself. Give its `handler` or `fetch` to a server.
 *
 * @example
 * ```ts
 * const hub = createHub();
 * createServer(hub.handler).listen(3000);
 * await hub.publish({ topic: "greeting", data: "Hello, world!" });
 * ```
 * @throws TypeError that lists every option that is misspelt, of the wrong kind or out of its
 *   range, with the correction.
 */
export function createHub(options: HubOptions = {}): Hub {
  checkHubOptions(options);
  const { journal = memoryJournal(), authorization, anonymousPublish = false, ...rest } = options;
  const {
    anonymous = authorization === undefined && options.authorize === undefined,
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
    apiDescription = false,
    ...core
  } = rest;
  const leewayMs = authorization?.leewayMs ?? DEFAULT_LEEWAY_MS;
  const hub = new HubCore({
    ...core,
    url: core.url ?? (path === undefined || path === "/" ? undefined : `http://localhost${path}`),
    journal,
    leewayMs,
    isPrivate: options.authorize !== undefined,
    logger: core.logger ?? consoleLogger(),
    compression: compressionOf(compression),
    idCipher: secret === undefined ? undefined : opaqueIds(secret),
  });
  const hubPath = new URL(hub.url).pathname;
  const resource = authorization?.resourceIdentifier ?? hub.url;
  const cookieName = authorization?.cookieName ?? "__Secure-mercure_access_token";
  const metadata = new ResourceMetadata(hub.url, resource, cookieName, {
    hasSubscriptions: core.subscriptions === true,
    takesTokens: authorization !== undefined || options.authorize === undefined,
  });
  const paths = new HubPaths(hubPath, metadata.path, path);
  const compile = (matcher: Matcher): void => void hub.compiler.compileAll([matcher]);
  const authorizer =
    authorization &&
    revocable(
      createAuthorizer({
        issuers: authorization.issuers,
        resourceIdentifier: resource,
        compat,
        leewayMs,
        limits: hub.limits,
        compilePattern: compile,
        logger: hub.logger,
      }),
      hub.tokens,
    );
  const notices = new LogThrottle(hub.logger);
  const streams = { ...hub.limits, connections, connectionsPerAddress, connectionsPerSecond, connectionsPerSecondPerAddress };
  const maxGrants = hub.limits.grantsPerToken;
  const appRights = new AppRights({ leewayMs, maxGrants, compile });
  const chosenStreams = new ChosenStreams(appRights, hub.limits);
  const access = {
    askApp:
      options.authorize &&
      ((request: AppRequest): Promise<Authorization | undefined> => appRights.judge(() => options.authorize?.(request))),
    anonymous,
    anonymousPublish,
    cookieName,
    compat,
    publishOrigins,
    hubUrl: options.url,
    authorizer,
  };
  const context: HttpContext = {
    hub,
    notices,
    faults: new FaultLog(hub.logger, hub.outage),
    hubPath,
    metadata,
    metrics: new Metrics(hub),
    apiDescription: apiDescription
      ? new ApiDescription({
          url: hub.url,
          hubPath,
          metadataPath: metadata.path,
          limits: hub.limits,
          publishedRetryMs: hub.publishedRetryMs,
          cookieName,
          compat,
          asksApp: options.authorize !== undefined,
          anonymous,
          anonymousPublish,
          hasSubscriptions: hub.presence !== undefined,
        })
      : undefined,
    compat,
    bodies: new BodyBytes(hub.limits.pendingBodyBytes),
    polled: new PolledBytes(hub.limits.heldBytes, notices),
    arrivals: new Arrivals({ connectionsPerSecond, connectionsPerSecondPerAddress }),
    connections: new Connections(streams),
    proxies: new TrustedProxies(trustedProxies, hub.logger),
    streamResets: new StreamResets(streamResets),
    closedServers: new ClosedServers(hub),
    cors: new Cors(corsOrigins, compat),
    reservedTopics: new ReservedTopics(reservedTopics, hub),
    access: new Access(access),
    paths,
  };
  authorizer?.start();
  const issuersWithoutKeys = (): readonly string[] => authorizer?.issuersWithoutKeys() ?? [];
  const created: Hub = {
    url: hub.url,
    get draining() {
      return hub.draining;
    },
    publish: (update, publishing) => hub.publisher.publish(update, publishing),
    publishBatch: (updates, publishing) => hub.publisher.publishBatch(updates, publishing),
    subscribe: (subscription) => hub.readers.subscribe(subscription),
    observe: (observer) => hub.process.observe(observer),
    fleet: hub.fleet,
    stats: () => hub.process.stats(),
    subscribers: () => [...hub.process.eachSubscriber()],
    disconnect: ((which: string | OfSubject) =>
      typeof which === "string" ? hub.process.disconnect(which) : hub.subjects.disconnect(which)) as Disconnect,
    reauthorize: (which) => hub.subjects.reauthorize(which),
    explain: (eventId, subscriberId) => hub.process.explain(eventId, subscriberId),
    scheduled: () => hub.publisher.scheduled(),
    cancel: (id) => hub.publisher.cancel(id),
    verify: async (token, action) => {
      if (authorizer === undefined) throw invalidToken("no issuer is configured");
      return authorizer.verify(token, action);
    },
    ready: () => readinessOf(hub, issuersWithoutKeys()),
    issuersWithoutKeys,
    isAdmin: (authorization) => isAdmin(authorization, hubPath),
    isMonitor: (authorization) => isMonitor(authorization, hubPath),
    revoke: (revocation) => hub.tokens.revoke(revocation),
    link: (attributes) => hubLink(hub.url, { lastEventId: hub.readers.cursor(), ...attributes }),
    close: (how) => hub.close(how).finally(() => authorizer?.close()),
    stream(req, res, choice) {
      if (typeof (res as Partial<ServerResponse> | undefined)?.setHeader !== "function") {
        throw new TypeError("stream() takes Node's request and response: `request.raw` and `reply.raw` in Fastify.");
      }
      chosenStreams.check(choice);
      answerNode(context, req, res, (_, request) => chosenStreams.open(context, request, choice));
    },
    async response(request, choice) {
      chosenStreams.check(choice);
      return await handleFetch(context, request, (_, hubRequest) => chosenStreams.open(context, hubRequest, choice));
    },
    closeOnSignals: (closing = {}) => closeOnSignals(created, closing, hub.logger),
    [Symbol.asyncDispose]: () => created.close(),
    handles: (pathname) => paths.resolve(pathname) !== undefined,
    fetch: (request) => handleFetch(context, request),
    handler: (req, res, next) => handleNode(context, req, res, next),
  };
  const { peers, process, fleet } = hub;
  PARTS.set(created, {
    peers,
    process,
    fleet,
    metrics: context.metrics,
    strict: createStrictHub(context),
    prepareChange: (changed) => prepareChange({ ...context, authorizer, access, streams }, changed),
  });
  return created;
}

function compressionOf(choice: boolean | number): Compression | undefined {
  if (choice === false) return undefined;
  return gzipCompression(choice === true ? DEFAULT_MIN_BYTES : choice);
}

/** Parts of a hub for the command and the console. They can do more than the hub's own methods. */
export interface HubParts {
  /** Requests between processes. Names of the hub's own requests begin with `hub/` and `http/`. */
  readonly peers: Pick<PeerRequests, "ask" | "answer" | "id" | "reachOthers">;
  readonly process: Pick<OwnProcess, "followUpdates" | "listUpdates" | "watchDelivered">;
  readonly fleet: Pick<Fleet, "findSubscriber">;
  /** The figures of all processes, as Prometheus reads them. */
  readonly metrics: Pick<Metrics, "collect" | "version">;
  /** Answers publishes that a server reads without Node's HTTP parser. */
  readonly strict: StrictHub;
  /** See {@link prepareChange}. */
  readonly prepareChange: (options: ChangedOptions) => Promise<PreparedChange>;
}

const PARTS = new WeakMap<Hub, HubParts>();

/** @throws TypeError for an object that `createHub` did not make. */
export function partsOf(hub: Hub): HubParts {
  const parts = PARTS.get(hub);
  if (parts === undefined) throw new TypeError("partsOf: this is not the hub that createHub() gave.");
  return parts;
}
