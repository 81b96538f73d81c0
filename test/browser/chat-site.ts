import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { createHub, type Hub, type HubOptions } from "artesian";
import type { AxeResults } from "axe-core";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { CHAT_TOPICS, chatIssuer, type ChatKey, type ChatOptions, createChat, embeddedBot } from "../../demo/src/chat/server/index.ts";
import { createDemoPages } from "../../demo/src/pages.ts";
import { listen } from "../support/server.ts";
import { buildPages } from "./app-pages.ts";
import { browser } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KEY: ChatKey = { issuer: "https://chat.example", secret: Buffer.alloc(32, 7) };
let pages: () => string;

/** Builds the pages as they are now, for all tests of a file. */
export function usePages(): void {
  pages = buildPages("chat");
}

export interface Site {
  readonly hub: Hub;
  readonly origin: string;
  /** Sees each request first, and answers it by returning true: a proxy that the test plays. */
  gate: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Breaks every open connection. */
  breakConnections(): void;
  publish(update: Record<string, string>): Promise<void>;
  /** Puts a message of somebody who has no page into the lobby. */
  say(text: string, id?: string): Promise<string>;
}

/** The whole site on a free port, as `artesian-demo` puts it together. */
export async function startSite(options: { hub?: HubOptions; chat?: Partial<ChatOptions> } = {}): Promise<Site> {
  const hub = createHub({
    authorization: { issuers: [chatIssuer(KEY)] },
    anonymous: true,
    anonymousPublish: true,
    reservedTopics: CHAT_TOPICS,
    drainMs: 200,
    retryMs: { min: 50, max: 150 },
    ...options.hub,
  });
  const chat = createChat({ hub, key: KEY, bot: embeddedBot(), ...options.chat });
  const demoPages = createDemoPages({ directory: pages() });
  const listener = getRequestListener(
    (request, env) => {
      const { incoming } = env as HttpBindings;
      return chat.handles(new URL(request.url).pathname) ? chat.fetch(request, incoming.socket.remoteAddress) : demoPages.fetch(request);
    },
    { overrideGlobalObjects: false },
  );
  const site: Site = {
    hub,
    origin: "",
    gate: () => false,
    breakConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
    publish: async (update) => {
      const response = await fetch(`${site.origin}/events/stream`, { method: "POST", body: new URLSearchParams(update) });
      expect(response.status).toBe(200);
    },
    say: (text, id = text) => {
      const data = JSON.stringify({ id, nickname: "Curl", text, at: Date.now() });
      return hub.publish({ topic: "/chat/lobby", type: "chat", data, private: true });
    },
  };
  const server = createServer((req, res) => {
    if (!site.gate(req, res)) hub.handler(req, res, () => void listener(req, res));
  });
  // The hub takes the streams' sockets away from the server, which then no longer closes them.
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const origin = await listen(server);
  onTestFinished(() => chat.close().then(() => hub.close()));
  return Object.assign(site, { origin });
}

/** A browser of its own, as another person has one. What the page does wrong fails the test. */
export async function visit(url: string, options: BrowserContextOptions & { nickname?: string } = {}): Promise<Page> {
  const { nickname, ...contextOptions } = options;
  const context: BrowserContext = await (await browser()).newContext(contextOptions);
  if (nickname !== undefined) await context.addInitScript((name) => localStorage.setItem("artesian.chat.nickname", name), nickname);
  const page = await context.newPage();
  // Shorter than the test's, so that a failure names the line.
  page.setDefaultTimeout(25_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (entry) => {
    if (/content security policy/i.test(entry.text())) faults.push(entry.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) faults.push(`asked another site: ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** Waits until the badge says so. */
export async function connection(page: Page, state: "connecting" | "live" | "reconnecting" | "resting" | "refused"): Promise<void> {
  await page.locator(`[data-testid=connection][data-state=${state}]`).waitFor();
}

/** Finds what keeps people from using the page, in the state that it is in. */
export async function violations(page: Page): Promise<string[]> {
  // As a file of the page's own: the content security policy forbids to inject it as text.
  await page.route("**/axe.js", (route) =>
    route.fulfill({ path: join(ROOT, "node_modules/axe-core/axe.min.js"), contentType: "text/javascript" }),
  );
  await page.addScriptTag({ url: "/axe.js" });
  // What fades in is judged as it ends, also what comes while the page is judged.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.evaluate(async () => {
    const ending = document
      .getAnimations()
      .filter(({ effect, playState }) => playState === "running" && effect?.getComputedTiming().endTime !== Infinity);
    // What is not drawn, as in closed details, never ends.
    const longest = new Promise((resolve) => setTimeout(resolve, 5000));
    await Promise.race([Promise.allSettled(ending.map(({ finished }) => finished)), longest]);
  });
  const judged = page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
  // A call of the page has no time limit of its own, and the test would not say where it stopped.
  const late = sleep(120_000, undefined, { ref: false }).then(() => Promise.reject(new Error("axe did not end within 120 s")));
  const results = await Promise.race([judged, late]);
  await page.emulateMedia({ reducedMotion: null });
  return results.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(" | ")}`,
  );
}

/** How much wider than the window the page is, in pixels, once it has drawn its last change. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    return document.documentElement.scrollWidth - document.documentElement.clientWidth;
  });
}
