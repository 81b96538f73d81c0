import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { LiteralIndex } from "../../../packages/hub/src/core/live/literal-index.ts";
import {
  type CompiledPattern,
  isPattern,
  type Matcher,
  MatcherCompiler,
  selectsTopic,
} from "../../../packages/hub/src/core/matching/matcher.ts";
import { locationOf } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";
import { TopicParser } from "../../../packages/hub/src/core/update/topic.ts";
import { HubError } from "../../../packages/hub/src/core/errors.ts";

const HUB = "https://hub.example/.well-known/mercure";
const parser = new TopicParser(HUB);
const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);

function compile(type: Matcher["type"], pattern: string): CompiledPattern | undefined {
  try {
    const [compiled] = compiler.compileAll([{ type, pattern }]);
    return compiled !== undefined && isPattern(compiled) ? compiled : undefined;
  } catch (error) {
    if (error instanceof HubError) return undefined;
    throw error;
  }
}

/** Pieces of patterns and of topics, so often the same that many patterns select many topics. */
const literal = fc.constantFrom(
  "a",
  "b",
  "ab",
  "a-b",
  "17",
  "1",
  "é",
  "日本",
  "%20",
  "%2F",
  "%2e",
  "%",
  ".",
  "..",
  "A",
  "",
  "x y",
  "~",
  "@",
  ":8",
);
const group = fc.constantFrom(
  "*", ":n#", ":n#(a|b)", ":n#(\\d+)", "(.*)", "([^b]+)", ":n#?", ":n#*", ":n#+", "{ab}?", "{/:n#}?", "{/a}*", "{a:n#b}", "(a/b)", "(a{2})", "(17)", "(\\/a)", "(^a)", "(\\ba)",
); // prettier-ignore
const segment = fc.oneof(
  { weight: 4, arbitrary: literal },
  { weight: 3, arbitrary: group },
  fc.tuple(literal, group).map((pieces) => pieces.join("")),
  fc.tuple(group, literal, group).map((pieces) => pieces.join("")),
);
const patternStart = fc.oneof(
  { weight: 8, arbitrary: fc.constant("/") },
  fc.constantFrom(
    "", "*", "https://hub.example/", "https://a.example/", "https://*.example/", "https://:n#.example:*/", "*://a.example/", "http{s}?://a.example:8/", "//a.example/", "urn:a:", "urn\\:a\\:", "*\\:a:", "https://[\\:\\:1]/", "https://*", "file:///", "x://a.example/",
  ),
); // prettier-ignore
const topicStart = fc.oneof(
  { weight: 8, arbitrary: fc.constant("/") },
  fc.constantFrom(
    "", "./", "../", "https://hub.example/", "https://a.example/", "HTTPS://A.example:443/", "https://b.a.example:8/", "http://a.example:8/", "//a.example/", "urn:a:", "urn:b:", "https://[::1]/", "https://é.example/", "file:///", "x://a.example/", "https:", "a?",
  ),
); // prettier-ignore
const end = fc.constantFrom("", "", "", "", "?a", "#a", "/");
const numbered = (pattern: string): string => {
  let number = 0;
  return pattern.replaceAll("n#", () => `n${number++}`);
};
const urlPattern = fc
  .tuple(patternStart, fc.array(segment, { maxLength: 5 }), fc.oneof(end, fc.constant("*")))
  .map(([start, segments, last]) => numbered(start + segments.join("/") + last));
const expression = fc.constantFrom("{x}", "{+x}", "{#x}", "{.x}", "{/x}", "{/x*}", "{;x}", "{?x}", "{x:3}", "{x,y}", "{x*}");
const template = fc
  .tuple(
    topicStart,
    fc.array(
      fc.oneof(
        literal,
        expression,
        fc.tuple(literal, expression).map((pieces) => pieces.join("")),
      ),
      { maxLength: 5 },
    ),
  )
  .map(([start, segments]) => start + segments.join("/"));
const pattern = fc.oneof(
  { weight: 3, arbitrary: urlPattern.map((text) => ({ type: "urlpattern" as const, text })) },
  { weight: 1, arbitrary: template.map((text) => ({ type: "uritemplate" as const, text })) },
);
/** A topic of its own, one that takes its literals from a pattern, or the text of a template. */
const topic = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(topicStart, fc.array(literal, { maxLength: 5 }), end).map(([start, all, last]) => start + all.join("/") + last),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(urlPattern, fc.array(literal, { minLength: 3, maxLength: 3 }))
      .map(([text, values]) => text.replaceAll(/:n\d+(?:\([^)]*\))?[?*+]?|\([^)]*\)|\*|[{}?\\]/g, (_, at: number) => values[at % 3] ?? "")),
  },
  template,
);

