import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Sink, Subscriber } from "../../core/live/subscriber.ts";
import { type Framing, LAST_CHUNK } from "../../core/update/wire.ts";
import { http2Stream } from "../admission/stream-resets.ts";
import { type ClosableServer, serverOf } from "./closed-servers.ts";
import { cutSocket, partFrom } from "./cut-socket.ts";
import { Farewell } from "./farewell.ts";
import { freeHandle, type HandleWriter, pendingBytes } from "./socket-handle.ts";
import { stopAwaiting } from "./sockets.ts";
import { settleEnd } from "./stream-end.ts";
import { setHeaders } from "./stream-head.ts";
import { unconfirmedBytes } from "./unconfirmed.ts";

/** Error code of RFC 9113. */
const CANCEL = 8;

const SINK: unique symbol = Symbol("sink");
const WAITING: unique symbol = Symbol("waiting");
const NOTHING: Uint8Array = new Uint8Array(0);

type WaitingSocket = Socket & { [WAITING]?: (() => void)[] };
type SinkSocket = Socket & { [SINK]?: SocketSink };

/** Requirements of a handler on a sink, beside writing. */
export interface NodeSink extends Sink {
  /** Whether the sink uses a connection of the server. */
  isOf(server: ClosableServer): boolean;
  /** Sets the subscriber that is told when the peer has drained the sink or is gone. */
  bind(subscriber: Subscriber, onClosed: () => void): void;
}

/**
 * Writes to the socket itself, and keeps nothing of the request. Shared bytes go from the
 * dispatcher to the kernel without a copy, and an idle stream costs little more than its socket.
 */
export class SocketSink implements NodeSink {
  readonly address: string | undefined;
  readonly #socket: Socket;
  #head: string;
  #subscriber: Subscriber | undefined;
  #onClosed: (() => void) | undefined;
  readonly #isChunked: boolean;
  readonly #writer: HandleWriter | undefined;
  /** True from the first bytes to the end of the stream, if that is safe. */
  #writesToHandle = false;
  #awaitsDrain = false;
  /** Set once the stream was ended. */
  #farewell: Farewell | undefined;

  /**
   * @param head - The status line and header fields, sent with the first bytes.
   * @param framing - The framing of the given bytes. Chunks have their own end.
   * @param writer - Writes past the socket's stream, if that is safe.
   * @param address - The client's.
   */
  constructor(socket: Socket, head: string, framing: Framing, writer: HandleWriter | undefined, address: string | undefined) {
    this.address = address;
    this.#socket = socket;
    this.#head = head;
    this.#isChunked = framing === "chunked";
    this.#writer = writer;
    (socket as SinkSocket)[SINK] = this;
    // Shared functions instead of closures, because thousands of connections hold them.
    socket.on("error", ignoreError).on("end", onEnd).on("close", onClose);
  }

  bind(subscriber: Subscriber, onClosed: () => void): void {
    this.#subscriber = subscriber;
    this.#onClosed = onClosed;
  }

