import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { MAX_JSON_NAMES, MAX_JSON_PARTS } from "../../../packages/hub/src/http/body/json-size.ts";
import { parseUpdates } from "../../../packages/hub/src/http/body/update-body.ts";

const parse = (text: string, type = "application/json"): number =>
  parseUpdates(type, new TextEncoder().encode(text), DEFAULT_LIMITS).updates.length;
const NDJSON = "application/x-ndjson";

/** Members whose names begin alike. */
const members = (count: number, prefix = "n"): string => Array.from({ length: count }, (_, i) => `"${prefix}${i}" :1`).join(",");
const dataOf = (count: number): string => `{"topic":"a","data":{${members(count)}}}`;

describe("the size of a JSON body", () => {
  test("is bounded by the different names in it", () => {
    // `topic` and `data` are names too.
    expect(parse(dataOf(MAX_JSON_NAMES - 2))).toBe(1);
    expect(() => parse(dataOf(MAX_JSON_NAMES - 1))).toThrow(
      expect.objectContaining({ code: "invalid_body", message: expect.stringContaining("different names") }),
    );
  });

  test("is bounded by the names of all lines together", () => {
    const lines = (count: number): string => ["a", "b", "c"].map((name) => `{"topic":"a","data":{${members(count, name)}}}`).join("\n");
    expect(parse(lines(6000), NDJSON)).toBe(3);
    expect(() => parse(lines(7000), NDJSON)).toThrow(expect.objectContaining({ code: "invalid_body" }));
  });

  test("is not bounded by names that come again, nor by colons and quotes in texts", () => {
    const many = 2 * MAX_JSON_NAMES;
    expect(parse(`{"topic":"a","data":[${'{"x":1,"y":2},'.repeat(many)}0]}`)).toBe(1);
    expect(parse(JSON.stringify({ topic: "a", data: "12:30 ".repeat(many) }))).toBe(1);
    expect(parse(JSON.stringify({ topic: "a", data: Array.from({ length: many }, (_, i) => `"${i}":\\`).join() }))).toBe(1);
    expect(parse(`{"topic":"a","data":[${Array.from({ length: many }, (_, i) => `"${i}:"`).join()}]}`)).toBe(1);
  });

  test("is bounded by the fields of an update, as a form is", () => {
    const { formFields } = DEFAULT_LIMITS;
    const update = (count: number): string => `{"topic":"a",${members(count - 1)}}`;
    expect(parse(`[${update(formFields)},${update(formFields)}]`)).toBe(2);
    for (const [text, type] of [
      [update(formFields + 1), "application/json"],
      [`[{"topic":"a"},${update(formFields + 1)}]`, "application/json"],
      [`{"topic":"a"}\n${update(formFields + 1)}`, NDJSON],
    ] as const) {
      expect(() => parse(text, type)).toThrow(expect.objectContaining({ code: "too_large" }));
    }
  });

  test("is bounded by its objects and lists", () => {
    expect(parse(`{"topic":"a","data":[${"[],".repeat(MAX_JSON_PARTS - 2)}0]}`)).toBe(1);
    expect(() => parse(`{"topic":"a","data":[${"[],".repeat(MAX_JSON_PARTS)}0]}`)).toThrow(
      expect.objectContaining({ code: "invalid_body" }),
    );
  });
});
