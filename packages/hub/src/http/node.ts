import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { HubError } from "../core/errors.ts";
import type { BodyShare } from "./admission/body-bytes.ts";
import { GatheredBody, tooLarge } from "./body/gathered-body.ts";
import type { HttpContext } from "./context.ts";
import { BodyReadError, type HubRequest } from "./request.ts";
import { isTaken, type NodeSink, ResponseSink, SocketSink, takeSocket } from "./sinks/node-sinks.ts";
import type { Subscriber } from "../core/live/subscriber.ts";
import { failureCode } from "../core/tracing.ts";
import type { Framing } from "../core/update/wire.ts";
import type { Reply } from "./reply/reply.ts";
import { answerPoll, isPoll } from "./poll.ts";
import { serverOf } from "./sinks/closed-servers.ts";
import { checkHost, type RequestTarget, targetOf } from "./request-target.ts";
import { type Decide, failureReply, type Outcome, respond } from "./respond.ts";
import { probeSockets, type SocketAccess, socketAccess } from "./sinks/socket-probe.ts";
import { divertWrites } from "./sinks/stream-end.ts";
import { setHeaders, takeHead } from "./sinks/stream-head.ts";
import { http2Stream } from "./admission/stream-resets.ts";

/** The function with which Express and Connect go on to the next handler. */
export type Next = (error?: unknown) => void;

/**
 * Answers a request of `node:http`, `node:https` or `node:http2` (its compatibility API). For a
 * path outside of the hub it calls `next`, or answers 404 without one.
 */
export function handleNode(context: HttpContext, req: IncomingMessage, res: ServerResponse, next?: Next): void {
  if (isTaken(req.socket)) return;
  const target = targetOf(req);
  const pathname = resolvePath(context, req, target.pathname);
  if (next !== undefined && pathname === undefined) {
    next();
    return;
  }
  context.streamResets.watch(req);
  void answerInOrder(req, res, () => answer(context, req, res, { ...target, pathname: pathname ?? "" }, next));
}

/**
 * Answers a request of a route of the application's own, at any path.
 *
 * @param decide - What the answer is.
 */
export function answerNode(context: HttpContext, req: IncomingMessage, res: ServerResponse, decide: Decide): void {
  if (isTaken(req.socket)) return;
  context.streamResets.watch(req);
  void answerInOrder(req, res, () => answer(context, req, res, { ...targetOf(req), pathname: context.hubPath }, undefined, decide));
}

/**
 * Resolves a request's path. Routers of Express and Connect cut their mount path off `url`, and
 * keep the whole in `originalUrl`.
 */
function resolvePath({ paths }: HttpContext, req: IncomingMessage, pathname: string): string | undefined {
  const found = paths.resolve(pathname);
  if (found !== undefined || !("originalUrl" in req) || typeof req.originalUrl !== "string") return found;
  const [whole = ""] = req.originalUrl.split("?", 1);
  // A router cuts off a prefix. Any other difference means that the application has rewritten the
  // address.
  return whole.endsWith(pathname) || pathname === "/" ? paths.resolve(whole) : undefined;
}

/** The answer to the last unsafe request of each connection of HTTP/1.1. */
const lastAnswer = new WeakMap<Socket, Promise<void>>();

/**
 * Answers the unsafe requests of a connection one after the other, as RFC 9112, 9.3.2 demands.
 * Otherwise a small update behind a large one would be stored first.
 */
function answerInOrder(req: IncomingMessage, res: ServerResponse, begin: () => Promise<void>): Promise<void> {
  if (SAFE.has(req.method ?? "") || req.httpVersionMajor !== 1) return begin();
  // A response without a socket waits for the previous one on the same connection.
  const before = res.socket === null ? lastAnswer.get(req.socket) : undefined;
  const answered = before === undefined ? begin() : before.then(begin, begin);
  lastAnswer.set(req.socket, answered);
  return answered;
}

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "QUERY"]);

async function answer(
  context: HttpContext,
  req: IncomingMessage,
  res: ServerResponse,
  target: RequestTarget,
  next: Next | undefined,
  decide?: Decide,
): Promise<void> {
  const address = context.proxies.clientOf(req);
  const share = context.bodies.open(address);
  try {
    const sockets = socketAccess() ?? (await probeSockets(context.hub.logger));
    // A response without a socket waits for the previous one on the same connection.
    const takesSocket = sockets.takesSockets && req.httpVersionMajor === 1 && res.socket !== null;
    const outcome = await respond(context, new NodeRequest(context, req, res, target, { address, share, takesSocket }), decide);
    if (outcome.kind === "reply") reply(req, res, outcome.reply);
    else stream(context, req, res, outcome, { address, sockets: takesSocket ? sockets : undefined });
  } catch (error) {
    if (error instanceof TypeError && next !== undefined) next(error);
    else reply(req, res, failureReply(context, error, req.headers.origin));
    // A stream that failed at its start must not stay open and silent.
    if (isTaken(req.socket)) req.socket.destroy();
  } finally {
    share.release();
  }
}

