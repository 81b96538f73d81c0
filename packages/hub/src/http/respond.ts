import { encodeDrain } from "../core/update/frame.ts";
import type { HttpContext } from "./context.ts";
import { BodyReadError, type HubRequest } from "./request.ts";
import type { Wanted } from "./routes/metrics-collector.ts";
import { failureOf, problemReply } from "./reply/problem.ts";
import { type Reply, STREAM_HEADERS, type StreamReply } from "./reply/reply.ts";
import { allowedMethods, route } from "./router.ts";
import { comeBackMs, noteForeignPage, noteRefusal } from "./reply/turned-away.ts";

/** What to answer: something short, or a stream that begins with the header fields. */
export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply }
  | (StreamReply & {
      readonly kind: "stream";
      /** What to answer if the stream can't be opened after all. */
      readonly refuse: (error: unknown) => Reply;
    });

/**
 * Decides what a request gets. Both handlers do as it says, so that they cannot differ.
 *
 * @throws BodyReadError for a mistake in how the handler is mounted; everything else is an outcome.
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
    if (error instanceof BodyReadError) throw error;
    return { kind: "reply", reply: refuse(error) };
  }
}

function refusal(context: HttpContext, request: HubRequest, error: unknown): Reply {
  const { hub, metadata } = context;
  const failure = failureOf(error);
  const reply = problemReply(failure, hub.logger, context.faults);
  const { code } = failure;
  context.metrics.refused(wantedBy(context, request), code);
  const retryMs = comeBackMs(context, request, failure);
  noteRefusal(context, request, failure, retryMs);
  if (retryMs !== undefined) {
    return { status: 200, headers: STREAM_HEADERS, body: encodeDrain(Math.round(retryMs), code), closes: true };
  }
  // Nothing was looked at but the request line and its header.
  if (code === "overloaded") return { ...reply, closes: true };
  const headers: Record<string, string> = { ...reply.headers };
  const challenge = metadata.challenge(code);
  if (challenge !== undefined) headers["WWW-Authenticate"] = challenge;
  if (code === "method_not_allowed") headers["Allow"] = allowedMethods(context, request.pathname);
  if (code === "unsupported_encoding") headers["Accept-Encoding"] = "identity";
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
