import { encode } from "uqr";
import { describe, expect, test } from "vitest";
import { connection, overflow, startSite, usePages, violations, visit } from "./chat-site.ts";

usePages();

describe("the landing page", () => {
  test("shows what is published, at once and as text", async () => {
    const site = await startSite();
    const page = await visit(site.origin);
    await connection(page, "live");
    const updates = page.getByTestId("updates");
    await expect.poll(() => updates.innerText()).toContain("Publish the first update");

    await page.getByRole("button", { name: "Publish" }).click();
    await updates.getByText("Hello, world!").waitFor();
    await site.publish({ topic: "price", type: "tick", data: "<img src=x onerror=alert(1)>" });
    await updates.getByText("<img src=x onerror=alert(1)>").waitFor();
    const rows = await updates.getByRole("listitem").allInnerTexts();
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/\d\d:\d\d:\d\d/);
    expect(await updates.getByTestId("update-topic").allInnerTexts()).toEqual(["price", "greeting"]);
    expect(await updates.getByTestId("update-type").allInnerTexts()).toEqual(["tick", "message"]);
    await expect.poll(() => page.getByText("2 updates since you came").count()).toBe(1);
  });

  test("keeps the newest fifty, without moving anything else", async () => {
    const site = await startSite();
    const page = await visit(site.origin);
    await connection(page, "live");
    const before = await page.getByRole("button", { name: "Publish" }).boundingBox();
    for (let i = 1; i <= 60; i++) await site.hub.publish({ topic: "many", data: `number ${i}` });
    const updates = page.getByTestId("updates");
    await updates.getByText("number 60", { exact: true }).waitFor();
    const rows = await updates.getByRole("listitem").allInnerTexts();
    expect(rows).toHaveLength(50);
    expect(rows[0]).toContain("number 60");
    expect(rows[49]).toContain("number 11");
    expect(await page.getByRole("button", { name: "Publish" }).boundingBox()).toEqual(before);
  });

  test("tells the latency of its own updates, and of no others", async () => {
    const site = await startSite();
    const page = await visit(site.origin);
    await connection(page, "live");
    await page.getByRole("button", { name: "Publish" }).click();
    const rows = page.getByTestId("updates").getByRole("listitem");
    await rows.getByTestId("update-latency").waitFor();
    await site.publish({ topic: "price", data: "of another" });
    await rows.filter({ hasText: "of another" }).waitFor();
    await page.getByLabel("Publish to").fill("own again");
    await page.keyboard.press("Enter");
    await expect.poll(() => rows.getByTestId("update-latency").count()).toBe(2);
    expect(await rows.filter({ hasText: "of another" }).getByTestId("update-latency").count()).toBe(0);
    for (const text of await rows.getByTestId("update-latency").allInnerTexts()) expect(text).toMatch(/^\d+ ms$/);
  });

  test("shows the curl line and the script with its own address", async () => {
    const site = await startSite();
    const page = await visit(site.origin, { permissions: ["clipboard-read", "clipboard-write"] });
    const line = `curl -d topic=greeting -d 'data=Hello, world!' ${site.origin}/events/stream`;
    await expect.poll(() => page.getByTestId("send").innerText()).toBe(line);
    await page.getByRole("button", { name: "Copy the code: curl" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(line);
    const script = await page.getByTestId("receive").innerText();
    expect(script.split("\n")).toHaveLength(3);
    expect(script).toContain(`"${site.origin}/events/stream?match=greeting"`);

    const logged = page.waitForEvent("console", (entry) => entry.text() === "from the three lines");
    const opened = page.waitForResponse((response) => response.url().includes("match=greeting"));
    await page.route("**/three-lines.js", (route) => route.fulfill({ body: script, contentType: "text/javascript" }));
    await page.addScriptTag({ url: "/three-lines.js" });
    await opened;
    await site.publish({ topic: "greeting", data: "from the three lines" });
    await logged;
  });

  test("speaks English and Chinese, and keeps its rows when the language changes", async () => {
    const site = await startSite();
    const page = await visit(site.origin, { locale: "zh-CN" });
    await connection(page, "live");
    await page.getByRole("heading", { name: "让数据自己涌上来" }).waitFor();
    expect(await page.title()).toBe("Artesian：让数据自己涌上来");
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    expect(await page.locator("meta[name=description]").getAttribute("content")).toContain("无需轮询");
    await page.getByRole("button", { name: "发布", exact: true }).click();
    await page.getByTestId("updates").getByText("你好，世界！").waitFor();
    await page.getByText("你打开本页以来共 1 条更新。").waitFor();
    await page.keyboard.press("End");
    await page.getByRole("heading", { name: "可以放心的事" }).waitFor();

    await page.getByTestId("language").selectOption("en");
    await page.getByRole("heading", { name: "Data that rises by itself" }).waitFor();
    await page.getByRole("heading", { name: "What you can rely on" }).waitFor();
    expect(await page.title()).toBe("Artesian: data that rises by itself");
    expect(await page.locator("meta[name=description]").getAttribute("content")).toContain("Nothing is polled");
    expect(await page.getByTestId("updates").getByRole("listitem").count()).toBe(1);
    // The update's own words stay.
    expect((await page.locator("main").innerText()).replace("你好，世界！", "")).not.toMatch(/\p{Script=Han}/u);
  });

  test("loads the layers below by the way there, and leads to their parts", async () => {
    const site = await startSite();
    const page = await visit(site.origin);
    await connection(page, "live");
    expect(await page.getByTestId("layers").count()).toBe(0);
    await page.getByRole("link", { name: "Kill the server" }).click();
    const heading = page.getByRole("heading", { name: "Kill the server" });
    await expect.poll(async () => (await heading.boundingBox())?.y ?? 9999).toBeLessThan(400);
    const linked = await visit(`${site.origin}/#apps`);
    const apps = linked.getByRole("heading", { name: "Watch it work" });
    await expect.poll(async () => (await apps.boundingBox())?.y ?? 9999).toBeLessThan(720);
    // By scrolling alone.
    const scrolled = await visit(site.origin);
    await connection(scrolled, "live");
    await scrolled.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await scrolled.getByTestId("layers").waitFor();
  });

  test("is honest about its connection, and misses nothing", async () => {
    const site = await startSite();
    const page = await visit(site.origin);
    await connection(page, "live");
    await site.publish({ topic: "a", data: "before" });
    await page.getByTestId("updates").getByText("before").waitFor();

    site.gate = (req, res) => {
      if (req.method !== "GET") return false;
      res.writeHead(502).end("bad gateway");
      return true;
    };
    site.breakConnections();
    await connection(page, "reconnecting");
    await site.publish({ topic: "a", data: "meanwhile" });
    site.gate = () => false;
    await connection(page, "live");
    await page.getByTestId("updates").getByText("meanwhile").waitFor();

    await page.context().setOffline(true);
    await connection(page, "reconnecting");
    await site.publish({ topic: "a", data: "while offline" });
    await page.context().setOffline(false);
    await connection(page, "live");
    await page.getByTestId("updates").getByText("while offline").waitFor();
    await expect.poll(() => page.getByTestId("updates").getByRole("listitem").count()).toBe(3);
  });

  test("says why an update was not taken", async () => {
    const site = await startSite({ hub: { anonymousPublish: false } });
    const page = await visit(site.origin);
    await connection(page, "live");
    await page.getByRole("button", { name: "Publish" }).click();
    await page
      .getByRole("alert")
      .filter({ hasText: /publish/i })
      .waitFor();
  });

  test("is used with the keyboard alone", async () => {
    const site = await startSite();
    const page = await visit(site.origin);
    await connection(page, "live");
    const reached: string[] = [];
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const element = document.activeElement;
        return element?.id === "greeting" ? "greeting" : (element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "");
      });
      reached.push(name);
      if (name === "greeting") {
        await page.keyboard.type("typed");
        await page.keyboard.press("Enter");
      }
    }
    await page.getByTestId("updates").getByText("typed").waitFor();
    for (const name of ["Chat", "Stocks", "See it at work", "greeting", "Publish", "Python", "Copy the code: curl"])
      expect(reached).toContain(name);
  });

  const SHOWN = (["light", "dark"] as const).flatMap((colorScheme) =>
    (["en", "zh-CN"] as const).map((locale) => ({ colorScheme, locale })),
  );
  test.each(SHOWN)("is accessible in $colorScheme, $locale", async (options) => {
    const site = await startSite();
    const page = await visit(site.origin, options);
    await connection(page, "live");
    expect(await violations(page)).toEqual([]);
    await site.publish({ topic: "a", data: "something" });
    await page.getByTestId("updates").getByText("something").waitFor();
    await page.keyboard.press("End");
    await page.getByTestId("show-start").click();
    await page.locator("[data-testid=show-number][data-fate=live]").first().waitFor();
    await page.getByTestId("show-stop").click();
    expect(await violations(page)).toEqual([]);
  });

  test.each(["en", "zh-CN"])("fits a phone of 320 pixels in %s", async (locale) => {
    const site = await startSite();
    const page = await visit(site.origin, { viewport: { width: 320, height: 640 }, locale });
    await connection(page, "live");
    await site.publish({ topic: `long-${"x".repeat(80)}`, type: "a-type-that-is-rather-long-for-a-phone", data: "x".repeat(500) });
    await page.getByTestId("updates").getByText("xxx").first().waitFor();
    for (const name of ["JavaScript", "Python", "PHP", "Go"]) await page.getByTestId(`receive-${name}`).click();
    await page.keyboard.press("End");
    await page.getByTestId("layers").waitFor();
    expect(await overflow(page)).toBe(0);
  });

  test.each([390, 1280])("moves nothing while it starts, %s pixels wide", async (width) => {
    const site = await startSite();
    const page = await visit(`${site.origin}/?lang=zh-CN`, { viewport: { width, height: 800 } });
    await connection(page, "live");
    await site.publish({ topic: "a", data: "something" });
    await page.getByTestId("updates").getByText("something").waitFor();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.getByTestId("layers").waitFor();
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list) => {
            const entries = list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[];
            resolve(entries.filter(({ hadRecentInput }) => !hadRecentInput).reduce((sum, { value }) => sum + value, 0));
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve(0), 1000);
        }),
    );
    expect(shift).toBeLessThanOrEqual(0.05);
  });
});

