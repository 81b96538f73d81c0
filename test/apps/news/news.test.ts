import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createHub, type Hub, HubError } from "artesian";
import { volatileMemory } from "artesian-sources";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createNews,
  type FeedsState,
  type FeedStatus,
  type News,
  NEWS_TOPICS,
  type NewsItem,
  type NewsOptions,
  type StatusUpdate,
} from "../../../demo/src/news/server/index.ts";
import { type FeedServer, manualRounds, startFeedServer } from "../../support/feed-server.ts";
import { listen, startHub } from "../../support/server.ts";
import { openStream, type TestStream } from "../../support/stream.ts";

interface TestNews {
  readonly news: News;
  readonly hub: Hub;
  readonly url: string;
  readonly feeds: FeedServer;
  readonly rounds: ReturnType<typeof manualRounds>;
  state(name: string): Promise<FeedStatus | undefined>;
}

async function startNews(names: readonly string[], options: Partial<NewsOptions> = {}): Promise<TestNews> {
  const { hub, url } = await startHub({ reservedTopics: NEWS_TOPICS });
  const feeds = await startFeedServer();
  const rounds = manualRounds(names.length);
  for (const name of names) feeds.items.set(name, []);
  const news = createNews({
    hub,
    feeds: names.map((name) => ({ name, url: `${feeds.origin}/${encodeURIComponent(name)}.json` })),
    polling: { clock: rounds.clock },
    statusDebounceMs: 1,
    ...options,
  });
  onTestFinished(() => news.close());
  return {
    news,
    hub,
    url,
    feeds,
    rounds,
    state: async (name) => (await statesOf(news)).find((status) => status.name === name),
  };
}

async function statesOf(news: News): Promise<readonly FeedStatus[]> {
  const response = await news.fetch(new Request("http://host/news/api/feeds"));
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  return ((await response.json()) as FeedsState).feeds;
}

async function nextItem(stream: TestStream): Promise<NewsItem> {
  return JSON.parse((await stream.next()).data) as NewsItem;
}

/** Waits for a state of a feed that is pushed. */
async function pushed(stream: TestStream, name: string, is: (status: FeedStatus) => boolean): Promise<FeedStatus> {
  for (;;) {
    const { data } = await stream.next();
    const status = (JSON.parse(data) as StatusUpdate).feeds.find((each) => each.name === name);
    if (status !== undefined && is(status)) return status;
  }
}

