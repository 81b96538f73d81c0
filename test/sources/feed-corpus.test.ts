import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseFeed } from "../../packages/sources/src/feed/parse.ts";

const BOUNDS = { maxItems: 100, summaryLength: 300 };

function omit<T extends object, Key extends keyof T>(value: T, name: Key): Omit<T, Key> {
  const rest: T = { ...value };
  delete (rest as Partial<T>)[name];
  return rest;
}

type Parsed = ReturnType<typeof parseFeed>;

function parse(file: string, contentType?: string): Omit<Parsed, "items"> & { items: readonly Omit<Parsed["items"][number], "names">[] } {
  const body = readFileSync(new URL(`corpus/${file}`, import.meta.url));
  const { items, ...feed } = parseFeed({ body, contentType, url: "https://origin.example/feeds/main" }, BOUNDS);
  // What else they go by has tests of its own.
  return { ...feed, items: items.map((item) => omit(item, "names")) };
}

const ms = (text: string): number => new Date(text).getTime();

describe("the formats", () => {
  it("reads RSS 0.91 with a document type, Latin-1 and entities of HTML", () => {
    expect(parse("rss-0.91.xml")).toMatchObject({
      title: "Dorfblatt Obertal",
      link: "http://obertal.example/",
      warnings: [],
      items: [
        {
          key: "http://obertal.example/bruecke",
          title: "Brücke gesperrt é – bis März",
          link: "http://obertal.example/bruecke",
          summary: "Die alte Brücke wird geprüft.",
        },
        { key: "http://obertal.example/chor", title: "Chor sucht Bässe" },
      ],
    });
  });

  it("reads RSS 0.92, whose items need no title", () => {
    const { items } = parse("rss-0.92.xml");
    expect(items).toMatchObject([
      { title: "Items may lack a title here, and this one does. Read on", link: undefined },
      { title: "Second pier", summary: "With a sound", link: "https://harbour.example/horn.mp3", image: undefined },
    ]);
    expect(items[0]?.key).toMatch(/^[\da-f]{64}$/);
  });

  it("reads RSS 2.0, its modules, and takes no harm from what is in it", () => {
    expect(parse("rss-2.0.xml")).toEqual({
      title: "Orchard Gazette",
      link: "https://orchard.example/",
      warnings: [],
      items: [
        {
          key: "tag:orchard,2026:3",
          title: "Late frost & early blossom",
          link: "https://orchard.example/2026/frost?utm=a&b=2",
          summary: "Growers light fires & hope.",
          publishedMs: ms("2026-03-03T06:30:00Z"),
          author: "Ina Baum",
          image: "https://orchard.example/frost.jpg",
        },
        {
          key: "https://orchard.example/2026/dialog",
          title: "How the ‹dialog› element came to be",
          link: "https://orchard.example/2026/dialog",
          summary: undefined,
          publishedMs: ms("2026-03-02T09:00:00Z"),
          author: undefined,
          image: "https://orchard.example/dialog.png",
        },
        {
          key: "tag:orchard,2026:1",
          title: "Twice escaped",
          link: undefined,
          summary: undefined,
          publishedMs: ms("2026-03-01T14:00:00Z"),
          author: undefined,
          image: undefined,
        },
      ],
    });
  });

  it("reads RDF", () => {
    expect(parse("rss-1.0.rdf")).toMatchObject({
      title: "Library",
      items: [
        { key: "https://library.example/b/2", title: "On Lichens", publishedMs: ms("2026-02-11T09:00:00Z"), author: "M. Flechte" },
        { key: "https://library.example/b/1", title: "On Mosses", publishedMs: ms("2026-02-10T00:00:00Z") },
      ],
    });
    expect(parse("rss-0.90.rdf")).toMatchObject({ title: "Old wire", items: [{ key: "http://wire.example/1", title: "First signal" }] });
  });

  it("reads Atom 1.0 with all kinds of text, and its base", () => {
    expect(parse("atom-1.0.xml")).toMatchObject({
      title: "Lab journal",
      link: "https://lab.example/journal/",
      warnings: [],
      items: [
        {
          key: "urn:uuid:2",
          title: "Yeast & sugar",
          link: "https://lab.example/journal/2",
          summary: "It foams.",
          publishedMs: ms("2026-02-28T06:00:00Z"),
          author: "Ada Feld",
        },
        { key: "urn:uuid:1", title: "Salt < sand", summary: "Grains settle.", author: "Bo Stein", publishedMs: ms("2026-02-20T12:00:00Z") },
      ],
    });
  });

  it("reads Atom 0.3, and Atom with a prefix", () => {
    expect(parse("atom-0.3.xml").items).toMatchObject([{ key: "tag:early,2004:1", title: "Hello", link: "http://early.example/hello" }]);
    expect(parse("atom-prefixed.xml").items).toMatchObject([{ key: "p1", title: "With a prefix", link: "https://p.example/1" }]);
  });

  it("reads JSON Feed", () => {
    expect(parse("feed.json", "application/feed+json")).toMatchObject({
      title: "Bus stop",
      link: "https://bus.example/",
      items: [
        { key: "https://bus.example/2", title: "Detour", summary: "Until Friday", author: "Line 4", image: "https://bus.example/map.png" },
        { key: "1", title: "No title, 1 < 2." },
      ],
    });
  });
});

