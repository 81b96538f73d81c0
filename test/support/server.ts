import { createServer, type Server } from "node:http";
import type { Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createHub, type Hub, type HubOptions } from "artesian";
import { onTestFinished } from "vitest";

/** A hub behind a real `node:http` server on a free port of the loopback. */
export interface TestHub {
  readonly hub: Hub;
  readonly server: Server;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Where one subscribes and publishes. */
  readonly url: string;
}

/** Starts listening on a free port; the server ends with the test. */
export async function listen(server: Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves with the Fetch API, as Hono does on Node. */
export async function listenFetch(fetch: (request: Request) => Response | Promise<Response>): Promise<string> {
  const listener = getRequestListener(fetch);
  return listen(createServer((req, res) => void listener(req, res)));
}

/** Starts a hub that anyone may publish to; it ends with the test. */
export async function startHub(options: HubOptions = {}): Promise<TestHub> {
  const hub = createHub({ anonymousPublish: true, drainMs: 500, ...options });
  const server = createServer(hub.handler);
  const origin = await listen(server);
  onTestFinished(() => hub.close());
  return { hub, server, origin, url: `${origin}/events/stream` };
}
