import type { JournalRecord } from "artesian";
import { describe, expect, it } from "vitest";
import { PendingRecords } from "../../../packages/hub/src/core/live/pending-records.ts";
import { recordOf } from "../support.ts";

const record = (offset: number, data = ""): JournalRecord => recordOf(offset, ["t"], data);

function pendingOf(...records: readonly JournalRecord[]): PendingRecords {
  const pending = new PendingRecords();
  for (const one of records) pending.push(one);
  return pending;
}

const offsetsOf = (records: readonly JournalRecord[]): readonly number[] => records.map(({ offset }) => offset);

describe("pending records", () => {
  it("are taken out in order, as many as one write holds", () => {
    const half = "x".repeat(40_000);
    const pending = pendingOf(record(1, half), record(2), record(3, half), record(4));
    expect(offsetsOf(pending.take())).toEqual([1, 2]);
    expect(offsetsOf(pending.take())).toEqual([3, 4]);
    expect(pending.isEmpty).toBe(true);
    expect(pending.take()).toEqual([]);
  });

  it("are taken one at a time if one is larger than a write", () => {
    const large = "x".repeat(100_000);
    const pending = pendingOf(record(1, large), record(2, large));
    expect([offsetsOf(pending.take()), offsetsOf(pending.take())]).toEqual([[1], [2]]);
  });

  it("are taken no further than asked", () => {
    const pending = pendingOf(record(1), record(2), record(3));
    expect(offsetsOf(pending.take(2))).toEqual([1, 2]);
    expect(offsetsOf(pending.records)).toEqual([3]);
  });

  it("wait for 250 ms since the oldest came", () => {
    const pending = pendingOf(record(1));
    pending.came(1, 1000);
    pending.push(record(2));
    pending.came(2, 1200);
    expect([pending.isOverdue(1250), pending.isOverdue(1251)]).toEqual([false, true]);
    pending.take(1);
    pending.dispatched(1);
    expect([pending.isOverdue(1450), pending.isOverdue(1451)]).toEqual([false, true]);
  });

  it("wait up to 16 MiB", () => {
    const mebibyte = "x".repeat(1024 * 1024);
    const pending = pendingOf(...Array.from({ length: 15 }, (_, i) => record(i + 1, mebibyte)));
    pending.came(15, 0);
    expect(pending.isOverdue(0)).toBe(false);
    pending.push(record(16, mebibyte));
    expect(pending.isOverdue(0)).toBe(true);
    pending.take();
    expect(pending.isOverdue(0)).toBe(false);
  });

  it("are forgotten together with their times", () => {
    const pending = pendingOf(record(1, "x".repeat(17 * 1024 * 1024)));
    pending.came(1, 0);
    pending.clear();
    expect([pending.isEmpty, pending.isOverdue(10_000)]).toEqual([true, false]);
  });
});
