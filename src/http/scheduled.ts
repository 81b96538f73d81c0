import type { Authorization } from "../core/authorization.ts";
import { HubError } from "../core/errors.ts";
import type { Update } from "../core/update.ts";
import { accessRequest, type HttpContext, type HubRequest } from "./context.ts";
import type { Reply } from "./reply.ts";
import { decodeSegment } from "./segment.ts";

/**
 * Lists the updates that wait for their time (`GET HUB/scheduled`), and cancels them (`DELETE HUB/scheduled/ID`). One sees those that one
 * may publish; without a token, where that is allowed, those that are not private.
 *
 * @see docs/protocol.md, "Later, and for how long".
 */
export async function scheduled(context: HttpContext, request: HubRequest): Promise<Reply> {
  const { hub, hubPath } = context;
  const [, encodedId, ...rest] = request.pathname.slice(hubPath.length + 1).split("/");
  const id = encodedId === undefined ? undefined : decodeSegment(encodedId);
  if (rest.length > 0 || (encodedId !== undefined && id === undefined))
    throw new HubError("not_found", "Nothing is served at this address.");
  const isCancelling = id !== undefined;
  const methods = isCancelling ? ["DELETE"] : ["GET", "HEAD"];
  if (!methods.includes(request.method)) {
    throw new HubError(
      "method_not_allowed",
      isCancelling ? "Use DELETE to cancel an update." : "Use GET to list updates that wait for their time.",
    );
  }
  const authorization = await context.access.authorize(accessRequest(request), "publish");
  const mayTouch = (update: Update): boolean => isOwn(context, authorization, update);
  if (isCancelling) {
    if (!(await hub.cancel(id, mayTouch)))
      throw new HubError("not_found", "No such update waits for its time, or it is not yours to cancel.");
    return { status: 204, headers: { "Cache-Control": "no-store" }, body: "" };
  }
  const updates: object[] = [];
  for await (const { deliverAt, update } of hub.scheduled()) {
    if (!mayTouch(update)) continue;
    const { topics, type, private: isPrivate, ttlMs } = update;
    updates.push({ id: update.id, topics, type, private: isPrivate, deliver_at: new Date(deliverAt).toISOString(), ttl: ttlMs });
  }
  return {
    status: 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: `${JSON.stringify({ scheduled: updates })}\n`,
  };
}

function isOwn({ hub }: HttpContext, authorization: Authorization | undefined, { private: isPrivate, topics }: Update): boolean {
  return authorization === undefined ? !isPrivate : hub.mayPublish(authorization, topics);
}
