import type { HubError } from "../../core/errors.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import { isOfEventSource } from "./accept.ts";
import { isOwnOrigin, originRequest } from "../auth/origin.ts";
import { FAULTS } from "./fault-log.ts";
import { STATUS_BY_CODE } from "./problem.ts";
import { ALIAS_PATH } from "./reply.ts";
import { isForAdmin } from "../router.ts";

/**
 * Range of the delay before a subscriber comes back after an outage of the journal or a fault of
 * the hub, in milliseconds.
 */
const AWAY_MS = { least: 1000, most: 5000 };

const SUBSCRIBING: ReadonlySet<string> = new Set(["GET", "HEAD", "QUERY"]);

/** Most characters of a peer's text in a log line. */
const SHOWN_CHARACTERS = 200;

/**
 * Decides when a refused subscriber is to come back. A failure status would stop an `EventSource`
 * permanently. So a refusal that may mend by itself is told in a stream instead: `retry`,
 * `hub:drain`, and the end.
 *
 * @returns Milliseconds from now. Undefined for a refusal that time does not mend, and for a
 *   request that asks for no stream.
 */
export function comeBackMs(context: HttpContext, request: HubRequest, { code, retryAfterMs }: HubError): number | undefined {
  if (!wantsStream(context, request)) return undefined;
  switch (code) {
    case "overloaded":
    case "too_many_connections":
    case "too_many_patterns":
    case "keys_unavailable":
    // The application knows nobody. Soon somebody may have logged in.
    case "unauthorized":
      return retryAfterMs;
    case "journal_unavailable":
    case "internal":
      return AWAY_MS.least + Math.random() * (AWAY_MS.most - AWAY_MS.least);
    case "invalid_token":
      // Set if the clock alone refuses the token. The next request may have a new cookie, but a
      // header or a URL stays the same.
      return retryAfterMs !== undefined && context.access.isByCookie(request) ? retryAfterMs : undefined;
    default:
      return undefined;
  }
}

/** Refusals that are logged for every request, because nothing else would explain them. */
const LOGGED: ReadonlySet<string> = new Set(["origin_forbidden", "too_many_connections", "too_many_patterns", "overloaded"]);

/**
 * Logs a refusal that would otherwise stay hidden. An `EventSource` tells its page neither the
 * status nor the reason.
 */
export function noteRefusal(context: HttpContext, request: HubRequest, error: HubError, retryMs: number | undefined): void {
  const { code, message, cause } = error;
  const { notices } = context;
  const isAdministrating = isForAdmin(context, request.pathname);
  if (FAULTS.has(code) || !(wantsStream(context, request) || LOGGED.has(code) || isAdministrating)) return;
  // The clock's refusal is logged elsewhere, with both times.
  if (code === "invalid_token" && retryMs !== undefined) return;
  // Everyday life: somebody logged out, or has not logged in yet.
  if (code === "unauthorized" && retryMs !== undefined) return;
  const why = cause instanceof Error ? cause.message : cause;
  const { address } = request;
  const fields = {
    code,
    status: STATUS_BY_CODE[code],
    detail: message,
    ...(typeof why === "string" && { why }),
    ...(address !== undefined && { address }),
  };
  if (isAdministrating) notices.warn(`${code} admin`, fields, "An administrator's request is refused.");
  else if (retryMs !== undefined) notices.warn(`${code} waits`, fields, "A subscriber is told in a stream to come back later.");
  else notices.warn(`${code} ends`, fields, "A request is refused. An EventSource does not come back by itself.");
}

/**
 * Logs that a browser discards the stream for a page of another origin. The hub's answer looks like
 * a success.
 */
export function noteForeignPage({ hub, notices }: HttpContext, request: HubRequest, crossOrigin: Readonly<Record<string, string>>): void {
  const origin = request.header("origin");
  if (origin === undefined || crossOrigin["Access-Control-Allow-Origin"] !== undefined) return;
  if (isOwnOrigin(origin, hub.url, originRequest(request))) return;
  notices.warn(
    "foreign page",
    { origin: origin.slice(0, SHOWN_CHARACTERS) },
    "A page of an unlisted origin subscribes. Its browser refuses the stream. List the origin in corsOrigins, or --cors-origin.",
  );
}

/**
 * Whether a request subscribes as an `EventSource` does. All others need their status: a refused
 * DELETE must not look done.
 */
function wantsStream({ hubPath }: HttpContext, request: HubRequest): boolean {
  const { method, pathname } = request;
  const isToHub = pathname === hubPath || pathname === ALIAS_PATH;
  return isToHub && SUBSCRIBING.has(method) && isOfEventSource(request.header("accept"));
}
