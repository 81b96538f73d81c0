import * as fc from "fast-check";
import { memoryJournal } from "artesian/journals/memory";
import type { Journal, JournalRecord, Update } from "artesian";
import { describe, expect, it } from "vitest";
import type { IdCipher } from "../../../packages/hub/src/core/journal/cursor.ts";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import { opaqueIds } from "../../../packages/hub/src/http/opaque-ids.ts";
import { partitionedJournal } from "../../../packages/hub/src/journals/partitioned/index.ts";
import { partitionOf } from "../../../packages/hub/src/journals/partitioned/partition-of.ts";
import { Path } from "../../../packages/hub/src/journals/partitioned/path.ts";
import { formatVector, parseVector } from "../../../packages/hub/src/journals/partitioned/vector.ts";
import { ModelReader } from "../../core/hub-model-support.ts";
import { HeldBack } from "./support.ts";

const SEED = Number(process.env["SEED"] ?? 2026);
const ALL = { maxRecords: 1000, maxBytes: Infinity };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** How the hub's own event ids look. */
const IDS: readonly (readonly [string, IdCipher | undefined])[] = [
  ["plain", undefined],
  ["opaque", opaqueIds("the secret of all hubs of the journal")],
];

function update(topic: string | readonly string[], data: string, id?: string): Update {
  return { topics: [topic].flat(), data, id, type: undefined, retry: undefined, private: false };
}

/** A topic of each partition, and then others. */
function topicsOf(count: number, each = 2): string[][] {
  const topics: string[][] = Array.from({ length: count }, () => []);
  for (let i = 0; topics.some((some) => some.length < each); i++) {
    const some = topics[partitionOf(`t${i}`, count)] as string[];
    if (some.length < each) some.push(`t${i}`);
  }
  return topics;
}

async function recordsOf(journal: Journal, after = 0, topics?: readonly string[]): Promise<readonly JournalRecord[]> {
  const records: JournalRecord[] = [];
  for (;;) {
    const page = await journal.read(after, { ...ALL, topics });
    if (page.kind === "trimmed") throw new Error(`trimmed up to ${page.head}`);
    records.push(...page.records);
    const upTo = page.upTo ?? page.records.at(-1)?.offset ?? after;
    if (upTo === after) return records;
    after = upTo;
  }
}

describe("the partition of a topic", () => {
  it("is what it was in every version", () => {
    expect(["", "a", "b", "/chat/1", "/chat/2", "https://example.com/books/1", "Été ☂"].map((topic) => partitionOf(topic, 16))).toEqual([
      1, 7, 14, 15, 13, 7, 5,
    ]);
  });

  it("is each as often as any other", () => {
    for (const count of [2, 3, 8, 16]) {
      const counts = Array.from({ length: count }, () => 0);
      for (let i = 0; i < 20_000; i++) (counts[partitionOf(`https://example.com/rooms/${i}`, count)] as number)++;
      expect(Math.max(...counts) / (20_000 / count)).toBeLessThan(1.15);
      expect(Math.min(...counts) / (20_000 / count)).toBeGreaterThan(0.85);
    }
  });
});

describe("an event id of several partitions", () => {
  it("is read as it was written, and nothing else is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.maxSafeNat(), { minLength: 2, maxLength: 16 }),
        fc.option(fc.nat({ max: 15 }), { nil: undefined }),
        (offsets, at) => {
          const own = at === undefined ? undefined : at % offsets.length;
          expect(parseVector(formatVector("abcdefgh", offsets, own))).toEqual({ epoch: "abcdefgh", offsets, own });
        },
      ),
      { seed: SEED },
    );
    const others = [
      "",
      "#abcdefgh:1",
      "#abcdefgh:01.2",
      "#abcdefgh:1.2.",
      "#abcdefgh:1..2",
      "#abcdefg:1.2",
      "#abcdefgh:1.2 ",
      "#abcdefgh:!1.!2",
    ];
    for (const text of [...others, "#abcdefgh:zzzzzzzzzzz.1", "#abcdefgh:A.1", "#abcdefgh:1.!"])
      expect(parseVector(text), text).toBeUndefined();
  });
});

