import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Config, Key } from "../config/config.ts";
import { flagOf } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { createSecureServer, type TlsOptions } from "./tls/secure-server.ts";

/** Bounds of a server's resources for a client that is not known yet. */
export type RequestBounds = Pick<Config, "maxHeaderBytes" | "headersTimeout" | "requestTimeout">;

/**
 * Makes the server, with bounds against clients that send slowly or too much.
 *
 * @param tls - Default: the server has no TLS.
 */
export function createHttpServer({ maxHeaderBytes, headersTimeout, requestTimeout }: RequestBounds, tls?: TlsOptions): Server {
  const options = {
    maxHeaderSize: maxHeaderBytes,
    // Node rejects a timeout of a whole request that is shorter than that of its header.
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    // Interval of the checks for both timeouts above. Node's 30 s would turn the first into 40 s.
    connectionsCheckingInterval: 2000,
    // Longer than a proxy's timeout (60 s is usual), so that we do not close a connection that the
    // proxy is about to use.
    keepAliveTimeout: 65_000,
  };
  const server = tls === undefined ? createServer(options) : createSecureServer(options, tls);
  // A client may end its half of the connection after its request and still gets its answer.
  // Streams end there by themselves.
  return Object.assign(server, { httpAllowHalfOpen: true });
}

/**
 * Listens.
 *
 * @param settings - The settings of the port and the address, for an error.
 * @returns The port, chosen by the system for 0.
 * @throws Failure when the port is not available.
 */
export async function listen(
  server: Server,
  address: string,
  port: number,
  settings: readonly [port: Key, host: Key] = ["port", "host"],
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port }, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((error: unknown) => {
    throw new Failure(whyNotListening(error, address, port, settings), { cause: error });
  });
  return (server.address() as AddressInfo).port;
}

function whyNotListening(error: unknown, address: string, port: number, settings: readonly [port: Key, host: Key]): string {
  const [portFlag, hostFlag] = settings.map(flagOf);
  const other = settings[0] === "port" ? `${portFlag} 0 takes any free one` : `name it by ${portFlag}`;
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "EADDRINUSE") return `Port ${port} on ${address} is in use. Stop what uses it, or choose another: ${other}.`;
  if (code === "EACCES") return `Port ${port} may not be used by this user. Choose one from 1024 up by ${portFlag}.`;
  if (code === "EADDRNOTAVAIL") return `${address} is not an address of this machine. Give one that is by ${hostFlag}, such as 127.0.0.1.`;
  return `Cannot listen on ${address}, port ${port}: ${error instanceof Error ? error.message : String(error)}`;
}
