import { readdirSync, readFileSync } from "node:fs";
import { fc } from "@fast-check/vitest";
import { parseFeed as parseWithFeedsmith } from "feedsmith";
import { describe, expect, it, test } from "vitest";
import { TemporaryError } from "../../packages/sources/src/errors.ts";
import { parseDate } from "../../packages/sources/src/feed/dates.ts";
import { safeLink } from "../../packages/sources/src/feed/links.ts";
import { parseFeed } from "../../packages/sources/src/feed/parse.ts";
import { htmlToText, lenientText, plainText, shorten } from "../../packages/sources/src/feed/text.ts";
import { tidyXml } from "../../packages/sources/src/feed/tidy.ts";

const SEED = { seed: 20261122 };
const BOUNDS = { maxItems: 50, summaryLength: 200 };
const directory = new URL("corpus/", import.meta.url);
const corpus = readdirSync(directory)
  .filter((file) => /\.(?:xml|rdf|json)$/.test(file))
  .map((file) => readFileSync(new URL(file, directory)));

/** Parses; the only error that there may be is the one that the loop reports and goes on after. */
function parsesOrFails(body: Uint8Array, contentType?: string): boolean {
  try {
    const { items } = parseFeed({ body, contentType, url: "https://o.example/feed" }, BOUNDS);
    for (const { title, summary = "", author = "", link = "https:", image = "https:", key, publishedMs } of items) {
      expect(`${title} ${summary} ${author}`).not.toMatch(/<[a-z/!?]/i);
      expect(link).toMatch(/^https?:/);
      expect(image).toMatch(/^https?:/);
      expect(key).not.toBe("");
      expect(title.length + author.length).toBeLessThanOrEqual(400);
      expect(summary.length).toBeLessThanOrEqual(BOUNDS.summaryLength);
      expect(JSON.stringify([title, summary, author])).not.toMatch(/\\u[0-9a-f]{4}/i);
      if (publishedMs !== undefined) expect(() => new Date(publishedMs).toISOString()).not.toThrow();
    }
    return true;
  } catch (error) {
    if (error instanceof TemporaryError) return false;
    throw error;
  }
}

const PIECES = [
  ..."<>&;\"'/=! ".split(""),
  ..."<item> </item> <entry> </entry> <title> </title> <link> <guid> </guid> <description> </description> <br> <b> </b> <p> <a href='x'>".split(
    " ",
  ),
  ..."<![CDATA[ ]]> <!-- --> <?xml ?> <!DOCTYPE </ <rss version='2.0'> <channel> </channel> </rss> &lt;script&gt; &amp;lt; &nbsp; &#0; &#x202e;".split(
    " ",
  ),
  ..."<feed xmlns='http://www.w3.org/2005/Atom'>|<pubDate>Mon, 1 Jan 2026|\0|\ud800|\u202e|text|javascript:alert(1)|<__proto__>|<content type='xhtml'><div>".split(
    "|",
  ),
];

const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(""));

describe("whatever comes, it is parsed or a failure that passes", () => {
  it("of arbitrary bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.option(fc.string(), { nil: undefined }),
        (bytes, type) => void parsesOrFails(bytes, type),
      ),
      { ...SEED, numRuns: 2000 },
    );
  });

  it("of a feed with some bytes changed, lost or doubled", () => {
    const edits = fc.array(fc.record({ at: fc.nat(), lose: fc.nat(40), insert: fc.uint8Array({ maxLength: 8 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.constantFrom(...corpus), edits, (feed, changes) => {
        let bytes = feed;
        for (const { at, lose, insert } of changes) {
          const index = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, index), insert, bytes.subarray(index + lose)]);
        }
        parsesOrFails(bytes);
      }),
      { ...SEED, numRuns: 3000 },
    );
  });

  it("of pieces of feeds in any order", () => {
    let parsed = 0;
    fc.assert(
      fc.property(soup, (text) => {
        parsed += Number(parsesOrFails(Buffer.from(`<rss version="2.0"><channel><title>T</title><item><title>x</title></item>${text}`)));
      }),
      { ...SEED, numRuns: 3000 },
    );
    // Nearly all of it has an item that can be saved; the rest proves nothing of the mending.
    expect(parsed).toBeGreaterThan(2900);
  });
});

