import type { IncomingMessage, ServerResponse } from "node:http";
import { HubError } from "../../core/errors.ts";
import { type Logger, SILENT } from "../../core/logger.ts";
import { LogThrottle } from "../../core/log-throttle.ts";
import { Cors } from "../reply/cors.ts";
import { checkOrigins, isOwnOrigin, originOfReferer } from "../auth/origin.ts";
import { problemReply } from "../reply/problem.ts";
import { checkHost, targetOf } from "../request-target.ts";

/** Options of a guard for servers whose publishers need no token. */
export interface GuardOptions {
  /** Host names of the server, without port. Undefined accepts any. */
  readonly hosts: readonly string[] | undefined;
  /** Origins of pages that may publish, beside the server's own origin. */
  readonly origins?: readonly string[] | undefined;
  /**
   * The server's public URL, whose origin is the server's own. The origin of the request's host
   * counts too, unless it only looks like the public one.
   */
  readonly publicUrl?: string | undefined;
  /** Origins whose pages may read the refusals, as in the hub's `corsOrigins`. Default: none. */
  readonly corsOrigins?: readonly string[] | undefined;
  readonly logger?: Logger | undefined;
}

/** Most characters of a peer's text in a log line. */
const SHOWN_CHARACTERS = 200;

/** Names of this machine's loopback. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Makes a check to run first on each request. Every page that the user opens can reach a server on
 * the loopback. A foreign page must not publish there. Its `Origin`, `Referer` or `Sec-Fetch-Site`
 * gives it away. Nor may a page read through a name that it made resolve to the loopback. Its
 * `Host` gives it away.
 *
 * @returns A function that returns true to go on, or false after it has answered.
 * @throws TypeError for an invalid origin.
 */
export function createGuard(options: GuardOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  const hosts = options.hosts === undefined ? undefined : new Set(options.hosts.map((host) => host.toLowerCase()));
  const logger = options.logger ?? SILENT;
  checkOrigins("origins", options.origins ?? [], { allowsAny: false });
  checkOrigins("corsOrigins", options.corsOrigins ?? [], { allowsAny: true });
  const cors = new Cors(options.corsOrigins ?? []);
  const notices = new LogThrottle(logger);
  return (req, res) => {
    try {
      check(req, hosts, options);
      return true;
    } catch (error) {
      const { status, headers, body } = problemReply(error, logger);
      if (error instanceof HubError) note(notices, req, error, status);
      const closing = req.httpVersionMajor === 1 ? { Connection: "close" } : {};
      res.writeHead(status, { ...headers, ...cors.headers(req.headers.origin), ...closing }).end(body);
      return false;
    }
  };
}

/** Logs a refusal, because a browser tells its page neither the status nor the reason. */
function note(notices: LogThrottle, req: IncomingMessage, { code, message: detail }: HubError, status: number): void {
  const host = targetOf(req).host?.slice(0, SHOWN_CHARACTERS);
  const origin = pageOf(req)?.slice(0, SHOWN_CHARACTERS);
  notices.warn(code, { code, status, detail, host, origin }, "A request is refused. An EventSource does not come back by itself.");
}

/** Methods that change nothing, including the preflight. */
const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);

/**
 * The origin of the page that sent a request. `null` if no page sent it, undefined if the request
 * names none.
 */
function pageOf({ headers: { origin, referer } }: IncomingMessage): string | undefined {
  return origin ?? (referer === undefined ? undefined : (originOfReferer(referer) ?? "null"));
}

/** Values of `Sec-Fetch-Site` for a request without a page, or from the server's own page. */
const OWN_SITES: ReadonlySet<string> = new Set(["none", "same-origin"]);

/** @throws HubError `invalid_host`, `host_unknown` or `origin_forbidden`. */
function check(req: IncomingMessage, hosts: ReadonlySet<string> | undefined, { origins = [], publicUrl }: GuardOptions): void {
  checkHost(req);
  const { host = "" } = targetOf(req);
  if (hosts !== undefined && !hosts.has(host.replace(/:\d*$/, "").toLowerCase())) {
    throw new HubError(
      "host_unknown",
      "This server does not answer for the host that the request names. Use its own address, or set the public URL.",
    );
  }
  const page = pageOf(req);
  const fetchSite = firstOf(req.headers["sec-fetch-site"]);
  const isOfPage = page !== undefined || !(fetchSite === undefined || OWN_SITES.has(fetchSite));
  if (!isOfPage || SAFE_METHODS.has(req.method) || (page !== undefined && origins.includes(page))) return;
  // A page can't send this field to another origin without a preflight, and the hub answers
  // preflights by its own list.
  if (req.headers.authorization !== undefined) return;
  // Anyone on the way may control the `http:` page of a host with TLS.
  const isUnsafe = "encrypted" in req.socket && page?.startsWith("http:") === true;
  if (page !== undefined && !isUnsafe && isOwnOrigin(page, publicUrl, { host, fetchSite })) return;
  throw new HubError(
    "origin_forbidden",
    `The request comes from a page of another origin${publicUrl === undefined ? "" : ` than ${new URL(publicUrl).origin}`}, which may not publish here. Publish from your server instead.`,
  );
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value[0] : value;
}
