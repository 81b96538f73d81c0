import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { createHub, type Hub, type HubOptions } from "artesian";
import type { BrowserContext, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import type { ConnectionState, ConnectOptions, Gap } from "../../../packages/client/src/index.ts";
import { bundle } from "../../support/bundle.ts";
import { listen } from "../../support/server.ts";
import { browser } from "../support.ts";

/** The state of a tab, for the test. */
export interface TabState {
  /** The data of the updates, by topic. */
  readonly got: Record<string, string[]>;
  /** The data of all updates, in the order of their arrival. */
  readonly all: string[];
  readonly gaps: Gap[];
  /** Streams that are open. */
  streams: number;
  /** Polls that were sent. */
  polls: number;
  state: ConnectionState | undefined;
  /** What another script of the origin hears on the channels of the tabs. */
  readonly overheard: string[];
  readonly listenOn: (topic: string) => () => void;
  readonly close: () => void;
  /** Changes what the token function gives. */
  token: string | undefined;
}

declare global {
  var tab: TabState;
  var start: (topics: readonly string[], options: TabOptions) => void;
}

/** Options that a test can send to a page. */
export interface TabOptions extends Pick<ConnectOptions, "shareKey" | "pauseHiddenMs" | "headers" | "share"> {
  readonly token?: string;
}

const code = await bundle(`import ${JSON.stringify(fileURLToPath(new URL("page.ts", import.meta.url)))};`);

type Answer = (req: IncomingMessage, res: ServerResponse) => boolean;

/** A hub and a page that connects to it, on one origin. */
export interface TabSite {
  readonly hub: Hub;
  readonly origin: string;
  /** Publishes the numbers from 0 to a topic, one after the other, until the returned function is called. */
  readonly flow: (topic: string, everyMs: number) => () => Promise<number>;
}

/** @param answer - Answers some requests instead, and tells whether it did. */
export async function startSite(options: HubOptions = {}, answer: Answer = () => false): Promise<TabSite> {
  const hub = createHub({ anonymousPublish: true, drainMs: 500, ...options });
  const server = createServer((req, res) => {
    if (answer(req, res)) return;
    if (req.url?.startsWith("/events/stream") === true) hub.handler(req, res);
    else if (req.url === "/page.js") res.writeHead(200, { "Content-Type": "text/javascript" }).end(code);
    else {
      const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';
      res.writeHead(200, { "Content-Type": "text/html" }).end(html);
    }
  });
  const origin = await listen(server);
  onTestFinished(() => hub.close());
  const flow: TabSite["flow"] = (topic, everyMs) => {
    let count = 0;
    let sent: Promise<unknown> = Promise.resolve();
    const timer = setInterval(() => {
      const data = String(count++);
      sent = sent.then(() => hub.publish({ topic, data }));
    }, everyMs);
    return async () => {
      clearInterval(timer);
      await sent;
      return count;
    };
  };
  return { hub, origin, flow };
}

/** A browser's profile. Its tabs share locks and channels. */
export async function newProfile(): Promise<BrowserContext> {
  const context = await (await browser()).newContext();
  onTestFinished(() => context.close());
  return context;
}

/** Opens a tab that connects. */
export async function openTab(
  context: BrowserContext,
  url: string,
  topics: readonly string[] = ["/a"],
  options: TabOptions = { share: "tabs" },
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => typeof start === "function");
  await page.evaluate(([all, given]) => start(all, given), [topics, options] as const);
  return page;
}

/** The state of a tab, as a plain copy. */
export const look = (page: Page): Promise<TabState> => page.evaluate(() => JSON.parse(JSON.stringify(tab)) as TabState);

export async function waitForStatus(page: Page, status: ConnectionState["status"]): Promise<void> {
  await page.waitForFunction((wanted) => tab.state?.status === wanted, status, { polling: 50 });
}

/** The numbers from 0, as text. */
export const numbers = (end: number, first = 0): string[] => Array.from({ length: end - first }, (_, i) => String(first + i));
