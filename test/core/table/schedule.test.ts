import { fc, test } from "@fast-check/vitest";
import { memoryJournal } from "artesian";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JournalRecord } from "../../../packages/hub/src/core/journal/journal.ts";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import { Schedule } from "../../../packages/hub/src/core/table/schedule.ts";
import type { JournalState } from "../../../packages/hub/src/core/journal/state.ts";
import type { Update } from "../../../packages/hub/src/core/update/update.ts";

const NOTES = "/notes";
/** How long the table takes to answer, and how late an update may be with it, in milliseconds. */
const SLOW_MS = 7;
const LATE_MS = 100;

function updateOf(id: string): Update {
  return { topics: ["a"], data: "", id, type: undefined, retry: undefined, private: false };
}

/** A table that answers after a time, as one on another machine does. Each process has its own view of it. */
function slow(state: JournalState): JournalState {
  const later = <T>(run: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => setTimeout(() => void run().then(resolve, reject), SLOW_MS));
  return {
    commit: (steps) => later(() => state.commit(steps)),
    entries: (prefix, options) => later(() => state.entries(prefix, options)),
  };
}

interface World {
  readonly processes: readonly Schedule[];
  readonly state: JournalState;
  /** When each update was delivered, by its id. */
  readonly delivered: Map<string, number[]>;
  close(): Promise<void>;
}

function openWorld(count: number, limit = 10_000): World {
  const journal = memoryJournal();
  if (journal.state === undefined) throw new Error("The journal has no shared table.");
  const state = slow(journal.state);
  const delivered = new Map<string, number[]>();
  const processes = Array.from(
    { length: count },
    () => new Schedule({ state, topic: NOTES, limit: { count: limit, bytes: Infinity }, logger: SILENT }),
  );
  const unfollow = journal.follow(0, (records: readonly JournalRecord[]) => {
    for (const record of records) {
      if (record.topics[0] === NOTES) for (const schedule of processes) schedule.noticed(record);
      else delivered.set(record.id ?? "", [...(delivered.get(record.id ?? "") ?? []), Date.now()]);
    }
  });
  const close = async (): Promise<void> => {
    const closing = Promise.all(processes.map((schedule) => schedule.close()));
    await vi.advanceTimersByTimeAsync(100 * SLOW_MS);
    await closing;
    unfollow();
  };
  return { processes, state, delivered, close };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Short ones, which come due while others are being delivered, beside long ones. */
const DELAYS = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1000, max: 60_000 }));