describe("mending", () => {
  const shape = (xml: string): string => JSON.stringify(parseWithFeedsmith(xml));

  it("makes XML that needs no more of it", () => {
    fc.assert(
      fc.property(soup, (text) => {
        const once = tidyXml(`<rss version="2.0"><channel>${text}`)?.xml ?? "";
        expect(tidyXml(once)).toEqual({ xml: once, repairs: 0, truncated: false });
      }),
      { ...SEED, numRuns: 3000 },
    );
  });

  it.each(["rss-0.92.xml", "rss-2.0.xml", "rss-1.0.rdf", "atom-1.0.xml", "atom-0.3.xml", "atom-prefixed.xml"])(
    "leaves %s what it is",
    (file) => {
      const xml = readFileSync(new URL(file, directory), "utf8");
      const tidied = tidyXml(xml);
      expect(tidied).toMatchObject({ repairs: 0, truncated: false });
      expect(shape(tidied?.xml ?? "")).toBe(shape(xml));
    },
  );

  // Each would take minutes if the time grew with the square of the length.
  it.each([
    "<a>",
    "<a b='",
    "<![CDATA[",
    "<!--",
    "</a",
    "<",
    "<?x",
    "<!x",
    "<a b=\"'",
    "<![CDATA[</a><a>",
    "<a =",
    "<item><title>",
    " ",
    "]]>",
    "&",
  ])("takes no time to speak of for a megabyte of %j", (piece) => {
    const text = `<rss version="2.0"><channel><item><title>${piece.repeat(2 ** 20 / piece.length)}`;
    const start = performance.now();
    parsesOrFails(Buffer.from(text));
    expect(performance.now() - start).toBeLessThan(8000);
  });
});

describe("text", () => {
  it("never has in it what a page would take for a tag, a control or a turn of direction", () => {
    for (const read of [htmlToText, lenientText, plainText]) {
      fc.assert(
        fc.property(soup, fc.nat(30), (html, length) => {
          const text = read(html);
          // oxlint-disable-next-line no-control-regex -- these are the characters that it is about
          expect(text).not.toMatch(/<[a-z/!?]|[\0-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\s\s|^\s|\s$/i);
          expect(text.isWellFormed()).toBe(true);
          const short = shorten(text, length + 1);
          expect(short.length).toBeLessThanOrEqual(length + 1);
          expect(short.isWellFormed()).toBe(true);
        }),
        { ...SEED, numRuns: 1000 },
      );
    }
  });

  it.each([
    ["<p>One</p><p>Two</p>", "One Two"],
    ["un<b>believ</b>able", "unbelievable"],
    ["a<br>b", "a b"],
    ["<style>p{}</style>x<script>if (a<b) {}</script>y", "x y"],
    ["<img alt='a > b' src=x>z", "z"],
    ["1 &lt; 2 &amp;amp; 3", "1 < 2 &amp; 3"],
    ["<<b>script>alert(1)</script>", "‹script›alert(1)"],
    ["&lt;script&gt;", "‹script›"],
    ["cut <a href='", "cut"],
  ])("%j is %j", (html, text) => expect(htmlToText(html)).toBe(text));

  it("is cut between words", () => {
    expect(shorten("one two three", 9)).toBe("one two…");
    expect(shorten("onetwothree", 5)).toBe("onet…");
    expect(shorten("🦆🦆🦆", 4)).toBe("🦆…");
  });
});

test.each([
  ["https://a.example/x y", "https://a.example/x%20y"],
  ["/p?q=1#f", "https://base.example/p?q=1#f"],
  ["//cdn.example/i.png", "https://cdn.example/i.png"],
  ["javascript:alert(1)", undefined],
  [" jAvAsCrIpT\n:alert(1)", undefined],
  ["data:text/html,x", undefined],
  ["https://bank.example@evil.example/", undefined],
  ["http://", undefined],
  ["", undefined],
])("the link %j is %j", (link, safe) => expect(safeLink(link, "https://base.example/feed")).toBe(safe));

test("a link is bounded", () => expect(safeLink(`https://a.example/${"x".repeat(3000)}`, "https://base.example/")).toBeUndefined());

test.each([
  ["Mon, 02 Mar 2026 09:30:00 GMT", "2026-03-02T09:30:00.000Z"],
  ["Mon, 2 Mar 26 09:30 EST", "2026-03-02T14:30:00.000Z"],
  ["02 March 2026 09:30:00 +0200", "2026-03-02T07:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 CET", "2026-03-02T08:30:00.000Z"],
  ["Wed, 02 Sept 2026 09:30:00 BST", "2026-09-02T08:30:00.000Z"],
  ["Mon, 02 Mar 2026 09:30:00 +01:00 (CET)", "2026-03-02T08:30:00.000Z"],
  ["2026-03-02", "2026-03-02T00:00:00.000Z"],
  ["2026-03-02 09:30:00", "2026-03-02T09:30:00.000Z"],
  ["2026-03-02T09:30:00.1234-0530", "2026-03-02T15:00:00.123Z"],
  ["2026-03", "2026-03-01T00:00:00.000Z"],
  ["2026-02-30", undefined],
  ["Mon, 32 Mar 2026 09:30:00 GMT", undefined],
  ["Mon, 02 Mar 2026 09:30:00 XYZ", undefined],
  ["0001-01-01T00:00:00Z", undefined],
  ["yesterday", undefined],
  ["12", undefined],
])("the date %j is %s", (text, iso) => {
  const ms = parseDate(text);
  expect(ms === undefined ? undefined : new Date(ms).toISOString()).toBe(iso);
});
