import type { Authorization } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import { COMPAT_CONTEXT, compatSubscription } from "../../core/table/compat-subscription.ts";
import type { Presence } from "../../core/table/presence.ts";
import { acceptsByName } from "../reply/accept.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import { hubLink } from "../reply/link.ts";
import type { Reply } from "../reply/reply.ts";
import { decodeSegment } from "../segment.ts";

/**
 * Most subscriptions in one answer, if they are short. Mercure 0.x has no pages, so nothing tells
 * of omitted ones.
 */
const MOST = 10_000;

/**
 * Whether a request wants subscriptions in the form of Mercure 0.x. The request asks for JSON-LD,
 * has a token of that version, or has a path without a matcher type.
 */
export function wantsCompat(context: HttpContext, request: HubRequest, authorization: Authorization): boolean {
  if (context.compat === undefined) return false;
  if (isCompatToken(authorization) || acceptsByName(request.header("accept"), "application/ld+json")) return true;
  const [type] = segmentsOf(context, request);
  return type !== undefined && type !== "exact" && type !== "urlpattern";
}

/** Answers with the active subscriptions: all, those of a topic selector, or one. */
export async function compatSubscriptions(context: HttpContext, request: HubRequest, presence: Pick<Presence, "list">): Promise<Reply> {
  const { hub, hubPath } = context;
  const [topic, subscriber, ...rest] = segmentsOf(context, request).map(decode);
  if (rest.length > 0) throw new HubError("not_found", "Nothing is served at this address.");
  const lastEventID = hub.readers.cursor();
  const matcher = topic === undefined ? undefined : ({ type: "uritemplate", pattern: topic } as const);
  const { documents } = await presence.list({ matcher, subscriber, compat: true }, { after: undefined, limit: MOST });
  const subscriptions = documents.map((document) => compatSubscription(hubPath, document));
  const headers = {
    "Content-Type": "application/ld+json",
    "Cache-Control": "private, must-revalidate, max-age=0",
    Vary: "Accept, Authorization, Cookie",
    ETag: `"${lastEventID}-0.x"`,
    Link: hubLink(hub.url, { lastEventId: lastEventID }),
  };
  if (subscriber !== undefined) {
    if (subscriptions[0] === undefined) throw new HubError("not_found", "There is no such subscription.");
    return { status: 200, headers, body: `${JSON.stringify({ "@context": COMPAT_CONTEXT, ...subscriptions[0], lastEventID })}\n` };
  }
  const collection = { "@context": COMPAT_CONTEXT, id: request.pathname, type: "Subscriptions", lastEventID, subscriptions };
  return { status: 200, headers, body: `${JSON.stringify(collection)}\n` };
}

/** Whether a token grants URI templates. Only tokens of Mercure 0.x do. */
function isCompatToken({ subscribe }: Authorization): boolean {
  return subscribe.some(({ topics }) => topics.some(({ type }) => type === "uritemplate"));
}

function segmentsOf({ hubPath }: HttpContext, { pathname }: HubRequest): readonly string[] {
  const path = pathname.slice(`${hubPath}/subscriptions`.length);
  return path === "" ? [] : path.slice(1).split("/");
}

/**
 * Decodes a segment, in which Mercure 0.x writes a space as `+`. A template can expand to nothing.
 * An empty part must not be authorized as one thing and read as another.
 */
function decode(segment: string): string {
  const text = decodeSegment(segment.replaceAll("+", " "));
  if (text === undefined) throw new HubError("not_found", "Nothing is served at this address.");
  return text;
}
