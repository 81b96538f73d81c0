import { describe, expect, onTestFinished, test } from "vitest";
import type { Locator, Page } from "playwright-core";
import { connection, type Site, startSite, usePages, visit } from "./chat-site.ts";
import { hideFor, show } from "./hidden.ts";
import { browser } from "./support.ts";

usePages();

/** What a page shows as received, in order. */
const received = (page: Page): Promise<string[]> =>
  page.locator("[data-testid=message][data-status=received]").getByTestId("message-text").allInnerTexts();

describe("a hidden tab", () => {
  test("closes its stream after 20 s, and goes on where it was when it is shown", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await visit(`${site.origin}/chat/lobby`, { nickname: "Ada" });
    await connection(page, "live");
    await site.say("before");
    await page.getByText("before", { exact: true }).waitFor();
    // The page's clock goes on with the real one: five seconds are left for what comes next.
    await hideFor(page, 15);
    expect(await page.getByTestId("connection").getAttribute("data-state")).toBe("live");
    await show(page);
    await hideFor(page, 15);
    expect(await page.getByTestId("connection").getAttribute("data-state")).toBe("live");
    await page.clock.fastForward(5000);
    await connection(page, "resting");
    await expect.poll(() => page.getByTestId("connection-problem").innerText()).toMatch(/hidden.*goes on where it was/);
    await expect.poll(() => site.hub.stats().subscribers).toBe(0);
    await site.say("meanwhile");
    // The network's return is no reason to wake a hidden tab.
    await page.evaluate(() => dispatchEvent(new Event("online")));
    expect(await page.getByTestId("connection").getAttribute("data-state")).toBe("resting");
    await show(page);
    await connection(page, "live");
    await site.say("after");
    await page.getByText("after", { exact: true }).waitFor();
    await expect.poll(() => received(page)).toEqual(["before", "meanwhile", "after"]);
    await expect.poll(() => page.getByTestId("connection-problem").innerText()).toBe("");
  });

  test("leaves its connection to a seventh, which loads and sends", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const first = await visit(`${site.origin}/chat/lobby`, { nickname: "Ada" });
    await connection(first, "live");
    const tabs = [first];
    while (tabs.length < 6) {
      const tab = await first.context().newPage();
      await tab.goto(tabs.length === 1 ? site.origin : `${site.origin}/chat/lobby`);
      await connection(tab, "live");
      await hideFor(tabs.at(-1) as Page, 20);
      // The hidden one has closed its stream, or shares the visible one's.
      await expect.poll(() => site.hub.stats().subscribers).toBe(1);
      tabs.push(tab);
    }
    const seventh = await first.context().newPage();
    await seventh.goto(`${site.origin}/chat/lobby`);
    await connection(seventh, "live");
    await seventh.getByTestId("composer").fill("from the seventh");
    await seventh.getByTestId("send").click();
    await expect.poll(() => received(seventh)).toEqual(["from the seventh"]);
    for (const tab of tabs.filter((_, i) => i !== 1)) {
      await show(tab);
      await expect.poll(() => received(tab)).toEqual(["from the seventh"]);
    }
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
  });
});

