import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { feedSource, type FeedUpdate } from "../../packages/sources/src/feed/index.ts";
import { fileMemory, SourceError, volatileMemory, type SourceMemory } from "../../packages/sources/src/index.ts";
import { answer, deadUrl, scripted, type Script } from "../client/server.ts";
import { fastClock, record, type RecordingContext } from "./context.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** A feed with items by number: the higher, the newer; the newest first, as feeds have them. */
function rss(numbers: readonly number[], title = (n: number): string => `Item ${n}`): string {
  const items = numbers.map(
    (n) =>
      `<item><guid isPermaLink="false">g${n}</guid><title>${title(n)}</title><pubDate>${new Date(n * 60_000).toUTCString()}</pubDate></item>`,
  );
  return `<rss version="2.0"><channel><title>Numbers</title><link>https://n.example/</link>${items.join("")}</channel></rss>`;
}

const down = (from: number, to: number): number[] => Array.from({ length: from - to + 1 }, (_, i) => from - i);

/** Serves each text once, the last for ever. */
const feeds = (...texts: readonly string[]): Script[] => texts.map((text) => answer(200, text, { "content-type": "application/rss+xml" }));

function dataOf(context: RecordingContext): FeedUpdate[] {
  return context.updates.map(({ data }) => JSON.parse(data ?? "") as FeedUpdate);
}

const titles = (context: RecordingContext): string[] => dataOf(context).map(({ title }) => title);

/** Makes as many rounds as there are pauses, with a memory of its own unless one is given. */
async function rounds(url: string, count: number, options: object = {}, memory?: SourceMemory): Promise<RecordingContext> {
  const context = record(memory);
  const clock = fastClock(count);
  const run = context.start(feedSource({ feeds: { url, name: "n" }, ...options, clock }));
  await context.until(() => clock.pausesMs.length === count);
  context.stop();
  await run;
  return context;
}