describe("the news' server", () => {
  test("publishes each headline once, by feed, with the time at which it was seen", async () => {
    const at = Date.UTC(2026, 0, 1);
    const site = await startNews(["river", "Süd & West"], { now: () => at });
    const river = await openStream(`${site.url}?match=/news/river&last=10`);
    const all = await openStream(`${site.url}?match_urlpattern=/news/*&last=10`);
    site.feeds.add("river", { id: "1", title: "The first &\n best", url: "javascript:alert(1)" });
    await site.rounds.next();
    const first = await nextItem(river);
    expect(first).toMatchObject({
      title: "The first & best",
      seen: "2026-01-01T00:00:00.000Z",
      feed: { name: "river", title: "The river" },
    });
    expect(first.link).toBeUndefined();
    site.feeds.add("river", { id: "2", title: "Second", url: "https://example.com/2" });
    site.feeds.add("Süd & West", { id: "1", title: "Elsewhere" });
    await site.rounds.next();
    expect(await nextItem(river)).toMatchObject({ title: "Second", link: "https://example.com/2" });
    expect(new Set((await all.take(3)).map(({ data }) => (JSON.parse(data) as NewsItem).title))).toEqual(
      new Set(["The first & best", "Second", "Elsewhere"]),
    );
  });

  test("keeps its topics for itself", async () => {
    const { url } = await startNews([]);
    for (const topic of ["/news/river", "/news/%72iver", "/news-status"]) {
      const response = await fetch(url, { method: "POST", body: new URLSearchParams({ topic, data: "{}" }) });
      expect([topic, response.status]).toEqual([topic, 400]);
    }
  });

  test("goes on where it was after a restart, with the title that the feed told before", async () => {
    const memory = volatileMemory();
    const first = await startNews(["river"], { memory });
    first.feeds.add("river", { id: "1", title: "Old" });
    await first.rounds.next();
    await expect.poll(async () => (await first.state("river"))?.title).toBe("The river");
    await first.news.close();

    const rounds = manualRounds();
    const news = createNews({
      hub: first.hub,
      feeds: [{ name: "river", url: `${first.feeds.origin}/river.json` }],
      memory,
      polling: { clock: rounds.clock },
    });
    onTestFinished(() => news.close());
    await expect.poll(async () => (await statesOf(news))[0]?.lastFetch).toBeDefined();
    expect((await statesOf(news))[0]).toMatchObject({ title: "The river", items: 1 });
    first.feeds.add("river", { id: "2", title: "New" });
    await rounds.next();
    const stream = await openStream(`${first.url}?match=/news/river&last=10`);
    expect((await stream.take(2)).map(({ data }) => (JSON.parse(data) as NewsItem).title)).toEqual(["Old", "New"]);
  });

  test("tells how each feed does, at once and as it changes: failing, since when, why, and well again", async () => {
    let at = Date.UTC(2026, 0, 1);
    const site = await startNews(["river", "hill"], { now: () => at });
    const stream = await openStream(`${site.url}?match=/news-status&last=10`);
    await pushed(stream, "river", ({ lastFetch }) => lastFetch !== undefined);
    for (const name of ["river", "hill"]) await expect.poll(async () => (await site.state(name))?.nextFetch).toBeDefined();
    expect(await site.state("river")).toMatchObject({
      topic: "/news/river",
      items: 0,
      intervalMs: 300_000,
      sample: false,
      lastFetch: "2026-01-01T00:00:00.000Z",
      // Five minutes from the beginning of the round.
      nextFetch: expect.stringMatching(/^2026-01-01T00:0(?:4:5|5:00)/) as unknown,
    });

    site.feeds.gate = (req, res) => {
      if (req.url !== "/river.json") return false;
      res.writeHead(500).end();
      return true;
    };
    at += 1000;
    await site.rounds.next();
    const failing = await pushed(stream, "river", ({ failingSince }) => failingSince !== undefined);
    expect(failing.failingSince).toBe("2026-01-01T00:00:01.000Z");
    expect(failing).toMatchObject({
      failure: { code: "status", status: 500 },
      address: expect.stringMatching(/\/river\.json$/) as unknown,
    });
    at += 60_000;
    await site.rounds.next();
    // Still the same failure.
    expect(await site.state("river")).toMatchObject({ failingSince: "2026-01-01T00:00:01.000Z", lastFetch: "2026-01-01T00:00:00.000Z" });
    expect(await site.state("hill")).toMatchObject({ lastFetch: "2026-01-01T00:01:01.000Z" });
    expect((await site.state("hill"))?.failingSince).toBeUndefined();

    site.feeds.gate = () => false;
    site.feeds.add("river", { id: "1", title: "Back" });
    await site.rounds.next();
    const well = await pushed(stream, "river", ({ failingSince }) => failingSince === undefined);
    expect(well).toMatchObject({ title: "The river" });
    expect(well.failure).toBeUndefined();
    expect(well.version).toBeGreaterThan(failing.version);
  });

  test("does not fill the journal with rounds that brought nothing", async () => {
    const site = await startNews(["river"]);
    await expect.poll(async () => (await site.state("river"))?.nextFetch).toBeDefined();
    const stream = await openStream(`${site.url}?match=/news-status&last=10`);
    await pushed(stream, "river", ({ nextFetch }) => nextFetch !== undefined);
    const { published } = site.hub.stats();
    for (let i = 0; i < 5; i++) await site.rounds.next();
    site.feeds.add("river", { id: "1", title: "At last" });
    await site.rounds.next();
    const status = await pushed(stream, "river", ({ items }) => items === 1);
    expect(status.title).toBe("The river");
    // The headline, and what the feed told with it.
    expect(site.hub.stats().published - published).toBeLessThanOrEqual(3);
  });

  test("loses no headline while the hub does not take any", async () => {
    const { hub, url } = await startHub();
    const feeds = await startFeedServer();
    const rounds = manualRounds();
    let refused = 0;
    const full: Hub = {
      ...hub,
      publishBatch: (updates) => {
        refused += 1;
        return refused === 1 ? Promise.reject(new HubError("journal_full", "The disk is full.")) : hub.publishBatch(updates);
      },
    };
    feeds.add("river", { id: "1", title: "Kept" });
    const news = createNews({
      hub: full,
      feeds: [{ name: "river", url: `${feeds.origin}/river.json` }],
      polling: { clock: rounds.clock },
    });
    onTestFinished(() => news.close());
    const stream = await openStream(`${url}?match=/news/river&last=10`);
    expect((await nextItem(stream)).title).toBe("Kept");
    expect(refused).toBe(2);
  });

  test("follows its own sample feeds by HTTP, in three formats, and says that they are", async () => {
    const hub = createHub({ reservedTopics: NEWS_TOPICS });
    const asked: string[] = [];
    let at = Date.UTC(2026, 4, 1, 12, 0, 50);
    const listener = getRequestListener((request) => news.fetch(request), { overrideGlobalObjects: false });
    const server = createServer((req, res) => {
      asked.push(`${req.url} ${req.headers["if-none-match"] === undefined ? "first" : "again"}`);
      void listener(req, res);
    });
    const origin = await listen(server);
    const rounds = manualRounds();
    const news = createNews({ hub, feeds: [], sample: origin, now: () => at, polling: { clock: rounds.clock } });
    onTestFinished(() => news.close().then(() => hub.close()));
    expect(news.handles("/news/sample.xml")).toBe(true);
    await expect
      .poll(async () => (await statesOf(news)).map(({ items, nextFetch }) => [items, nextFetch !== undefined]))
      .toEqual([
        [20, true],
        [20, true],
        [20, true],
        [20, true],
      ]);
    for (const { sample, title, intervalMs } of await statesOf(news)) {
      expect([sample, intervalMs]).toEqual([true, 5000]);
      expect(title).toMatch(/^Sample feed: \w+$|^示例：/);
    }
    expect(hub.stats().published).toBeGreaterThanOrEqual(80);
    at += 12_000;
    await rounds.next();
    const seen: NewsItem[] = [];
    const { signal, abort } = abortable();
    for await (const update of hub.subscribe({ match: "/news/sample", lastEventId: "earliest", signal, onLive: abort }))
      seen.push(JSON.parse(update.data) as NewsItem);
    expect(seen).toHaveLength(21);
    expect(seen.at(-1)?.published).toBe("2026-05-01T12:01:00.000Z");
    expect(seen.at(-1)?.link).toBe(`${origin}/news/sample/${/[^/]+$/.exec(seen.at(-1)?.link ?? "")?.[0]}`);
    expect(asked).toContain("/news/sample.xml again");
    expect(asked).toContain("/news/sample.atom first");
    expect(asked).toContain("/news/sample.json first");
  });

  test("answers for its own paths alone, by their methods alone", async () => {
    const { news } = await startNews([]);
    expect(["/news/api/feeds", "/news", "/news/sample.xml", "/news/api"].map((path) => news.handles(path))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const refused = await news.fetch(new Request("http://host/news/api/feeds", { method: "PUT" }));
    expect([refused.status, refused.headers.get("Allow")]).toEqual([405, "GET, HEAD, POST, DELETE"]);
    expect((await news.fetch(new Request("http://host/news/sample.xml"))).status).toBe(404);
  });

  test("refuses feeds that can't be before it asks any", async () => {
    const { hub } = await startHub();
    const feed = (name: string, url = "https://example.com/"): { name: string; url: string } => ({ name, url });
    expect(() => createNews({ hub, feeds: [feed("a"), feed("a")] })).toThrow(/two are called "a"/);
    expect(() => createNews({ hub, feeds: [feed("a", "file:///etc/passwd")] })).toThrow(/not an http or https URL/);
    expect(() => createNews({ hub, feeds: Array.from({ length: 100 }, (_, i) => feed(String(i))) })).toThrow(/more than 99/);
    expect(() => createNews({ hub, feeds: [], sample: "here" })).toThrow(/not an origin/);
  });
});

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
