import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { openStream } from "../support/stream.ts";
import { connection, overflow, violations, visit } from "./chat-site.ts";
import { type ConsoleSite, mintAdmin, mintMonitor, mintPlain, startConsole, usePages } from "./console-site.ts";
import { hideFor, show as showTab } from "./hidden.ts";

usePages();

type View = "Overview" | "Subscribers" | "By hand" | "Updates";

async function enter(site: ConsoleSite, options: Parameters<typeof visit>[1] = {}): Promise<Page> {
  const page = await visit(`${site.origin}/console`, options);
  await connection(page, "live");
  return page;
}

async function show(page: Page, view: View): Promise<void> {
  await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: view }).click();
}

function value(page: Page, figure: string): Promise<number> {
  return page
    .locator(`[data-testid=chart][data-figure=${figure}]`)
    .getAttribute("data-value")
    .then((text) => Number(text ?? Number.NaN));
}

/** What the line of a chart is drawn of. */
function line(page: Page, figure: string): Promise<string> {
  return page.locator(`[data-figure=${figure}] .plot-line`).evaluateAll((paths) => paths.map((path) => path.getAttribute("d")).join(" "));
}

function row(page: Page, pattern: string): Locator {
  return page.getByTestId("subscriber").filter({ hasText: pattern });
}

async function letIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Administrator's token").fill(token);
  await page.getByRole("button", { name: "Open", exact: true }).click();
}

