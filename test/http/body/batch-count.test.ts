import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { atOnce } from "../../../packages/hub/src/core/slices.ts";
import { hasTooMany } from "../../../packages/hub/src/http/body/batch-count.ts";
import { parsingUpdates } from "../../../packages/hub/src/http/body/update-body.ts";

const LONG = "x".repeat(17 * 1024);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const counted = (text: string, isLines: boolean, most: number): boolean => atOnce(hasTooMany(encode(text), isLines, most));

describe("a batch of too many updates", () => {
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
