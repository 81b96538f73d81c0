import { brotliCompressSync, deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseDate } from "../../packages/sources/src/feed/dates.ts";
import { feedSource, type FeedUpdate } from "../../packages/sources/src/feed/index.ts";
import { safeLink } from "../../packages/sources/src/feed/links.ts";
import { htmlToText, lenientText } from "../../packages/sources/src/feed/text.ts";
import { conditionalGet } from "../../packages/sources/src/http/index.ts";
import { volatileMemory, type SourceMemory } from "../../packages/sources/src/index.ts";
import { answer, scripted, type Script } from "../client/server.ts";
import { fastClock, record, type RecordingContext } from "./context.ts";

interface Told {
  readonly guid?: string;
  readonly link?: string;
  readonly title?: string;
  readonly date?: string;
}

function rss(items: readonly Told[]): string {
  const element = (name: string, text: string | undefined): string => (text === undefined ? "" : `<${name}>${text}</${name}>`);
  const texts = items.map(
    ({ guid, link, title, date }) =>
      `<item>${element('guid isPermaLink="false"', guid).replace('</guid isPermaLink="false">', "</guid>")}${element("link", link)}${element("title", title)}${element("pubDate", date)}</item>`,
  );
  return `<rss version="2.0"><channel><title>Feed</title><link>https://n.example/</link>${texts.join("")}</channel></rss>`;
}