describe("the open console", () => {
  test("draws what the hub does, in two tabs, and gives it as a table", async () => {
    const site = await startConsole({ open: true });
    const first = await enter(site);
    const second = await first.context().newPage();
    await second.goto(`${site.origin}/console`);
    await connection(second, "live");
    // Both have the figures by one connection.
    await expect.poll(() => value(first, "subscribers")).toBe(1);
    await expect.poll(() => value(second, "subscribers")).toBe(1);
    await expect.poll(() => value(first, "published")).toBe(0);
    const reader = await openStream(`${site.origin}/events/stream?match=a`);
    for (const page of [first, second]) await expect.poll(() => value(page, "subscribers")).toBe(2);
    const before = await line(first, "published");
    for (let i = 0; i < 50; i++) await site.hub.publish({ topic: "a", data: "x" });
    await reader.take(50);
    for (const page of [first, second]) {
      await expect.poll(() => value(page, "journalUpdates")).toBeGreaterThanOrEqual(50);
      // The peak stays on the chart when it is over.
      await expect.poll(() => page.locator("[data-figure=published] svg").getAttribute("aria-label")).toMatch(/between 0\/s and [1-9]/);
      await expect.poll(() => page.locator("[data-figure=delivered] svg").getAttribute("aria-label")).toMatch(/between 0\/s and [1-9]/);
    }
    await expect.poll(() => line(first, "published")).not.toBe(before);
    // Whoever comes later sees it too.
    const third = await enter(site);
    await expect.poll(() => third.locator("[data-figure=published] svg").getAttribute("aria-label")).toMatch(/between 0\/s and [1-9]/);

    await first.getByLabel("15 minutes").check();
    await first.locator("[data-figure=published] svg[aria-label*='15 minutes']").waitFor();
    await first.getByTestId("as-table").click();
    const table = first.getByRole("table");
    await expect
      .poll(() => table.getByRole("columnheader").allInnerTexts())
      .toEqual(expect.arrayContaining(["Time", "Published", "Delivered", "Connections", "Behind", "Journal", "Journal growth"]));
    await expect.poll(() => table.getByRole("row").count()).toBeGreaterThan(1);
    await expect.poll(() => table.getByRole("row").nth(1).innerText()).toMatch(/\d\d:\d\d:\d\d/);
  });

  test("finds a subscriber and closes its stream", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site);
    await show(page, "Subscribers");
    const kept = await openStream(`${site.origin}/events/stream?match=/rooms/kept`);
    const lost = await openStream(`${site.origin}/events/stream?match_urlpattern=/books/:id&interval=500&latest=on`);
    await row(page, "/rooms/kept").waitFor();
    await expect.poll(() => row(page, "/books/:id").innerText()).toMatch(/every 500 ms, the latest only/);
    await page.getByTestId("search").fill("books");
    await page.getByTestId("matched").getByText("1 subscriber of 3 match").waitFor();
    await expect.poll(() => page.getByTestId("subscriber").count()).toBe(1);

    await row(page, "/books/:id").getByTestId("close").click();
    await page.getByRole("button", { name: "Keep it" }).click();
    expect(site.hub.stats().subscribers).toBe(3);
    await row(page, "/books/:id").getByTestId("close").click();
    await page.getByTestId("confirm-close").click();
    await lost.ended;
    await page.getByTestId("said").getByText("Closed").waitFor();
    await page.getByTestId("matched").getByText("0 subscribers of 2 match").waitFor();
    await site.hub.publish({ topic: "/rooms/kept", data: "still here" });
    expect((await kept.next()).data).toBe("still here");
  });

  test("publishes and subscribes by hand, and says what became of it", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site);
    await openStream(`${site.origin}/events/stream?match=elsewhere`);
    await show(page, "By hand");
    const raw = page.getByTestId("raw");
    await page.getByTestId("subscribe").getByLabel("Topics").fill("a\nb");
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-testid=raw-state][data-raw=open]").waitFor();
    await raw.locator("[data-type='hub:cursor']").waitFor();
    await raw.locator("[data-type=retry]").waitFor();

    await page.getByLabel("Topic", { exact: true }).fill("b");
    await page.getByLabel("Data").fill("two\nlines");
    await page.getByLabel("Type").fill("note");
    await page.getByTestId("publish").getByLabel("Event id").fill("mine-1");
    await page.getByRole("button", { name: "Publish" }).click();
    await expect.poll(() => page.getByTestId("published-id").innerText()).toBe("mine-1");
    const entry = raw.locator("[data-testid=raw-entry][data-type=note]");
    await entry.waitFor();
    await expect.poll(() => entry.innerText()).toMatch(/mine-1\s+two\nlines/);
    await page.getByText("1 update since it was opened").waitFor();

    await page.getByTestId("what-became").click();
    await page.getByTestId("life").waitFor();
    const fates = async (): Promise<object> =>
      Object.fromEntries(
        await page
          .getByTestId("fate")
          .evaluateAll((all) => all.map((one) => [one.getAttribute("data-fate") ?? "", Number(one.getAttribute("data-count"))])),
      );
    // The console's own stream, and the one elsewhere.
    await expect.poll(fates).toEqual({ delivered: 1, not_selected: 2 });

    await show(page, "Subscribers");
    await row(page, "elsewhere")
      .getByRole("button", { name: /Missing one/ })
      .click();
    await page.locator("[data-testid=verdict][data-fate=not_selected]").waitFor();
    await expect.poll(() => page.getByTestId("verdict").innerText()).toContain("None of the subscriber's matchers selects");

    await page.getByTestId("explain").getByLabel("Event id").fill("never-was");
    await page.getByTestId("explain").getByRole("button").click();
    await page.getByRole("alert").filter({ hasText: "no update with this event id" }).waitFor();
    // The stream went on while it was out of sight.
    await site.hub.publish({ topic: "a", data: "unseen" });
    await show(page, "By hand");
    await raw.getByText("unseen").waitFor();
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-testid=raw-state][data-raw=closed]").waitFor();
    await expect.poll(() => site.hub.stats().subscribers).toBe(2);
  });

  test("shows what the hub refuses, and what waits for its time", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site);
    await show(page, "By hand");
    await page.getByLabel("Topic", { exact: true }).fill("/console/stats");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByTestId("published").getByText("Only the hub's own process publishes on this topic").waitFor();
    await page.getByLabel("URL patterns").fill("/books/:");
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-testid=raw-state][data-raw=refused]").waitFor();

    await page.getByLabel("Topic", { exact: true }).fill("tea");
    await page.getByLabel("Delay").fill("3600000");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByTestId("what-became").click();
    await page.getByText("Still waiting").waitFor();
    await page
      .getByTestId("scheduled")
      .getByRole("button", { name: /Cancel/ })
      .click();
    await page.getByText("No update waits for its time.").waitFor();
    for await (const _ of site.hub.scheduled()) throw new Error("It waits still.");
  });

  test("closes all streams of a hidden tab, and goes on where they were", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site);
    await show(page, "By hand");
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-testid=raw-state][data-raw=open]").waitFor();
    await site.hub.publish({ topic: "greeting", data: "before" });
    await page.getByTestId("raw").getByText("before").waitFor();
    await expect.poll(() => site.hub.stats().subscribers).toBe(2);
    await hideFor(page, 20);
    await connection(page, "resting");
    await page.locator("[data-testid=raw-state][data-raw=resting]").waitFor();
    await expect.poll(() => site.hub.stats().subscribers).toBe(0);
    await site.hub.publish({ topic: "greeting", data: "meanwhile" });
    await showTab(page);
    await connection(page, "live");
    await page.getByTestId("raw").getByText("meanwhile").waitFor();
    expect(await page.getByTestId("raw").getByText("before").count()).toBe(1);
  });

  test("comes back by itself after a restart of the hub, with its streams", async () => {
    const port = await freePort();
    const site = await startConsole({ open: true, port });
    const page = await enter(site);
    await show(page, "By hand");
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-testid=raw-state][data-raw=open]").waitFor();
    await site.stop();
    await connection(page, "reconnecting");
    await page.locator("[data-testid=raw-state][data-raw=reconnecting]").waitFor();
    await expect.poll(() => page.locator(".charts").getAttribute("data-stale")).toBe("true");
    const again = await startConsole({ open: true, port });
    await connection(page, "live");
    await page.locator("[data-testid=raw-state][data-raw=open]").waitFor();
    await again.hub.publish({ topic: "greeting", data: "after the restart" });
    await page.getByTestId("raw").getByText("after the restart").waitFor();
    await expect.poll(() => value(page, "journalUpdates")).toBeGreaterThan(0);
  });

  test("says that it reconnects while the network is away, and fills in what it missed", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site);
    await expect.poll(() => value(page, "subscribers")).toBe(1);
    await page.context().setOffline(true);
    await connection(page, "reconnecting");
    await site.hub.publishBatch(Array.from({ length: 200 }, () => ({ topic: "a" })));
    await page.context().setOffline(false);
    await connection(page, "live");
    await expect.poll(() => page.locator("[data-figure=published] svg").getAttribute("aria-label")).toMatch(/and [\d,]{3,}\/s/);
  });

  test("says so when the stream is open and nothing comes", async () => {
    const site = await startConsole({ open: true, sampleMs: 600_000 });
    const page = await visit(`${site.origin}/console`);
    await connection(page, "live");
    await page
      .getByTestId("connection-problem")
      .getByText(/No figures for \d+ s/)
      .waitFor();
  });

  test("is used with the keyboard alone", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site);
    const lost = await openStream(`${site.origin}/events/stream?match=victim`);
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const { activeElement: at } = document;
        return at?.getAttribute("data-testid") ?? at?.getAttribute("href") ?? at?.id ?? "";
      });
    async function tabTo(what: string): Promise<void> {
      for (let i = 0; i < 40 && (await focused()) !== what; i++) await page.keyboard.press("Tab");
      await expect.poll(focused).toBe(what);
    }
    await tabTo("#subscribers");
    await page.keyboard.press("Enter");
    await tabTo("search");
    await page.keyboard.type("victim");
    await page.getByTestId("matched").getByText("1 subscriber of 2 match").waitFor();
    await tabTo("close");
    await page.keyboard.press("Enter");
    await expect.poll(focused).toBe("confirm-close");
    await page.keyboard.press("Enter");
    await lost.ended;
    await expect.poll(focused).toBe("subscribers");

    for (let i = 0; i < 40 && (await focused()) !== "#by-hand"; i++) await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await tabTo("publish-data");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("typed");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByTestId("published-id").waitFor();
    await tabTo("what-became");
    await page.keyboard.press("Enter");
    await page.getByTestId("life").waitFor();
    await expect.poll(focused).toBe("updates-title");
  });

  test.each(["light", "dark"] as const)("is accessible in %s", async (colorScheme) => {
    const site = await startConsole({ open: true });
    const page = await enter(site, { colorScheme });
    await openStream(`${site.origin}/events/stream?match=a&match_urlpattern=/books/:id&interval=500`);
    await expect.poll(() => value(page, "subscribers")).toBe(2);
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("as-table").click();
    expect(await violations(page)).toEqual([]);
    await show(page, "Subscribers");
    await row(page, "/books/:id").getByTestId("close").click();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Keep it" }).click();
    await show(page, "By hand");
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-raw=open]").waitFor();
    await page.getByLabel("Delay").fill("3600000");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByTestId("published-id").waitFor();
    await page.getByLabel("Delay").fill("");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.locator("[data-testid=raw-entry][data-kind=event]").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId("what-became").click();
    await page.getByTestId("fate").first().waitFor();
    await page.getByTestId("scheduled").waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test("fits a phone of 320 pixels", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site, { viewport: { width: 320, height: 568 } });
    await openStream(`${site.origin}/events/stream?match=${"/long".repeat(40)}&match_urlpattern=/books/:id&interval=500&latest=on`);
    await expect.poll(() => value(page, "subscribers")).toBe(2);
    expect(await overflow(page)).toBe(0);
    await page.getByTestId("as-table").click();
    expect(await overflow(page)).toBe(0);
    await show(page, "Subscribers");
    await row(page, "/books/:id").getByTestId("close").click();
    expect(await overflow(page)).toBe(0);
    await show(page, "By hand");
    await page.getByTestId("publish").getByLabel("Event id").fill("x".repeat(200));
    await page.getByLabel("Data").fill("y".repeat(500));
    await page.getByTestId("toggle-stream").click();
    await page.locator("[data-raw=open]").waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.locator("[data-testid=raw-entry][data-kind=event]").waitFor();
    expect(await overflow(page)).toBe(0);
    await page.getByTestId("what-became").click();
    await page.getByTestId("life").waitFor();
    expect(await overflow(page)).toBe(0);
    for (const view of ["Overview", "Updates"] as const) {
      const box = await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: view }).boundingBox();
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 999) + (box?.width ?? 0) <= 320).toBe(true);
    }
  });

  test("does not move when the user asks for none, and never changes its layout", async () => {
    const site = await startConsole({ open: true });
    const page = await enter(site, { reducedMotion: "reduce" });
    await expect.poll(() => value(page, "subscribers")).toBe(1);
    const places = (): Promise<string[]> =>
      page.locator("main *:not(path, g)").evaluateAll((all) =>
        all
          .filter((one) => one.matches("figure, .plot, .chart-foot, .view-tools, .hint, h3"))
          .map((one) => {
            const { x, y, width, height } = one.getBoundingClientRect();
            return `${one.className} ${x} ${y} ${width} ${height}`;
          }),
      );
    const before = await places();
    await site.hub.publishBatch(Array.from({ length: 1000 }, () => ({ topic: "a", data: "x".repeat(2000) })));
    await expect.poll(() => value(page, "journalUpdates")).toBeGreaterThan(1000);
    expect(await places()).toEqual(before);
    const running = await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length);
    expect(running).toBe(0);
  });
});

