import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { OLDEST_BROWSERS } from "../../packages/ui/src/oldest-browsers.ts";
import * as chat from "./chat-site.ts";
import * as consoles from "./console-site.ts";
import * as news from "./news-site.ts";
import * as stocks from "./stocks-site.ts";
import { browser } from "./support.ts";

chat.usePages();
consoles.usePages();
news.usePages();
stocks.usePages();

/** Takes away what one of the oldest browsers has not got, and what a page on plain HTTP has not. */
function makeOld(): void {
  const missing: readonly (readonly [owner: unknown, names: readonly string[]])[] = [
    [AbortSignal, ["any"]],
    [URL, ["canParse", "parse"]],
    [Promise, ["withResolvers", "try"]],
    [Object, ["groupBy"]],
    [Map, ["groupBy"]],
    [Array, ["fromAsync"]],
    [String.prototype, ["isWellFormed", "toWellFormed"]],
    [Set.prototype, ["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"]],
    [Map.prototype, ["getOrInsert", "getOrInsertComputed"]],
    [ArrayBuffer.prototype, ["transfer", "resize"]],
    [RegExp, ["escape"]],
    [Uint8Array, ["fromBase64", "fromHex"]],
    [Uint8Array.prototype, ["toBase64", "toHex"]],
    [ReadableStream, ["from"]],
    [ReadableStream.prototype, [Symbol.asyncIterator as unknown as string, "values"]],
    [Response, ["json"]],
    [Headers.prototype, ["getSetCookie"]],
    [URLSearchParams.prototype, ["size"]],
    [Element.prototype, ["checkVisibility", "setHTMLUnsafe", "moveBefore", "ariaNotify"]],
    [HTMLElement.prototype, ["showPopover", "hidePopover", "togglePopover", "popover"]],
    [Document.prototype, ["startViewTransition"]],
    [Crypto.prototype, ["randomUUID"]],
    [Crypto.prototype, ["subtle"]],
    [Navigator.prototype, ["locks", "clipboard", "userAgentData", "scheduling", "connection"]],
    [globalThis, ["Iterator", "scheduler", "navigation", "requestIdleCallback", "structuredClone", "Temporal", "CompressionStream"]],
    [Intl, ["Segmenter", "DurationFormat"]],
  ];
  const iterators: unknown = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  for (const name of ["map", "filter", "take", "drop", "flatMap", "reduce", "toArray", "forEach", "some", "every", "find"])
    Reflect.deleteProperty(iterators as object, name);
  for (const [owner, names] of missing) for (const name of names) Reflect.deleteProperty(owner as object, name);
}

/** Opens a page in a browser that is changed first. What the page throws fails the test. */
async function open(url: string, change: () => void, { isFailing = false } = {}): Promise<Page> {
  const context = await (await browser()).newContext();
  await context.addInitScript(change);
  const page = await context.newPage();
  page.setDefaultTimeout(25_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  onTestFinished(async () => {
    await context.close();
    if (!isFailing) expect(faults).toEqual([]);
  });
  await page.goto(url);
  return page;
}

interface Opened {
  readonly url: string;
  /** Uses the page as its readers do. */
  readonly use: (page: Page) => Promise<void>;
}

const PAGES: readonly (readonly [string, () => Promise<Opened>])[] = [
  [
    "landing",
    async () => {
      const { origin, hub } = await chat.startSite();
      return {
        url: origin,
        use: async (page) => {
          await hub.publish({ topic: "greeting", data: "Hello from an old browser" });
          await page.getByText("Hello from an old browser").first().waitFor();
        },
      };
    },
  ],
  [
    "chat",
    async () => ({
      url: `${(await chat.startSite()).origin}/chat/lobby`,
      use: async (page) => {
        await page.getByTestId("nickname-input").fill("Ada");
        await page.keyboard.press("Enter");
        await page.getByTestId("composer").fill("See https://example.com/a_(b)");
        await page.keyboard.press("Enter");
        await page.getByTestId("message-text").getByRole("link", { name: "https://example.com/a_(b)" }).waitFor();
      },
    }),
  ],
  [
    "news",
    async () => {
      const site = await news.startNews({ names: ["river"] });
      return {
        url: `${site.origin}/news`,
        use: async (page) => {
          site.feeds.add("river", { id: "1", title: "The river rises", url: "https://river.example/1", at: Date.now() });
          await site.nextRound();
          await page.getByRole("link", { name: "The river rises" }).first().waitFor();
        },
      };
    },
  ],
  [
    "stocks",
    async () => {
      const site = await stocks.startStocks();
      return {
        url: site.url,
        use: async (page) => {
          await site.quote({ ACME: 12.5 });
          await page.getByText("12.50").first().waitFor();
          await page.getByTestId("chart").locator("canvas").first().waitFor();
        },
      };
    },
  ],
  [
    "console",
    async () => {
      const site = await consoles.startConsole({ open: true });
      return {
        url: `${site.origin}/console`,
        use: async (page) => {
          const show = (view: string): Promise<void> =>
            page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: view }).click();
          await show("By hand");
          await page.getByTestId("subscribe").getByLabel("Topics").fill("long");
          await page.getByTestId("toggle-stream").click();
          await page.locator("[data-testid=raw-state][data-raw=open]").waitFor();
          await site.hub.publish({ topic: "long", type: "long", data: "x".repeat(100_000) });
          await page.locator("[data-testid=raw-entry][data-type=long]").waitFor();
          await show("Subscribers");
          await page.getByTestId("subscriber").first().waitFor();
        },
      };
    },
  ],
];

