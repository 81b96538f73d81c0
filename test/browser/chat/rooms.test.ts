import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { connection, overflow, startSite, usePages, violations, visit } from "../chat-site.ts";
import { enter, say, saying } from "./talking.ts";

usePages();

const ROOMS = { lobby: "/chat/lobby", meeting: `/chat/${encodeURIComponent("会议室")}` } as const;

async function listed(page: Page): Promise<string[]> {
  return page
    .getByTestId("room")
    .evaluateAll((rooms) => rooms.map((room) => (room as HTMLElement).innerText.replaceAll(/\s+/g, " ").trim()));
}

test.each([
  { locale: "en-US", here: "here", unread: "unread messages", heading: "Your rooms", elsewhere: ", 2 unread in other rooms" },
  { locale: "zh-CN", here: "当前", unread: "条未读消息", heading: "去过的房间", elsewhere: "，其他房间有 2 条未读消息" },
])("a visitor's rooms are listed with the messages that came since, in $locale", async ({ locale, here, unread, heading, elsewhere }) => {
  const site = await startSite({ chat: { bot: undefined } });
  const grace = await enter(site.origin + ROOMS.meeting, "Grace");
  const ada = await enter(site.origin + ROOMS.meeting, "Ada", { locale });
  // Somebody who was in one room has no list.
  expect(await ada.getByTestId("rooms").count()).toBe(0);
  await say(grace, "seen");
  await saying(ada, "seen").waitFor();

  await ada.goto(site.origin + ROOMS.lobby);
  await connection(ada, "live");
  await ada.getByRole("heading", { name: heading }).waitFor();
  expect(await listed(ada)).toEqual([`lobby ${here}`, "会议室"]);
  expect(await ada.locator("[data-testid=room][aria-current=page]").innerText()).toContain("lobby");
  await say(grace, "first");
  await say(grace, "second");
  await saying(grace, "second").waitFor();
  // The page counts again while it is seen.
  await expect.poll(() => listed(ada), { timeout: 20_000 }).toEqual([`lobby ${here}`, `会议室 2 ${unread}`]);
  expect(await violations(ada)).toEqual([]);

  // On a phone, the button that opens the list tells of them.
  await ada.setViewportSize({ width: 320, height: 600 });
  const toggle = ada.locator(".people-toggle");
  expect(await toggle.innerText()).toContain(elsewhere);
  await toggle.click();
  await ada.getByTestId("rooms").waitFor();
  expect(await violations(ada)).toEqual([]);
  expect(await overflow(ada)).toBe(0);

  // By keyboard into the room, where all is read then.
  await ada.locator("[data-testid=room]:not([aria-current])").focus();
  await ada.keyboard.press("Enter");
  await ada.waitForURL(site.origin + ROOMS.meeting);
  await saying(ada, "second").waitFor();
  const counted = ada.waitForResponse((response) => response.url().includes("/unread?"));
  await ada.goto(site.origin + ROOMS.lobby);
  await counted;
  await ada.getByTestId("rooms").waitFor({ state: "attached" });
  await expect.poll(() => ada.getByTestId("unread").count()).toBe(0);
});

test("another tab that looks into a room takes its number away", async () => {
  const site = await startSite({ chat: { bot: undefined } });
  const grace = await enter(site.origin + ROOMS.meeting, "Grace");
  const ada = await enter(site.origin + ROOMS.meeting, "Ada");
  await ada.goto(site.origin + ROOMS.lobby);
  await connection(ada, "live");
  await say(grace, "news");
  await expect.poll(() => ada.getByTestId("unread").allInnerTexts(), { timeout: 20_000 }).toEqual(["1"]);
  const second = await ada.context().newPage();
  await second.goto(site.origin + ROOMS.meeting);
  await saying(second, "news").waitFor();
  await ada.bringToFront();
  await expect.poll(() => ada.getByTestId("unread").count()).toBe(0);
});

test("a browser without storage has one room, and one with another's entry too", async () => {
  const site = await startSite({ chat: { bot: undefined } });
  const page = await visit(`${site.origin}/chat/lobby`, { nickname: "Ada" });
  for (const entry of ["{}", "[1,null]", "[]]", '[{"room":"No room","id":"x"},{"room":"tea"}]', '"x"']) {
    await page.evaluate((value) => localStorage.setItem("artesian.chat.rooms", value), entry);
    await page.reload();
    await connection(page, "live");
    expect(await page.getByTestId("rooms").count()).toBe(0);
  }
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, "localStorage", {
      get() {
        throw new DOMException("blocked", "SecurityError");
      },
    });
  });
  await page.reload();
  await connection(page, "live");
  await page.goto(site.origin + ROOMS.meeting);
  await connection(page, "live");
  expect(await page.getByTestId("rooms").count()).toBe(0);
});
