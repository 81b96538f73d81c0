import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Logger } from "../../../packages/hub/src/core/logger.ts";
import { type PresenceEntry, PresenceQueue, SETTLE_MS } from "../../../packages/hub/src/core/table/presence-queue.ts";
import { describeSubscription } from "../../../packages/hub/src/core/matching/subscription.ts";

const ignore = (): void => undefined;

function entry(id: string, cameAtMs: number, { address, matchers = 1 }: { address?: string; matchers?: number } = {}): PresenceEntry {
  const subscriptions = Array.from({ length: matchers }, (_, i) => ({
    key: `${id}/${i}`,
    document: describeSubscription("/hub", { type: "exact", pattern: `${i}` }, id, undefined),
  }));
  return { id, address, cameAtMs, subscriptions, bytes: 100 * matchers, staleKeys: [] };
}

function createQueue(perSecond: number, perSecondAndAddress: number): { queue: PresenceQueue; lines: object[] } {
  const lines: object[] = [];
  const logger: Logger = { debug: ignore, info: ignore, error: ignore, warn: (fields, text) => void lines.push({ ...fields, text }) };
  return { queue: new PresenceQueue({ perSecond, perSecondAndAddress }, logger, 0), lines };
}

/** Those whose turn comes at a time. */
function turn(queue: PresenceQueue, nowMs: number): { readonly came: readonly string[]; readonly left: readonly string[] } {
  const { arriving, leaving } = queue.take(nowMs);
  return { came: arriving.map(({ id }) => id), left: leaving.map(({ id }) => id) };
}

describe("subscribers that wait to be told of", () => {
  test("are told of once they have stayed, and never if they leave sooner", () => {
    const { queue } = createQueue(100, 100);
    for (const id of ["a", "b"]) queue.add(entry(id, 1000));
    expect(turn(queue, 1000 + SETTLE_MS - 1)).toEqual({ came: [], left: [] });
    queue.remove("b");
    expect(turn(queue, 1000 + SETTLE_MS)).toEqual({ came: ["a"], left: [] });
    queue.remove("a");
    queue.remove("b");
    expect(turn(queue, 1000 + SETTLE_MS)).toEqual({ came: [], left: ["a"] });
    expect(queue.isEmpty).toBe(true);
  });

  test("of one address have ten seconds of its rate at once, then the rate; others go by them, and the log says so once", () => {
    const { queue, lines } = createQueue(10_000, 2);
    for (let i = 0; i < 30; i++) queue.add(entry(`flood ${i}`, 0, { address: "203.0.113.7" }));
    queue.add(entry("other", 0, { address: "203.0.113.8" }));
    queue.add(entry("loopback", 0));
    const first = turn(queue, SETTLE_MS).came;
    expect(first).toEqual([...Array.from({ length: 20 }, (_, i) => `flood ${i}`), "other", "loopback"]);
    expect(turn(queue, SETTLE_MS + 1000).came).toHaveLength(2);
    expect(turn(queue, SETTLE_MS + 4000).came).toHaveLength(6);
    expect(lines).toEqual([expect.objectContaining({ address: "203.0.113.7", perSecond: 2, count: 1 })]);
    // One that is gone for good leaves room for those that wait.
    for (let i = 0; i < 30; i++) queue.remove(`flood ${i}`);
    expect(turn(queue, SETTLE_MS + 9000)).toEqual({ came: [], left: Array.from({ length: 10 }, (_, i) => `flood ${i}`) });
  });

  test("of all addresses share the rate of the process, each subscriber as a whole", () => {
    const { queue, lines } = createQueue(10, 10_000);
    for (let i = 0; i < 5; i++) queue.add(entry(`${i}`, 0, { address: `203.0.113.${i}`, matchers: 60 }));
    expect(turn(queue, SETTLE_MS).came).toEqual(["0", "1"]);
    expect(turn(queue, SETTLE_MS + 2000).came).toEqual([]);
    expect(turn(queue, SETTLE_MS + 2100).came).toEqual(["2"]);
    expect(lines).toEqual([expect.objectContaining({ perSecond: 10, count: 1 })]);
  });

  test("are told of again after a batch that could not be written", () => {
    const { queue } = createQueue(100, 100);
    for (const id of ["stays", "leaves"]) queue.add(entry(id, 0));
    const batch = queue.take(SETTLE_MS);
    queue.remove("leaves");
    queue.putBack(batch);
    // It may have been written all the same.
    expect(turn(queue, SETTLE_MS)).toEqual({ came: ["stays"], left: ["leaves"] });
  });

  const step = fc.record({
    id: fc.integer({ min: 0, max: 9 }),
    address: fc.option(fc.constantFrom("203.0.113.1", "203.0.113.2"), { nil: undefined }),
    afterMs: fc.integer({ min: 0, max: 3000 }),
    fails: fc.boolean(),
  });

  test.prop([fc.array(step, { maxLength: 200 })])("are told of as they are in the end, at no more than the rates", (steps) => {
    const { queue } = createQueue(4, 1);
    const present = new Set<string>();
    const told = new Set<string>();
    let now = 0;
    let updates = 0;
    const take = (fails: boolean): void => {
      const batch = queue.take(now);
      if (fails) return queue.putBack(batch);
      updates += batch.leaving.length + batch.arriving.length;
      for (const { id } of batch.leaving) told.delete(id);
      for (const { id } of batch.arriving) told.add(id);
    };
    let connection = 0;
    const open = new Map<number, string>();
    for (const { id, address, afterMs, fails } of steps) {
      const name = open.get(id);
      if (name === undefined) {
        open.set(id, `${++connection}`);
        present.add(`${connection}`);
        queue.add(entry(`${connection}`, now, address === undefined ? {} : { address }));
      } else {
        open.delete(id);
        present.delete(name);
        queue.remove(name);
      }
      now += afterMs;
      take(fails);
    }
    expect(updates).toBeLessThanOrEqual(40 + (4 * now) / 1000);
    for (let i = 0; i < 300 && !queue.isEmpty; i++) {
      now += 1000;
      take(false);
    }
    expect(queue.isEmpty).toBe(true);
    expect([...told].toSorted()).toEqual([...present].toSorted());
    expect(new Set(queue.drain().map(({ id }) => id))).toEqual(present);
  });
});
