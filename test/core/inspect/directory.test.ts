import { fc, test } from "@fast-check/vitest";
import type { SubscriberInfo, SubscriberPage } from "artesian";
import { describe, expect, it } from "vitest";
import { addSamples } from "../../../packages/hub/src/console/server/sums.ts";
import { sampleOf } from "../../../packages/hub/src/console/server/wire.ts";
import { findSubscribers, mergePages, type SubscriberQuery } from "../../../packages/hub/src/core/inspect/directory.ts";
import { PEER_TEXT_LENGTH } from "../../../packages/hub/src/core/journal/peers.ts";
import { exact } from "../../support/tokens.ts";

function subscriber(id: number, pattern = "a"): SubscriberInfo {
  return {
    id: String(id).padStart(6, "0"),
    matchers: [exact(pattern)],
    issuer: undefined,
    subject: undefined,
    address: undefined,
    intervalMs: 0,
    latest: false,
    openMs: 1,
    state: "live",
    lag: 0,
    lagMs: 0,
  };
}

/** Every page of what several processes hold, as they come over. */
async function walk(processes: readonly (readonly SubscriberInfo[])[], query: SubscriberQuery): Promise<SubscriberPage[]> {
  const pages: SubscriberPage[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const asked: SubscriberQuery = { ...query, after };
    const answers = await Promise.all(processes.map((all) => findSubscribers(all, asked)));
    const page = mergePages(JSON.parse(JSON.stringify(answers)) as SubscriberPage[], asked);
    pages.push(page);
    after = page.next;
  }
  return pages;
}

describe("pages of the subscribers of several processes", () => {
  test.prop([fc.uniqueArray(fc.nat({ max: 9999 }), { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 })], {
    seed: 6,
  })("have each once, in order, and say how many there are", async (ids, count, limit) => {
    const processes = Array.from({ length: count }, (_, i) => ids.filter((id) => (id * 31) % count === i).map((id) => subscriber(id)));
    const pages = await walk(processes, { limit });
    expect(pages.flatMap((page) => page.subscribers.map(({ id }) => Number(id)))).toEqual(ids.toSorted((a, b) => a - b));
    for (const page of pages) {
      expect([page.total, page.matched]).toEqual([ids.length, ids.length]);
      expect(page.subscribers.length).toBeLessThanOrEqual(limit);
    }
    expect(pages.slice(0, -1).every(({ subscribers }) => subscribers.length === limit)).toBe(true);
  });

  it("stay small enough to be sent, with none left out", async () => {
    const long = "x".repeat(100_000);
    const processes = [0, 1].map((i) => Array.from({ length: 20 }, (_, j) => subscriber(j * 2 + i, i === 0 ? long : "a")));
    for (const all of processes) {
      expect(JSON.stringify(await findSubscribers(all, {})).length).toBeLessThan(PEER_TEXT_LENGTH / 2);
    }
    const pages = await walk(processes, {});
    expect(pages.flatMap((page) => page.subscribers.map(({ id }) => Number(id)))).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });
});

describe("the figures of several processes", () => {
  const sample = (at: number, value: number): ReturnType<typeof sampleOf> => sampleOf([at, ...Array.from({ length: 9 }, () => value)]);

  it("are added to those that are nearest in time, but for the journal's", () => {
    const own = [sample(1000, 1), sample(2000, 1), sample(3000, 1), sample(9000, 1)];
    const other = [sample(1900, 0.1), sample(2900, 0.2), sample(3900, 5)];
    const sums = addSamples(own, [other, []], 1000);
    expect(sums.map(({ at, published, journalBytes }) => [at, published, journalBytes])).toEqual([
      [1000, 1.1, 1],
      [2000, 1.1, 1],
      [3000, 1.2, 1],
      [9000, 1, 1],
    ]);
    expect(own[0]?.published).toBe(1);
  });
});