describe("items", () => {
  test("come once, the oldest first, as JSON on the feed's topic", async () => {
    const server = await scripted(...feeds(rss([2, 1]), rss([4, 3, 2, 1]), rss([4, 3, 2])));
    const context = await rounds(server.url, 3);
    expect(titles(context)).toEqual(["Item 1", "Item 2", "Item 3", "Item 4"]);
    expect(context.problems).toEqual([]);
    const [update] = context.updates;
    expect(update).toMatchObject({ topic: "/news/n", type: "item", id: expect.stringMatching(/^urn:sha256:[\da-f]{64}$/) });
    expect(dataOf(context)[0]).toEqual({
      id: update?.id,
      title: "Item 1",
      published: "1970-01-01T00:01:00.000Z",
      feed: { name: "n", title: "Numbers", link: "https://n.example/" },
    });
    expect(context.events.filter(({ kind }) => kind === "fetched")).toMatchObject([
      { changed: true, items: 2 },
      { changed: true, items: 4 },
      { changed: false, items: 3 },
    ]);
  });

  test("of a feed that was never seen, only the newest", async () => {
    const server = await scripted(...feeds(rss(down(30, 1)), rss(down(31, 1))));
    const context = await rounds(server.url, 2);
    expect(titles(context)).toEqual([...down(30, 11).toReversed(), 31].map((n) => `Item ${n}`));
    const none = await rounds((await scripted(...feeds(rss([2, 1]), rss([3, 2, 1])))).url, 2, { first: 0 });
    expect(titles(none)).toEqual(["Item 3"]);
  });

  test("are in the order of their dates, and without dates in that of the document", async () => {
    const undated = rss([3, 2, 1]).replaceAll(/<pubDate>[^<]*<\/pubDate>/g, "");
    expect(titles(await rounds((await scripted(...feeds(undated))).url, 1))).toEqual(["Item 1", "Item 2", "Item 3"]);
    expect(titles(await rounds((await scripted(...feeds(rss([2, 3, 1])))).url, 1))).toEqual(["Item 1", "Item 2", "Item 3"]);
  });

  test("have the same id from every publisher, and another on every topic", async () => {
    const server = await scripted(...feeds(rss([1])));
    const ids = [];
    for (const topic of [undefined, undefined, "/other/{feed}/{item}"]) {
      const context = await rounds(server.url, 1, { topic });
      ids.push(context.updates[0]?.id);
      if (topic !== undefined) expect(context.updates[0]?.topic).toMatch(/^\/other\/n\/[\w-]{16}$/);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test("that change are published again when asked for", async () => {
    const texts = feeds(
      rss([1]),
      rss([1], () => "Corrected"),
      rss([1], () => "Corrected"),
    );
    const server = await scripted(...texts);
    const context = await rounds(server.url, 3, { updates: true });
    expect(dataOf(context).map(({ title, updated }) => [title, updated])).toEqual([
      ["Item 1", undefined],
      ["Corrected", true],
    ]);
    const [first, second] = dataOf(context);
    expect(second?.id).toBe(first?.id);
    expect(context.updates[1]?.id).not.toBe(context.updates[0]?.id);
    expect(titles(await rounds((await scripted(...texts)).url, 3))).toEqual(["Item 1"]);
  });

  test("may be private", async () => {
    const context = await rounds((await scripted(...feeds(rss([1])))).url, 1, { private: true, type: "news" });
    expect(context.updates).toMatchObject([{ private: true, type: "news" }]);
  });
});

describe("the memory", () => {
  test("outlives the process, validators included", async () => {
    const path = join(temporaryDirectory(), "state.json");
    const server = await scripted(answer(200, rss([2, 1]), { etag: '"a"' }), answer(304, ""), answer(200, rss([3, 2, 1]), { etag: '"b"' }));
    expect(titles(await rounds(server.url, 1, {}, fileMemory(path)))).toEqual(["Item 1", "Item 2"]);
    expect(titles(await rounds(server.url, 1, {}, fileMemory(path)))).toEqual([]);
    expect(titles(await rounds(server.url, 1, {}, fileMemory(path)))).toEqual(["Item 3"]);
    expect(server.requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"a"', '"a"']);
  });

  test("keeps a bounded number, and none is forgotten that the feed still has", async () => {
    const memory = volatileMemory();
    const texts = [rss(down(250, 1)), rss(down(360, 341)), rss([...down(360, 341), 250, 249, 1])];
    const context = await rounds((await scripted(...feeds(...texts))).url, 3, { remember: 100, first: 10_000 }, memory);
    // Of the 250, the newest 80 are known when the 20 have come: 250 and 249 are, and 1 comes again.
    expect(titles(context).slice(250)).toEqual([
      ...down(360, 341)
        .toReversed()
        .map((n) => `Item ${n}`),
      "Item 1",
    ]);
    const { items } = JSON.parse((await memory.get("n/feed")) ?? "") as { items: string };
    expect(items.split(" ")).toHaveLength(100);
    // Item 1 is older than all that are forgotten, but was never gone.
    const pinned = [rss(down(150, 1)), rss([...down(260, 151), 1]), rss([...down(260, 151), 2, 1])];
    const kept = await rounds((await scripted(...feeds(...pinned))).url, 3, { remember: 100, first: 10_000 });
    expect(titles(kept).slice(150)).toEqual([...down(260, 151).toReversed(), 2].map((n) => `Item ${n}`));
    // More than the bound stay while the feed has them.
    const large = await rounds((await scripted(...feeds(rss(down(250, 1))))).url, 3, { remember: 100, first: 10_000 });
    expect(large.updates).toHaveLength(250);
  });

  test("is written with what was published, batch by batch", async () => {
    const memory = volatileMemory();
    const server = await scripted(answer(200, rss([1]), { etag: '"1"' }), answer(200, rss(down(2500, 1)), { etag: '"2"' }));
    await rounds(server.url, 1, {}, memory);
    let batches = 0;
    const dying = record(memory, () => {
      batches += 1;
      return batches === 2 ? Promise.reject(new Error("The hub is gone.")) : Promise.resolve();
    });
    await expect(dying.start(feedSource({ feeds: { url: server.url, name: "n" }, clock: fastClock(2) }))).rejects.toThrow(
      "The hub is gone.",
    );
    const after = await rounds(server.url, 1, {}, memory);
    expect(titles(dying)).toHaveLength(250);
    expect(titles(after)).toEqual(
      down(2500, 252)
        .toReversed()
        .map((n) => `Item ${n}`),
    );
    // Whoever died did not take the whole answer for seen.
    expect(server.requests.at(-1)?.headers["if-none-match"]).toBeUndefined();
  });

  test("that makes no sense counts as none", async () => {
    const memory = volatileMemory();
    await memory.set("n/feed", '{"items":"?"}');
    expect(titles(await rounds((await scripted(...feeds(rss([1])))).url, 1, {}, memory))).toEqual(["Item 1"]);
  });
});

describe("servers", () => {
  test("that redirect, refuse, keep silent and break off hold nothing up", async () => {
    const server = await scripted(
      answer(301, "", { location: "/moved" }),
      answer(200, rss([1]), { etag: '"1"' }),
      answer(429, "", { "retry-after": "900" }),
      () => undefined,
      (res) => {
        res.writeHead(200, { "content-length": "1000" });
        res.write("<rss", () => res.destroy());
      },
      answer(500, ""),
      answer(200, "<html><body>Sorry</body></html>"),
      answer(200, '<rss version="2.0"><channel'),
      answer(304, ""),
      answer(200, rss([2, 1])),
    );
    const context = record();
    const clock = fastClock(9);
    const run = context.start(feedSource({ feeds: server.url, clock, timeoutMs: 2000, intervalMs: 60_000 }));
    await context.until(() => clock.pausesMs.length === 9);
    context.stop();
    await run;
    expect(titles(context)).toEqual(["Item 1", "Item 2"]);
    expect(context.problems).toEqual([
      expect.stringContaining("answered 429"),
      expect.stringContaining("did not answer in full within 2 s"),
      expect.stringContaining("broke off"),
      expect.stringContaining("answered 500"),
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/events\/stream: The answer is a web page, not a feed\.$/),
      expect.stringContaining("The answer is neither RSS, RDF, Atom nor JSON Feed"),
      expect.stringContaining("answered 304"),
    ]);
    expect(clock.pausesMs[1]).toBe(900_000);
  });

  test("are asked for feeds, with the headers that are given", async () => {
    const server = await scripted(...feeds(rss([1])));
    await rounds(server.url, 1, {
      headers: { "x-all": "1", "x-own": "1" },
      feeds: { url: server.url, name: "n", headers: { "x-own": "2" } },
    });
    expect(server.requests[0]?.headers).toMatchObject({
      "x-all": "1",
      "x-own": "2",
      accept: expect.stringContaining("application/rss+xml"),
    });
  });

  test("of several feeds do not wait for each other", async () => {
    const silent = await scripted(() => undefined);
    const good = await scripted(...feeds(rss([2, 1])));
    const context = record();
    const run = context.start(
      feedSource({
        feeds: [
          { url: silent.url, name: "silent" },
          { url: good.url, name: "good", title: "Good news" },
        ],
      }),
    );
    await context.until(() => context.updates.length === 2);
    expect(dataOf(context)[0]?.feed).toEqual({ name: "good", title: "Good news", link: "https://n.example/" });
    context.stop();
    await run;
  });

  test("that fail once fail a single round, when the others are through", async () => {
    const good = await scripted(...feeds(rss([1])));
    const context = record();
    const options = {
      feeds: [
        { url: await deadUrl(), name: "dead" },
        { url: good.url, name: "good" },
      ],
      once: true,
    };
    await expect(context.start(feedSource(options))).rejects.toThrow(SourceError);
    expect(titles(context)).toEqual(["Item 1"]);
  });

  test("may have any feed of the corpus, and are asked again with its ETag", async () => {
    const directory = new URL("corpus/", import.meta.url);
    const files = readdirSync(directory).filter((file) => /\.(?:xml|rdf|json)$/.test(file));
    const server = await scripted((res, req) => {
      const file = decodeURIComponent((req.url ?? "").slice(1));
      const etag = `"${file}"`;
      if (req.headers["if-none-match"] === etag) res.writeHead(304).end();
      else res.writeHead(200, { etag }).end(readFileSync(new URL(file, directory)));
    });
    const addresses = files.map((file) => ({ url: new URL(`/${file}`, server.url), name: file }));
    const memory = volatileMemory();
    const context = record(memory);
    await context.start(feedSource({ feeds: addresses, once: true }));
    expect(new Set(context.updates.map(({ topic }) => topic)).size).toBe(files.length);
    for (const { link, image, title, summary = "" } of dataOf(context)) {
      for (const address of [link, image]) expect(address ?? "https://").toMatch(/^https?:\/\//);
      expect(title + summary).not.toMatch(/<[a-z/!?]/i);
    }
    const again = record(memory);
    await again.start(feedSource({ feeds: addresses, once: true }));
    expect(again.updates).toEqual([]);
    expect(again.events.filter(({ kind }) => kind === "fetched")).toEqual(
      files.map(() => ({ kind: "fetched", changed: false, items: 0, bytes: 0 })),
    );
  });
});

test.each([
  [{ feeds: [] }, "feeds: there is none"],
  [{ feeds: "ftp://x.example/" }, "is not an http or https URL"],
  [{ feeds: ["http://a.example/1", "http://a.example/2"] }, 'two are called "a.example"'],
  [{ feeds: { url: "http://a.example/", name: ".." } }, "feeds: the name"],
  [{ feeds: "http://a.example/", topic: "/news/{key}" }, "topic: {key} means nothing here"],
  [{ feeds: "http://a.example/", first: -1 }, "first: -1"],
  [{ feeds: "http://a.example/", remember: 1 }, "remember: 1"],
  [{ feeds: "http://a.example/", intervalMs: 10 }, "intervalMs: 10"],
  [{ feeds: "http://a.example/", parseTimeoutMs: 1 }, "parseTimeoutMs: 1"],
  [{ feeds: "http://a.example/", maxParseBytes: 1000 }, "maxParseBytes: 1000"],
])("the options %j are refused", (options, message) => {
  expect(() => feedSource(options)).toThrow(message);
});
