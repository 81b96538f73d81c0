import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { arrange, inOrder, newestFirst } from "../../../demo/src/news/page/arrange.ts";
import { type Headline, parseHeadline, parseStatuses } from "../../../demo/src/news/page/headline.ts";
import { Lane } from "../../../demo/src/news/page/ticker/lane.ts";
import { findWords, searchFor, wordsOf } from "../../../demo/src/news/page/search/search.ts";
import { ageText, span } from "../../../demo/src/news/page/times.ts";
import { untilText } from "../../../demo/src/news/page/trouble/until-text.ts";
import { chooseLanguage, loadTexts } from "../../../packages/ui/src/language.ts";
import type { FeedStatus } from "../../../demo/src/news/server/wire.ts";

function headline(id: string, change: Partial<Headline> = {}): Headline {
  return {
    id,
    feed: "a",
    feedTitle: "A",
    title: `Headline ${id}`,
    link: undefined,
    summary: undefined,
    author: undefined,
    picture: undefined,
    at: 0,
    seenAt: 0,
    ...change,
  };
}

const status = (name: string): FeedStatus => ({
  name,
  title: name,
  address: `https://${name}.example/`,
  topic: `/news/${name}`,
  intervalMs: 1000,
  removable: false,
  sample: false,
  version: 1,
});

describe("a headline", () => {
  const data = {
    id: "1",
    title: "<b>Title</b>",
    link: "https://example.com/a",
    published: "2026-01-01T00:00:00Z",
    seen: "2026-01-02T00:00:00Z",
    feed: { name: "a", title: "A" },
  };
  const parse = (change: object = {}): Headline | undefined => parseHeadline(JSON.stringify({ ...data, ...change }));

  test("keeps its text as text", () => {
    expect(parse()).toMatchObject({ title: "<b>Title</b>", link: "https://example.com/a", at: Date.UTC(2026, 0, 1) });
  });

  test.each(["javascript:alert(1)", "data:text/html,x", "//example.com", "/relative", "vbscript:x", " ", 7, null])(
    "has no link to %j",
    (link) => {
      expect(parse({ link })?.link).toBeUndefined();
    },
  );

  test("is not newer than when it was seen, and as old where no date is given", () => {
    const seen = Date.UTC(2026, 0, 2);
    expect(parse({ published: "2030-01-01T00:00:00Z" })?.at).toBe(seen);
    expect(parse({ published: undefined })?.at).toBe(seen);
    expect(parse({ published: "yesterday" })?.at).toBe(seen);
    // Without a date it stands by its neighbours in the feed, so an old one is not on top.
    expect(parse({ published: undefined, around: "2025-12-01T00:00:00Z" })?.at).toBe(Date.parse("2025-12-01T00:00:00Z"));
    expect(parse({ around: "2025-12-01T00:00:00Z" })?.at).toBe(Date.parse("2026-01-01T00:00:00Z"));
  });

  test.each(["", "[]", "null", "{", "7", '{"id":"1"}', JSON.stringify({ ...data, seen: 1 }), JSON.stringify({ ...data, feed: null })])(
    "is not made of %j",
    (text) => {
      expect(parseHeadline(text)).toBeUndefined();
    },
  );

  test("of feeds' states, those that have the shape are taken, without links that run", () => {
    const feeds = [{ ...status("a"), link: "javascript:alert(1)" }, { name: "b" }, null, 7];
    expect(parseStatuses(JSON.stringify({ feeds }))).toEqual([{ ...status("a"), link: undefined }]);
    expect(parseStatuses("{")).toEqual([]);
  });
});

