import { describe, expect, it } from "vitest";
import { PacedRun } from "../../../packages/hub/src/core/live/paced-run.ts";
import { recordOf } from "../support.ts";

const all = (): PacedRun => new PacedRun({ intervalMs: 1000, latest: false });
const latest = (): PacedRun => new PacedRun({ intervalMs: 1000, latest: true });

describe("the updates that wait for a paced write", () => {
  it("asks for a write at the first update, and not at those that wait with it", () => {
    const run = all();
    const records = [1, 2, 3].map((offset) => recordOf(offset, ["t"]));
    expect(records.map((record) => run.take(record))).toEqual([true, false, false]);
    expect(run.pendingFrom).toBe(1);
    expect(run.drain()).toEqual(records);
    expect(run.pendingFrom).toBe(Infinity);
    expect(run.drain()).toEqual([]);
    expect(run.take(recordOf(4, ["t"]))).toBe(true);
  });

  it("takes an update once that several matchers select", () => {
    const run = all();
    const record = recordOf(1, ["a", "b"]);
    expect([run.take(record), run.take(record)]).toEqual([true, false]);
    expect(run.drain()).toEqual([record]);
    // Nor after the write that came early in between.
    expect(run.take(record)).toBe(false);
    expect(run.drain()).toEqual([]);
  });

  it("keeps the newest of each canonical topic, in order of offset", () => {
    const run = latest();
    for (const [offset, topic] of ["a", "b", "c", "a", "b"].entries()) run.take(recordOf(offset + 1, [topic, "alternate"]));
    expect(run.pendingFrom).toBe(1);
    expect(run.drain().map(({ offset }) => offset)).toEqual([3, 4, 5]);
  });

  it("is full past 10,000 updates, and is then due at once", () => {
    const run = all();
    run.dueAtMs = 5000;
    const asks = Array.from({ length: 10_001 }, (_, i) => run.take(recordOf(i + 1, ["t"])));
    expect(asks.flatMap((isAsked, i) => (isAsked ? [i + 1] : []))).toEqual([1, 10_001]);
    expect(run.isFull).toBe(true);
    expect(run.dueAtMs).toBe(0);
    expect(run.drain()).toHaveLength(10_001);
    expect(run.isFull).toBe(false);
  });

  it("is full past 1 MiB", () => {
    const run = all();
    const half = "x".repeat(512 * 1024);
    expect([1, 2].map((offset) => run.take(recordOf(offset, ["t"], half)))).toEqual([true, true]);
    expect(run.isFull).toBe(true);
    run.drain();
    expect(run.isFull).toBe(false);
    // What was written does not count any more.
    expect([3, 4].map((offset) => run.take(recordOf(offset, ["t"], half.slice(100))))).toEqual([true, false]);
  });

  it("does not count what a newer update of the topic replaced", () => {
    const run = latest();
    const big = "x".repeat(300 * 1024);
    for (let offset = 1; offset <= 100; offset++) run.take(recordOf(offset, [`t${offset % 3}`], big));
    expect(run.isFull).toBe(false);
    expect(run.take(recordOf(101, ["another"], big))).toBe(true);
    expect(run.drain().map(({ offset }) => offset)).toEqual([98, 99, 100, 101]);
  });
});
