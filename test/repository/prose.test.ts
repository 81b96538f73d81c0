import { describe, expect, it } from "vitest";
import { BANNED, KINDS, measure, textsOf } from "../../scripts/prose.mjs";

/** Most words of each kind per 1,000. Lower a number when the prose got better; never raise one. */
const MOST: Readonly<Record<"comments" | "docs", Readonly<Record<"what" | "those" | "it", number>>>> = {
  comments: { what: 3, those: 10.5, it: 16 },
  docs: { what: 5.2, those: 13.2, it: 23 },
};

describe.each(["comments", "docs"] as const)("the prose of the %s", (place) => {
  it("tires no more than before", () => {
    const { words, rates } = measure(place);
    expect(words).toBeGreaterThan(20_000);
    expect(Object.keys(rates)).toEqual(Object.keys(KINDS));
    for (const [kind, most] of Object.entries(MOST[place])) expect(rates[kind], kind).toBeLessThanOrEqual(most);
  });

  it("has no word that has a plainer one", () => {
    const found = textsOf(place).flatMap(({ file, text }) => (text.match(BANNED) ?? []).map((word) => `${file}: ${word}`));
    expect(found.length).toBeLessThanOrEqual(place === "comments" ? 16 : 27);
  });
});

describe("the pages for readers", () => {
  it("have no word that has a plainer one", () => {
    const pages = textsOf("docs").filter(({ file }) => /^(?:README\.md|docs\/(?!decisions\/))/.test(file));
    expect(pages.length).toBeGreaterThan(20);
    expect(pages.flatMap(({ file, text }) => (text.match(BANNED) ?? []).map((word) => `${file}: ${word}`))).toEqual([]);
  });
});
