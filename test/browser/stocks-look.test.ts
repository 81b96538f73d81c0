import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, overflow, violations, visit } from "./chat-site.ts";
import { shownPrices, startStocks, usePages } from "./stocks-site.ts";

usePages();

const SIMULATED = { stocks: { source: undefined } } as const;

interface Shift extends PerformanceEntry {
  readonly value: number;
  readonly sources: readonly { readonly node: Node | null }[];
}

/** Notes the layout shifts from the first paint on, each with what moved. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    Reflect.set(globalThis, "shifts", []);
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries() as Shift[]) {
        const moved = sources.map(({ node }) => (node instanceof HTMLElement ? node.className : (node?.nodeName ?? ""))).join(", ");
        (Reflect.get(globalThis, "shifts") as [number, string][]).push([value, moved]);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

describe.each(["en-GB", "zh-CN"])("the stocks in %s", (locale) => {
  test.each([390, 1280])("shift by less than 0.05 at %d px while they load and run", async (width) => {
    const site = await startStocks(SIMULATED);
    const page = await visit(site.origin, { locale, viewport: { width, height: 844 } });
    await watchShifts(page);
    // An answer that takes its time, as over a network: what is drawn before it must keep its place.
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await page.route("**/stocks/api/board", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(site.url);
    await connection(page, "live");
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    letGo();
    await page.locator("[data-testid=chart][data-state=drawn]").waitFor();
    await page.getByTestId("simulated").waitFor();
    const before = await shownPrices(page);
    await expect.poll(() => shownPrices(page)).not.toEqual(before);
    const shifts = await page.evaluate(() => Reflect.get(globalThis, "shifts") as [number, string][]);
    expect(
      shifts.reduce((sum, [value]) => sum + value, 0),
      JSON.stringify(shifts),
    ).toBeLessThanOrEqual(0.05);
    expect(await overflow(page)).toBe(0);
  });

  test("have no violation in either scheme, and fit 320 px", async () => {
    const site = await startStocks(SIMULATED);
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await visit(site.url, { locale, colorScheme, viewport: { width: 320, height: 640 } });
      await page.locator("[data-testid=chart][data-state=drawn]").waitFor();
      expect(await overflow(page)).toBe(0);
      expect(await violations(page)).toEqual([]);
    }
  });
});

test("Enter in the search opens the first symbol found", async () => {
  const site = await startStocks();
  await site.quote({ AAA: 10, BBB: 20, CCB: 30 });
  const page = await visit(site.url);
  await page.locator('[data-testid=row][data-symbol="AAA"][aria-selected=true]').waitFor();
  await page.getByTestId("search").fill("nothing");
  await page.getByTestId("search").press("Enter");
  await page.getByTestId("search").fill("b");
  await expect.poll(async () => Object.keys(await shownPrices(page))).toEqual(["BBB", "CCB"]);
  await page.getByTestId("search").press("Enter");
  await page.locator('[data-testid=row][data-symbol="BBB"][aria-selected=true]').waitFor();
  expect(await page.getByTestId("search").inputValue()).toBe("b");
  // At once, as after a paste: the list is still that of the text before.
  await page.getByTestId("search").evaluate((field: HTMLInputElement) => {
    field.value = "ccb";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  });
  await page.locator('[data-testid=row][data-symbol="CCB"][aria-selected=true]').waitFor();
});

