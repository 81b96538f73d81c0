import { describe, expect, test } from "vitest";
import { overflow, startSite, usePages, violations } from "../chat-site.ts";
import { enter, say, saying } from "./talking.ts";

usePages();

describe("reactions", () => {
  test("are given and taken back, are counted on all pages, and are there after a reload", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width: 320, height: 700 } });
    const grace = await enter(`${site.origin}/chat/lobby`, "Grace", { locale: "zh-CN", colorScheme: "dark" });
    await say(ada, "Hello");
    const [hers, theirs] = [saying(ada, "Hello"), saying(grace, "Hello")];
    await theirs.hover();
    await theirs.getByTestId("tools-toggle").click();
    await expect.poll(() => theirs.getByTestId("reaction").allInnerTexts()).toEqual(["👍", "❤️", "😂", "🎉", "😮", "😢"]);
    expect(await violations(grace)).toEqual([]);
    await theirs.locator('[data-emoji="🎉"]').click();
    await expect.poll(() => theirs.getByTestId("reaction").allInnerTexts()).toEqual(["🎉 1"]);
    expect(await theirs.getByTestId("reaction").getAttribute("aria-pressed")).toBe("true");
    await hers.getByTestId("reaction").filter({ hasText: "🎉 1" }).click();
    await expect.poll(() => theirs.getByTestId("reaction").allInnerTexts()).toEqual(["🎉 2"]);
    expect(await violations(ada)).toEqual([]);
    expect(await overflow(ada)).toBe(0);

    await ada.reload();
    await expect.poll(() => hers.getByTestId("reaction").allInnerTexts()).toEqual(["🎉 2"]);
    await hers.getByTestId("reaction").click();
    await expect.poll(() => theirs.getByTestId("reaction").allInnerTexts()).toEqual(["🎉 1"]);
    await theirs.getByTestId("reaction").click();
    await hers.getByTestId("reaction").waitFor({ state: "detached" });
  });
});
