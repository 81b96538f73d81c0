import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, visit } from "./chat-site.ts";
import { shownSymbols, startStocks, usePages } from "./stocks-site.ts";

usePages();

function chosen(page: Page): Promise<string | null> {
  return page.getByTestId("detail").getAttribute("data-symbol");
}

describe("a link to a symbol", () => {
  test("shows it, and the back button leads to the ones before", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10, BBB: 20, "C/C": 30 });
    const page = await visit(`${site.url}#BBB`);
    await connection(page, "live");
    await expect.poll(() => chosen(page)).toBe("BBB");
    await page.locator('[data-symbol="C/C"][data-testid=row]').click();
    await expect.poll(() => page.url()).toBe(`${site.url}#C%2FC`);
    await page.locator('[data-symbol="AAA"][data-testid=row]').click();
    await page.goBack();
    await expect.poll(() => chosen(page)).toBe("C/C");
    await page.goBack();
    await expect.poll(() => chosen(page)).toBe("BBB");
    await page.goForward();
    await expect.poll(() => chosen(page)).toBe("C/C");
    await page.reload();
    await expect.poll(() => chosen(page)).toBe("C/C");
  });

  test("is the page's address as soon as a symbol is shown, and one that is unknown says so", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10 });
    const page = await visit(`${site.url}?lang=en`);
    await expect.poll(() => page.url()).toBe(`${site.url}?lang=en#AAA`);
    const other = await visit(`${site.url}#NONE`);
    await other.getByTestId("chart").getByText("There is no symbol “NONE” here.").waitFor();
    await expect.poll(() => shownSymbols(other)).toEqual(["AAA"]);
    await other.getByTestId("view-watched").check();
    await expect.poll(() => shownSymbols(other)).toEqual([]);
    await other.getByTestId("chart").getByRole("button", { name: "Show all symbols" }).click();
    await expect.poll(() => shownSymbols(other)).toEqual(["AAA"]);
    // A published price makes the symbol known.
    await site.quote({ NONE: 5 });
    await other.getByTestId("chart").and(other.locator("[data-state=drawn]")).waitFor();
    expect(await other.getByTestId("unknown").count()).toBe(0);
  });
});

describe("a price alert", () => {
  test("is kept, and told once when the price is reached, also while the page is paused", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10, BBB: 20 });
    const page = await visit(`${site.url}#AAA`);
    await connection(page, "live");
    await expect.poll(() => page.getByTestId("detail-price").innerText()).toBe("10.00");
    const set = async (price: string): Promise<void> => {
      await page.getByTestId("alert-price").fill(price);
      await page.getByTestId("alert-add").click();
    };
    await set("10");
    await page.getByText("This price is there already").waitFor();
    await set("12");
    await set("8");
    const alerts = () => page.getByTestId("alert").evaluateAll((all) => all.map((each) => each.firstChild?.textContent));
    await expect.poll(alerts).toEqual(["AAA rises to 12.00", "AAA falls to 8.00"]);
    await page.reload();
    await connection(page, "live");
    await expect.poll(alerts).toEqual(["AAA rises to 12.00", "AAA falls to 8.00"]);
    // The watch list does not hold it, and it is followed.
    await page.getByTestId("view-watched").check();
    await page.getByTestId("pause").click();
    await site.quote({ AAA: 12.5 });
    const fired = page.getByTestId("alert-fired");
    await expect.poll(() => fired.innerText()).toContain("AAA is at 12.50. Your alert was at 12.00.");
    await expect.poll(alerts).toEqual(["AAA falls to 8.00"]);
    await page.getByTestId("alert-dismiss").click();
    await expect.poll(() => fired.count()).toBe(0);
    await page.getByTestId("alert-remove").click();
    await expect.poll(alerts).toEqual([]);
  });

  test("is a notification where the reader allows it, and only a click asks", async () => {
    const site = await startStocks();
    await site.quote({ AAA: 10 });
    const page = await visit(site.origin);
    await page.addInitScript(() => {
      const told: string[] = [];
      class FakeNotification extends EventTarget {
        static permission = "default";
        static requestPermission(): Promise<string> {
          told.push("asked");
          FakeNotification.permission = "granted";
          return Promise.resolve("granted");
        }
        constructor(_title: string, { body }: { body: string }) {
          super();
          told.push(body);
        }
      }
      Object.assign(globalThis, { told, Notification: FakeNotification });
    });
    const told = (): Promise<string[]> => page.evaluate(() => Reflect.get(globalThis, "told") as string[]);
    await page.goto(`${site.url}?lang=zh-CN#AAA`);
    await connection(page, "live");
    await expect.poll(() => page.getByTestId("detail-price").innerText()).toBe("10.00");
    await page.getByTestId("alert-price").fill("11");
    await page.getByTestId("alert-add").click();
    expect(await told()).toEqual([]);
    await page.getByTestId("alert-notify").click();
    await expect.poll(told).toEqual(["asked"]);
    await expect.poll(() => page.getByTestId("alert-notify").count()).toBe(0);
    await site.quote({ AAA: 11 });
    await expect.poll(told).toEqual(["asked", "AAA 现价 11.00，已到达提醒价 11.00。"]);
  });
});

describe("the pace", () => {
  test("is chosen with a slider that shows what it costs, and is kept", async () => {
    const site = await startStocks({ stocks: { source: undefined } });
    const page = await visit(site.url, { locale: "en-GB" });
    await connection(page, "live");
    const rate = async (): Promise<number> => {
      const [, value, unit] = /^([\d.,]+) (k?B)\/s/.exec(await page.getByTestId("pace-rate").innerText()) ?? [];
      return value === undefined ? Number.NaN : Number(value.replace(",", "")) * (unit === "kB" ? 1000 : 1);
    };
    const states: string[] = [];
    await page.exposeFunction("note", (state: string) => states.push(state));
    await page.getByTestId("connection").evaluate((badge) => {
      const note = Reflect.get(globalThis, "note") as (state: string | null) => void;
      new MutationObserver(() => note(badge.getAttribute("data-state"))).observe(badge, {
        attributes: true,
        attributeFilter: ["data-state"],
      });
    });
    await page.getByTestId("pace").fill("0");
    await expect.poll(() => site.streams.at(-1)).toContain("interval=50&");
    await page.getByText("Updates at most every 50 ms").waitFor();
    // Some 60 prices a second, of some 200 bytes.
    await expect.poll(rate).toBeGreaterThan(8000);
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
    await page.getByTestId("pace").fill("6");
    await expect.poll(() => site.streams.at(-1)).toContain("interval=5000&");
    // At most one price of each symbol in five seconds.
    await expect.poll(rate).toBeLessThan(5000);
    await expect.poll(rate).toBeGreaterThan(500);
    expect(states).toEqual([]);
    await page.reload();
    await expect.poll(() => site.streams.at(-1)).toContain("interval=5000&");
  });
});