const send =
  (body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Script =>
  (res) =>
    res.writeHead(200, headers).end(body);

async function rounds(url: string, count: number, memory: SourceMemory = volatileMemory()): Promise<RecordingContext> {
  const context = record(memory);
  const clock = fastClock(count);
  const run = context.start(feedSource({ feeds: { url, name: "n" }, clock }));
  await context.until(() => clock.pausesMs.length === count);
  context.stop();
  await run;
  return context;
}

const updates = (context: RecordingContext): FeedUpdate[] => context.updates.map(({ data }) => JSON.parse(data ?? "") as FeedUpdate);
const titles = (context: RecordingContext): string[] => updates(context).map(({ title }) => title);

describe("a Content-Encoding that is not true", () => {
  const text = rss([{ title: "One" }]);
  test.each([
    ["gzip, and plain", text, "gzip"],
    ["br, and plain", text, "br"],
    ["deflate, and plain", text, "deflate"],
    ["the charset, and plain", text, "utf-8"],
    ["nothing, and gzip", gzipSync(text), undefined],
    ["br, and gzip", gzipSync(text), "br"],
    ["gzip, twice", gzipSync(gzipSync(text)), "gzip"],
    ["deflate, without its header", deflateRawSync(text), "deflate"],
    ["br, which it is", brotliCompressSync(text), "br"],
  ])("is less than the bytes: %s", async (_, body, encoding) => {
    const server = await scripted(send(body, encoding === undefined ? {} : { "content-encoding": encoding }));
    expect(titles(await rounds(server.url, 1))).toEqual(["One"]);
  });

  test("makes text of nothing that is none, and of no part of a text", async () => {
    const server = await scripted(
      send(Buffer.from([0, 1, 2, 3]), { "content-encoding": "br" }),
      send(gzipSync(text).subarray(0, 40), {}),
      send(brotliCompressSync(text.repeat(50)).subarray(0, 40), { "content-encoding": "br" }),
    );
    for (let i = 0; i < 3; i++) await expect(conditionalGet(server.url)).rejects.toMatchObject({ code: "broken" });
  });

  test("bounds what is unpacked, however it is labelled", async () => {
    const server = await scripted(
      send(gzipSync(Buffer.alloc(50_000_000))),
      send(gzipSync(gzipSync(Buffer.alloc(50_000_000))), { "content-encoding": "gzip" }),
      send(brotliCompressSync(Buffer.alloc(5_000_000)), { "content-encoding": "br" }),
    );
    for (let i = 0; i < 3; i++)
      await expect(conditionalGet(server.url, { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: "too_large" });
  });
});

test.each([
  ["It&#146;s", "It’s"],
  ["It&#x92;s &#8220;so&#8221", "It’s “so”"],
  ["Caf&eacute &copy 2026", "Café © 2026"],
  ["&nbsp;&Zcaron;&nGt;&hearts;", "Ž≫⃒♥"],
  ["It\u0092s \u0093so\u0094", "It’s “so”"],
  ["&#0;&#xD800;&#1114112;", "\ufffd\ufffd\ufffd"],
  ["AT&T R&D &unknown;", "AT&T R&D &unknown;"],
])("the references of %j are read as %j", (html, text) => {
  expect(htmlToText(html)).toBe(text);
  expect(lenientText(html)).toBe(text);
});

test("references of XML and of escaped HTML are read alike", async () => {
  const server = await scripted(
    send(
      rss([{ title: "It&#146;s &#8220so&#8221" }, { guid: "2", title: "It&amp;#146;s" }, { guid: "3", title: "<![CDATA[It&#146;s]]>" }]),
    ),
  );
  expect(titles(await rounds(server.url, 1)).toSorted()).toEqual(["It’s", "It’s", "It’s “so”"]);
});

test.each([
  ["Mon, 02 Mar 2026 09:30:00 GMT+7", "2026-03-02T02:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 UTC-05:30", "2026-03-02T15:00:00.000Z"],
  ["2026-03-02T09:30:00 GMT+7", "2026-03-02T02:30:00.000Z"],
  ["2026-03-02T09:30+1", "2026-03-02T08:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 NZDT", "2026-03-01T20:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 IST", "2026-03-02T04:00:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 BRT", "2026-03-02T12:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 SGT", "2026-03-02T01:30:00.000Z"],
  ["2026-07-02 09:30:00 Europe/Berlin", "2026-07-02T07:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 America/New_York", "2026-03-02T14:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 PM EST", "2026-03-03T02:30:00.000Z"],
  ["3/2/2026 9:30:00 PM", "2026-03-02T21:30:00.000Z"],
  ["3/2/2026, 12:05:00 a.m.", "2026-03-02T00:05:00.000Z"],
  ["March 2, 2026 9:30 pm", "2026-03-02T21:30:00.000Z"],
  ["Monday, March 2, 2026 - 09:30", "2026-03-02T09:30:00.000Z"],
  ["Mar 2nd, 2026", "2026-03-02T00:00:00.000Z"],
  ["Mon Mar  2 09:30:00 EST 2026", "2026-03-02T14:30:00.000Z"],
  ["Mon Mar 02 2026 09:30:00 GMT+0100 (Central European Standard Time)", "2026-03-02T08:30:00.000Z"],
  ["Mon Mar  2 09:30:00 2026", "2026-03-02T09:30:00.000Z"],
  ["2026/03/02 09:30:00", "2026-03-02T09:30:00.000Z"],
  ["02.03.2026 09:30", "2026-03-02T09:30:00.000Z"],
  ["Mo, 02 Mär 2026 09:30:00 +0100", "2026-03-02T08:30:00.000Z"],
  ["lun, 02 déc 2025 09:30:00 +0100", "2025-12-02T08:30:00.000Z"],
  ["2 de marzo de 2026", "2026-03-02T00:00:00.000Z"],
  ["20/03/2026 09:30", "2026-03-20T09:30:00.000Z"],
  ["March 2, 2026 at 9:30 PM", "2026-03-02T21:30:00.000Z"],
  ["9:30 PM, March 2, 2026", "2026-03-02T21:30:00.000Z"],
  ["Mon,02 Mar 2026 09:30:00 GMT", "2026-03-02T09:30:00.000Z"],
  ["Monday, 02-Mar-26 09:30:00 GMT", "2026-03-02T09:30:00.000Z"],
  ["2026-03-02 09:30:00.5 -0500 EST", "2026-03-02T14:30:00.500Z"],
  ["2026-03-02T09:30:00+01:00[Europe/Berlin]", "2026-03-02T08:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 +0000 GMT", "2026-03-02T09:30:00.000Z"],
  ["July 2, 2026 9:30 am ET", "2026-07-02T13:30:00.000Z"],
  ["March 2, 2026 9:30 a.m. PT", "2026-03-02T17:30:00.000Z"],
  ["1767605400", "2026-01-05T09:30:00.000Z"],
  ["1767605400123", "2026-01-05T09:30:00.123Z"],
  // The second of March, or the third of February.
  ["02/03/2026 09:30", undefined],
  ["Copyright 12 monkeys 2026", undefined],
  ["2026-03-02 25:30", undefined],
  ["99/99/2026 9:30 PM", undefined],
  ["2026-03-02 09:30:00 Nowhere/City", undefined],
])("the date %j is %s", (text, iso) => {
  const ms = parseDate(text);
  expect(ms === undefined ? undefined : new Date(ms).toISOString()).toBe(iso);
});

test("an item without a date never comes after newer ones, whichever way the feed is sorted", async () => {
  const day = (n: number): string => `2026-03-0${n}`;
  const dated = (n: number): Told => ({ title: `Day ${n}`, date: day(n) });
  const undated = { title: "Undated", date: "soon" };
  for (const items of [
    [dated(3), undated, dated(1)],
    [dated(1), undated, dated(3)],
    [undated, dated(3), dated(1)],
    [dated(1), dated(3), undated],
  ]) {
    const order = titles(await rounds((await scripted(send(rss(items)))).url, 1));
    expect(order.indexOf("Undated")).toBeLessThan(order.indexOf("Day 3"));
    expect(order.indexOf("Day 1")).toBeLessThan(order.indexOf("Day 3"));
  }
});

test("an item without a date tells the date of its neighbour, when the feed is read for the first time", async () => {
  const dated = [3, 1].map((n): Told => ({ title: `Day ${n}`, date: `2026-03-0${n}` }));
  const [newer = {}, older = {}] = dated;
  const undated = (title: string): Told => ({ title, date: "soon" });
  const server = await scripted(
    send(rss([newer, undated("Undated"), older])),
    send(rss([undated("Later"), newer, undated("Undated"), older])),
  );
  expect(updates(await rounds(server.url, 2)).map(({ title, published, around }) => [title, published ?? around])).toEqual([
    ["Undated", "2026-03-01T00:00:00.000Z"],
    ["Day 1", "2026-03-01T00:00:00.000Z"],
    ["Day 3", "2026-03-03T00:00:00.000Z"],
    // It came between two rounds, so when it was seen tells more.
    ["Later", undefined],
  ]);
});

describe("an item that the feed calls by another name", () => {
  const date = (n: number): string => `2026-03-02T09:${String(n).padStart(2, "0")}:00Z`;
  const many = (change: (n: number) => Told): Told[] =>
    Array.from({ length: 30 }, (_, n) => ({
      guid: `g${n}`,
      link: `https://n.example/${n}`,
      title: `Item ${n}`,
      date: date(n),
      ...change(n),
    }));

  test.each<[string, (n: number) => Told]>([
    ["guid", (n) => ({ guid: `https://n.example/?p=${n}` })],
    ["guid and scheme of the link", (n) => ({ guid: `x${n}`, link: `http://www.n.example/${n}/` })],
    ["guid and tracking of the link", (n) => ({ guid: `x${n}`, link: `https://n.example/${n}?utm_source=rss&amp;fbclid=${n}#xtor=RSS-1` })],
    ["guid and link", (n) => ({ guid: `x${n}`, link: `https://new.example/posts/${n}` })],
    ["guid and title", (n) => ({ guid: `x${n}`, title: `Item ${n}, corrected` })],
    ["link, title and date", (n) => ({ link: `https://new.example/${n}`, title: `New ${n}`, date: date(n + 1) })],
  ])("is not published again: %s", async (_, change) => {
    const memory = volatileMemory();
    const server = await scripted(send(rss(many(() => ({})))), send(rss([{ guid: "new", title: "New" }, ...many(change)])));
    const context = await rounds(server.url, 2, memory);
    expect(titles(context).slice(20)).toEqual(["New"]);
  });

  test("and has no guid is known by its link, however that is written", async () => {
    const server = await scripted(
      send(rss([{ link: "http://n.example/a?utm_source=x", title: "One" }])),
      send(rss([{ link: "https://n.example/a", title: "One, corrected" }])),
    );
    expect(titles(await rounds(server.url, 2))).toEqual(["One"]);
  });

  test("is another when its date is, and its guid", async () => {
    const server = await scripted(
      send(rss([{ guid: "1", link: "https://n.example/weather", title: "Rain", date: date(1) }])),
      send(rss([{ guid: "2", link: "https://n.example/weather", title: "Sun", date: date(2) }])),
      send(rss([{ guid: "3", link: "https://n.example/other", title: "Sun", date: date(3) }])),
      // The same bulletin of another day.
      send(rss([{ guid: "4", link: "https://n.example/other", title: "Sun", date: date(4) }])),
    );
    expect(titles(await rounds(server.url, 4))).toEqual(["Rain", "Sun", "Sun", "Sun"]);
  });

  test("is told from those of one document that share title and date", async () => {
    const warning = (guid: string): Told => ({ guid, title: "Flood warning", date: date(1) });
    const server = await scripted(send(rss([warning("a")])), send(rss([warning("b"), warning("a")])));
    expect(titles(await rounds(server.url, 2))).toHaveLength(2);
  });
});

test("the memory of the version before is read, and learns the other names", async () => {
  const memory = volatileMemory();
  const one = { guid: "1", link: "https://n.example/1", title: "One", date: "2026-03-02" };
  await rounds((await scripted(send(rss([one])))).url, 1, memory);
  const state = JSON.parse((await memory.get("n/feed")) ?? "") as { items: string };
  await memory.set("n/feed", JSON.stringify({ items: state.items.slice(0, 24) }));
  const server = await scripted(send(rss([one])), send(rss([{ ...one, guid: "2" }])));
  expect(titles(await rounds(server.url, 2, memory))).toEqual([]);
});

test.each([
  ["https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&b=2"],
  ["https://a.example/?a=1&amp;amp;b=2", "https://a.example/?a=1&b=2"],
  ["https://a.example/?a=1&#38;b=2&#x26;c=3", "https://a.example/?a=1&b=2&c=3"],
  ["https://a.example/?a=1&copy=2", "https://a.example/?a=1&copy=2"],
])("the link %j is %j", (link, safe) => expect(safeLink(link, "https://base.example/")).toBe(safe));

describe("cookies", () => {
  test("that a redirect sets are sent along its chain, and to the same address again", async () => {
    const server = await scripted(
      (res) => res.writeHead(302, { location: "/events/stream", "set-cookie": ["seen=1; Path=/; HttpOnly", "b=2; path=/events"] }).end(),
      answer(200, "done"),
      answer(200, "none"),
    );
    await conditionalGet(server.url, { headers: { cookie: "own=0" } });
    await conditionalGet(server.url);
    expect(server.requests.map(({ headers }) => headers.cookie)).toEqual(["own=0", "own=0; seen=1; b=2", undefined]);
  });

  test("go to no other host, no other path, and not after they were taken back", async () => {
    const other = await scripted((res) => res.writeHead(302, { location: `${server.url}?back` }).end());
    const server = await scripted(
      (res) =>
        res
          .writeHead(302, { location: other.url.replace("127.0.0.1", "localhost"), "set-cookie": ["a=1", "b=2; Path=/elsewhere", "c=3"] })
          .end(),
      (res) => res.writeHead(302, { location: "?again", "set-cookie": "c=; Max-Age=0" }).end(),
      answer(200, "done"),
    );
    await conditionalGet(server.url);
    expect(other.requests[0]?.headers.cookie).toBeUndefined();
    expect(server.requests.map(({ headers }) => headers.cookie)).toEqual([undefined, "a=1; c=3", "a=1"]);
  });

  test("that are set again and again end in a circle", async () => {
    const server = await scripted((res) => res.writeHead(302, { location: "/events/stream", "set-cookie": "a=1" }).end());
    await expect(conditionalGet(server.url)).rejects.toMatchObject({ code: "redirect" });
    expect(server.requests).toHaveLength(2);
  });
});

describe("one request a day is without conditions", () => {
  test("so a server that says 304 for ever is found out", async () => {
    const server = await scripted(send("one", { etag: '"1"' }));
    const first = await conditionalGet(server.url);
    if (first.kind !== "changed" || first.validators === undefined) throw new Error("There are no validators.");
    const aged = (hours: number): typeof first.validators => ({ ...first.validators!, fullAtMs: Date.now() - hours * 3_600_000 });
    for (const previous of [first.validators, aged(23), aged(25), aged(-2), { ...first.validators, fullAtMs: undefined }])
      await conditionalGet(server.url, { previous });
    expect(server.requests.slice(1).map(({ headers }) => headers["if-none-match"])).toEqual([
      '"1"',
      '"1"',
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("across restarts", async () => {
    const memory = volatileMemory();
    const server = await scripted(send(rss([{ title: "One" }]), { etag: '"1"' }), answer(304, ""));
    await rounds(server.url, 2, memory);
    const state = JSON.parse((await memory.get("n/feed")) ?? "") as { validators: { fullAtMs: number } };
    state.validators.fullAtMs -= 25 * 3_600_000;
    await memory.set("n/feed", JSON.stringify(state));
    const again = record(memory);
    const run = again.start(feedSource({ feeds: { url: server.url, name: "n" }, clock: fastClock(1) }));
    await again.until(() => server.requests.length === 3);
    again.stop();
    await run;
    expect(server.requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"1"', undefined]);
  });
});
