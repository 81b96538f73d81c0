import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { connection, violations, visit } from "../chat-site.ts";
import { addItem, publish, roundsOf, startNews, startTwo, titles, usePages } from "../news-site.ts";

usePages();

/** Leaves the page alone for longer than its reader takes to count as idle. */
async function beIdle(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 3500)));
}

test("headlines enter while the reader is idle at the top, and else wait", async () => {
  const { site, page } = await startTwo({ letsIn: true });
  const first = async (): Promise<string | undefined> => (await titles(page, "river"))[0];
  await publish(site, "river", "river 4");
  await expect.poll(first).toBe("river 4");
  await expect.poll(() => page.locator("[data-fresh=true]").count()).toBe(1);

  // Under the pointer.
  await page.locator("[data-feed=hill] [data-testid=headline]").first().hover();
  await publish(site, "river", "river 5");
  await page.getByTestId("show-new").getByText("1 new headline").waitFor();
  await beIdle(page);
  expect(await first()).toBe("river 4");
  await page.getByTestId("filter").hover();
  await expect.poll(first).toBe("river 5");

  // Further down.
  await page.setViewportSize({ width: 1000, height: 400 });
  await page.mouse.wheel(0, 300);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(100);
  await page.mouse.move(0, 0);
  await publish(site, "river", "river 6");
  await page.getByTestId("show-new").waitFor();
  await beIdle(page);
  expect(await first()).toBe("river 5");
  await page.evaluate(() => scrollTo(0, 0));
  await expect.poll(first).toBe("river 6");

  // Under the keyboard's focus.
  await page.keyboard.press("j");
  const focused = page.locator("[data-testid=headline]:focus");
  // What scrolls has come to rest.
  await beIdle(page);
  const before = await focused.boundingBox();
  await publish(site, "river", "river 7");
  await page.getByTestId("show-new").waitFor();
  await beIdle(page);
  expect(await focused.boundingBox()).toEqual(before);
  await page.getByTestId("roll-in").click();
  await page.mouse.move(0, 0);
  await beIdle(page);
  expect(await first()).toBe("river 6");
});

test("a line tells what has come since the last visit", async () => {
  let at = Date.now() - 3 * 3_600_000;
  const site = await startNews({ names: ["hill"], news: { now: () => at } });
  for (const title of ["hill 1", "hill 2"]) addItem(site, "hill", title);
  await roundsOf(site, 1);
  at += 3_600_000;
  for (const title of ["hill 3", "hill 4"]) addItem(site, "hill", title);
  await site.nextRound();
  at = Date.now();
  const localStorage = [{ name: "artesian.news.visit", value: `${at - 2.5 * 3_600_000} NaN` }];
  const page = await visit(`${site.origin}/news`, { storageState: { cookies: [], origins: [{ origin: site.origin, localStorage }] } });
  await expect.poll(() => titles(page, "hill")).toHaveLength(4);
  const rows = page.getByTestId("headlines").locator("li");
  await expect.poll(() => rows.nth(2).innerText()).toBe("↑ Since your last visit, 2 h ago");
  // A reload belongs to the same visit.
  await page.reload();
  await page.getByTestId("visit-mark").waitFor();
  await page.getByTestId("language").selectOption("zh-CN");
  await page.getByTestId("visit-mark").getByText("以上是你上次访问（2 小时前）之后的新闻").waitFor();
});

test("keys move, open and mark, and never act while the reader types", async () => {
  const { site, page } = await startTwo();
  const focused = (): Promise<string | undefined> =>
    page.evaluate(() => document.activeElement?.querySelector("h3 [dir=auto]")?.textContent ?? undefined);
  const readOnes = (): Promise<string[]> => page.locator("[data-testid=headline][data-read=true] h3 [dir=auto]").allInnerTexts();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  expect(await focused()).toBe("river 2");
  await page.keyboard.press("k");
  expect(await focused()).toBe("river 3");
  await page.keyboard.press("k");
  expect(await focused()).toBe("river 3");
  await page.context().route("https://river.example/**", (route) => route.fulfill({ body: "" }));
  for (const key of ["o", "Enter"]) {
    const opened = page.context().waitForEvent("page");
    await page.keyboard.press(key);
    await (await opened).close();
    await page.keyboard.press("j");
  }
  expect(await readOnes()).toEqual(["river 3", "river 2"]);
  await page.reload();
  await expect.poll(readOnes).toEqual(["river 3", "river 2"]);
  const other = await page.context().newPage();
  await other.goto(`${site.origin}/news`);
  await connection(other, "live");
  await other.keyboard.press("j");
  await other.keyboard.press("m");
  await expect.poll(readOnes).toEqual(["river 2"]);
  await other.close();

  await publish(site, "river", "river 4");
  await page.getByTestId("show-new").waitFor();
  await page.getByTestId("filter").focus();
  await page.keyboard.type("jknom?/");
  await expect.poll(() => page.getByTestId("filter").inputValue()).toBe("jknom?/");
  expect(await page.getByTestId("keys-dialog").count()).toBe(0);
  await page.keyboard.press("Escape");
  await page.getByTestId("feed-choice").getByRole("button").first().focus();
  await page.keyboard.press("Control+j");
  await page.keyboard.press("n");
  await expect.poll(focused).toBe("river 4");
  await page.keyboard.press("/");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("filter");
  expect(await page.getByTestId("filter").inputValue()).toBe("");

  await page.getByTestId("roll-in").focus();
  await page.keyboard.press("?");
  const dialog = page.getByTestId("keys-dialog");
  await dialog.waitFor();
  await page.getByTestId("pause").evaluate((button: HTMLElement) => button.click());
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("j");
  await page.getByTestId("keys-on").uncheck();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await page.keyboard.press("j");
  await page.getByTestId("keys").click();
  await dialog.waitFor();
});

test("at most 2,000 headlines are remembered as read", async () => {
  const { page } = await startTwo();
  const marks = Array.from({ length: 2000 }, (_, index) => `mark-${index}`).join(" ");
  await page.evaluate((value) => localStorage.setItem("artesian.news.read", value), marks);
  await page.keyboard.press("j");
  await page.keyboard.press("m");
  const kept = (await page.evaluate(() => localStorage.getItem("artesian.news.read")))?.split(" ") ?? [];
  expect([kept.length, kept[0]]).toEqual([2000, "mark-1"]);
  await expect.poll(() => page.locator("[data-read=true]").count()).toBe(1);
});

test("Chinese that is being composed does not filter, and finds a part of a title when it is", async () => {
  const { site, page } = await startTwo();
  addItem(site, "hill", "北京今日晴", { summary: "午后转多云" });
  await site.nextRound();
  await page.getByTestId("show-new").click();
  const input = page.getByTestId("filter");
  await input.focus();
  const session = await page.context().newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "jin ri", selectionStart: 6, selectionEnd: 6 });
  await expect.poll(() => input.inputValue()).toBe("jin ri");
  expect(await page.getByTestId("headline").count()).toBe(7);
  await session.send("Input.insertText", { text: "今日" });
  await expect.poll(() => titles(page, "hill")).toEqual(["北京今日晴"]);
  await expect.poll(() => page.getByTestId("headline").count()).toBe(1);
  await input.fill("多云");
  await expect.poll(() => titles(page, "hill")).toEqual(["北京今日晴"]);
  await input.fill("The hill");
  await expect.poll(() => page.getByTestId("headline").count()).toBe(4);
});
