import { describe, expect, it } from "vitest";
import { Recent } from "../../packages/hub/src/core/recent.ts";

describe("what was asked for recently", () => {
  it("is remembered, and the rest forgotten", () => {
    const recent = new Recent<object>(2);
    const values = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((key) => [key, { key }]));
    const put = (key: string): void => recent.set(key, values[key] as object);
    for (const key of ["a", "b", "c"]) put(key);
    expect(recent.get("a")).toBe(values["a"]);
    // "a" is young again; "b" was not asked for.
    for (const key of ["d", "e"]) put(key);
    expect(["a", "b", "d", "e"].map((key) => recent.get(key))).toEqual([values["a"], undefined, values["d"], values["e"]]);
  });

  it("never holds more than two generations", () => {
    const recent = new Recent<object>(10);
    for (let i = 0; i < 1000; i++) recent.set(`key ${i}`, {});
    expect(
      Array.from({ length: 1000 }, (_, i) => recent.get(`key ${i}`)).filter((value) => value !== undefined).length,
    ).toBeLessThanOrEqual(20);
  });

  it("takes a new value for a known key, and forgets what is deleted or cleared", () => {
    const recent = new Recent<object>(2);
    const value = {};
    for (const key of ["a", "b", "a", "b"]) recent.set(key, {});
    recent.set("a", value);
    expect(recent.get("a")).toBe(value);
    recent.set("c", {});
    recent.get("a");
    recent.delete("a");
    expect(recent.get("a")).toBeUndefined();
    recent.clear();
    expect([recent.get("b"), recent.get("c")]).toEqual([undefined, undefined]);
  });

  it("is bounded by its cost where entries cost more or less", () => {
    const recent = new Recent<{ readonly cost: number }>(10, (_, { cost }) => cost);
    recent.set("a", { cost: 6 });
    recent.set("a", { cost: 4 });
    recent.set("b", { cost: 6 });
    expect([recent.get("a"), recent.get("b")]).toEqual([{ cost: 4 }, { cost: 6 }]);
    recent.set("c", { cost: 1 });
    recent.set("d", { cost: 9 });
    recent.set("e", { cost: 1 });
    // Two generations, and what is asked for is young again.
    expect(["a", "b", "c", "d", "e"].filter((key) => recent.get(key) !== undefined)).toEqual(["c", "d", "e"]);
    recent.set("huge", { cost: 11 });
    expect(recent.get("huge")).toBeUndefined();
  });
});
