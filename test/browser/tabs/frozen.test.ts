import { chromium, type Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { FULL_LAUNCH } from "../support.ts";
import { rawProfile, type RawTab } from "./raw-tabs.ts";
import { newProfile, numbers, openTab, startSite, look } from "./tab-pages.ts";

async function leaderOf(tabs: readonly RawTab[]): Promise<RawTab | undefined> {
  for (const tab of tabs) if ((await tab.evaluate<number>("tab.streams")) > 0) return tab;
  return undefined;
}

test("the leader is frozen, and the others and it itself have each update once", { timeout: 120_000 }, async () => {
  const { hub, origin, flow } = await startSite();
  const open = await rawProfile();
  const tabs = [await open(origin), await open(origin), await open(origin)];
  for (const tab of tabs) await expect.poll(async () => (await tab.look()).state?.status).toBe("live");
  const end = flow("/a", 20);
  onTestFinished(async () => void (await end()));
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => leaderOf(tabs)).toBeDefined();
    const leader = (await leaderOf(tabs)) as RawTab;
    const living = tabs.filter((tab) => tab !== leader);
    const frozenAtMs = performance.now();
    await leader.freeze();
    await expect.poll(() => leaderOf(living), { interval: 10 }).toBeDefined();
    times.push(Math.round(performance.now() - frozenAtMs));
    for (const tab of living) {
      const { length } = (await tab.look()).all;
      await expect.poll(async () => (await tab.look()).all.length).toBeGreaterThan(length);
    }
    await leader.resume();
  }
  const count = await end();
  for (const tab of tabs) {
    await expect.poll(async () => (await tab.look()).all.length).toBe(count);
    const { all, gaps } = await tab.look();
    expect(all).toEqual(numbers(count));
    expect(gaps).toEqual([]);
  }
  await expect.poll(() => hub.stats().subscribers).toBe(1);
  console.info("takeover of a frozen leader, ms:", times.join(" "));
});

test("a tab that was frozen for 3,000 updates goes on at its cursor", async () => {
  const { hub, origin } = await startSite();
  const open = await rawProfile();
  const tabs = [await open(origin), await open(origin)];
  for (const tab of tabs) await expect.poll(async () => (await tab.look()).state?.status).toBe("live");
  await hub.publish({ topic: "/a", data: "0" });
  for (const tab of tabs) await expect.poll(async () => (await tab.look()).all.length).toBe(1);
  const leader = (await leaderOf(tabs)) as RawTab;
  // Once as a follower, and once as the leader.
  let count = 1;
  for (const frozen of [tabs.find((tab) => tab !== leader) as RawTab, leader]) {
    await frozen.freeze();
    for (let i = 0; i < 3000; i++) await hub.publish({ topic: "/a", data: String(count++) });
    const living = tabs.find((tab) => tab !== frozen) as RawTab;
    await expect.poll(async () => (await living.look()).all.length).toBe(count);
    expect((await frozen.look()).all.length).toBe(count - 3000);
    await frozen.resume();
    for (const tab of tabs) {
      await expect.poll(async () => (await tab.look()).all.length).toBe(count);
      const { all, gaps } = await tab.look();
      expect(all).toEqual(numbers(count));
      expect(gaps).toEqual([]);
    }
  }
  await hub.publish({ topic: "/a", data: String(count++) });
  for (const tab of tabs) await expect.poll(async () => (await tab.look()).all).toEqual(numbers(count));
  expect(hub.stats().subscribers).toBe(1);
});

test("a page in the back/forward cache leaves the lead, and goes on at its cursor when it is shown", async () => {
  const { hub, origin } = await startSite();
  const launched = await chromium.launch({ ...FULL_LAUNCH, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  onTestFinished(() => launched.close());
  const open = await rawProfile(launched);
  const tabs = [await open(origin), await open(origin)];
  for (const tab of tabs) await expect.poll(async () => (await tab.look()).state?.status).toBe("live");
  const leader = (await leaderOf(tabs)) as RawTab;
  const other = tabs.find((tab) => tab !== leader) as RawTab;
  await hub.publish({ topic: "/a", data: "0" });
  await expect.poll(async () => (await other.look()).all).toEqual(["0"]);
  await expect.poll(async () => (await leader.look()).all).toEqual(["0"]);
  await leader.evaluate("void (location.href = '/elsewhere')");
  await expect.poll(() => leader.evaluate("typeof tab + location.pathname")).toBe("undefined/elsewhere");
  await expect.poll(() => leaderOf([other])).toBe(other);
  await hub.publish({ topic: "/a", data: "1" });
  await expect.poll(async () => (await other.look()).all).toEqual(["0", "1"]);
  await leader.evaluate("void history.back()");
  await expect.poll(() => leader.evaluate("globalThis.tab?.all")).toEqual(["0", "1"]);
  await hub.publish({ topic: "/a", data: "2" });
  for (const tab of tabs) await expect.poll(async () => (await tab.look()).all).toEqual(["0", "1", "2"]);
  expect(hub.stats().subscribers).toBe(1);
});

test("a hidden leader keeps the stream while another tab can be seen, then pauses, and goes on at its cursor", async () => {
  const { hub, origin } = await startSite();
  const context = await newProfile();
  const tabs = [await openTab(context, origin, ["/a"], { share: "tabs", pauseHiddenMs: 50 }), await openTab(context, origin)] as const;
  for (const page of tabs) await page.waitForFunction(() => tab.state?.status === "live", undefined, { polling: 50 });
  const [first, second] = tabs;
  const show = (page: Page, isHidden: boolean): Promise<void> =>
    page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { get: () => (value ? "hidden" : "visible"), configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isHidden);
  expect((await look(first)).streams).toBe(1);
  await show(first, true);
  for (let i = 0; i < 20; i++) {
    await hub.publish({ topic: "/a", data: String(i) });
    for (const page of tabs) await expect.poll(async () => (await look(page)).all).toEqual(numbers(i + 1));
  }
  expect([await look(first), await look(second)]).toMatchObject([{ streams: 1, state: { status: "live" } }, { streams: 0 }]);
  await show(second, true);
  await expect.poll(async () => (await look(first)).state).toMatchObject({ status: "offline", reason: "The tab is hidden." });
  // The other one never pauses.
  await expect.poll(async () => (await look(second)).streams).toBe(1);
  await hub.publish({ topic: "/a", data: "20" });
  await expect.poll(async () => (await look(second)).all).toEqual(numbers(21));
  expect((await look(first)).all).toEqual(numbers(20));
  await show(first, false);
  await expect.poll(async () => (await look(first)).all).toEqual(numbers(21));
  await expect.poll(async () => (await look(first)).state?.status).toBe("live");
  expect(hub.stats().subscribers).toBe(1);
});