describe.each(PAGES)("the %s page", (_, start) => {
  test("works in the oldest browsers that are supported", async () => {
    const { url, use } = await start();
    const page = await open(url, makeOld);
    await chat.connection(page, "live");
    expect(await page.getByTestId("no-start").isVisible()).toBe(false);
    await use(page);
  });

  test("says in English and Chinese that it did not start when its code cannot be loaded", async () => {
    const { url } = await start();
    const context = await (await browser()).newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.route(/\.js$/, (route) => route.abort());
    await page.goto(url);
    const words = page.getByTestId("no-start");
    const visibilityAfter = (ms: number): Promise<string> =>
      words.evaluate((element, at) => {
        for (const animation of element.getAnimations()) animation.currentTime = at;
        return getComputedStyle(element).visibility;
      }, ms);
    // A slow page has eight seconds to start.
    expect(await visibilityAfter(7900)).toBe("hidden");
    expect(await visibilityAfter(8100)).toBe("visible");
    await words.waitFor({ state: "visible" });
    // Where the reader looks.
    expect((await words.boundingBox())?.y).toBeLessThan(100);
    const text = await words.innerText();
    expect(text).toContain("This page did not start");
    expect(text).toContain("页面未能启动");
    for (const version of Object.values(OLDEST_BROWSERS)) expect(text).toContain(version);
    await expect.poll(() => words.getByRole("link").getAttribute("href")).toBe("");
  });

  test("says so at once when its code throws as it starts, or as it is drawn", async () => {
    const { url } = await start();
    for (const change of [
      () => Reflect.deleteProperty(Document.prototype, "getElementById"),
      () => {
        let drawn = 0;
        for (const name of ["createElement", "createElementNS"] as const) {
          const create = Document.prototype[name] as (...args: unknown[]) => Element;
          Reflect.set(Document.prototype, name, function (this: Document, ...args: unknown[]) {
            if (++drawn > 10) throw new TypeError("It cannot be drawn.");
            return create.apply(this, args);
          });
        }
      },
    ]) {
      const page = await open(url, change, { isFailing: true });
      // Not only because time has passed.
      await page.locator("html[data-page=failed]").waitFor();
      await page.getByTestId("no-start").waitFor({ state: "visible" });
      await expect.poll(() => page.locator("#app").isVisible()).toBe(false);
    }
  });
});

test("the oldest browsers are the ones that the documentation names", () => {
  const page = readFileSync(new URL("../../docs/start/clients.md", import.meta.url), "utf8");
  const { chrome, edge, firefox, safari } = OLDEST_BROWSERS;
  expect(page).toContain(`Chrome ${chrome}, Edge ${edge}, Firefox ${firefox} and Safari ${safari}`);
});
