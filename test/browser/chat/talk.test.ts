import { describe, expect, test } from "vitest";
import { connection, overflow, startSite, usePages, violations, visit } from "../chat-site.ts";
import { enter, say, saying, texts } from "./talking.ts";

usePages();

describe("a talk in the chat", () => {
  test("lets two people and the bot talk", async () => {
    const site = await startSite({ chat: { limits: { presenceGraceMs: 300 } } });
    const ada = await visit(`${site.origin}/chat/lobby`);
    const suggested = await ada.getByTestId("nickname-input").inputValue();
    expect(suggested).toMatch(/^\w+ \w+$/);
    await ada.getByTestId("nickname-input").fill("Ada");
    await ada.getByTestId("nickname-confirm").click();
    await connection(ada, "live");
    await say(ada, "What is Artesian?");
    await ada.locator("[data-testid=message][data-bot=true]").waitFor();

    const grace = await enter(`${site.origin}/chat/lobby`, "Grace");
    await expect.poll(() => texts(grace)).toEqual(await texts(ada));
    await expect.poll(() => ada.getByTestId("person").allInnerTexts()).toEqual(expect.arrayContaining([expect.stringContaining("Grace")]));
    await say(ada, "Hello Grace");
    await saying(grace, "Hello Grace").waitFor();
    await say(grace, "Hello Ada");
    await saying(ada, "Hello Ada").waitFor();
    await expect.poll(() => saying(ada, "Hello Ada").getAttribute("data-own")).toBe("false");
    await expect.poll(() => saying(ada, "Hello Grace").getAttribute("data-own")).toBe("true");
    await say(grace, "@artie what is 6 times 7?");
    await ada.getByText("That makes 42").waitFor();
    await expect.poll(() => texts(grace)).toEqual(await texts(ada));

    await grace.context().close();
    await expect.poll(() => ada.getByTestId("people-count").innerText()).toBe("1");
  });

  test("shows the bot's words as they come", async () => {
    let goOn = (): void => {};
    const site = await startSite({
      chat: {
        bot: {
          async *reply() {
            yield "First half";
            await new Promise<void>((resolve) => (goOn = resolve));
            yield ", second half";
          },
        },
      },
    });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(page, "Go on");
    await page.getByTestId("reply-text").getByText("First half", { exact: true }).waitFor();
    const late = await enter(`${site.origin}/chat/lobby`, "Late");
    await late.getByTestId("reply-text").getByText("First half", { exact: true }).waitFor();
    goOn();
    for (const each of [page, late]) {
      await saying(each, "First half, second half").waitFor();
      await expect.poll(() => each.getByTestId("reply").count()).toBe(0);
    }
  });

  test("counts several tabs of one person once", async () => {
    const site = await startSite();
    const first = await enter(`${site.origin}/chat/lobby`, "Ada");
    const second = await first.context().newPage();
    await second.goto(`${site.origin}/chat/lobby`);
    await connection(second, "live");
    await say(second, "from the second tab");
    await saying(first, "from the second tab").waitFor();
    await expect.poll(() => saying(first, "from the second tab").getAttribute("data-own")).toBe("true");
    await expect.poll(() => first.getByTestId("person").count()).toBe(1);
  });

  test("tells people with one nickname apart", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const ada = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(ada, "I was here first");
    await saying(ada, "I was here first").waitFor();
    expect(await ada.getByTestId("name-mark").count()).toBe(0);
    const other = await enter(`${site.origin}/chat/lobby`, " ＡDA ");
    await expect.poll(() => other.getByTestId("people").getByTestId("name-mark").count()).toBe(2);
    const [first, second] = await other.getByTestId("people").getByTestId("name-mark").allInnerTexts();
    expect(first).not.toBe(second);
    // The one at the message is that of who wrote it.
    await expect.poll(() => other.getByTestId("messages").getByTestId("name-mark").allInnerTexts()).toEqual([first]);
  });

  test("shows code as code", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width: 320, height: 568 } });
    await say(page, `run \`npm start\`:\n\`\`\`sh\n<b>${"x".repeat(90)}</b> https://example.com/\n\`\`\``);
    const text = page.locator("[data-status=received]").getByTestId("message-text");
    await expect.poll(() => text.locator("pre").innerText()).toContain("<b>xxx");
    expect(await text.locator("code").first().innerText()).toBe("npm start");
    expect(await text.getByRole("link").count()).toBe(0);
    expect(await overflow(page)).toBe(0);
    expect(await violations(page)).toEqual([]);
  });

  test("follows a rename in another tab", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const first = await enter(`${site.origin}/chat/lobby`, "Ada");
    const second = await first.context().newPage();
    await second.goto(`${site.origin}/chat/lobby`);
    await connection(second, "live");
    await second.getByTestId("nickname").click();
    await second.getByTestId("nickname-input").fill("小明");
    await second.getByTestId("nickname-confirm").click();
    for (const tab of [first, second]) await tab.getByTestId("nickname").getByText("小明").waitFor();
    await expect.poll(() => first.getByTestId("person").allInnerTexts()).toEqual([expect.stringContaining("小明")]);
    await say(first, "renamed");
    await expect.poll(() => saying(second, "renamed").getAttribute("data-author")).toBe("小明");
  });
});
