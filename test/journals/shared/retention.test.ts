import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RetentionRule, type Trimmable, trimWhileIdle } from "../../../packages/hub/src/journals/shared/retention.ts";

describe("the rule", () => {
  it("allows as many records, as many bytes and the age that are given, and nothing above", () => {
    const rule = new RetentionRule({ maxCount: 3, maxBytes: 100, maxAgeMs: 1000 });
    expect([rule.isTooMuch(3, 100), rule.isTooMuch(4, 100), rule.isTooMuch(3, 101)]).toEqual([false, true, true]);
    expect([rule.isTooOld(5000, 6000), rule.isTooOld(5000, 6001)]).toEqual([false, true]);
  });

  it("has no bound that is left out", () => {
    const rule = new RetentionRule({});
    expect([rule.isTooMuch(1e12, 1e15), rule.isTooOld(0, 1e15)]).toEqual([false, false]);
  });

  it("keeps nothing for a bound of 0", () => {
    const rule = new RetentionRule({ maxCount: 0 });
    expect(rule.isTooMuch(1, 64)).toBe(true);
  });
});

describe("trimming while idle", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A journal with this many records too many, of which a step drops two. */
  function journalWith(excess: number): Trimmable & { excess: number; steps: number; step: () => Promise<void> } {
    const journal = {
      excess,
      steps: 0,
      step: async (): Promise<void> => {
        journal.excess -= Math.min(2, journal.excess);
      },
      head: () => 100 - journal.excess,
      isOverfull: () => journal.excess > 0,
      dropSome: () => {
        journal.steps++;
        return journal.step();
      },
    };
    return journal;
  }

  it("drops what is too much at the start, one step after the other", async () => {
    const journal = journalWith(5);
    const stop = trimWhileIdle({}, journal);
    await vi.advanceTimersByTimeAsync(0);
    expect([journal.excess, journal.steps]).toEqual([0, 3]);
    stop();
  });

  it.each([
    ["every ten seconds", Infinity, 10_000],
    ["at a quarter of the longest age", 20_000, 5000],
    ["once a second at the most", 1, 1000],
  ])("checks %s", async (_, maxAgeMs, intervalMs) => {
    const journal = journalWith(0);
    const stop = trimWhileIdle({ maxAgeMs }, journal);
    await vi.advanceTimersByTimeAsync(intervalMs - 1);
    journal.excess = 1;
    await vi.advanceTimersByTimeAsync(0);
    expect(journal.steps).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(journal.steps).toBe(1);
    stop();
  });

  it("waits for the next check if a step drops nothing, or fails", async () => {
    const journal = journalWith(4);
    const { step } = journal;
    journal.step = async () => undefined;
    const stop = trimWhileIdle({}, journal);
    await vi.advanceTimersByTimeAsync(0);
    expect(journal.steps).toBe(1);
    journal.step = () => Promise.reject(new Error("The disk is full."));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(journal.steps).toBe(2);
    journal.step = step;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([journal.excess, journal.steps]).toEqual([0, 4]);
    stop();
  });

  it("never runs twice at once", async () => {
    const journal = journalWith(2);
    let end = (): void => undefined;
    journal.step = () => new Promise((resolve) => (end = resolve));
    const stop = trimWhileIdle({}, journal);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(journal.steps).toBe(1);
    end();
    stop();
  });

  it("stops", async () => {
    const journal = journalWith(0);
    trimWhileIdle({}, journal)();
    journal.excess = 2;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(journal.steps).toBe(0);
  });
});
