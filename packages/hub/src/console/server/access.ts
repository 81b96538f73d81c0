import { type Authorization, type Hub, HubError } from "../../index.ts";
import { parseUrl } from "../../core/parse-url.ts";

/** A token in the syntax of RFC 6750. Two fields arrive as one with a comma, which no token has. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** A reader of the console. */
export interface Visitor {
  /** The claims of the token. */
  readonly authorization: Authorization;
  /** Whether the reader may give orders. */
  readonly isAdmin: boolean;
}

/**
 * Requires the token of an administrator, or of a monitor.
 *
 * @throws HubError `unauthorized`, `invalid_token` or `insufficient_scope`.
 */
export async function requireVisitor(hub: Hub, request: Request): Promise<Visitor> {
  const field = request.headers.get("Authorization");
  if (field === null)
    throw new HubError("unauthorized", "The console needs an administrator's token. Make one: artesian token mint --admin");
  const token = BEARER.exec(field)?.[1];
  if (token === undefined) throw new HubError("invalid_token", "The token is to be sent once, as `Authorization: Bearer TOKEN`.");
  const authorization = await hub.verify(token, "publish");
  if (hub.isMonitor(authorization)) return { authorization, isAdmin: hub.isAdmin(authorization) };
  throw new HubError(
    "insufficient_scope",
    "The token is valid, but its holder may neither administer nor watch this hub. Make one: artesian token mint --admin, or --monitor",
  );
}

/** @throws HubError `insufficient_scope` for a visitor who may only watch. */
export function requireAdmin({ isAdmin }: Visitor): void {
  if (isAdmin) return;
  throw new HubError(
    "insufficient_scope",
    "The token's holder may watch this hub, but not change it. Make a token that may: artesian token mint --admin",
  );
}

/**
 * Whether a page of this server sent a request, or a program without a page.
 *
 * @param host - The server's own host, as the request names it.
 * @param publicUrl - The address at which others reach the server.
 */
export function isFromOwnPage({ headers }: Request, host: string, publicUrl?: string): boolean {
  const origin = headers.get("Origin");
  const site = headers.get("Sec-Fetch-Site") ?? "same-origin";
  const isOwn = origin === null || isHostOf(origin, host) || (publicUrl !== undefined && origin === new URL(publicUrl).origin);
  return isOwn && (site === "same-origin" || site === "none");
}

/**
 * Keeps other sites' pages from changing anything. A browser names the page's origin in each POST,
 * and asks before it sends JSON.
 *
 * @throws HubError `origin_forbidden` or `unsupported_media_type`.
 */
export function requireOwnPage(hub: Hub, request: Request): void {
  if (!isFromOwnPage(request, request.headers.get("Host") ?? "", hub.url)) {
    throw new HubError("origin_forbidden", "The request comes from a page of another origin. Use the console's own page.");
  }
  const type = request.headers.get("Content-Type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new HubError("unsupported_media_type", "Send `Content-Type: application/json`.");
}

function isHostOf(origin: string, host: string): boolean {
  return parseUrl(origin)?.host === host.toLowerCase();
}