describe("the order of a process", () => {
  it("is that of a list, however it grows, is asked and is cut", () => {
    const sizes = fc.nat({ max: 3000 });
    const steps = fc.array(fc.tuple(fc.constantFrom("push", "prepend", "cut"), sizes, fc.nat({ max: 2 })), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 5000, max: 9000 }), { minLength: 3, maxLength: 3 }),
        steps,
        fc.infiniteStream(fc.nat()),
        (start, all, numbers) => {
          const path = new Path(start);
          let base = [...start];
          const list: number[] = [];
          const pick = (limit: number): number => (numbers.next().value as number) % limit;
          for (const [what, size, first] of all) {
            if (what === "cut") {
              if (!path.dropBefore(path.base.offset + size)) continue;
              for (let left = list.length - path.length; left > 0; left--) (base[list.shift() as number] as number)++;
            } else {
              for (let i = 0; i < size; i++) {
                const partition = (first + i * i) % 3;
                if (what === "push") {
                  path.push(partition);
                  list.push(partition);
                } else if ((base[partition] as number) > 0) {
                  path.prepend(partition);
                  list.unshift(partition);
                  base[partition] = (base[partition] as number) - 1;
                }
              }
            }
            expect(path.length).toBe(list.length);
            expect(path.base.vector).toEqual(base);
            for (let i = 0; i < 5; i++) {
              const at = pick(list.length + 1);
              const vector = [...base];
              for (const partition of list.slice(0, at)) (vector[partition] as number)++;
              const offset = path.base.offset + at;
              expect(path.vectorAt(offset)).toEqual(vector);
              if (at < list.length) expect(path.partitionAt(offset + 1)).toBe(list[at]);
              const own = list.flatMap((partition, i) => (partition === 1 ? [i] : [])).filter((i) => i >= at);
              const first = (base[1] as number) + list.slice(0, at).filter((partition) => partition === 1).length;
              expect(
                path.placesOf(
                  1,
                  own.map((_, i) => first + 1 + i),
                ),
              ).toEqual(own.map((i) => path.base.offset + 1 + i));
              if (at > 0) expect(path.placeOf(list[at - 1] as number, vector[list[at - 1] as number] as number)).toBe(offset);
            }
            expect(path.placeOf(0, (path.top.vector[0] as number) + 1)).toBeUndefined();
          }
          base = [];
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });
});

