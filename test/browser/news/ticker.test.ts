import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { violations } from "../chat-site.ts";
import { publish, startTwo, usePages } from "../news-site.ts";

usePages();

/** Where the headlines in the ticker are, by their text. */
function places(page: Page): Promise<Record<string, number>> {
  return page
    .getByTestId("roll")
    .evaluateAll((items) => Object.fromEntries(items.map((item) => [item.textContent ?? "", item.getBoundingClientRect().left])));
}

/** How far the ticker's first headline moves within some frames. */
async function moved(page: Page): Promise<number> {
  const item = page.getByTestId("roll").first();
  return await item.evaluate(async (element) => {
    const before = element.getBoundingClientRect().left;
    for (let i = 0; i < 12; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
    return before - element.getBoundingClientRect().left;
  });
}

describe("the ticker", () => {
  test("rolls, with a new headline before the old ones, and never the same one twice at a time", async () => {
    const { site, page } = await startTwo();
    expect(await moved(page)).toBeGreaterThan(0);
    await publish(site, "river", "Breaking");
    await expect.poll(async () => Object.keys(await places(page)).some((text) => text.includes("Breaking"))).toBe(true);
    const all = await page.getByTestId("roll").evaluateAll((items) => items.map((item) => item.querySelector("a")?.textContent));
    expect(new Set(all).size).toBe(all.length);
  });

  test("stands while the pointer is on it, while the focus is in it, and when it is told to", async () => {
    const { page } = await startTwo();
    const lane = page.getByTestId("lane");
    await lane.hover();
    await expect.poll(() => lane.getAttribute("data-stands")).toBe("true");
    await expect.poll(() => moved(page)).toBe(0);
    await page.getByTestId("filter").hover();
    await expect.poll(() => moved(page)).toBeGreaterThan(0);

    // The last one is most likely still half outside; who tabs to it sees it whole.
    await page.getByTestId("roll").last().getByRole("link").focus();
    await expect.poll(() => lane.getAttribute("data-stands")).toBe("true");
    await expect.poll(() => moved(page)).toBe(0);
    const isWithin = async (): Promise<boolean> => {
      const [item, view] = [await page.getByTestId("roll").last().boundingBox(), await lane.boundingBox()];
      return item !== null && view !== null && item.x >= view.x - 1 && item.x + item.width <= view.x + view.width + 1;
    };
    await expect.poll(isWithin).toBe(true);
    await page.getByTestId("filter").focus();
    await expect.poll(() => moved(page)).toBeGreaterThan(0);

    await page.getByTestId("pause").click();
    await page.getByTestId("filter").hover();
    await expect.poll(() => moved(page)).toBe(0);
    await page.reload();
    await page.getByTestId("roll").first().waitFor();
    await expect.poll(() => moved(page)).toBe(0);
    await page.getByTestId("pause").click();
    await page.getByTestId("filter").hover();
    await expect.poll(() => moved(page)).toBeGreaterThan(0);
  });

  test("does not move for a reader who wants no motion, from the start or from now on", async () => {
    const { site, page } = await startTwo({ reducedMotion: "reduce" });
    const ticker = page.getByTestId("ticker");
    await expect.poll(() => ticker.getAttribute("data-rolling")).toBe("false");
    await expect.poll(() => page.getByTestId("roll").count()).toBe(2);
    expect(await page.getByTestId("pause").count()).toBe(0);
    const before = await places(page);
    await expect.poll(() => moved(page)).toBe(0);
    expect(await places(page)).toEqual(before);
    expect(await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length)).toBe(0);
    await publish(site, "river", "river 4");
    await page.getByTestId("show-new").click();
    await page.getByTestId("roll").getByText("river 4").waitFor();
    expect(await violations(page)).toEqual([]);

    await page.emulateMedia({ reducedMotion: "no-preference" });
    await expect.poll(() => moved(page)).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await expect.poll(() => ticker.getAttribute("data-rolling")).toBe("false");
    await expect.poll(() => moved(page)).toBe(0);
  });
});
