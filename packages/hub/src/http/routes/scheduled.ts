import type { Authorization } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import type { Update } from "../../core/update/update.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import type { Reply } from "../reply/reply.ts";

/**
 * `GET HUB/scheduled`: lists the updates that wait for their time. A client sees those that it may
 * publish. Without a token, it sees those that are not private.
 *
 * @see docs/reference/protocol.md, "Later, and for how long".
 */
export async function listScheduled(context: HttpContext, _request: HubRequest, authorization: Authorization | undefined): Promise<Reply> {
  const updates: object[] = [];
  for await (const { deliverAt, update } of context.hub.publisher.scheduled()) {
    if (!isOwn(context, authorization, update)) continue;
    const { topics, type, private: isPrivate, ttlMs } = update;
    updates.push({ id: update.id, topics, type, private: isPrivate, deliver_at: new Date(deliverAt).toISOString(), ttl: ttlMs });
  }
  return {
    status: 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    body: `${JSON.stringify({ scheduled: updates })}\n`,
  };
}

/** `DELETE HUB/scheduled/ID`: cancels the updates with an event id that the client may publish. */
export async function cancel(
  context: HttpContext,
  _request: HubRequest,
  authorization: Authorization | undefined,
  id: string,
): Promise<Reply> {
  if (!(await context.hub.publisher.cancel(id, (update) => isOwn(context, authorization, update)))) {
    throw new HubError("not_found", "No scheduled update has this id, or you may not cancel it.");
  }
  return { status: 204, headers: { "Cache-Control": "no-store" }, body: "" };
}

function isOwn({ hub }: HttpContext, authorization: Authorization | undefined, { private: isPrivate, topics }: Update): boolean {
  return authorization === undefined ? !isPrivate : hub.grants.mayPublish(authorization, topics);
}
