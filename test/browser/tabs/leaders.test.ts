import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { browser } from "../support.ts";
import { look, newProfile, numbers, openTab, startSite } from "./tab-pages.ts";

const TABS = 12;

/** A leader is lost so many times. */
const LOSSES = 15;

test("twelve tabs have one stream, and each has 1,000 updates once and in order", async () => {
  const { hub, origin } = await startSite();
  const context = await newProfile();
  const tabs = await Promise.all(Array.from({ length: TABS }, () => openTab(context, origin)));
  for (const page of tabs) await page.waitForFunction(() => tab.state?.status === "live", undefined, { polling: 50 });
  expect(hub.stats().subscribers).toBe(1);
  for (let i = 0; i < 1000; i++) await hub.publish({ topic: "/a", data: String(i) });
  for (const page of tabs) {
    await page.waitForFunction(() => tab.all.length >= 1000, undefined, { polling: 50 });
    const { all, state, gaps } = await look(page);
    expect(all).toEqual(numbers(1000));
    expect(state?.status).toBe("live");
    expect(gaps).toEqual([]);
  }
  expect(hub.stats().subscribers).toBe(1);
  const polls = (await Promise.all(tabs.map(look))).reduce((sum, tab) => sum + tab.polls, 0);
  expect(polls).toBeLessThan(TABS);
});

/** The process of a page: the one that works while the page does. */
async function processOf(page: Page, cdp: CDPSession): Promise<number> {
  const times = async (): Promise<Map<number, number>> => {
    const { processInfo } = await cdp.send("SystemInfo.getProcessInfo");
    return new Map(processInfo.filter(({ type }) => type === "renderer").map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await times();
  await page.evaluate(() => {
    const until = performance.now() + 100;
    while (performance.now() < until);
  });
  const spent = [...(await times())].map(([id, time]) => [id, time - (before.get(id) ?? 0)] as const);
  return spent.toSorted(([, a], [, b]) => b - a)[0]?.[0] as number;
}

interface Loss {
  /** Takes the leader away. */
  readonly lose: (leader: Page, cdp: CDPSession) => Promise<void>;
  /** Brings it back, or is absent if it never returns. */
  readonly restore?: (leader: Page, cdp: CDPSession) => Promise<void>;
}

const stopped = new Map<Page, number>();

const LOSSES_BY_KIND: Readonly<Record<string, Loss>> = {
  closed: { lose: (leader) => leader.close() },
  crashed: {
    lose: async (leader, cdp) => {
      const crashed = leader.waitForEvent("crash");
      void cdp.send("Page.crash").catch(() => undefined);
      await crashed;
    },
  },
  stopped: {
    lose: async (leader) => void process.kill(stopped.get(leader) as number, "SIGSTOP"),
    restore: async (leader) => void process.kill(stopped.get(leader) as number, "SIGCONT"),
  },
};

async function leaderOf(tabs: readonly Page[]): Promise<Page | undefined> {
  const streams = await Promise.all(tabs.map((page) => page.evaluate(() => tab.streams)));
  return streams.filter((count) => count > 0).length === 1 ? tabs[streams.findIndex((count) => count > 0)] : undefined;
}

async function replace(tabs: Page[], lost: Page, context: BrowserContext, origin: string): Promise<void> {
  tabs[tabs.indexOf(lost)] = await openTab(context, origin);
}

test("the leader is closed, crashes and stops, and no living tab misses an update or has one twice", { timeout: 180_000 }, async () => {
  const { hub, origin, flow } = await startSite();
  const context = await newProfile();
  const browserSession = await (await browser()).newBrowserCDPSession();
  const tabs = await Promise.all(Array.from({ length: TABS }, () => openTab(context, origin)));
  for (const page of tabs) await page.waitForFunction(() => tab.state?.status === "live", undefined, { polling: 50 });
  const end = flow("/a", 20);
  onTestFinished(async () => void (await end()));
  onTestFinished(() => {
    for (const pid of stopped.values()) process.kill(pid, "SIGCONT");
    stopped.clear();
  });
  const times: Record<string, number[]> = {};
  const kinds = Object.entries(LOSSES_BY_KIND);
  for (let i = 0; i < LOSSES; i++) {
    const [kind, { lose, restore }] = kinds[i % kinds.length] as (typeof kinds)[number];
    await expect.poll(() => leaderOf(tabs)).toBeDefined();
    const leader = (await leaderOf(tabs)) as Page;
    const cdp = await context.newCDPSession(leader);
    if (kind === "stopped") stopped.set(leader, await processOf(leader, browserSession));
    const living = tabs.filter((tab) => tab !== leader);
    const before = await Promise.all(living.map((page) => page.evaluate(() => tab.all.length)));
    const lostAtMs = performance.now();
    await lose(leader, cdp);
    // The first stream after the loss.
    await expect
      .poll(async () => (await Promise.all(living.map((page) => page.evaluate(() => tab.streams)))).some(Boolean), {
        interval: 10,
        timeout: 60_000,
      })
      .toBe(true);
    (times[kind] ??= []).push(Math.round(performance.now() - lostAtMs));
    await expect
      .poll(
        async () =>
          (await Promise.all(living.map((page) => page.evaluate(() => tab.all.length)))).every((count, j) => count > (before[j] ?? 0)),
        { timeout: 60_000 },
      )
      .toBe(true);
    if (restore === undefined) await replace(tabs, leader, context, origin);
    else await restore(leader, cdp);
    stopped.delete(leader);
  }
  const count = await end();
  await hub.publish({ topic: "/a", data: String(count) });
  for (const page of tabs) {
    await page.waitForFunction((last) => tab.all.at(-1) === last, String(count), { polling: 50 });
    const { all, gaps } = await look(page);
    expect(all).toEqual(numbers(count + 1, Number(all[0])));
    expect(gaps).toEqual([]);
  }
  await expect.poll(() => hub.stats().subscribers).toBe(1);
  console.info("takeover, ms:", JSON.stringify(times));
});
