import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { connection, overflow, violations, visit } from "./chat-site.ts";
import { addItem as add, publish, roundsOf, startNews, startTwo, titles, usePages, watchShifts } from "./news-site.ts";

usePages();

/** What keeps people from using the page, while the ticker stands: what rolls is judged where it is. */
async function faults(page: Page): Promise<string[]> {
  const pause = page.getByRole("button", { name: "Pause the ticker" });
  if ((await pause.count()) > 0) await pause.click();
  return await violations(page);
}

describe("the news", () => {
  test("are grouped by feed, newest first, in two tabs, as they come", async () => {
    const { site, page } = await startTwo();
    await expect.poll(() => titles(page, "river")).toEqual(["river 3", "river 2", "river 1"]);
    await expect
      .poll(() => page.getByTestId("feed").evaluateAll((all) => all.map((each) => each.getAttribute("data-feed"))))
      .toEqual(["river", "hill"]);
    const other = await page.context().newPage();
    await other.goto(`${site.origin}/news`);
    await connection(other, "live");
    await publish(site, "hill", "hill 4");
    for (const each of [page, other]) {
      await each.getByTestId("show-new").getByText("1 new headline").click();
      await expect.poll(() => titles(each, "hill")).toEqual(["hill 4", "hill 3", "hill 2", "hill 1"]);
    }
  });

  test("wait until the reader wants them, and nothing moves", async () => {
    const { site, page } = await startTwo();
    const shifts = await watchShifts(page);
    const before = await page.getByTestId("headline").first().boundingBox();
    await publish(site, "river", "river 4", "river 5");
    await publish(site, "hill", "hill 4");
    await page.getByTestId("show-new").getByText("3 new headlines").waitFor();
    await expect.poll(() => page.title()).toBe("(3) Artesian news");
    expect(await titles(page, "river")).toEqual(["river 3", "river 2", "river 1"]);
    expect(await page.getByTestId("headline").first().boundingBox()).toEqual(before);
    expect(await shifts()).toBe(0);
    await expect.poll(() => page.getByTestId("announcer").innerText()).toMatch(/^[123] new headlines?$/);

    // Of one feed alone.
    await page.locator("[data-feed=hill]").getByTestId("feed-new").click();
    await expect.poll(() => titles(page, "hill")).toEqual(["hill 4", "hill 3", "hill 2", "hill 1"]);
    await page.getByTestId("show-new").getByText("2 new headlines").click();
    await expect.poll(() => titles(page, "river")).toEqual(["river 5", "river 4", "river 3", "river 2", "river 1"]);
    await expect.poll(() => page.getByTestId("show-new").count()).toBe(0);
    await expect.poll(() => page.locator("[data-testid=headline][data-fresh=true]").count()).toBe(2);
    // The focus is where reading goes on, not lost with the button.
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe("headline");
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain("river 5");
  });

  test("survive a server that restarts with nothing, without repeats", async () => {
    const { site, page } = await startTwo();
    await site.stop();
    await connection(page, "reconnecting");
    expect(await titles(page, "river")).toHaveLength(3);
    add(site, "river", "river 4");
    await site.start();
    await connection(page, "live");
    await page.getByTestId("show-new").getByText("1 new headline").click();
    await expect.poll(() => titles(page, "river")).toEqual(["river 4", "river 3", "river 2", "river 1"]);
    await expect.poll(() => titles(page, "hill")).toEqual(["hill 3", "hill 2", "hill 1"]);
  });

  test("take up a server's other feeds without a reload", async () => {
    const { site, page } = await startTwo();
    await site.stop();
    add(site, "lake", "lake 1");
    await site.start([
      { name: "lake", url: `${site.feeds.origin}/lake.json` },
      { name: "hill", url: `${site.feeds.origin}/hill.json`, title: "My hill" },
    ]);
    await expect.poll(() => titles(page, "lake")).toEqual(["lake 1"]);
    await expect.poll(() => titles(page, "hill")).toEqual(["hill 3", "hill 2", "hill 1"]);
    await expect.poll(() => page.locator("[data-feed=river]").count()).toBe(0);
    await page.getByRole("heading", { name: "My hill" }).waitFor();
  });

  test("go on where they were after the network was away", async () => {
    const { site, page } = await startTwo();
    await page.context().setOffline(true);
    await connection(page, "reconnecting");
    await publish(site, "river", "river 4", "river 5");
    await page.context().setOffline(false);
    await connection(page, "live");
    await page.getByTestId("show-new").getByText("2 new headlines").click();
    await expect.poll(() => titles(page, "river")).toEqual(["river 5", "river 4", "river 3", "river 2", "river 1"]);
  });

  test("go on through a proxy's error pages", async () => {
    const { site, page } = await startTwo();
    let refused = 0;
    site.gate = (_req, res) => {
      refused += 1;
      res.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>");
      return true;
    };
    for (const { id } of site.hub.subscribers()) site.hub.disconnect(id);
    await connection(page, "reconnecting");
    await expect.poll(() => refused).toBeGreaterThan(0);
    await publish(site, "hill", "hill 4");
    site.gate = () => false;
    await connection(page, "live");
    await page.getByTestId("show-new").getByText("1 new headline").waitFor();
  });

  test("say which feed fails, since when and why, and when it is well again", async () => {
    const { site, page } = await startTwo();
    site.feeds.gate = (req, res) => {
      if (req.url !== "/hill.json") return false;
      res.writeHead(503, { "Retry-After": "240" }).end();
      return true;
    };
    await site.nextRound();
    const trouble = page.locator("[data-testid=feed][data-feed=hill]").getByTestId("trouble");
    await trouble.waitFor();
    await expect
      .poll(() => trouble.innerText())
      .toMatch(/^Failing for \d+ s\. http:\/\/127\.0\.0\.1:\d+\/hill\.json answered 503.* Asked again in [34] min\.$/);
    await expect.poll(() => page.getByTestId("feeds-state").innerText()).toBe("1 failing");
    await expect.poll(() => titles(page, "hill")).toHaveLength(3);
    expect(await faults(page)).toEqual([]);
    site.feeds.gate = () => false;
    await site.nextRound();
    await trouble.waitFor({ state: "detached" });
    await expect.poll(() => page.getByTestId("feeds-state").innerText()).toBe("all well");
  });

  test("tell how to add a feed where there is none, and what is wrong where the server does not run them", async () => {
    const site = await startNews();
    const page = await visit(`${site.origin}/news`, { permissions: ["clipboard-read", "clipboard-write"] });
    await connection(page, "live");
    await page.getByTestId("no-feeds").getByRole("button", { name: "Copy the line" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^npx artesian-demo --feed \S+=https:\S+$/);
    expect(await faults(page)).toEqual([]);

    site.gate = (req, res) => {
      if (req.url !== "/news/api/feeds") return false;
      res.writeHead(404).end();
      return true;
    };
    const other = await visit(`${site.origin}/news`);
    await connection(other, "reconnecting");
    await other.getByTestId("connection-problem").getByText("does not run the news").waitFor();
    site.gate = () => false;
    await connection(other, "live");
    await expect.poll(() => other.getByTestId("connection-problem").innerText()).toBe("");
  });

  test("of the sample feeds are labelled as invented, and lead to a page that says so", async () => {
    const site = await startNews({ sample: true });
    const page = await visit(`${site.origin}/news`);
    await connection(page, "live");
    await page.getByTestId("sample-note").getByText("These headlines are invented.").waitFor();
    for (const name of ["sample", "sample-zh", "sample-science", "sample-culture"])
      await expect.poll(() => titles(page, name)).toHaveLength(7);
    await expect.poll(() => page.getByText("Invented headlines").count()).toBe(4);
    const opened = page.context().waitForEvent("page");
    await page.getByTestId("headline").first().getByRole("link").click();
    await (await opened).getByRole("heading", { name: "There is no such story" }).waitFor();
    await page
      .locator("[data-feed=sample]")
      .getByRole("button", { name: /13 older/ })
      .click();
    await expect.poll(() => titles(page, "sample")).toHaveLength(20);
  });

  test("are filtered by feed and by words, in the page's address too", async () => {
    const { site, page } = await startTwo();
    await publish(site, "river", "Été à Paris");
    await page.getByTestId("show-new").click();
    await page.getByTestId("filter").fill("PARIS ete");
    await expect.poll(() => page.getByTestId("headline").count()).toBe(1);
    await expect.poll(() => page.locator("mark").allInnerTexts()).toEqual(["Été", "Paris"]);
    await page.reload();
    await expect.poll(() => titles(page, "river")).toEqual(["Été à Paris"]);
    await page.getByTestId("filter").fill("nowhere");
    await page.getByTestId("no-match").getByRole("button", { name: "Show all headlines" }).click();
    await expect.poll(() => page.getByTestId("feed").count()).toBe(2);
    await page.getByTestId("feed-choice").getByRole("button", { name: "The hill" }).click();
    await expect.poll(() => page.getByTestId("feed").count()).toBe(1);
    await expect.poll(() => new URL(page.url()).search).toBe("?feed=hill");
    await publish(site, "river", "river 5");
    // What the filter leaves out is no news.
    await publish(site, "hill", "hill 4");
    await page.getByTestId("show-new").getByText("1 new headline").waitFor();
  });

  test("of twenty feeds are chosen from a list, and each feed has its share of the snapshot", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `feed-${i}`);
    const site = await startNews({ names });
    for (const name of names) add(site, name, `${name} old`);
    await roundsOf(site, 20);
    for (let i = 0; i < 60; i++) add(site, "feed-0", `busy ${i}`);
    await site.nextRound();
    const page = await visit(`${site.origin}/news`);
    await connection(page, "live");
    await expect.poll(() => titles(page, "feed-19")).toEqual(["feed-19 old"]);
    await page.getByTestId("feed-choice").selectOption("feed-0");
    await page.getByRole("button", { name: /older/ }).click();
    await expect.poll(() => titles(page, "feed-0")).toHaveLength(40);
  });

  test("show what a hostile feed says as text, and lead nowhere but the web", async () => {
    const site = await startNews({ names: ["evil"] });
    const script = "<script>document.title='owned'</script><img src=x onerror=alert(1)>";
    add(site, "evil", script, { id: "1", summary: script, author: script, url: "javascript:alert(1)" });
    add(site, "evil", "data link", { url: "data:text/html,<script>alert(1)</script>" });
    add(site, "evil", "W".repeat(290), { url: `https://evil.example/${"w".repeat(1500)}` });
    add(site, "evil", "rtl \u202e gnp.exe", { url: "https://user:pw@evil.example/" });
    await roundsOf(site, 1);
    // What got past the source, or never saw it: published by the process itself.
    const forged = {
      id: "forged",
      title: "<b onclick=alert(1)>forged</b>",
      summary: script,
      link: "javascript:alert(document.domain)",
      seen: new Date().toISOString(),
      feed: { name: "evil", title: script, link: "javascript:alert(2)" },
    };
    await site.hub.publish({ topic: "/news/evil", type: "item", data: JSON.stringify(forged) });
    await site.hub.publish({ topic: "/news/evil", type: "item", data: "{not JSON" });
    const page = await visit(`${site.origin}/news`, { viewport: { width: 320, height: 640 } });
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await connection(page, "live");
    await expect.poll(() => titles(page, "evil")).toHaveLength(5);
    expect((await titles(page, "evil")).join("\n")).toContain("<b onclick=alert(1)>forged</b>");
    expect(await page.locator("#app img:not([src*='/assets/']), #app script, #app b[onclick]").count()).toBe(0);
    const anchors = page.locator("main a, [data-testid=roll] a");
    const links = await anchors.evaluateAll((all) =>
      all.map((link) => [new URL((link as HTMLAnchorElement).href).protocol, link.getAttribute("rel"), link.getAttribute("target")]),
    );
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(link).toEqual(["https:", "noopener noreferrer", "_blank"]);
    // The ticker takes headlines in and lets them go between two looks.
    await expect.poll(async () => (await anchors.count()) - (await page.getByRole("link", { name: /opens in a new tab/ }).count())).toBe(0);
    expect(await overflow(page)).toBe(0);
    expect(await page.title()).toBe("Artesian news");
    expect(dialogs).toEqual([]);
  });

  test("are read with the keyboard alone", async () => {
    const { site, page } = await startTwo();
    await publish(site, "river", "river 4");
    await page.getByTestId("show-new").waitFor();
    const reached: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return "";
        const where = element.closest("[data-testid=lane]") === null ? "" : "ticker: ";
        return where + (element.getAttribute("aria-label") ?? element.getAttribute("data-testid") ?? element.textContent ?? "").trim();
      });
      if (name === "") break;
      reached.push(name);
      // The first one is the way past all that rolls.
      if (name !== "show-new") continue;
      await page.keyboard.press("Enter");
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe("headline");
    }
    expect(reached[0]).toBe("Skip to the headlines");
    for (const name of ["Pause the ticker", "All", "The hill", "filter", "roll-in", "show-new", "hill 1 (opens in a new tab)"])
      expect(reached).toContain(name);
    expect(reached.some((name) => name.startsWith("ticker: "))).toBe(true);
    await expect.poll(async () => (await titles(page, "river"))[0]).toBe("river 4");

    await page.getByTestId("pause").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Let the ticker roll" }).waitFor();
    await page.getByTestId("filter").focus();
    await page.keyboard.type("hill 2");
    await expect.poll(() => page.getByTestId("headline").count()).toBe(1);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.getByTestId("headline").count()).toBe(7);
  });

  test.each(["light", "dark"] as const)("are accessible in %s", async (colorScheme) => {
    const { site, page } = await startTwo({ colorScheme });
    expect(await faults(page)).toEqual([]);
    await publish(site, "river", "river 4");
    await page.getByTestId("show-new").waitFor();
    await page.getByTestId("feeds-panel").locator("summary").click();
    expect(await faults(page)).toEqual([]);
    await page.getByTestId("show-new").click();
    await page.getByTestId("filter").fill("river 4");
    expect(await faults(page)).toEqual([]);
  });

  test("fit a phone of 320 pixels", async () => {
    const { site, page } = await startTwo({ viewport: { width: 320, height: 568 } });
    await publish(site, "river", `A headline with ${"a-word-that-does-not-end".repeat(8)}`);
    // The headlines are what the screen is for.
    const first = await page.getByTestId("headline").first().boundingBox();
    expect(first?.y).toBeLessThan(400);
    const pill = await page.getByTestId("show-new").boundingBox();
    expect((pill?.x ?? -1) >= 0 && (pill?.x ?? 0) + (pill?.width ?? 999) <= 320).toBe(true);
    await page.getByTestId("show-new").click();
    await page.getByTestId("feeds-panel").locator("summary").click();
    expect(await overflow(page)).toBe(0);
  });

  test("tell their age, and go on telling it, also where the reader's clock is wrong", async () => {
    let aheadMs = 0;
    const site = await startNews({ names: ["hill"], news: { now: () => Date.now() + aheadMs } });
    add(site, "hill", "dated now", { at: Date.now() });
    await roundsOf(site, 1);
    const page = await visit(`${site.origin}/news`);
    await page.clock.install({ time: Date.now() - 86_400_000 });
    await page.reload();
    const age = page.getByTestId("headline").first().locator("time");
    await expect.poll(() => age.innerText()).toBe("just now");
    aheadMs = 5 * 60_000;
    await page.clock.fastForward(aheadMs);
    await expect.poll(() => age.innerText()).toBe("5 min ago");
  });
});
