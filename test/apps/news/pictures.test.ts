import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type SourceMemory, volatileMemory } from "artesian-sources";
import { describe, expect, onTestFinished, test } from "vitest";
import { createNews, type News, NEWS_TOPICS, type NewsItem, type NewsOptions } from "../../../demo/src/news/server/index.ts";
import { pictureType } from "../../../demo/src/news/server/pictures/picture-type.ts";
import { startFeedServer } from "../../support/feed-server.ts";
import { GIF } from "../../support/pictures.ts";
import { listen, startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

interface TestPictures {
  readonly news: News;
  readonly asked: string[];
  /** The path of a picture on the news' server. */
  readonly pathOf: (picture: string) => Promise<string>;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  readonly code: (path: string) => Promise<unknown[]>;
}

/** A server of pictures, and news with a feed that names them. */
async function start(answer: Answer, options: Partial<NewsOptions> = {}): Promise<TestPictures> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? "");
    answer(req, res);
  });
  const origin = await listen(server);
  const { hub, url } = await startHub({ reservedTopics: NEWS_TOPICS });
  const feeds = await startFeedServer();
  const names = ["/1.gif", "/2.gif", "/3.gif", "/4.gif"];
  for (const name of names) feeds.add("river", { id: name, title: name, image: origin + name });
  const news = createNews({
    hub,
    feeds: [{ name: "river", url: `${feeds.origin}/river.json` }],
    allowAddress: () => true,
    ...options,
  });
  onTestFinished(() => news.close());
  const stream = await openStream(`${url}?match=/news/river&last=10`);
  const paths = new Map<string, string>();
  for (const _ of names) {
    const item = JSON.parse((await stream.next()).data) as NewsItem;
    paths.set(item.title, item.picture ?? "");
    expect(item).not.toHaveProperty("image");
  }
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    news.fetch(new Request(`http://127.0.0.1:3000${path}`, { headers }));
  return {
    news,
    asked,
    pathOf: async (picture) => paths.get(picture) ?? "",
    get,
    async code(path) {
      const response = await get(path);
      const { code } = (await response.json()) as { code: string };
      return [response.status, code];
    },
  };
}

const gif: Answer = (_req, res) => void res.writeHead(200, { "Content-Type": "text/html" }).end(GIF);

