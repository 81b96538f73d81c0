import { createServer } from "node:http";
import { createHub, type Hub } from "artesian";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { bundle, svelte } from "../support/bundle.ts";
import { listen } from "../support/server.ts";
import type { HooksPage } from "./hooks/page.ts";
import { openPage } from "./support.ts";

const FRAMEWORKS = ["react", "vue", "svelte", "solid"];

interface Site {
  readonly hub: Hub;
  readonly page: Page;
  /** Requests for streams, and for snapshots. */
  readonly requests: { streams: number; snapshots: number };
}

/** Opens a page whose components use the hooks of a framework, in its development build. */
async function openHooks(framework: string): Promise<Site> {
  const code = await bundle(`import "./browser/hooks/${framework}.ts";`, { plugins: [svelte("client")], environment: "development" });
  const hub = createHub({ anonymousPublish: true, drainMs: 500 });
  const requests = { streams: 0, snapshots: 0 };
  const server = createServer((req, res) => {
    if (req.url === "/") {
      res
        .writeHead(200, { "content-type": "text/html" })
        .end('<!doctype html><div id="app"></div><script type="module" src="/app.js"></script>');
    } else if (req.url === "/app.js") res.writeHead(200, { "content-type": "text/javascript" }).end(code);
    else {
      if (req.headers.accept === "text/event-stream") requests.streams++;
      if (req.url?.includes("latest=on") === true) requests.snapshots++;
      hub.handler(req, res);
    }
  });
  const origin = await listen(server);
  onTestFinished(() => hub.close());
  const page = await openPage();
  await page.goto(origin);
  return { hub, page, requests };
}

const call = (page: Page, topics: readonly string[]): Promise<void> =>
  page.evaluate((all) => (globalThis as unknown as { page: HooksPage }).page.show(all), topics);
const rows = (page: Page): Promise<string[]> => page.locator("li").allInnerTexts();

test.each(FRAMEWORKS)("%s: 200 components of 50 topics have one connection, and leave none behind", async (framework) => {
  const { hub, page, requests } = await openHooks(framework);
  await hub.publish({ topic: "/quotes/A", data: 1 });
  const topics = Array.from({ length: 200 }, (_, i) => `/rows/${i % 50}`);
  await call(page, topics);
  await page.locator("b", { hasText: "live" }).waitFor();
  await page.locator("i", { hasText: "/quotes/A=1" }).waitFor();
  expect(await rows(page)).toEqual(topics.map(() => ""));
  for (let i = 0; i < 50; i++) await hub.publish({ topic: `/rows/${i}`, data: i });
  await hub.publish({ topic: "/quotes/B", data: 2 });
  await expect.poll(() => rows(page)).toEqual(topics.map((_, i) => String(i % 50)));
  await page.locator("i", { hasText: "/quotes/A=1 /quotes/B=2" }).waitFor();
  expect(hub.stats().subscribers).toBe(1);
  expect(requests).toEqual({ streams: 1, snapshots: 1 });

  // Rows get other topics. The hub is asked for those alone.
  await call(page, ["/rows/60", "/rows/61"]);
  await expect
    .poll(() => hub.subscribers().map(({ matchers }) => matchers.map(({ pattern }) => pattern).toSorted()))
    .toEqual([["/quotes/:symbol", "/rows/60", "/rows/61"]]);
  await hub.publish({ topic: "/rows/61", data: 61 });
  await hub.publish({ topic: "/rows/0", data: 100 });
  await expect.poll(() => rows(page)).toEqual(["", "61"]);

  await page.evaluate(() => (globalThis as unknown as { page: HooksPage }).page.unmount());
  await expect.poll(() => hub.stats().subscribers).toBe(0);
  expect(await page.locator("li").count()).toBe(0);
});