describe("scheduled updates", () => {
  const plan = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 40 }), delayMs: DELAYS, process: fc.nat(2) }), {
    minLength: 1,
    maxLength: 40,
  });

  test.prop([plan, fc.integer({ min: 1, max: 3 })], { numRuns: 100 })(
    "are each delivered once and on time, however they are scheduled",
    async (steps, count) => {
      const world = openWorld(count);
      const dueAt = new Map<string, number>();
      for (const [i, { afterMs, delayMs, process }] of steps.entries()) {
        await vi.advanceTimersByTimeAsync(afterMs);
        const deliverAt = Date.now() + delayMs;
        dueAt.set(`u${i}`, deliverAt);
        void world.processes[process % count]?.add([{ deliverAt, update: updateOf(`u${i}`) }], (changes) => world.state.commit(changes));
      }
      await vi.advanceTimersByTimeAsync(70_000);
      for (const [id, deliverAt] of dueAt) {
        const times = world.delivered.get(id) ?? [];
        expect(times).toHaveLength(1);
        expect(times[0]).toBeGreaterThanOrEqual(deliverAt);
        expect((times[0] ?? 0) - deliverAt).toBeLessThanOrEqual(LATE_MS);
      }
      await world.close();
    },
  );

  const batches = fc.array(fc.record({ size: fc.integer({ min: 1, max: 30 }), afterMs: fc.integer({ min: 0, max: 20 }) }), {
    minLength: 1,
    maxLength: 30,
  });
  test.prop([batches], { numRuns: 100 })("are never more than the limit, however many batches come at once", async (all) => {
    const limit = 100;
    const world = openWorld(1, limit);
    const deliverAt = Date.now() + 3_600_000;
    let stored = 0;
    let refused = 0;
    for (const [i, { size, afterMs }] of all.entries()) {
      await vi.advanceTimersByTimeAsync(afterMs);
      const batch = Array.from({ length: size }, (_, j) => ({ deliverAt, update: updateOf(`${i}-${j}`) }));
      void world.processes[0]
        ?.add(batch, (changes) => world.state.commit(changes))
        .then(
          () => (stored += size),
          (error: unknown) => {
            expect(error).toMatchObject({ code: "too_many_scheduled" });
            refused += size;
          },
        );
    }
    await vi.advanceTimersByTimeAsync(2000);
    const entries = world.state.entries("scheduled/", { limit: 10_000 });
    await vi.advanceTimersByTimeAsync(2 * SLOW_MS);
    expect(await entries).toHaveLength(stored);
    expect(stored).toBeLessThanOrEqual(limit);
    const sum = all.reduce((total, { size }) => total + size, 0);
    expect(stored + refused).toBe(sum);
    // None is refused while there is room for all.
    if (sum <= limit) expect(refused).toBe(0);
    await world.close();
  });

  it("that are not due are not read, however large: a wake-up reads one", async () => {
    const world = openWorld(1);
    let read = 0;
    const entries = world.state.entries.bind(world.state);
    Object.assign(world.state, {
      entries: async (...args: Parameters<typeof entries>) => {
        const found = await entries(...args);
        read += found.length;
        return found;
      },
    });
    const batch = Array.from({ length: 50 }, (_, i) => ({ deliverAt: Date.now() + 3_600_000, update: updateOf(`later ${i}`) }));
    void world.processes[0]?.add(batch, (changes) => world.state.commit(changes));
    await vi.advanceTimersByTimeAsync(100);
    read = 0;
    void world.processes[0]?.add([{ deliverAt: Date.now() + 100, update: updateOf("soon") }], (changes) => world.state.commit(changes));
    await vi.advanceTimersByTimeAsync(70_000);
    expect(world.delivered.get("soon")).toHaveLength(1);
    // The one that is due with some that follow it, and one at each look at the clock.
    expect(read).toBeLessThan(30);
    await world.close();
  });

  it("are not counted again at each refusal", async () => {
    const world = openWorld(1, 10);
    let reads = 0;
    const entries = world.state.entries.bind(world.state);
    Object.assign(world.state, { entries: (...args: Parameters<typeof entries>) => (reads++, entries(...args)) });
    const [schedule] = world.processes as [Schedule];
    const outcomes: string[] = [];
    const add = (id: string): void =>
      void schedule
        .add([{ deliverAt: Date.now() + 3_600_000, update: updateOf(id) }], (changes) => world.state.commit(changes))
        .then(
          () => outcomes.push("added"),
          (error: { code: string }) => outcomes.push(error.code),
        );
    for (let i = 0; i < 10; i++) add(`a${i}`);
    await vi.advanceTimersByTimeAsync(2000);
    reads = 0;
    for (let i = 0; i < 20; i++) {
      add("late");
      await vi.advanceTimersByTimeAsync(10 * SLOW_MS);
    }
    // Two a count, one a second.
    expect(reads).toBeLessThanOrEqual(4);
    // Once something is taken out it is counted at once.
    const cancelled = schedule.cancel("a3", () => true);
    await vi.advanceTimersByTimeAsync(5 * SLOW_MS);
    expect(await cancelled).toBe(1);
    add("again");
    await vi.advanceTimersByTimeAsync(10 * SLOW_MS);
    const expected = [...Array<string>(10).fill("added"), ...Array<string>(20).fill("too_many_scheduled"), "added"];
    expect(outcomes).toEqual(expected);
    await world.close();
  });

  it("give their places back once they are delivered", async () => {
    const world = openWorld(1, 10);
    const add = (id: string, delayMs: number): Promise<unknown> => {
      const added = (world.processes[0] as Schedule).add([{ deliverAt: Date.now() + delayMs, update: updateOf(id) }], (changes) =>
        world.state.commit(changes),
      );
      added.catch(() => undefined);
      return added;
    };
    for (let i = 0; i < 10; i++) void add(`a${i}`, 1000);
    await vi.advanceTimersByTimeAsync(500);
    const refused = add("late", 1000);
    await vi.advanceTimersByTimeAsync(500);
    await expect(refused).rejects.toMatchObject({ code: "too_many_scheduled" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.delivered.size).toBe(10);
    const taken = add("again", 1000);
    await vi.advanceTimersByTimeAsync(500);
    await taken;
    await world.close();
  });
});
