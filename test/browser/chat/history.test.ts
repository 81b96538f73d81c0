import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { type Site, startSite, usePages, violations } from "../chat-site.ts";
import { enter, saying, texts } from "./talking.ts";

usePages();

const DAY_MS = 86_400_000;

/** Messages of several days, each an hour after the other. */
async function fill(site: Site, count: number): Promise<readonly { text: string; at: number }[]> {
  const end = new Date().setHours(12, 0, 0, 0) - DAY_MS;
  const lines = Array.from({ length: count }, (_, i) => ({ text: `line ${i + 1}`, at: end - (count - i) * 3_600_000 }));
  for (const { text, at } of lines) {
    const data = JSON.stringify({ id: text, nickname: "Curl", text, at });
    await site.hub.publish({ topic: "/chat/lobby", type: "chat", data, private: true });
  }
  return lines;
}

/** Where a message is on the screen. */
function topOf(page: Page, text: string): Promise<number> {
  return saying(page, text).evaluate((element) => element.getBoundingClientRect().top);
}

async function scrollToTop(page: Page): Promise<void> {
  await page.getByTestId("messages").evaluate((element) => (element.scrollTop = 0));
}

describe("the chat's history", () => {
  test("is read back to the first message, and the place stays", async () => {
    const site = await startSite({ chat: { bot: undefined, historyPerRoom: 50 } });
    const lines = await fill(site, 240);
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width: 800, height: 600 } });
    await expect.poll(() => texts(page)).toEqual(lines.slice(-50).map(({ text }) => text));
    // The page goes on while the answer is under way, and stands still when it comes.
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/history?*", async (route) => {
      await held;
      await route.continue();
    });
    await scrollToTop(page);
    await page.getByTestId("earlier").and(page.locator(":disabled")).waitFor();
    const before = await topOf(page, "line 191");
    release();
    await saying(page, "line 91").waitFor({ state: "attached" });
    expect(Math.abs((await topOf(page, "line 191")) - before)).toBeLessThan(2);
    await page.getByTestId("new-messages").waitFor();
    for (const first of ["line 1"]) {
      await scrollToTop(page);
      await saying(page, first).waitFor({ state: "attached" });
    }
    await expect.poll(() => texts(page)).toEqual(lines.map(({ text }) => text));
    await page.getByText("The talk begins here.").waitFor();
    await site.say("and now");
    await page.getByTestId("new-messages").getByText("1 new message").waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test("is entered at a day", async () => {
    const site = await startSite({ chat: { bot: undefined, historyPerRoom: 50 } });
    const lines = await fill(site, 400);
    const page = await enter(`${site.origin}/chat/lobby`, "小明", { locale: "zh-CN", viewport: { width: 390, height: 700 } });
    await saying(page, "line 400").waitFor();
    const day = new Date(lines[199]?.at ?? 0);
    const midnight = new Date(day).setHours(0, 0, 0, 0);
    const first = lines.find(({ at }) => at >= midnight)?.text ?? "";
    const goTo = async (date: Date): Promise<void> => {
      await page.locator(".people-toggle").click();
      await page
        .getByTestId("to-day")
        .fill([date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, "0")).join("-"));
      await page.getByTestId("go-to-day").click();
    };
    // A day that is here already takes nothing away.
    await goTo(new Date());
    await page.getByTestId("earlier").waitFor({ state: "attached" });
    expect(await page.getByText("聊天从这里开始。").count()).toBe(0);
    await goTo(day);
    const list = await page.getByTestId("messages").boundingBox();
    await expect
      .poll(async () => (await saying(page, first).count()) && Math.abs((await topOf(page, first)) - (list?.y ?? 0)))
      .toBeLessThan(120);
    expect(await violations(page)).toEqual([]);
  });

  test("says that it cannot be fetched, and tries again", async () => {
    const site = await startSite({ chat: { bot: undefined, historyPerRoom: 50 } });
    await fill(site, 80);
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await saying(page, "line 80").waitFor();
    site.gate = (req, res) => {
      if (req.url?.includes("/history") !== true) return false;
      res.writeHead(503).end();
      return true;
    };
    await scrollToTop(page);
    await page.getByRole("alert").filter({ hasText: "could not be fetched" }).waitFor();
    site.gate = () => false;
    await page.getByTestId("earlier").click();
    await saying(page, "line 1").waitFor({ state: "attached" });
  });
});
