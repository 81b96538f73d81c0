import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Failure } from "../errors.ts";

/**
 * Makes the server, with the bounds that stop a client from holding it by sending slowly or too much.
 *
 * @param maxConnections - Further ones are closed at once; undefined sets no bound.
 */
export function createHttpServer(maxConnections: number | undefined): Server {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    // How often the two timeouts above are looked at; Node's 30 s would make 40 s of the first.
    connectionsCheckingInterval: 2000,
    // Longer than a proxy's (60 s is usual), so that it is not us who close a connection that it is about to use.
    keepAliveTimeout: 65_000,
  });
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  return server;
}

/**
 * Listens.
 *
 * @returns The port, chosen by the system for 0.
 * @throws Failure when the port can't be had.
 */
export async function listen(server: Server, address: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port }, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw new Failure(whyNotListening(error, address, port), { cause: error });
  });
  return (server.address() as AddressInfo).port;
}

function whyNotListening(error: unknown, address: string, port: number): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "EADDRINUSE")
    return `Port ${port} on ${address} is in use. Stop what uses it, or choose another: --port 0 takes any free one.`;
  if (code === "EACCES") return `Port ${port} may not be used by this user. Choose one from 1024 up by --port; 0 takes any free one.`;
  if (code === "EADDRNOTAVAIL") return `${address} is not an address of this machine. Give one that is by --host, such as 127.0.0.1.`;
  return `Cannot listen on ${address}, port ${port}: ${error instanceof Error ? error.message : String(error)}`;
}

/** A server that leaves in order. */
export interface Drainable {
  /** Whether it is leaving. */
  readonly draining: boolean;
  /**
   * Accepts no further connection, lets the requests under way end, then closes.
   *
   * @param finish - What has to end the long-lived answers.
   * @param boundMs - Longest wait in all, counted from now; what is open then is cut.
   */
  drain(finish: () => Promise<void>, boundMs: number): Promise<void>;
}

/** Attaches the listener, and returns what takes the server down. */
export function serveRequests(server: Server, listener: RequestListener): Drainable {
  let draining = false;
  server.on("request", (req, res) => {
    // A client that keeps its connection would send the next request into a server that is gone.
    if (draining) res.setHeader("connection", "close");
    listener(req, res);
  });
  return {
    get draining() {
      return draining;
    },
    async drain(finish, boundMs) {
      draining = true;
      const deadline = performance.now() + boundMs;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await finish();
      // Connections that were busy when the drain began go idle one by one.
      const sweep = setInterval(() => server.closeIdleConnections(), 20);
      const cut = setTimeout(() => server.closeAllConnections(), Math.max(0, deadline - performance.now()));
      await closed;
      clearInterval(sweep);
      clearTimeout(cut);
    },
  };
}
