import type { IncomingMessage, ServerResponse } from "node:http";
import { Cors } from "../../http/cors.ts";
import { createGuard, LOOPBACK_HOSTS } from "../../http/guard.ts";
import { probeSockets } from "../../http/socket-probe.ts";
import { TrustedProxies } from "../../http/trusted-proxies.ts";
import { createHub, type Hub, type HubOptions, type Matcher } from "../../index.ts";
import type { TailChannel } from "../../journals/lmdb/index.ts";
import type { Config } from "../config/config.ts";
import { NONE } from "../config/values.ts";
import { EXIT } from "../errors.ts";
import { onStop } from "../signals.ts";
import type { ListenAddress } from "./address.ts";
import { announce } from "./announce.ts";
import { openJournal } from "./data.ts";
import { capacity } from "./descriptors.ts";
import { trimHeapWhenIdle } from "./heap-trim.ts";
import { serveRequests } from "./drain.ts";
import { createHttpServer, listen } from "./http-server.ts";
import { noteHangUps, openLog, type Log } from "./log.ts";
import { createRefuse, pathOf, type Refuse } from "./page.ts";
import { CLOSE_MS, type Listening, type Plan } from "./plan.ts";

/** What answers the requests that are not the hub's. */
export interface Site {
  handle(req: IncomingMessage, res: ServerResponse): void;
  close(): void | Promise<void>;
}

/** What a site is made of. */
export interface SiteOptions {
  readonly hub: Hub;
  readonly log: Log;
  /** The origin that the server listens on. */
  readonly listenUrl: string;
  /** What pages of other origins may do with the hub. Of the site's answers they may read the refusals. */
  readonly cors: Cors;
  readonly refuse: Refuse;
  /** The address of a request's client. */
  readonly clientOf: (req: IncomingMessage) => string | undefined;
}

/** What a worker has of the primary that started it. */
export interface WorkerLink {
  readonly channel: TailChannel;
  /** The primary tells the world when all workers have called this. */
  readonly listening: (listening: Listening) => void;
  /**
   * Has the primary let go of the port, which it holds for this worker. Else the port stays open for a moment after the last worker has closed it, and who connects then
   * is cut off without an answer. Nothing is heard from the others any more.
   */
  readonly letGo: () => Promise<void>;
}

/** What to run. */
export interface RunOptions extends Plan {
  /** Topics that only the site publishes. */
  readonly reservedTopics?: readonly Matcher[];
  readonly createSite: (options: SiteOptions) => Site;
  /** Whether SIGHUP, as of a terminal that is closed, stops it. */
  readonly stopsOnHangUp?: boolean;
  /** Lines for whoever started the server on a terminal. */
  readonly welcome: (listenUrl: string) => readonly string[];
  /** Where this is one of several processes. */
  readonly link?: WorkerLink | undefined;
}

/**
 * Runs a server until it is told to stop, then drains: what was acknowledged is in the journal, subscribers are
 * told to come back, and nothing is left behind.
 */
