import type { IncomingMessage, ServerResponse } from "node:http";
import { HubError } from "../core/errors.ts";
import type { Selection } from "../core/selection.ts";
import type { Start } from "../core/start.ts";
import { checkMethod, checkPublish, type HttpContext } from "./context.ts";
import { decodeUtf8 } from "./form.ts";
import { isTaken, type NodeSink, ResponseSink, SocketSink, takeSocket } from "./node-sinks.ts";
import { problemReply } from "./problem.ts";
import { publish } from "./publish.ts";
import { ALIAS_PATH, ALLOW, type Reply } from "./reply.ts";
import { parseSubscription, streamHeaders } from "./subscribe.ts";

/** What Express and Connect pass to go on with the next handler. */
export type Next = (error?: unknown) => void;

/**
 * Answers a request of `node:http`, `node:https` or `node:http2` (its compatibility API). For other paths than the hub's it
 * calls `next`, or answers 404 where there is none.
 */
export function handleNode(context: HttpContext, req: IncomingMessage, res: ServerResponse, next?: Next): void {
  if (isTaken(req.socket)) return;
  const target = req.url ?? "/";
  const mark = target.indexOf("?");
  const pathname = mark < 0 ? target : target.slice(0, mark);
  if (!context.handles(pathname) && next !== undefined) {
    next();
    return;
  }
  const failed = (error: unknown): void => {
    if (error instanceof TypeError && next !== undefined) next(error);
    else reply(req, res, problemReply(error, context.hub.logger));
  };
  try {
    if (!context.handles(pathname)) throw new HubError("not_found", "Nothing is served at this address.");
    const kind = checkMethod(req.method ?? "");
    if (kind === "options") res.writeHead(204, { Allow: ALLOW }).end();
    else if (kind === "publish") publishFrom(context, req).then((answer) => reply(req, res, answer), failed);
    else {
      const { selection, lastEventId } = parseSubscription(context.hub, {
        query: mark < 0 ? "" : decodeTarget(target.slice(mark + 1)),
        lastEventIdHeader: firstHeader(req, "last-event-id"),
        isAlias: pathname === ALIAS_PATH,
      });
      const start = context.hub.resolve(lastEventId, selection);
      if (start instanceof Promise) start.then((found) => stream(context, req, res, selection, found)).catch(failed);
      else stream(context, req, res, selection, start);
    }
  } catch (error) {
    failed(error);
  }
}

function reply(req: IncomingMessage, res: ServerResponse, { status, headers, body }: Reply): void {
  if (res.headersSent || res.destroyed) return;
  const isHead = req.method === "HEAD";
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  // What is left of a refused body is not read: the connection can carry no other request.
  if (status === 405) res.setHeader("Allow", ALLOW);
  if (!req.complete && req.httpVersionMajor === 1) res.setHeader("Connection", "close");
  res.end(isHead ? undefined : body);
}

async function publishFrom(context: HttpContext, req: IncomingMessage): Promise<Reply> {
  checkPublish(context);
  const body = await readBody(req, context.hub.limits.bodyBytes);
  return publish(context.hub, { contentType: req.headers["content-type"], accept: req.headers.accept, body });
}

async function readBody(req: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (req.readableDidRead && req.readableEnded) {
    throw new TypeError("The request's body was read already. Mount hub.handler before body parsers such as express.json().");
  }
  const tooLarge = new HubError("too_large", `The body is larger than ${maxBytes} bytes. Send less at a time.`);
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    req.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) {
        req.removeAllListeners("data").pause();
        reject(tooLarge);
      } else chunks.push(chunk);
    });
    req.once("end", resolve);
    req.once("error", () => reject(new HubError("invalid_body", "The request ended before its body did.")));
  });
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
}

/** Node shows the bytes of a request target as Latin-1; in a query, those that are not ASCII are UTF-8. */
function decodeTarget(query: string): string {
  return /[\x80-\xff]/.test(query) ? decodeUtf8(Buffer.from(query, "latin1")) : query;
}

function firstHeader(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function stream(context: HttpContext, req: IncomingMessage, res: ServerResponse, selection: Selection, start: Start): void {
  // The peer may have left while the journal was asked.
  // Or another request on its connection may have become a stream.
  if (req.socket.destroyed || res.destroyed || isTaken(req.socket)) return;
  const headers = streamHeaders(start);
  if (req.method === "HEAD") {
    res.writeHead(200, headers).end();
    return;
  }
  const close = context.connections.open(req.socket.remoteAddress);
  const sink = openSink(req, res, headers);
  const subscriber = context.hub.attach(selection, sink, start);
  if (subscriber === undefined) close();
  else sink.bind(subscriber, close);
}

function openSink(req: IncomingMessage, res: ServerResponse, headers: Readonly<Record<string, string>>): NodeSink {
  // Without a socket of its own the response waits for the one before it on the same connection.
  if (req.httpVersionMajor !== 1 || res.socket === null) return new ResponseSink(req, res, headers);
  // "Connection: close" lets the stream end with the connection: no chunk has to be framed for each subscriber.
  const all: Record<string, number | string | readonly string[] | undefined> = {
    ...res.getHeaders(),
    ...lowerCase(headers),
    connection: "close",
    date: new Date().toUTCString(),
  };
  let head = "HTTP/1.1 200 OK\r\n";
  for (const [name, value] of Object.entries(all)) {
    for (const one of Array.isArray(value) ? value : [value]) head += `${name}: ${String(one)}\r\n`;
  }
  return new SocketSink(takeSocket(req, res), `${head}\r\n`);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
