import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, overflow, startSite, usePages, violations, visit } from "./chat-site.ts";

usePages();

async function enter(url: string, nickname: string, options = {}): Promise<Page> {
  const page = await visit(url, { nickname, ...options });
  await connection(page, "live");
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("send").click();
}

/** Where screenshots go, for a person to look at. */
const SHOTS = process.env["ARTESIAN_SHOTS"];

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png` });
}

const QUOTE = { symbol: "ARTWL", price: 182.4, change: 1.5, changePercent: 0.83, time: "2026-11-29T12:00:00Z", simulated: true };

describe.each([
  ["en", 390, "light", "Stop", "Try again"],
  ["zh-CN", 1280, "dark", "停止", "重试"],
] as const)("the bot's messages in %s at %i px, %s", (lang, width, colorScheme, stop, again) => {
  const options = { viewport: { width, height: 1000 }, colorScheme };

  test("an answer is stopped by its asker, and asked for again", async () => {
    let times = 0;
    const site = await startSite({
      chat: {
        bot: {
          async *reply(_, { signal }) {
            times++;
            yield "Deep ";
            if (times === 1)
              await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
            yield "down";
          },
        },
      },
    });
    const url = `${site.origin}/chat/lobby?lang=${lang}`;
    const ada = await enter(url, "Ada", options);
    const grace = await enter(url, "Grace", options);
    await say(ada, "@artie how deep?");
    await grace.getByTestId("reply-text").getByText("Deep").waitFor();
    expect(await grace.getByTestId("stop-answer").count()).toBe(0);
    await ada.getByTestId("stop-answer").waitFor();
    expect(await ada.getByTestId("stop-answer").innerText()).toBe(stop);
    await shoot(ada, `bot-stop-${lang}-${width}-${colorScheme}`);
    expect(await violations(ada)).toEqual([]);
    await ada.getByTestId("stop-answer").click();

    await grace.locator('[data-testid=answer-end][data-cut="stopped"]').waitFor();
    expect(await grace.getByTestId("ask-again").count()).toBe(0);
    const retry = ada.getByTestId("ask-again");
    await retry.waitFor();
    expect(await retry.innerText()).toBe(again);
    await shoot(ada, `bot-again-${lang}-${width}-${colorScheme}`);
    expect(await violations(ada)).toEqual([]);
    expect(await overflow(ada)).toBe(0);
    await retry.click();
    await ada.getByText("Deep down", { exact: true }).waitFor();
  });

  test("a price is a card that follows the hub, and the news are a card of links", async () => {
    const site = await startSite();
    await site.hub.publish({ topic: "/quotes/ARTWL", type: "quote", data: JSON.stringify(QUOTE) });
    const item = { id: "a", title: "Water rises in the old well", link: "https://example.com/a", feed: { name: "town", title: "Town" } };
    await site.hub.publish({ topic: "/news/town", type: "item", data: JSON.stringify({ ...item, seen: "2026-11-29T12:00:00Z" }) });
    const ada = await enter(`${site.origin}/chat/lobby?lang=${lang}`, "Ada", options);
    await say(ada, "/price ARTWL");
    const card = ada.getByTestId("price-card");
    await card.waitFor();
    expect(await card.getByTestId("price").innerText()).toBe("182.40");
    await say(ada, "/news");
    const link = ada.getByTestId("news-card").getByRole("link", { name: item.title });
    await link.waitFor();
    expect(await link.getAttribute("href")).toBe(item.link);
    // The card subscribes after the first drawing. The price may have changed by then.
    let cents = 0;
    await expect
      .poll(async () => {
        const data = JSON.stringify({
          ...QUOTE,
          price: 190 + ++cents / 100,
          time: new Date(Date.parse(QUOTE.time) + cents * 1000).toISOString(),
        });
        await site.hub.publish({ topic: "/quotes/ARTWL", type: "quote", data });
        return [await card.getAttribute("data-live"), await card.getByTestId("price").innerText()];
      })
      .toEqual(["true", expect.stringMatching(/^190\.\d\d$/)]);
    await shoot(ada, `bot-cards-${lang}-${width}-${colorScheme}`);
    expect(await violations(ada)).toEqual([]);
    expect(await overflow(ada)).toBe(0);
  });
});
