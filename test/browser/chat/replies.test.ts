import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { overflow, startSite, usePages, violations } from "../chat-site.ts";
import { enter, say, saying } from "./talking.ts";

usePages();

const OWNER = "the-secret-of-the-owner";

function question(page: Page): Locator {
  return page.locator('[data-message-id="the question"]');
}

describe("an answer to a message", () => {
  test("quotes the message, leads to it, and follows its removal", async () => {
    const site = await startSite({ chat: { bot: undefined, ownerSecret: OWNER } });
    await site.say("the question");
    for (let i = 0; i < 30; i++) await site.say(`line ${i}`);
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width: 390, height: 800 } });
    await ada.getByTestId("messages").evaluate((list) => (list.scrollTop = 0));
    await question(ada).hover();
    await question(ada).getByTestId("tools-toggle").click();
    expect(await violations(ada)).toEqual([]);
    await ada.getByTestId("answer").click();
    await ada.getByTestId("replying").filter({ hasText: "Replying to Curl: the question" }).waitFor();
    expect(await violations(ada)).toEqual([]);
    expect(await overflow(ada)).toBe(0);
    await say(ada, "the answer");
    await ada.getByTestId("replying").waitFor({ state: "detached" });
    await saying(ada, "the answer").getByTestId("quote").filter({ hasText: "the question" }).waitFor();

    const grace = await enter(`${site.origin}/chat/lobby#owner=${OWNER}`, "Grace", { locale: "zh-CN", colorScheme: "dark" });
    const quote = saying(grace, "the answer").getByTestId("quote");
    await quote.filter({ hasText: "Curl the question" }).waitFor();
    expect(await violations(grace)).toEqual([]);
    await expect
      .poll(() => saying(grace, "the answer").evaluate((element) => element.getBoundingClientRect().bottom < innerHeight))
      .toBe(true);
    await quote.click();
    await expect.poll(() => question(grace).evaluate((element) => element.getBoundingClientRect().bottom > 0)).toBe(true);
    grace.on("dialog", (dialog) => void dialog.accept());
    await question(grace).getByTestId("remove").click();
    await saying(ada, "the answer").getByTestId("quote").filter({ hasText: "Removed by the owner" }).waitFor();
    expect(await ada.locator("body").innerText()).not.toContain("the question");
  });

  test("can be cancelled, and goes back to what the page no longer holds", async () => {
    const site = await startSite({ chat: { bot: undefined, historyPerRoom: 60 } });
    await site.say("the question");
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada", { locale: "zh-CN" });
    await question(ada).hover();
    await question(ada).getByTestId("tools-toggle").click();
    await ada.getByTestId("answer").click();
    await ada.getByTestId("replying").filter({ hasText: "回复 Curl：the question" }).waitFor();
    await ada.getByTestId("composer").press("Escape");
    await ada.getByTestId("replying").waitFor({ state: "detached" });
    await question(ada).getByTestId("tools-toggle").click();
    await ada.getByTestId("answer").click();
    for (let i = 0; i < 120; i++) await site.say(`line ${i}`);
    await saying(ada, "line 119").waitFor();
    await say(ada, "the answer");
    await saying(ada, "the answer").waitFor();

    const late = await enter(`${site.origin}/chat/lobby`, "Late");
    const quote = saying(late, "the answer").getByTestId("quote");
    await quote.filter({ hasText: "An earlier message" }).click();

    await question(late).waitFor();
    await expect.poll(() => question(late).evaluate((element) => element.getBoundingClientRect().top >= 0)).toBe(true);
    await quote.filter({ hasText: "Curl the question" }).waitFor();
  });
});