describe("tabs of one visitor", () => {
  async function openTabs(count: number): Promise<{ site: Site; tabs: Page[] }> {
    const site = await startSite({ chat: { bot: undefined } });
    const tabs = [await visit(`${site.origin}/chat/lobby`, { nickname: "Ada" })];
    while (tabs.length < count) tabs.push(await (tabs[0] as Page).context().newPage());
    for (const tab of tabs.slice(1)) await tab.goto(`${site.origin}/chat/lobby`);
    for (const tab of tabs) await connection(tab, "live");
    return { site, tabs };
  }

  test("share one stream, and a hidden one keeps its share while another is visible", async () => {
    const { site, tabs } = await openTabs(2);
    const [first, second] = tabs as [Page, Page];
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
    await site.say("to both");
    for (const tab of tabs) await expect.poll(() => received(tab)).toEqual(["to both"]);
    for (const [hidden, visible] of [
      [first, second],
      [second, first],
    ] as const) {
      await hideFor(hidden, 20);
      await site.say(`beside ${tabs.indexOf(visible)}`);
      await expect.poll(async () => (await received(hidden)).at(-1)).toBe(`beside ${tabs.indexOf(visible)}`);
      await connection(hidden, "live");
      await show(hidden);
    }
    const seen = ["to both", "beside 1", "beside 0"];
    expect(site.hub.stats().subscribers).toBe(1);
    // Where all are hidden, nobody needs the stream.
    await hideFor(first, 0);
    await hideFor(second, 0);
    await expect
      .poll(async () => {
        for (const tab of tabs) await tab.clock.fastForward(20_000);
        return site.hub.stats().subscribers;
      })
      .toBe(0);
    await site.say("meanwhile");
    for (const tab of tabs) {
      await show(tab);
      await connection(tab, "live");
      await expect.poll(() => received(tab)).toEqual([...seen, "meanwhile"]);
    }
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
  });

  test("get each message once, in order, while the one with the stream is closed and others come", async () => {
    const { site, tabs } = await openTabs(4);
    const sent: string[] = [];
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const saying = (async (): Promise<void> => {
      while (!stop.signal.aborted) {
        sent.push(`message ${sent.length}`);
        await site.say(sent.at(-1) as string);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    })();
    const context = (tabs[0] as Page).context();
    for (let i = 0; i < 4; i++) {
      const [leader] = tabs;
      if (i % 2 === 0) await leader?.reload();
      else await tabs.shift()?.close();
      const tab = await context.newPage();
      await tab.goto(`${site.origin}/chat/lobby`);
      await connection(tab, "live");
      tabs.push(tab);
    }
    stop.abort();
    await saying;
    for (const tab of tabs) {
      await connection(tab, "live");
      await expect.poll(async () => (await received(tab)).at(-1)).toBe(sent.at(-1));
      const texts = await received(tab);
      // The page keeps 500, and a new one begins with 200.
      expect(texts).toEqual(sent.slice(-texts.length));
    }
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
  });

  test("have a stream each where the browser has no locks, and a hidden one closes its own", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const context = await (await browser()).newContext();
    onTestFinished(() => context.close());
    await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "locks"));
    const tabs = [await context.newPage(), await context.newPage()];
    for (const tab of tabs) {
      await tab.goto(`${site.origin}/chat/lobby`);
      await connection(tab, "live");
    }
    await expect.poll(() => site.hub.stats().subscribers).toBe(2);
    await hideFor(tabs[0] as Page, 20);
    await connection(tabs[0] as Page, "resting");
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
    await connection(tabs[1] as Page, "live");
  });
});

describe("a page without a free connection", () => {
  test("says what it waits for, and that its messages are not sent", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const first = await visit(`${site.origin}/chat/lobby`, { nickname: "Ada" });
    await connection(first, "live");
    // Two tabs have one connection, and these have five; the browser opens no seventh for the message.
    const other = await first.context().newPage();
    await other.goto(`${site.origin}/chat/lobby`);
    await connection(other, "live");
    await other.evaluate(() => {
      const sources = Array.from({ length: 5 }, () => new EventSource("/events/stream?match=greeting"));
      addEventListener("test-close", () => sources[0]?.close());
    });
    await expect.poll(() => site.hub.stats().subscribers).toBe(6);
    await first.getByTestId("composer").fill("waits for a connection");
    await first.getByTestId("send").click();
    const message = first.getByTestId("message").filter({ hasText: "waits for a connection" });
    await first.locator(".outgoing-item.late").waitFor();
    await first.locator(".outgoing-item", { hasText: "open in other tabs" }).waitFor();
    await expect.poll(() => message.getAttribute("data-status")).toBe("sending");
    await other.evaluate(() => dispatchEvent(new Event("test-close")));
    await expect.poll(() => received(first)).toEqual(["waits for a connection"]);
    await expect.poll(() => first.locator(".outgoing-item").count()).toBe(0);
  });

  test("says so when its stream gets no answer", async () => {
    const site = await startSite();
    site.gate = (req) => req.url?.startsWith("/events/stream") === true;
    const page = await visit(site.origin);
    const problem = page.getByTestId("connection-problem");
    const height = async (locator: Locator): Promise<number> => (await locator.boundingBox())?.height ?? 0;
    const roomBefore = await height(page.getByTestId("updates"));
    await problem.getByText("open in other tabs").waitFor();
    await expect.poll(() => page.getByTestId("connection").getAttribute("data-state")).toBe("connecting");
    // The sentence takes as much of the panel as it needs, and the updates keep the rest.
    expect(roomBefore).toBeGreaterThan(150);
    await expect.poll(async () => (await height(page.getByTestId("updates"))) + (await height(problem))).toBeCloseTo(roomBefore, 0);
    site.gate = () => false;
    site.breakConnections();
    await connection(page, "live");
    await expect.poll(() => page.getByTestId("connection-problem").innerText()).toBe("");
  });
});
