import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { LogThrottle } from "../../core/log-throttle.ts";
import { Cors } from "../../http/reply/cors.ts";
import { createGuard } from "../../http/admission/guard.ts";
import { probeSockets } from "../../http/sinks/socket-probe.ts";
import { Sockets } from "../../http/sinks/sockets.ts";
import { canHandOn } from "../../http/strict/hand-on-probe.ts";
import { StrictReader } from "../../http/strict/reader.ts";
import { TrustedProxies } from "../../http/admission/trusted-proxies.ts";
import { createHub, type Hub, type Matcher } from "../../index.ts";
import { partsOf } from "../../create-hub.ts";
import type { PeerBus } from "../../core/journal/peers.ts";
import type { Config } from "../config/config.ts";
import { EXIT } from "../errors.ts";
import { knownHosts } from "./address.ts";
import { AccessLog } from "./access-log.ts";
import { listenForAdmins, type AdminListener } from "./admin-listener.ts";
import { announce } from "./announce.ts";
import { createClientScript } from "./client-script.ts";
import { EngineAway, openJournal, type OpenJournal } from "./data.ts";
import { departAtSignal, departWithPrimary, lameDuckMsOf } from "./departure.ts";
import { capacity } from "./descriptors.ts";
import { growSmallHeap } from "./heap-growth.ts";
import { trimHeapWhenIdle } from "./heap-trim.ts";
import { serveRequests } from "./drain.ts";
import { createHealth } from "./health.ts";
import { Http2Connections } from "./http2-connections.ts";
import { createHttpServer, listen } from "./http-server.ts";
import type { LeaveOrder } from "./ipc.ts";
import { hubOptionsFrom, socketLimitsFrom } from "./hub-options.ts";
import { logAllElse, openLog, type Log } from "./log.ts";
import { createRefuse, type Refuse } from "./page.ts";
import { refuseUnparsed } from "./parser-refusals.ts";
import { CLOSE_MS, type Listening, type Plan } from "./plan.ts";
import type { Reread } from "./reload/changes.ts";
import { type Prepare, reloadAtHangUp } from "./reload/hang-ups.ts";
import { createPrepare } from "./reload/prepare.ts";
import { certificateOf } from "./tls/certificate.ts";
import { CertificateWatch } from "./tls/certificate-watch.ts";
import { findServiceManager, NO_MANAGER } from "./service-manager.ts";
import { flushSpans, tracingOf, warnWithoutSdk } from "./tracing.ts";
import { openWhileAnswering } from "./waiting.ts";
import { createWaitingMetrics } from "./waiting-metrics.ts";
import { VERSION } from "../version.ts";

/** The handler of requests that are not the hub's. */
export interface Site {
  handle(req: IncomingMessage, res: ServerResponse): void;
  close(): void | Promise<void>;
}

/** Options of a site. */
export interface SiteOptions {
  readonly hub: Hub;
  readonly log: Log;
  /** The origin that the server listens on. */
  readonly listenUrl: string;
  /**
   * Permissions of other origins' pages at the hub. Of the site's answers they may read the
   * refusals.
   */
  readonly cors: Cors;
  readonly refuse: Refuse;
  /** The address of a request's client. */
  readonly clientOf: (req: IncomingMessage) => string | undefined;
}

type Guard = ReturnType<typeof createGuard>;

/** A worker's link to the primary that started it. */
export interface WorkerLink {
  /** Carries the questions of the workers to each other. */
  readonly bus: PeerBus;
  /**
   * Reports that this worker listens. The primary announces the server when all workers have called
   * this.
   */
  readonly listening: (listening: Listening) => void;
  /** Registers a listener for the primary's orders to leave. */
  readonly onOrder: (listener: (order: LeaveOrder) => void) => void;
  /** Registers the function that prepares the primary's new plans. */
  readonly onPlan: (prepare: Prepare) => void;
  /**
   * Makes the primary release the port, which it holds for this worker. Otherwise the port stays
   * open for a moment after the last worker has closed it, and new connections are cut off without
   * an answer. The other workers are not heard any more.
   */
  readonly letGo: () => Promise<void>;
}

