import { describe, expect, it } from "vitest";
import { EarlyUpdates } from "../../../packages/hub/src/core/live/early-updates.ts";

const offsets = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("early updates", () => {
  it("come in steps of 100, and the next step comes when all of one are passed", () => {
    const early = EarlyUpdates.at(offsets(250));
    expect(early.first).toBe(1);
    expect([...(early.next()?.keys() ?? [])]).toEqual(offsets(100));
    early.pass(99);
    expect([...(early.next()?.keys() ?? [])]).toEqual([100]);
    early.drop([100]);
    expect(early.first).toBe(101);
    early.pass(200);
    expect(early.next()?.size).toBe(50);
    early.pass(250);
    expect(early.next()?.size).toBe(0);
    expect(early.first).toBeUndefined();
  });

  it("are a gap if some of the rest are no longer held", () => {
    const steps = [new Map([[3, "id"]]), undefined];
    const early = EarlyUpdates.missed({ next: () => steps.shift() });
    expect(early.next()).toEqual(new Map([[3, "id"]]));
    early.pass(3);
    expect(early.next()).toBeUndefined();
  });
});
