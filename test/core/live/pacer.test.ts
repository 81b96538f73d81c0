import { memoryJournal } from "artesian/journals/memory";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Cohort } from "../../../packages/hub/src/core/live/cohort.ts";
import type { Dispatcher } from "../../../packages/hub/src/core/live/dispatcher.ts";
import { Pacer } from "../../../packages/hub/src/core/live/pacer.ts";
import type { PacedRun } from "../../../packages/hub/src/core/live/paced-run.ts";
import { dispatcherOf, selectionOf, TestMember, updateOf } from "../support.ts";

const INTERVAL_MS = 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function pacedCohort(): Cohort & { readonly paced: PacedRun } {
  return new Cohort(selectionOf(["=t"], { pace: { intervalMs: INTERVAL_MS, latest: false } })) as Cohort & { readonly paced: PacedRun };
}

/** A pacer, and when it served which cohort. */
function createPacer(): {
  readonly pacer: Pacer;
  readonly served: { readonly cohort: Cohort; readonly atMs: number }[];
  /** Adds a cohort that is due at a time. */
  readonly wait: (atMs: number) => Cohort & { readonly paced: PacedRun };
} {
  const served: { readonly cohort: Cohort; readonly atMs: number }[] = [];
  const pacer = new Pacer((cohort) => void served.push({ cohort, atMs: performance.now() }));
  const wait = (atMs: number): Cohort & { readonly paced: PacedRun } => {
    const cohort = pacedCohort();
    cohort.paced.dueAtMs = atMs;
    pacer.add(cohort, atMs);
    return cohort;
  };
  return { pacer, served, wait };
}

