import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ERROR_CODES } from "../../core/errors.ts";
import { encodeDrain } from "../../core/update/frame.ts";
import { OutageLog } from "../../core/journal/outage-log.ts";
import { check, readiness } from "../../core/readiness.ts";
import { isOfEventSource } from "../../http/reply/accept.ts";
import type { Cors } from "../../http/reply/cors.ts";
import { ALIAS_PATH, STREAM_HEADERS } from "../../http/reply/reply.ts";
import { HubError, type Logger } from "../../index.ts";
import { EngineAway } from "./data.ts";
import { createHealth, type HealthOptions } from "./health.ts";
import { pathOf, type Refuse } from "./page.ts";
import { sessionsOf } from "./http2-connections.ts";

/** Pauses between two attempts to open the journal, in milliseconds. */
const PAUSE_MS = { least: 200, most: 2000 } as const;
/** Range of the delay after which a subscriber is to come back, in milliseconds. */
const BACK_MS = { least: 1000, most: 5000 } as const;
const SUBSCRIBING: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "QUERY"]);

/** The health of a hub that waits for its journal. */
export const WAITING_HUB: HealthOptions["hub"] = {
  ready: () =>
    Promise.resolve(
      readiness({
        journal: check(ERROR_CODES.journal_unavailable),
        keys: check("Not asked for yet: the hub waits for its journal."),
        drain: check(undefined),
      }),
    ),
  issuersWithoutKeys: () => [],
};

/** Options of a server that waits for its journal. */
export interface WaitingOptions {
  /** The hub's path. */
  readonly path: string;
  readonly cors: Cors;
  readonly guard: (req: IncomingMessage, res: ServerResponse) => boolean;
  readonly refuse: Refuse;
  /**
   * Answers for the metrics.
   *
   * @returns Whether the request is for them.
   */
  readonly answerMetrics: (req: IncomingMessage, res: ServerResponse) => boolean;
  readonly logger: Logger;
  /** Resolves when the server is told to stop. */
  readonly stopping: Promise<unknown>;
}

/**
 * Retries to open the journal until its engine is reachable, and answers requests meanwhile.
 *
 * @param first - The outcome of the first attempt.
 * @returns The journal. Undefined if the server was told to stop before, and is closed.
 * @throws Failure that time does not mend.
 */
export async function openWhileAnswering<T>(
  server: Server,
  first: EngineAway,
  open: () => Promise<T>,
  options: WaitingOptions,
): Promise<T | undefined> {
  const stop = new AbortController();
  void options.stopping.then(() => stop.abort());
  const stopAnswering = answerWaiting(server, options);
  try {
    const opened = await openWhenThere(first, open, options.logger, stop.signal);
    if (opened === undefined) {
      server.close();
      server.closeAllConnections();
      for (const session of sessionsOf(server)) session.destroy();
    }
    return opened;
  } finally {
    stopAnswering();
  }
}

/**
 * Answers for a hub whose journal is not open yet. Readiness fails and requests get 503. An
 * `EventSource` is told in a stream to come back, since a failure status would end it.
 *
 * @returns Stops answering.
 */
function answerWaiting(server: Server, { path, cors, guard, refuse, answerMetrics }: WaitingOptions): () => void {
  const answerHealth = createHealth({
    hub: WAITING_HUB,
    isLeaving: () => false,
    cors,
    refuse,
  });
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    // Node still parses the bytes that it had read from a cut connection.
    if (req.socket.destroyed) return;
    const pathname = pathOf(req);
    // Another listener gives the hub's own answers to further requests of the connection.
    if (req.httpVersionMajor === 1) res.setHeader("Connection", "close");
    if (answerHealth(req, res) || !guard(req, res) || answerMetrics(req, res)) return;
    const isToHub = pathname === path || pathname === ALIAS_PATH;
    if (isToHub && SUBSCRIBING.has(req.method) && isOfEventSource(req.headers.accept)) {
      res.writeHead(200, { ...STREAM_HEADERS, ...cors.headers(req.headers.origin) });
      res.end(req.method === "HEAD" ? undefined : encodeDrain(backMs(), "journal_unavailable"));
      return;
    }
    const detail = "The hub waits for its journal's engine. Try again in a moment.";
    refuse(req, res, new HubError("journal_unavailable", detail, { retryAfterMs: backMs() }));
  };
  server.on("request", answer);
  return () => void server.off("request", answer);
}

function backMs(): number {
  return Math.round(BACK_MS.least + Math.random() * (BACK_MS.most - BACK_MS.least));
}

async function openWhenThere<T>(first: EngineAway, open: () => Promise<T>, logger: Logger, stopped: AbortSignal): Promise<T | undefined> {
  const outage = new OutageLog(logger);
  let failure = first;
  try {
    for (let pauseMs: number = PAUSE_MS.least; ; pauseMs = Math.min(PAUSE_MS.most, pauseMs * 2)) {
      outage.failed(new HubError("journal_unavailable", failure.message));
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: stopped }).catch(() => undefined);
      if (stopped.aborted) return undefined;
      try {
        const opened = await open();
        outage.succeeded();
        return opened;
      } catch (error) {
        if (!(error instanceof EngineAway)) throw error;
        failure = error;
      }
    }
  } finally {
    outage.close();
  }
}
