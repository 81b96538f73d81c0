import type { Authorization } from "../core/authorization.ts";
import { HubError } from "../core/errors.ts";
import { encodeDrain } from "../core/frame.ts";
import { patternKeys } from "../core/matcher.ts";
import type { Selection } from "../core/selection.ts";
import type { Start } from "../core/start.ts";
import { readBody } from "./body.ts";
import { accessRequest, type HttpContext, type HubRequest } from "./context.ts";
import { decodeUtf8 } from "./form.ts";
import { metrics, type Wanted } from "./metrics.ts";
import { problemReply } from "./problem.ts";
import { publish } from "./publish.ts";
import { renew } from "./renew.ts";
import { ALIAS_PATH, allowedMethods, type Reply, STREAM_HEADERS } from "./reply.ts";
import { revoke } from "./revocations.ts";
import { holdsInflated, takesGzip } from "./gzip.ts";
import { parseSubscription, streamHeaders } from "./subscribe.ts";
import { scheduled } from "./scheduled.ts";
import { subscriptions } from "./subscriptions.ts";
import { comeBackMs, noteForeignPage, noteRefusal } from "./turned-away.ts";
import { mediaTypeOf } from "./update-body.ts";

/** What to answer: something short, or a stream that begins with the header fields. */
export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply }
  | {
      readonly kind: "stream";
      readonly headers: Readonly<Record<string, string>>;
      readonly selection: Selection;
      readonly start: Start;
      readonly authorization: Authorization | undefined;
      /** What to answer where the stream can't be opened after all. */
      readonly refuse: (error: unknown) => Reply;
    };

/**
 * Decides what a request gets. Both handlers do as it says, so that they cannot differ.
 *
 * @throws TypeError for a mistake in how the handler is mounted; everything else is an outcome.
 */
export async function respond(context: HttpContext, request: HubRequest): Promise<Outcome> {
  const crossOrigin = context.cors.headers(request.header("origin"));
  const refuse = (error: unknown): Reply => withHeaders(refusal(context, request, error), crossOrigin);
  try {
    const routed = await route(context, request);
    if ("status" in routed) return { kind: "reply", reply: withHeaders(routed, crossOrigin) };
    noteForeignPage(context, request, crossOrigin);
    return { ...routed, kind: "stream", headers: mergeHeaders(crossOrigin, routed.headers), refuse };
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return { kind: "reply", reply: refuse(error) };
  }
}

/** A stream, as far as it is decided by the request alone. */
type RoutedStream = Omit<Extract<Outcome, { kind: "stream" }>, "kind" | "refuse">;

function refusal(context: HttpContext, request: HubRequest, error: unknown): Reply {
  const { hub, hubPath, metadata } = context;
  const { pathname } = request;
  const reply = problemReply(error, hub.logger, context.faults);
  context.metrics.refused(wantedBy(context, request), error instanceof HubError ? error.code : "internal");
  if (!(error instanceof HubError)) return reply;
  const retryMs = comeBackMs(context, request, error);
  noteRefusal(context, request, error, retryMs);
  if (retryMs !== undefined) {
    return { status: 200, headers: STREAM_HEADERS, body: encodeDrain(Math.round(retryMs), error.code), closes: true };
  }
  // Nothing was looked at but the request line and its header.
  if (error.code === "overloaded") return { ...reply, closes: true };
  const headers: Record<string, string> = { ...reply.headers };
  const challenge = metadata.challenge(error.code);
  if (challenge !== undefined) headers["WWW-Authenticate"] = challenge;
  if (error.code === "method_not_allowed") headers["Allow"] = allowedMethods(hubPath, pathname);
  if (error.code === "unsupported_encoding") headers["Accept-Encoding"] = "identity";
  return { ...reply, headers };
}

function wantedBy({ hubPath, metadata }: HttpContext, { method, pathname }: HubRequest): Wanted {
  if (pathname === metadata.path || pathname.startsWith(`${hubPath}/`)) return "other";
  return method === "POST" ? "publish" : "subscribe";
}

/**
 * The answer to a request that failed outside of {@link respond}: a page of a listed origin must be able to read it as well.
 */
export function failureReply({ cors, faults, hub }: HttpContext, error: unknown, origin: string | undefined): Reply {
  return withHeaders(problemReply(error, hub.logger, faults), cors.headers(origin));
}

