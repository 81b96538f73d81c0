import type { Hub } from "artesian";
import type { BrowserContext, Page } from "playwright-core";
import { expect, test } from "vitest";
import { exact, mint, TRUSTING } from "../../support/tokens.ts";
import { look, newProfile, numbers, openTab, startSite, waitForStatus } from "./tab-pages.ts";

/** Records what scripts of the origin could hear on every channel that a page opens. */
async function overhear(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const heard: string[] = [];
    Object.assign(globalThis, { heard });
    globalThis.BroadcastChannel = class extends BroadcastChannel {
      constructor(name: string) {
        super(name);
        this.addEventListener("message", ({ data }) => heard.push(JSON.stringify(data)));
      }
    };
  });
}

const topicOf = (user: string): string => `https://example.com/private/${user}`;

const heardBy = (page: Page): Promise<string[]> => page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);

/** The patterns of all streams. */
const askedFor = (hub: Hub): string[] =>
  hub
    .subscribers()
    .flatMap(({ matchers }) => matchers.map(({ pattern }) => pattern))
    .toSorted();

test("tabs with different tokens never share", async () => {
  const { hub, origin } = await startSite(TRUSTING);
  const context = await newProfile();
  await overhear(context);
  const of = (user: string, tokenId = user): Promise<string> => mint({ subject: user, tokenId, subscribe: [exact(topicOf(user))] });
  const options = { share: "tabs" } as const;
  const topics = ["a", "b"].map(topicOf);
  const ann = await openTab(context, origin, topics, { ...options, token: await of("a", "1") });
  const annAgain = await openTab(context, origin, topics, { ...options, token: await of("a", "2") });
  const bob = await openTab(context, origin, topics, { ...options, token: await of("b") });
  for (const page of [ann, annAgain, bob]) await waitForStatus(page, "live");
  expect(hub.stats().subscribers).toBe(2);
  for (const user of ["a", "b"]) await hub.publish({ topic: topicOf(user), data: `for ${user}`, private: true });
  await expect.poll(async () => (await look(ann)).all).toEqual(["for a"]);
  await expect.poll(async () => (await look(annAgain)).all).toEqual(["for a"]);
  await expect.poll(async () => (await look(bob)).all).toEqual(["for b"]);
  expect((await heardBy(bob)).join()).not.toContain("for a");
  expect((await heardBy(annAgain)).join()).toContain("for a");
  expect([...(await heardBy(ann)), ...(await heardBy(annAgain))].join()).not.toContain("for b");
});

test("a tab whose token becomes another user's leaves the tabs of the one before", async () => {
  const { hub, origin } = await startSite(TRUSTING);
  const context = await newProfile();
  await overhear(context);
  const of = (user: string, lifetimeSeconds = 3600): Promise<string> =>
    mint({ subject: user, lifetimeSeconds, subscribe: [exact(topicOf(user))] });
  const topics = ["a", "b"].map(topicOf);
  const first = await openTab(context, origin, topics, { share: "tabs", token: await of("a", 15) });
  await waitForStatus(first, "live");
  const second = await openTab(context, origin, topics, { share: "tabs", token: await of("a") });
  await waitForStatus(second, "live");
  expect(hub.stats().subscribers).toBe(1);
  expect((await look(first)).streams).toBe(1);
  const next = await of("b");
  await first.evaluate((value) => void (tab.token = value), next);
  await expect.poll(() => hub.stats().subscribers, { timeout: 60_000 }).toBe(2);
  await waitForStatus(first, "live");
  await waitForStatus(second, "live");
  for (const user of ["a", "b"]) await hub.publish({ topic: topicOf(user), data: `for ${user}`, private: true });
  await expect.poll(async () => (await look(first)).all).toEqual(["for b"]);
  await expect.poll(async () => (await look(second)).all).toEqual(["for a"]);
  expect((await heardBy(second)).join()).not.toContain("for b");
  expect((await heardBy(first)).join()).not.toContain("for a");
});

test("tabs with different keys never share", async () => {
  const { hub, origin } = await startSite();
  const context = await newProfile();
  const pages = [];
  for (const shareKey of ["a", "b", "a"]) pages.push(await openTab(context, origin, ["/a"], { share: "tabs", shareKey }));
  for (const page of pages) await waitForStatus(page, "live");
  expect(hub.stats().subscribers).toBe(2);
});

