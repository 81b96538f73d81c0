import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Cohort } from "../../../packages/hub/src/core/live/cohort.ts";
import type { Dispatcher } from "../../../packages/hub/src/core/live/dispatcher.ts";
import { MatcherIndex } from "../../../packages/hub/src/core/live/matcher-index.ts";
import { collectGarbage } from "../../support/garbage.ts";
import { dispatcherOf, selectionOf, TestMember, updateOf } from "../support.ts";

/** Cohorts without subscribers that are kept in any case. */
const KEPT = 64;

/** The clock stands still, or a busy machine would end a slice of matching before the patterns are tested. */
function createDispatcher(): { readonly dispatcher: Dispatcher; readonly publish: (topic: string, data: string) => Promise<void> } {
  const now = vi.spyOn(performance, "now").mockReturnValue(performance.now());
  onTestFinished(() => now.mockRestore());
  const journal = memoryJournal();
  const dispatcher = dispatcherOf(journal);
  const publish = async (topic: string, data: string): Promise<void> => {
    await journal.append([updateOf([topic], data)]);
    dispatcher.flush();
  };
  return { dispatcher, publish };
}

/** One subscriber comes and goes for each topic. */
function visit(dispatcher: Dispatcher, topics: readonly string[]): readonly Cohort[] {
  return topics.map((topic) => {
    const cohort = dispatcher.cohorts.acquire(selectionOf([`=${topic}`, `/visited/:x/${topic}`, "/.well-known/mercure/*"], {}, ["*"]));
    dispatcher.cohorts.release(cohort);
    return cohort;
  });
}

const names = (prefix: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

/** How many of the cohorts are still there. Those that are not are made again, so a test asks once. */
function countKept(dispatcher: Dispatcher, cohorts: readonly Cohort[]): number {
  return cohorts.filter((cohort) => dispatcher.cohorts.acquire(cohort.selection) === cohort).length;
}

describe("cohorts without subscribers", () => {
  it("wait for those who come back", () => {
    const { dispatcher } = createDispatcher();
    const selection = selectionOf(["=t", "/a/:b"]);
    const cohort = dispatcher.cohorts.acquire(selection);
    expect(dispatcher.cohorts.acquire(selectionOf(["/a/:b", "=t"]))).toBe(cohort);
    expect(dispatcher.cohorts.usedCount).toBe(1);
    dispatcher.cohorts.release(cohort);
    expect(dispatcher.cohorts.usedCount).toBe(1);
    dispatcher.cohorts.release(cohort);
    expect(dispatcher.cohorts.usedCount).toBe(0);
    expect(dispatcher.cohorts.acquire(selection)).toBe(cohort);
    expect(dispatcher.cohorts.usedCount).toBe(1);
  });

  it("are all kept up to 64, and an eighth of all cohorts", () => {
    const few = createDispatcher().dispatcher;
    expect(countKept(few, visit(few, names("few", KEPT)))).toBe(KEPT);
    const many = createDispatcher().dispatcher;
    for (const topic of names("used", 800)) many.cohorts.acquire(selectionOf([`=${topic}`]));
    expect(countKept(many, visit(many, names("visitor", KEPT + 100)))).toBe(KEPT + 100);
  });

  it("are dropped past the bound", () => {
    const { dispatcher } = createDispatcher();
    const visited = visit(dispatcher, names("visitor", 400));
    expect(countKept(dispatcher, visited)).toBeLessThanOrEqual(KEPT + KEPT / 4);
    expect(dispatcher.cohorts.usedCount).toBe(400);
  });

  it("are counted once, however often their subscribers come and go", () => {
    const { dispatcher } = createDispatcher();
    const [kept] = visit(dispatcher, ["kept"]);
    for (let i = 0; i < 1000; i++) visit(dispatcher, ["busy"]);
    expect(countKept(dispatcher, [kept as Cohort])).toBe(1);
  });

  it("are not dropped if a subscriber came back meanwhile, and may be later", async () => {
    const { dispatcher, publish } = createDispatcher();
    const [cohort] = visit(dispatcher, ["t"]) as [Cohort];
    expect(dispatcher.cohorts.acquire(cohort.selection)).toBe(cohort);
    const member = new TestMember();
    cohort.join(member);
    visit(dispatcher, names("visitor", 400));
    expect(countKept(dispatcher, [cohort])).toBe(1);
    dispatcher.cohorts.release(cohort);
    await publish("t", "exact");
    await publish("/visited/1/t", "pattern");
    expect(member.data).toEqual([["exact"], ["pattern"]]);
    cohort.leave(member);
    dispatcher.cohorts.release(cohort);
    visit(dispatcher, names("other", 400));
    expect(countKept(dispatcher, [cohort])).toBe(0);
  });

  it("get nothing in the index but a place, and none of it when they are dropped", () => {
    const [added, removed] = [vi.spyOn(MatcherIndex.prototype, "add"), vi.spyOn(MatcherIndex.prototype, "remove")];
    onTestFinished(() => {
      added.mockRestore();
      removed.mockRestore();
    });
    const { dispatcher } = createDispatcher();
    const used = dispatcher.cohorts.acquire(selectionOf(["/used/:x"]));
    const index = added.mock.contexts[0] as MatcherIndex;
    const visited = visit(dispatcher, names("visitor", 400));
    // The patterns of those without subscribers are not tested.
    expect(index.patternCount).toBe(1);
    expect(added).toHaveBeenCalledTimes(401);
    const inIndex = new Set(added.mock.calls.map(([cohort]) => cohort));
    // Each is taken out once.
    for (const [cohort] of removed.mock.calls) expect(inIndex.delete(cohort)).toBe(true);
    expect(inIndex.has(used)).toBe(true);
    expect(countKept(dispatcher, visited)).toBe(inIndex.size - 1);
    expect(index.patternCount).toBe(402);
  });

  it("are held by nothing once they are dropped", async () => {
    const { dispatcher, publish } = createDispatcher();
    // Cohorts that may hear of presence are listed too.
    dispatcher.presence = { isNote: () => false, updatesOf: () => [] };
    const paced = selectionOf(["/:x/all", "=y"], { pace: { intervalMs: 1000, latest: true } });
    dispatcher.cohorts.acquire(paced).join(new TestMember());
    const visited = visit(dispatcher, names("visitor", 300)).map((cohort) => new WeakRef(cohort));
    // What is known of a topic, and of changes, must not hold them either.
    for (let i = 0; i < 300; i++) await publish(`/visited/1/visitor-${i}`, "seen");
    const held = (): number => visited.filter((ref) => ref.deref() !== undefined).length;
    await new Promise(setImmediate);
    collectGarbage();
    expect(held()).toBeGreaterThan(0);
    expect(held()).toBeLessThanOrEqual(KEPT + KEPT / 4);
    // All go when the journal is replaced.
    dispatcher.restart();
    await new Promise(setImmediate);
    collectGarbage();
    expect(held()).toBe(0);
  });
});