  isOf(server: ClosableServer): boolean {
    return serverOf(this.#socket) === server;
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    // A replay was under way when the stream was ended.
    if (this.#farewell !== undefined) return true;
    if (this.#writesToHandle) {
      const handle = freeHandle(socket);
      if (handle !== undefined) {
        if ((this.#writer as HandleWriter).write(socket, handle, bytes, this)) return true;
        this.#awaitsDrain = true;
        return false;
      }
    }
    if (socket.destroyed) return true;
    if (this.#head !== "") {
      socket.write(Buffer.concat([Buffer.from(this.#head, "latin1"), bytes]));
      this.#head = "";
      this.#writesToHandle = this.#writer?.fits(socket) === true;
    } else socket.write(bytes);
    if (socket.destroyed || this.#isTaken()) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      // Done once everything before it is written. "drain" would not come for less than the
      // high-water mark.
      socket.write(NOTHING, (error) => {
        if (!error) this.drained();
      });
    }
    return false;
  }

  pendingBytes(): number {
    return pendingBytes(this.#socket);
  }

  unconfirmedBytes(): Promise<number | undefined> {
    return unconfirmedBytes(this.#socket);
  }

  end(): void {
    if (this.#farewell !== undefined || this.#socket.destroyed) return;
    this.#farewell = new Farewell(this.#socket);
    this.#writesToHandle = false;
    // Behind bytes that the kernel has not taken, the end would be stuck and the socket could not
    // be cut.
    if (!this.#awaitsDrain) this.#sendEnd();
  }

  destroy(): void {
    if (this.#farewell === undefined) cutSocket(this.#socket);
    else this.#farewell.close();
  }

  #sendEnd(): void {
    if (this.#isChunked && !this.#socket.writableEnded) this.#socket.write(LAST_CHUNK);
    this.#socket.end();
  }

  /**
   * Whether the kernel took everything. The result of write() only compares with the high-water
   * mark. With TLS, written bytes are never gone at once, so there the mark must do.
   */
  #isTaken(): boolean {
    const { writableLength, writableHighWaterMark } = this.#socket;
    return writableLength === 0 || (writableLength < writableHighWaterMark && "encrypted" in this.#socket);
  }

  closed(): void {
    this.#farewell?.stop();
    this.#subscriber?.close();
    this.#onClosed?.();
    this.#subscriber = undefined;
    this.#onClosed = undefined;
  }

  /** The kernel took everything that was written so far. */
  drained(): void {
    this.#awaitsDrain = false;
    if (this.#farewell === undefined) this.#subscriber?.drained();
    else this.#sendEnd();
  }
}

function ignoreError(): void {
  // The peer vanished. "close" follows and says everything needed.
}

function onEnd(this: Socket): void {
  partFrom(this);
}

function onClose(this: SinkSocket): void {
  this[SINK]?.closed();
}

/**
 * Writes through the response: for HTTP/2, whose streams share a socket, and for a pipelined
 * request.
 */
export class ResponseSink implements NodeSink {
  readonly address: string | undefined;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  #finish: () => void = ignoreData;

  constructor(req: IncomingMessage, res: ServerResponse, headers: Readonly<Record<string, string>>, address: string | undefined) {
    this.address = address;
    this.#req = req;
    this.#res = res;
    setHeaders(res, headers);
    res.writeHead(200);
  }

  bind(subscriber: Subscriber, onClosed: () => void): void {
    const { socket } = this.#req;
    this.#finish = () => {
      this.#finish = ignoreData;
      socket.removeListener("close", closed);
      subscriber.close();
      onClosed();
    };
    const closed = (): void => this.#finish();
    this.#res.on("drain", () => subscriber.drained());
    this.#res.once("close", closed);
    if (!this.#waits) return;
    // A response that still waits for the previous one never closes by itself.
    socket.once("close", closed);
    const waiting = (socket as WaitingSocket)[WAITING];
    if (waiting === undefined) (socket as WaitingSocket)[WAITING] = [closed];
    else waiting.push(closed);
  }

  isOf(server: ClosableServer): boolean {
    return serverOf(this.#req.socket) === server;
  }

  write(bytes: Uint8Array): boolean {
    return this.#res.writableEnded || this.#res.write(bytes);
  }

  pendingBytes(): number {
    return this.#res.writableLength;
  }

  end(): void {
    this.#res.end();
    if (this.#waits) this.#finish();
  }

  destroy(): void {
    // An HTTP/2 connection carries other streams as well. Without a code, the end would pass for that
    // of a whole answer.
    const stream = http2Stream(this.#req);
    if (stream === undefined) cutSocket(this.#req.socket);
    else stream.close(CANCEL);
    this.#res.destroy();
  }

  get #waits(): boolean {
    return this.#req.httpVersionMajor === 1 && this.#res.socket === null;
  }
}

/**
 * The parts of Node's HTTP parser that hold on to a request. Undocumented, so each is checked
 * before use.
 */
interface ParserInternals {
  incoming?: unknown;
  onIncoming?: unknown;
  remove?: () => void;
  close?: () => void;
}

const TAKEN: unique symbol = Symbol("taken");
const SERVER_EVENTS = ["data", "end", "close", "drain", "error", "timeout"] as const;

/**
 * Names of Node's own listeners of these events. All other listeners stay, because servers count
 * their connections with them.
 */
const NAMES: Readonly<Record<string, string>> = { close: "bound socketOnClose", error: "socketOnError" };

/** Whether the socket carries a stream already. Further bytes of the peer are no request. */
export function isTaken(socket: Socket): boolean {
  return TAKEN in socket;
}

/**
 * Takes the socket away from Node's HTTP server, as for an upgrade. Otherwise the parser, the
 * request and the response would live as long as the stream, and double its memory.
 */
export function takeSocket(req: IncomingMessage, res: ServerResponse): Socket {
  const { socket } = req;
  Object.defineProperty(socket, TAKEN, { value: true });
  // Requests that wait behind this one can never be answered now.
  for (const finish of (socket as WaitingSocket)[WAITING] ?? []) finish();
  stopAwaiting(req, res);
  settleEnd(req, res);
  socket.setTimeout(0);
  const servers = SERVER_EVENTS.map((event) => [event, serverListeners(socket, event)] as const);
  // Not now: the parser is still on the stack, in the middle of this request.
  setImmediate(() => {
    if (socket.destroyed) return;
    // This listener makes Node take reading back from the parser's native side.
    socket.on("data", ignoreData).removeListener("data", ignoreData);
    for (const [event, listeners] of servers) for (const listener of listeners) socket.removeListener(event, listener);
    releaseParser(socket);
    // Without a parser, this makes Node restore the socket's own methods in place of those that
    // watch for listeners.
    socket.on("data", ignoreData).removeListener("data", ignoreData);
    // Further bytes of the peer are dropped, so that they can't pile up.
    socket.resume();
  });
  return socket;
}

function serverListeners(socket: Socket, event: string): (() => void)[] {
  const listeners = socket.listeners(event) as (() => void)[];
  return NAMES[event] === undefined ? listeners : listeners.filter(({ name }) => name === NAMES[event]);
}

function releaseParser(socket: Socket): void {
  const holder = socket as unknown as { parser?: ParserInternals | null };
  const { parser } = holder;
  if (!parser || typeof parser.remove !== "function" || typeof parser.close !== "function") return;
  holder.parser = null;
  parser.incoming = null;
  parser.onIncoming = null;
  parser.remove();
  parser.close();
}

function ignoreData(): void {
  // Replaces listeners that are removed or have done their work.
}
