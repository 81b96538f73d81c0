import type { Server } from "node:http";
import { createServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { Http2Connections } from "../http2-connections.ts";
import type { Certificate } from "./certificate.ts";

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

/** Makes a server of HTTP/1.1 and HTTP/2 over TLS. The client chooses by ALPN. See {@link Http2Connections}. */
export function createSecureServer(options: CommonOptions, { certificate, maxHttp2Streams }: TlsOptions): Server {
  const { maxHeaderSize, headersTimeout, requestTimeout } = options;
  const server = createServer({ ...options, ...certificate, handshakeTimeout: headersTimeout, ALPNProtocols: ["h2", "http/1.1"] });
  const overHttp1 = server.listeners("secureConnection") as ((socket: TLSSocket) => void)[];
  server.removeAllListeners("secureConnection");
  const http2 = new Http2Connections(server, {
    maxStreams: maxHttp2Streams,
    maxHeaderBytes: maxHeaderSize,
    requestTimeoutMs: requestTimeout,
  });
  server.on("secureConnection", (socket) => {
    if (socket.alpnProtocol === "h2") http2.take(socket);
    else for (const listener of overHttp1) listener.call(server, socket);
  });
  return server;
}
