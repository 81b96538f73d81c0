import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import * as chat from "./chat-site.ts";
import * as consoles from "./console-site.ts";
import * as news from "./news-site.ts";
import * as stocks from "./stocks-site.ts";
import { browser } from "./support.ts";

chat.usePages();
consoles.usePages();
news.usePages();
stocks.usePages();

/** Opens a page in a browser that is changed first. What the page throws fails the test. */
async function open(url: string, change: () => void): Promise<Page> {
  const context = await (await browser()).newContext();
  await context.addInitScript(change);
  const page = await context.newPage();
  page.setDefaultTimeout(25_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** Each page of the product, on a hub that lives. */
const PAGES: readonly (readonly [string, () => Promise<string>])[] = [
  ["landing", async () => (await chat.startSite()).origin],
  ["chat", async () => `${(await chat.startSite()).origin}/chat/lobby`],
  ["news", async () => `${(await news.startNews({ names: ["river"] })).origin}/news`],
  ["stocks", async () => (await stocks.startStocks()).url],
  ["console", async () => `${(await consoles.startConsole({ open: true })).origin}/console`],
];

describe.each(PAGES)("the %s page", (_, start) => {
  test("is live while the browser reports no network, as on the loopback address", async () => {
    const page = await open(await start(), () => Object.defineProperty(Navigator.prototype, "onLine", { get: () => false }));
    await chat.connection(page, "live");
    await page.evaluate(async () => {
      dispatchEvent(new Event("offline"));
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    });
    await chat.connection(page, "live");
    await expect.poll(() => page.getByTestId("connection-problem").innerText()).toBe("");
  });

  test("works while the browser blocks its storage", async () => {
    const page = await open(await start(), () => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(globalThis, name, {
          get: () => {
            throw new DOMException(`Failed to read the '${name}' property: Access is denied for this document.`, "SecurityError");
          },
        });
      }
    });
    await chat.connection(page, "live");
  });
});

test("the console's token holds while the page is open where the browser blocks its storage", async () => {
  const site = await consoles.startConsole({ open: false });
  const page = await open(`${site.origin}/console`, () => {
    Object.defineProperty(globalThis, "sessionStorage", {
      get: () => {
        throw new DOMException("Access is denied for this document.", "SecurityError");
      },
    });
  });
  await page.getByRole("textbox").fill(await consoles.mintAdmin());
  await page.keyboard.press("Enter");
  await chat.connection(page, "live");
});
