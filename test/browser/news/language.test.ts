import { expect, test } from "vitest";
import { connection, violations, visit } from "../chat-site.ts";
import { startNews, titles, usePages } from "../news-site.ts";

usePages();

test.each(["light", "dark"] as const)("the news are in Chinese for a Chinese browser, in %s", async (colorScheme) => {
  const site = await startNews({ sample: true });
  const page = await visit(`${site.origin}/news`, { locale: "zh-CN", colorScheme });
  await connection(page, "live");
  await expect.poll(() => titles(page, "sample-zh")).toHaveLength(7);
  expect(await page.title()).toBe("Artesian 新闻");
  expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
  await page.getByTestId("sample-note").getByText("这些新闻都是虚构的。").waitFor();
  expect(await page.getByTestId("feeds-state").innerText()).toBe("全部正常");
  expect(await page.getByTestId("filter").getAttribute("placeholder")).toBe("按关键词筛选");
  const age = page.locator("[data-feed=sample-zh] [data-testid=headline] time").last();
  await expect.poll(() => age.innerText()).toMatch(/^\d 分钟前$/);
  expect(await age.getAttribute("title")).toMatch(/^\d{4}年\d+月\d+日/);
  await page.getByTestId("feeds-panel").locator("summary").click();
  await page.getByTestId("feed-status").first().getByText("每 5 秒读取一次。").waitFor();
  await page.getByTestId("pause").click();
  expect(await violations(page)).toEqual([]);

  await page.getByTestId("language").selectOption("en");
  await page.getByTestId("sample-note").getByText("These headlines are invented.").waitFor();
  await expect.poll(() => page.title()).toBe("Artesian news");
  await expect.poll(() => age.innerText()).toMatch(/^\d min ago$/);
  await page.getByTestId("feed-status").first().getByText("Asked every 5 s.").waitFor();
});

test("troubles of the server are told in the page's language, and the address keeps it", async () => {
  const site = await startNews({ names: ["hill"] });
  const page = await visit(`${site.origin}/news?lang=zh-CN`);
  await connection(page, "live");
  // Asked for a feed that it does not have.
  const trouble = page.locator("[data-testid=feed][data-feed=hill]").getByTestId("trouble");
  await expect.poll(() => trouble.innerText()).toMatch(/^出错已持续 \d+ 秒。http:\/\/127\.0\.0\.1:\d+\/hill\.json 返回了 404。/);
  site.feeds.gate = (_req, res) => {
    res.end("<h1>no feed</h1>");
    return true;
  };
  await site.nextRound();
  await trouble.getByText("不是订阅源").waitFor();
  await page.reload();
  await trouble.getByText("不是订阅源").waitFor();
  expect(new URL(page.url()).searchParams.get("lang")).toBe("zh-CN");

  site.gate = (req, res) => {
    if (req.url !== "/news/api/feeds") return false;
    res.writeHead(404).end();
    return true;
  };
  const other = await visit(`${site.origin}/news`, { locale: "zh-CN" });
  await other.getByTestId("connection-problem").getByText("此服务器没有运行新闻").waitFor();
  await other.getByTestId("language").selectOption("en");
  await other.getByTestId("connection-problem").getByText("does not run the news").waitFor();
});
