import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, overflow, startSite, usePages, violations, visit } from "../chat-site.ts";
import { enter, say, saying } from "./talking.ts";

usePages();

const CHINESE = { locale: "zh-CN" };

/** Words on the page that no Chinese reader needs: everything of Latin letters but names. */
async function englishWords(page: Page): Promise<string[]> {
  const text = await page.locator("main, header.chat-head, aside, dialog").evaluateAll((parts) =>
    parts.map((part) => {
      const copy = part.cloneNode(true) as Element;
      for (const avatar of copy.querySelectorAll(".avatar")) avatar.remove();
      return copy.textContent;
    }),
  );
  return (text.join(" ").match(/[A-Za-z]{2,}/g) ?? []).filter((word) => !["Artesian", "artie", "Ada", "lobby"].includes(word));
}

describe("the chat's languages", () => {
  test("are those of the browser, and of the switch", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await visit(`${site.origin}/chat/lobby`, CHINESE);
    await connection(page, "live");
    await page.getByRole("heading", { name: "怎么称呼你？" }).waitFor();
    expect(await page.getByTestId("nickname-input").inputValue()).toMatch(/^\p{Script=Han}+$/u);
    expect(await englishWords(page)).toEqual([]);
    await page.getByTestId("nickname-input").fill("小明");
    await page.getByTestId("nickname-confirm").click();
    await expect.poll(() => page.getByTestId("person").innerText()).toContain("小明");
    await expect.poll(() => page.title()).toBe("lobby · Artesian 聊天");
    await say(page, "你好");
    await saying(page, "你好").waitFor();
    await page.getByTestId("composer").fill("half written");
    await page.getByTestId("language").selectOption("en");
    await expect.poll(() => page.getByTestId("send").innerText()).toBe("Send");
    await expect.poll(() => page.title()).toBe("lobby · Artesian chat");
    expect(await page.getByTestId("composer").inputValue()).toBe("half written");
    await page.getByTestId("messages").getByText("You", { exact: true }).waitFor();
  });

  test("are also those of refusals", async () => {
    const site = await startSite();
    const page = await enter(`${site.origin}/chat/lobby`, "artíe", CHINESE);
    await say(page, "你好");
    const alert = page.getByRole("alert").filter({ hasText: "发送失败" });
    await expect.poll(() => alert.innerText()).toContain("这个昵称和机器人的名字太像");
    await page.getByTestId("language").selectOption("en");
    await page.getByRole("alert").filter({ hasText: "reads as the bot's" }).waitFor();
  });

  test("name rooms in any script", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/会议室/`, "小明", CHINESE);
    expect(page.url()).toBe(`${site.origin}/chat/${encodeURIComponent("会议室")}`);
    await expect.poll(() => page.getByRole("heading", { level: 1 }).innerText()).toContain("会议室");
    await say(page, "开会了");
    await saying(page, "开会了").waitFor();
    await expect.poll(() => page.getByTestId("person").innerText()).toContain("小明");
    const other = await enter(`${site.origin}/chat/${encodeURIComponent("会议室")}`, "Ada");
    await saying(other, "开会了").waitFor();
    await page.getByTestId("invite").click();
    expect(await page.getByTestId("room-link").inputValue()).toBe(`${site.origin}/chat/${encodeURIComponent("会议室")}`);
    await page.getByTestId("room-input").fill("周末 去哪");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${site.origin}/chat/${encodeURIComponent("周末-去哪")}`);
  });

  test.each(["light", "dark"] as const)("are accessible and fit a phone in %s", async (colorScheme) => {
    const site = await startSite();
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { ...CHINESE, colorScheme, viewport: { width: 320, height: 568 } });
    await page.getByTestId("person").waitFor({ state: "attached" });
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    expect(await englishWords(page)).toEqual([]);
    await page.getByTestId("invite").click();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
});
