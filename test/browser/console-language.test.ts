import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { openStream } from "../support/stream.ts";
import { connection, overflow, violations, visit } from "./chat-site.ts";
import { type ConsoleSite, mintAdmin, startConsole, usePages } from "./console-site.ts";

usePages();

/** A browser whose user reads Chinese. */
async function enter(site: ConsoleSite, options: Parameters<typeof visit>[1] = {}): Promise<Page> {
  const page = await visit(`${site.origin}/console`, { locale: "zh-CN", ...options });
  await connection(page, "live");
  return page;
}

async function show(page: Page, view: string): Promise<void> {
  await page.getByRole("navigation", { name: "控制台", exact: true }).getByRole("link", { name: view, exact: true }).click();
}

describe("the console in Chinese", () => {
  test("has a door that says what it takes", async () => {
    const site = await startConsole({ open: false });
    const page = await visit(`${site.origin}/console`, { locale: "zh-CN" });
    const door = page.getByTestId("door");
    await door.getByText(/^npx artesian token mint --admin --public-url http/).waitFor();
    await door.getByText("--data 目录").waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("zh-CN");
    await page.getByLabel("管理员令牌").fill("不是令牌");
    await page.getByRole("button", { name: "进入" }).click();
    await page.getByRole("alert").filter({ hasText: "这不是令牌" }).waitFor();
    await page.getByLabel("管理员令牌").fill(await mintAdmin());
    await page.getByRole("button", { name: "进入" }).click();
    await connection(page, "live");
    await show(page, "手动操作");
    await page.getByRole("button", { name: "发布", exact: true }).click();
    await page.getByTestId("published").getByText("此令牌没有这项权限。").waitFor();
    await page.getByTestId("published").getByText("管理权限不含发布权限").waitFor();
    await page.getByRole("button", { name: "清除令牌" }).click();
    await door.waitFor();
  });

  test("names every view, figure and refusal", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site);
    await expect.poll(() => page.title()).toBe("概览 · Artesian 控制台");
    await expect
      .poll(() => page.locator("[data-figure=published] svg").getAttribute("aria-label"))
      .toMatch(/^发布：当前 [\d.]+\/秒；最近 2 分钟在/);
    await openStream(`${site.origin}/events/stream?match_urlpattern=/books/:id&interval=500&latest=on`);
    await show(page, "订阅者");
    await page.getByText("每 500 毫秒，只要最新").waitFor();
    await page.getByTestId("search").fill("books");
    await page.getByText("2 个订阅者中有 1 个匹配").waitFor();
    await page.getByTestId("close").click();
    await page.getByTestId("confirm-close").click();
    await page.getByTestId("said").getByText("已断开").waitFor();

    await show(page, "手动操作");
    await page.getByTestId("toggle-stream").click();
    await page.getByTestId("raw-state").getByText("已打开").waitFor();
    await page
      .getByTestId("raw")
      .getByText(/从.*继续|从现在开始/)
      .waitFor();
    await page.getByTestId("publish").getByLabel("主题", { exact: true }).fill("/console/stats");
    await page.getByRole("button", { name: "发布", exact: true }).click();
    await page.getByTestId("published").getByText("该主题由服务器保留").waitFor();
    await page.getByTestId("publish").getByLabel("主题", { exact: true }).fill("茶");
    await page.getByLabel("延迟").fill("3600000");
    await page.getByRole("button", { name: "发布", exact: true }).click();
    await page.getByTestId("what-became").click();
    await page.getByText("仍在等待").waitFor();
    await expect.poll(() => page.getByTestId("life").innerText()).toMatch(/预定于 \d{4}年\d{1,2}月\d{1,2}日/);
    await page.getByTestId("explain").getByLabel("事件 ID").fill("never-was");
    await page.getByTestId("explain").getByRole("button").click();
    await page.getByRole("alert").filter({ hasText: "找不到对应的更新" }).waitFor();
  });

  test("changes the language on the spot, and keeps what is typed and open", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site, { locale: "en-US" });
    await page.getByRole("navigation", { name: "Console", exact: true }).getByRole("link", { name: "By hand" }).click();
    await page.getByTestId("publish").getByLabel("Data").fill("typed");
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-testid=raw-state][data-raw=open]").waitFor();
    await page
      .getByTestId("raw")
      .getByText(/It begins now|It goes on after/)
      .waitFor();
    await page.getByTestId("language").selectOption("zh-CN");
    await page
      .getByTestId("raw")
      .getByText(/从.*继续|从现在开始/)
      .waitFor();
    await expect.poll(() => page.title()).toBe("手动操作 · Artesian 控制台");
    expect(await page.getByTestId("publish").getByLabel("数据").inputValue()).toBe("typed");
    await site.hub.publish({ topic: "greeting", data: "还在" });
    await page.getByTestId("raw").getByText("还在").waitFor();
  });

  test.each(["light", "dark"] as const)("is accessible in %s, and fits a phone", async (colorScheme) => {
    const site = await startConsole({ open: true });
    const page = await enter(site, { colorScheme, viewport: { width: 320, height: 568 } });
    await openStream(`${site.origin}/events/stream?match=a&match_urlpattern=/books/:id&interval=500`);
    for (const view of ["概览", "订阅者", "手动操作", "更新"]) {
      await show(page, view);
      expect(await violations(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
    }
  });
});
