import { describe, expect, it } from "vitest";
import { Cohort } from "../../../packages/hub/src/core/live/cohort.ts";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { type CompiledPattern, isPattern, MatcherCompiler } from "../../../packages/hub/src/core/matching/matcher.ts";
import { PatternIndex } from "../../../packages/hub/src/core/live/pattern-index.ts";
import { Selection } from "../../../packages/hub/src/core/matching/selection.ts";
import { TopicParser } from "../../../packages/hub/src/core/update/topic.ts";

const HUB = "https://hub.example/.well-known/mercure";

/** Counts how often each pattern is tested. */
function counting(pattern: CompiledPattern, count: () => void): CompiledPattern {
  const { compiled } = pattern;
  if (pattern.kind !== "urlpattern") throw new TypeError("not a URL pattern");
  const test = (url: URL): boolean => {
    count();
    return (compiled as { test(url: URL): boolean }).test(url);
  };
  return { ...pattern, compiled: { weight: compiled.weight, prefix: compiled.prefix, literals: compiled.literals, test } };
}

function createWorld(): {
  readonly index: PatternIndex;
  readonly tests: () => number;
  readonly add: (pattern: string) => { readonly wake: () => void; readonly rest: () => void };
  /** @returns How many cohorts were found. */
  readonly find: (topic: string) => number;
} {
  const parser = new TopicParser(HUB);
  const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);
  const index = new PatternIndex(parser);
  let tests = 0;
  return {
    index,
    tests: () => {
      const result = tests;
      tests = 0;
      return result;
    },
    add: (pattern) => {
      const [compiled] = compiler.compileAll([{ type: "urlpattern", pattern }]);
      if (compiled === undefined || !isPattern(compiled)) throw new TypeError("not a pattern");
      const counted = counting(compiled, () => tests++);
      index.add(counted, new Cohort(new Selection([counted], [], parser)));
      return { wake: () => index.wake(counted), rest: () => index.rest(counted) };
    },
    find: (topic) => {
      let found = 0;
      index.find(topic, () => found++);
      return found;
    },
  };
}

describe("the index of patterns", () => {
  it("tests a new topic only on the patterns whose literal parts fit", () => {
    const { add, find, tests } = createWorld();
    for (let i = 0; i < 500; i++) {
      add(`/tenants/${i}/books/:id`).wake();
      add(`/tenants/:tenant/books/${i}-:id(\\d+)`).wake();
      add(`/:kind(tenants|authors)/${i}{/:part}?`).wake();
      add(`https://${i}.example/*`).wake();
    }
    add("/:kind/all").wake();
    add("/*all").wake();
    expect(find("/tenants/7/books/1")).toBe(1);
    // Also `/:kind(tenants|authors)/7{/:part}?`, and the last one, with nothing literal before its wildcard.
    expect(tests()).toBe(3);
    expect(find("/tenants/7/books/1")).toBe(1);
    expect(tests()).toBe(0);
    expect(find("/tenants/x/books/7-1")).toBe(1);
    expect(tests()).toBe(2);
    expect(find("https://7.example/tenants/7/books/1")).toBe(1);
    expect(tests()).toBe(1);
  });

  it("tests nothing for patterns without subscribers, and finds them again when some come", () => {
    const { index, add, find, tests } = createWorld();
    const patterns = Array.from({ length: 100 }, (_, i) => add(`/:a/${i}-:b`));
    for (const pattern of patterns) pattern.wake();
    for (const pattern of patterns) pattern.rest();
    expect(index.size).toBe(0);
    expect(find("/x/7-y")).toBe(0);
    expect(tests()).toBe(0);
    patterns[7]?.wake();
    expect(find("/x/7-y")).toBe(1);
    expect(tests()).toBe(1);
  });

  it("tests known topics only on what came since, so that those who come and go do not make them new", () => {
    const { add, find, tests } = createWorld();
    for (let i = 0; i < 1000; i++) add(`/*/${i}-:b`).wake();
    find("/x/7-y");
    expect(tests()).toBe(1000);
    for (let i = 0; i < 50; i++) {
      const visitor = add(`/:visitor/${i}`);
      visitor.wake();
      find("/x/7-y");
      visitor.rest();
    }
    expect(tests()).toBe(50);
  });

  it("finds the same after more changes and more topics than it remembers", () => {
    const { add, find } = createWorld();
    for (let i = 0; i < 1000; i++) add(`/t/:n${i}`).wake();
    for (let i = 0; i < 3000; i++) {
      if (i % 10 === 0) expect(find(`/t/${i}`)).toBe(1000);
      const visitor = add(`/only/${i}/*`);
      visitor.wake();
      expect(find(`/only/${i}/x`)).toBe(1);
      visitor.rest();
      expect(find(`/only/${i}/x`)).toBe(0);
    }
    for (let i = 0; i < 3000; i += 10) expect(find(`/t/${i}`)).toBe(1000);
  });
});
