import type { Server } from "node:http";
import { constants, createServer as createHttp2Server, type Http2ServerRequest, type ServerHttp2Session } from "node:http2";
import { createServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { DEFAULT_STREAM_RESETS, StreamResets } from "../../../http/admission/stream-resets.ts";
import { after } from "../../../core/scheduler.ts";
import type { Certificate } from "./certificate.ts";

const SESSIONS = new WeakMap<Server, ReadonlySet<ServerHttp2Session>>();

/** The open HTTP/2 connections of a server that {@link createSecureServer} made. Of another, none. */
export function sessionsOf(server: Server): ReadonlySet<ServerHttp2Session> {
  return SESSIONS.get(server) ?? new Set();
}

/** Options of a server with TLS. */
export interface TlsOptions {
  readonly certificate: Certificate;
  /** Most streams at once on a connection of HTTP/2. */
  readonly maxHttp2Streams: number;
}

/** Options of `node:http` that hold for both versions. Times are milliseconds. */
interface CommonOptions {
  readonly maxHeaderSize: number;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
}

/**
 * Makes a server of HTTP/1.1 and HTTP/2 over TLS. The client chooses by ALPN. Requests of both are
 * `request` events of the server. Each connection of HTTP/2 is a `session` event, with the session
 * and its socket.
 *
 * Node's own server of both (`http2.createSecureServer` with `allowHTTP1`) lacks the time limits of
 * `node:http`, so this one is made of the two.
 */
export function createSecureServer(options: CommonOptions, { certificate, maxHttp2Streams }: TlsOptions): Server {
  const { maxHeaderSize, headersTimeout, requestTimeout } = options;
  const server = createServer({ ...options, ...certificate, handshakeTimeout: headersTimeout, ALPNProtocols: ["h2", "http/1.1"] });
  const overHttp1 = server.listeners("secureConnection") as ((socket: TLSSocket) => void)[];
  server.removeAllListeners("secureConnection");
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: maxHttp2Streams, maxHeaderListSize: maxHeaderSize } });
  const sessions = new Set<ServerHttp2Session>();
  SESSIONS.set(server, sessions);
  const resets = new StreamResets(DEFAULT_STREAM_RESETS);
  http2.on("request", (req, res) => {
    resets.watch(req);
    boundRequest(req, requestTimeout);
    server.emit("request", req, res);
  });
  server.on("secureConnection", (socket) => {
    if (socket.alpnProtocol !== "h2") {
      for (const listener of overHttp1) listener.call(server, socket);
      return;
    }
    const began = (session: ServerHttp2Session): void => {
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
      closeWhenIdle(session, server.keepAliveTimeout);
      server.emit("session", session, socket);
    };
    http2.once("session", began);
    http2.emit("connection", socket);
    http2.off("session", began);
  });
  return server;
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
