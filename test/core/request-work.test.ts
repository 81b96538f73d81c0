import { describe, expect, it } from "vitest";
import { RequestWork } from "../../packages/hub/src/core/request-work.ts";
import { stopClock, type TestClock } from "../support/clock.ts";

/** Work of some steps, each of which takes a time, that tells of its steps. */
function* steps(clock: TestClock, name: string, count: number, stepMs: number, told: string[]): Generator<undefined, string> {
  for (let i = 0; i < count; i++) {
    clock.nowMs += stepMs;
    told.push(name);
    yield;
  }
  return name;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the long work of requests", () => {
  it("is done at once if it is short and alone", () => {
    const clock = stopClock();
    expect(new RequestWork().run(steps(clock, "a", 2, 0.1, []))).toBe("a");
  });

  it("takes no more than a quarter of a millisecond of a turn, however many begin in it", async () => {
    const clock = stopClock();
    const work = new RequestWork();
    const told: string[] = [];
    const results = Array.from({ length: 50 }, (_, i) => work.run(steps(clock, String(i), 1, 0.1, told)));
    expect(told).toHaveLength(3);
    let most = 0;
    for (let done = told.length; done < 50; done = told.length) {
      await turn();
      most = Math.max(most, told.length - done);
    }
    expect(most).toBeLessThanOrEqual(4);
    expect(await Promise.all(results.map((result) => Promise.resolve(result)))).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    expect(told).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
  });

  it("is of few requests at a time, so that few hold their parts", async () => {
    const clock = stopClock();
    const work = new RequestWork();
    const told: string[] = [];
    const results = Array.from({ length: 12 }, (_, i) => work.run(steps(clock, String(i), 20, 0.1, told)));
    const begun = new Set<string>();
    const ended = new Set<string>();
    let most = 0;
    for (const [i, result] of results.entries()) void Promise.resolve(result).then(() => ended.add(String(i)));
    while (ended.size < 12) {
      await turn();
      for (const name of told) begun.add(name);
      most = Math.max(most, begun.size - ended.size);
    }
    // Two more began at once, before the others were there.
    expect(most).toBeLessThanOrEqual(6);
    expect(await Promise.all(results.map((result) => Promise.resolve(result)))).toHaveLength(12);
  });

  it("passes on a fault, and goes on with the next", async () => {
    const clock = stopClock();
    const work = new RequestWork();
    const failing = function* (): Generator<undefined, string> {
      yield* steps(clock, "x", 9, 1, []);
      throw new RangeError("broken");
    };
    const faults = Array.from({ length: 9 }, () => Promise.resolve(work.run(failing())).catch((error: unknown) => error));
    const last = work.run(steps(clock, "last", 9, 1, []));
    for (const fault of await Promise.all(faults)) expect(fault).toBeInstanceOf(RangeError);
    expect(await last).toBe("last");
  });

  it("stops if the request's peer has left, and goes on with the next", async () => {
    const clock = stopClock();
    const work = new RequestWork();
    const told: string[] = [];
    let isGone = false;
    const left = Array.from({ length: 9 }, () =>
      Promise.resolve(work.run(steps(clock, "left", 100, 1, told), () => isGone)).catch((error: unknown) => error),
    );
    const here = work.run(steps(clock, "here", 9, 1, told), () => false);
    while (told.length < 20) await turn();
    isGone = true;
    const before = told.length;
    for (const fault of await Promise.all(left)) expect(fault).toMatchObject({ code: "invalid_body" });
    expect(await here).toBe("here");
    expect(told.slice(before).filter((name) => name === "left").length).toBe(0);
  });
});
