import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { connection } from "../chat-site.ts";
import { browser } from "../support.ts";
import { LIVE_PAGES } from "./demo.ts";

/** A page of a new profile. Its errors fail the test. */
export async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await (await browser()).newContext(options);
  // The empty page before it has no storage.
  await context.addInitScript(() => location.protocol === "http:" && localStorage.setItem("artesian.chat.nickname", "Ada"));
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (entry) => {
    if (/content security policy/i.test(entry.text())) faults.push(entry.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  return page;
}

/** Waits until a page is live, and its first updates are drawn. */
export async function settle(page: Page, path: string): Promise<void> {
  if (LIVE_PAGES.includes(path)) await connection(page, "live");
  // The first updates of the stream are part of how a page begins.
  await page.waitForTimeout(1000);
}
