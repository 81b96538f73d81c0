import { describe, expect, test } from "vitest";
import { connection, overflow, startSite, usePages, violations, visit } from "../chat-site.ts";
import { enter, say, saying, texts } from "./talking.ts";

usePages();

describe("the chat's page", () => {
  test("is used with the keyboard alone", async () => {
    const site = await startSite();
    const page = await visit(`${site.origin}/chat/lobby`);
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("Ada");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await connection(page, "live");
    await page.keyboard.type("one");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("two");
    await page.keyboard.press("Enter");
    await expect.poll(() => texts(page)).toContain("one\ntwo");
    await expect.poll(() => page.getByTestId("composer").inputValue()).toBe("");
    const reached = new Set<string>();
    const wanted = ["messages", "composer", "nickname", "invite"];
    for (let i = 0; i < 40 && wanted.some((testId) => !reached.has(testId)); i++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? ""));
    }
    for (const testId of wanted) expect(reached).toContain(testId);
    await page.getByTestId("invite").press("Enter");
    await page.getByTestId("room-dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("room-dialog").waitFor({ state: "detached" });
    await page.getByTestId("invite").press("Enter");
    await page.getByTestId("room-input").fill("Über uns 2");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${site.origin}/chat/uber-uns-2`);
  });

  test("lets one look on without a name, and refuses the bot's", async () => {
    const site = await startSite();
    const page = await visit(`${site.origin}/chat/lobby`);
    await connection(page, "live");
    await page.getByTestId("nickname-input").fill("ARTIE");
    await page.getByTestId("nickname-confirm").click();
    await page.getByRole("alert").filter({ hasText: "the bot's name" }).waitFor();
    await page.getByRole("button", { name: "Just look" }).click();
    await expect.poll(() => page.getByTestId("composer").count()).toBe(0);
    await expect.poll(() => page.getByTestId("people-count").innerText()).toBe("0");
    await page.getByTestId("nickname").click();
    await page.getByTestId("nickname-input").fill("Ada");
    await page.getByTestId("nickname-confirm").click();
    await expect.poll(() => page.getByTestId("people-count").innerText()).toBe("1");
    await page.reload();
    await connection(page, "live");
    await expect.poll(() => page.getByTestId("nickname").innerText()).toContain("Ada");
  });

  test.each(["light", "dark"] as const)("is accessible in %s", async (colorScheme) => {
    const site = await startSite();
    const page = await visit(`${site.origin}/chat/lobby`, { colorScheme });
    await page.getByRole("dialog").waitFor();
    await connection(page, "live");
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("nickname-confirm").click();
    await page.getByTestId("person").waitFor();
    expect(await violations(page)).toEqual([]);
    await say(page, "Hello https://example.com/");
    await page.locator("[data-testid=message][data-bot=true]").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("invite").click();
    expect(await violations(page)).toEqual([]);
  });

  test("leaves Enter to the input method, also where the composition has just ended", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    const composer = page.getByTestId("composer");
    await composer.fill("日本");
    const press = (isComposing: boolean, keyCode: number): Promise<boolean> =>
      composer.evaluate(
        (element, init) => element.dispatchEvent(new KeyboardEvent("keydown", { ...init, key: "Enter", bubbles: true, cancelable: true })),
        { isComposing, keyCode },
      );
    expect(await press(true, 13)).toBe(true);
    expect(await press(false, 229)).toBe(true);
    expect(await composer.inputValue()).toBe("日本");
    expect(await press(false, 13)).toBe(false);
    await expect.poll(() => texts(page)).toEqual(["日本"]);
  });

  test.each([390, 959])("lays the list of people over the room at %d pixels, and moves nothing", async (width) => {
    const site = await startSite();
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width, height: 800 } });
    const boxes = async (): Promise<unknown[]> => [
      await page.getByTestId("messages").boundingBox(),
      await page.getByTestId("composer").boundingBox(),
      await page.getByRole("banner").boundingBox(),
    ];
    const before = await boxes();
    await page.getByRole("button", { name: /here/ }).click();
    await page.getByTestId("people").waitFor();
    expect(await boxes()).toEqual(before);
    const people = await page.getByTestId("people").boundingBox();
    expect((people?.x ?? 0) + (people?.width ?? 0)).toBeLessThanOrEqual(width);
    expect(people?.width).toBeLessThanOrEqual(18 * 16);
    expect(await violations(page)).toEqual([]);
  });

  test("fits a phone of 320 pixels", async () => {
    const site = await startSite();
    const room = `${site.origin}/chat/${"long-".repeat(7)}room`;
    const page = await enter(room, "An unreasonably long nickname ab", { viewport: { width: 320, height: 568 } });
    await say(page, "x".repeat(300));
    await page.locator("[data-testid=message][data-bot=true]").waitFor();
    expect(await overflow(page)).toBe(0);
    const send = await page.getByTestId("send").boundingBox();
    expect((send?.x ?? 999) + (send?.width ?? 0)).toBeLessThanOrEqual(320);
    expect((send?.y ?? 999) + (send?.height ?? 0)).toBeLessThanOrEqual(568);
    await page.getByRole("button", { name: /here/ }).click();
    await page.getByTestId("people").waitFor();
    expect(await overflow(page)).toBe(0);
    await page.getByTestId("invite").click();
    expect(await overflow(page)).toBe(0);
  });

  test.each([390, 1280])("moves nothing while it fills at %d pixels", async (width) => {
    const site = await startSite();
    for (let i = 1; i <= 30; i++) await site.say(`line ${i}`);
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width, height: 800 } });
    await saying(page, "line 30").waitFor();
    await page.getByTestId("person").first().waitFor({ state: "attached" });
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0;
          const observer = new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += (entry as PerformanceEntry & { value: number }).value;
          });
          observer.observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => setTimeout(() => resolve(sum), 100));
        }),
    );
    expect(shift).toBeLessThanOrEqual(0.05);
  });
});