describe("a journal of several partitions", () => {
  it("has a place for each record, and reads of the partitions of the topics only", async () => {
    const parts = Array.from({ length: 4 }, () => memoryJournal());
    const journal = await partitionedJournal(parts);
    const topics = topicsOf(4);
    for (let i = 0; i < 400; i++) await journal.append([update(topics[i % 4]?.[(i >> 2) % 2] as string, `${i}`)]);
    expect(parts.map((part) => part.tail())).toEqual([100, 100, 100, 100]);
    expect((await recordsOf(journal)).map(({ data }) => Number(data))).toEqual(Array.from({ length: 400 }, (_, i) => i));
    const reads = parts.map(() => 0);
    for (const [i, part] of parts.entries()) {
      const read = part.read.bind(part);
      part.read = (after, limits) => {
        reads[i] = (reads[i] as number) + 1;
        return read(after, limits);
      };
    }
    const wanted = [topics[2]?.[0] as string];
    const found = await recordsOf(journal, 0, wanted);
    expect(found.filter((record) => record.topics[0] === wanted[0]).map(({ data }) => Number(data) % 4)).toEqual(
      Array.from({ length: 50 }, () => 2),
    );
    expect(found.every(({ topics: [topic = ""] }) => partitionOf(topic, 4) === 2)).toBe(true);
    expect(reads[2]).toBeGreaterThan(0);
    // At the tail it asks all of them for what is new.
    expect(reads.filter((_, i) => i !== 2).every((count) => count <= 1)).toBe(true);
  });

  it("finds an update also by a topic that is not its first, from whichever process it came", async () => {
    const parts = Array.from({ length: 4 }, () => memoryJournal());
    const [a, b] = [await partitionedJournal(parts), await partitionedJournal(parts)];
    const [[first = ""] = [], , [, other = ""] = []] = topicsOf(4);
    await a.append([update(other, "before")]);
    await a.append([update([first, other], "both")]);
    await b.state?.commit([{ key: "k", value: "v", update: update(other, "with a change of the table") }]);
    const late = await partitionedJournal(parts);
    for (const journal of [a, b, late]) {
      const found = (await recordsOf(journal, 0, [other])).filter(({ topics }) => topics.includes(other));
      expect(found.map(({ data }) => data).toSorted()).toEqual(["before", "both", "with a change of the table"]);
    }
  });

  it.each(IDS)("takes a batch apart, and answers every attempt at it with the same ids, which are %s", async (_look, idCipher) => {
    const parts = Array.from({ length: 3 }, () => memoryJournal());
    const open = async (): Promise<HubCore> => new HubCore({ journal: await partitionedJournal(parts), idCipher });
    const [a, b] = [await open(), await open()];
    const batch = topicsOf(3)
      .flat()
      .map((topic, i) => ({ topic, data: `${i}`, ...(i === 1 && { id: "mine" }) }));
    const ids = await a.publisher.publishBatch(batch, { idempotencyKey: "once" });
    expect(ids).toHaveLength(6);
    expect(ids[1]).toBe("mine");
    expect(new Set(ids).size).toBe(6);
    expect(await a.publisher.publishBatch(batch, { idempotencyKey: "once" })).toEqual(ids);
    expect(await b.publisher.publishBatch(batch, { idempotencyKey: "once" })).toEqual(ids);
    expect(parts.map((part) => part.tail())).toEqual([2, 2, 2]);
    await expect(b.publisher.publish({ topic: topicsOf(3)[0]?.[0] as string, data: "other" }, { idempotencyKey: "once" })).rejects.toThrow(
      /used for another request/,
    );
    // Whose first attempt went to one partition, and the second one to another.
    const [[x = ""] = [], [y = ""] = []] = topicsOf(3);
    await a.publisher.publish({ topic: x, data: "1" }, { idempotencyKey: "again" });
    await expect(a.publisher.publish({ topic: y, data: "1" }, { idempotencyKey: "again" })).rejects.toThrow(/used for another request/);
    // Each is found by its id in every process.
    for (const id of ids) expect((await b.process.explain(id))?.id).toBe(id);
    await Promise.all([a.close(), b.close()]);
  });

  it("completes a batch of which one part could not be appended, when it is tried again", async () => {
    const parts = Array.from({ length: 2 }, () => memoryJournal());
    const hub = new HubCore({ journal: await partitionedJournal(parts) });
    const batch = topicsOf(2).map(([topic = ""]) => ({ topic, data: topic }));
    const keys = parts[1]?.idempotency as { append: (attempt: never) => Promise<unknown> };
    const { append } = keys;
    keys.append = () => Promise.reject(new Error("away"));
    await expect(hub.publisher.publishBatch(batch, { idempotencyKey: "k" })).rejects.toMatchObject({ code: "outcome_unknown" });
    keys.append = append;
    const ids = await hub.publisher.publishBatch(batch, { idempotencyKey: "k" });
    expect(ids).toHaveLength(2);
    expect(parts.map((part) => part.tail())).toEqual([1, 1]);
    expect(await hub.publisher.publishBatch(batch, { idempotencyKey: "k" })).toEqual(ids);
    await hub.close();
  });

  it("tells of a gap where one of the partitions dropped what is missing, and only to whom it concerns", async () => {
    const parts = [memoryJournal({ retention: { maxCount: 10 } }), memoryJournal({ retention: { maxCount: 1000 } })];
    const hub = new HubCore({ journal: await partitionedJournal(parts) });
    const [[busy = ""] = [], [quiet = ""] = []] = topicsOf(2);
    const readers = [[busy], [quiet], ["*"]].map((topics) => new ModelReader({ topics, isTrusted: false }));
    for (const reader of readers) await reader.connect(hub);
    await hub.publisher.publish({ topic: busy, data: "b" });
    await hub.publisher.publish({ topic: quiet, data: "q" });
    await turn();
    for (const reader of readers) reader.disconnect();
    for (let i = 0; i < 30; i++) await hub.publisher.publish({ topic: busy, data: `${i}` });
    await hub.publisher.publish({ topic: quiet, data: "r" });
    for (const reader of readers) await reader.connect(hub);
    for (let i = 0; i < 10; i++) await turn();
    const newest = Array.from({ length: 10 }, (_, i) => `${i + 20}`);
    expect(readers.map(({ received, gaps }) => [received, gaps])).toEqual([
      [["b", ...newest], 1],
      [["q", "r"], 0],
      [["b", "q", ...newest, "r"], 1],
    ]);
    await hub.close();
  });
});

