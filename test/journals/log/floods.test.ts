import { describe, expect, it } from "vitest";
import { MAX_FOUND } from "../../../packages/hub/src/core/journal/journal.ts";
import type { LogStore } from "../../../packages/hub/src/journals/log/writing/store.ts";
import { digestOf } from "../../../packages/hub/src/journals/shared/digest.ts";
import { longestTurnMs } from "../../support/cpu.ts";
import { append, appendWhole, newDirectory, openStore, update } from "./support.ts";

/** Longest time that one kind of work may hold up all others, in milliseconds of processor time. */
const LONGEST_MS = 100;
const COUNT = 400_000;

/** Appends many updates with one id. */
async function flood(store: LogStore, id: string): Promise<void> {
  for (let i = 0; i < COUNT; i += 20_000) {
    await Promise.all(Array.from({ length: 20 }, () => append(store, ...Array.from({ length: 1000 }, () => update("", { id })))));
  }
}

describe.each([
  ["the active segment", 256 * 1024 * 1024],
  ["sealed segments", 8 * 1024 * 1024],
])("many updates with one id, in %s", (_where, segmentBytes) => {
  it("hold nobody up: not a resume from the id, nor 100 of them", async () => {
    const store = await openStore({ directory: newDirectory(), retention: {}, segmentBytes });
    await flood(store, "same");
    const expected = Array.from({ length: MAX_FOUND }, (_, i) => i + 1);
    const one = await longestTurnMs(async () => expect(await store.findId("same")).toEqual(expected));
    const many = await longestTurnMs(async () => void (await Promise.all(Array.from({ length: 100 }, () => store.findId("same")))));
    expect(Math.max(one, many)).toBeLessThan(LONGEST_MS);
  }, 300_000);

  it("hold nobody up whose idempotency key has the id as its digest", async () => {
    const store = await openStore({ directory: newDirectory(), retention: {}, segmentBytes });
    const keyed = { digest: digestOf('["anonymous","victim"]'), request: "request", answer: undefined };
    await flood(store, keyed.digest);
    const longest = await longestTurnMs(async () => {
      expect(await appendWhole(store, { batch: [update("")], steps: [], keyed })).toMatchObject({ kind: "appended" });
      expect(await store.findKey(keyed.digest, "request")).toMatchObject({ kind: "repeated" });
    });
    expect(longest).toBeLessThan(LONGEST_MS);
  }, 300_000);
});
