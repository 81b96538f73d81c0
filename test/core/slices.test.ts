import { describe, expect, it } from "vitest";
import { inSlices } from "../../packages/hub/src/core/slices.ts";
import { stopClock, type TestClock } from "../support/clock.ts";

/** Work of some steps, each of which takes a time. */
function* steps(clock: TestClock, count: number, stepMs: number): Generator<undefined, string> {
  for (let i = 0; i < count; i++) {
    clock.nowMs += stepMs;
    yield;
  }
  return "done";
}

/** Counts the turns, and how long the work held each of them. */
function countTurns(clock: TestClock): { readonly heldMs: number[]; readonly turn: () => Promise<void>; readonly end: () => void } {
  const heldMs: number[] = [];
  let beganMs = clock.nowMs;
  const end = (): void => {
    heldMs.push(clock.nowMs - beganMs);
    // Others take their time.
    clock.nowMs += 500;
    beganMs = clock.nowMs;
  };
  return { heldMs, end, turn: () => Promise.resolve(end()) };
}

describe("work in slices", () => {
  it("returns the result at once if one slice is enough", () => {
    const clock = stopClock();
    const { heldMs, turn } = countTurns(clock);
    expect(inSlices(steps(clock, 3, 0.5), turn)).toBe("done");
    expect(heldMs).toEqual([]);
  });

  it("holds a turn for 2 ms, and counts no time that others take", async () => {
    const clock = stopClock();
    const { heldMs, turn, end } = countTurns(clock);
    expect(await inSlices(steps(clock, 10, 0.5), turn)).toBe("done");
    end();
    expect(heldMs).toEqual([2, 2, 1]);
  });

  it("holds a turn no longer than one step if a step takes longer than a slice", async () => {
    const clock = stopClock();
    const { heldMs, turn, end } = countTurns(clock);
    expect(await inSlices(steps(clock, 3, 30), turn)).toBe("done");
    end();
    expect(heldMs).toEqual([30, 30, 30, 0]);
  });

  it("does nothing before its turn", async () => {
    const clock = stopClock();
    let grant: () => void = () => undefined;
    let done = 0;
    const work = (function* (): Generator<undefined, number> {
      for (; done < 6; done++) {
        clock.nowMs += 1;
        yield;
      }
      return done;
    })();
    const result = inSlices(work, () => new Promise((resolve) => (grant = resolve)));
    for (const expected of [1, 3, 5]) {
      await new Promise(setImmediate);
      expect(done).toBe(expected);
      grant();
    }
    expect(await result).toBe(6);
  });

  it("passes on a fault of the first slice, and of a later one", async () => {
    const clock = stopClock();
    const failing = function* (after: number): Generator<undefined, never> {
      yield* steps(clock, after, 0.5);
      throw new RangeError("broken");
    };
    expect(() => inSlices(failing(2), () => Promise.resolve())).toThrow(RangeError);
    await expect(async () => inSlices(failing(9), () => Promise.resolve())).rejects.toThrow(RangeError);
  });
});
