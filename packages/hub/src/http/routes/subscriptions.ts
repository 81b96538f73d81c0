import type { Authorization } from "../../core/matching/authorization.ts";
import { HubError } from "../../core/errors.ts";
import type { Matcher } from "../../core/matching/matcher.ts";
import { isStateKey } from "../../core/journal/state.ts";
import type { HttpContext } from "../context.ts";
import type { HubRequest } from "../request.ts";
import { parseForm } from "../body/form.ts";
import { compatSubscriptions, wantsCompat } from "../compat/subscriptions.ts";
import { hasTag } from "../reply/etag.ts";
import { hubLink } from "../reply/link.ts";
import type { Reply } from "../reply/reply.ts";
import { decodeSegment } from "../segment.ts";

/** Most subscriptions in one answer, if they are short. The `next` link leads to more. */
const PAGE = 10_000;

/** The subscriptions that a path names. */
interface Target {
  readonly matcher: Matcher | undefined;
  readonly subscriber: string | undefined;
}

/** Whether a path may name subscriptions, and the hub lists them. */
export function listsSubscriptions({ hub, hubPath, compat }: HttpContext, { pathname }: HubRequest): boolean {
  // A path that resolves to another one would be authorized as the first and answered as the
  // second.
  const isPlain = new URL(pathname, hub.url).pathname === pathname;
  return hub.presence !== undefined && isPlain && (compat !== undefined || targetOf(hubPath, pathname) !== undefined);
}

/**
 * Answers with the active subscriptions: all, those of a matcher, or one. A token needs a
 * `subscribe` grant on the path itself.
 *
 * @see docs/guides/presence.md; Mercure, "Subscription API".
 */
export async function subscriptions(context: HttpContext, request: HubRequest, authorization: Authorization | undefined): Promise<Reply> {
  const { hub, hubPath } = context;
  const { presence } = hub;
  const target = targetOf(hubPath, request.pathname);
  if (presence === undefined || authorization === undefined) throw nothingHere();
  if (!hub.grants.mayReceive(authorization, request.pathname)) {
    throw new HubError("insufficient_scope", "The access token, or the session, does not allow subscribing to this address as a topic.");
  }
  await presence.arrived(target?.matcher);
  if (wantsCompat(context, request, authorization)) return fresh(request, await compatSubscriptions(context, request, presence));
  if (target === undefined) throw nothingHere();
  // The cursor is read first, so that subscriptions missing from the list come after it.
  const cursor = hub.readers.cursor();
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "Cache-Control": "private, must-revalidate, max-age=0",
    Vary: "Accept, Authorization, Cookie",
    ETag: `"${cursor}"`,
    Link: hubLink(hub.url, { lastEventId: cursor, type: "mercure", contentType: "application/json" }),
  };
  if (target.subscriber !== undefined) {
    const { documents } = await presence.list({ ...target, compat: false }, { after: undefined, limit: PAGE });
    if (documents[0] === undefined) throw new HubError("not_found", "There is no such subscription.");
    return fresh(request, { status: 200, headers, body: `${JSON.stringify(documents[0])}\n` });
  }
  const after = readAfter(request.query);
  const { documents, next } = await presence.list({ ...target, compat: false }, { after, limit: PAGE });
  if (next !== undefined) headers["Link"] += `, <${request.pathname}?after=${encodeURIComponent(next)}>; rel="next"`;
  const collection = { id: request.pathname, type: "subscriptions", subscriptions: documents };
  return fresh(request, { status: 200, headers, body: `${JSON.stringify(collection)}\n` });
}

/**
 * @throws HubError `invalid_page` for a value that no `next` link has. A journal may not search for
 *   arbitrary text.
 */
function readAfter(query: string): string | undefined {
  const after = parseForm(query).find(([name]) => name === "after")?.[1] || undefined;
  if (after === undefined || isStateKey(after)) return after;
  throw new HubError("invalid_page", "The `after` does not come from the hub. Follow the `next` link of the previous page.");
}

function nothingHere(): HubError {
  return new HubError("not_found", "Nothing is served at this address.");
}

/**
 * Answers 304 to a request with the current tag. Every change is an update, so the same cursor
 * means the same answer.
 */
function fresh(request: HubRequest, reply: Reply): Reply {
  if (!hasTag(request.header("if-none-match"), reply.headers["ETag"])) return reply;
  const { "Content-Type": _type, ...headers } = reply.headers;
  return { status: 304, headers, body: "" };
}

/** @returns Undefined for a path that names no subscription. */
function targetOf(hubPath: string, pathname: string): Target | undefined {
  const path = pathname.slice(`${hubPath}/subscriptions`.length);
  if (path === "") return { matcher: undefined, subscriber: undefined };
  const [first, type, match, subscriber, ...rest] = path.split("/");
  if (first !== "" || rest.length > 0 || (type !== "exact" && type !== "urlpattern")) return undefined;
  const pattern = match === undefined ? undefined : decodeSegment(match);
  const name = subscriber === undefined ? undefined : decodeSegment(subscriber);
  if (pattern === undefined || (subscriber !== undefined && name === undefined)) return undefined;
  return { matcher: { type, pattern }, subscriber: name };
}
