import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createHub, type Hub, type HubOptions, type Matcher } from "artesian";
import { mintToken } from "artesian/http";
import { onTestFinished } from "vitest";
import { CONSOLE_TOPICS, consoleIssuer, type ConsoleKey, createConsole } from "../../packages/hub/src/console/server/index.ts";
import { createConsolePages } from "../../packages/hub/src/console/server/pages.ts";
import { buildPages } from "./app-pages.ts";

const KEY: ConsoleKey = { issuer: "https://console.example", secret: Buffer.alloc(32, 7) };
const ISSUER = { issuer: "https://issuer.example", secret: Buffer.alloc(32, 8) };
const URL_OF_HUB = "https://hub.example/.well-known/mercure";
let pagesOf: () => string;

/** Builds the page as it is now, for all tests of a file. */
export function usePages(): void {
  pagesOf = buildPages("console");
}

export interface ConsoleSite {
  readonly hub: Hub;
  readonly origin: string;
  /** Sees each request first, and answers it by returning true. */
  gate: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Ends the hub and its server, as a stop of the process does. */
  stop(): Promise<void>;
}

export interface SiteOptions {
  readonly open: boolean;
  readonly hub?: HubOptions;
  /** Listens on this port, as a process that comes back does. */
  readonly port?: number;
  readonly sampleMs?: number;
}

/** A hub with its console, as `artesian serve` and `artesian-demo` put them together. */
export async function startConsole({ open, hub: options, port = 0, sampleMs = 100 }: SiteOptions): Promise<ConsoleSite> {
  const hub = createHub({
    url: URL_OF_HUB,
    authorization: {
      issuers: [consoleIssuer(KEY), { issuer: ISSUER.issuer, keys: [{ algorithms: ["HS256"], secret: ISSUER.secret }] }],
    },
    anonymous: true,
    anonymousPublish: open,
    reservedTopics: CONSOLE_TOPICS,
    drainMs: 200,
    retryMs: { min: 50, max: 150 },
    ...options,
  });
  const console = createConsole({ hub, open, key: open ? KEY : undefined, sampleMs });
  const pages = createConsolePages({ directory: pagesOf() });
  const listener = getRequestListener(
    (request) => (console.handles(new URL(request.url).pathname) ? console.fetch(request) : pages.fetch(request)),
    { overrideGlobalObjects: false },
  );
  const server = createServer((req, res) => {
    if (!site.gate(req, res)) hub.handler(req, res, () => void listener(req, res));
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= end(server, sockets, () => console.close(), hub));
  onTestFinished(stop);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const site: ConsoleSite = { hub, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, gate: () => false, stop };
  return site;
}

async function end(server: Server, sockets: ReadonlySet<Socket>, close: () => void, hub: Hub): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  close();
  await hub.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

const exact = (pattern: string): Matcher => ({ type: "exact", pattern });
const urlpattern = (pattern: string): Matcher => ({ type: "urlpattern", pattern });

/** What `artesian token mint --admin` gives, with what else is asked for. */
export function mintAdmin(publish: readonly string[] = [], lifetimeSeconds = 600): Promise<string> {
  return mint([exact("/.well-known/mercure/admin"), ...publish.map(exact)], [urlpattern("/console/*")], lifetimeSeconds);
}

/** The token of `artesian token mint --monitor`. */
export function mintMonitor(): Promise<string> {
  return mint([exact("/.well-known/mercure/monitor")], [urlpattern("/console/*")], 600);
}

/** A token that publishes and reads everything, and does not administer. */
export function mintPlain(): Promise<string> {
  return mint([exact("*")], [exact("*")], 600);
}

function mint(publish: readonly Matcher[], subscribe: readonly Matcher[], lifetimeSeconds: number): Promise<string> {
  return mintToken({
    key: { secret: ISSUER.secret, algorithm: "HS256" },
    issuer: ISSUER.issuer,
    audience: URL_OF_HUB,
    subject: "somebody",
    publish,
    subscribe: [{ topics: subscribe, payload: undefined }],
    lifetimeSeconds,
  });
}
