import { describe, expect, test } from "vitest";
import { connection, startSite, usePages, violations, visit } from "../chat-site.ts";
import { enter, say, saying, texts } from "./talking.ts";

usePages();

const OWNER = "the-secret-of-the-owner";

describe("the owner of the chat", () => {
  test("removes a message on all pages, and mutes a visitor", async () => {
    const site = await startSite({ chat: { bot: undefined, ownerSecret: OWNER } });
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada", { locale: "zh-CN" });
    await say(ada, "buy this");
    const owner = await enter(`${site.origin}/chat/lobby#owner=${OWNER}`, "Owner");
    expect(owner.url()).toBe(`${site.origin}/chat/lobby`);
    await saying(owner, "buy this").waitFor();
    expect(await ada.getByTestId("remove").count()).toBe(0);
    owner.on("dialog", (dialog) => void dialog.accept());
    await owner.getByTestId("remove").click();
    await expect.poll(() => texts(ada)).toEqual(["这条消息已被管理员删除。"]);
    await expect.poll(() => texts(owner)).toEqual(["Removed by the owner of the chat."]);
    expect(await violations(owner)).toEqual([]);

    await owner.getByTestId("mute").click();
    await owner.getByTestId("people").getByText("muted").waitFor();
    await say(ada, "buy that");
    await ada.getByRole("alert").filter({ hasText: "你在这个房间已被管理员禁言" }).waitFor();
    const late = await enter(`${site.origin}/chat/lobby`, "Late");
    await expect.poll(() => texts(late)).toEqual(["Removed by the owner of the chat."]);
    expect(await late.content()).not.toContain("buy this");
    await owner.getByTestId("mute").click();
    await ada.getByRole("button", { name: "重试" }).click();
    await saying(late, "buy that").waitFor();
  });

  test("has another link after each start", async () => {
    const site = await startSite({ chat: { bot: undefined, ownerSecret: OWNER } });
    await site.say("a message");
    const page = await visit(`${site.origin}/chat/lobby#owner=the-secret-of-yesterday`, { nickname: "Ada" });
    await connection(page, "live");
    page.on("dialog", (dialog) => void dialog.accept());
    await page.getByTestId("remove").click();
    await page.getByTestId("remove").waitFor({ state: "detached" });
    await expect.poll(() => texts(page)).toEqual(["a message"]);
  });
});
