import { streamEnd } from "../core/authorization.ts";
import { HubError } from "../core/errors.ts";
import { accessRequest, type HttpContext, type HubRequest } from "./context.ts";
import type { Reply } from "./reply.ts";

/**
 * `POST` of a new token to `HUB/subscribers/ID`: the subscriber's stream goes on with it. The id came to the subscriber with
 * `hub:expiring`; the token must be of the same issuer and subject as the one that it replaces.
 *
 * @see docs/authorization.md, "Renewing a token".
 */
export async function renew(context: HttpContext, request: HubRequest): Promise<Reply> {
  const [, id = "", ...rest] = request.pathname.slice(context.hubPath.length + 1).split("/");
  if (id === "" || rest.length > 0) throw new HubError("not_found", "Nothing is served at this address.");
  if (request.method !== "POST") throw new HubError("method_not_allowed", "Use POST to renew a subscriber's token.");
  const authorization = await context.access.authorize(accessRequest(request), "subscribe");
  if (authorization === undefined) throw new HubError("unauthorized", "Renewing needs the new access token.");
  if (!(await context.hub.whole.renew(id, authorization))) {
    throw new HubError("not_found", "There is no such subscriber, or its token is of another issuer or subject. Connect again.");
  }
  const leftMs = Math.max(0, Math.round(streamEnd(authorization, context.hub.leewayMs) - Date.now()));
  return {
    status: 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: `${JSON.stringify({ expiresInMs: leftMs === Infinity ? null : leftMs })}\n`,
  };
}
