import { failureCode, type Span, type SpanName, type Tracing } from "../core/tracing.ts";
import { encodeDrain } from "../core/update/frame.ts";
import type { HttpContext } from "./context.ts";
import { BodyReadError, type HubRequest } from "./request.ts";
import type { Wanted } from "./routes/metrics-collector.ts";
import { NO_HEADERS } from "./reply/cors.ts";
import { failureOf, problemReply } from "./reply/problem.ts";
import { ALIAS_PATH, type Reply, STREAM_HEADERS, type StreamReply } from "./reply/reply.ts";
import { allowedMethods, route, type Routed } from "./router.ts";
import { comeBackMs, noteForeignPage, noteRefusal } from "./reply/turned-away.ts";

/** The answer to a request: a short reply, or a stream that begins with the header fields. */
export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply }
  | (StreamReply & {
      readonly kind: "stream";
      /** Makes the answer if the stream can't be opened after all. */
      readonly refuse: (error: unknown) => Reply;
      /** The span of the request, which goes to the stream. */
      readonly span: Span | undefined;
    });

/** What answers a request. */
export type Decide = (context: HttpContext, request: HubRequest) => Routed | Promise<Routed>;

/**
 * Decides the answer to a request. Both handlers follow it, so they cannot differ.
 *
 * @param decide - Default: the hub's routes.
 * @throws BodyReadError if the handler is mounted wrongly. Everything else is an outcome.
 */
export async function respond(context: HttpContext, request: HubRequest, decide: Decide = route): Promise<Outcome> {
  const crossOrigin = context.cors.headers(request.header("origin"));
  if (context.hub.tracing !== undefined) request.span = beginSpan(context, context.hub.tracing, request, decide);
  try {
    const routed = await decide(context, request);
    if ("status" in routed) {
      request.span?.end();
      return { kind: "reply", reply: withHeaders(routed, crossOrigin) };
    }
    noteForeignPage(context, request, crossOrigin);
    const refuse = (error: unknown): Reply => withHeaders(refusal(context, request, error), crossOrigin);
    return { ...routed, kind: "stream", headers: mergeHeaders(crossOrigin, routed.headers), refuse, span: request.span };
  } catch (error) {
    if (error instanceof BodyReadError) {
      request.span?.end(failureCode(error));
      throw error;
    }
    return { kind: "reply", reply: withHeaders(refusal(context, request, error), crossOrigin) };
  }
}

function refusal(context: HttpContext, request: HubRequest, error: unknown): Reply {
  const { hub, metadata } = context;
  const failure = failureOf(error);
  const reply = problemReply(failure, hub.logger, context.faults);
  const { code } = failure;
  request.span?.end(code);
  context.metrics.refused(wantedBy(context, request), code);
  const retryMs = comeBackMs(context, request, failure);
  noteRefusal(context, request, failure, retryMs);
  if (retryMs !== undefined) {
    return { status: 200, headers: STREAM_HEADERS, body: encodeDrain(Math.round(retryMs), code), closes: true };
  }
  // Nothing but the request line and header was read.
  if (code === "overloaded") return { ...reply, closes: true };
  const headers: Record<string, string> = { ...reply.headers };
  const challenge = metadata.challenge(code);
  if (challenge !== undefined) headers["WWW-Authenticate"] = challenge;
  if (code === "method_not_allowed") headers["Allow"] = allowedMethods(context, request.pathname);
  if (code === "unsupported_encoding") headers["Accept-Encoding"] = "identity";
  return { ...reply, headers };
}

/** Begins the span of a publish or a subscription. Other requests have none. */
function beginSpan(context: HttpContext, tracing: Tracing, request: HubRequest, decide: Decide): Span | undefined {
  const { method, pathname } = request;
  const name = decide === route ? SPANS.get(method) : OF_APP.get(method);
  if (name === undefined || (pathname !== context.hubPath && pathname !== ALIAS_PATH)) return undefined;
  return tracing.begin(name, { kind: "server", header: (field) => request.header(field) });
}

const SPANS: ReadonlyMap<string, SpanName> = new Map([
  ["POST", "publish"],
  ["GET", "subscribe"],
  ["QUERY", "subscribe"],
]);
/** Streams that the application has chosen. */
const OF_APP: ReadonlyMap<string, SpanName> = new Map(["GET", "POST", "QUERY"].map((method) => [method, "subscribe"]));

function wantedBy({ hubPath, metadata }: HttpContext, { method, pathname }: HubRequest): Wanted {
  if (pathname === metadata.path || pathname.startsWith(`${hubPath}/`)) return "other";
  return method === "POST" ? "publish" : "subscribe";
}

/**
 * Makes the answer to a request that failed outside of {@link respond}. A page of a listed origin
 * must be able to read it too.
 */
export function failureReply({ cors, faults, hub }: HttpContext, error: unknown, origin: string | undefined): Reply {
  return withHeaders(problemReply(error, hub.logger, faults), cors.headers(origin));
}

function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return headers === NO_HEADERS ? reply : { ...reply, headers: mergeHeaders(headers, reply.headers) };
}

function mergeHeaders(common: Readonly<Record<string, string>>, own: Readonly<Record<string, string>>): Record<string, string> {
  const merged: Record<string, string> = { ...common, ...own };
  // Each of them may name fields on which the answer depends.
  const vary = [common["Vary"], own["Vary"]].filter((value) => value !== undefined);
  if (vary.length > 0) merged["Vary"] = [...new Set(vary.flatMap((value) => value.split(", ")))].join(", ");
  return merged;
}
