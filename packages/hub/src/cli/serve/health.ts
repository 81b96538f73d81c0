import type { IncomingMessage, ServerResponse } from "node:http";
import { check, readiness } from "../../core/readiness.ts";
import type { Cors } from "../../http/reply/cors.ts";
import { checkHost } from "../../http/request-target.ts";
import { HubError, type Hub } from "../../index.ts";
import { pathOf, type Refuse } from "./page.ts";

/** Options of `createHealth`. */
export interface HealthOptions {
  readonly hub: Pick<Hub, "ready" | "issuersWithoutKeys">;
  /** Whether the server was told to stop. */
  readonly isLeaving: () => boolean;
  readonly cors: Cors;
  readonly refuse: Refuse;
}

interface Answer {
  readonly isWell: boolean;
  readonly type: string;
  readonly body: string;
}

/**
 * Answers balancers and orchestrators. They ask by address, so any `Host` or none is accepted.
 *
 * - `/health/live`: this process answers.
 * - `/health/ready`: this process can do all its work. Each check has a name.
 * - `/health`: whether to send new connections here. The journal does not count, since hubs keep
 *   their streams while their engine is away.
 *
 * @returns A function that returns whether it has answered.
 */
export function createHealth({ hub, isLeaving, cors, refuse }: HealthOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  const answers: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    "/health/live": () => asJson({ status: "pass" }),
    "/health/ready": async () => {
      const { checks } = await hub.ready();
      return asJson(readiness(isLeaving() ? { ...checks, drain: check("The hub is shutting down.") } : checks));
    },
    "/health": () => {
      const reason = isLeaving() ? "draining" : waitingFor(hub);
      return { isWell: reason === undefined, type: "text/plain; charset=utf-8", body: `${reason ?? "ok"}\n` };
    },
  };
  return (req, res) => {
    const find = Object.hasOwn(answers, pathOf(req)) ? answers[pathOf(req)] : undefined;
    if (find === undefined) return false;
    const answer = async (): Promise<void> => {
      checkHost(req);
      if (req.method !== "GET" && req.method !== "HEAD") {
        res.setHeader("allow", "GET, HEAD");
        throw new HubError("method_not_allowed", "This address only answers GET.");
      }
      const { isWell, type, body } = await find();
      const headers = { "content-type": type, "cache-control": "no-store", ...cors.headers(req.headers.origin) };
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
      res.statusCode = isWell ? 200 : 503;
      res.end(req.method === "HEAD" ? undefined : body);
    };
    answer().catch((error: unknown) => refuse(req, res, error));
    return true;
  };
}

/** Names the missing part without which the hub can't serve everything. */
function waitingFor(hub: Pick<Hub, "issuersWithoutKeys">): string | undefined {
  const issuers = hub.issuersWithoutKeys();
  return issuers.length === 0 ? undefined : `waiting for the JWK set of ${issuers.join(", ")}`;
}

function asJson(value: { readonly status: "pass" | "fail" }): Answer {
  return { isWell: value.status === "pass", type: "application/json", body: `${JSON.stringify(value)}\n` };
}
