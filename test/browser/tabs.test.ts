import { expect, describe, test } from "vitest";
import type { Locator, Page } from "playwright-core";
import { connection, startSite, usePages, visit } from "./chat-site.ts";
import { hideFor, show } from "./hidden.ts";

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
      await connection(tabs.at(-1) as Page, "resting");
      tabs.push(tab);
    }
    const seventh = await first.context().newPage();
    await seventh.goto(`${site.origin}/chat/lobby`);
    await connection(seventh, "live");
    await seventh.getByTestId("composer").fill("from the seventh");
    await seventh.getByTestId("send").click();
    await expect.poll(() => received(seventh)).toEqual(["from the seventh"]);
    await show(first);
    await expect.poll(() => received(first)).toEqual(["from the seventh"]);
  });
});

describe("a page without a free connection", () => {
  test("says what it waits for, and that its messages are not sent", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const first = await visit(`${site.origin}/chat/lobby`, { nickname: "Ada" });
    await connection(first, "live");
    const tabs = [first];
    while (tabs.length < 5) {
      const tab = await first.context().newPage();
      await tab.goto(`${site.origin}/chat/lobby`);
      await connection(tab, "live");
      tabs.push(tab);
    }
    // The sixth connection; the browser opens no seventh for the message.
    await first.evaluate(() => void new EventSource("/events/stream?match=greeting"));
    await expect.poll(() => site.hub.stats().subscribers).toBe(6);
    await first.getByTestId("composer").fill("waits for a connection");
    await first.getByTestId("send").click();
    const message = first.getByTestId("message").filter({ hasText: "waits for a connection" });
    await first.locator(".outgoing-item.late").waitFor();
    await first.locator(".outgoing-item", { hasText: "open in other tabs" }).waitFor();
    await expect.poll(() => message.getAttribute("data-status")).toBe("sending");
    await tabs[4]?.close();
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
