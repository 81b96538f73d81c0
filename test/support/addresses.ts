import { createServer } from "node:http";
import type { Hub } from "artesian";
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
