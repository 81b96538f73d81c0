import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, overflow, violations } from "../chat-site.ts";
import { LANGUAGES, LIVE_PAGES, startDemo } from "./demo.ts";
import { openPage } from "./profile.ts";

/** A page with something open. */
interface OpenState {
  readonly path: string;
  readonly state: string;
  /** Opens it, and waits until it is there. */
  readonly open: (page: Page) => Promise<void>;
}

const byId = (page: Page, id: string): ReturnType<Page["locator"]> => page.locator(`[data-testid=${id}]`).first();

/** Opens by a click. */
const click =
  (id: string, shown: string) =>
  async (page: Page): Promise<void> => {
    await byId(page, id).click();
    await byId(page, shown).waitFor();
  };

async function openPeople(page: Page): Promise<void> {
  const toggle = page.locator(".people-toggle");
  // A wide page always shows the list.
  if (await toggle.isVisible()) await toggle.click();
  await byId(page, "rooms").waitFor();
}

async function openTools(page: Page): Promise<void> {
  await page.getByTestId("composer").fill("`code` and https://example.com");
  await page.getByTestId("send").click();
  await page.locator("[data-testid=message][data-status=received]").first().waitFor();
  await click("tools-toggle", "tools")(page);
}

async function openNames(page: Page): Promise<void> {
  await page.getByTestId("composer").pressSequentially("@");
  await byId(page, "names").waitFor();
}

async function openDetails(page: Page): Promise<void> {
  for (const summary of await page.locator("summary:visible").all()) await summary.click();
  // Parts that are loaded when they are opened.
  await page.waitForFunction(() => [...document.querySelectorAll("details[open]")].every((details) => details.childElementCount > 1));
}

const STATES: readonly OpenState[] = [
  { path: "/", state: "the layers below", open: async (page) => (await page.keyboard.press("Tab"), byId(page, "layers").waitFor()) },
  { path: "/chat/lobby", state: "the people and the rooms", open: openPeople },
  { path: "/chat/lobby", state: "the nickname's dialog", open: click("nickname", "nickname-dialog") },
  { path: "/chat/lobby", state: "the room's dialog", open: click("invite", "room-dialog") },
  { path: "/chat/lobby", state: "a message's tools", open: openTools },
  { path: "/chat/lobby", state: "names to mention", open: openNames },
  { path: "/stocks", state: "all details", open: openDetails },
  { path: "/stocks", state: "a symbol's detail", open: click("row", "detail") },
  { path: "/news", state: "the keys", open: click("keys", "keys-dialog") },
  { path: "/news", state: "the feeds", open: openDetails },
  ...["topics", "journal", "subscribers", "by-hand", "fleet", "tokens"].map((place) => ({
    path: "/console",
    state: place,
    open: async (page: Page) => {
      await page.locator(`a[href="#${place}"]`).click();
      await page.locator(`a[href="#${place}"][aria-current=page]`).waitFor();
      if (place === "tokens") await byId(page, "make").waitFor();
      await openDetails(page);
    },
  })),
];

const APPS = [...new Set(STATES.map(({ path }) => path))];

/** `PAGES_LOOKS=all` tests all looks, which takes about 20 minutes on two cores. */
const HAS_ALL = process.env["PAGES_LOOKS"] === "all";

describe.each(HAS_ALL ? LANGUAGES : ["en-US" as const])("in %s", (locale) => {
  // Each language in both schemes, each width in both languages.
  const all = [
    { width: 320, colorScheme: locale === "en-US" ? "light" : "dark" },
    { width: 1280, colorScheme: locale === "en-US" ? "dark" : "light" },
  ] as const;
  const looks = HAS_ALL ? all : [all[0]];
  test.each(looks.flatMap((look) => APPS.map((app) => ({ ...look, app }))))(
    "$app with something open fits $width pixels and is accessible, $colorScheme",
    { timeout: 300_000 },
    async ({ app, width, colorScheme }) => {
      const origin = await startDemo();
      const faults: string[] = [];
      const page = await openPage({ locale, colorScheme, viewport: { width, height: 800 } });
      page.setDefaultTimeout(40_000);
      await page.context().addInitScript(() => {
        if (location.protocol !== "http:") return;
        localStorage.setItem("artesian.chat.rooms", JSON.stringify([{ room: "会议室", id: "" }]));
      });
      for (const { state, open } of STATES.filter(({ path }) => path === app)) {
        await page.goto("about:blank");
        await page.goto(origin + app);
        if (LIVE_PAGES.includes(app)) await connection(page, "live");
        await open(page);
        for (const violation of await violations(page)) faults.push(`${state}: ${violation}`);
        const wider = await overflow(page);
        if (wider > 0) faults.push(`${state}: ${wider} px wider than the window`);
      }
      expect(faults).toEqual([]);
    },
  );
});