export async function runServer(options: RunOptions): Promise<void> {
  const { config, address, access, link } = options;
  const log = openLog(config.logLevel);
  // Now, so that no stream waits for it.
  await probeSockets(log.logger);
  const { journal, place } = await openJournal(config, log.logger, link && { channel: link.channel, epoch: options.epoch });
  const room = capacity();
  const server = createHttpServer(room.connections, config);
  let port: number;
  try {
    port = await listen(server, address.address, config.port);
  } catch (error) {
    await journal.close();
    throw error;
  }
  const listenUrl = `http://${address.urlHost}:${port}`;
  const url = `${config.publicUrl ?? listenUrl}${config.path}`;
  const hub = createHub({
    ...hubOptions(config, room.streams),
    journal,
    opaqueIds: options.idsSecret,
    url,
    authorization:
      access.issuers.length === 0
        ? undefined
        : {
            issuers: access.issuers,
            resourceIdentifier: config.resourceIdentifier ?? url,
            cookieName: config.cookieName,
            leewayMs: config.tokenLeeway,
          },
    anonymous: access.anonymous,
    anonymousPublish: access.anonymousPublish,
    compat: config.compat,
    reservedTopics: options.reservedTopics,
    corsOrigins: config.corsOrigin,
    publishOrigins: config.publishOrigin,
    logger: log.logger,
  });
  const cors = new Cors(config.corsOrigin, config.compat);
  const refuse = createRefuse(cors, log.logger);
  const proxies = new TrustedProxies(config.trustedProxies, log.logger);
  const site = options.createSite({ hub, log, listenUrl, cors, refuse, clientOf: (req) => proxies.clientOf(req) });
  const guard = createGuard({
    hosts: address.loopback ? knownHosts(config, address) : undefined,
    origins: config.publishOrigin,
    publicUrl: config.publicUrl,
    corsOrigins: config.corsOrigin,
    logger: log.logger,
  });
  const serving = serveRequests(server, (req, res) => {
    if (!guard(req, res)) return;
    hub.handler(req, res, (error) => {
      if (error !== undefined) refuse(req, res, error);
      else if (pathOf(req) === "/health") {
        answerHealth(res, serving.draining ? "draining" : waitingFor(hub), cors.headers(req.headers.origin));
      } else site.handle(req, res);
    });
  });
  server.on("error", (error) => log.logger.error({ err: error }, "the server failed to accept a connection"));

  const stopTrimming = trimHeapWhenIdle(() => hub.stats().subscribers);
  const stopping = new Promise<NodeJS.Signals>((resolve) => onStop(resolve, { hangUp: options.stopsOnHangUp === true }));
  const listening: Listening = { listenUrl, hubUrl: hub.url, place };
  if (link === undefined) {
    if (options.stopsOnHangUp !== true) noteHangUps(log.logger);
    await announce({ ...listening, config, address, access, logger: log.logger, welcome: options.welcome });
  } else link.listening(listening);

  const signal = await stopping;
  stopTrimming();
  log.logger.info({ signal, subscribers: hub.stats().subscribers }, "draining");
  const watchdog = setTimeout(() => {
    log.logger.fatal({}, "the server did not close in time; what was acknowledged is in the journal");
    void log.close().then(() => process.exit(EXIT.failure));
  }, config.drain + CLOSE_MS);
  await link?.letGo();
  await serving.drain(async () => {
    await site.close();
    await hub.close();
  }, config.drain);
  clearTimeout(watchdog);
  log.logger.info({}, "stopped");
  await log.close();
}

function hubOptions(config: Config, maxStreams: number): HubOptions {
  return {
    limits: {
      bodyBytes: config.maxBodyBytes,
      formFields: config.maxFormFields,
      queryBytes: config.maxQueryBytes,
      topicsPerUpdate: config.maxTopics,
      updatesPerBatch: config.maxBatch,
      topicsPerBatch: config.maxBatchTopics,
      matchersPerSubscription: config.maxMatchers,
      topicBytes: config.maxTopicLength,
      idBytes: config.maxIdLength,
      idempotencyKeyBytes: config.maxIdempotencyKeyLength,
      tokenBytes: config.maxTokenLength,
      grantsPerToken: config.maxGrants,
      revocations: config.maxRevocations,
      scheduledUpdates: config.maxScheduled,
      scheduledBytes: config.maxScheduledBytes,
      snapshotUpdates: config.maxSnapshot,
      snapshotScans: config.maxSnapshotScans,
      replayUpdates: config.maxReplayUpdates,
      replayBytes: config.maxReplayBytes,
      heldBytes: config.maxHeldBytes,
    },
    subscriptions: config.subscriptions,
    subscriptionLeaseMs: config.subscriptionLease,
    compression: !config.noCompression,
    heartbeatMs: config.heartbeat,
    lifetimeMs: config.maxLifetime,
    retryMs: { min: config.retryMin, max: config.retryMax },
    publishedRetryMs: { min: config.publishedRetryMin, max: config.publishedRetryMax },
    asciiIds: config.asciiIds,
    writeStallMs: config.writeStall,
    drainMs: config.drain,
    connectionsPerAddress: config.maxConnectionsPerAddress,
    connections: config.maxConnections ?? maxStreams,
    trustedProxies: config.trustedProxies,
    connectionsPerSecond: config.maxConnectionRate === NONE ? Infinity : config.maxConnectionRate,
  };
}

/** The names that a browser on this machine may use; any other is a web page that points its own name here. */
function knownHosts(config: Config, address: ListenAddress): readonly string[] {
  const hosts = [...LOOPBACK_HOSTS, address.urlHost];
  if (config.publicUrl !== undefined) hosts.push(new URL(config.publicUrl).hostname);
  return [...new Set(hosts)];
}

/** What the hub has not got yet, and can't serve all without. */
function waitingFor(hub: Hub): string | undefined {
  const failure = hub.journalFailure();
  if (failure !== undefined) return failure;
  const issuers = hub.issuersWithoutKeys();
  return issuers.length === 0 ? undefined : `waiting for the JWK set of ${issuers.join(", ")}`;
}

/**
 * For load balancers: whether new connections should be sent here.
 *
 * @param reason - Why not.
 */
function answerHealth(res: ServerResponse, reason: string | undefined, crossOrigin: Readonly<Record<string, string>>): void {
  res.statusCode = reason === undefined ? 200 : 503;
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...crossOrigin };
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.end(`${reason ?? "ok"}\n`);
}
