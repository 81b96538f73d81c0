import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { atOnce } from "../../../packages/hub/src/core/slices.ts";
import { hasTooMany } from "../../../packages/hub/src/http/body/batch-count.ts";
import { checkingFields, parsingForm } from "../../../packages/hub/src/http/body/form.ts";
import { parsingUpdates } from "../../../packages/hub/src/http/body/update-body.ts";

const LONG = "x".repeat(17 * 1024);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const counted = (text: string, isLines: boolean, most: number): boolean => atOnce(hasTooMany(encode(text), isLines, most));

describe("a body with too many updates or fields", () => {
  test.each([
    ["application/json", (updates: readonly string[]) => `[${updates.join(",")}]`],
    ["application/x-ndjson", (updates: readonly string[]) => updates.join("\n")],
  ])("is refused before it is decoded, as %s", (type, join) => {
    const { updatesPerBatch } = DEFAULT_LIMITS;
    const update = `{"topic":"a","data":"${"x".repeat(100)}"}`;
    // Not UTF-8, which only decoding finds.
    const batch = (count: number): Uint8Array =>
      Buffer.concat([encode(join(Array.from({ length: count }, () => update))), Uint8Array.of(0xff)]);
    const code = (count: number): string => {
      try {
        atOnce(parsingUpdates(type, batch(count), DEFAULT_LIMITS));
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "none";
    };
    expect(code(updatesPerBatch + 1)).toBe("too_large");
    expect(code(updatesPerBatch)).toBe("invalid_body");
  });

  test("is refused before a form is decoded, too, if it has too many fields", () => {
    const form = (fields: number): Uint8Array => Buffer.concat([encode("data=x&&".repeat(fields) + "&".repeat(5000)), Uint8Array.of(0xff)]);
    const parse = (fields: number): unknown => atOnce(parsingUpdates(undefined, form(fields - 1), { ...DEFAULT_LIMITS, formFields: 10 }));
    expect(() => parse(11)).toThrow(expect.objectContaining({ code: "too_large" }));
    expect(() => parse(10)).toThrow(expect.objectContaining({ code: "invalid_body" }));
  });

  test("lets others have their turns, also if all of its fields are empty", () => {
    const text = "&".repeat(1024 * 1024);
    expect([...parsingForm(text)].length).toBeGreaterThan(50);
    expect([...checkingFields(encode(text), 10)].length).toBeGreaterThan(50);
  });

  test.prop([fc.array(fc.jsonValue(), { maxLength: 8 }), fc.integer({ min: 1, max: 8 })])("is counted in any list", (items, most) => {
    const list = [...items, LONG];
    expect(counted(JSON.stringify(list), false, most)).toBe(list.length > most);
    expect(counted(JSON.stringify(list, undefined, 1), false, most)).toBe(list.length > most);
  });

  test.prop([fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 8 }), fc.integer({ min: 1, max: 8 })])(
    "is counted in any lines",
    (objects, most) => {
      const lines = [...objects, { LONG }].map((object) => JSON.stringify(object));
      expect(counted(lines.join("\n"), true, most)).toBe(lines.length > most);
      expect(counted(`${lines.join("\r\n\n \n")}\n`, true, most)).toBe(lines.length > most);
    },
  );

  test("is no object with many members, and no broken document", () => {
    expect(counted(`{"a":[1,2,3],"b":1,"c":"${LONG}"}`, false, 1)).toBe(false);
    expect(counted(`"${",".repeat(LONG.length)}`, false, 1)).toBe(false);
    expect(counted(`]],,,[${LONG}`, false, 5)).toBe(false);
  });
});
