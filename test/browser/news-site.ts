import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createHub, type Hub, type HubOptions } from "artesian";
import type { Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { createNews, type NewsFeed, NEWS_TOPICS, type NewsOptions } from "../../demo/src/news/server/index.ts";
import { createDemoPages } from "../../demo/src/pages.ts";
import { type FeedServer, manualRounds, startFeedServer } from "../support/feed-server.ts";
import { freePort } from "../support/free-port.ts";
import { buildPages } from "./app-pages.ts";
import { connection, visit } from "./chat-site.ts";

let pagesOf: () => string;

/** Builds the page as it is now, for all tests of a file. */
export function usePages(): void {
  pagesOf = buildPages("news");
}

export interface NewsSite {
  readonly origin: string;
  readonly feeds: FeedServer;
  hub: Hub;
  /** Sees each request first, and answers it by returning true. */
  gate: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Asks all feeds once more, and waits until what they had is published. */
  nextRound(): Promise<void>;
  /** Ends hub, news and server, as a stop of the process does; what it had is lost with it. */
  stop(): Promise<void>;
  /** Comes back at the same address, with the same feeds or others. */
  start(feeds?: readonly NewsFeed[]): Promise<void>;
}

export interface SiteOptions {
  /** Names of the feeds, each served from `feeds` at `/NAME.json`. */
  readonly names?: readonly string[];
  readonly others?: readonly NewsFeed[];
  readonly hub?: HubOptions;
  /** With the sample feeds; their origin is the site's. */
  readonly sample?: boolean;
  readonly news?: Partial<NewsOptions>;
}

/** The news behind a hub on a free port, as `artesian-demo` puts them together; feeds are asked when the test says so. */
export async function startNews(options: SiteOptions = {}): Promise<NewsSite> {
  const feeds = await startFeedServer();
  const given = [...(options.names ?? []).map((name) => ({ name, url: `${feeds.origin}/${name}.json` })), ...(options.others ?? [])];
  const rounds = manualRounds(given.length);
  // The server comes back at this port.
  const port = await freePort();
  let running: { close(): Promise<void> } | undefined;
  const site: NewsSite = {
    origin: "",
    feeds,
    hub: createHub(),
    gate: () => false,
    nextRound: () => rounds.next(),
    stop: async () => {
      await running?.close();
      running = undefined;
    },
    start: async (changed = given) => {
      const hub = createHub({
        anonymousPublish: true,
        reservedTopics: NEWS_TOPICS,
        drainMs: 100,
        retryMs: { min: 50, max: 150 },
        ...options.hub,
      });
      const pages = createDemoPages({ directory: pagesOf() });
      const listener = getRequestListener(
        (request) => (news.handles(new URL(request.url).pathname) ? news.fetch(request) : pages.fetch(request)),
        { overrideGlobalObjects: false },
      );
      const server = createServer((req, res) => {
        if (!site.gate(req, res)) hub.handler(req, res, () => void listener(req, res));
      });
      const sockets = trackSockets(server);
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      const origin = `http://127.0.0.1:${port}`;
      const news = createNews({
        hub,
        feeds: changed,
        sample: options.sample === true ? origin : undefined,
        statusDebounceMs: 20,
        polling: { clock: rounds.clock },
        ...options.news,
      });
      Object.assign(site, { hub, origin });
      running = {
        async close() {
          await news.close();
          await hub.close();
          for (const socket of sockets) socket.destroy();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
  };
  onTestFinished(() => site.stop());
  await site.start();
  return site;
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

/** The headlines of a feed as they are listed, without what only a screen reader is told. */
export async function titles(page: Page, feed: string): Promise<string[]> {
  return await page.locator(`[data-testid=feed][data-feed="${feed}"] [data-testid=headline] h3 [dir=auto]`).allInnerTexts();
}

/** How often elements have moved although nobody did anything: the browser's own measure of layout jumps. */
export async function watchShifts(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const shifts = { sum: 0 };
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.sum += Reflect.get(entry, "value") as number;
    }).observe({ type: "layout-shift" });
  });
  return () => page.evaluate(() => (globalThis as unknown as { shifts: { sum: number } }).shifts.sum);
}

/** Layout shifts from the first moment of each page that is opened later, with the elements that moved. */
export async function shiftsFromStart(page: Page): Promise<() => Promise<{ readonly sum: number; readonly sources: readonly string[] }>> {
  await page.addInitScript(() => {
    const shifts = { sum: 0, sources: [] as string[] };
    Object.assign(globalThis, { shifts });
    interface Shift extends PerformanceEntry {
      readonly value: number;
      readonly hadRecentInput: boolean;
      readonly sources: readonly { readonly node?: { readonly nodeName: string; readonly className?: unknown } | null }[];
    }
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue;
        shifts.sum += entry.value;
        shifts.sources.push(`${entry.value}: ${entry.sources.map(({ node }) => `${node?.nodeName}.${String(node?.className)}`).join(" ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  return () => page.evaluate(() => (globalThis as unknown as { shifts: { sum: number; sources: string[] } }).shifts);
}

/** A site with two feeds that have had their first headlines, and a page that shows them. */
export async function startTwo(
  options: Parameters<typeof visit>[1] & { readonly letsIn?: boolean } = {},
): Promise<{ readonly site: NewsSite; readonly page: Page }> {
  const site = await startNews({ names: ["river", "hill"] });
  for (const name of ["river", "hill"]) for (let i = 1; i <= 3; i++) addItem(site, name, `${name} ${i}`);
  await roundsOf(site, 2);
  // New headlines wait, unless the test lets them in.
  const localStorage = options.letsIn === true ? [] : [{ name: "artesian.news.rolling", value: "off" }];
  const page = await visit(`${site.origin}/news`, {
    storageState: { cookies: [], origins: [{ origin: site.origin, localStorage }] },
    ...options,
  });
  await connection(page, "live");
  await expect.poll(() => titles(page, "hill")).toHaveLength(3);
  await expect.poll(() => titles(page, "river")).toHaveLength(3);
  return { site, page };
}

/** Rounds until each feed has been read with what it has now: at the start it may be read before. */
export async function roundsOf(site: NewsSite, count: number): Promise<void> {
  await expect
    .poll(async () => {
      const { feeds } = (await (await fetch(`${site.origin}/news/api/feeds`)).json()) as { feeds: { nextFetch?: string }[] };
      return feeds.filter(({ nextFetch }) => nextFetch !== undefined).length;
    })
    .toBe(count);
  await site.nextRound();
}

/** Items are a second apart. */
let clock = Date.now() - 3_600_000;

/** Puts an item on top of a feed. */
export function addItem(site: NewsSite, name: string, title: string, change: object = {}): void {
  clock += 1000;
  site.feeds.add(name, { id: title, title, url: `https://${name}.example/${encodeURIComponent(title)}`, at: clock, ...change });
}

/** Publishes headlines. */
export async function publish(site: NewsSite, name: string, ...list: string[]): Promise<void> {
  for (const title of list) addItem(site, name, title);
  await site.nextRound();
}
