import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { atOnce } from "../../../packages/hub/src/core/slices.ts";
import { type RawDocument, readingMembers, readMembers, type Wanted } from "../../../packages/hub/src/http/body/json-members.ts";
import { type ParsedUpdates, parsingUpdates } from "../../../packages/hub/src/http/body/update-body.ts";
import { leastToFloor } from "../../support/cpu.ts";

const ALL: Wanted = { isWanted: () => true, mostObjects: 1000, mostOthers: 500, mostDepth: Infinity };

/** The members of each object, by name, as they are written. */
function textsOf(text: string, isWanted: Wanted["isWanted"] = ALL.isWanted): readonly Record<string, string>[] | undefined {
  return readMembers(text, { ...ALL, isWanted })?.objects.map((object) =>
    Object.fromEntries([...(object?.members ?? [])].map(([name, { start, end }]) => [name, text.slice(start, end)])),
  );
}

describe("the raw members of a JSON object", () => {
  test.each([
    ['{"data":{"b":1,"a":2}}', '{"b":1,"a":2}'],
    ['{"data":{"10":0,"2":0}}', '{"10":0,"2":0}'],
    ['{"data":{"a":1,"a":2}}', '{"a":1,"a":2}'],
    ['{"data":9007199254740993}', "9007199254740993"],
    ['{"data":1e400}', "1e400"],
    ['{"data":1.0}', "1.0"],
    ['{"data":-0}', "-0"],
    ['{"data":[1, "}],\\\\\\"", {"data":3}],"id":"x"}', '[1, "}],\\\\\\"", {"data":3}]'],
    ['{"id":"\\\\\\\\","data":true}', "true"],
    [' \n{ "d\\u0061ta" :\t[ ] , "x":1}', "[ ]"],
    ['{"x":{"data":1},"data":2}', "2"],
    ['{"data":"a:{\\"data\\":1}"}', '"a:{\\"data\\":1}"'],
  ])("%j has %j", (text, data) => {
    JSON.parse(text);
    expect(textsOf(text)?.[0]?.["data"]).toBe(data);
  });

  test("tell how often a name occurs, and the depth of each value", () => {
    const members = readMembers('{"private":true,"data":[[1],{"a":[]}],"priv\\u0061te":false,"id":"[["}', ALL)?.objects[0]?.members;
    expect(members?.get("private")).toMatchObject({ depth: 0, count: 2 });
    expect(members?.get("data")?.depth).toBe(3);
    expect(members?.get("id")?.depth).toBe(0);
  });

  test("are those of each object in a list, and only of the wanted names", () => {
    expect(textsOf('[{"a":1,"b":2},{},{"a":[{"a":3}]}]', (name) => name === "a")).toEqual([{ a: "1" }, {}, { a: '[{"a":3}]' }]);
  });

  test("have beside them the names in objects of other members, one level deep", () => {
    const isWanted = (name: string): boolean => name === "a";
    const text = '[{"b":{"c":{"d":1},"\\u0065":[{"f":1}],"g":2,"h":3},"a":{"i":1},"j":[{"k":1}],"l":1}]';
    const read = readMembers(text, { isWanted, mostObjects: 2, mostOthers: 2, mostDepth: Infinity });
    expect(read?.objects).toMatchObject([{ others: ["b", "j", "l"], nested: ["b[c]", "b[e]", "b[g]"] }]);
  });

  test("are not kept beyond the bounds: one more shows that there are more", () => {
    const isWanted = (name: string): boolean => name === "a";
    const read = (text: string): RawDocument | undefined =>
      readMembers(text, { isWanted, mostObjects: 2, mostOthers: 1, mostDepth: Infinity });
    expect(read('[{"b":1,"c":2,"d":3,"a":4},[],1,{"a":1},{"a":1}]')?.objects).toEqual([
      { members: new Map([["a", { start: 24, end: 25, depth: 0, count: 1 }]]), others: ["b", "c"], nested: [] },
      undefined,
      undefined,
    ]);
    expect(read('"{}"')).toEqual({ isList: false, objects: [undefined], isTooDeep: false });
    // Nothing is read behind the one that is too many.
    expect(read('[{},{},{"a":}')?.objects).toHaveLength(3);
  });

  test("are read as deep as is wanted, and no deeper", () => {
    const nested = (depth: number): string => `{"topic":"a","data":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const read = (text: string): RawDocument | undefined => readMembers(text, { ...ALL, mostDepth: 1000 });
    expect([read(nested(1000)), read(nested(1001))]).toMatchObject([{ isTooDeep: false }, { isTooDeep: true }]);
    expect([read(`[${nested(1000)}]`), read(`[${nested(1001)}]`)]).toMatchObject([{ isTooDeep: false }, { isTooDeep: true }]);
    expect(read("[".repeat(1_000_000))).toMatchObject({ isTooDeep: true });
  });

  test("are found in parts, so that others have their turns meanwhile", () => {
    const text = `[${'{"topic":["a","a","a","a","a"]},'.repeat(30_000)}{}]`;
    const work = readingMembers(text, { ...ALL, mostObjects: 100_000 });
    const parts = [...work].length + 1;
    expect(parts).toBeGreaterThan(text.length / 20_000);
  });

  test.each([
    ["application/json", `[${Array(500).fill('{"topic":"a"}').join(",")}]`],
    ["application/x-ndjson", '{"topic":"a"}\n'.repeat(500)],
  ])("of %s are read one update after the other", (type, text) => {
    const work = parsingUpdates(type, new TextEncoder().encode(text), DEFAULT_LIMITS);
    const parts = [...work].length + 1;
    expect(parts).toBeGreaterThanOrEqual(500);
  });

  const written = fc.tuple(fc.json({ maxDepth: 5 }), fc.constantFrom("", " ", "\n\t"));

  test.prop([fc.array(fc.dictionary(fc.string({ unit: "binary" }), written), { maxLength: 4 }), fc.boolean()])(
    "are what JSON.parse finds, for any document",
    (documents, isList) => {
      const texts = documents.map(
        (members) =>
          `{${Object.entries(members)
            .map(([name, [json, space]]) => `${space}${JSON.stringify(name)}${space}:${space}${json}${space}`)
            .join(",")}}`,
      );
      const text = isList ? `[${texts.join(" , ")}]` : (texts[0] ?? "{}");
      const expected = isList ? documents : [documents[0] ?? {}];
      expect(textsOf(text)).toEqual(
        expected.map((members) => Object.fromEntries(Object.entries(members).map(([name, [json]]) => [name, json.trim()]))),
      );
    },
  );
});

describe("a scanned JSON document", () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };

  test.each([
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[1,]",
    "[,1]",
    "[1 2]",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{,}",
    '{"a":1]',
    "[1}",
    "[]]",
    "{}{}",
    "1 1",
    "{a:1}",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x1",
    "NaN",
    "Infinity",
    "truex",
    "tru",
    "nul",
    "-01",
    "1.5e-7",
    "-0",
    "0e0",
    "1E5",
    "1e5.5",
    '"',
    '"\\',
    '"\\x"',
    '"\\u12"',
    '"\\u12g4"',
    '"\\ud800"',
    '"\n"',
    '"\u0000"',
    '"\u007f\u2028"',
    "'a'",
    '"a',
    '"\\u00e9" ',
    "\uFEFF1",
    "\u00a01",
    "\v1",
    "[1\f]",
    "{1:2}",
    '{"a" 1}',
    "[[[[]]]]",
    '{"a":{"b":[{}]}}',
    "/**/1",
    '"\\/\\b\\f\\n\\r\\t\\"\\\\"',
  ])("is taken if JSON.parse takes it: %j", (text) => {
    expect(readMembers(text, ALL) !== undefined).toBe(isJson(text));
  });

  const token = fc.constantFrom(
    ..."[]{},:".split(""),
    '"a"',
    '"\\u0061"',
    '"\\"',
    "1",
    "-",
    "0",
    "e",
    ".5",
    "true",
    "null",
    " ",
    "\n",
    '"',
  );
  test.prop([fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(""))], { numRuns: 5000 })(
    "is taken if JSON.parse takes it",
    (text) => {
      expect(readMembers(text, ALL) !== undefined).toBe(isJson(text));
    },
  );

  test.prop([fc.json(), fc.nat(), fc.constantFrom("", '"', "}", "]", ",", ":", "\\", "1", "e", " ")], { numRuns: 3000 })(
    "is taken if JSON.parse takes it, with a character changed",
    (json, at, character) => {
      const place = at % (json.length + 1);
      const text = json.slice(0, place) + character + json.slice(place + 1);
      expect(readMembers(text, ALL) !== undefined).toBe(isJson(text));
    },
  );

  const names = Array.from({ length: 4096 }, (_, i) =>
    `${String.fromCodePoint(0x100 + (i >> 6))}${String.fromCodePoint(0x41 + (i & 63))}`.replace("\\", "é"),
  );
  const name = (i: number): string => JSON.stringify(names[i % 4096]);
  /** A mebibyte, near enough. */
  const filled = (part: (i: number) => string): string =>
    Array.from({ length: Math.floor(1_048_576 / part(0).length) }, (_, i) => part(i)).join("");

  /** Parsed at the least cost of objects with one member. */
  const alike = `[${filled(() => '{"a":1},')}{}]`;

  test.each([
    ["objects that are all unlike", `[${filled((i) => `{${name(i * 7)}:1,${name(i * 131 + (i >> 5))}:1},`)}0]`],
    ["objects in objects that are all unlike", filled((i) => `{${name(i * 7)}:1,${name(i * 131 + (i >> 5))}:`)],
    ["empty objects", `[${filled(() => "{},")}{}]`],
    ["brackets", filled(() => "[")],
    ["numbers", `[${filled(() => "-1,")}0]`],
    ["names with escapes", `{${filled((i) => `"\\u0061${i % 10}":1,`)}"a":1}`],
    ["backslashes", `["${filled(() => "\\\\")}"]`],
  ])("costs little for a mebibyte of %s", (_, text) => {
    const read = (): unknown =>
      readMembers(text, { isWanted: (one) => one === "data", mostObjects: 1000, mostOthers: 500, mostDepth: 1000 });
    expect(leastToFloor(read, () => JSON.parse(alike))).toBeLessThan(10);
  });
});

describe("updates in JSON", () => {
  const NDJSON = "application/x-ndjson";
  const parse = (text: string, type = "application/json"): ParsedUpdates =>
    atOnce(parsingUpdates(type, new TextEncoder().encode(text), DEFAULT_LIMITS));
  const members = (count: number): string => Array.from({ length: count }, (_, i) => `"n${i}":1`).join(",");

  test("may have any number of names, objects and lists in their data", () => {
    for (const data of [`{${members(50_000)}}`, `[${"{},[],".repeat(80_000)}0]`])
      expect(parse(`{"topic":"a","data":${data}}`).updates[0]?.data).toBe(data);
  });

  test("have as many fields as a form", () => {
    const { formFields } = DEFAULT_LIMITS;
    const update = (count: number): string => `{"topic":"a",${members(count - 1)}}`;
    expect(parse(`[${update(formFields)},${update(formFields)}]`).updates).toHaveLength(2);
    for (const [text, type] of [
      [update(formFields + 1), "application/json"],
      [`[{"topic":"a"},${update(formFields + 1)}]`, "application/json"],
      [`{"topic":"a"}\n${update(formFields + 1)}`, NDJSON],
    ] as const) {
      expect(() => parse(text, type)).toThrow(expect.objectContaining({ code: "too_large" }));
    }
  });

  test("name so many unknown fields in all", () => {
    const update = (name: string): string => `{"topic":"a",${members(400).replaceAll("n", name)}}`;
    expect(parse(["a", "b", "c"].map(update).join("\n"), NDJSON).unknownFields.size).toBe(500);
  });

  test.each(["topic", "id", "type", "retry", "private", "delay", "deliver_at", "ttl"])("are refused with an object as their %s", (name) => {
    for (const value of ["{}", '{"a":[]}', "[[]]", "[{}]", "[1]"])
      expect(() => parse(`{"topic":"a","${name}":${value}}`.replace('"topic":"a","topic"', '"topic"'))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^invalid_/) }),
      );
  });
});
