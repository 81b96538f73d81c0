import { joinBytes } from "../core/bytes.ts";
import { HubError } from "../core/errors.ts";
import type { Sink, Subscriber } from "../core/subscriber.ts";
import { checkMethod, checkPublish, type HttpContext } from "./context.ts";
import { problemReply } from "./problem.ts";
import { publish } from "./publish.ts";
import { ALIAS_PATH, ALLOW, type Reply } from "./reply.ts";
import { parseSubscription, streamHeaders } from "./subscribe.ts";

/** Bytes that a stream holds for a reader that is behind before it counts as full. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * Answers a request on any runtime that has the Fetch API.
 *
 * @returns Never rejects: failures are problem details.
 */
export async function handleFetch(context: HttpContext, request: Request): Promise<Response> {
  const { hub } = context;
  try {
    const url = new URL(request.url);
    if (!context.handles(url.pathname)) throw new HubError("not_found", "Nothing is served at this address.");
    const kind = checkMethod(request.method);
    if (kind === "options") return new Response(null, { status: 204, headers: { Allow: ALLOW } });
    if (kind === "publish") {
      checkPublish(context);
      const body = await readBody(request, hub.limits.bodyBytes);
      const headers = request.headers;
      return toResponse(
        await publish(hub, { contentType: headers.get("content-type") ?? undefined, accept: headers.get("accept") ?? undefined, body }),
      );
    }
    const { selection, lastEventId } = parseSubscription(hub, {
      query: url.search.slice(1),
      lastEventIdHeader: request.headers.get("last-event-id") ?? undefined,
      isAlias: url.pathname === ALIAS_PATH,
    });
    const start = await hub.resolve(lastEventId, selection);
    const headers = streamHeaders(start);
    if (request.method === "HEAD") return new Response(null, { headers });
    const close = context.connections.open(undefined);
    try {
      return new Response(
        openStream((sink) => hub.attach(selection, sink, start), close, request.signal),
        { headers },
      );
    } catch (error) {
      close();
      throw error;
    }
  } catch (error) {
    const reply = problemReply(error, hub.logger);
    return toResponse(reply.status === 405 ? { ...reply, headers: { ...reply.headers, Allow: ALLOW } } : reply);
  }
}

function toResponse({ status, headers, body }: Reply): Response {
  return new Response(body, { status, headers });
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null) {
    for await (const chunk of request.body) {
      length += chunk.length;
      if (length > maxBytes) throw new HubError("too_large", `The body is larger than ${maxBytes} bytes. Send less at a time.`);
      chunks.push(chunk);
    }
  }
  return joinBytes(chunks);
}

function openStream(attach: (sink: Sink) => Subscriber | undefined, onClosed: () => void, signal: AbortSignal): ReadableStream<Uint8Array> {
  let subscriber: Subscriber | undefined;
  let open = true;
  const finish = (): void => {
    if (!open) return;
    open = false;
    signal.removeEventListener("abort", abort);
    subscriber?.close();
    onClosed();
  };
  let abort = finish;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: Sink = {
          write(bytes) {
            if (!open) return true;
            controller.enqueue(bytes);
            return (controller.desiredSize ?? 0) > 0;
          },
          pendingBytes: () => HIGH_WATER_MARK - (controller.desiredSize ?? 0),
          end() {
            if (open) controller.close();
            finish();
          },
          destroy() {
            if (open) controller.error(new Error("The stream was cut."));
            finish();
          },
        };
        abort = () => sink.destroy();
        signal.addEventListener("abort", abort, { once: true });
        subscriber = attach(sink);
        if (signal.aborted) abort();
      },
      pull() {
        subscriber?.drained();
      },
      cancel: finish,
    },
    { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk.length },
  );
}
