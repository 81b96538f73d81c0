import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordBytes, type Retention } from "artesian";
import { LogStore } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { append, appendWhole, newDirectory, openStore, readAll, update } from "./support.ts";

const segmentsOf = (directory: string): number => readdirSync(directory).filter((name) => name.endsWith(".log")).length;

describe("the retention of a log", () => {
  it("holds the newest records, as a model does, within and across segments, and after each opening", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ maxCount: fc.integer({ min: 0, max: 40 }), maxBytes: fc.integer({ min: 100, max: 20_000 }) }),
        fc.array(fc.oneof(fc.constant("reopen" as const), fc.array(fc.nat(900), { maxLength: 12 })), { maxLength: 25 }),
        async (retention, steps) => {
          const directory = newDirectory();
          let store = await LogStore.open({ directory, retention, segmentBytes: 4096 });
          const held: { offset: number; data: string; bytes: number }[] = [];
          let tail = 0;
          let head = 1;
          for (const step of steps) {
            if (step === "reopen") {
              await store.close();
              store = await LogStore.open({ directory, retention, segmentBytes: 4096 });
            } else {
              const batch = step.map((length, i) => update("x".repeat(length), { id: `${tail + 1 + i}` }));
              await append(store, ...batch);
              for (const one of batch) held.push({ offset: ++tail, data: one.data, bytes: recordBytes(one) });
              const isTooMuch = (): boolean =>
                held.length > retention.maxCount || held.reduce((sum, { bytes }) => sum + bytes, 0) > retention.maxBytes;
              while (held.length > 0 && isTooMuch()) held.shift();
              head = held[0]?.offset ?? tail + 1;
            }
            expect([store.place.head, store.place.tail]).toEqual([head, tail]);
            expect(store.place.bytes).toBe(held.reduce((sum, { bytes }) => sum + bytes, 0));
            const { records, gaps } = await readAll(store, head - 1);
            expect(gaps).toEqual([]);
            expect(records.map(({ offset, data }) => [offset, data])).toEqual(held.map(({ offset, data }) => [offset, data]));
            if (head > 1) expect(await store.reader.page(0, { maxRecords: 1, maxBytes: 1 })).toEqual({ kind: "trimmed", head });
            for (const offset of [head - 1, head, tail]) {
              const isHeld = offset >= head && offset <= tail;
              expect(await store.findId(String(offset))).toEqual(isHeld ? [offset] : []);
            }
          }
          await store.close();
        },
      ),
      { numRuns: 30 },
    );
  }, 120_000);

  it("removes segments, but keeps those that the shared table may need", async () => {
    const directory = newDirectory();
    const store = await openStore({ directory, retention: { maxCount: 3 }, segmentBytes: 4096 });
    for (let i = 1; i <= 200; i++)
      await appendWhole(store, { batch: [update("x".repeat(300))], steps: [{ key: `k${i % 3}`, value: String(i) }] });
    await store.close();
    expect(segmentsOf(directory)).toBeLessThanOrEqual(3);
    const again = await openStore({ directory, retention: { maxCount: 3 }, segmentBytes: 4096 });
    expect(again.place).toMatchObject({ head: 198, tail: 200, bytes: 3 * 365 });
    expect((await again.entries("", { limit: 9 })).map(({ value }) => value)).toEqual(["198", "199", "200"]);
  });

  it("that was lowered drops the old records while nothing is appended, and the head never goes back", async () => {
    const directory = newDirectory();
    const first = await LogStore.open({ directory, segmentBytes: 64 * 1024 });
    await Promise.all(Array.from({ length: 5000 }, (_, i) => append(first, `${i}`)));
    await first.close();
    const open = (retention: Retention): Promise<LogStore> => openStore({ directory, retention, segmentBytes: 64 * 1024 });
    const second = await open({ maxCount: 10 });
    await expect.poll(() => second.place.head).toBe(4991);
    await second.close();
    const third = await open({ maxCount: 1000 });
    expect(third.place.head).toBe(4991);
  });

  it("by age drops records while nothing is appended", async () => {
    const directory = newDirectory();
    const store = await openStore({ directory, retention: { maxAgeMs: 200 }, segmentBytes: 4096 });
    for (let i = 0; i < 30; i++) await append(store, "x".repeat(400));
    const moved: number[] = [];
    store.onMoved(({ head }) => moved.push(head));
    await expect.poll(() => store.place.head, { timeout: 10_000 }).toBe(31);
    expect(store.place.bytes).toBe(0);
    expect(moved.at(-1)).toBe(31);
    expect(await store.reader.page(0, { maxRecords: 1, maxBytes: 1 })).toEqual({ kind: "trimmed", head: 31 });
    expect(await append(store, "next")).toMatchObject({ first: 31 });
  });

  it("drops a bounded number of records with each append", async () => {
    const directory = newDirectory();
    const first = await LogStore.open({ directory });
    await append(first, ...Array.from({ length: 3000 }, (_, i) => `${i}`));
    await first.close();
    const store = await openStore({ directory, retention: { maxCount: 1 } });
    const outcome = await append(store, "next");
    expect(outcome).toMatchObject({ first: 3001 });
    expect(store.place.head).toBeLessThan(1500);
  });
});
