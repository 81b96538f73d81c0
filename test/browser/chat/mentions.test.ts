import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, startSite, usePages, violations, visit } from "../chat-site.ts";
import { hideFor, show } from "../hidden.ts";
import { enter, saying } from "./talking.ts";

usePages();

interface Noticed {
  readonly title: string;
  readonly body: string;
}

/** A browser whose notifications the test sees. */
async function enterWithNotices(
  url: string,
  nickname: string,
  answer: "granted" | "denied",
): Promise<{ page: Page; readonly noticed: () => Promise<Noticed[]> }> {
  const page = await visit(url, { nickname, locale: "zh-CN" });
  await page.context().addInitScript((permission) => {
    const seen: unknown[] = [];
    Object.assign(globalThis, {
      seen,
      asked: 0,
      Notification: class extends EventTarget {
        static permission = "default";
        static requestPermission(): Promise<string> {
          Object.assign(globalThis, { asked: Number(Reflect.get(globalThis, "asked")) + 1 });
          this.permission = permission;
          return Promise.resolve(permission);
        }
        constructor(title: string, { body }: { body: string }) {
          super();
          seen.push({ title, body });
        }
      },
    });
  }, answer);
  await page.reload();
  await connection(page, "live");
  return { page, noticed: () => page.evaluate(() => Reflect.get(globalThis, "seen") as Noticed[]) };
}

describe("mentions", () => {
  test("are completed with the keys and the pointer, and marked in the text", async () => {
    const site = await startSite();
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada Lovelace", { locale: "zh-CN", colorScheme: "dark" });
    const grace = await enter(`${site.origin}/chat/lobby`, "小明");
    await expect.poll(() => grace.getByTestId("people-count").innerText()).toBe("2");
    await grace.getByTestId("composer").pressSequentially("Hi @a");
    await grace.getByTestId("names").getByRole("option").first().waitFor();
    expect(await grace.getByTestId("names").getByRole("option").allInnerTexts()).toEqual(["Ada Lovelace", "artie"]);
    expect(await violations(grace)).toEqual([]);
    await grace.keyboard.press("ArrowDown");
    await grace.locator("[role=option][aria-selected=true]", { hasText: "artie" }).waitFor();
    await expect.poll(() => grace.getByTestId("composer").getAttribute("aria-activedescendant")).toBe("name-1");
    await grace.keyboard.press("ArrowUp");
    await grace.keyboard.press("Enter");
    await expect.poll(() => grace.getByTestId("composer").inputValue()).toBe("Hi @Ada Lovelace ");
    await grace.getByTestId("names").waitFor({ state: "detached" });
    await grace.keyboard.type("and");
    await grace.keyboard.press("Enter");
    await grace.getByTestId("names").waitFor({ state: "detached" });
    await saying(ada, "Hi @Ada Lovelace and").locator(".mention.you").filter({ hasText: "@Ada Lovelace" }).waitFor();
    expect(await saying(grace, "Hi @Ada Lovelace and").locator(".mention.you").count()).toBe(0);
    await expect.poll(() => saying(grace, "Hi @Ada Lovelace and").getByTestId("mention").count()).toBe(1);
    expect(await violations(ada)).toEqual([]);
    expect(await violations(grace)).toEqual([]);

    await ada.getByTestId("composer").pressSequentially("你好＠");
    await ada.getByTestId("names").getByRole("option", { name: "小明" }).click();
    await expect.poll(() => ada.getByTestId("composer").inputValue()).toBe("你好＠小明 ");
    await ada.keyboard.type("@小");
    await ada.getByTestId("names").getByRole("option").waitFor();
    await ada.keyboard.press("Escape");
    await ada.getByTestId("names").waitFor({ state: "detached" });
    await ada.keyboard.press("Enter");
    await saying(grace, "你好＠小明 @小").locator(".mention.you").waitFor();
  });

  test("notify a reader who wants it, while the tab is hidden, and ask on a click only", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const { page: ada, noticed } = await enterWithNotices(`${site.origin}/chat/lobby`, "Ada", "granted");
    await site.say("@Ada one");
    await saying(ada, "@Ada one").waitFor();
    expect(await ada.evaluate(() => Reflect.get(globalThis, "asked") as number)).toBe(0);
    await ada.getByTestId("nickname").click();
    await ada.getByTestId("notify").check();
    expect(await violations(ada)).toEqual([]);
    await ada.keyboard.press("Escape");
    expect(await ada.evaluate(() => Reflect.get(globalThis, "asked") as number)).toBe(1);
    await connection(ada, "live");
    await site.say("@Ada two");
    await saying(ada, "@Ada two").waitFor();
    // Longer than a hidden page without notifications keeps its stream.
    await hideFor(ada, 60);
    await site.say("@Adam three");
    await site.say("@ada four");
    await expect.poll(noticed).toEqual([{ title: "Curl 在 lobby 提到了你", body: "@ada four" }]);
    await show(ada);
    await ada.getByTestId("nickname").click();
    await ada.getByTestId("notify").uncheck();
    await hideFor(ada, 1);
    await site.say("@Ada five");
    await saying(ada, "@Ada five").waitFor();
    expect(await noticed()).toHaveLength(1);
  });

  test("say when the browser does not allow notifications", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const { page } = await enterWithNotices(`${site.origin}/chat/lobby`, "Ada", "denied");
    await page.getByTestId("nickname").click();
    await page.getByTestId("notify").click();
    await page.getByRole("alert").filter({ hasText: "浏览器不允许发通知" }).waitFor();
    expect(await page.getByTestId("notify").isChecked()).toBe(false);
  });
});
