import { fc, test } from "@fast-check/vitest";
import { describe, expect, onTestFinished, vi } from "vitest";
import { createMatcher } from "../../packages/client/src/matcher.ts";
import { compileUrlPattern } from "../../packages/hub/src/core/matching/url-pattern/index.ts";

const BASE = "https://hub.example:8443/.well-known/mercure";

/** Whether the hub would send an update of the topic to a subscriber of the pattern. */
function hubMatches(pattern: string, topic: string): boolean {
  try {
    return compileUrlPattern(pattern, BASE).test(new URL(topic, BASE));
  } catch {
    return false;
  }
}

const segment = fc.constantFrom("orders", "7", "a.b", "x-y", "日本", "%E6%97%A5", "A+B", "$1", "~u", "a b", "é", "");
const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const tail = fc.constantFrom("", "", "", "?q=1", "#f", "?a=b&c#d");
const origin = fc.constantFrom("", "", "https://other.example", "http://other.example:8080", "HTTPS://Hub.Example:8443");
const topic = fc.tuple(origin, path, tail).map((parts) => parts.join(""));
const part = fc.oneof(segment, fc.constantFrom(":id", ":id.json", ":n-", "*", "*7*", "a*b", "*-*", ":a-:b", "v:n", "*.png", ":id"));
const pattern = fc.tuple(origin, fc.array(part, { minLength: 1, maxLength: 4 })).map(([of, parts]) => `${of}/${parts.join("/")}`);

describe("a pattern matches in the page what it matches at the hub", () => {
  test.prop([pattern, fc.array(topic, { minLength: 1, maxLength: 20 })], { numRuns: 3000 })("where it needs no engine", (text, topics) => {
    let matcher;
    try {
      matcher = createMatcher(text, BASE);
    } catch (error) {
      // Left to the platform, and this one has no engine. Or a name stands twice.
      expect((error as Error).name).toBe("TypeError");
      return;
    }
    if (matcher.param === "match") return;
    for (const each of topics) expect([text, each, matcher.matches(each)]).toEqual([text, each, hubMatches(text, each)]);
  });

  test.each([
    ["/orders/:id", "/orders/7", true],
    ["/orders/:id", "/orders/7/lines", false],
    ["/orders/:id", "/orders/7?x=1", true],
    ["/orders/*", "/orders/7/lines", true],
    ["/users/:user/orders/:id", "/users/a/orders/1", true],
    ["https://other.example/:a", "https://other.example/x", true],
    ["https://other.example/:a", "/x", false],
    ["/订单/:id", "/订单/7", true],
  ])("%s and %s: %s", (text, each, expected) => {
    expect([createMatcher(text, BASE).matches(each), hubMatches(text, each)]).toEqual([expected, expected]);
  });

  test.each([["/orders/7"], ["urn:example:a"], ["https://hub.example:8080/a"], ["a?b"]])("%s is a topic, compared exactly", (text) => {
    expect(createMatcher(text, BASE)).toMatchObject({ param: "match", value: text });
  });

  test.each(["/*a*a*a*a*b", "/x/*/*/*/*/*/y", "/*/:a-*/:b.*/z"])("%s takes a long topic little time", (text) => {
    const matcher = createMatcher(text, BASE);
    const topics = ["a", "/", "/a-", "/x/a.", "-a/a-"].map((word) => `/x/${word.repeat(2048).slice(0, 2000)}`);
    const startMs = performance.now();
    expect(topics.map(matcher.matches)).toEqual(topics.map((each) => hubMatches(text, each)));
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  test("a pattern that needs an engine is refused on a platform without one", () => {
    expect(() => createMatcher("/a{/b}?/*", BASE)).toThrow(/^This platform can't match "\/a\{\/b\}\?\/\*"\.$/);
  });

  test.each(["/x{/y}?/*a*a*b", "/news/:year-:month-:day", "/f/:a-:b-:c-:d", "/x/*/:a(\\d+)/*/*/y"])(
    "%s does not reach an engine, which might take seconds",
    (text) => {
      let engines = 0;
      vi.stubGlobal("URLPattern", function URLPattern() {
        engines += 1;
        return { test: () => true };
      });
      onTestFinished(() => void vi.unstubAllGlobals());
      expect(() => createMatcher(text, BASE)).toThrow(/^This platform can't match/);
      expect(engines).toBe(0);
      for (const each of ["/a{/b}?/*", "/:year-:month", "/users/:user/orders/:order{/:line}?", "/:a/:b/:c/:d{.json}?"])
        createMatcher(each, BASE);
      expect(engines).toBe(4);
    },
  );

  test.each(["", "a\0b", "a\u200bb", undefined, null, 5])("%j is refused, since the hub would refuse all topics with it", (text) => {
    expect(() => createMatcher(text as string, BASE)).toThrow(/^A topic is text/);
  });

  test.each(["/x/:id/:id", "/:id/:5x"])("%s is refused in words", (text) => {
    expect(() => createMatcher(text, BASE)).toThrow(new TypeError(`This platform can't match "${text}".`));
  });
});
