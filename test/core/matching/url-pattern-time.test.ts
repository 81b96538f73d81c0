import { describe, expect, it } from "vitest";
import { PatternError } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { MatcherCompiler } from "../../../packages/hub/src/core/matching/matcher.ts";
import { compileUrlPattern, type CompiledUrlPattern } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";
import { leastMs } from "../../support/cpu.ts";

const HUB = "https://hub.example/.well-known/mercure";

/** The pattern compiled, or undefined where it is refused. */
function compile(pattern: string): CompiledUrlPattern | undefined {
  try {
    return compileUrlPattern(pattern, HUB);
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

/** Repeats text up to 2 KiB at the most. */
function fill(text: string, maxLength = 2040): string {
  return text.repeat(Math.floor(maxLength / text.length));
}

const numbered = (text: string): string => {
  let number = 0;
  return fill(text, 1300).replaceAll("#", () => String(number++ % 1000).padStart(3, "0"));
};
const letters = Array.from({ length: 150 }, (_, i) => `*${String.fromCharCode(97 + (i % 26))}-bc`).join("");
const uuids = Array.from({ length: 50 }, (_, i) => `0b4f${String(1000 + i * 37)}-9c1d-4a7e-8f02-${String(i * 7919).padStart(12, "0")}`);

const hostile: readonly (readonly [about: string, pattern: string])[] = [
  ["nested repetition", "/:a((?:x+x+)+y)"],
  ["nested repetition, 2 KiB of it", `/(${fill("(?:a+a+)+", 2000)}b)`],
  ["repetition 190 deep", `/(${"(?:".repeat(190)}a*${")*".repeat(190)})`],
  ["wildcards before one letter", `/${fill("*a")}`],
  ["wildcards before many letters", `/${letters}`],
  ["names", `/${numbered(":n#-")}`],
  ["repeated names", `/${numbered(":n#*")}`],
  ["repeated braces", `/${fill("{a}*")}`],
  ["repeated braces that overlap", `/${fill("{ab}*{aab}*")}`],
  ["repeated braces with wildcards", `/${numbered("{:n#a}*")}`],
  ["optional braces", `/${fill("{a}?")}`],
  ["optional letters before the same letters", `/(${"a?".repeat(500)}${"a".repeat(1000)})`],
  ["alternatives that overlap", `/(${fill("a|ab|ba|", 2000)}b)`],
  ["alternatives without end", `/((?:${fill("a|b|", 2000)}ab)*)`],
  ["exponentially many states", "/(.*a.{30})"],
  ["exponentially many states, just few enough", "/(.*a.{8})"],
  ["large counts", "/((?:[ab]{1,30}){30})"],
  ["classes", `/(${fill("[ab]?[bc]?", 2000)})`],
  ["distinct classes", `/(${Array.from({ length: 300 }, (_, i) => `[a-${String.fromCharCode(98 + (i % 24))}]`).join("")})`],
  ["a protocol that is tried on all schemes", `(${fill("h?t?t?p?s?", 2000)}x)://a/`],
  ["many groups that are not closed", fill("(a(?:")],
  ["braces that are not closed", fill("{")],
  ["50 UUIDs", `/(${uuids.join("|")})`],
  ["plain text", `/${fill("a")}`],
  ["plain text of other scripts", `/:a/${fill("é", 1000)}`],
];

const topics = ["a", "ab", "ba", "aab", "a-", "x", "abcdefghijklmnopqrstuvwxyz-", "aaaaaaaaaaaaaaaaaaab", "a-bc/", "é"].map(
  (unit) => new URL(`/${fill(unit)}`, HUB),
);

describe("the time that a URL pattern takes", () => {
  it("is bounded for all patterns of a subscription together", () => {
    const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);
    const matchers = Array.from({ length: 100 }, (_, i) => ({ type: "urlpattern" as const, pattern: `/${i}(.*a.{8})` }));
    let refused: unknown;
    const spentMs = leastMs(() => {
      try {
        compiler.compileAll(matchers);
      } catch (error) {
        refused = error;
      }
    });
    expect(refused).toMatchObject({ code: "invalid_matcher", message: expect.stringContaining("together") });
    expect(spentMs).toBeLessThan(200);
    expect(compiler.compileAll(matchers.map((_, i) => ({ type: "urlpattern", pattern: `/books/${i}/:id/*` })))).toHaveLength(100);
  });

  it("is that of one pattern at a time, so that others have their turns meanwhile", () => {
    const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);
    const work = compiler.compiling(Array.from({ length: 100 }, (_, i) => ({ type: "urlpattern", pattern: `/:a{/:b}?-${i}` })));
    const parts = [...work].length + 1;
    expect(parts).toBe(100);
  });

  it.each(hostile)("is bounded for %s", (_, pattern) => {
    expect(pattern.length).toBeLessThanOrEqual(2048);
    expect(leastMs(() => compile(pattern))).toBeLessThan(100);
    const compiled = compile(pattern);
    for (const url of topics) expect(leastMs(() => compiled?.test(url))).toBeLessThan(5);
  });

  it("leaves room for every sensible pattern", () => {
    const sensible = [
      "/files/*.(png|jpe?g|gif|webp|svg)",
      "/:year(\\d{4})-:month(\\d{2})-:day(\\d{2})/:slug",
      "/orders/:id([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
      "/users/:mail([^@\\/]+@[^@\\/]+\\.[a-z]{2,})",
      "/hosts/((?:[a-z0-9\\-]{1,63}\\.){1,8}example)",
      "/a/:b/c/:d/e/:f/g/:h/i/:j/k/:l/*",
      "/*alpha*beta*gamma*delta*epsilon*",
      "/:a-:b-:c-:d-:e.:f",
      "/(.*\\b(?:error|warning|fatal)\\b.*)",
      `/stocks/(${Array.from({ length: 200 }, (_, i) => `S${i}`).join("|")})`,
    ];
    expect(sensible.filter((pattern) => compile(pattern) === undefined)).toEqual([]);
  });

  it.each([
    ["/chat/:room", "/chat/lobby"],
    ["/chat/:room/messages/*", "/chat/lobby/messages/12"],
    ["https://hub.example/books/:id", "/films/7"],
    ["/stocks/ACME", "/stocks/ACME"],
  ])("is about a microsecond at most for %s", (pattern, topic) => {
    const compiled = compileUrlPattern(pattern, HUB);
    const url = new URL(topic, HUB);
    const runs = 20_000;
    const ms = leastMs(() => {
      for (let i = 0; i < runs; i++) compiled.test(url);
    });
    // Twice the promise, for slow machines.
    expect((ms * 1000) / runs).toBeLessThan(2);
  });
});
