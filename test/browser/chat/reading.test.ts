import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, test } from "vitest";
import { connection, startSite, usePages } from "../chat-site.ts";
import { enter, say, saying, texts } from "./talking.ts";

usePages();

describe("reading the chat", () => {
  test("comes back by itself, through answers that are no stream, without loss or repeat", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(page, "before");
    await saying(page, "before").waitFor();
    let answered = 0;
    site.gate = (req, res) => {
      if (req.url?.startsWith("/events/stream") !== true) return false;
      answered += 1;
      res.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>");
      return true;
    };
    site.breakConnections();
    await connection(page, "reconnecting");
    await expect.poll(() => answered).toBeGreaterThan(0);
    await site.say("meanwhile");
    site.gate = () => false;
    await connection(page, "live");
    await saying(page, "meanwhile").waitFor();

    await page.context().setOffline(true);
    await connection(page, "reconnecting");
    await say(page, "written offline");
    await saying(page, "written offline", "waiting").waitFor();
    await page.context().setOffline(false);
    await connection(page, "live");
    await saying(page, "written offline").waitFor();
    await expect.poll(() => texts(page)).toEqual(["before", "meanwhile", "written offline"]);
    await page.reload();
    await connection(page, "live");
    await expect.poll(() => texts(page)).toEqual(["before", "meanwhile", "written offline"]);
  });

  test("fetches what it missed when the journal no longer has it", async () => {
    const site = await startSite({ hub: { journal: memoryJournal({ retention: { maxCount: 8 } }) }, chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada");
    await say(page, "first");
    await saying(page, "first").waitFor();
    site.gate = (req, res) => {
      if (req.url?.startsWith("/events/stream") !== true) return false;
      res.destroy();
      return true;
    };
    site.breakConnections();
    await connection(page, "reconnecting");
    for (let i = 1; i <= 20; i++) await site.say(`missed ${i}`);
    site.gate = () => false;
    await connection(page, "live");
    await saying(page, "missed 1").waitFor();
    await expect.poll(() => texts(page)).toEqual(["first", ...Array.from({ length: 20 }, (_, i) => `missed ${i + 1}`)]);
  });

  test("stays where the reader is, and counts what is new", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "Ada", { viewport: { width: 800, height: 500 } });
    for (let i = 1; i <= 40; i++) await site.say(`line ${i}`);
    await saying(page, "line 40").waitFor();
    const list = page.getByTestId("messages");
    const fromEnd = (): Promise<number> => list.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    await expect.poll(fromEnd).toBeLessThan(2);
    await list.evaluate((element) => (element.scrollTop = 0));
    await page.getByTestId("new-messages").waitFor();
    await site.say("unseen");
    await page.getByTestId("new-messages").getByText("1 new message").waitFor();
    expect(await list.evaluate((element) => element.scrollTop)).toBe(0);
    await expect.poll(() => page.title()).toContain("(1)");
    await expect.poll(() => page.getByTestId("unread-marker").count()).toBe(1);
    await page.getByTestId("new-messages").click();
    await expect.poll(fromEnd).toBeLessThan(2);
    await expect.poll(() => page.title()).not.toContain("(1)");
  });

  test("shows text as text, and links only to the web", async () => {
    const site = await startSite({ chat: { bot: undefined } });
    const page = await enter(`${site.origin}/chat/lobby`, "<b>Ada</b>");
    const text = "<img src=x onerror=alert(1)> javascript:alert(1) https://example.com/a?b=1&c=(2). data:text/html,x";
    await say(page, text);
    await saying(page, text).waitFor();
    await expect.poll(() => page.getByTestId("message-text").innerText()).toBe(text);
    const links = page.getByTestId("message-text").getByRole("link");
    await expect.poll(() => links.count()).toBe(1);
    await expect.poll(() => links.getAttribute("href")).toBe("https://example.com/a?b=1&c=(2)");
    await expect.poll(() => links.getAttribute("rel")).toBe("noopener noreferrer nofollow");
    expect(await page.getByTestId("message").locator("img").count()).toBe(0);
  });
});
