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
    expect(rows[0]).toContain("tick");
    expect(rows[0]).toMatch(/\d\d:\d\d:\d\d/);
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

  test("shows the curl line and the script with its own address", async () => {
    const site = await startSite();
    const page = await visit(site.origin, { permissions: ["clipboard-read", "clipboard-write"] });
    const line = `curl -d topic=greeting -d 'data=Hello, world!' ${site.origin}/events/stream`;
    await expect.poll(() => page.getByTestId("send").innerText()).toBe(line);
    await page.getByRole("button", { name: "Copy the curl line" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(line);
    const script = await page.getByTestId("receive").innerText();
    expect(script.split("\n")).toHaveLength(3);

    const logged = page.waitForEvent("console", (entry) => entry.text() === "from the three lines");
    const opened = page.waitForResponse((response) => response.url().includes("match=greeting"));
    await page.route("**/three-lines.js", (route) => route.fulfill({ body: script, contentType: "text/javascript" }));
    await page.addScriptTag({ url: "/three-lines.js" });
    await opened;
    await site.publish({ topic: "greeting", data: "from the three lines" });
    await logged;
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
    for (let i = 0; i < 16; i++) {
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
    for (const name of ["Chat", "Stocks", "See it at work", "greeting", "Publish", "Copy the curl line"]) expect(reached).toContain(name);
  });

  test.each(["light", "dark"] as const)("is accessible in %s", async (colorScheme) => {
    const site = await startSite();
    const page = await visit(site.origin, { colorScheme });
    await connection(page, "live");
    expect(await violations(page)).toEqual([]);
    await site.publish({ topic: "a", data: "something" });
    await page.getByTestId("updates").getByText("something").waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test("fits a phone of 320 pixels", async () => {
    const site = await startSite();
    const page = await visit(site.origin, { viewport: { width: 320, height: 640 } });
    await connection(page, "live");
    await site.publish({ topic: "a", type: "a-type-that-is-rather-long-for-a-phone", data: "x".repeat(500) });
    await page.getByTestId("updates").getByText("xxx").waitFor();
    expect(await overflow(page)).toBe(0);
  });
});
