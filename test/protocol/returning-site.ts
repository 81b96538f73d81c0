import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { createHub, type Hub, type HubOptions } from "artesian";
import { onTestFinished } from "vitest";
import { freePort } from "../support/free-port.ts";
import { listen } from "../support/server.ts";
import { bodyOf } from "../client/server.ts";

/** What a client under test received, by topic: data, `gap`, `error` with its reason, or `closed`. Errors of the page itself have the topic `page`. */
export type Received = ReadonlyMap<string, readonly string[]>;

/** A hub with a page that subscribes by each of the clients that browsers use. */
export interface ReturningSite {
  readonly hub: Hub;
  readonly origin: string;
  /** Where streams are asked for. It can be shut, unlike the origin. */
  readonly door: Door;
  /** While set, requests for streams are answered so. */
  status: number | undefined;
  /** Requests for streams so far. */
  readonly requests: readonly IncomingMessage[];
  readonly received: Received;
  /** Takes what a client received. */
  readonly report: (topic: string, text: string) => void;
}

/** Where the page finds the clients. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ["sse.js", fileURLToPath(import.meta.resolve("sse.js"))],
  ["reconnecting-eventsource.js", fileURLToPath(import.meta.resolve("reconnecting-eventsource"))],
]);
const FETCH_EVENT_SOURCE = new URL("../esm/", import.meta.resolve("@microsoft/fetch-event-source"));
const CLIENT = new URL("../../packages/client/dist/", import.meta.url);

/** The clients of the page, by name: each subscribes, and reports with `report(topic, text)`. */
const PAGE = `<!doctype html>
<script type="module">
  const query = new URLSearchParams(location.search);
  const hub = query.get("hub") ?? "/events/stream";
  const site = query.get("site");
  let reporting = Promise.resolve();
  const report = (topic, text) => {
    // One after the other, so that they arrive in order.
    reporting = reporting.then(() => fetch(site + "/report", { method: "POST", mode: "no-cors", body: JSON.stringify({ topic, text }) }));
  };
  addEventListener("error", ({ message }) => report("page", "error " + message));
  const starts = {
    async EventSource(url, report) {
      const source = new EventSource(url);
      source.onmessage = ({ data }) => report(data);
      source.addEventListener("hub:gap", () => report("gap"));
      source.onerror = () => report(source.readyState === 2 ? "closed" : "error");
    },
    async "reconnecting-eventsource"(url, report) {
      const { default: Source } = await import("/modules/reconnecting-eventsource.js");
      const source = new Source(url);
      if (query.has("plain")) source.onmessage = ({ data }) => report(data);
      else source.addEventListener("message", ({ data }) => report(data));
      source.addEventListener("hub:gap", () => report("gap"));
      source.onerror = () => report("error");
    },
    async "sse.js"(url, report) {
      const { SSE } = await import("/modules/sse.js");
      const source = new SSE(url, { autoReconnect: true, reconnectDelay: 50 });
      source.onmessage = ({ data }) => report(data);
      source.addEventListener("hub:gap", () => report("gap"));
      source.onerror = () => report("error");
    },
    async "@microsoft/fetch-event-source"(url, report) {
      const { fetchEventSource } = await import("/modules/fetch-event-source/index.js");
      const onclose = () => { throw new Error("The server closed the stream"); };
      const onerror = ({ message }) => void report("error " + message);
      const onmessage = ({ event, data }) => event === "" ? report(data) : event === "hub:gap" && report("gap");
      await fetchEventSource(url, { openWhenHidden: true, ...(query.has("plain") ? {} : { onclose }), onerror, onmessage });
      report("closed");
    },
    async "artesian-client"(url, report) {
      const { subscribe } = await import("/modules/client/index.js");
      const onState = (state) => state === "reconnecting" && report("error");
      for await (const { type, data } of subscribe(new URL(url, location.href), { onState })) report(type === "hub:gap" ? "gap" : data);
    },
  };
  for (const topic of query.getAll("topic")) {
    starts[query.get("client")](hub + "?" + new URLSearchParams({ match: topic }), (text) => report(topic, text));
  }
</script>`;

/** Starts it on a free port; it ends with the test. */
export async function startReturningSite(options: HubOptions = {}): Promise<ReturningSite> {
  const hub = createHub({ retryMs: { min: 100, max: 100 }, drainMs: 100, corsOrigins: ["*"], ...options });
  const requests: IncomingMessage[] = [];
  const received = new Map<string, string[]>();
  const report = (topic: string, text: string): void => {
    const events = received.get(topic) ?? [];
    received.set(topic, events);
    events.push(text);
  };
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "", "http://site.invalid");
    if (url.pathname === "/page") return void res.setHeader("content-type", "text/html").end(PAGE);
    if (url.pathname.startsWith("/modules/")) return void serveModule(url.pathname.slice(9), res);
    if (url.pathname === "/report") return void takeReport(req, res);
    if (hub.handles(url.pathname)) requests.push(req);
    if (site.status !== undefined) return void res.writeHead(site.status, { "access-control-allow-origin": "*" }).end();
    hub.handler(req, res);
  });
  const takeReport = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { topic, text } = JSON.parse(await bodyOf(req)) as { topic: string; text: string };
    report(topic, text);
    res.writeHead(204).end();
  };
  const origin = await listen(server);
  onTestFinished(() => hub.close());
  const door = await Door.open(Number(new URL(origin).port));
  const site: ReturningSite = { hub, origin, door, status: undefined, requests, received, report };
  return site;
}

/** Passes connections on to a server, until it is told to break or refuse them. Those of now break then, too. */
export class Door {
  readonly origin: string;
  /** How many connections were broken at once. */
  broken = 0;
  #isBreaking = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.origin = `http://127.0.0.1:${this.#port}`;
    server.on("connection", (socket) => this.#accept(socket, target));
    onTestFinished(() => {
      this.#cut();
      if (server.listening) server.close();
    });
  }

  static async open(target: number): Promise<Door> {
    // It comes back at this port.
    const server = createTcpServer().listen(await freePort(), "127.0.0.1");
    await once(server, "listening");
    return new Door(server, target);
  }

  /** Each new connection is taken, and reset. */
  break(): void {
    this.#isBreaking = true;
    this.#cut();
  }

  /** Nothing listens any more. @returns Listens again. */
  async refuse(): Promise<() => Promise<void>> {
    const port = this.#port;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#cut();
    await closed;
    return async () => {
      this.#server.listen(port, "127.0.0.1");
      await once(this.#server, "listening");
    };
  }

  mend(): void {
    this.#isBreaking = false;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket, target: number): void {
    socket.on("error", () => undefined);
    if (this.#isBreaking) {
      this.broken++;
      socket.resetAndDestroy();
      return;
    }
    const behind = connect(target, "127.0.0.1");
    behind.on("error", () => undefined);
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

async function serveModule(name: string, res: ServerResponse): Promise<void> {
  const [folder, file = ""] = name.split("/");
  // Modules of the one package import each other without the extension.
  const withExtension = file.endsWith(".js") ? file : `${file}.js`;
  const place =
    folder === "client"
      ? new URL(withExtension, CLIENT)
      : folder === "fetch-event-source"
        ? new URL(withExtension, FETCH_EVENT_SOURCE)
        : (MODULES.get(name) ?? "");
  const text = await readFile(place, "utf8").catch(() => undefined);
  if (text === undefined) return void res.writeHead(404).end();
  res.setHeader("content-type", "text/javascript").end(text);
}