describe("in Chinese", () => {
  test("all words, numbers, dates and company names are Chinese, and a switch draws them again", async () => {
    const site = await startStocks(SIMULATED);
    const page = await visit(site.url, { locale: "zh-CN" });
    await connection(page, "live");
    const row = page.locator('[data-testid=row][data-symbol="AMBRS"]');
    await row.getByText("琥珀层光学").waitFor();
    await expect.poll(() => page.getByTestId("summary").innerText()).toMatch(/\d+ 涨.*\d+ 跌.*\d+ 平.*截至 \d\d:\d\d:\d\d/s);
    await expect.poll(() => page.title()).toMatch(/AMBRS [\d.]+ [▲▼=] · Artesian 股票$/);
    await expect.poll(() => page.getByTestId("day-volume").innerText()).toMatch(/^[\d.,]+万?亿?$/);
    await page.getByRole("img", { name: /^AMBRS 走势图：最近.*最低 [\d.]+，最高 [\d.]+。$/ }).waitFor();
    await page.getByTestId("search").fill("光学");
    await expect.poll(async () => Object.keys(await shownPrices(page))).toEqual(["AMBRS"]);
    await page.getByTestId("language").selectOption("en");
    await row.getByText("Amber Strata Optics").waitFor();
    await expect.poll(() => page.getByTestId("summary").innerText()).toMatch(/\d+ up/);
    await expect.poll(() => page.title()).toMatch(/Artesian stocks$/);
    await page.getByRole("img", { name: /^Chart of AMBRS: the last/ }).waitFor();
  });

  test("rising prices are red unless the reader chooses otherwise, which is kept", async () => {
    const site = await startStocks();
    await site.quote({ AAA: { price: 11, change: 1 }, BBB: { price: 9, change: -1 } });
    const colour = (page: Page, symbol: string) => (): Promise<string> =>
      page.locator(`[data-symbol=${symbol}] .cell-change`).evaluate((element) => getComputedStyle(element).color);
    const english = await visit(site.url, { locale: "en-US", colorScheme: "light" });
    const [green, red] = ["rgb(28, 107, 67)", "rgb(165, 42, 37)"];
    await connection(english, "live");
    await expect.poll(colour(english, "AAA")).toBe(green);
    await expect.poll(colour(english, "BBB")).toBe(red);
    const page = await visit(site.url, { locale: "zh-CN", colorScheme: "light" });
    await connection(page, "live");
    await expect.poll(colour(page, "AAA")).toBe(red);
    await expect.poll(colour(page, "BBB")).toBe(green);
    await page.getByTestId("up-green").check();
    await expect.poll(colour(page, "AAA")).toBe(green);
    await page.reload();
    await connection(page, "live");
    await expect.poll(colour(page, "AAA")).toBe(green);
    await page.getByTestId("language").selectOption("en");
    await expect.poll(colour(page, "AAA")).toBe(green);
  });
});

test.each([
  ["en-GB", "Paused", /^Paused · AAA 10\.00 .* Artesian stocks$/],
  ["zh-CN", "已暂停", /^已暂停 · AAA 10\.00 .* Artesian 股票$/],
])("a paused page says so in %s in its badge, its title and at its prices, and holds all still", async (locale, word, title) => {
  const site = await startStocks();
  await site.quote({ AAA: 10, BBB: 20 });
  const page = await visit(site.url, { locale });
  await expect.poll(() => shownPrices(page)).toEqual({ AAA: "10.00", BBB: "20.00" });
  await page.getByTestId("pause").click();
  await expect.poll(() => page.getByTestId("connection").innerText()).toBe(word);
  await expect.poll(() => page.getByTestId("as-of").innerText()).toContain(word);
  await expect.poll(() => page.getByTestId("detail-paused").innerText()).toBe(word);
  await expect.poll(() => page.title()).toMatch(title);
  const price = page.locator('[data-testid=row][data-symbol="AAA"] [data-testid=price]');
  await expect.poll(() => price.evaluate((element) => getComputedStyle(element).textDecorationLine)).toBe("underline");
  const received = page.evaluate(
    () => new Promise((resolve) => new EventSource("/events/stream?match=/quotes/BBB").addEventListener("quote", resolve, { once: true })),
  );
  await expect.poll(() => site.hub.stats().subscribers).toBe(2);
  await site.quote({ AAA: 11, BBB: 21 });
  await received;
  // Also what is drawn for the first time.
  await page.locator('[data-testid=row][data-symbol="BBB"]').click();
  await expect.poll(() => page.getByTestId("detail-price").innerText()).toBe("20.00");
  await expect.poll(() => page.title()).toContain("BBB 20.00");
  await page.getByTestId("pause").click();
  await expect.poll(() => shownPrices(page)).toEqual({ AAA: "11.00", BBB: "21.00" });
  await expect.poll(() => page.title()).toMatch(/^BBB 21\.00/);
  await connection(page, "live");
});
