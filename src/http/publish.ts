import type { Authorization } from "../core/authorization.ts";
import type { HubCore } from "../core/hub-core.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import type { Reply } from "./reply.ts";
import type { ReservedTopics } from "./reserved-topics.ts";
import { parseUpdates } from "./update-body.ts";

/** A request to publish, in terms of no framework. */
export interface PublishRequest {
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  /** The `Idempotency-Key` field as it came; undefined where there is none. */
  readonly idempotencyKey: string | undefined;
  readonly body: Uint8Array;
}

/**
 * Publishes what a request carries: one update as a form or a JSON object, or an atomic batch as a JSON array or
 * NDJSON.
 *
 * @param authorization - What the publisher's token says; undefined where anyone may publish.
 * @param reserved - Topics that nobody publishes on over HTTP, whatever the token says.
 * @returns The event id, or one a line for a batch; JSON where the request accepts that.
 * @throws HubError that says what to change; nothing was published.
 * @see docs/protocol.md, "Publish"; Mercure, "Publication".
 */
export async function publish(
  hub: HubCore,
  request: PublishRequest,
  authorization: Authorization | undefined,
  reserved: ReservedTopics,
): Promise<Reply> {
  const parsed = parseUpdates(request.contentType, request.body);
  reserved.check(parsed.updates);
  const ids = await hub.publishFor(authorization, parsed.updates, { idempotencyKey: readIdempotencyKey(request.idempotencyKey) });
  if (request.accept?.includes("application/json")) {
    const body = parsed.isBatch ? { ids } : { id: ids[0] };
    return { status: 200, headers: { "Content-Type": "application/json", "Cache-Control": "no-store" }, body: `${JSON.stringify(body)}\n` };
  }
  return { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" }, body: ids.join("\n") };
}
