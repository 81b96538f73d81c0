import { createServer } from "node:http";
import { expect, test } from "vitest";
import { GIF } from "../../support/pictures.ts";
import { listen } from "../../support/server.ts";
import { overflow, violations, visit } from "../chat-site.ts";
import { addItem, roundsOf, shiftsFromStart, startNews, titles, usePages } from "../news-site.ts";

usePages();

test.each([390, 1280])(
  "pictures of headlines come through the news' own server at %d px, without a hole and without a shift",
  async (width) => {
    const server = createServer((req, res) => {
      if (req.url === "/bad.gif") res.writeHead(404).end();
      else if (req.url === "/drawing.svg") res.setHeader("Content-Type", "image/svg+xml").end("<svg/>");
      else res.setHeader("Content-Type", "image/gif").end(GIF);
    });
    const origin = await listen(server);
    const site = await startNews({ names: ["river", "hill"], news: { allowAddress: () => true } });
    addItem(site, "river", "without");
    addItem(site, "river", "drawing", { image: `${origin}/drawing.svg`, summary: "This one is refused." });
    addItem(site, "river", "bad", { image: `${origin}/bad.gif` });
    addItem(site, "river", "good", { image: `${origin}/good.gif`, summary: "This one is large." });
    addItem(site, "hill", "hill", { image: `${origin}/hill.gif` });
    await roundsOf(site, 2);
    const page = await visit(`${site.origin}/news`, { viewport: { width, height: 844 }, colorScheme: width === 390 ? "light" : "dark" });
    await expect.poll(() => titles(page, "river")).toEqual(["good", "bad", "drawing", "without"]);
    const shifts = await shiftsFromStart(page);
    await page.reload();
    await expect.poll(() => titles(page, "river")).toHaveLength(4);
    const pictures = page.locator("[data-feed=river]").getByTestId("picture");
    const picture = (index: number): Promise<[string | null, boolean]> =>
      pictures.nth(index).evaluate((box) => [box.getAttribute("data-failed"), (box.querySelector("img")?.naturalWidth ?? 0) > 0]);
    await pictures.last().scrollIntoViewIfNeeded();
    await expect.poll(() => picture(0)).toEqual(["false", true]);
    await expect.poll(() => picture(1)).toEqual(["true", false]);
    await expect.poll(() => picture(2)).toEqual(["true", false]);
    expect(await pictures.count()).toBe(3);
    // The frame of a failed one is as large as another's, and has the feed's letter.
    const [bad, drawing] = [await pictures.nth(1).boundingBox(), await pictures.nth(2).boundingBox()];
    expect([bad?.width, bad?.height]).toEqual([drawing?.width, drawing?.height]);
    expect(bad?.height).toBeGreaterThan(40);
    expect(await pictures.nth(1).innerText()).toBe("T");
    const image = page.getByTestId("picture").first().locator("img");
    expect(await image.evaluate((img: HTMLImageElement) => [img.loading, img.width > 0, img.getAttribute("height")])).toEqual([
      "lazy",
      true,
      "360",
    ]);
    const { sum, sources } = await shifts();
    expect(sum, sources.join("\n")).toBeLessThanOrEqual(0.05);
    expect(await overflow(page)).toBe(0);
    await page.getByTestId("pause").click();
    expect(await violations(page)).toEqual([]);
  },
);
