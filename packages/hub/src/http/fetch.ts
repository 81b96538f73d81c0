import { HubError } from "../core/errors.ts";
import type { Sink, Subscriber } from "../core/live/subscriber.ts";
import type { HttpContext } from "./context.ts";
import { answerPoll, isPoll } from "./poll.ts";
import { BodyReadError, type HubRequest } from "./request.ts";
import type { Reply } from "./reply/reply.ts";
import type { BodyShare } from "./admission/body-bytes.ts";
import { GatheredBody } from "./body/gathered-body.ts";
import { type Decide, failureReply, respond } from "./respond.ts";

/** Bytes that a stream buffers for a slow reader before it counts as full. */
const HIGH_WATER_MARK = 64 * 1024;

/**
 * Answers a request of the Fetch API.
 *
 * @param decide - What the answer is. Default: the hub's routes decide.
 * @returns Never rejects. Failures become problem details.
 */
export async function handleFetch(context: HttpContext, request: Request, decide?: Decide): Promise<Response> {
  const { hub } = context;
  const share = context.bodies.open(undefined);
  try {
    const outcome = await respond(
      context,
      toHubRequest(context, request, share, decide === undefined ? undefined : context.hubPath),
      decide,
    );
    if (outcome.kind === "reply") return toResponse(outcome.reply, request.method);
    const { headers, selection, start, authorization, span } = outcome;
    if (request.method === "HEAD") return new Response(null, { headers });
    let close: () => void;
    try {
      hub.tokens.checkCurrent(authorization);
      close = context.connections.open(undefined, selection, authorization?.subject);
    } catch (error) {
      return toResponse(outcome.refuse(error), request.method);
    }
    if (isPoll(outcome)) {
      // The request was read, and the poll may wait for long.
      share.release();
      const { signal } = request;
      return toResponse(
        await answerPoll(context, outcome, { address: undefined, isOf: () => false, whenGone: onAbort(signal) }, close),
        "GET",
      );
    }
    try {
      return new Response(
        openStream((sink) => hub.readers.attach(selection, sink, start, authorization, span), close, request.signal),
        { headers },
      );
    } catch (error) {
      close();
      return toResponse(outcome.refuse(error), request.method);
    }
  } catch (error) {
    return toResponse(failureReply(context, error, request.headers.get("origin") ?? undefined), request.method);
  } finally {
    share.release();
  }
}

/** @param path - Default: the request's, as far as it is one of the hub's. */
function toHubRequest({ paths }: HttpContext, request: Request, share: BodyShare, path: string | undefined): HubRequest {
  const { host, pathname, search } = urlOf(request);
  const { headers } = request;
  const authorization = headers.get("authorization");
  const isPlain = removesContentEncoding(request);
  return {
    original: request,
    // A Fetch API request does not tell the peer's address.
    address: undefined,
    method: request.method,
    pathname: path ?? paths.resolve(pathname) ?? "",
    query: search.slice(1),
    // A request that was made by a program has no Host field.
    header: (name) => (isPlain && name === "accept-encoding" ? undefined : (headers.get(name) ?? (name === "host" ? host : undefined))),
    authorization: authorization === null ? [] : [authorization],
    framing: "none",
    readBody: (maxBytes) => readBody(request, maxBytes, share),
    isGone: () => request.signal.aborted,
    // The server that accepts the connections knows their number.
    admit: () => undefined,
  };
}

/** @throws HubError `malformed_request`. Some servers put a bad `Host` into the URL. */
function urlOf(request: Request): URL {
  try {
    return new URL(request.url);
  } catch (error) {
    throw new HubError("malformed_request", "The request's address, or its field Host, is not valid.", { cause: error });
  }
}

/**
 * Route handlers of Next.js send a response's body without its `Content-Encoding`, so a reader could
 * not tell that a stream is gzip. `nextUrl` marks their requests.
 */
function removesContentEncoding(request: Request): boolean {
  return "nextUrl" in request;
}

function toResponse({ status, headers, body }: Reply, method: string): Response {
  return new Response(status === 204 || status === 304 || method === "HEAD" ? null : body, { status, headers });
}

async function readBody(request: Request, maxBytes: number, share: BodyShare): Promise<Uint8Array> {
  // A second reading would give an empty body.
  if (request.bodyUsed || request.body?.locked === true) throw new BodyReadError();
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  // What a body says of its length is not checked here.
  let refused: HubError | undefined;
  const stop = (): void => void reader.cancel().catch(() => undefined);
  const body = new GatheredBody(maxBytes, maxBytes, share, (refusal) => {
    refused = refusal;
    // A body that stalls ends by this.
    stop();
  });
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw refused ?? unreadable(error);
    });
    if (refused !== undefined) throw refused;
    if (done) return body.end();
    try {
      body.add(value);
    } catch (error) {
      stop();
      throw error;
    }
  }
}

/** Makes the error of a body whose client has left, or that the server before the hub refuses. */
function unreadable(error: unknown): HubError {
  if (error instanceof Error && "status" in error && error.status === 413) {
    return new HubError("too_large", "The body is larger than the server before the hub accepts.", { cause: error });
  }
  return new HubError("invalid_body", "The body did not come to its end.", { cause: error });
}

/** Makes a function that watches a signal until the function that it returns is called. */
function onAbort(signal: AbortSignal): (leave: () => void) => () => void {
  return (leave) => {
    if (signal.aborted) queueMicrotask(leave);
    signal.addEventListener("abort", leave, { once: true });
    return () => signal.removeEventListener("abort", leave);
  };
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
            if (open) controller.error(cutError());
            finish();
          },
        };
        // Ended in order, because a peer that left is no failure, and servers print the error of a
        // body.
        abort = () => sink.end();
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

/**
 * Makes the error of a cut body. Servers print it, and a stack would lead into the hub, where
 * nothing is wrong.
 */
function cutError(): Error {
  const error = new Error("The hub cut a stream whose reader does not keep up. The reader reconnects and continues.");
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