describe("the order", () => {
  test("is newest first, and of one time the last that came", () => {
    const ids = newestFirst([headline("1", { at: 5 }), headline("2", { at: 9 }), headline("3", { at: 5 })]).map(({ id }) => id);
    expect(ids).toEqual(["2", "3", "1"]);
  });

  test("puts the sample feeds in the page's language first, and no other", () => {
    const feeds = [status("own"), { ...status("en"), sample: true }, { ...status("zh"), sample: true, title: "示例" }, status("last")];
    expect(inOrder(feeds, "zh-CN").map(({ name }) => name)).toEqual(["zh", "own", "en", "last"]);
    expect(inOrder(feeds, "en").map(({ name }) => name)).toEqual(["en", "own", "zh", "last"]);
    expect(inOrder([{ ...status("a"), title: "南方早报" }, status("b")], "en").map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("is by feed, as they are configured, with what the filter lets through", () => {
    const shown = [headline("1", { title: "Été à Paris" }), headline("2", { feed: "b" }), headline("3", { feed: "gone" })];
    const held = [headline("4", { summary: "Paris again" }), headline("5")];
    const feeds = [status("b"), status("a")];
    const ids = (feed: string, text: string): unknown =>
      arrange(feeds, shown, held, { feed, text }, searchFor(text)).map((section) => [
        section.status.name,
        section.headlines.map(({ id }) => id),
        section.held,
      ]);
    expect(ids("", "")).toEqual([
      ["b", ["2"], 0],
      ["a", ["1"], 2],
    ]);
    expect(ids("a", "paris ETE")).toEqual([["a", ["1"], 0]]);
    expect(ids("", "paris")).toEqual([
      ["b", [], 0],
      ["a", ["1"], 1],
    ]);
    expect(ids("none", "")).toEqual([]);
  });

  test("is searched by title, summary and feed, also within Chinese text", () => {
    const feeds = [{ ...status("a"), title: "南方早报" }, status("b")];
    const shown = [
      headline("1", { title: "渡船加密" }),
      headline("2", { feed: "b", summary: "昨日渡船停航" }),
      headline("3", { feed: "b" }),
    ];
    const found = (text: string): string[] =>
      arrange(feeds, shown, [], { feed: "", text }, searchFor(text)).flatMap(({ headlines }) => headlines.map(({ id }) => id));
    expect(found("渡船")).toEqual(["1", "2"]);
    expect(found("早报")).toEqual(["1"]);
    expect(found("早报　加密")).toEqual(["1"]);
    expect(found("停航 早报")).toEqual([]);
  });

  test("marks the words that were found, whatever their case and marks", () => {
    const found = (text: string, words: string): string =>
      findWords(text, wordsOf(words))
        .map((part) => (part.found ? `[${part.text}]` : part.text))
        .join("");
    expect(found("Été à Paris, l'été", "ete paris")).toBe("[Été] à [Paris], l'[été]");
    expect(found("🎈 the balloon 🎈", "balloon")).toBe("🎈 the [balloon] 🎈");
    expect(found("(a+)+ $&", "(a+)+")).toBe("[(a+)+] $&");
    expect(searchFor(" ")).toBeUndefined();
    expect(found("北京今日晴，上海有雨", "上海 今日")).toBe("北京[今日]晴，[上海]有雨");
    expect(found("ＡＢＣ公司与𠮷野家", "abc 𠮷野")).toBe("[ＡＢＣ]公司与[𠮷野]家");
    // Characters beyond 16 bits and Korean syllables are not equal because their first parts are.
    expect(found("𠮷 각", "𠀀 가")).toBe("𠮷 각");
    expect(found("İzmir", "izmir")).toBe("[İzmir]");
  });
});

describe("times", () => {
  const minute = 60_000;
  beforeEach(async () => {
    vi.stubGlobal("navigator", { languages: ["en-GB", "zh-CN"] });
    chooseLanguage("en");
    await loadTexts();
  });
  afterEach(() => vi.unstubAllGlobals());

  test("are told in Chinese too", async () => {
    chooseLanguage("zh-CN");
    await loadTexts();
    expect([ageText(0, 0), ageText(0, 5 * minute), ageText(0, 3 * 60 * minute)]).toEqual(["刚刚", "5 分钟前", "3 小时前"]);
    expect(ageText(Date.UTC(2026, 0, 15, 12), Date.UTC(2026, 2, 1))).toBe("2026年1月15日");
    expect([untilText(10_000, 0), untilText(2 * 24 * 60 * minute, 0)]).toEqual(["一分钟内", "2 天后"]);
  });

  test.each([
    [-minute, "just now"],
    [59_999, "just now"],
    [minute, "1 min ago"],
    [59 * minute, "59 min ago"],
    [60 * minute, "1 h ago"],
    [49 * 60 * minute, "2 d ago"],
  ])("%d ms is %s", (age, text) => {
    expect(ageText(1e12 - age, 1e12)).toBe(text);
  });

  test("a week ago is a date; what comes is told too", () => {
    expect(ageText(Date.UTC(2026, 0, 15, 12), Date.UTC(2026, 2, 1))).toContain("2026");
    expect(untilText(10_000, 0)).toBe("within a minute");
    expect(untilText(5 * minute, 0)).toBe("in 5 min");
    expect(span(5000)).toBe("5 s");
  });
});

describe("the lane of the ticker", () => {
  const onLane = (lane: Lane): string[] => lane.rolling.map((each) => each.headline.id);

  test("fills from the left, then waits for each tail", () => {
    const lane = new Lane();
    lane.supply([headline("3"), headline("2"), headline("1")]);
    lane.entered(400);
    expect(lane.rolling.map(({ startPx }) => startPx)).toEqual([0, 400]);
    lane.supply([headline("3"), headline("2"), headline("1")]);
    expect(onLane(lane)).toEqual(["3", "2"]);
    lane.entered(undefined);
    expect(lane.rolling.at(-1)).toMatchObject({ startPx: undefined, headline: { id: "1" } });
  });

  test("takes a new one before those that were on, then the one that was on first", () => {
    const lane = new Lane();
    const pool = [headline("2"), headline("1")];
    lane.supply(pool);
    lane.entered(undefined);
    lane.gone(1);
    lane.supply([headline("3"), ...pool]);
    lane.entered(undefined);
    expect(onLane(lane)).toEqual(["1", "3"]);
    lane.entered(undefined);
    expect(onLane(lane)).toEqual(["1", "3", "2"]);
  });

  test("never shows one twice at a time", () => {
    const lane = new Lane();
    lane.supply([headline("1")]);
    lane.entered(200);
    expect(onLane(lane)).toEqual(["1"]);
    lane.gone(1);
    expect(onLane(lane)).toEqual(["1"]);
    expect(lane.rolling[0]?.turn).toBe(2);
  });
});
