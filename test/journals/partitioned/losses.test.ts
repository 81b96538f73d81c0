import { memoryJournal } from "artesian/journals/memory";
import type { Journal, Update } from "artesian";
import { describe, expect, it } from "vitest";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import { partitionedJournal } from "../../../packages/hub/src/journals/partitioned/index.ts";
import { partitionOf } from "../../../packages/hub/src/journals/partitioned/partition-of.ts";
import { Path } from "../../../packages/hub/src/journals/partitioned/path.ts";
import { ModelReader } from "../../core/hub-model-support.ts";
import { HeldBack, Replaceable } from "./support.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const turns = async (count = 10): Promise<void> => {
  for (let i = 0; i < count; i++) await turn();
};

function update(topic: string | readonly string[], data: string): Update {
  return { topics: [topic].flat(), data, id: undefined, type: undefined, retry: undefined, private: false };
}

/** One topic of each of two partitions. */
const [X, Y] = [0, 1].map((at) => ["a", "b", "c", "d", "e"].find((topic) => partitionOf(topic, 2) === at)) as [string, string];

function memories(...counts: number[]): Journal[] {
  // They outlive the hubs that are closed.
  return counts.map((maxCount) => Object.assign(memoryJournal({ retention: { maxCount } }), { close: async () => undefined }));
}

describe("a partition that drops records", () => {
  it("does not hold up whoever appended them", async () => {
    const path = new Path([0, 0]);
    for (let i = 0; i < 3000; i++) path.push(1);
    path.dropBefore(2500);
    expect(path.placesOf(1, [1, 2048, 2049, 3000])).toEqual([1, 2048, 2049, 3000]);
    const hub = new HubCore({ journal: await partitionedJournal(memories(10, 10)) });
    const batch = Array.from({ length: 1000 }, (_, i) => ({ topic: i % 3 === 0 ? X : Y, data: `${i}` }));
    for (let i = 0; i < 20; i++) expect(await hub.publisher.publishBatch(batch)).toHaveLength(1000);
    await hub.close();
  });

  it("leaves the newest of all partitions in a snapshot", async () => {
    const hub = new HubCore({ journal: await partitionedJournal(memories(5, 1000)) });
    // So large that most of them are not at hand.
    for (let i = 0; i < 160; i++) await hub.publisher.publish({ topic: i % 2 === 0 ? X : Y, data: "-".repeat(250_000) });
    await turns();
    const { early } = await hub.readers.resolve(undefined, hub.readers.select([{ type: "exact", pattern: "*" }], undefined), 3);
    expect(early?.next()?.size).toBe(3);
    await hub.close();
  });

  it("is a gap for whoever had missed them, once, also where its socket is full", async () => {
    const parts = memories(1000, 5);
    const held = parts.map((part) => new HeldBack(part));
    const [first, late] = [
      new HubCore({ journal: await partitionedJournal(held.map(({ journal }) => journal)), drainMs: 5 }),
      new HubCore({ journal: await partitionedJournal(parts), drainMs: 5, writeStallMs: 3_600_000 }),
    ];
    const reader = new ModelReader({ topics: ["*"], isTrusted: false });
    await reader.connect(first);
    // So large that not all of them are at hand.
    const large = (i: number): Update => update(Y, `y${i}${"-".repeat(3_000_000)}`);
    for (let i = 0; i < 4; i++) await parts[1]?.append([large(i)]);
    await parts[0]?.append([update(X, "first")]);
    held[0]?.pass();
    await turns();
    expect(reader.received).toEqual(["first"]);
    reader.disconnect();
    const selection = late.readers.select([{ type: "exact", pattern: "*" }], undefined);
    const begun = await late.readers.resolve(reader.lastEventId, selection);
    expect(begun.early?.next()?.size).toBe(4);
    // Two of them are dropped before they are sent.
    for (let i = 4; i < 7; i++) await parts[1]?.append([large(i)]);
    const events: string[] = [];
    const write = (bytes: Uint8Array): boolean => {
      events.push(new TextDecoder().decode(bytes));
      return false;
    };
    const subscriber = late.readers.attach(
      selection,
      { write, pendingBytes: () => 0, end: () => undefined, destroy: () => undefined },
      begun,
    );
    for (let i = 0; i < 12; i++) {
      await turns(3);
      subscriber?.drained();
    }
    const text = events.join("");
    expect(text.match(/event: hub:gap/g)).toHaveLength(1);
    expect([...text.matchAll(/^data: (y\d)-/gm)].map(([, data]) => data)).toEqual(["y2", "y3", "y4", "y5", "y6"]);
    await Promise.all([first, late].map((hub) => hub.close()));
  });
});

