import { describe, expect, test } from "vitest";
import { findLinks } from "../../../demo/src/chat/page/find-links.ts";
import { test as property, fc } from "@fast-check/vitest";
import { leastMs } from "../../support/cpu.ts";

const linksOf = (text: string): string[] => findLinks(text).map(({ start, end }) => text.slice(start, end));

describe("the links of a message", () => {
  test.each([
    ["a bracket that the address opened", "see https://en.wikipedia.org/wiki/Well_(water).", "https://en.wikipedia.org/wiki/Well_(water)"],
    ["one of two brackets", "(as https://en.wikipedia.org/wiki/Well_(water))", "https://en.wikipedia.org/wiki/Well_(water)"],
    ["no bracket of the sentence", "(https://example.com/a)", "https://example.com/a"],
    ["no bracket and mark of the sentence", "(https://example.com/a).", "https://example.com/a"],
    ["square brackets", "[https://example.com/a[0]]", "https://example.com/a[0]"],
    ["an address of IPv6", "http://[::1]:8080/x, and", "http://[::1]:8080/x"],
    ["marks inside", "https://example.com/a,b;c:d!e?f=1.5", "https://example.com/a,b;c:d!e?f=1.5"],
    ["several marks at the end", "https://example.com/?!…", "https://example.com/"],
    ["a Chinese full stop", "请看https://example.com/路径。谢谢", "https://example.com/路径"],
    ["Chinese brackets", "请看https://example.com（官方网站）", "https://example.com"],
    ["Chinese prose without a mark", "见https://a.example/x然后", "https://a.example/x"],
    ["Chinese prose after a mark", "见https://a.example/x。然后", "https://a.example/x"],
    ["Chinese prose after the host", "打开https://a.example就行", "https://a.example"],
    ["Chinese prose after a bracket", "见https://a.example/Well_(water)这一页", "https://a.example/Well_(water)"],
    ["a Chinese name in brackets", "https://zh.wikipedia.org/wiki/水_(消歧义)。", "https://zh.wikipedia.org/wiki/水_(消歧义)"],
    ["a Chinese host", "看https://例子.中国/路径?q=北京吧", "https://例子.中国/路径?q=北京吧"],
    ["a Korean particle", "https://a.example/x를 보세요", "https://a.example/x"],
    ["Japanese prose", "https://a.example/xを見て", "https://a.example/x"],
    ["Chinese marks", "https://example.com/a，然后", "https://example.com/a"],
    ["Japanese quotation marks", "「https://example.com/a」です", "https://example.com/a"],
    ["an Arabic comma", "https://example.com/a، ثم", "https://example.com/a"],
    ["an Arabic question mark", "https://example.com/a؟", "https://example.com/a"],
    ["a danda", "देखें https://example.com/a। धन्यवाद", "https://example.com/a"],
    ["an Armenian full stop", "https://example.com/a։ Հետո", "https://example.com/a"],
    ["an Ethiopic full stop", "https://example.com/a። ከዚያ", "https://example.com/a"],
    ["French quotation marks", "«https://example.com/a»", "https://example.com/a"],
    ["German quotation marks", "„https://example.com/a“", "https://example.com/a"],
    ["a dash of prose", "https://example.com/a—which", "https://example.com/a"],
    [
      "a dash of an address",
      "https://en.wikipedia.org/wiki/Michelson–Morley_experiment",
      "https://en.wikipedia.org/wiki/Michelson–Morley_experiment",
    ],
    ["a Persian word", "https://fa.wikipedia.org/wiki/می‌شود.", "https://fa.wikipedia.org/wiki/می‌شود"],
    ["no invisible turn of direction", "https://example.com/\u202Egpj.exe", "https://example.com/"],
  ])("end right: %s", (_, text, link) => {
    expect(linksOf(text)).toEqual([link]);
  });

  test("are of the web alone", () => {
    expect(linksOf("javascript:alert(1) data:text/html,x ftp://example.com https:// http://")).toEqual([]);
    expect(linksOf("https://a.example/ <https://b.example/>")).toEqual(["https://a.example/", "https://b.example/"]);
  });

  test("take no long time to find, whatever is written", () => {
    for (const text of [
      `https://a.example/${")".repeat(2000)}`,
      "https://".repeat(250),
      `https://a.example/${"(".repeat(1000)}${")".repeat(982)}`,
    ]) {
      expect(leastMs(() => findLinks(text))).toBeLessThan(100);
    }
  });

  property.prop([fc.string({ unit: "grapheme", maxLength: 40 })], { seed: 14 })("lie in the text, one after the other", (tail) => {
    const text = `https://a.example/${tail} https://b.example/${tail}`;
    let done = 0;
    for (const { start, end } of findLinks(text)) {
      expect(start).toBeGreaterThanOrEqual(done);
      expect(end).toBeGreaterThan(start);
      expect(URL.canParse(text.slice(start, end))).toBe(true);
      done = end;
    }
  });
});