describe("the guarded console", () => {
  test("has a door that says what it takes, and lets administrators in", async () => {
    const site = await startConsole({ open: false });
    const asked: { path: string; status: number; body: string }[] = [];
    const guest = await visit(`${site.origin}/console`);
    guest.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith("/console/api"))
        response.text().then(
          (body) => asked.push({ path: pathname, status: response.status(), body }),
          () => undefined,
        );
    });
    await guest.getByTestId("door").waitFor();
    await expect.poll(() => guest.getByTestId("door").innerText()).toContain("artesian token mint --admin");
    expect(await guest.getByRole("alert").innerText()).toBe("");
    expect(await guest.getByTestId("chart").count()).toBe(0);
    expect(site.hub.stats().subscribers).toBe(0);

    await letIn(guest, "not a token!");
    await guest.getByRole("alert").filter({ hasText: "This is not a token" }).waitFor();
    await letIn(guest, "abc.def.ghi");
    await guest.getByRole("alert").filter({ hasText: "does not accept this token" }).waitFor();
    await letIn(guest, await mintPlain());
    await guest.getByRole("alert").filter({ hasText: "its holder may not see this console" }).waitFor();
    expect(await guest.evaluate(() => [sessionStorage.length, localStorage.length])).toEqual([0, 0]);
    await expect.poll(() => asked.length).toBeGreaterThanOrEqual(2);
    for (const { path, status, body } of asked) {
      expect([path, status === 401 || status === 403]).toEqual(["/console/api/about", true]);
      expect(body).not.toContain("hub.example");
    }

    const token = await mintAdmin();
    await letIn(guest, `${token.slice(0, 40)}\n${token.slice(40)}`);
    await connection(guest, "live");
    await expect.poll(() => value(guest, "subscribers")).toBe(1);
    expect(guest.url()).not.toContain(token.slice(0, 20));
    await expect.poll(() => guest.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie])).toEqual([1, 0, ""]);
    await guest.reload();
    await connection(guest, "live");

    await show(guest, "By hand");
    await guest.getByRole("button", { name: "Publish" }).click();
    await guest.getByTestId("published").getByText("Administering is not publishing").waitFor();
    // Another tab is another session.
    const other = await guest.context().newPage();
    await other.goto(`${site.origin}/console`);
    await other.getByTestId("door").waitFor();

    await guest.getByRole("button", { name: "Forget token" }).click();
    await guest.getByTestId("door").waitFor();
    await expect.poll(() => site.hub.stats().subscribers).toBe(0);
    await expect.poll(() => guest.evaluate(() => sessionStorage.length)).toBe(0);
  });

  test("lets monitors look, and offers them no orders", async () => {
    const site = await startConsole({ open: false });
    const page = await visit(`${site.origin}/console`);
    await letIn(page, await mintMonitor());
    await connection(page, "live");
    expect(await page.getByTestId("read-only").innerText()).toBe("View only");
    await show(page, "Subscribers");
    await page.getByTestId("subscriber").waitFor();
    expect(await page.getByTestId("close").count()).toBe(0);
    await page.getByTestId("details").click();
    await page.getByTestId("subscriber-rate").waitFor();
    expect(await page.locator("[data-testid^=order-]").count()).toBe(0);
  });

  test("publishes, explains and closes with a token that may", async () => {
    const site = await startConsole({ open: false });
    const reader = await openStream(`${site.origin}/events/stream?match=greeting`);
    const page = await visit(`${site.origin}/console`);
    await letIn(page, await mintAdmin(["greeting"]));
    await connection(page, "live");
    await show(page, "By hand");
    await page.getByLabel("Private").check();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByTestId("what-became").click();
    await page.locator("[data-testid=fate][data-fate=not_allowed][data-count='1']").waitFor();
    await show(page, "Subscribers");
    await row(page, "greeting").getByTestId("close").click();
    await page.getByTestId("confirm-close").click();
    await reader.ended;
  });

  test("goes to the door when the token has ended", async () => {
    const site = await startConsole({ open: false });
    const page = await visit(`${site.origin}/console`);
    await letIn(page, await mintAdmin([], 8));
    await connection(page, "live");
    await page.getByRole("alert").filter({ hasText: "has come to its end" }).waitFor();
    await expect.poll(() => page.getByTestId("chart").count()).toBe(0);
    await letIn(page, await mintAdmin());
    await connection(page, "live");
  });

  test("waits for a hub that does not answer yet", async () => {
    const site = await startConsole({ open: false });
    site.gate = (req, res) => {
      if (req.url?.startsWith("/console/api") !== true) return false;
      res.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>");
      return true;
    };
    const page = await visit(`${site.origin}/console`);
    await page.getByText("The hub does not answer").waitFor();
    site.gate = () => false;
    await page.getByTestId("door").waitFor();
  });

  test.each(["light", "dark"] as const)("has an accessible door in %s", async (colorScheme) => {
    const site = await startConsole({ open: false });
    const page = await visit(`${site.origin}/console`, { colorScheme, viewport: { width: 320, height: 568 } });
    await letIn(page, "abc");
    await page.getByRole("alert").filter({ hasText: "does not accept" }).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
});
