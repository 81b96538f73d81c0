import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import type { Hub } from "artesian";
import { onTestFinished } from "vitest";
import { listen } from "./server.ts";

/** Serves a hub that takes each request for one of the address that {@link from} names. @returns The origin. */
export function listenForAnyAddress(hub: Hub): Promise<string> {
  return listen(
    createServer((req, res) => {
      Object.defineProperty(req.socket, "remoteAddress", { value: req.headers["x-from"], configurable: true });
      hub.handler(req, res);
    }),
  );
}

/** A request as if from an address; without one it has none. */
export function from(address: string, headers: Readonly<Record<string, string>> = {}): { headers: Record<string, string> } {
  return { headers: { ...headers, "x-from": address } };
}

/** Has a server take the connections from 127.0.0.N for those of 203.0.113.N, which is no loopback. Called last: what listens for connections already must see it. */
export function takeLoopbackForForeign(server: Server): void {
  server.prependListener("connection", (socket: Socket) => {
    const [, last] = /^(?:::ffff:)?127\.0\.0\.(\d+)$/.exec(socket.remoteAddress ?? "") ?? [];
    if (last !== undefined) Object.defineProperty(socket, "remoteAddress", { value: `203.0.113.${last}`, configurable: true });
  });
}

/** Connects from an address of the loopback, 127.0.0.N, and sends nothing. The connection ends with the test. */
export async function connectFrom(n: number, port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${n}` });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}
