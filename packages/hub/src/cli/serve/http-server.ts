import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Config } from "../config/config.ts";
import { Failure } from "../errors.ts";

/** What a client may take of a server before it is known. */
export type RequestBounds = Pick<Config, "maxHeaderBytes" | "headersTimeout" | "requestTimeout">;

/** Makes the server, with the bounds that stop a client from holding it by sending slowly or too much. */
export function createHttpServer({ maxHeaderBytes, headersTimeout, requestTimeout }: RequestBounds): Server {
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    // Node refuses a whole request that may take less time than its header.
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    // How often the two timeouts above are looked at; Node's 30 s would make 40 s of the first.
    connectionsCheckingInterval: 2000,
    // Longer than a proxy's (60 s is usual), so that it is not us who close a connection that it is about to use.
    keepAliveTimeout: 65_000,
  });
  // A client may end its half of the connection once its request is sent: it still gets its answer. Streams end there by themselves.
  return Object.assign(server, { httpAllowHalfOpen: true });
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
