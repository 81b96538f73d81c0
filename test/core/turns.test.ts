import { describe, expect, it, onTestFinished } from "vitest";
import { Turns } from "../../packages/hub/src/core/turns.ts";
import { stopClock } from "../support/clock.ts";

/** Counts the turns of the event loop while a test runs. */
function countLoop(): { turn: number } {
  const loop = { turn: 0 };
  let timer = setImmediate(function count() {
    loop.turn++;
    timer = setImmediate(count);
  });
  onTestFinished(() => clearImmediate(timer));
  return loop;
}

/** How many grants each turn of the event loop had, in order. */
function byTurn(granted: readonly number[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const turn of granted) counts.set(turn, (counts.get(turn) ?? 0) + 1);
  return [...counts.values()];
}

describe("turns", () => {
  it("grants as many as 4 ms allow in one turn of the event loop, in order", async () => {
    const clock = stopClock();
    const loop = countLoop();
    const { next } = new Turns();
    const order: number[] = [];
    const granted: number[] = [];
    const replay = async (which: number): Promise<void> => {
      await next();
      order.push(which);
      granted.push(loop.turn);
      clock.nowMs += 1;
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => replay(i)));
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(byTurn(granted)).toEqual([4, 4, 2]);
  });

  it("gives one that takes longer than the budget a turn of the event loop of its own", async () => {
    const clock = stopClock();
    const loop = countLoop();
    const { next } = new Turns();
    const granted: number[] = [];
    const replay = async (tookMs: number): Promise<void> => {
      await next();
      granted.push(loop.turn);
      clock.nowMs += tookMs;
    };
    await Promise.all([100, 100, 1, 1].map(replay));
    expect(byTurn(granted)).toEqual([1, 1, 2]);
  });

  it("grants nothing within the turn of the event loop that asks", async () => {
    const { next } = new Turns();
    let isGranted = false;
    const asked = next().then(() => (isGranted = true));
    await new Promise((resolve) => process.nextTick(resolve));
    for (let i = 0; i < 100; i++) await Promise.resolve();
    expect(isGranted).toBe(false);
    await asked;
  });

  it("puts one that asks again behind those that wait", async () => {
    stopClock();
    const { next } = new Turns();
    const order: string[] = [];
    const replay = async (name: string, steps: number): Promise<void> => {
      for (let i = 0; i < steps; i++) {
        await next();
        order.push(name);
      }
    };
    const long = [replay("a", 4), replay("b", 4)];
    await next();
    // By now `a` and `b` have had a turn each, and asked again.
    await Promise.all([...long, replay("late", 1)]);
    expect(order).toEqual(["a", "b", "a", "b", "late", "a", "b", "a", "b"]);
  });

  it("serves thousands in order, each as often as it asks, and goes on after all had their turns", async () => {
    const clock = stopClock();
    const { next } = new Turns();
    const readers = 3000;
    for (let round = 0; round < 2; round++) {
      const order: number[] = [];
      const replay = async (which: number): Promise<void> => {
        for (let i = 0; i < 3; i++) {
          await next();
          order.push(which);
          clock.nowMs += 0.01;
        }
      };
      await Promise.all(Array.from({ length: readers }, (_, i) => replay(i)));
      expect(order).toEqual(Array.from({ length: 3 * readers }, (_, i) => i % readers));
    }
  });

  it("lets a timer and new input run between the turns of many replays", async () => {
    const clock = stopClock();
    const { next } = new Turns();
    const left = { replays: 1000 };
    const seen: number[] = [];
    const replay = async (): Promise<void> => {
      await next();
      left.replays--;
      clock.nowMs += 2;
    };
    const replays = Promise.all(Array.from({ length: left.replays }, replay));
    while (left.replays > 0) {
      await new Promise(setImmediate);
      seen.push(left.replays);
    }
    await replays;
    // Two replays a turn of the event loop: the other work ran 500 times meanwhile.
    expect(seen.length).toBeGreaterThanOrEqual(500);
    expect(Math.max(...seen.slice(1).map((rest, i) => (seen[i] as number) - rest))).toBe(2);
  });
});
