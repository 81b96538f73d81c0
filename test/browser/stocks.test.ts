import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryJournal } from "artesian";
import { logJournal } from "artesian/journals/log";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { connection, overflow, violations, visit } from "./chat-site.ts";
import { shownPrices, shownSymbols, startStocks, usePages } from "./stocks-site.ts";

usePages();

function row(page: Page, symbol: string) {
  return page.locator(`[data-testid=row][data-symbol="${symbol}"]`);
}

async function drawn(page: Page, symbol: string): Promise<void> {
  await page.locator(`[data-testid=chart][data-state=drawn][data-symbol="${symbol}"]`).waitFor();
}

/** Waits until the page shows these prices, and no others. */
async function showing(page: Page, prices: Record<string, string>): Promise<void> {
  await expect.poll(() => shownPrices(page)).toEqual(prices);
}

/** The beginning of each stream's address. */
const PACED = "/events/stream?interval=250&latest=on&last=1000&fields=topics";

describe("the stocks", () => {
  test("show what was there, then what comes, the same in two tabs", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10, BBB: { price: 20.5, change: 0.5 }, CCC: { price: 30, change: -1.5 } });
    const one = await visit(site.url);
    await connection(one, "live");
    await showing(one, { AAA: "10.00", BBB: "20.50", CCC: "30.00" });
    const two = await visit(site.url);
    await site.quote({ AAA: { price: 11, change: 1 }, DDD: 1234.5 });
    for (const page of [one, two]) {
      await showing(page, { AAA: "11.00", BBB: "20.50", CCC: "30.00", DDD: "1,234.50" });
      await expect.poll(() => row(page, "AAA").getByTestId("change").innerText()).toMatch(/▲ \+1\.00 \(\+10\.00%\)/);
      await expect.poll(() => row(page, "CCC").getByTestId("change").innerText()).toMatch(/▼ −1\.50 \(−4\.76%\)/);
      await expect.poll(() => page.getByTestId("summary").innerText()).toMatch(/2 up.*1 down.*1 unchanged/s);
    }
    // The one that moved before their eyes says which way, in a shape.
    await expect.poll(() => row(one, "AAA").locator(".tick").innerText()).toBe("↑");
    expect(site.streams).toEqual(Array(2).fill(`${PACED}&match_urlpattern=%2Fquotes%2F%3Asymbol`));
  });

  test("draw the chart of the chosen symbol, from its past and on", async () => {
    const site = await startStocks();
    const start = Date.now() - 120_000;
    const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
    for (const [seconds, price] of [50, 52, 47, 51].entries()) {
      await site.quote({ AAA: { price, time: at(seconds), volume: seconds * 100 }, BBB: { price: 1, time: at(seconds) } });
    }
    const page = await visit(site.url);
    await drawn(page, "AAA");
    const image = page.getByRole("img", {
      name: /Chart of AAA: the last 10 minutes, by the second\. From 50\.00 to 51\.00, between 47\.00 and 52\.00\./,
    });
    await image.waitFor();
    await expect.poll(() => page.getByTestId("day-open").innerText()).toBe("50.00");
    await expect.poll(() => page.getByTestId("day-high").innerText()).toBe("52.00");
    await expect.poll(() => page.getByTestId("day-low").innerText()).toBe("47.00");
    await expect.poll(() => page.getByTestId("day-volume").innerText()).toBe("300");
    await expect.poll(() => page.locator("[data-testid=chart] canvas").count()).toBeGreaterThan(0);

    const before = await page.getByTestId("chart").screenshot();
    await site.quote({ AAA: { price: 60, volume: 400 } });
    await expect.poll(() => page.getByTestId("detail-price").innerText()).toBe("60.00");
    await expect.poll(() => page.getByTestId("day-high").innerText()).toBe("60.00");
    await expect.poll(async () => (await page.getByTestId("chart").screenshot()).equals(before)).toBe(false);
    await expect.poll(() => page.title()).toContain("AAA 60.00");

    await page.getByRole("radio", { name: "the last 10 hours" }).check();
    await page.getByRole("img", { name: /Chart of AAA: the last 10 hours, by the minute/ }).waitFor();
    await row(page, "BBB").click();
    await drawn(page, "BBB");
    await expect.poll(() => page.getByTestId("detail").getAttribute("data-symbol")).toBe("BBB");
  });

  test("keep a watch list, search and sort, and follow no more than is shown", async () => {
    const site = await startStocks();
    await site.quote({ AAA: { price: 10, change: 1 }, BBB: { price: 30, change: -2 }, CCC: 20, "D/D": { price: 5, change: 0.1 } });
    const page = await visit(site.url);
    await page.getByTestId("view-watched").check();
    await page.getByText("Your watch list is empty.").waitFor();
    await page.getByTestId("search").fill("ccc");
    await expect.poll(() => shownSymbols(page)).toEqual(["CCC"]);
    await row(page, "CCC").getByRole("button", { name: "Watch CCC" }).click();
    await page.getByTestId("search").fill("d/");
    await row(page, "D/D").getByTestId("watch").click();
    await page.getByTestId("search").fill("nothing");
    await page.getByText("No symbol or name has “nothing” in it.").waitFor();
    await page.getByTestId("search").fill("");
    await expect.poll(() => shownSymbols(page)).toEqual(["CCC", "D/D"]);
    const narrow = `${PACED}&match=%2Fquotes%2FAAA&match=%2Fquotes%2FCCC&match=%2Fquotes%2FD%252FD`;
    await expect.poll(() => site.streams.at(-1)).toBe(narrow);
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
    await site.quote({ "D/D": { price: 6, change: 1.1 } });
    await expect.poll(() => shownPrices(page)).toEqual({ CCC: "20.00", "D/D": "6.00" });

    await page.reload();
    await expect.poll(() => shownPrices(page)).toEqual({ CCC: "20.00", "D/D": "6.00" });
    await row(page, "CCC").getByTestId("watch").click();
    await expect.poll(() => shownSymbols(page)).toEqual(["D/D"]);

    await page.getByTestId("view-all").check();
    await expect.poll(() => shownSymbols(page)).toEqual(["AAA", "BBB", "CCC", "D/D"]);
    await page.getByTestId("sort-price").click();
    await expect.poll(() => shownSymbols(page)).toEqual(["BBB", "CCC", "AAA", "D/D"]);
    await page.getByTestId("sort-price").click();
    await expect.poll(() => shownSymbols(page)).toEqual(["D/D", "AAA", "CCC", "BBB"]);
    await page.getByTestId("sort-changePercent").click();
    await expect.poll(() => shownSymbols(page)).toEqual(["D/D", "AAA", "CCC", "BBB"]);
    await expect.poll(() => page.getByRole("columnheader", { name: "Change %" }).getAttribute("aria-sort")).toBe("descending");
  });

  test("change what they follow without a flash", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10, BBB: 20 });
    const page = await visit(site.url);
    await connection(page, "live");
    await showing(page, { AAA: "10.00", BBB: "20.00" });
    await row(page, "AAA").getByTestId("watch").click();
    await page.evaluate(() => {
      const seen: string[] = [];
      Reflect.set(globalThis, "seen", seen);
      const observer = new MutationObserver((changes) => {
        for (const { target } of changes) {
          const text = target.textContent ?? "";
          if (target instanceof HTMLElement && target.dataset["testid"] === "connection") seen.push(target.dataset["state"] ?? "");
          if (text === "–") seen.push("no price");
        }
      });
      observer.observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
        attributeFilter: ["data-state"],
      });
    });
    const before = site.streams.length;
    await page.getByTestId("view-watched").check();
    await expect.poll(() => site.streams.length).toBe(before + 1);
    await page.getByTestId("view-all").check();
    await expect.poll(() => site.streams.length).toBe(before + 2);
    await site.quote({ AAA: 12, BBB: 22 });
    await showing(page, { AAA: "12.00", BBB: "22.00" });
    expect(await page.evaluate(() => Reflect.get(globalThis, "seen") as string[])).toEqual([]);
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
  });

  test.each(["a journal on the disk", "a memory that is gone"])("go on after the server restarts, with %s", async (kind) => {
    const journals = temporaryDirectory("stocks-journal");
    const isKept = kind.includes("disk");
    const hub = async () => ({ journal: isKept ? await logJournal({ directory: journals }) : memoryJournal() });
    const site = await startStocks({ hub });
    await site.quote({ AAA: 10, BBB: 20 });
    const page = await visit(site.url);
    await connection(page, "live");
    await drawn(page, "AAA");
    await showing(page, { AAA: "10.00", BBB: "20.00" });
    await expect.poll(() => page.getByTestId("as-of").innerText()).toMatch(/^As of \d\d:\d\d:\d\d$/);

    await site.stop();
    await connection(page, "reconnecting");
    await expect.poll(() => page.getByTestId("as-of").innerText()).toMatch(/^Not live: as of/);
    await expect.poll(() => page.getByTestId("summary").getAttribute("data-stale")).toBe("true");
    const price = row(page, "AAA").getByTestId("price");
    await expect.poll(() => price.evaluate((element) => getComputedStyle(element).textDecorationLine)).toBe("underline");
    await showing(page, { AAA: "10.00", BBB: "20.00" });

    await site.start();
    await site.quote({ AAA: 15 });
    await connection(page, "live");
    await showing(page, { AAA: "15.00", BBB: "20.00" });
    await expect.poll(() => page.getByTestId("summary").getAttribute("data-stale")).toBe("false");
    // What a new journal doesn't have is an old price, and is marked as one until the next.
    await expect.poll(() => row(page, "BBB").getAttribute("data-stale")).toBe(String(!isKept));
    await site.quote({ AAA: 16, BBB: 26 });
    await showing(page, { AAA: "16.00", BBB: "26.00" });
    await expect.poll(() => row(page, "BBB").getAttribute("data-stale")).toBe("false");
    await drawn(page, "AAA");
  });

  test("say that they reconnect while the network is away, and catch up when it is back", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10 });
    const page = await visit(site.url);
    await connection(page, "live");
    await showing(page, { AAA: "10.00" });
    await page.context().setOffline(true);
    await connection(page, "reconnecting");
    await expect.poll(() => page.getByTestId("as-of").innerText()).toMatch(/^Not live/);
    for (const price of [11, 12, 13]) await site.quote({ AAA: price });
    await page.context().setOffline(false);
    await connection(page, "live");
    await showing(page, { AAA: "13.00" });
  });

  test("hold still when they are paused, and go on from the newest", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10, BBB: 20 });
    const page = await visit(site.url);
    await showing(page, { AAA: "10.00", BBB: "20.00" });
    await page.getByTestId("pause").click();
    await expect.poll(() => page.getByTestId("as-of").innerText()).toMatch(/^Paused at/);
    const received = page.evaluate(
      () =>
        new Promise((resolve) => new EventSource("/events/stream?match=/quotes/AAA").addEventListener("quote", resolve, { once: true })),
    );
    await expect.poll(() => site.hub.stats().subscribers).toBe(2);
    await site.quote({ AAA: 11 });
    await received;
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await shownPrices(page)).toEqual({ AAA: "10.00", BBB: "20.00" });
    await page.getByTestId("pause").click();
    await showing(page, { AAA: "11.00", BBB: "20.00" });
  });

  test("are used with the keyboard alone", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10, BBB: 20, CCC: 30, DDD: 40 });
    const page = await visit(site.url);
    await showing(page, { AAA: "10.00", BBB: "20.00", CCC: "30.00", DDD: "40.00" });
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.getAttribute("data-pick") ?? document.activeElement?.getAttribute("data-testid") ?? "");
    for (let i = 0; i < 20 && (await focused()) !== "search"; i++) await page.keyboard.press("Tab");
    await expect.poll(focused).toBe("search");
    for (let i = 0; i < 6 && (await focused()) !== "AAA"; i++) await page.keyboard.press("Tab");
    await expect.poll(focused).toBe("AAA");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await expect.poll(focused).toBe("CCC");
    await page.keyboard.press("Enter");
    await drawn(page, "CCC");
    await page.keyboard.press("End");
    await expect.poll(focused).toBe("DDD");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Space");
    await expect.poll(() => row(page, "DDD").getByTestId("watch").getAttribute("aria-pressed")).toBe("true");
    await page.keyboard.press("Home");
    await expect.poll(focused).toBe("AAA");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");

    // To the views, and there to the watch list.
    for (let i = 0; i < 10 && (await focused()) !== "view-all"; i++) await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => shownSymbols(page)).toEqual(["AAA", "DDD"]);
    for (let i = 0; i < 10 && (await focused()) !== "AAA"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Delete");
    await expect.poll(() => shownSymbols(page)).toEqual(["DDD"]);
    // The row is gone, and the focus is on the next one.
    await expect.poll(focused).toBe("DDD");
  });

  test.each(["light", "dark"] as const)("are accessible in %s", async (colorScheme) => {
    const site = await startStocks();
    const page = await visit(site.url, { colorScheme });
    expect(await violations(page)).toEqual([]);
    await site.quote({ AAA: { price: 10, change: 1, simulated: true }, BBB: { price: 20, change: -1, simulated: true }, CCC: 5 });
    await drawn(page, "AAA");
    await site.quote({ AAA: { price: 10.5, change: 1.5, simulated: true } });
    await showing(page, { AAA: "10.50", BBB: "20.00", CCC: "5.00" });
    await page.getByTestId("simulated").waitFor();
    await page.getByTestId("about").locator("summary").click();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("view-watched").check();
    await page.getByText("Your watch list is empty.").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("view-all").check();
    await site.stop();
    await connection(page, "reconnecting");
    expect(await violations(page)).toEqual([]);
  });

  test("tell a screen reader once a minute, not each price", async () => {
    const site = await startStocks();
    await site.quote({ AAA: { price: 10, change: 1 }, BBB: { price: 20, change: -1 } });
    const page = await visit(site.url);
    await drawn(page, "AAA");
    const spoken = page.getByTestId("spoken");
    await expect.poll(() => spoken.textContent()).toBe("1 price is up, 1 down, 0 unchanged. AAA is at 10.00, +11.11%.");
    await site.quote({ AAA: { price: 12, change: 3 } });
    await expect.poll(() => page.getByTestId("detail-price").innerText()).toBe("12.00");
    expect(await spoken.textContent()).toContain("AAA is at 10.00");
    const live = await page.locator("[role=log], [role=alert], [aria-live=assertive]").count();
    expect(live).toBe(0);
    expect(await page.locator("[role=status] [data-testid=price], [role=grid][aria-live]").count()).toBe(0);
  });

  test("move nothing for those who asked for no motion", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10 });
    for (const reducedMotion of ["reduce", "no-preference"] as const) {
      const page = await visit(site.url, { reducedMotion });
      await connection(page, "live");
      await row(page, "AAA").waitFor();
      await page.evaluate(() => {
        const started: string[] = [];
        Reflect.set(globalThis, "started", started);
        document.addEventListener("animationstart", (event) => started.push(event.animationName));
      });
      const price = reducedMotion === "reduce" ? 11 : 12;
      await site.quote({ AAA: price });
      await showing(page, { AAA: `${price}.00` });
      const animations = () =>
        page.evaluate(() => (Reflect.get(globalThis, "started") as string[]).filter((name) => /rise|fall/.test(name)));
      if (reducedMotion === "no-preference") await expect.poll(animations).toHaveLength(1);
      else expect(await animations()).toEqual([]);
      await expect.poll(() => row(page, "AAA").locator(".tick").innerText()).toBe("↑");
    }
  });

  test("fit a phone of 320 pixels, and nothing jumps when prices move", async () => {
    const site = await startStocks();
    await site.quote({
      AAA: { price: 99.99, change: 1, simulated: true },
      "A-RATHER-LONG-SYMBOL": { price: 12_345.67, change: -1000, simulated: true },
    });
    const page = await visit(site.url, { viewport: { width: 320, height: 640 } });
    await connection(page, "live");
    await drawn(page, "A-RATHER-LONG-SYMBOL");
    expect(await overflow(page)).toBe(0);
    await row(page, "AAA").click();
    await drawn(page, "AAA");
    expect(await overflow(page)).toBe(0);
    // By their place on the page: it may still be scrolling.
    const places = (): Promise<string[]> =>
      page.locator("[data-testid=row], [data-testid=chart], .day dl, .summary, .cell-spark").evaluateAll((elements) => {
        const top = document.body.getBoundingClientRect().top;
        return elements.map((element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          return [x, y - top, width, height].map((length) => length.toFixed(1)).join(" ");
        });
      });
    const before = await places();
    for (const price of [100.01, 98.5, 101.25]) {
      await site.quote({ AAA: { price, change: 1.5, simulated: true } });
      await expect.poll(() => page.getByTestId("detail-price").innerText()).toBe(price.toFixed(2));
      expect(await places()).toEqual(before);
    }
  });

  test("say that a market is simulated, and only then, and how others get there", async () => {
    const site = await startStocks({ stocks: { source: undefined } });
    const page = await visit(site.url);
    await page.getByTestId("simulated").waitFor();
    await expect.poll(() => page.getByTestId("row").count()).toBe(60);
    await page.getByText("nobody has ever paid these prices").waitFor();
    await page.getByTestId("detail").getByText("Simulated").waitFor();
    await page.getByTestId("about").locator("summary").click();
    await page.getByText("artesian-demo --quotes https://example.com/prices.json").waitFor();
    await page.getByText(`${site.origin}/events/stream`).waitFor();
    await expect
      .poll(() => page.getByRole("link", { name: "www.tradingview.com" }).getAttribute("href"))
      .toBe("https://www.tradingview.com/");
    // It moves.
    const before = await shownPrices(page);
    await expect.poll(() => shownPrices(page)).not.toEqual(before);

    const real = await startStocks();
    await real.quote({ AAA: 10 });
    const other = await visit(real.url);
    await row(other, "AAA").waitFor();
    expect(await other.getByTestId("simulated").count()).toBe(0);
    expect(await other.getByTestId("detail").getByText("Simulated").isVisible()).toBe(false);
  });

  test("have the right last price of 500 symbols after a storm", async () => {
    const site = await startStocks();
    const symbols = Array.from({ length: 500 }, (_, i) => `S${String(i).padStart(3, "0")}`);
    await site.quote(Object.fromEntries(symbols.map((symbol, i) => [symbol, i + 1])));
    const page = await visit(site.url);
    await connection(page, "live");
    await expect.poll(() => page.getByTestId("row").count()).toBe(500);
    for (let round = 1; round <= 40; round++) {
      await site.quote(Object.fromEntries(symbols.map((symbol, i) => [symbol, i + 1 + round / 100])));
    }
    await showing(page, Object.fromEntries(symbols.map((symbol, i) => [symbol, (i + 1.4).toFixed(2)])));
    expect(site.streams).toHaveLength(1);
  });

  test("load the chart apart from the page, and 90 kB of code and styles in all", async () => {
    // As built for people: tests build with the development code of libraries.
    const pages = fileURLToPath(new URL("../../demo/dist/pages", import.meta.url));
    const html = await readFile(join(pages, "stocks/page/index.html"), "utf8");
    const chart = (await readdir(join(pages, "assets"))).filter((name) => /^price-chart.*\.js$/.test(name));
    expect(chart).toHaveLength(1);
    const first = [...html.matchAll(/assets\/([^"]+\.(?:js|css))"/g)].map(([, name = ""]) => name);
    const sizes = await Promise.all([...first, ...chart].map(async (name) => (await stat(join(pages, "assets", `${name}.br`))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(90_000);
    expect(html).not.toContain("price-chart");
  });
});