/** The patterns that an index leaves to be tested on a topic. */
function candidates(patterns: readonly CompiledPattern[], text: string): ReadonlySet<CompiledPattern> {
  const locations = new LiteralIndex<CompiledPattern>();
  const topics = new LiteralIndex<CompiledPattern>();
  for (const one of patterns) (one.kind === "urlpattern" ? locations : topics).add(one.compiled.literals, one);
  const { url } = parser.parse(text);
  return new Set([...(url === undefined ? [] : locations.candidates(locationOf(url))), ...topics.candidates(text)]);
}

describe("the index of literals", () => {
  it("leaves out no pattern that selects a topic, of more than 200,000 pairs", () => {
    const counted = { pairs: 0, selected: 0, leftOut: 0 };
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 20, maxLength: 40 }),
        fc.array(topic, { minLength: 20, maxLength: 40 }),
        (asked, topics) => {
          const patterns = asked.map(({ type, text }) => compile(type, text)).filter((one) => one !== undefined);
          for (const text of topics) {
            if (text === "") continue;
            const found = candidates(patterns, text);
            for (const one of patterns) {
              const isSelected = selectsTopic(one, text, parser);
              counted.pairs++;
              if (isSelected) counted.selected++;
              if (!found.has(one)) counted.leftOut++;
              if (isSelected && !found.has(one)) throw new Error(`${JSON.stringify(one.matcher)} selects ${JSON.stringify(text)}`);
            }
          }
        },
      ),
      { numRuns: 400, seed: Number(process.env["SEED"] ?? 2026) },
    );
    // If nothing was selected or left out, the property would say nothing.
    expect(counted.pairs).toBeGreaterThan(200_000);
    expect(counted.selected).toBeGreaterThan(5_000);
    expect(counted.leftOut).toBeGreaterThan(counted.pairs / 2);
  });

  test.prop(
    [
      fc.array(
        fc.tuple(fc.array(fc.constantFrom("/a", "/b", "", "/a/b", "x", "/".repeat(70)), { maxLength: 10 }), fc.nat(5), fc.boolean()),
        {
          maxLength: 40,
        },
      ),
    ],
    { seed: Number(process.env["SEED"] ?? 2026) },
  )("finds what was added and not deleted, each once", (steps) => {
    const index = new LiteralIndex<string>();
    const kept = new Map<string, readonly string[]>();
    for (const [literals, value, isAdded] of steps) {
      const key = `${JSON.stringify(literals)} ${value}`;
      if (isAdded) {
        index.add(literals, key);
        kept.set(key, literals);
      } else {
        index.delete(literals, key);
        kept.delete(key);
      }
    }
    for (const literals of kept.values()) {
      const text = literals.join("");
      const found = [...index.candidates(text)];
      expect(new Set(found).size).toBe(found.length);
      if (!literals.slice(1).every((literal) => literal.startsWith("/"))) continue;
      for (const [key, others] of kept) if (others === literals) expect(found).toContain(key);
    }
    for (const [key, literals] of kept) index.delete(literals, key);
    expect([...index.candidates("/a/b/a/b/a/b")]).toEqual([]);
  });

  it.each([
    ["/tenants/:tenant/books/17-:id(\\d+)", ["hub.example", "/tenants/", "/books/17-"]],
    ["/:kind(books|authors)/17{/:part}?", ["hub.example", "/", "/17"]],
    ["/a/:b/:c/d", ["hub.example", "/a/", "/", "/d"]],
    ["/a/:b-:c.json/d", ["hub.example", "/a/", "/d"]],
    ["/a/*/d", ["hub.example", "/a/"]],
    ["/a/(.*)", ["hub.example", "/a/"]],
    ["/a{/:b}?/c", ["hub.example", "/a"]],
    ["/%41/é", ["hub.example", "/%41/%C3%A9"]],
    ["?a=:b", ["hub.example", "/.well-known/mercure"]],
    ["https://hub.example*", ["hub.example"]],
    ["https://*.example/a/:b", ["", "/a/"]],
    ["https://api.:zone/a", ["api.", "/a"]],
    ["urn\\:room\\:17\\:*", ["room:17:"]],
    ["urn\\:a/:b/c", ["a/"]],
    ["*://a.example/b", ["a.example", "/b"]],
  ])("knows the literals of %s", (text, literals) => {
    expect(compile("urlpattern", text)?.compiled.literals).toEqual(literals);
  });

  it.each([
    ["/books/{id}/pages/{page}", ["/books/", "/pages/"]],
    ["/books{/id}/pages", ["/books"]],
    ["/books/{+id}/pages", ["/books/"]],
    ["{scheme}:x/a{y}", ["", "/a"]],
    ["/é/{x}", ["/", "/"]],
  ])("knows the literals of the template %s", (text, literals) => {
    expect(compile("uritemplate", text)?.compiled.literals).toEqual(literals);
  });
});
