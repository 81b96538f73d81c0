import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { Cohort } from "../../../packages/hub/src/core/live/cohort.ts";
import { FramedRecord } from "../../../packages/hub/src/core/live/frame-ring.ts";
import type { JournalRecord } from "../../../packages/hub/src/core/journal/journal.ts";
import { MatcherIndex } from "../../../packages/hub/src/core/live/matcher-index.ts";
import { TopicSearch } from "../../../packages/hub/src/core/live/topic-search.ts";
import { stopClock } from "../../support/clock.ts";
import { PARSER, recordOf, selectionOf, TestMember } from "../support.ts";

/** Patterns that must all be tested on a new topic, because nothing literal stands before their wildcard. */
const BASE = Array.from({ length: 120 }, (_, i) => selectionOf([`/*/${i}`]));
const VISITORS = [["/t/*"], ["/:a/5"], ["/:a/:b"], ["/u/5", "=exact"], ["/:x(\\d+)/:y"], ["*"], ["=exact"]].flatMap((matchers) => [
  selectionOf(matchers),
  selectionOf(matchers, {}, ["/t/:private"]),
]);
const TOPICS = ["/t/5", "/t/77", "/u/5", "/7/7", "/t", "exact", "not a url: %"];

/** Subscribers come and go, updates arrive, and the dispatcher searches a slice at a time. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("come" as const), which: fc.nat(VISITORS.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("go" as const), which: fc.nat(), isDropped: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("update" as const),
      topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }),
      private: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("search" as const), steps: fc.nat(6) }) },
  // So many changes that what is known is forgotten.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rush" as const) }) },
  // The search took too long: what is pending is dispatched without it.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("giveUp" as const) }) },
);

interface World {
  readonly index: MatcherIndex;
  readonly search: TopicSearch;
  readonly come: (cohort: Cohort) => void;
  readonly go: (cohort: Cohort, isDropped: boolean) => void;
}

function createWorld(): World {
  const index = new MatcherIndex(PARSER);
  const come = (cohort: Cohort): void => {
    cohort.join(new TestMember());
    index.wake(cohort);
  };
  for (const selection of BASE) {
    const cohort = new Cohort(selection);
    index.add(cohort);
    come(cohort);
  }
  const go = (cohort: Cohort, isDropped: boolean): void => {
    cohort.members.length = 0;
    index.rest(cohort);
    if (isDropped) index.remove(cohort);
  };
  return { index, search: new TopicSearch(index), come, go };
}

describe("a search of topics in slices", () => {
  test.prop([fc.array(step, { maxLength: 60 })], { seed: Number(process.env["SEED"] ?? 2026), numRuns: 300 })(
    "finds what a search at once finds, as subscribers come and go between the slices",
    (steps) => {
      const clock = stopClock();
      clock.lookMs = 1;
      const { index, search, come, go } = createWorld();
      const spare = new Map<number, Cohort>();
      const present = new Map<number, Cohort>();
      const rushed = new Cohort(selectionOf(["/rush/:x"]));
      index.add(rushed);
      let pending: JournalRecord[] = [];
      const dispatched: number[] = [];
      let offset = 0;
      const advance = (looks: number): void => {
        const ready = search.advance(pending, clock.nowMs + looks);
        for (const record of pending.splice(0, ready)) {
          const touched: Cohort[] = [];
          index.collect(new FramedRecord(record), touched, (topic) => search.found(topic));
          const found = [...present].filter(([, cohort]) => touched.includes(cohort)).map(([which]) => which);
          const wanted = [...present].filter(([, cohort]) => cohort.selection.selects(record)).map(([which]) => which);
          expect(found).toEqual(wanted);
          // The base's too, and no cohort that is gone.
          const base = BASE.filter((selection) => selection.selects(record)).map(({ key }) => key);
          expect(touched.map(({ selection }) => selection.key).toSorted()).toEqual(
            [...base, ...wanted.map((which) => (VISITORS[which] as Cohort["selection"]).key)].toSorted(),
          );
          for (const cohort of touched) cohort.run.length = 0;
          dispatched.push(record.offset);
        }
        search.clear();
      };
      for (const one of steps) {
        if (one.kind === "come") {
          if (present.has(one.which)) continue;
          let cohort = spare.get(one.which);
          if (cohort === undefined) index.add((cohort = new Cohort(VISITORS[one.which] as Cohort["selection"])));
          spare.delete(one.which);
          present.set(one.which, cohort);
          come(cohort);
        } else if (one.kind === "go") {
          const gone = [...present][one.which % Math.max(present.size, 1)];
          if (gone === undefined) continue;
          present.delete(gone[0]);
          go(gone[1], one.isDropped);
          if (!one.isDropped) spare.set(...gone);
        } else if (one.kind === "update") pending.push(recordOf(++offset, one.topics, "", { private: one.private }));
        else if (one.kind === "search") advance(one.steps);
        else if (one.kind === "rush") {
          for (let i = 0; i < 1500; i++) {
            index.wake(rushed);
            index.rest(rushed);
          }
        } else {
          search.reset();
          for (const record of pending) dispatched.push(record.offset);
          pending = [];
        }
      }
      advance(Infinity);
      expect(dispatched).toEqual(Array.from({ length: offset }, (_, i) => i + 1));
    },
  );

  it("goes on where the last slice ended, within an update of several topics", () => {
    stopClock();
    const { search } = createWorld();
    const records = [recordOf(1, ["/t/5", "/t/6", "/t/7"]), recordOf(2, ["/t/5"])];
    let slices = 1;
    while (search.advance(records, 0) === 0) {
      slices++;
      expect(slices).toBeLessThan(20);
    }
    // Each topic takes a step for each 50 patterns, and the last one.
    expect(slices).toBe(3 * 3 + 1);
    expect(["/t/5", "/t/6", "/t/7"].map((topic) => search.found(topic)?.groups.length)).toEqual([1, 1, 1]);
  });

  it("needs no time for topics that are known", () => {
    stopClock();
    const { search } = createWorld();
    const records = Array.from({ length: 1000 }, (_, i) => recordOf(i + 1, [`/t/${i % 10}`]));
    expect(search.advance(records.slice(0, 10), Infinity)).toBe(10);
    search.clear();
    expect(search.found("/t/5")).toBeUndefined();
    expect(search.advance(records, 0)).toBe(1000);
    expect(search.found("/t/5")?.groups).toHaveLength(1);
  });

  it("keeps the results of an update that it is in the middle of, and lets go of them when it is given up", () => {
    stopClock();
    const { search } = createWorld();
    const record = recordOf(1, ["/t/5", "/t/6"]);
    for (let i = 0; i < 5; i++) {
      expect(search.advance([record], 0)).toBe(0);
      search.clear();
    }
    expect(search.found("/t/5")).toBeDefined();
    search.reset();
    expect(search.found("/t/5")).toBeUndefined();
    // What was begun of it is void: another update begins at its first topic.
    expect(search.advance([recordOf(2, ["/t/9"])], Infinity)).toBe(1);
    expect(search.found("/t/9")?.groups).toHaveLength(1);
  });
});
