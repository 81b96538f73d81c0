import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createHub, type Hub, type HubOptions, type UpdateInput } from "artesian";
import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { createDemoPages } from "../../demo/src/pages.ts";
import { createStocks, type StocksOptions } from "../../demo/src/stocks/server/index.ts";
import { freePort } from "../support/free-port.ts";
import { buildPages } from "./app-pages.ts";

let pagesOf: () => string;

/** Builds the page as it is now, for all tests of a file. */
export function usePages(): void {
  pagesOf = buildPages("stocks");
}

export interface StocksSite {
  readonly origin: string;
  readonly url: string;
  hub: Hub;
  /** Sees each request first, and answers it by returning true. */
  gate: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Streams that were opened, by their addresses. */
  readonly streams: string[];
  /** Publishes prices, each `SYMBOL: price` or with more of a quote. */
  quote(prices: Readonly<Record<string, number | Partial<TestQuote>>>): Promise<void>;
  /** Ends everything, as a stop of the process does. */
  stop(): Promise<void>;
  /** Comes back at the same address. */
  start(): Promise<void>;
}

export interface TestQuote {
  readonly price: number;
  readonly change: number;
  readonly changePercent: number;
  readonly volume: number;
  readonly time: string;
  readonly simulated: true;
}

export interface SiteOptions {
  readonly stocks?: Partial<StocksOptions>;
  /** Made anew at each start. */
  readonly hub?: () => HubOptions | Promise<HubOptions>;
}

/** The stocks behind a hub on a free port, as `artesian-demo` puts them together; prices come when the test says so. */
export async function startStocks(options: SiteOptions = {}): Promise<StocksSite> {
  // The server comes back at this port.
  const port = await freePort();
  let running: { close(): Promise<void> } | undefined;
  const site: StocksSite & { origin: string; url: string } = {
    origin: "",
    url: "",
    hub: createHub(),
    gate: () => false,
    streams: [],
    quote: async (prices) => {
      await site.hub.publishBatch(Object.entries(prices).map(([symbol, given]) => updateOf(symbol, given)));
    },
    stop: async () => {
      await running?.close();
      running = undefined;
    },
    start: async () => {
      const hub = createHub({ drainMs: 100, retryMs: { min: 50, max: 150 }, ...(await options.hub?.()) });
      const stocks = createStocks({ hub, source: "none", ...options.stocks });
      const pages = createDemoPages({ directory: pagesOf() });
      const listener = getRequestListener(
        (request) => (stocks.handles(new URL(request.url).pathname) ? stocks.fetch(request) : pages.fetch(request)),
        { overrideGlobalObjects: false },
      );
      const server = createServer((req, res) => {
        if (req.url?.startsWith("/events/stream") === true) site.streams.push(req.url);
        if (!site.gate(req, res)) hub.handler(req, res, () => void listener(req, res));
      });
      const sockets = new Set<Socket>();
      server.on("connection", (socket: Socket) => {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
      });
      await listenOn(server, port);
      site.hub = hub;
      running = {
        async close() {
          const closed = new Promise((resolve) => server.close(resolve));
          await stocks.close();
          await hub.close();
          for (const socket of sockets) socket.destroy();
          await closed;
        },
      };
    },
  };
  await site.start();
  site.origin = `http://127.0.0.1:${port}`;
  site.url = `${site.origin}/stocks`;
  onTestFinished(() => site.stop());
  return site;
}

async function listenOn(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

/** An update as `quotesSource` publishes it. */
export function updateOf(symbol: string, given: number | Partial<TestQuote>): UpdateInput {
  const quote = typeof given === "number" ? { price: given } : given;
  const { price = 100, change = 0 } = quote;
  const changePercent = (change / (price - change)) * 100;
  const data = { symbol, price, change, changePercent, time: new Date().toISOString(), ...quote };
  return { topic: `/quotes/${encodeURIComponent(symbol)}`, type: "quote", data: JSON.stringify(data) };
}

/** The prices in the list, from its top. */
export async function shownPrices(page: Page): Promise<Record<string, string>> {
  return await page
    .getByTestId("row")
    .evaluateAll((rows) =>
      Object.fromEntries(
        rows.map((row) => [(row as HTMLElement).dataset["symbol"] ?? "", row.querySelector("[data-testid=price]")?.textContent ?? ""]),
      ),
    );
}

/** The symbols in the list, from its top. */
export async function shownSymbols(page: Page): Promise<string[]> {
  return Object.keys(await shownPrices(page));
}
