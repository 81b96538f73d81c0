import type { IncomingMessage, ServerResponse } from "node:http";
import { Access } from "../../http/auth/access.ts";
import type { Cors } from "../../http/reply/cors.ts";
import { metricsWithoutJournal } from "../../http/routes/metrics-collector.ts";
import { targetOf } from "../../http/request-target.ts";
import { authorize, METRICS } from "../../http/router.ts";
import { HubError } from "../../index.ts";
import type { Config } from "../config/config.ts";
import { authorizerOf } from "../keys/authorizer.ts";
import { pathOf, type Refuse } from "./page.ts";
import type { Access as PlannedAccess } from "./plan.ts";

/** Options of the waiting metrics. */
export interface WaitingMetricsOptions {
  readonly config: Config;
  readonly access: PlannedAccess;
  readonly hubUrl: string;
  /** The place of this process among the workers. Undefined if there is only one process. */
  readonly worker: string | undefined;
  readonly cors: Cors;
  readonly refuse: Refuse;
}

/**
 * Answers for `HUB/metrics` before there is a hub. Administrators' tokens are accepted by the hub's
 * rules. Revocations are in the journal, and not known yet.
 *
 * @returns A function that returns whether it has answered, or will.
 */
export function createWaitingMetrics(options: WaitingMetricsOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  const { config, access, hubUrl, worker, cors, refuse } = options;
  let made: Access | undefined;
  const accessNow = (): Access =>
    (made ??= new Access({
      authorizer: access.issuers.length === 0 ? undefined : authorizerOf(access.issuers, config.resourceIdentifier ?? hubUrl, config),
      anonymous: access.anonymous,
      anonymousPublish: access.anonymousPublish,
      cookieName: config.cookieName,
      compat: config.compat,
      publishOrigins: config.publishOrigin,
      hubUrl,
    }));
  const collect = (): Promise<string> => Promise.resolve(metricsWithoutJournal(worker));
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (!METRICS.methods.some((method) => method === req.method)) {
      res.setHeader("allow", METRICS.methods.join(", "));
      throw new HubError("method_not_allowed", METRICS.hint);
    }
    const { host, query } = targetOf(req);
    const header = (name: string): string | undefined => (name === "host" ? host : req.headersDistinct[name]?.[0]);
    const request = { query, authorization: req.headersDistinct.authorization ?? [], header };
    await authorize({ access: accessNow(), hubPath: config.path }, request, METRICS.needs);
    const found = await METRICS.handler({ metrics: { collect } });
    res.writeHead(found.status, { ...found.headers, ...cors.headers(req.headers.origin) });
    res.end(req.method === "HEAD" ? undefined : found.body);
  };
  return (req, res) => {
    if (pathOf(req) !== config.path + METRICS.path) return false;
    answer(req, res).catch((error: unknown) => refuse(req, res, error));
    return true;
  };
}
