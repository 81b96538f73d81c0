import type { BrowserContextOptions, Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { connection, overflow, violations } from "../chat-site.ts";
import { browser } from "../support.ts";
import { LANGUAGES, LIVE_PAGES, PAGES, startDemo } from "./demo.ts";

/** Widths of a phone and of a desktop that a page is loaded at, and the others that it is changed to. */
const WIDTHS: readonly (readonly [loaded: number, changed: number])[] = [
  [390, 320],
  [1280, 768],
];

/** Most JavaScript that a page loads by itself, in kB as sent. The aims are 20, 30, 25, 40 and 90. */
const BUDGETS: Readonly<Record<string, number>> = { "/": 20.4, "/chat/lobby": 30.8, "/news": 26.5, "/console": 40, "/stocks": 90 };

/** Most that a page moves by itself. @see https://web.dev/articles/cls */
const MAX_SHIFT = 0.05;

const CHINESE = /\p{Script=Han}/u;

/** A page of a new profile. Its errors fail the test. */
async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
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

/** Sums up the layout shifts from before the first byte of a page. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const state = globalThis as unknown as { shifted: number };
    state.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[]) {
        if (!entry.hadRecentInput) state.shifted += entry.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

async function settle(page: Page, path: string): Promise<void> {
  if (LIVE_PAGES.includes(path)) await connection(page, "live");
  // The first updates of the stream are part of how a page begins.
  await page.waitForTimeout(1000);
}

describe.each(LANGUAGES)("in %s", (locale) => {
  test.each(["light", "dark"] as const)(
    "every page fits every width, moves nothing and is accessible, %s",
    { timeout: 240_000 },
    async (colorScheme) => {
      const origin = await startDemo();
      const faults: string[] = [];
      for (const path of PAGES) {
        const page = await openPage({ locale, colorScheme });
        await watchShifts(page);
        for (const [loaded, changed] of WIDTHS) {
          await page.setViewportSize({ width: loaded, height: 800 });
          await page.goto(origin + path);
          await settle(page, path);
          const shifted = await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted);
          if (shifted > MAX_SHIFT) faults.push(`${path} at ${loaded}: shifted by ${shifted.toFixed(3)}`);
          for (const violation of await violations(page)) faults.push(`${path} at ${loaded}: ${violation}`);
          for (const width of [loaded, changed]) {
            await page.setViewportSize({ width, height: 800 });
            const wider = await overflow(page);
            if (wider > 0) faults.push(`${path} at ${width}: ${wider} px wider than the window`);
          }
        }
        expect(await page.evaluate(() => document.documentElement.lang), path).toBe(path === "/docs/" ? "en" : locale.replace("-US", ""));
        const title = await page.title();
        if (path !== "/docs/" && CHINESE.test(title) !== (locale === "zh-CN")) faults.push(`${path}: its title is "${title}"`);
        await page.context().close();
      }
      expect(faults).toEqual([]);
    },
  );
});

test.each(LANGUAGES)("every page loads no more code than it may, in %s", async (locale) => {
  const origin = await startDemo();
  const sizes: Record<string, number> = {};
  for (const path of Object.keys(BUDGETS)) {
    const page = await openPage({ locale });
    const bodies: Promise<number>[] = [];
    page.on("response", (response) => {
      if (new URL(response.url()).pathname.endsWith(".js"))
        bodies.push(
          response
            .request()
            .sizes()
            .then(({ responseBodySize }) => responseBodySize),
        );
    });
    await page.goto(origin + path);
    await settle(page, path);
    const all = await Promise.all(bodies);
    sizes[path] = Math.round(all.reduce((sum, size) => sum + size, 0) / 100) / 10;
    expect(all.length, path).toBeGreaterThan(0);
  }
  console.info("kB of JavaScript:", sizes);
  expect(Object.entries(sizes).filter(([path, size]) => size > (BUDGETS[path] ?? 0))).toEqual([]);
});

test("seven tabs of the demo are live, and each can send", { timeout: 120_000 }, async () => {
  const origin = await startDemo();
  const first = await openPage();
  const tabs: Page[] = [];
  for (let i = 0; i < 7; i++) {
    const page = i === 0 ? first : await first.context().newPage();
    await page.goto(`${origin}/chat/lobby`);
    tabs.push(page);
  }
  for (const [i, page] of tabs.entries()) {
    await page.bringToFront();
    await connection(page, "live");
    await page.getByTestId("composer").fill(`from tab ${i}`);
    await page.getByTestId("send").click();
  }
  for (const page of tabs) {
    await page.bringToFront();
    for (let i = 0; i < 7; i++) {
      await page.locator(`[data-testid=message][data-status=received]`).getByText(`from tab ${i}`, { exact: true }).first().waitFor();
    }
  }
});