function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: mergeHeaders(headers, reply.headers) };
}

function mergeHeaders(common: Readonly<Record<string, string>>, own: Readonly<Record<string, string>>): Record<string, string> {
  const merged: Record<string, string> = { ...common, ...own };
  // Both may say what the answer depends on.
  const vary = [common["Vary"], own["Vary"]].filter((value) => value !== undefined);
  if (vary.length > 0) merged["Vary"] = [...new Set(vary.flatMap((value) => value.split(", ")))].join(", ");
  return merged;
}

async function route(context: HttpContext, request: HubRequest): Promise<Reply | RoutedStream> {
  const { method, pathname } = request;
  if (pathname === "") throw new HubError("not_found", "Nothing is served at this address.");
  request.admit();
  if (method === "OPTIONS") {
    const methods = allowedMethods(context.hubPath, pathname);
    const asked = request.header("access-control-request-headers");
    const headers = { Allow: methods, ...context.cors.preflight(request.header("origin"), methods, asked) };
    return { status: 204, headers, body: "" };
  }
  if (pathname === context.metadata.path) {
    if (method !== "GET" && method !== "HEAD") throw new HubError("method_not_allowed", "Use GET.");
    return withHeaders(context.metadata.reply(), context.cors.open(request.header("origin")));
  }
  if (pathname.startsWith(`${context.hubPath}/`)) return answerBelowHub(context, request);
  if (method === "POST") return publishFrom(context, request);
  if (method !== "GET" && method !== "HEAD" && method !== "QUERY") {
    throw new HubError("method_not_allowed", "Use GET or QUERY to subscribe, or POST to publish.");
  }
  return subscribeFrom(context, request);
}

function answerBelowHub(context: HttpContext, request: HubRequest): Promise<Reply> {
  const [folder, ...rest] = request.pathname.slice(context.hubPath.length + 1).split("/");
  if (folder === "subscribers") return renew(context, request);
  if (folder === "subscriptions") return subscriptions(context, request);
  if (folder === "scheduled") return scheduled(context, request);
  if (folder === "metrics" && rest.length === 0) return metrics(context, request);
  if (folder === "revocations" && rest.length === 0) return revoke(context, request);
  throw new HubError("not_found", "Nothing is served at this address.");
}

async function publishFrom(context: HttpContext, request: HubRequest): Promise<Reply> {
  const { hub, reservedTopics } = context;
  // Who may not publish at all must not make the hub read a body.
  const authorization = await context.access.authorize(accessRequest(request), "publish");
  const body = await readBody(request, hub.limits.bodyBytes);
  const published = {
    contentType: request.header("content-type"),
    accept: request.header("accept"),
    idempotencyKey: request.header("idempotency-key"),
    body,
  };
  return publish(hub, published, authorization, reservedTopics);
}

async function subscribeFrom(context: HttpContext, request: HubRequest): Promise<RoutedStream> {
  const { hub } = context;
  const authorization = await context.access.authorize(accessRequest(request), "subscribe");
  const { selection, lastEventId, hasCursor, last } = parseSubscription(
    hub,
    {
      query: request.query,
      body: request.method === "QUERY" ? await readForm(context, request) : "",
      lastEventIdHeader: request.header("last-event-id"),
      isAlias: request.pathname === ALIAS_PATH,
      takesGzip: takesGzip(request.header("accept-encoding")) && !holdsInflated(request.header),
      framing: request.framing,
      compat: context.compat,
      admitPatterns: (matchers) => {
        context.connections.checkPatterns(request.address, patternKeys(matchers));
        context.arrivals.admitPatterns(request.address, hub.unknownPatterns(matchers));
      },
    },
    authorization,
  );
  // An answer without a body begins with no updates, so none are looked for.
  const start = await hub.resolve(lastEventId, selection, request.method === "HEAD" ? 0 : last, request);
  return {
    headers: streamHeaders(selection, start, hasCursor ? hub.cursorAt(start.after) : undefined, context.compat),
    selection,
    start,
    authorization,
  };
}

async function readForm(context: HttpContext, request: HubRequest): Promise<string> {
  if (mediaTypeOf(request.header("content-type")) !== "application/x-www-form-urlencoded") {
    throw new HubError("unsupported_media_type", "The body of a QUERY must be application/x-www-form-urlencoded.");
  }
  return decodeUtf8(await readBody(request, context.hub.limits.queryBytes));
}
