import type { IncomingMessage, ServerResponse } from "node:http";
import { HubError } from "../core/errors.ts";
import { type Logger, SILENT } from "../core/logger.ts";
import { isSameHost } from "./access.ts";
import { problemReply } from "./problem.ts";

/** What a server guards against while its publishers need no token. */
export interface GuardOptions {
  /** Host names that the server answers for, without port; undefined answers for any. */
  readonly hosts: readonly string[] | undefined;
  /** Origins of pages that may publish, beside those of the host that the request names. */
  readonly origins?: readonly string[] | undefined;
  readonly logger?: Logger | undefined;
}

/** The names of this machine's loopback. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Makes a check to run first on each request. A server on the loopback is reached by every page that the user
 * opens: a foreign page must not publish to it (its `Origin` gives it away), nor read from it under a name that it
 * made resolve to the loopback (its `Host` does).
 *
 * @returns A function that returns true to go on; false when it has answered.
 */
export function createGuard(options: GuardOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  const hosts = options.hosts === undefined ? undefined : new Set(options.hosts.map((host) => host.toLowerCase()));
  const logger = options.logger ?? SILENT;
  return (req, res) => {
    const refusal = check(req, hosts, options.origins ?? []);
    if (refusal === undefined) return true;
    const { status, headers, body } = problemReply(refusal, logger);
    res.writeHead(status, { ...headers, Connection: "close" }).end(body);
    return false;
  };
}

/** What changes nothing: reading, and asking whether something would be allowed. */
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);

function check(req: IncomingMessage, hosts: ReadonlySet<string> | undefined, origins: readonly string[]): HubError | undefined {
  const host = req.headers.host ?? "";
  if (hosts !== undefined && !hosts.has(host.replace(/:\d*$/, "").toLowerCase())) {
    return new HubError(
      "host_unknown",
      "This server does not answer for the host that the request names. Use its own address, or set the public URL.",
    );
  }
  const { origin, authorization } = req.headers;
  if (origin === undefined || SAFE_METHODS.has(req.method) || origins.includes(origin)) return undefined;
  // A page can't send this field to another origin without a preflight, which the hub answers by its own list.
  if (authorization !== undefined) return undefined;
  if (isSameHost(origin, host)) return undefined;
  return new HubError(
    "origin_forbidden",
    "The request comes from a page of another origin, which may not publish here. Publish from your server instead.",
  );
}
