import { describe, expect, it } from "vitest";
import { MAX_FOUND } from "../../../packages/hub/src/core/journal/journal.ts";
import { LogStore } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { append, appendWhole, newDirectory, openStore, update } from "./support.ts";

describe("ids of a log", () => {
  it("lead to all of their records, rising, at most 1,000, in any number of segments", async () => {
    const directory = newDirectory();
    const store = await openStore({ directory, segmentBytes: 32 * 1024 });
    const expected: number[] = [];
    for (let i = 0; i < 1500; i += 50) {
      const batch = Array.from({ length: 50 }, (_, j) => update("", { id: (i + j) % 2 === 0 ? "same" : `other ${i + j}` }));
      const outcome = await append(store, ...batch);
      if (outcome.kind !== "appended") throw new Error("not appended");
      for (let j = 0; j < 50; j += 2) expected.push(outcome.first + j);
    }
    expect(await store.findId("same")).toEqual(expected.slice(0, MAX_FOUND));
    await append(store, ...Array.from({ length: 600 }, () => update("", { id: "same" })));
    expect(await store.findId("same")).toEqual([...expected, ...Array.from({ length: 600 }, (_, i) => 1501 + i)].slice(0, MAX_FOUND));
    expect(await store.findId("other 77")).toEqual([78]);
    expect(await store.findId("")).toEqual([]);
    expect(await store.findId("x".repeat(10_000))).toEqual([]);
  });

  it("may be any text", async () => {
    const store = await openStore({ directory: newDirectory(), segmentBytes: 4096 });
    const ids = ["é", "😀", "\ud800", "\ud800\ud800", "a\u0000b", "x".repeat(255), "#", " "];
    await append(store, ...ids.map((id) => update(id, { id })));
    for (const [i, id] of ids.entries()) expect(await store.findId(id)).toEqual([i + 1]);
    expect(await store.findId("\udfff")).toEqual([]);
  });
});

describe("idempotency keys of a log", () => {
  it("are found in sealed segments and after each opening, with their answers", async () => {
    const directory = newDirectory();
    let store = await LogStore.open({ directory, segmentBytes: 4096 });
    for (let i = 0; i < 60; i++) {
      const keyed = { digest: `digest ${i}`, request: `request ${i}`, answer: i % 2 === 0 ? `answer ${i}` : undefined };
      const batch = [update("x".repeat(200), { id: `id ${i}` }), update("y")];
      expect(await appendWhole(store, { batch, steps: [], keyed })).toEqual({ kind: "appended", first: 2 * i + 1, count: 2 });
      if (i % 20 !== 19) continue;
      await store.close();
      store = await LogStore.open({ directory, segmentBytes: 4096 });
    }
    for (let i = 0; i < 60; i++) {
      const keyed = { digest: `digest ${i}`, request: `request ${i}`, answer: "of the second" };
      const known = { kind: "repeated", offsets: [2 * i + 1, 2 * i + 2], answer: i % 2 === 0 ? `answer ${i}` : undefined };
      expect(await store.findKey(keyed.digest, keyed.request)).toEqual(known);
      expect(await appendWhole(store, { batch: [update("no")], steps: [], keyed })).toEqual(known);
      expect(await store.findKey(keyed.digest, "another")).toEqual({ kind: "reused" });
      expect(await store.findId(`id ${i}`)).toEqual([2 * i + 1]);
    }
    expect(store.place.tail).toBe(120);
    await store.close();
  });
});

describe("a log of a million records", () => {
  it("opens soon, and finds each id and each place soon", async () => {
    const directory = newDirectory();
    const count = 1_000_000;
    const retention = { maxCount: 2 * count };
    const first = await LogStore.open({ directory, retention, segmentBytes: 16 * 1024 * 1024 });
    for (let i = 0; i < count; i += 10_000) {
      const appends = Array.from({ length: 1000 }, (_, a) =>
        append(first, ...Array.from({ length: 10 }, (_, j) => update("x".repeat(60), { id: `id-${i + 10 * a + j + 1}` }))),
      );
      await Promise.all(appends);
    }
    await first.close();
    const beganMs = performance.now();
    const store = await openStore({ directory, retention, segmentBytes: 16 * 1024 * 1024 });
    const openedMs = performance.now() - beganMs;
    const wanted = Array.from({ length: 2000 }, (_, i) => 1 + ((i * 7_919_001) % count));
    for (const offset of wanted.slice(0, 100)) expect(await store.findId(`id-${offset}`)).toEqual([offset]);
    const findMs = performance.now();
    for (const offset of wanted) await store.findId(`id-${offset}`);
    const foundUs = ((performance.now() - findMs) / wanted.length) * 1000;
    const readMs = performance.now();
    for (const offset of wanted) {
      const page = await store.reader.page(offset - 1, { maxRecords: 1, maxBytes: 1 });
      if (page.kind !== "records" || page.records[0]?.offset !== offset) throw new Error(`no record ${offset}`);
    }
    const readUs = ((performance.now() - readMs) / wanted.length) * 1000;
    // Far above what a quiet machine takes: tens of microseconds, and tenths of a second.
    expect(openedMs).toBeLessThan(30_000);
    expect(foundUs).toBeLessThan(10_000);
    expect(readUs).toBeLessThan(10_000);
  }, 300_000);
});
