import { type Authorization, streamEnd } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import type { Reply } from "../reply/reply.ts";

/**
 * `POST` of a new token to `HUB/subscribers/ID`: the subscriber's stream continues with it. The
 * subscriber received the id with `hub:expiring`. The token must have the same issuer and subject
 * as the old one.
 *
 * @see docs/guides/authorization.md, "Renewing a token".
 */
export async function renew(
  context: HttpContext,
  _request: HubRequest,
  authorization: Authorization | undefined,
  id: string,
): Promise<Reply> {
  if (authorization === undefined || !(await context.hub.fleet.renew(id, authorization))) {
    throw new HubError("not_found", "No subscriber has this id, or its token has another issuer or subject. Connect again.");
  }
  const leftMs = Math.max(0, Math.round(streamEnd(authorization, context.hub.leewayMs) - Date.now()));
  return {
    status: 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: `${JSON.stringify({ expiresInMs: leftMs === Infinity ? null : leftMs })}\n`,
  };
}
