import { describe, expect, test } from "vitest";
import { parseFeed } from "../../../demo/src/news/server/index.ts";
import { SAMPLE_FEEDS, SAMPLE_PERIOD_MS, sampleItems } from "../../../demo/src/news/server/sample.ts";
import { answerSample, isSamplePath } from "../../../demo/src/news/server/sample-site.ts";

describe("a feed as people write it", () => {
  test.each([
    ["https://example.com/world.rss", { name: "example.com/world.rss", url: "https://example.com/world.rss" }],
    ["https://www.example.com/", { name: "example.com", url: "https://www.example.com/" }],
    // Two feeds of one site differ; what may be secret is in no name.
    ["https://me:secret@example.com:8443/a/?key=b", { name: "example.com:8443/a", url: "https://me:secret@example.com:8443/a/?key=b" }],
    ["World=https://example.com/w?a=b", { name: "World", url: "https://example.com/w?a=b", title: "World" }],
    [" Süd & West = http://[::1]:3000/f ", { name: "Süd & West", url: "http://[::1]:3000/f", title: "Süd & West" }],
  ])("%s", (text, feed) => {
    expect(parseFeed(text)).toEqual(feed);
  });

  test("has a name of at most 100 characters", () => {
    const { name } = parseFeed(`https://example.com/${"long/".repeat(50)}end`);
    expect(name).toHaveLength(100);
    expect(name).toMatch(/\/end$/);
    expect(() => parseFeed(`${"x".repeat(101)}=https://example.com/`)).toThrow(/1 to 100 visible characters/);
  });

  test.each(["", "World", "World=", "javascript:alert(1)", "x=file:///etc/passwd", "ftp://example.com/", "http://", "=https://a.example/"])(
    "%j is refused with what to write instead",
    (text) => {
      expect(() => parseFeed(text)).toThrow(TypeError);
      expect(() => parseFeed(text)).toThrow(/Write/);
    },
  );

  test("is refused without telling its password or its query", () => {
    expect(() => parseFeed("ftp://me:secret@example.com/?key=hidden")).toThrow(/^(?!.*(secret|hidden))/s);
  });
});

describe("the sample feeds", () => {
  const noon = Date.UTC(2026, 4, 1, 12);

  test("bring one headline at a time, in turns, the same ones at the same time", () => {
    const seen = new Set<string>();
    const came: number[] = [];
    for (let at = noon; at < noon + 3 * SAMPLE_PERIOD_MS; at += 1000) {
      const fresh = SAMPLE_FEEDS.flatMap((feed) => sampleItems(feed, at)).filter(({ id }) => !seen.has(id));
      for (const { id } of fresh) seen.add(id);
      if (at > noon && fresh.length > 0) came.push(...fresh.map((item) => item.at - noon));
    }
    expect(came).toEqual(Array.from({ length: 11 }, (_, index) => (index + 1) * 15_000));
    const [feed] = SAMPLE_FEEDS;
    expect(sampleItems(feed!, noon)).toEqual(sampleItems(feed!, noon + SAMPLE_PERIOD_MS - 1));
  });

  test("do not repeat a headline within two days, and fill in every blank", () => {
    for (const feed of SAMPLE_FEEDS) {
      const titles = new Set<string>();
      const hours = 48;
      for (let minute = 0; minute < hours * 60; minute += 20) {
        for (const { title, summary } of sampleItems(feed, noon + minute * SAMPLE_PERIOD_MS)) {
          titles.add(title);
          expect(`${title} ${summary}`).not.toMatch(/[{}]|undefined|NaN/);
          expect(summary).toContain(feed.name === "sample-zh" ? "（虚构）" : "(Invented.)");
        }
      }
      expect(titles.size).toBe(hours * 60);
      expect(feed.title).toMatch(/^(?:Sample feed|示例)/);
    }
  });

  test("answer 304 until the next headline, and with a page where a headline leads", async () => {
    for (const { path } of SAMPLE_FEEDS) {
      const ask = (at: number, etag = ""): Response =>
        answerSample(new Request(`http://host${path}`, { headers: { "If-None-Match": etag } }), at);
      const first = ask(noon + 45_000);
      const etag = first.headers.get("ETag") ?? "";
      expect(first.status).toBe(200);
      expect(ask(noon + 59_000, etag).status).toBe(304);
      expect(ask(noon + 105_000, etag).status).toBe(200);
      const link = /\/news\/sample\/[a-z]+(?:-[a-z]+)?-\d+/.exec(await first.text())?.[0] ?? "none";
      expect(isSamplePath(link)).toBe(true);
      const page = answerSample(new Request(`http://host${link}`), noon);
      expect(page.headers.get("Content-Security-Policy")).toBe("default-src 'none'");
      expect(await page.text()).toContain("There is no such story");
    }
    expect(isSamplePath("/news/sample/<script>")).toBe(false);
    expect(isSamplePath("/news/sample.xml/x")).toBe(false);
  });
});