/** Options of `runServer`. */
export interface RunOptions extends Plan {
  /** Topics that only the site publishes. */
  readonly reservedTopics?: readonly Matcher[];
  readonly createSite: (options: SiteOptions) => Site;
  /** Whether SIGHUP, as of a closed terminal, stops the server. */
  readonly stopsOnHangUp?: boolean;
  /**
   * Reads settings and keys again at SIGHUP. Default: SIGHUP changes nothing here. A worker gets new
   * plans from its primary.
   */
  readonly reread?: () => Reread;
  /** Lines for the terminal from which the server was started. */
  readonly welcome: (listenUrl: string) => readonly string[];
  /** The link to the primary, if this is one of several processes. */
  readonly link?: WorkerLink | undefined;
}

/**
 * Runs a server until it is told to stop, then drains. Acknowledged updates are in the journal,
 * subscribers are told to come back, and no resource is left behind.
 */
export async function runServer(options: RunOptions): Promise<void> {
  const { config, address, access, link } = options;
  const log = openLog(config.logLevel);
  logAllElse(log.logger);
  // The probes run now, so that no request waits for them.
  const [{ handleWriter }, handsOn] = await Promise.all([probeSockets(log.logger), config.noStrictReader ? false : canHandOn(log.logger)]);
  const tracing = await tracingOf(config);
  warnWithoutSdk(tracing, log.logger);
  const room = capacity();
  if (room.warning !== undefined) log.logger.warn({}, room.warning);
  const hangUp = options.stopsOnHangUp === true;
  const manager = link === undefined ? findServiceManager(log.logger) : NO_MANAGER;
  const hangUps = options.reread && reloadAtHangUp(options, options.reread, log.logger, manager);
  const departure =
    link === undefined
      ? departAtSignal(lameDuckMsOf(config, address), { logger: log.logger, hangUp, onBegin: () => manager.stopping() })
      : departWithPrimary((listener) => link.onOrder(listener));
  const open = (): Promise<OpenJournal> => openJournal(config, log.logger, link && { bus: link.bus, epoch: options.epoch });
  const first = await open().catch((error: unknown) => {
    if (error instanceof EngineAway) return error;
    throw error;
  });
  const certificate = certificateOf(config);
  const server = createHttpServer(config, certificate && { certificate, maxHttp2Streams: config.maxHttp2Streams });
  const proxies = new TrustedProxies(config.trustedProxies, log.logger);
  const socketLimits = socketLimitsFrom(config, room.connections);
  const sockets = new Sockets(socketLimits, (address) => proxies.trusts(address), log.logger);
  sockets.watch(server);
  let port: number;
  let admin: AdminListener | undefined;
  try {
    port = await listen(server, address.address, config.port);
    admin = await listenForAdmins(config, link?.bus.id, log.logger);
  } catch (error) {
    server.close();
    if (!(first instanceof EngineAway)) await first.journal.close();
    throw error;
  }
  const cors = new Cors(config.corsOrigin, config.compat);
  const refuse = createRefuse(cors, log.logger);
  refuseUnparsed(server, cors, log.logger);
  const hosts = address.loopback ? knownHosts(config, address) : undefined;
  const guardOf = ({ publishOrigin, corsOrigin }: Config): Guard =>
    createGuard({
      hosts,
      origins: publishOrigin,
      publicUrl: config.publicUrl,
      corsOrigins: corsOrigin,
      logger: log.logger,
    });
  let guard = guardOf(config);
  const notices = new LogThrottle(log.logger);
  const listenUrl = `${certificate === undefined ? "http" : "https"}://${address.urlHost}:${port}`;
  const url = `${config.publicUrl ?? listenUrl}${config.path}`;
  server.on("error", (error) => notices.log("error", "accept", { err: error }, "the server failed to accept a connection"));
  const opened =
    first instanceof EngineAway
      ? await openWhileAnswering(server, first, open, {
          path: config.path,
          cors,
          guard,
          refuse,
          answerMetrics: createWaitingMetrics({ config, access, hubUrl: url, worker: link?.bus.id, cors, refuse }),
          logger: log.logger,
          stopping: departure.due,
        })
      : first;
  if (opened === undefined) {
    admin?.close();
    await link?.letGo();
    log.logger.info({}, "stopped, before the journal's engine was there");
    await log.close();
    log.endSoon(EXIT.ok);
    return;
  }
  const { journal, place, workers } = opened;
  const hub = createHub({
    ...hubOptionsFrom(config, room.streams),
    journal,
    workers,
    // The server counts them on every path.
    streamResets: { burst: Infinity, perSecond: 1 },
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
    tracing,
    corsOrigins: config.corsOrigin,
    publishOrigins: config.publishOrigin,
    logger: log.logger,
  });
  const site = options.createSite({ hub, log, listenUrl, cors, refuse, clientOf: (req) => proxies.clientOf(req) });
  const answerHealth = createHealth({ hub, isLeaving: () => departure.hasBegun, cors, refuse });
  partsOf(hub).metrics.version = VERSION;
  admin?.answerFrom({ metrics: partsOf(hub).metrics, hub, isLeaving: () => departure.hasBegun });
  const answerScript = createClientScript(refuse);
  const accessLog = config.accessLog
    ? new AccessLog(log.logger.child({}, { level: "info" }), {
        clientOf: (req) => proxies.clientOf(req),
        isProxy: (peer) => proxies.trusts(peer),
      })
    : undefined;
  const strictHub = partsOf(hub).strict;
  const strict =
    handsOn && certificate === undefined
      ? StrictReader.of(server, {
          hub: accessLog?.around(strictHub) ?? strictHub,
          hosts: hosts && new Set(hosts.map((host) => host.toLowerCase())),
          maxHeadBytes: config.maxHeaderBytes,
          isProxy: (peer) => proxies.trusts(peer),
          sockets,
          takeHttp2: new Http2Connections(server, {
            maxStreams: config.maxHttp2Streams,
            maxHeaderBytes: config.maxHeaderBytes,
            requestTimeoutMs: config.requestTimeout,
          }).take,
          handleWriter,
        })
      : undefined;
  const serving = serveRequests(
    server,
    (req, res) => {
      if (answerHealth(req, res)) return;
      accessLog?.watch(req, res);
      if (!guard(req, res)) return;
      hub.handler(req, res, (error) => {
        if (error !== undefined) refuse(req, res, error);
        else if (!answerScript(req, res)) site.handle(req, res);
      });
    },
    { strict, sockets, isShared: link !== undefined },
  );

  const stopGrowing = growSmallHeap();
  const stopTrimming = trimHeapWhenIdle(() => hub.stats().subscribers);
  const certificates = certificate && new CertificateWatch(server as HttpsServer, certificate, log.logger);
  const prepare = createPrepare(hub, {
    room,
    socketLimits,
    certificate: certificates,
    onApply: ({ config: next }) => {
      cors.allow(next.corsOrigin);
      guard = guardOf(next);
      log.logger.level = next.logLevel;
    },
  });
  hangUps?.begin(prepare);
  link?.onPlan(prepare);
  const listening: Listening = { listenUrl, hubUrl: hub.url, place };
  if (link === undefined) {
    manager.ready(listenUrl);
    // An unread stdout must not keep the server from being stopped.
    const announced = announce({ ...listening, config, address, access, logger: log.logger, welcome: options.welcome });
    await Promise.race([announced, departure.due]);
  } else link.listening(listening);

  const signal = await departure.due;
  hangUps?.end();
  certificates?.stop();
  stopGrowing();
  stopTrimming();
  log.logger.info({ signal, subscribers: hub.stats().subscribers }, "draining");
  const watchdog = setTimeout(() => {
    log.logger.fatal({}, "the server did not close in time; what was acknowledged is in the journal");
    process.exitCode = EXIT.failure;
    void log.close().then(() => log.end(EXIT.failure));
  }, config.drain + CLOSE_MS);
  await link?.letGo();
  await serving.drain(async (lastRequest) => {
    await site.close();
    await hub.close({ serving: lastRequest });
  }, config.drain);
  clearTimeout(watchdog);
  await flushSpans(tracing);
  admin?.close();
  log.logger.info({}, "stopped");
  await log.close();
  log.endSoon(EXIT.ok);
}
