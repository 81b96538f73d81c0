import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { connection, visit } from "./chat-site.ts";
import { shownPrices, startStocks, usePages } from "./stocks-site.ts";

usePages();

async function drawn(page: Page, symbol: string): Promise<void> {
  await page.locator(`[data-testid=chart][data-state=drawn][data-symbol="${symbol}"]`).waitFor();
}

/** Labels of the time axis with their middles, and the axis' own ends. */
function axisOf(page: Page): Promise<{ left: number; right: number; ticks: { text: string; left: number; right: number }[] }> {
  return page.getByTestId("axis").evaluate((axis) => {
    const { left, right } = axis.getBoundingClientRect();
    const ticks = [...axis.children].map((tick) => {
      const box = tick.getBoundingClientRect();
      return { text: tick.textContent ?? "", left: box.left, right: box.right };
    });
    return { left, right, ticks };
  });
}

test.each([320, 1280])("the time axis is in proportion, at whole minutes, and cuts no label at %d px", async (width) => {
  const site = await startStocks({ stocks: { source: undefined } });
  const page = await visit(site.url, { locale: "en-GB", viewport: { width, height: 800 } });
  await drawn(page, "AMBRS");
  for (const name of ["10 minutes", "hour, by", "10 hours"]) {
    await page.getByRole("radio", { name }).check();
    await drawn(page, "AMBRS");
    // A phone has room for one, if the next would be cut.
    await expect.poll(async () => (await axisOf(page)).ticks.length).toBeGreaterThanOrEqual(width < 400 ? 1 : 2);
    const { left, right, ticks } = await axisOf(page);
    const points = ticks.filter(({ text }) => /^\d\d:\d\d$/.test(text));
    const minutes = points.map(({ text }) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
    const middles = points.map((tick) => (tick.left + tick.right) / 2);
    const gaps = middles.slice(1).map((x, i) => (x - (middles[i] ?? 0)) / (((minutes[i + 1] ?? 0) - (minutes[i] ?? 0) + 1440) % 1440));
    for (const gap of gaps) expect(Math.abs(gap / (gaps[0] ?? gap) - 1)).toBeLessThan(0.03);
    for (const tick of ticks) expect([tick.text, tick.left >= left && tick.right <= right]).toEqual([tick.text, true]);
    for (const [i, tick] of ticks.slice(1).entries()) expect(tick.left).toBeGreaterThan(ticks[i]?.right ?? 0);
  }
});

test("the figures under the cursor are shown, and what is not held is said", async () => {
  const site = await startStocks();
  const start = Math.floor(Date.now() / 1000) * 1000 - 300_000;
  for (const [index, price] of [1.2345, 1.3, 1.25].entries()) {
    await site.quote({ EURUSD: { price, time: new Date(start + index * 100_000).toISOString(), volume: index * 100 } });
  }
  const page = await visit(site.url, { locale: "en-GB" });
  await drawn(page, "EURUSD");
  // A word and its price stay on one line.
  const legend = async (): Promise<string> => (await page.getByTestId("ohlc").innerText()).replaceAll("\u00a0", " ");
  // As many decimals as the source has.
  await expect.poll(legend).toMatch(/O 1\.2500 H 1\.2500 L 1\.2500 C 1\.2500 V 100$/);
  await expect.poll(() => page.getByTestId("chart-since").innerText()).toMatch(/^Prices are held since \d\d:\d\d\./);
  const box = await page.locator(".chart-canvas").boundingBox();
  if (box === null) throw new Error("There is no chart.");
  // From right to left, until the cursor is on the first price.
  for (let x = box.width - 80; x > 0 && !(await legend()).includes("1.2345"); x -= 1) {
    await page.mouse.move(box.x + x, box.y + box.height / 2);
  }
  expect(await legend()).toContain("O 1.2345 H 1.2345 L 1.2345 C 1.2345");
  await page.mouse.move(0, 0);
  await expect.poll(legend).toContain("C 1.2500");
});

test("every range is drawn, and the chosen one is kept", async () => {
  const site = await startStocks({ stocks: { source: undefined } });
  const page = await visit(site.url, { locale: "zh-CN" });
  for (const name of ["1 分钟，", "10 分钟", "1 小时", "10 小时", "1 天", "1 周", "1 个月", "1 年"]) {
    await page.getByRole("radio", { name }).check();
    await drawn(page, "AMBRS");
    await page.getByRole("img", { name: new RegExp(`走势图：最近 ${name}`) }).waitFor();
    await expect.poll(async () => (await axisOf(page)).ticks.length).toBeGreaterThanOrEqual(2);
    // The invented past is as long as the longest range.
    expect(await page.getByTestId("chart-since").innerText()).toBe("");
  }
  await page.reload();
  await page.getByRole("img", { name: /最近 1 年/ }).waitFor();
});

test("two symbols are compared, live", async () => {
  const site = await startStocks();
  await site.quote({ AAA: 10, BBB: 20, CCC: 30 });
  const page = await visit(site.url);
  await connection(page, "live");
  await drawn(page, "AAA");
  const before = await page.getByTestId("chart").screenshot();
  await page.getByTestId("compare").selectOption("BBB");
  await expect.poll(() => page.getByTestId("ohlc").innerText()).toMatch(/ · BBB 20\.00$/);
  await expect.poll(async () => (await page.getByTestId("chart").screenshot()).equals(before)).toBe(false);
  await site.quote({ BBB: 21 });
  await expect.poll(() => page.getByTestId("ohlc").innerText()).toMatch(/ · BBB 21\.00$/);
  await page.getByTestId("compare").selectOption("");
  await expect.poll(() => page.getByTestId("ohlc").innerText()).not.toContain("BBB");
});

test.each([320, 390, 1280])("the heads are over their columns at %d px", async (width) => {
  const site = await startStocks();
  await site.quote({ AAA: { price: 1234.5, change: 20 } });
  const page = await visit(site.url, { viewport: { width, height: 800 } });
  await expect.poll(() => shownPrices(page)).toEqual({ AAA: "1,234.50" });
  const ends = await page.evaluate(() => {
    const of = (selector: string): DOMRect | undefined => document.querySelector(selector)?.getBoundingClientRect();
    const pairs = [
      [".head-symbol .sort", ".cell-symbol b"],
      [".head-price .sort", ".cell-price .price"],
      [".head-changePercent .sort", ".cell-change .percent"],
    ] as const;
    return pairs.map(([head, cell]) => [of(head)?.left, of(head)?.right, of(cell)?.left, of(cell)?.right].map(Number));
  });
  const [symbol = [], ...figures] = ends;
  expect(Math.abs((symbol[0] ?? 0) - (symbol[2] ?? 99))).toBeLessThan(6);
  for (const [, headRight = 0, , cellRight = 99] of figures) expect(Math.abs(headRight - cellRight)).toBeLessThan(6);
});