describe("a partition that is damaged in the middle", () => {
  it("is one gap for whoever comes by", async () => {
    const parts = memories(1000, 1000);
    const journal = await partitionedJournal(parts);
    for (let i = 0; i < 20; i++) await journal.append([update(i % 2 === 0 ? X : Y, `${i}`)]);
    const damaged = parts[1] as Journal;
    const read = damaged.read.bind(damaged);
    damaged.read = async (after, limits) => {
      if (after === 4) return { kind: "trimmed", head: 6 };
      return after > 4 ? read(after, limits) : read(after, { ...limits, maxRecords: Math.min(limits.maxRecords, 4 - after) });
    };
    const found: string[] = [];
    for (let after = 0, reads = 0; after < 20 && reads < 20; reads++) {
      const page = await journal.read(after, { maxRecords: 100, maxBytes: Infinity });
      if (page.kind === "trimmed") found.push("gap");
      else found.push(...page.records.map(({ data }) => data));
      after = page.kind === "trimmed" ? page.head - 1 : (page.upTo ?? 20);
    }
    // The one of offset 5 is the tenth.
    expect(found).toEqual(Array.from({ length: 20 }, (_, i) => (i === 9 ? "gap" : `${i}`)));
    await journal.close();
  });
});

describe("a partition that is replaced", () => {
  it("leaves open what became of an append that had not come back, and does not make it wait", async () => {
    const lost = new Replaceable();
    const held = new HeldBack(lost.journal);
    const journal = await partitionedJournal([held.journal, ...memories(1000)]);
    const appending = journal.append([update(X, "x")]);
    await turns();
    lost.replace();
    await expect(appending).rejects.toMatchObject({ code: "outcome_unknown" });
    await journal.close();
  });

  it("with the table has the links again, so that another hub finds what is held", async () => {
    const lost = new Replaceable();
    const parts = [lost.journal, ...memories(1000)];
    const journal = await partitionedJournal(parts);
    await journal.append([update([Y, X], "both")]);
    lost.replace();
    await turns();
    const late = await partitionedJournal(parts);
    const page = await late.read(0, { maxRecords: 10, maxBytes: Infinity, topics: [X] });
    expect(page.kind === "records" && page.records.map(({ data }) => data)).toEqual(["both"]);
    await late.close();
  });

  it("in its epoch, as after records that did not come in time, has those who follow come back, and holds up nobody", async () => {
    const lost = new Replaceable();
    const parts = [lost.journal, ...memories(1000)];
    const suspended = new HeldBack(lost.journal);
    const [hub, other] = [
      new HubCore({ journal: await partitionedJournal([suspended.journal, parts[1] as Journal]), drainMs: 5 }),
      new HubCore({ journal: await partitionedJournal(parts), drainMs: 5 }),
    ];
    const reader = new ModelReader({ topics: ["*"], isTrusted: false });
    await reader.connect(hub);
    const id = await other.publisher.publish({ topic: X, data: "x" });
    suspended.drop();
    lost.tell();
    expect(reader.isOpen).toBe(false);
    const all = hub.readers.select([{ type: "exact", pattern: "*" }], undefined);
    expect(await hub.readers.resolve(id, all)).toMatchObject({ gap: undefined });
    await reader.connect(hub);
    await turns();
    await Promise.all([hub.close(), other.close()]);
  });
});

describe("what a journal of several partitions is asked", () => {
  it("about an event id that somebody made up is answered at once", async () => {
    const hub = new HubCore({ journal: await partitionedJournal(memories(1000, 1000)) });
    const id = await hub.publisher.publish({ topic: X, data: "x" });
    const [epoch] = id.split(":");
    expect(await hub.process.explain(`${epoch}:!zzzz.0`)).toBeUndefined();
    expect(await hub.process.explain(`${epoch}:1.!zzzz`)).toBeUndefined();
    await hub.close();
  });

  it("by another attempt at an update whose time is over since is answered with the first ids", async () => {
    const hub = new HubCore({ journal: await partitionedJournal(memories(1000, 1000)) });
    const later = { topic: Y, data: "y", deliverAt: new Date(Date.now() + 100) };
    const ids = await hub.publisher.publishBatch([later], { idempotencyKey: "k" });
    await expect.poll(() => Date.now() > later.deliverAt.getTime()).toBe(true);
    expect(await hub.publisher.publishBatch([later], { idempotencyKey: "k" })).toEqual(ids);
    await hub.close();
  });

  it("by subscribers that have missed much costs little for each of them", async () => {
    const parts = memories(100_000, 100_000);
    const held = parts.map((part) => new HeldBack(part));
    const behind = new HubCore({ journal: await partitionedJournal(held.map(({ journal }) => journal)), drainMs: 5 });
    const whole = new HubCore({ journal: await partitionedJournal(parts), drainMs: 5 });
    const reader = new ModelReader({ topics: ["*"], isTrusted: false });
    await reader.connect(behind);
    const missed = Array.from({ length: 2500 }, (_, i) => `y${i}`);
    await parts[1]?.append(missed.map((data) => update(Y, data)));
    await parts[0]?.append([update(X, "first")]);
    held[0]?.pass();
    await turns();
    reader.disconnect();
    const all = whole.readers.select([{ type: "exact", pattern: "*" }], undefined);
    expect((await whole.readers.resolve(reader.lastEventId, all)).early?.next()?.size).toBe(100);
    await reader.connect(whole);
    await turns(100);
    expect(reader.received).toEqual(["first", ...missed]);
    await Promise.all([behind.close(), whole.close()]);
  });
});