/** A request of Node's HTTP servers. */
class NodeRequest implements HubRequest {
  readonly original: IncomingMessage;
  readonly address: string | undefined;
  readonly method: string;
  readonly pathname: string;
  readonly query: string;
  readonly authorization: readonly string[];
  readonly framing: Framing;
  readonly #context: HttpContext;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #host: string | undefined;
  readonly #share: BodyShare;

  constructor(
    context: HttpContext,
    req: IncomingMessage,
    res: ServerResponse,
    { host, pathname, query }: RequestTarget,
    { address, share, takesSocket }: { readonly address: string | undefined; readonly share: BodyShare; readonly takesSocket: boolean },
  ) {
    this.original = req;
    this.address = address;
    this.method = req.method ?? "";
    this.pathname = pathname;
    this.query = decodeTarget(query);
    this.authorization = authorizationFields(req);
    this.framing = takesSocket && takesChunks(req) ? "chunked" : "none";
    this.#context = context;
    this.#req = req;
    this.#res = res;
    this.#host = host;
    this.#share = share;
  }

  header(name: string): string | undefined {
    return name === "host" ? this.#host : firstHeader(this.#req, name);
  }

  async readBody(maxBytes: number): Promise<Uint8Array> {
    // A listener that was added before or just after the hub's handler has read by then, and is
    // found out.
    await Promise.resolve();
    return readBody(this.#req, maxBytes, this.#share);
  }

  isGone(): boolean {
    return this.#req.socket.destroyed || this.#res.destroyed;
  }

  admit(): void {
    checkHost(this.#req);
    this.#context.arrivals.admit(http2Stream(this.#req)?.session ?? this.#req.socket, this.address);
  }
}

/**
 * Whether a stream to this client is chunked. HTTP/1.0 has no chunks. A client that asks to close
 * the connection recognises the stream's end by that. PHP's `fopen` is one, and reads a chunked
 * body in blocks of 8 KiB.
 */
function takesChunks(req: IncomingMessage): boolean {
  return req.httpVersionMinor > 0 && !/(^|,)\s*close\s*(,|$)/i.test(req.headers.connection ?? "");
}

/** All `Authorization` fields. `req.headers` has only the first, and silently drops the others. */
function authorizationFields(req: IncomingMessage): readonly string[] {
  if (req.headers.authorization === undefined) return [];
  return req.rawHeaders.filter((_, i) => i % 2 === 1 && req.rawHeaders[i - 1]?.toLowerCase() === "authorization");
}

function reply(req: IncomingMessage, res: ServerResponse, { status, headers, body, closes }: Reply): void {
  if (res.headersSent || res.destroyed) return;
  const isHead = req.method === "HEAD";
  res.statusCode = status;
  setHeaders(res, headers);
  // The rest of a refused body is not read, so the connection can carry no further request.
  if ((!req.complete || closes === true) && req.httpVersionMajor === 1) res.setHeader("Connection", "close");
  res.end(isHead ? undefined : body);
}

async function readBody(req: IncomingMessage, maxBytes: number, share: BodyShare): Promise<Uint8Array> {
  if (req.readableDidRead || req.readableEnded) {
    const isEmpty = !req.readableDidRead && req.headers["transfer-encoding"] === undefined && !Number(req.headers["content-length"] ?? 0);
    if (isEmpty) return new Uint8Array();
    throw new BodyReadError();
  }
  const declared = req.headers["content-length"];
  const expectedBytes = declared === undefined ? undefined : Number(declared);
  if (expectedBytes !== undefined && expectedBytes > maxBytes) throw tooLarge(maxBytes);
  return new Promise<Uint8Array>((resolve, reject) => {
    const ended = (): void => reject(new HubError("invalid_body", "The request ended before its body did."));
    // No further event will come.
    if (req.destroyed) {
      ended();
      return;
    }
    const refuse = (error: unknown): void => {
      req.removeAllListeners("data").pause();
      reject(error);
    };
    // Most bodies come whole. To copy one would cost more than to parse it.
    let whole: Uint8Array | undefined;
    let body: GatheredBody | undefined;
    req.on("data", (chunk: Buffer | string) => {
      try {
        // The application may have called setEncoding().
        const bytes = typeof chunk === "string" ? Buffer.from(chunk, req.readableEncoding ?? "utf8") : chunk;
        if (bytes.length === expectedBytes) {
          share.hold(bytes.length);
          whole = bytes;
        } else {
          body ??= new GatheredBody(maxBytes, expectedBytes ?? maxBytes, share, refuse);
          body.add(bytes);
        }
      } catch (error) {
        refuse(error);
      }
    });
    // An HTTP/2 reset looks like the end of the body. A part of an update must not pass for the
    // whole.
    req.once("aborted", ended);
    req.once("end", () => {
      // For a stream that follows, these listeners would keep the request in memory.
      for (const event of ["aborted", "error", "close"]) req.removeListener(event, ended);
      resolve(whole ?? body?.end() ?? new Uint8Array());
    });
    req.once("error", ended);
    req.once("close", ended);
  });
}

/** Decodes the UTF-8 of a query. Node shows the bytes of a request target as Latin-1. */
function decodeTarget(query: string): string {
  return /[\x80-\xff]/.test(query) ? Buffer.from(query, "latin1").toString("utf8") : query;
}

function firstHeader(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The transport of a stream. */
interface Way {
  /** The client's address. */
  readonly address: string | undefined;
  /** Set if the stream takes its socket. Otherwise the stream goes through the response. */
  readonly sockets: SocketAccess | undefined;
}

function stream(
  context: HttpContext,
  req: IncomingMessage,
  res: ServerResponse,
  outcome: Extract<Outcome, { kind: "stream" }>,
  way: Way,
): void {
  // While the journal or a key set was asked, the peer may have left, or another request on the
  // connection may have become a stream.
  if (req.socket.destroyed || res.destroyed || res.headersSent || isTaken(req.socket)) return outcome.span?.end();
  // For a stream, a peer that has ended its half has left. No further event would tell.
  if (req.socket.readableEnded) {
    req.socket.destroy();
    return outcome.span?.end();
  }
  const { headers, selection, start, authorization, span } = outcome;
  if (req.method === "HEAD") {
    setHeaders(res, headers);
    res.writeHead(200).end();
    return;
  }
  let close: () => void;
  try {
    // Checked before the head is sent, because a refusal is impossible afterwards.
    context.hub.tokens.checkCurrent(authorization);
    close = context.connections.open(way.address, selection);
  } catch (error) {
    if (error instanceof HubError && error.code === "too_many_connections") context.proxies.noteFull(req);
    reply(req, res, outcome.refuse(error));
    return;
  }
  if (isPoll(outcome)) {
    const client = { address: way.address, isOf: (server: unknown) => serverOf(req.socket) === server, whenGone: onClose(req, res) };
    void answerPoll(context, outcome, client, close).then((answer) => reply(req, res, answer));
    context.closedServers.watch(req.socket);
    return;
  }
  // Another party ended the response meanwhile. Frames for a socket can't go through a response.
  if (way.sockets !== undefined && res.socket === null) {
    span?.end();
    return close();
  }
  const sink = openSink(req, res, outcome, way, close);
  let subscriber: Subscriber | undefined;
  try {
    subscriber = context.hub.readers.attach(selection, sink, start, authorization, span);
  } catch (error) {
    // The token ended at this very moment, for example. The head may be sent, so the stream ends
    // without an answer.
    close();
    sink.destroy();
    span?.end(failureCode(error));
    throw error;
  }
  if (subscriber === undefined) return close();
  sink.bind(subscriber, close);
  context.closedServers.watch(req.socket);
}

/** Makes a function that watches a response until the function that it returns is called. */
function onClose({ socket, httpVersionMajor }: IncomingMessage, res: ServerResponse): (leave: () => void) => () => void {
  // A response that still waits for the previous one never closes by itself.
  const closing = httpVersionMajor === 1 && res.socket === null ? [res, socket] : [res];
  return (leave) => {
    for (const one of closing) one.once("close", leave);
    return () => {
      for (const one of closing) one.removeListener("close", leave);
    };
  };
}

/** @throws The error of a hook that waits for the head. */
function openSink(
  req: IncomingMessage,
  res: ServerResponse,
  { headers, selection, span }: Extract<Outcome, { kind: "stream" }>,
  { address, sockets }: Way,
  close: () => void,
): NodeSink {
  try {
    if (sockets === undefined) return new ResponseSink(req, res, headers, address);
    const head = takeHead(res, headers, selection.framing);
    const sink = new SocketSink(takeSocket(req, res), head, selection.framing, sockets.handleWriter, address);
    divertWrites(res, sink);
    return sink;
  } catch (error) {
    span?.end(failureCode(error));
    close();
    throw error;
  }
}
