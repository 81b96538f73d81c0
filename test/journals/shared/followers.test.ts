import type { JournalPage, JournalRecord } from "artesian";
import { expect, it } from "vitest";
import { Followers } from "../../../packages/hub/src/journals/shared/followers.ts";

const record = (offset: number, data: string): JournalRecord => ({
  offset,
  at: 0,
  topics: ["t"],
  data,
  id: undefined,
  type: undefined,
  retry: undefined,
  private: false,
});
const dataOf = (records: readonly JournalRecord[]): string[] => records.map(({ data }) => data);

/** Followers of a journal with these records. */
function followersOf(held: readonly JournalRecord[], read = { count: 0 }): Followers {
  return new Followers(async (after): Promise<JournalPage> => {
    read.count++;
    return { kind: "records", records: held.filter(({ offset }) => offset > after) };
  });
}

it("gives a follower that starts near the tail the missed records at once, without a read", () => {
  const read = { count: 0 };
  const followers = followersOf([], read);
  followers.give([record(1, "a"), record(2, "b"), record(3, "c")]);
  const followed: string[] = [];
  followers.follow(1, 3, (records) => followed.push(...dataOf(records)));
  followers.give([record(4, "d")]);
  expect([followed, read.count]).toEqual([["b", "c", "d"], 0]);
});

it("reads records that are no longer in memory, and gives each record once", async () => {
  const held = [record(1, "a"), record(2, "b")];
  const followers = followersOf(held);
  followers.restart(2);
  const followed: string[] = [];
  followers.follow(0, 2, (records) => followed.push(...dataOf(records)));
  held.push(record(3, "c"));
  followers.give([record(3, "c")]);
  await expect.poll(() => followed).toEqual(["a", "b", "c"]);
  followers.give([record(4, "d")]);
  expect(followed).toEqual(["a", "b", "c", "d"]);
});

it("gives no record of a journal that was replaced a moment ago", async () => {
  const followers = followersOf([record(1, "new a"), record(2, "new b")]);
  followers.give([record(1, "old a"), record(2, "old b"), record(3, "old c")]);
  const followed: string[] = [];
  followers.follow(0, 2, (records) => followed.push(...dataOf(records)));
  await expect.poll(() => followed).toEqual(["new a", "new b"]);
});
