import type { IncomingMessage, ServerResponse } from "node:http";
import { Cors } from "../../http/reply/cors.ts";
import { createGuard } from "../../http/admission/guard.ts";
import type { MetricsContext } from "../../http/routes/metrics.ts";
import { metricsWithoutJournal } from "../../http/routes/metrics-collector.ts";
import { METRICS } from "../../http/router.ts";
import { HubError, type Logger } from "../../index.ts";
import type { Config } from "../config/config.ts";
import { knownHosts, resolveHost } from "./address.ts";
import { createHealth, type HealthOptions } from "./health.ts";
import { createHttpServer, listen } from "./http-server.ts";
import { createRefuse, pathOf } from "./page.ts";
import { WAITING_HUB } from "./waiting.ts";

/** Most connections at once. Collectors and orchestrators need a few. */
const MAX_CONNECTIONS = 100;

/** What the listener answers from. */
interface AdminSources extends MetricsContext, Pick<HealthOptions, "hub" | "isLeaving"> {}

/** A listener beside the hub's, for those who watch it. */
export interface AdminListener {
  /** Answers from the hub from now on. Before, it reports that the hub waits for its journal. */
  readonly answerFrom: (sources: AdminSources) => void;
  readonly close: () => void;
}

/**
 * Answers `/metrics` and `/health` at a port of their own, without a token. So a hub without keys can
 * be watched too, and the figures need no way through the balancer.
 *
 * @param worker - The place of this process among the workers, if there are several.
 * @returns Undefined if no port is set.
 * @throws Failure when the port is not available.
 */
export async function listenForAdmins(config: Config, worker: string | undefined, logger: Logger): Promise<AdminListener | undefined> {
  if (config.adminPort === undefined) return undefined;
  const address = await resolveHost(config.adminHost);
  const cors = new Cors([]);
  const refuse = createRefuse(cors, logger);
  const guard = createGuard({ hosts: address.loopback ? knownHosts(config, address) : undefined, logger });
  const waiting = { collect: () => Promise.resolve(metricsWithoutJournal(worker)) };
  let context: MetricsContext = { metrics: waiting };
  let answerHealth = createHealth({ hub: WAITING_HUB, isLeaving: () => false, cors, refuse });
  const server = createHttpServer(config);
  server.maxConnections = MAX_CONNECTIONS;
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (pathOf(req) !== "/metrics") throw new HubError("not_found", "Only /metrics and /health are served at this port.");
    if (!METRICS.methods.some((method) => method === req.method)) {
      res.setHeader("allow", METRICS.methods.join(", "));
      throw new HubError("method_not_allowed", METRICS.hint);
    }
    const { status, headers, body } = await METRICS.handler(context);
    res.writeHead(status, headers).end(req.method === "HEAD" ? undefined : body);
  };
  server.on("request", (req, res) => {
    if (answerHealth(req, res) || !guard(req, res)) return;
    answer(req, res).catch((error: unknown) => refuse(req, res, error));
  });
  server.on("error", (error) => logger.error({ err: error }, "the listener for metrics failed to accept a connection"));
  await listen(server, address.address, config.adminPort, ["adminPort", "adminHost"]);
  logger.info({ url: `http://${address.urlHost}:${config.adminPort}/metrics` }, "the metrics can be read");
  return {
    answerFrom: ({ metrics, hub, isLeaving }) => {
      context = { metrics };
      answerHealth = createHealth({ hub, isLeaving, cors, refuse });
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
