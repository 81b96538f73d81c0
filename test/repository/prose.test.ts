import { describe, expect, it } from "vitest";
import { BANNED, KINDS, measure, textsOf } from "../../scripts/prose.mjs";

/** Most words of each kind per 1,000. Lower a number when the prose got better; never raise one. */
const MOST: Readonly<Record<"comments" | "docs", Readonly<Record<"what" | "those" | "it", number>>>> = {
  comments: { what: 0.8, those: 9.8, it: 14.3 },
  docs: { what: 2.9, those: 12.2, it: 21.5 },
};

describe.each(["comments", "docs"] as const)("the prose of the %s", (place) => {
  it("tires no more than before", () => {
    const { words, rates } = measure(place);
    expect(words).toBeGreaterThan(20_000);
    expect(Object.keys(rates)).toEqual(Object.keys(KINDS));
    for (const [kind, most] of Object.entries(MOST[place])) expect(rates[kind], kind).toBeLessThanOrEqual(most);
  });

  it("has no word that has a plainer one", () => {
    const texts = textsOf(place);
    expect(texts.length).toBeGreaterThan(20);
    expect(texts.flatMap(({ file, text }) => (text.match(BANNED) ?? []).map((word) => `${file}: ${word}`))).toEqual([]);
  });
});
