import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { rawMembers } from "../../../packages/hub/src/http/body/json-members.ts";

const all = (): boolean => true;

/** The members of each object, by name, as they are written. */
function textsOf(text: string, isWanted: (name: string) => boolean = all): readonly Record<string, string>[] {
  return rawMembers(text, isWanted).map((members) =>
    Object.fromEntries([...members].map(([name, { start, end }]) => [name, text.slice(start, end).trim()])),
  );
}

describe("the members of a JSON object as they are written", () => {
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
    expect(textsOf(text)[0]?.["data"]).toBe(data);
  });

  test("tell how often a name stands there, and how deep each goes", () => {
    const [members] = rawMembers('{"private":true,"data":[[1],{"a":[]}],"priv\\u0061te":false,"id":"[["}', all);
    expect(members?.get("private")).toMatchObject({ depth: 0, count: 2 });
    expect(members?.get("data")?.depth).toBe(3);
    expect(members?.get("id")?.depth).toBe(0);
  });

  test("are those of each object in a list, and only of the wanted names", () => {
    expect(textsOf('[{"a":1,"b":2},{},{"a":[{"a":3}]}]', (name) => name === "a")).toEqual([{ a: "1" }, {}, { a: '[{"a":3}]' }]);
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
