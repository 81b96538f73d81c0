import { launch, type Page } from "puppeteer-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { LEAST_AGE_MS } from "../../../demo/src/landing/server/landing.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { LIVE_PAGES, PAGES, startDemo } from "./demo.ts";

const FIREFOX = process.env["FIREFOX"] ?? "/usr/bin/firefox-esr";

/** A busy machine starts Firefox slowly. */
const WAIT = { timeout: 60_000 };

/** Firefox driven by WebDriver BiDi. Its profile is new. */
async function open(locale: string, isDark: boolean): Promise<Page> {
  const firefox = await launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    userDataDir: temporaryDirectory("firefox"),
    timeout: WAIT.timeout,
    extraPrefsFirefox: {
      "intl.accept_languages": locale,
      // 0 is dark, 1 is light.
      "layout.css.prefers-color-scheme.content-override": isDark ? 0 : 1,
    },
  });
  onTestFinished(() => firefox.close());
  const page = await firefox.newPage();
  page.setDefaultTimeout(WAIT.timeout);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  onTestFinished(() => expect(faults).toEqual([]));
  return page;
}

const attribute = (page: Page, testId: string, name: string): Promise<string | null | undefined> =>
  page.evaluate((id, attr) => document.querySelector(`[data-testid="${id}"]`)?.getAttribute(attr), testId, name);

describe("in Firefox", () => {
  test.each([
    ["en-US", false],
    ["zh-CN", true],
  ] as const)("every page is live, whole and in the reader's language: %s", { timeout: 240_000 }, async (locale, isDark) => {
    const origin = await startDemo();
    const page = await open(locale, isDark);
    for (const path of PAGES) {
      await page.setViewport({ width: 390, height: 800 });
      await page.goto(origin + path, { waitUntil: "domcontentloaded" });
      await page.waitForSelector("[data-testid=app-bar]");
      if (LIVE_PAGES.includes(path)) await expect.poll(() => attribute(page, "connection", "data-state"), WAIT).toBe("live");
      const bar = await page.$eval("[data-testid=app-bar]", (element) => (element as HTMLElement).innerText);
      expect(/\p{Script=Han}{2}/u.test(bar.replace("中文", "")), path).toBe(locale === "zh-CN");
      for (const width of [390, 1280]) {
        await page.setViewport({ width, height: 800 });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(wider, `${path} at ${width}`).toBe(0);
      }
    }
  });

  test("somebody says something in the room, and the bot answers", { timeout: 120_000 }, async () => {
    const origin = await startDemo();
    const page = await open("zh-CN", false);
    // The empty page before it has no storage.
    await page.evaluateOnNewDocument(() => location.protocol === "http:" && localStorage.setItem("artesian.chat.nickname", "小艾"));
    await page.goto(`${origin}/chat/lobby`, { waitUntil: "domcontentloaded" });
    await expect.poll(() => attribute(page, "connection", "data-state"), WAIT).toBe("live");
    await page.type("[data-testid=composer]", "你好");
    await page.keyboard.press("Enter");
    const texts = (): Promise<string[]> =>
      page.$$eval("[data-testid=message][data-status=received] [data-testid=message-text]", (all) =>
        all.map(({ textContent }) => textContent ?? ""),
      );
    await expect.poll(async () => (await texts()).length, WAIT).toBe(2);
    expect((await texts())[0]).toBe("你好");
  });

  test("an update that is published is on the landing page at once", { timeout: 120_000 }, async () => {
    const origin = await startDemo();
    const page = await open("en-US", true);
    await page.goto(origin, { waitUntil: "domcontentloaded" });
    await expect.poll(() => attribute(page, "connection", "data-state"), WAIT).toBe("live");
    const answer = await fetch(`${origin}/events/stream`, {
      method: "POST",
      body: new URLSearchParams({ topic: "greeting", data: "Bonjour" }),
    });
    expect(answer.status).toBe(200);
    await expect.poll(() => page.$eval("[data-testid=updates]", ({ textContent }) => textContent), WAIT).toContain("Bonjour");
  });

  test("the server is killed, and nothing is lost or repeated", { timeout: 240_000 }, async () => {
    const origin = await startDemo();
    const page = await open("zh-CN", false);
    await page.goto(`${origin}/#demonstration`, { waitUntil: "domcontentloaded" });
    await page.waitForSelector("[data-testid=show-start]");
    // Not by its place, which moves while the page scrolls to the address.
    await page.$eval("[data-testid=show-start]", (button) => (button as HTMLElement).click());
    const count = (name: string): Promise<number> =>
      page.$eval(`[data-testid=show-${name}]`, ({ textContent }) => Number(textContent?.replaceAll(/\D/g, "")));
    await expect.poll(() => count("received"), WAIT).toBeGreaterThan(3);
    const events = (kind: string): Promise<number> => page.$$eval(`[data-kind=${kind}]`, ({ length }) => length);
    // A process that was started a moment ago is left alone.
    const kill = async (): Promise<number> => (await page.click("[data-testid=show-kill]"), events("killed"));
    await expect.poll(kill, { timeout: LEAST_AGE_MS + WAIT.timeout, interval: 1000 }).toBe(1);
    await expect.poll(() => events("back"), WAIT).toBe(1);
    const before = await count("received");
    await expect.poll(() => count("received"), WAIT).toBeGreaterThan(before + 8);
    await page.click("[data-testid=show-stop]");
    await expect.poll(async () => (await count("sent")) - (await count("received")), WAIT).toBe(0);
    expect([await count("lost"), await count("repeated")]).toEqual([0, 0]);
  });
});