describe("the pacer", () => {
  it("serves each cohort when it is due, at most 5 ms late and never early", () => {
    const { served, wait } = createPacer();
    const began = performance.now();
    const due = new Map(Array.from({ length: 200 }, (_, i) => [wait(began + ((i * 37) % 101) + i / 7), began + ((i * 37) % 101) + i / 7]));
    vi.advanceTimersByTime(1000);
    expect(new Set(served.map(({ cohort }) => cohort)).size).toBe(due.size);
    expect(served).toHaveLength(due.size);
    for (const { cohort, atMs } of served) {
      const lateMs = atMs - (due.get(cohort as Cohort & { readonly paced: PacedRun }) as number);
      expect(lateMs).toBeGreaterThanOrEqual(0);
      // The fake clock's timers are whole milliseconds.
      expect(lateMs).toBeLessThanOrEqual(6);
    }
    expect(served.map(({ atMs }) => atMs)).toEqual(served.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has one timer, however many cohorts wait and in whichever order they came", () => {
    const { served, wait } = createPacer();
    const began = performance.now();
    const [late, soon, later] = [wait(began + 500), wait(began + 50), wait(began + 900)];
    for (let i = 0; i < 100; i++) wait(began + 700 + i);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(60);
    expect(served.map(({ cohort }) => cohort)).toEqual([soon]);
    vi.advanceTimersByTime(450);
    expect(served.map(({ cohort }) => cohort)).toEqual([soon, late]);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(500);
    expect(served).toHaveLength(103);
    expect(served.at(-1)?.cohort).toBe(later);
  });

  it("serves cohorts of one slot together, and each once", () => {
    const { pacer, served, wait } = createPacer();
    const slot = Math.ceil((performance.now() + 100) / 5) * 5;
    const cohorts = [0, 1, 2, 4].map((early) => wait(slot - early));
    for (const cohort of cohorts) pacer.add(cohort, slot);
    vi.advanceTimersByTime(200);
    expect(served.map(({ cohort }) => cohort)).toEqual(cohorts);
    expect(new Set(served.map(({ atMs }) => atMs)).size).toBe(1);
  });

  it("passes over a cohort that was served early and is due again later", () => {
    const { pacer, served, wait } = createPacer();
    const began = performance.now();
    const cohort = wait(began + 100);
    // It was full: written at once, and its next write may be a second later.
    cohort.paced.dueAtMs = began + 300;
    pacer.add(cohort, began + 300);
    vi.advanceTimersByTime(250);
    expect(served).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(served.map(({ cohort: one }) => one)).toEqual([cohort]);
  });

  it("serves what is added while it serves", () => {
    const began = performance.now();
    const served: number[] = [];
    const pacer: Pacer = new Pacer((cohort) => {
      served.push(performance.now() - began);
      if (served.length < 4 && cohort.paced !== undefined) pacer.add(cohort, (cohort.paced.dueAtMs = performance.now() + 100));
    });
    const cohort = pacedCohort();
    pacer.add(cohort, (cohort.paced.dueAtMs = began + 100));
    vi.advanceTimersByTime(1000);
    expect(served).toHaveLength(4);
    for (const [i, atMs] of served.entries()) expect(atMs - (served[i - 1] ?? 0)).toBeGreaterThanOrEqual(100);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("serves all at once when it is flushed, those that were served early too, and leaves no timer", () => {
    const { pacer, served, wait } = createPacer();
    const began = performance.now();
    const cohorts = [wait(began + 3000), wait(began + 100), wait(began + 2000)] as const;
    cohorts[1].paced.dueAtMs = began + 5000;
    pacer.flush();
    expect(served.map(({ cohort }) => cohort)).toEqual([cohorts[1], cohorts[2], cohorts[0]]);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(served).toHaveLength(3);
    // It goes on afterwards.
    wait(performance.now() + 10);
    vi.advanceTimersByTime(20);
    expect(served).toHaveLength(4);
  });
});

/** A dispatcher with one paced subscriber; `publish` waits for the dispatch. */
function createDispatcher(latest = false): {
  readonly dispatcher: Dispatcher;
  readonly member: TestMember;
  readonly publish: (...data: readonly string[]) => Promise<void>;
} {
  const journal = memoryJournal();
  const dispatcher = dispatcherOf(journal);
  const member = new TestMember();
  dispatcher.cohorts.acquire(selectionOf(["=t"], { pace: { intervalMs: INTERVAL_MS, latest } })).join(member);
  const publish = async (...data: readonly string[]): Promise<void> => {
    await journal.append(data.map((one) => updateOf(["t"], one)));
    dispatcher.flush();
  };
  return { dispatcher, member, publish };
}

describe("paced delivery", () => {
  it("writes the first update at once, and what follows together when the interval is over", async () => {
    const { member, publish } = createDispatcher();
    await publish("1");
    expect(member.data).toEqual([["1"]]);
    await publish("2");
    await publish("3", "4");
    vi.advanceTimersByTime(INTERVAL_MS - 10);
    expect(member.data).toEqual([["1"]]);
    vi.advanceTimersByTime(20);
    expect(member.data).toEqual([["1"], ["2", "3", "4"]]);
    vi.advanceTimersByTime(10 * INTERVAL_MS);
    expect(member.writes).toHaveLength(2);
  });

  it("writes early when too much waits, and takes up the interval from there", async () => {
    const { member, publish } = createDispatcher();
    await publish("1");
    const big = "x".repeat(600_000);
    vi.advanceTimersByTime(INTERVAL_MS / 2);
    await publish(big);
    expect(member.writes).toHaveLength(1);
    await publish(big);
    expect(member.data.at(-1)).toEqual([big, big]);
    await publish("2");
    // The old time is void: the early write counts.
    vi.advanceTimersByTime(INTERVAL_MS - 10);
    expect(member.writes).toHaveLength(2);
    vi.advanceTimersByTime(20);
    expect(member.data.at(-1)).toEqual(["2"]);
  });

  it("writes what waits when the dispatcher stops", async () => {
    const { dispatcher, member, publish } = createDispatcher(true);
    await publish("1");
    await publish("2", "3");
    dispatcher.stop();
    expect(member.data).toEqual([["1"], ["3"]]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
