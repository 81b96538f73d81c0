import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { PatternError } from "../../../packages/hub/src/core/matching/url-pattern/index.ts";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { type CompiledMatcher, MatcherCompiler, selectsTopic } from "../../../packages/hub/src/core/matching/matcher.ts";
import { TopicParser } from "../../../packages/hub/src/core/update/topic.ts";
import { compileUriTemplate, type CompiledUriTemplate } from "../../../packages/hub/src/core/matching/uri-template/index.ts";
import { expand, type Piece, type Value, write } from "./uri-template-expand.ts";
import { leastMs } from "../../support/cpu.ts";

const HUB = "https://hub.example/.well-known/mercure";

function selects(template: string, topic: string): boolean {
  return compileUriTemplate(template)?.test(topic) ?? template === topic;
}

describe("a URI template", () => {
  // The variables of RFC 6570, 3.2.
  const variables: ReadonlyMap<string, Value> = new Map<string, Value>([
    ["count", ["one", "two", "three"]],
    ["dom", ["example", "com"]],
    ["dub", "me/too"],
    ["hello", "Hello World!"],
    ["half", "50%"],
    ["var", "value"],
    ["who", "fred"],
    ["base", "http://example.com/home/"],
    ["path", "/foo/bar"],
    ["list", ["red", "green", "blue"]],
    [
      "keys",
      new Map([
        ["semi", ";"],
        ["dot", "."],
        ["comma", ","],
      ]),
    ],
    ["v", "6"],
    ["x", "1024"],
    ["y", "768"],
    ["empty", ""],
    ["empty_keys", new Map()],
    ["undef", undefined],
  ]);
  const examples = [
    "{count} {count*} {/count} {/count*} {;count} {;count*} {?count} {?count*} {&count*}",
    "{var} {hello} {half} O{empty}X O{undef}X {x,y} {x,hello,y} ?{x,empty} ?{x,undef} ?{undef,y} {var:3} {var:30} {list} {list*} {keys} {keys*}",
    "{+var} {+hello} {+half} {base}index {+base}index O{+empty}X O{+undef}X {+path}/here here?ref={+path} up{+path}{var}/here",
    "{+x,hello,y} {+path,x}/here {+path:6}/here {+list} {+list*} {+keys} {+keys*}",
    "{#var} {#hello} {#half} foo{#empty} foo{#undef} {#x,hello,y} {#path,x}/here {#path:6}/here {#list} {#list*} {#keys} {#keys*}",
    "{.who} {.who,who} {.half,who} www{.dom*} X{.var} X{.empty} X{.undef} X{.var:3} X{.list} X{.list*} X{.keys} X{.keys*} X{.empty_keys} X{.empty_keys*}",
    "{/who} {/who,who} {/half,who} {/who,dub} {/var} {/var,empty} {/var,undef} {/var,x}/here {/var:1,var} {/list} {/list*} {/list*,path:4} {/keys} {/keys*}",
    "{;who} {;half} {;empty} {;v,empty,who} {;v,bar,who} {;x,y} {;x,y,empty} {;x,y,undef} {;hello:5} {;list} {;list*} {;keys} {;keys*}",
    "{?who} {?half} {?x,y} {?x,y,empty} {?x,y,undef} {?var:3} {?list} {?list*} {?keys} {?keys*}",
    "{&who} {&half} ?fixed=yes{&x} {&x,y,empty} {&x,y,undef} {&var:3} {&list} {&list*} {&keys} {&keys*}",
  ].flatMap((line) => line.split(" "));

  const parse = (template: string): Piece[] =>
    template.split(/[{}]/).map((text, index) => {
      if (index % 2 === 0) return text;
      const [, operator = "", names = ""] = /^([+#./;?&]?)(.*)$/.exec(text) ?? [];
      return {
        operator,
        variables: names.split(",").map((one) => {
          const [, name = "", modifier = ""] = /^(\w+)(.*)$/.exec(one) ?? [];
          return { name, modifier, value: variables.get(name) };
        }),
      };
    });

  it.each(examples)("of RFC 6570 selects its expansion: %s", (template) => {
    const expansion = expand(parse(template));
    expect(selects(template, expansion)).toBe(true);
    expect(selects(template, `${expansion} `)).toBe(false);
    expect(selects(template, `"${expansion}`)).toBe(false);
  });

  it("has examples that expand as the RFC says", () => {
    const of = (template: string): string => expand(parse(template));
    expect(["{+path:6}/here", "{/list*,path:4}", "{;keys*}", "{?x,y,empty}", "{#x,hello,y}", "{keys*}"].map(of)).toEqual([
      "/foo/b/here",
      "/red/green/blue/%2Ffoo",
      ";semi=%3B;dot=.;comma=%2C",
      "?x=1024&y=768&empty=",
      "#1024,Hello%20World!,768",
      "semi=%3B,dot=.,comma=%2C",
    ]);
  });

  it.each([
    ["https://example.com/books/{id}", "https://example.com/books/1/reviews"],
    ["https://example.com/books/{id}", "https://example.com/books/1?x"],
    ["https://example.com/books/{id}", "http://example.com/books/1"],
    ["https://example.com/books/{id}", "https://example.com/books/%4"],
    ["https://example.com/books/{id}", "https://example.com/books/é"],
    ["https://example.com/books/{id}", "https://example.com/books"],
    ["{+path}/end", "/a/b"],
    ["{+path}", "a b"],
    ["{+path}", "a{b}"],
    ["{id:3}", "abcd"],
    ["{id:3}", "%C3%A9%C3%A9%C3%A9%C3%A9"],
    ["{id:3}", "a,b"],
    ["{/a,b}", "/1/2/3"],
    ["{?a,b}", "?b=1&a=2"],
    ["{?a}", "?b=1"],
    ["{?a}", "?a"],
    ["{;a}", ";a="],
    ["{&a}", "?a=1"],
    ["{.a}", "com"],
    ["{#a}", "a"],
    ["{a}", "a=b"],
    ["{a*}", "a=b,c"],
  ])("does not select what it can't expand to: %s, %s", (template, topic) => expect(selects(template, topic)).toBe(false));

  it("selects topics in other scripts by text of its own, plain or percent-encoded", () => {
    for (const topic of ["/café/1", "/caf%C3%A9/1"]) expect(selects("/café/{id}", topic)).toBe(true);
    expect(selects("/café/{id}", "/cafe/1")).toBe(false);
    expect(selects("/💧/{id}", "/💧/%F0%9F%92%A7")).toBe(true);
    expect(selects("/💧/{id}", "/💦/1")).toBe(false);
  });

  it.each([
    "a",
    "https://example.com/café",
    "{",
    "}",
    "{}",
    "a{b",
    "a}b{c}",
    "{{a}}",
    "{a b}",
    "{=a}",
    "{!a}",
    "{|a}",
    "{a:0}",
    "{a:10000}",
    "{a*:1}",
    "{.a.}",
    "{a..b}",
    "{a,}",
    "a b{c}",
    "<{a}>",
    "%4{a}",
  ])("that is none is text: %s", (text) => {
    expect(compileUriTemplate(text)).toBeUndefined();
  });

  const anyText = fc.string({
    unit: fc.constantFrom("a", "B", "0", ".", "-", "_", "~", ",", "=", "/", ":", "&", "%", "é", "💧", " "),
    maxLength: 6,
  });
  const value: fc.Arbitrary<Value> = fc.oneof(
    anyText,
    fc.array(anyText, { maxLength: 3 }),
    fc.array(fc.tuple(anyText, anyText), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.constant(undefined),
  );
  const name = fc.constantFrom("a", "b1", "long_name", "x.y", "%41z");
  const variable = fc.oneof(
    fc.record({ name, modifier: fc.constantFrom("", "*"), value }),
    // "Prefix modifiers are not applicable to variables that have composite values."
    fc.record({ name, modifier: fc.constantFrom(":1", ":2", ":4"), value: fc.oneof(anyText, fc.constant(undefined)) }),
  );
  const literal = fc.string({ unit: fc.constantFrom("a", "/", "?", "x=", "-", ".", ",", "&", "%20", "é"), maxLength: 5 });
  const expression = fc.record({
    operator: fc.constantFrom("", "+", "#", ".", "/", ";", "?", "&"),
    variables: fc.array(variable, { minLength: 1, maxLength: 3 }),
  });
  const pieces: fc.Arbitrary<Piece[]> = fc
    .array(fc.tuple(literal, expression), { minLength: 1, maxLength: 3 })
    .map((pairs) => pairs.flat());

  it("selects whatever it expands to", () => {
    let compiledCount = 0;
    const check = (template: readonly Piece[]): void => {
      let compiled: CompiledUriTemplate | undefined;
      try {
        compiled = compileUriTemplate(write(template));
      } catch (error) {
        expect(error).toBeInstanceOf(PatternError);
        return;
      }
      if (compiled === undefined) return;
      compiledCount++;
      expect(compiled.test(expand(template))).toBe(true);
    };
    fc.assert(fc.property(pieces, check), { numRuns: 1500, seed: 61 });
    // Too complex is a fair answer, but not to most of them.
    expect(compiledCount).toBeGreaterThan(1000);
  });

  property.prop([fc.string({ unit: fc.constantFrom("{", "}", "a", ",", "*", ":", "3", "+", "/", "%", "é", "?", "=") }), anyText], {
    numRuns: 3000,
    seed: 62,
  })("is compiled, text or refused, whatever its characters", (template, topic) => {
    try {
      compileUriTemplate(template)?.test(topic);
    } catch (error) {
      expect(error).toMatchObject({ name: "PatternError", message: expect.stringContaining("URI template") });
    }
  });
});

describe("a matcher of the type uritemplate", () => {
  const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);
  const parser = new TopicParser(HUB);
  const compile = (pattern: string): CompiledMatcher => compiler.compileAll([{ type: "uritemplate", pattern }])[0] as CompiledMatcher;

  it.each([
    ["*", "all", ["a", "{a}"], []],
    ["a", "exact", ["a"], ["b", "/.well-known/a"]],
    ["{oops", "exact", ["{oops"], ["x"]],
    ["/books/{id}", "uritemplate", ["/books/1", "/books/{id}"], ["https://hub.example/books/1", "/books/1/2"]],
  ])("selects itself and what it expands to: %s", (pattern, kind, selected, others) => {
    const matcher = compile(pattern);
    expect(matcher).toMatchObject({ kind, matcher: { type: "uritemplate", pattern } });
    for (const topic of selected) expect(selectsTopic(matcher, topic, parser)).toBe(true);
    for (const topic of others) expect(selectsTopic(matcher, topic, parser)).toBe(false);
  });

  it("is another subscription than the same text of another type", () => {
    for (const pattern of ["*", "a", "/books/:id"]) {
      const keys = compiler.compileAll((["exact", "uritemplate"] as const).map((type) => ({ type, pattern }))).map(({ key }) => key);
      expect(new Set(keys).size).toBe(2);
    }
  });

  it("is bounded by the limits of all matchers", () => {
    expect(() => compile(`{a}${"b".repeat(2048)}`)).toThrow("longer than 2048 bytes");
    expect(() => compile("{a}\u200b")).toThrow("invisible");
    const complex = Array.from({ length: 10 }, (_, i) => ({ type: "uritemplate" as const, pattern: `${i}{a:50}` }));
    expect(() => compiler.compileAll(complex)).toThrow("too complex together");
    expect(
      compiler.compileAll(complex.map((_, i) => ({ type: "uritemplate", pattern: `https://example.com/${i}/{id}{/more*}{?page,q}` }))),
    ).toHaveLength(10);
  });
});

const fill = (text: string, length = 2048): string => text.repeat(Math.floor(length / text.length));

describe("the time that a URI template takes", () => {
  const hostile = [
    fill("{a}"),
    fill("{+a}"),
    fill("{+a}b"),
    fill("{a}/"),
    fill("{a}", 600) + "b".repeat(1400),
    `{+a}${fill("ab", 2040)}`,
    `{${fill("a,", 2040)}a}`,
    `{?${fill("a*,", 2040)}a}`,
    `{${fill("a*,", 2040)}a}`,
    fill("{a:9999}"),
    fill("{a:3}"),
    fill("{+a:20}b", 200),
    fill("é{a}"),
    "é".repeat(1020) + "{a}",
    fill("{;a*}{?b*}{&c*}{/d*}{.e*}{#f*}"),
    fill("{"),
    fill("%41", 2000) + "{a}",
    `{a${".a".repeat(1000)}}`,
    "{a:60}",
    "https://example.com/{+path}",
  ];
  const topics = ["a", "ab", "a,", "%41", "a=b,", "/", "é", "a&a=", "a/b/"].flatMap((unit) => [
    fill(unit),
    `https://example.com/${fill(unit, 2000)}`,
  ]);

  it.each(hostile)("is bounded for %s", (template) => {
    let compiled: CompiledUriTemplate | undefined;
    const compile = (): void => {
      try {
        compiled = compileUriTemplate(template);
      } catch (error) {
        expect(error).toMatchObject({ name: "PatternError" });
      }
    };
    expect(template.length).toBeLessThanOrEqual(2048);
    expect(leastMs(compile)).toBeLessThan(100);
    for (const topic of topics) expect(leastMs(() => compiled?.test(topic))).toBeLessThan(5);
  });

  it("leaves room for every sensible template", () => {
    const sensible = [
      "https://example.com/books/{id}",
      "/.well-known/mercure/subscriptions{/topic}{/subscriber}",
      "https://example.com/users/{user}/{?topic}",
      "https://example.com/{+path}",
      "{+a}/alpha/{+b}/beta/{+c}",
      "/search{?q,page,itemsPerPage,order,author,title,isbn,lang}",
      "/files{/path*}{.format}{#anchor}",
      "/{a:2}/{b:10}/{c:36}",
      "https://{host}/{a}/{b}/{c}/{d}/{e}/{f}",
    ];
    expect(sensible.filter((template) => compileUriTemplate(template) === undefined)).toEqual([]);
  });
});
