import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Sink } from "../../core/live/subscriber.ts";

/**
 * On a socket: the response that is told of its end. On a request or response that is not told: the
 * socket.
 */
const RESPONSE: unique symbol = Symbol("response");
const SOCKET: unique symbol = Symbol("socket");

type HeardSocket = Socket & { [RESPONSE]?: ServerResponse };
/** Node's own name for the response under way on a socket. */
type AnsweringSocket = Socket & { _httpMessage?: ServerResponse | null };
type LetGo = (IncomingMessage | ServerResponse) & { [SOCKET]?: Socket; [RESPONSE]?: ServerResponse };

/** Events of the end, with the number of Node's own listeners for each. */
const RESPONSE_EVENTS: ReadonlyMap<string, number> = new Map([
  ["close", 0],
  ["finish", 1],
]);
const REQUEST_EVENTS: ReadonlyMap<string, number> = new Map([
  ["close", 0],
  ["aborted", 0],
  ["end", 0],
]);

/**
 * Decides the fate of the request and response of a stream that takes their socket. If anyone
 * listens for their end, as loggers and tracers do, they stay with the socket and are told as
 * usual. Otherwise they are released until a listener is added. That halves the stream's memory.
 */
export function settleEnd(req: IncomingMessage, res: ServerResponse): void {
  const { socket } = req;
  if (isHeard(req, REQUEST_EVENTS) || isHeard(res, RESPONSE_EVENTS)) {
    tell(socket, res);
    return;
  }
  res.detachSocket(socket);
  keepFromIdle(socket, res);
  for (const one of [req, res] as LetGo[]) {
    one[SOCKET] = socket;
    one[RESPONSE] = res;
    one.on("newListener", onListener);
  }
}

/**
 * Keeps `server.close()` from cutting a connection until it is out of the server's list. There, a
 * connection without a response is idle.
 */
function keepFromIdle(socket: AnsweringSocket, res: ServerResponse): void {
  socket._httpMessage = res;
  setImmediate(() => {
    if (socket._httpMessage === res && res.socket === null) socket._httpMessage = null;
  });
}

/**
 * Keeps others from writing to a response whose stream bypasses it. Their bytes would end up in the
 * middle of an event.
 *
 * @param sink - Ended or destroyed if anyone ends or destroys the response.
 */
export function divertWrites(res: ServerResponse, sink: Pick<Sink, "end" | "destroy">): void {
  res.write = writeNothing;
  res.end = (() => {
    sink.end();
    return res;
  }) as ServerResponse["end"];
  res.destroy = () => {
    sink.destroy();
    return res;
  };
}

function isHeard(emitter: EventEmitter, events: ReadonlyMap<string, number>): boolean {
  // Some tracers replace the method that emits instead of listening.
  if (emitter.emit !== EventEmitter.prototype.emit) return true;
  for (const [event, own] of events) if (emitter.listenerCount(event) > own) return true;
  return false;
}

/** A listener was added after the stream began. */
function onListener(this: LetGo, event: string | symbol): void {
  const { [SOCKET]: socket, [RESPONSE]: res } = this;
  if (socket === undefined || res === undefined || !(this === res ? RESPONSE_EVENTS : REQUEST_EVENTS).has(String(event))) return;
  for (const one of [res.req, res] as LetGo[]) {
    one.removeListener("newListener", onListener);
    delete one[SOCKET];
    delete one[RESPONSE];
  }
  if (socket.destroyed) return;
  // Node assigns no second response to a socket.
  (socket as AnsweringSocket)._httpMessage = null;
  res.assignSocket(socket);
  tell(socket, res);
}

/** Makes a socket tell the request and the response of its end. */
function tell(socket: HeardSocket, res: ServerResponse): void {
  socket[RESPONSE] = res;
  // Shared functions instead of closures, because thousands of connections hold them.
  socket.once("finish", onFinish).once("close", onClose);
}

/**
 * Everything was written and the stream was ended on this side. The response's own listener does
 * the rest, as for any other response.
 */
function onFinish(this: HeardSocket): void {
  const { [RESPONSE]: res } = this;
  if (res === undefined) return;
  // oxlint-disable-next-line typescript/no-deprecated -- The only name by which it can be set.
  res.finished = true;
  // Newer versions of Node count only their own writes.
  Object.defineProperty(res, "writableFinished", { value: true });
  res.emit("finish");
}

/** Node tells the response. The request would be told if the server still watched the socket. */
function onClose(this: HeardSocket): void {
  const req = this[RESPONSE]?.req;
  if (req !== undefined && !req.destroyed) req.destroy(Object.assign(new Error("aborted"), { code: "ECONNRESET" }));
}

function writeNothing(): boolean {
  return false;
}
