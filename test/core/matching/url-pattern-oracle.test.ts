import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { PatternError } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";
import { compileUrlPattern } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";

const HUB = "https://hub.example/.well-known/mercure";

/** An independent implementation. It runs JavaScript's regular expressions, so it is only given small patterns. */
function oracle(pattern: string, base: string): { test(url: string): boolean } | undefined {
  for (const bases of [[], [base]]) {
    try {
      return new URLPattern(pattern, ...bases);
    } catch {
      // A relative pattern needs its base; one that fails with it too is malformed.
    }
  }
  return undefined;
}

/** A pattern, or a piece of one, and text that it may select. `#` stands for a number that makes a name unique. */
type Sample = readonly [pattern: string, text: string];

const samples = (...all: readonly Sample[]): fc.Arbitrary<Sample> => fc.constantFrom(...all);
const join = (all: readonly Sample[]): Sample => [all.map(([source]) => source).join(""), all.map(([, value]) => value).join("")];
const sequence = (piece: fc.Arbitrary<Sample>, maxLength: number): fc.Arbitrary<Sample> => fc.array(piece, { maxLength }).map(join);

const fixed = samples(
  ["a", "a"],
  ["b", "b"],
  ["ab", "ab"],
  ["-", "-"],
  ["é", "é"],
  ["%20", "%20"],
  ["A", "A"],
  ["c d", "c d"],
  ["/", "/"],
  ["/", "/"],
);
const wildcard = samples(["*", "a/b"], ["*", ""], [":n#", "a"], [":n#", "x-1"], ["/:n#", "/b"], ["(.*)", "ab"], [":n#(.*)", "-"]);
const regexp = samples(
  ["(a+)", "aa"],
  ["(\\d+)", "12"],
  [":n#(a|b)", "b"],
  ["([ab]*)", "ab"],
  ["((?:ab|a)b?)", "abb"],
  ["(\\w{1,3})", "x1"],
  ["([^a]+)", "-b"],
);
// Repeated, others can take the oracle exponential time.
const repeatable = samples(
  ["/:n#", "/a"],
  ["(a|b)", "a"],
  ["{ab}", "ab"],
  ["{-:n#(\\d)}", "-1"],
  ["{/:n#-}", "/x-"],
  ["{:n#/}", "a/"],
  ["{b*-}", "bb-"],
);
const repeated = fc
  .tuple(repeatable, fc.constantFrom("*", "+", "?"), fc.nat({ max: 2 }))
  .map(([[source, value], modifier, count]): Sample => [source + modifier, value.repeat(modifier === "?" ? Math.min(count, 1) : count)]);
const optional = fc
  .tuple(fc.oneof(wildcard, regexp), fc.boolean())
  .map(([[source, value], present]): Sample => [`${source}?`, present ? value : ""]);
const braced = fc.tuple(fixed, fc.oneof(wildcard, regexp), fixed).map(([before, [source, value], after]): Sample => {
  const [prefix, suffix] = [before[0], after[0]];
  return [`{${prefix}${source.replace(/^\//, "")}${suffix}}`, prefix + value + suffix];
});
const piece = fc.oneof({ weight: 3, arbitrary: fixed }, wildcard, regexp, optional, braced);
const origin = fc.oneof(
  { weight: 3, arbitrary: samples(["", "https://hub.example"]) },
  fc
    .tuple(
      samples(["https", "https"], ["http{s}?", "http"], ["*", "ws"], ["(ws|http)", "http"], [":n#", "app"]),
      samples(["", ""], ["", "ann:x@"], ["ann@", "ann@"], ["*{\\:}x@", "bob:x@"]),
      samples(
        ["hub.example", "hub.example"],
        ["*.hub.example", "a.b.hub.example"],
        [":n#.hub.example", "a.hub.example"],
        ["{:n#.}?hub.example", "hub.example"],
        ["hub.:n#", "hub.x"],
        ["é.example", "xn--9ca.example"],
        ["[\\:\\:1]", "[::1]"],
      ),
      samples(["", ""], [":443", ""], [":80", ":80"], [":*", ":8"], [":8{0}?", ":8"], [":(80|81)", ":81"]),
    )
    .map(([scheme, user, host, port]) => join([scheme, ["://", "://"], user, host, port])),
);
const tail = (mark: string): fc.Arbitrary<Sample> =>
  fc.option(
    sequence(piece, 2).map((inner) => join([[mark, mark], inner])),
    { nil: ["", ""] as Sample },
  );
const sample = fc
  .tuple(origin, sequence(fc.oneof({ weight: 3, arbitrary: piece }, repeated), 5), tail("?"), tail("#"))
  .map(([start, path, search, hash]): Sample => {
    const [source, value] = join([start, ["/", "/"], path]);
    const [rest, restValue] = join([search, hash]);
    let number = 0;
    // The oracle parses each path again, and takes one that starts with two slashes for a host.
    const topic = value.replace(/([^:/])\/\/+/, "$1/") + restValue;
    return [(source + rest).replaceAll("n#", () => `n${number++}`), topic];
  });

describe("any URL pattern", () => {
  it("selects what an independent implementation selects", () => {
    let [tested, selected] = [0, 0];
    fc.assert(
      fc.property(sample, fc.array(sample, { maxLength: 6 }), ([source, topic], others) => {
        const expected = oracle(source, HUB);
        if (expected === undefined) {
          expect(() => compileUrlPattern(source, HUB)).toThrow(PatternError);
          return;
        }
        const compiled = compileUrlPattern(source, HUB);
        for (const candidate of [topic, ...others.map(([, other]) => other)]) {
          if (!URL.canParse(candidate)) continue;
          const url = new URL(candidate);
          const outcome = compiled.test(url);
          expect(outcome, `${source} and ${candidate}`).toBe(expected.test(url.href));
          tested++;
          if (outcome) selected++;
        }
      }),
      { numRuns: 3000, seed: 20251122 },
    );
    // A property that holds because nothing matches, or because all is refused, would say nothing.
    expect(tested).toBeGreaterThan(6000);
    expect(selected).toBeGreaterThan(1000);
  });

  it("is refused as invalid or compiled, whatever its characters", () => {
    const syntax = fc.constantFrom(..."/:?#@[]{}()*+\\.-$^|!=<>ab1é%&,k".split(""));
    fc.assert(
      fc.property(fc.array(syntax, { maxLength: 24 }), (characters) => {
        const source = characters.join("");
        let compiled;
        try {
          compiled = compileUrlPattern(source, HUB);
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
          return;
        }
        expect(compiled.test(new URL("/a/b?c#d", HUB))).toBeTypeOf("boolean");
      }),
      { numRuns: 5000, seed: 20251122 },
    );
  });
});