test("without Web Locks each tab has one connection", async () => {
  const { hub, origin } = await startSite();
  const context = await newProfile();
  await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "locks"));
  const pages = [await openTab(context, origin), await openTab(context, origin)];
  for (const page of pages) await waitForStatus(page, "live");
  expect(hub.stats().subscribers).toBe(2);
  for (let i = 0; i < 10; i++) await hub.publish({ topic: "/a", data: String(i) });
  for (const page of pages) await expect.poll(async () => (await look(page)).all).toEqual(numbers(10));
});

test("each tab gets its own topics from one stream, and those of a closed tab leave it", async () => {
  const { hub, origin } = await startSite();
  const context = await newProfile();
  const pages = [
    await openTab(context, origin, ["/a", "/ab"]),
    await openTab(context, origin, ["/b", "/a"]),
    await openTab(context, origin, ["/items/:id"]),
  ] as const;
  for (const page of pages) await waitForStatus(page, "live");
  const asked = (): string[] => askedFor(hub);
  await expect.poll(asked).toEqual(["/a", "/ab", "/b", "/items/:id"]);
  for (const topic of ["/a", "/ab", "/b", "/items/1", "/none"]) await hub.publish({ topic, data: topic });
  await expect.poll(async () => (await look(pages[0])).all).toEqual(["/a", "/ab"]);
  await expect.poll(async () => (await look(pages[1])).all).toEqual(["/a", "/b"]);
  await expect.poll(async () => (await look(pages[2])).all).toEqual(["/items/1"]);
  await pages[2].close();
  await expect.poll(asked).toEqual(["/a", "/ab", "/b"]);
  // The leader goes, and the topic of none but the other stays.
  await pages[0].close();
  await expect.poll(asked).toEqual(["/a", "/b"]);
  await hub.publish({ topic: "/b", data: "again" });
  await expect.poll(async () => (await look(pages[1])).all).toEqual(["/a", "/b", "again"]);
});

test("a follower's new topic starts no later than it is wanted, under load", async () => {
  const { hub, origin, flow } = await startSite();
  const context = await newProfile();
  const pages = [await openTab(context, origin), await openTab(context, origin)];
  for (const page of pages) await waitForStatus(page, "live");
  const ends = [flow("/a", 5), flow("/new", 5)];
  const [leader, follower] = pages as [Page, Page];
  for (let i = 0; i < 3; i++) {
    const stop = await follower.evaluateHandle(() => tab.listenOn("/new"));
    await follower.waitForFunction((count) => (tab.got["/new"]?.length ?? 0) > count, 20 * (i + 1));
    await stop.evaluate((remove) => remove());
    await expect.poll(() => askedFor(hub).length).toBe(1);
    const got = (await look(follower)).got["/new"] as string[];
    expect(got).toEqual(numbers(Number(got.at(-1)) + 1, Number(got[0])));
    await follower.evaluate(() => (tab.got["/new"] = []));
  }
  const [count] = await Promise.all(ends.map((end) => end()));
  for (const page of [leader, follower]) {
    await expect.poll(async () => (await look(page)).got["/a"]?.at(-1)).toBe(String((count as number) - 1));
    const got = (await look(page)).got["/a"] as string[];
    expect(got).toEqual(numbers(count as number));
  }
});

test("a page that closes its connection leaves the others theirs", async () => {
  const { hub, origin } = await startSite();
  const context = await newProfile();
  const pages = [await openTab(context, origin), await openTab(context, origin)] as const;
  for (const page of pages) await waitForStatus(page, "live");
  await pages[0].evaluate(() => tab.close());
  expect((await look(pages[0])).state?.status).toBe("closed");
  await waitForStatus(pages[1], "live");
  await hub.publish({ topic: "/a", data: "0" });
  await expect.poll(async () => (await look(pages[1])).all).toEqual(["0"]);
  expect((await look(pages[0])).all).toEqual([]);
});

test("an offline event changes nothing on the loopback address", async () => {
  const { hub, origin } = await startSite();
  const context = await newProfile();
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, "onLine", { get: () => false }));
  const page = await openTab(context, origin);
  await waitForStatus(page, "live");
  await page.evaluate(() => dispatchEvent(new Event("offline")));
  await hub.publish({ topic: "/a", data: "0" });
  await expect.poll(async () => (await look(page)).all).toEqual(["0"]);
  expect((await look(page)).state?.status).toBe("live");
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await hub.publish({ topic: "/a", data: "1" });
  await expect.poll(async () => (await look(page)).all).toEqual(["0", "1"]);
});