describe("the encodings", () => {
  it.each([
    ["encoding-windows-1252.xml", "Smart “quotes”", "5 € – naïve … it’s"],
    ["encoding-latin1-is-1252.xml", "Smart “quotes”", "5 € – naïve … it’s"],
    ["encoding-utf-8-is-1252.xml", "Smart “quotes”", "5 € – naïve … it’s"],
    ["encoding-iso-8859-15.xml", "Œuvre", "5 € à Šibenik"],
    ["encoding-koi8-r.xml", "Новости", "Утро в деревне"],
    ["encoding-shift-jis.xml", "町の便り", "朝の市場が開く"],
    ["encoding-utf-16le.xml", "Zażółć", "Gęś 🦆"],
    ["encoding-utf-16be.xml", "Zażółć", "Gęś 🦆"],
    ["encoding-utf-16le-no-mark.xml", "Zażółć", "Gęś 🦆"],
    ["encoding-utf-8-says-utf-16.xml", "Zażółć", "Gęś 🦆"],
    ["encoding-utf-8-mark.xml", "Zażółć", "Gęś 🦆"],
    ["encoding-none.xml", "Zażółć", "Gęś 🦆"],
    ["encoding-utf-8-cut.xml", "Zażółć", "Gęś \ufffd kaczka"],
  ])("%s", (file, title, item) => {
    expect(parse(file)).toMatchObject({ title, items: [{ key: "g1", title: item }], warnings: [] });
  });

  it("asks the header before the document, unless it can't be true", () => {
    expect(parse("encoding-none.xml", "text/xml; charset=iso-8859-2").title).toBe("ZaĹźĂłĹ‚Ä‡");
    expect(parse("encoding-koi8-r.xml", "text/xml; charset=utf-8").title).toBe("Новости");
    expect(parse("encoding-koi8-r.xml", 'text/xml; charset="no-such"').title).toBe("Новости");
  });
});

describe("broken feeds", () => {
  it("escapes a stray & and <, and keeps the parameters of a link", () => {
    expect(parse("broken-ampersand.xml")).toMatchObject({
      title: "Fish & Chips",
      items: [{ key: "b1", title: "Salt & vinegar →&bogus; 5 < 6", link: "https://b.example/?a=1&copy=2&lang=en" }],
    });
  });

  it("closes what is open and drops ends of nothing", () => {
    const { items, warnings } = parse("broken-end-tags.xml");
    expect(items).toMatchObject([
      { key: "l1", title: "No end of a title", summary: "One two three" },
      { key: "l2", title: "No end of an item" },
      { key: "l3", title: "Too many ends" },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/^is not well-formed and was mended in \d+ places$/)]);
  });

  it("begins at the root and ends with it", () => {
    expect(parse("broken-junk-before.xml")).toMatchObject({ title: "After a warning", items: [{ key: "j1", title: "Still read" }] });
  });

  it("leaves out the item in whose middle it is cut off", () => {
    const { items, warnings } = parse("broken-cut-off.xml");
    expect(items.map(({ key }) => key)).toEqual(["c1"]);
    expect(warnings[0]).toBe("ends in the middle of an item, which is left out");
  });

  it("ends a CDATA section that nothing ends", () => {
    expect(parse("broken-cdata.xml").items).toMatchObject([
      { key: "s1", title: "First & best", summary: "never ended" },
      { key: "s2", title: "Second", summary: "fine" },
    ]);
  });

  it("reads capitals and attributes without quotes", () => {
    expect(parse("broken-attributes.xml")).toMatchObject({ items: [{ key: "u1", title: "Loud", image: "https://u.example/a.png" }] });
  });

  it("tells items apart that share one guid", () => {
    expect(parse("same-guid.xml").items.map(({ key }) => key)).toEqual(["https://g.example/b", "https://g.example/a"]);
  });

  it("says of a web page where its feed is", () => {
    expect(() => parse("page.html")).toThrow("The answer is a web page, not a feed. The page says that its feed is at /feed.atom");
    expect(() => parseFeed({ body: Buffer.from("Bad gateway"), url: "https://o.example/" }, BOUNDS)).toThrow(
      'The answer is neither RSS, RDF, Atom nor JSON Feed. It starts with: "Bad gateway"',
    );
  });

  it("says when there are more items than the bound", () => {
    const body = readFileSync(new URL("corpus/rss-2.0.xml", import.meta.url));
    const { items, warnings } = parseFeed({ body, url: "https://o.example/" }, { ...BOUNDS, maxItems: 2 });
    expect(items).toHaveLength(2);
    expect(warnings).toEqual(["has more than 2 items, the bound (maxItems), and the rest is left out"]);
  });
});