const PLANS: readonly (readonly string[])[] = [["*"], ["t0"], ["t1", "t2"], ["t3", "t4", "t5"]];

describe.each(IDS)("hubs that have the partitions in different orders, with %s ids", (_look, idCipher) => {
  it("give one that is cut off in the middle of what it has missed what is left of it", async () => {
    const parts = Array.from({ length: 2 }, () => Object.assign(memoryJournal(), { close: async () => undefined }));
    const world: World = { parts, held: [], hubs: [], idCipher };
    for (const at of [0, 1]) await openHub(world, at);
    const [first, second] = world.hubs as [HubCore, HubCore];
    const [[x = ""] = [], [y = ""] = []] = topicsOf(2);
    const reader = new ModelReader({ topics: ["*"], isTrusted: false });
    await reader.connect(first);
    for (const i of [1, 2]) await parts[0]?.append([update(x, `x${i}`)]);
    for (const i of [1, 2, 3]) await parts[1]?.append([update(y, `y${i}${"x".repeat(40_000)}`, i === 2 ? "own" : undefined)]);
    world.held[0]?.[0]?.pass();
    for (const i of [1, 0]) world.held[1]?.[i]?.pass();
    await turn();
    expect(reader.received).toEqual(["x1", "x2"]);
    for (const cut of [1, 2]) {
      reader.disconnect();
      reader.isStopped = true;
      await reader.connect(second);
      reader.drained();
      for (let i = 0; i < 5; i++) await turn();
      expect(reader.received).toEqual(["x1", "x2", "y1+40000", "y2+40000"].slice(0, 2 + cut));
    }
    world.held[0]?.[1]?.pass();
    reader.disconnect();
    reader.isStopped = false;
    await reader.connect(first);
    for (let i = 0; i < 5; i++) await turn();
    expect(reader.received).toEqual(["x1", "x2", "y1+40000", "y2+40000", "y3+40000"]);
    await Promise.all(world.hubs.map((hub) => hub.close()));
  });

  it("give every subscriber that moves between them all, once, and each topic in order", async () => {
    const step = fc.record({
      what: fc.constantFrom(
        "publish",
        "publish",
        "batch",
        "pass",
        "pass",
        "pass one",
        "move",
        "move",
        "move stopped",
        "take one write",
        "go on",
        "restart",
      ),
      a: fc.nat({ max: 99 }),
      b: fc.nat({ max: 99 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(2, 3, 4), fc.array(step, { minLength: 5, maxLength: 80 }), (count, steps) =>
        roam(count, steps, idCipher),
      ),
      { seed: SEED, numRuns: 200 },
    );
  }, 120_000);
});

interface World {
  readonly parts: readonly Journal[];
  readonly held: HeldBack[][];
  readonly hubs: HubCore[];
  readonly idCipher: IdCipher | undefined;
}

async function openHub({ parts, held, hubs, idCipher }: World, at: number): Promise<void> {
  const mine = parts.map((part) => new HeldBack(part));
  held[at] = mine;
  const journal = await partitionedJournal(mine.map((one) => one.journal));
  hubs[at] = new HubCore({ journal, idCipher, drainMs: 5, writeStallMs: 3_600_000 });
}

async function roam(
  count: number,
  steps: readonly { what: string; a: number; b: number }[],
  idCipher: IdCipher | undefined,
): Promise<void> {
  // They outlive the hubs that are closed.
  const parts = Array.from({ length: count }, () => Object.assign(memoryJournal(), { close: async () => undefined }));
  const world: World = { parts, held: [], hubs: [], idCipher };
  for (const at of [0, 1, 2]) await openHub(world, at);
  const published: { readonly topics: readonly string[]; readonly data: string }[] = [];
  const readers = PLANS.map((topics) => new ModelReader({ topics, isTrusted: false }));
  for (const [i, reader] of readers.entries()) await reader.connect(world.hubs[i % 3] as HubCore);
  const make = (a: number, b: number): { topic: string[]; data: string; id?: string } => {
    const topics = b % 5 === 0 ? [`t${a % 6}`, `t${b % 6}`] : [`t${a % 6}`];
    const number = `${published.length}`;
    // Of large ones, each is a write.
    const filling = b % 3 === 0 ? 20_000 : 0;
    published.push({ topics, data: filling === 0 ? number : `${number}+${filling}` });
    return { topic: [...new Set(topics)], data: number + "x".repeat(filling), ...(b % 7 === 0 && { id: `own-${number}` }) };
  };
  const passAll = (): void => {
    for (const hub of world.held) for (const part of hub) part.pass();
  };
  for (const { what, a, b } of steps) {
    const hub = world.hubs[b % 3] as HubCore;
    const part = world.held[b % 3]?.[a % count];
    if (what === "publish" || what === "batch") {
      const updates = Array.from({ length: what === "batch" ? 1 + (a % 4) : 1 }, (_, i) => make(a + i, b + i));
      const writing = hub.publisher.publishBatch(updates);
      for (let i = 0; i < 3; i++) await turn();
      // Its own it has by the time that it is acknowledged.
      for (const mine of world.held[b % 3] ?? []) mine.pass();
      await writing;
    } else if (what === "pass") part?.pass();
    else if (what === "pass one") part?.pass(1);
    else if (what === "take one write") readers[a % readers.length]?.drained();
    else if (what === "go on") readers[a % readers.length]?.goOn();
    else if (what === "move" || what === "move stopped") {
      const reader = readers[a % readers.length] as ModelReader;
      reader.disconnect();
      reader.isStopped = what === "move stopped";
      const connecting = reader.connect(hub);
      for (let i = 0; i < 3; i++) await turn();
      // What it has had elsewhere arrives.
      for (const mine of world.held[b % 3] ?? []) mine.pass();
      await connecting;
    } else if (what === "restart") {
      const at = b % 3;
      await (world.hubs[at] as HubCore).close();
      await openHub(world, at);
      for (const [i, reader] of readers.entries()) if (!reader.isOpen) await connectPassing(reader, world, (at + i) % 3);
    }
    await turn();
  }
  passAll();
  for (const reader of readers) reader.goOn();
  for (let i = 0; i < 10; i++) await turn();
  for (const [i, reader] of readers.entries()) {
    const { topics } = reader.plan;
    const expected = published.filter((one) => topics.includes("*") || one.topics.some((topic) => topics.includes(topic)));
    expect(reader.gaps).toBe(0);
    expect(reader.received.toSorted(), `reader ${i}`).toEqual(expected.map(({ data }) => data).toSorted());
    for (const topic of new Set(expected.map((one) => one.topics[0]))) {
      const inOrder = expected.filter((one) => one.topics[0] === topic).map(({ data }) => data);
      expect(
        reader.received.filter((data) => inOrder.includes(data)),
        `reader ${i}, ${topic}`,
      ).toEqual(inOrder);
    }
  }
  await Promise.all(world.hubs.map((hub) => hub.close()));
}

async function connectPassing(reader: ModelReader, { hubs, held }: World, at: number): Promise<void> {
  const connecting = reader.connect(hubs[at] as HubCore);
  for (let i = 0; i < 3; i++) await turn();
  for (const part of held[at] ?? []) part.pass();
  await connecting;
}
