import { HubError, memoryJournal } from "artesian";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHECK_EVERY_MS, CHECK_WAIT_MS, JournalCheck } from "../../../packages/hub/src/core/journal/journal-check.ts";
import type { Update } from "../../../packages/hub/src/core/update/update.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A journal whose appends come to what a test says, with what was appended. */
function scripted(append: () => Promise<readonly number[]>): { check: JournalCheck; appended: (readonly Update[])[] } {
  const appended: (readonly Update[])[] = [];
  const journal = {
    append: (batch: readonly Update[]) => {
      appended.push(batch);
      return append();
    },
  };
  return { check: new JournalCheck(journal), appended };
}

describe("the check of a journal", () => {
  it("appends nothing, and finds nothing wrong with a journal that takes it", async () => {
    const journal = memoryJournal();
    expect(await new JournalCheck(journal).failure()).toBeUndefined();
    expect(journal.tail()).toBe(0);
    await journal.close();
    expect(await new JournalCheck(journal).failure()).toBe("journal_unavailable");
  });

  it.each([
    [new HubError("journal_full", "Full."), "journal_full"],
    [new HubError("outcome_unknown", "Unknown."), "outcome_unknown"],
    [new TypeError("a bug"), "internal"],
  ])("tells by a code why nothing can be appended: %s", async (error, code) => {
    expect(
      await scripted(async () => {
        throw error;
      }).check.failure(),
    ).toBe(code);
  });

  it("tries once a second, however many ask", async () => {
    const { check, appended } = scripted(async () => []);
    await Promise.all(Array.from({ length: 100 }, () => check.failure()));
    await check.failure();
    expect(appended).toEqual([[]]);
    vi.advanceTimersByTime(CHECK_EVERY_MS);
    await Promise.all([check.failure(), check.failure()]);
    expect(appended).toEqual([[], []]);
  });

  it("waits a second for a journal that hangs, and begins no second try meanwhile", async () => {
    const hanging: ((offsets: readonly number[]) => void)[] = [];
    const { check, appended } = scripted(() => new Promise((resolve) => hanging.push(resolve)));
    const first = check.failure();
    await vi.advanceTimersByTimeAsync(CHECK_WAIT_MS);
    expect(await first).toBe("journal_unavailable");
    const next = check.failure();
    await vi.advanceTimersByTimeAsync(0);
    expect(await next).toBe("journal_unavailable");
    expect(appended).toHaveLength(1);
    hanging[0]?.([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(await check.failure()).toBeUndefined();
  });
});