describe("the demonstration", () => {
  test("counts what comes back while the stream breaks, and shows the replay of what was missed", async () => {
    const site = await startSite();
    const page = await visit(`${site.origin}/#demonstration`);
    await connection(page, "live");
    const count = async (name: string): Promise<number> => Number(await page.getByTestId(`show-${name}`).innerText());
    const event = (kind: string) => page.locator(`[data-testid=show-event][data-kind=${kind}]`).first();
    await page.getByTestId("show-start").click();
    await expect.poll(() => count("received")).toBeGreaterThan(2);

    await page.getByTestId("show-away").click();
    await event("left").waitFor();
    const [sent, received] = [await count("sent"), await count("received")];
    await expect.poll(() => count("sent")).toBeGreaterThan(sent + 4);
    expect(await count("received")).toBeLessThanOrEqual(received + 1);
    await page.getByTestId("show-away").click();
    await event("replayed").waitFor();
    expect(await page.locator("[data-testid=show-number][data-fate=replayed]").count()).toBeGreaterThan(3);

    site.breakConnections();
    const before = await count("received");
    await expect.poll(() => count("received")).toBeGreaterThan(before + 4);
    await page.getByTestId("show-stop").click();
    await expect.poll(async () => (await count("received")) - (await count("sent"))).toBe(0);
    expect([await count("lost"), await count("repeated")]).toEqual([0, 0]);
    // Other visitors' panels are not flooded by the numbers.
    expect(await page.getByTestId("updates").getByRole("listitem").count()).toBe(0);
  });

  test("shows what is lost and repeated, when something is", async () => {
    const site = await startSite();
    const page = await visit(`${site.origin}/#demonstration`);
    await connection(page, "live");
    let topic = "";
    site.gate = (req) => {
      if (req.method === "GET") topic ||= /match=(%2Fdemonstration%2F\w+)/.exec(req.url ?? "")?.[1] ?? "";
      return false;
    };
    // A publisher that says yes to one number, and keeps it.
    let swallowed = 0;
    await page.route("**/events/stream", async (route) => {
      const isNumber = route.request().method() === "POST" && route.request().postData()?.includes('"data":"3"');
      if (isNumber !== true || swallowed++ > 0) return route.continue();
      return route.fulfill({ json: { id: "swallowed" } });
    });
    await page.getByTestId("show-start").click();
    await expect.poll(() => page.getByTestId("show-lost").innerText()).toBe("1");
    expect(await page.locator("[data-testid=show-number][data-fate=lost]").getAttribute("title")).toBe("3");
    await site.publish({ topic: decodeURIComponent(topic), type: "number", data: "2" });
    await expect.poll(() => page.getByTestId("show-repeated").innerText()).toBe("1");
  });

  test("has no button to kill a server that nothing would start again, and no code that leads nowhere", async () => {
    const site = await startSite();
    const page = await visit(`${site.origin}/#demonstration`);
    await page.getByTestId("show-start").waitFor();
    expect(await page.getByTestId("show-kill").count()).toBe(0);
    expect(await page.getByTestId("join-loopback").innerText()).toContain(site.origin);
    expect(await page.getByTestId("join-show").count()).toBe(0);
  });

  test("draws a code of the address at which a phone reaches the server", async () => {
    const site = await startSite();
    const url = "https://demo.example";
    const page = await visit(site.origin);
    await page.route("**/demo/server", (route) => route.fulfill({ json: { process: 1, cannotKill: "memory", publicUrl: url } }));
    await page.goto(`${site.origin}/?again#demonstration`);
    await page.getByTestId("show-no-kill").getByText("--journal memory").waitFor();
    await page.getByTestId("join-show").click();
    const code = page.getByTestId("join-code");
    await code.waitFor();
    expect(await code.getAttribute("aria-label")).toContain(url);
    const { data } = encode(url, { border: 4 });
    const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`${x} ${y}`] : [])));
    const drawn = [...((await code.locator("path").getAttribute("d")) ?? "").matchAll(/M(\d+ \d+)h1v1h-1z/g)].map(([, at]) => at);
    expect(drawn).toEqual(dark);
  });
});