describe("a picture of a headline", () => {
  test("is passed on with the type of its bytes, once", async () => {
    const { get, pathOf, asked } = await start(gif);
    const path = await pathOf("/1.gif");
    const answers = await Promise.all([get(path), get(path), get(path)]);
    for (const answer of [...answers, await get(path)]) {
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "content-type": "image/gif",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        "x-content-type-options": "nosniff",
      });
      expect(Buffer.from(await answer.arrayBuffer()).equals(GIF)).toBe(true);
    }
    expect(asked).toEqual(["/1.gif"]);
  });

  test("is asked for only if a feed has named it, by the news' own page", async () => {
    const { get, code, pathOf, asked } = await start(gif);
    const path = await pathOf("/1.gif");
    const other = Buffer.from("http://127.0.0.1:9/else").toString("base64url");
    for (const wrong of [
      path.replace(/[^/]+$/, other),
      path.replace(/picture\/./, (found) => (found.endsWith("A") ? "picture/B" : "picture/A")),
      "/news/picture/",
      `/news/picture/${"x".repeat(22)}/${"x".repeat(4000)}`,
    ])
      expect(await code(wrong)).toEqual([404, "not_found"]);
    expect((await get(path, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  test("keeps its path over a restart", async () => {
    const memory = volatileMemory();
    const before = await start(gif, { memory });
    const path = await before.pathOf("/1.gif");
    await before.news.close();
    const after = createNews({ hub: (await startHub()).hub, feeds: [], memory, allowAddress: () => true });
    onTestFinished(() => after.close());
    expect((await after.fetch(new Request(`http://127.0.0.1:3000${path}`))).status).toBe(200);
  });

  test("works for this process if the memory is full", async () => {
    const full = volatileMemory();
    const memory: SourceMemory = {
      ...full,
      set: (key, value) => (key === "picture-key" ? Promise.reject(new Error("full")) : full.set(key, value)),
    };
    const { get, pathOf } = await start(gif, { memory });
    expect((await get(await pathOf("/1.gif"))).status).toBe(200);
  });

  test.each([
    ["SVG", (res: ServerResponse) => res.setHeader("Content-Type", "image/svg+xml").end('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415],
    [
      "SVG that says it is GIF",
      (res: ServerResponse) => res.setHeader("Content-Type", "image/gif").end("<?xml version='1.0'?><svg/>"),
      415,
    ],
    ["a web page", (res: ServerResponse) => res.setHeader("Content-Type", "image/png").end("<!doctype html><script>1</script>"), 415],
    ["nothing", (res: ServerResponse) => res.end(), 415],
    ["an error", (res: ServerResponse) => res.writeHead(404).end(GIF), 502],
    ["too much", (res: ServerResponse) => res.end(Buffer.concat([GIF, Buffer.alloc(5000)])), 502],
    ["a redirect in a circle", (res: ServerResponse) => res.writeHead(302, { Location: "/1.gif" }).end(), 502],
  ])("is refused if it is %s, and not asked for again soon", async (_name, answer, status) => {
    const { get, pathOf, asked } = await start((_req, res) => void answer(res), { pictures: { maxBytes: 4000 } });
    const path = await pathOf("/1.gif");
    expect((await get(path)).status).toBe(status);
    const { length } = asked;
    expect((await get(path)).status).toBe(status);
    expect(asked).toHaveLength(length);
  });

  test("is given up when it takes too long", async () => {
    const { code, pathOf } = await start((_req, res) => void res.write(GIF), { pictures: { timeoutMs: 50 } });
    expect(await code(await pathOf("/1.gif"))).toEqual([502, "picture_unavailable"]);
  });

  test("is not fetched from a private network, directly or by a redirect", async () => {
    const refusing = await start(gif, { allowAddress: undefined });
    expect(await refusing.code(await refusing.pathOf("/1.gif"))).toEqual([502, "picture_unavailable"]);
    expect(refusing.asked).toEqual([]);
    const secret = createServer((_req, res) => res.end(GIF));
    const { port } = new URL(await listen(secret));
    const redirecting = await start((_req, res) => void res.writeHead(302, { Location: `http://[::1]:${port}/` }).end(), {
      allowAddress: (address) => address === "127.0.0.1",
    });
    expect(await redirecting.code(await redirecting.pathOf("/1.gif"))).toEqual([502, "picture_unavailable"]);
  });
});

test("pictures are fetched a few at a time, and only so many wait", async () => {
  const open: ServerResponse[] = [];
  const { get, code, pathOf, asked } = await start((_req, res) => void open.push(res), { pictures: { atOnce: 1, waiting: 1 } });
  const first = get(await pathOf("/1.gif"));
  await expect.poll(() => asked.length).toBe(1);
  const second = get(await pathOf("/2.gif"));
  // Lets the second one take its place in the queue.
  await expect.poll(async () => await code(await pathOf("/3.gif"))).toEqual([503, "busy"]);
  expect(asked).toEqual(["/1.gif"]);
  open[0]?.end(GIF);
  expect((await first).status).toBe(200);
  await expect.poll(() => asked.length).toBe(2);
  open[1]?.end(GIF);
  expect((await second).status).toBe(200);
});

test("pictures in memory are bounded, and the least recently used leaves first", async () => {
  const { get, pathOf, asked } = await start(gif, { pictures: { cacheBytes: GIF.byteLength * 2 } });
  for (const name of ["/1.gif", "/2.gif", "/1.gif", "/3.gif", "/1.gif", "/2.gif"]) expect((await get(await pathOf(name))).status).toBe(200);
  expect(asked).toEqual(["/1.gif", "/2.gif", "/3.gif", "/2.gif"]);
});

test("a picture's type follows from its bytes", () => {
  const typeOf = (head: string): string | undefined => pictureType(Buffer.from(`${head}${"\0".repeat(20)}`, "latin1"));
  expect(["\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n", "GIF89a", "RIFF\x10\0\0\0WEBP", "\0\0\0\x20ftypavif"].map(typeOf)).toEqual([
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/avif",
  ]);
  expect(["<svg", "<?xml", "%PDF", "BM", "", " GIF89a", "\0\0\0\x20ftypmp42"].map(typeOf)).toEqual(Array.from({ length: 7 }));
});
