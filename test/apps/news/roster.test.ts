import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileMemory, type SourceMemory, volatileMemory } from "artesian-sources";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type AddedFeeds,
  createNews,
  type FeedsState,
  type FeedStatus,
  type News,
  NEWS_TOPICS,
  type NewsOptions,
  type StatusUpdate,
} from "../../../demo/src/news/server/index.ts";
import { removeDirectory } from "../../support/directory.ts";
import { startFeedServer } from "../../support/feed-server.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

const URL_OF = "http://127.0.0.1:3000/news/api/feeds";

interface TestNews {
  readonly news: News;
  readonly url: string;
  send(method: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  add(...urls: string[]): Promise<AddedFeeds>;
  remove(name: string): Promise<number>;
  names(): Promise<string[]>;
}

async function start(options: Partial<NewsOptions> = {}): Promise<TestNews> {
  const { hub, url } = await startHub({ reservedTopics: NEWS_TOPICS });
  const news = createNews({ hub, feeds: [], statusDebounceMs: 1, allowAddress: () => true, ...options });
  onTestFinished(() => news.close());
  const self: TestNews = {
    news,
    url,
    send: (method, body, headers = {}) =>
      news.fetch(requestOf(method, JSON.stringify(body), { "Content-Type": "application/json", ...headers })),
    add: async (...urls) => (await (await self.send("POST", { feeds: urls.map((each) => ({ url: each })) })).json()) as AddedFeeds,
    remove: async (name) => (await news.fetch(new Request(`${URL_OF}?name=${encodeURIComponent(name)}`, { method: "DELETE" }))).status,
    names: async () => (await states(news)).map(({ name }) => name),
  };
  return self;
}

function requestOf(method: string, body: string | undefined, headers: Record<string, string>): Request {
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = body;
  return new Request(URL_OF, init);
}

async function states(news: News): Promise<readonly FeedStatus[]> {
  return ((await (await news.fetch(new Request(URL_OF))).json()) as FeedsState).feeds;
}

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "artesian-roster-"));
  onTestFinished(() => removeDirectory(path));
  return path;
}

