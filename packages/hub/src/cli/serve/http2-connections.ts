import type { Server } from "node:http";
import { constants, createServer, type Http2Server, type Http2ServerRequest, type ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { DEFAULT_STREAM_RESETS, StreamResets } from "../../http/admission/stream-resets.ts";
import { after } from "../../core/scheduler.ts";

const OF_SERVER = new WeakMap<Server, Http2Connections>();

/** The open HTTP/2 connections of a server. Of a server without any, none. */
export function sessionsOf(server: Server): ReadonlySet<ServerHttp2Session> {
  return OF_SERVER.get(server)?.sessions ?? new Set();
}

/** Bounds of the connections. Times are milliseconds. */
export interface Http2Bounds {
  /** Most streams at once on a connection. */
  readonly maxStreams: number;
  readonly maxHeaderBytes: number;
  readonly requestTimeoutMs: number;
}

/**
 * Gives a server of HTTP/1.1 connections of HTTP/2. Their requests are `request` events of the
 * server. Each connection is a `session` event, with the session and its socket.
 *
 * Node's own server of both (`http2.createSecureServer` with `allowHTTP1`) lacks the time limits of
 * `node:http`, and has none without TLS.
 */
export class Http2Connections {
  readonly sessions: Set<ServerHttp2Session> = new Set<ServerHttp2Session>();
  readonly #server: Server;
  readonly #http2: Http2Server;

  constructor(server: Server, { maxStreams, maxHeaderBytes, requestTimeoutMs }: Http2Bounds) {
    this.#server = server;
    this.#http2 = createServer({ settings: { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes } });
    const resets = new StreamResets(DEFAULT_STREAM_RESETS);
    this.#http2.on("request", (req, res) => {
      resets.watch(req);
      boundRequest(req, requestTimeoutMs);
      server.emit("request", req, res);
    });
    OF_SERVER.set(server, this);
  }

  /** Takes a connection over. Bytes that were read from it must be put back before. */
  readonly take = (socket: Socket): void => {
    const began = (session: ServerHttp2Session): void => {
      this.sessions.add(session);
      session.once("close", () => this.sessions.delete(session));
      closeWhenIdle(session, this.#server.keepAliveTimeout);
      this.#server.emit("session", session, socket);
    };
    this.#http2.once("session", began);
    this.#http2.emit("connection", socket);
    this.#http2.off("session", began);
  };
}

/** Cancels a request whose body does not come. Node has no such limit for HTTP/2. */
function boundRequest(req: Http2ServerRequest, mostMs: number): void {
  const { stream } = req;
  if (stream.endAfterHeaders) return;
  const stop = after(mostMs, () => stream.close(constants.NGHTTP2_CANCEL));
  req.once("end", stop);
  stream.once("close", stop);
}

/** Closes a connection that has had no stream and no traffic for some time, in milliseconds. */
function closeWhenIdle(session: ServerHttp2Session, idleMs: number): void {
  let open = 0;
  session.on("stream", (stream) => {
    open++;
    stream.once("close", () => open--);
  });
  session.setTimeout(idleMs, () => {
    if (open === 0) session.close();
  });
}