describe("feeds that are added in the page", () => {
  test("are followed, told to all pages, kept over a restart, and forgotten when they are removed", async () => {
    const feeds = await startFeedServer();
    feeds.add("river", { id: "1", title: "First" });
    const memory = fileMemory(join(directory(), "news.json"));
    const site = await start({ memory });
    const stream = await openStream(`${site.url}?match=/news-status&last=10`);
    const address = `${feeds.origin}/river.json`;
    const name = new URL(address).host + "/river.json";
    expect(await site.add(address)).toEqual({ added: 1, refused: [] });
    for (;;) {
      const { isOtherList } = JSON.parse((await stream.next()).data) as StatusUpdate;
      if (isOtherList === true) break;
    }
    expect(await site.names()).toEqual([name]);
    await expect.poll(async () => (await states(site.news))[0]).toMatchObject({ title: "The river", items: 1, removable: true });
    await site.news.close();

    const again = await start({ memory });
    expect(await again.names()).toEqual([name]);
    expect(await again.remove(name)).toBe(204);
    expect(await again.names()).toEqual([]);
    expect(await again.remove(name)).toBe(404);
    for (const key of ["feed", "about"]) expect(await memory.get(`${name}/${key}`)).toBeUndefined();
    await again.news.close();
    expect(await (await start({ memory })).names()).toEqual([]);
  });

  test("take the place of the sample feeds once they have items, which come back when the last one goes", async () => {
    const feeds = await startFeedServer();
    feeds.add("river", { id: "1", title: "First" });
    const memory = volatileMemory();
    const options = { sample: "http://127.0.0.1:9", polling: { intervalMs: 86_400_000 }, memory };
    const before = await start(options);
    await expect.poll(() => before.names()).toHaveLength(4);
    await before.add("http://127.0.0.1:9/a.xml");
    await before.news.close();
    // A wrong address leaves them after a restart too.
    const site = await start(options);
    await expect.poll(async () => (await states(site.news)).find(({ sample }) => !sample)?.failure).toBeDefined();
    expect(await site.names()).toHaveLength(5);
    await site.add(`${feeds.origin}/river.json`);
    const river = `${new URL(feeds.origin).host}/river.json`;
    await expect.poll(() => site.names()).toEqual(["127.0.0.1:9/a.xml", river]);
    await site.remove(river);
    expect(await site.names()).toHaveLength(5);
    await site.remove("127.0.0.1:9/a.xml");
    expect(await site.names()).toHaveLength(4);
    await site.add(`${feeds.origin}/river.json`);
    await expect.poll(() => site.names()).toEqual([river]);
    await site.news.close();
    expect(await (await start(options)).names()).toEqual([river]);
  });

  test("are refused if they can't be, are there already, or are too many", async () => {
    const given = Array.from({ length: 96 }, (_, index) => ({ name: `given-${index}`, url: `http://127.0.0.1:9/${index}` }));
    const site = await start({ feeds: given });
    const long = `http://127.0.0.1:9/${"x".repeat(2048)}`;
    const { added, refused } = await site.add(
      "javascript:alert(1)",
      "file:///etc/passwd",
      "",
      long,
      "http://127.0.0.1:9/3",
      "http://127.0.0.1:9/new?a",
    );
    expect([added, refused.map(({ code }) => code)]).toEqual([
      1,
      ["invalid_address", "invalid_address", "invalid_address", "invalid_address", "already_followed"],
    ]);
    // Another query is another feed, and has another name.
    const more = await site.add("http://127.0.0.1:9/new?b", "http://127.0.0.1:9/new?c", "http://127.0.0.1:9/new?d");
    expect([more.added, more.refused.map(({ code }) => code)]).toEqual([2, ["too_many_feeds"]]);
    expect((await site.names()).slice(-3)).toEqual(["127.0.0.1:9/new", "127.0.0.1:9/new 2", "127.0.0.1:9/new 3"]);
    expect(await site.remove("given-1")).toBe(403);
  });

  test("may not be in a private network, unless the server was told so; those of the command may", async () => {
    const feeds = await startFeedServer();
    feeds.add("river", { id: "1", title: "First" });
    const { port } = new URL(feeds.origin);
    const options = { feeds: [{ name: "river", url: `${feeds.origin}/river.json` }], allowAddress: undefined };
    const site = await start(options);
    const { refused } = await site.add(
      `http://localhost:${port}/river.json`,
      `http://[::1]:${port}/a`,
      "http://169.254.169.254/",
      "http://10.0.0.1/",
    );
    expect(refused.map(({ code }) => code)).toEqual(["private_address", "private_address", "private_address", "private_address"]);
    await expect.poll(async () => (await states(site.news))[0]?.items).toBe(1);

    // A name that leads to a private address later, and a feed from before the rule: checked at each request.
    const memory = volatileMemory();
    await memory.set("added-feeds", JSON.stringify([{ name: "sly", url: `http://localhost:${port}/river.json` }]));
    const other = await start({ memory, allowAddress: undefined });
    await expect.poll(async () => (await states(other.news))[0]?.failure?.code).toBe("forbidden");
  });

  test("are taken from the news' own page alone, as bounded JSON", async () => {
    const site = await start();
    const feed = { feeds: [{ url: "http://127.0.0.1:9/a" }] };
    const refusal = async (response: Promise<Response>): Promise<unknown[]> => {
      const answer = await response;
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    for (const headers of [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: "http://127.0.0.1:3001" },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
    ] as Record<string, string>[])
      expect(await refusal(site.send("POST", feed, headers))).toEqual([403, "origin_forbidden"]);
    expect(await refusal(site.send("DELETE", undefined, { Origin: "https://evil.example" }))).toEqual([403, "origin_forbidden"]);
    expect(await refusal(site.send("POST", feed, { "Content-Type": "text/plain" }))).toEqual([415, "unsupported_media_type"]);
    expect(await refusal(site.send("POST", { feeds: [{ url: "x".repeat(262_144) }] }))).toEqual([413, "too_large"]);
    for (const body of [{}, { feeds: [] }, { feeds: [{}] }, { feeds: Array.from({ length: 100 }, () => feed.feeds[0]) }, 7])
      expect(await refusal(site.send("POST", body))).toEqual([400, "invalid_body"]);
    expect(await site.names()).toEqual([]);
    expect((await site.send("POST", feed, { Origin: "http://127.0.0.1:3000", "Sec-Fetch-Site": "same-origin" })).status).toBe(200);
  });

  test("are not added if they can't be kept", async () => {
    const memory: SourceMemory = fileMemory(join(directory(), "news.json"), { maxBytes: 10 });
    const site = await start({ memory });
    expect((await site.send("POST", { feeds: [{ url: "http://127.0.0.1:9/a" }] })).status).toBe(503);
    expect(await site.names()).toEqual([]);
  });

  test("are in the OPML, without passwords, and without queries of the command's feeds", async () => {
    const site = await start({
      feeds: [
        { name: "open", url: "http://127.0.0.1:9/open", title: "Open & <free>" },
        { name: "key", url: "http://127.0.0.1:9/key?token=hidden" },
        { name: "password", url: "http://me:hidden@127.0.0.1:9/" },
      ],
    });
    await site.add("http://127.0.0.1:9/added?format=rss&n=2", "http://me:hidden@127.0.0.1:9/mine", "http://hidden@127.0.0.1:9/yours");
    const answer = await site.news.fetch(new Request("http://127.0.0.1:3000/news/api/feeds.opml"));
    const text = await answer.text();
    expect(answer.headers.get("Content-Disposition")).toContain("feeds.opml");
    expect(text).not.toContain("hidden");
    expect(text).toContain('title="Open &#38; &#60;free&#62;" xmlUrl="http://127.0.0.1:9/open"');
    expect(text).toContain('xmlUrl="http://127.0.0.1:9/added?format=rss&#38;n=2"');
    expect(text.match(/<outline /g)).toHaveLength(2);
  });
});
