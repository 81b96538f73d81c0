import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it, vi } from "vitest";
import type { Journal, JournalPage } from "../../../packages/hub/src/core/journal/journal.ts";
import type { Dispatcher } from "../../../packages/hub/src/core/live/dispatcher.ts";
import type { Selection } from "../../../packages/hub/src/core/matching/selection.ts";
import { type Chunks, ReplayPages } from "../../../packages/hub/src/core/replay/replay-pages.ts";
import { Turns } from "../../../packages/hub/src/core/turns.ts";
import type { Update } from "../../../packages/hub/src/core/update/update.ts";
import { stopClock } from "../../support/clock.ts";
import { dispatcherOf, selectionOf, updateOf } from "../support.ts";

const ALL = selectionOf(["*"]);
const MIB = 1024 * 1024;

interface World {
  readonly journal: Journal;
  readonly dispatcher: Dispatcher;
  readonly pages: ReplayPages;
  /** The offsets after which the journal was read, and how many records each read asked for, since the last call. */
  readonly reads: () => readonly (readonly [after: number, most: number])[];
  /** How many records were encoded since the last call. */
  readonly encoded: () => number;
  /** Reads what follows an offset. */
  readonly find: (after: number, selection?: Selection) => Promise<Chunks>;
  readonly append: (updates: readonly Update[]) => Promise<void>;
}

/** A dispatcher that begins after `held`: none of them is in its memory. */
async function createWorld(held: readonly Update[], maxRecords = 10, change: (journal: Journal) => void = () => undefined): Promise<World> {
  const journal: Journal = memoryJournal();
  await journal.append(held);
  change(journal);
  const read = vi.spyOn(journal, "read");
  const dispatcher = dispatcherOf(journal, maxRecords);
  const encode = vi.spyOn(dispatcher.encoder, "encode");
  const pages = new ReplayPages({ dispatcher, journal, turns: new Turns() });
  const since = <Value>(calls: readonly Value[]): (() => readonly Value[]) => {
    let seen = 0;
    return () => calls.slice(seen, (seen = calls.length));
  };
  const readCalls = since(read.mock.calls);
  const encodeCalls = since(encode.mock.calls);
  return {
    journal,
    dispatcher,
    pages,
    reads: () => readCalls().map(([after, limits]) => [after, limits.maxRecords]),
    encoded: () => encodeCalls().length,
    find: async (after, selection = ALL) => {
      const found = await pages.find(after, selection);
      if (found?.kind !== "page") throw new Error(`found ${found?.kind ?? "nothing"} after ${after}`);
      return found.page;
    },
    append: async (updates) => {
      await journal.append(updates);
      dispatcher.flush();
    },
  };
}

const updates = (count: number, bytes = 1, topic = "t"): readonly Update[] =>
  Array.from({ length: count }, (_, i) => updateOf([topic], `${i + 1}${"x".repeat(bytes)}`));

/** Numbers of the updates that the writes carry. */
function numbersIn(chunks: Chunks): readonly number[] {
  const text = chunks.map(({ bytes }) => new TextDecoder().decode(bytes)).join("");
  return [...text.matchAll(/^data: (\d+)/gm)].map(([, number]) => Number(number));
}

const upTo = (chunks: Chunks): number => chunks.at(-1)?.upTo ?? NaN;
const range = (after: number, end: number): readonly number[] => Array.from({ length: end - after }, (_, i) => after + 1 + i);

describe("pages of a replay", () => {
  it("are read and encoded once for a thousand readers that come together", async () => {
    const { find, reads, encoded, pages } = await createWorld(updates(10));
    const found = await Promise.all(Array.from({ length: 1000 }, () => find(0)));
    expect(reads()).toEqual([[0, 10]]);
    expect(encoded()).toBe(10);
    expect(numbersIn(found[0] as Chunks)).toEqual(range(0, 10));
    expect(found.every((chunks) => chunks === found[0])).toBe(true);
    // One that comes later waits for nothing.
    expect(pages.find(0, selectionOf(["*"]))).toEqual({ kind: "page", page: found[0] });
    expect([reads(), encoded()]).toEqual([[], 0]);
  });

  it("are read and encoded once for readers that replay at their own speed", async () => {
    const { find, reads, encoded } = await createWorld(updates(100));
    const replay = async (pauses: number): Promise<readonly number[]> => {
      const had: number[] = [];
      for (let after = 0; after < 100;) {
        const chunks = await find(after);
        had.push(...numbersIn(chunks));
        after = upTo(chunks);
        for (let i = 0; i < pauses; i++) await new Promise(setImmediate);
      }
      return had;
    };
    for (const had of await Promise.all([0, 1, 5, 0].map(replay))) expect(had).toEqual(range(0, 100));
    expect(reads().map(([after]) => after)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(encoded()).toBe(100);
  });

  it("serve a reader that is between two of their writes, with the same bytes", async () => {
    const { find, reads } = await createWorld(updates(20, 10_000));
    const whole = await find(0);
    expect(whole.length).toBeGreaterThan(2);
    reads();
    const rest = await find((whole[1] as Chunks[number]).after);
    expect(rest).toEqual(whole.slice(1));
    expect(rest[0]?.bytes).toBe(whole[1]?.bytes);
    expect(reads()).toEqual([]);
  });

  it("bring a reader that is in the middle of a write to the end of the page, and in step with the others", async () => {
    const { find, reads } = await createWorld(updates(20));
    const whole = await find(0);
    await find(10);
    reads();
    const part = await find(3);
    expect(numbersIn(part)).toEqual(range(3, 10));
    expect(upTo(part)).toBe(10);
    expect(reads()).toEqual([[3, 7]]);
    await find(upTo(part));
    // The part does not take the page's place.
    expect(await find(0)).toBe(whole);
    expect(reads()).toEqual([]);
    await find(3);
    expect(reads()).toEqual([[3, 7]]);
  });

  it("are kept up to 128, and the one that was used longest ago goes first", async () => {
    const { find, reads } = await createWorld(updates(130), 1);
    for (let after = 0; after < 128; after++) await find(after);
    reads();
    await find(0);
    await find(128);
    expect(reads().map(([after]) => after)).toEqual([128]);
    for (const after of [0, ...range(1, 128)]) await find(after);
    expect(reads()).toEqual([]);
    await find(1);
    expect(reads().map(([after]) => after)).toEqual([1]);
  });

  it("are kept up to 8 MiB, and what was let go of does not count", async () => {
    const { find, reads } = await createWorld(updates(40, MIB), 1);
    for (let after = 0; after < 40; after++) await find(after);
    reads();
    // From the newest one on, so that no page that is read again takes the place of one that is asked for yet.
    for (let after = 39; after >= 33; after--) await find(after);
    expect(reads()).toEqual([]);
    await find(32);
    expect(reads().map(([after]) => after)).toEqual([32]);
  });

  it("keep the records only once a second selection asks, so that many selections read once more", async () => {
    const { find, reads, encoded } = await createWorld([...updates(5), ...updates(5, 1, "u")]);
    const selections = [["=t"], ["=u"], ["*"], ["/.well-known/:x"], ["=t", "=u"]].map((matchers) => selectionOf(matchers));
    const [first, second, ...others] = selections as [Selection, Selection, ...Selection[]];
    expect(numbersIn(await find(0, first))).toHaveLength(5);
    expect(reads()).toHaveLength(1);
    expect(numbersIn(await find(0, second))).toHaveLength(5);
    expect(reads()).toHaveLength(1);
    for (const selection of others) expect(numbersIn(await find(0, selection))).toHaveLength(10);
    expect(reads()).toEqual([]);
    encoded();
    for (const selection of selections) await find(0, selection);
    expect([reads(), encoded()]).toEqual([[], 0]);
  });

  it("give a reader in the middle of a page nothing that it has had, though the records are kept", async () => {
    const { find, reads } = await createWorld(updates(10));
    for (const matchers of [["*"], ["=t"]]) await find(0, selectionOf(matchers));
    reads();
    expect(numbersIn(await find(3, selectionOf(["=t", "=u"])))).toEqual(range(3, 10));
    expect(reads()).toEqual([[3, 7]]);
  });

  it("have the records of all selections that share them, if the journal leaves out topics that a read does not ask for", async () => {
    const held = ["t", "u", "t", "u"].map((topic, i) => updateOf([topic], String(i + 1)));
    const { find } = await createWorld(held, 10, (journal) => {
      const read = journal.read.bind(journal);
      journal.read = async (after, limits) => {
        const page = await read(after, limits);
        if (page.kind === "trimmed") return page;
        const records = page.records.filter(({ topics }) => limits.topics?.some((topic) => topics.includes(topic)) ?? true);
        return { ...page, records, upTo: page.records.at(-1)?.offset };
      };
    });
    const together = await Promise.all(["=t", "=u"].map((matcher) => find(0, selectionOf([matcher]))));
    expect(together.map(numbersIn)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(numbersIn(await find(0, ALL))).toEqual([1, 2, 3, 4]);
  });

  it("count the records that they keep", async () => {
    const page = updates(1, MIB)[0] as Update;
    const { find, reads } = await createWorld(
      Array.from({ length: 6 }, () => page),
      1,
    );
    const other = selectionOf(["=another"]);
    for (const after of range(-1, 5)) await find(after);
    reads();
    for (const after of range(-1, 5)) await find(after, other);
    reads();
    // Each has a write of 1 MiB, and now its record too: not all six fit into 8 MiB.
    for (const after of [5, 4, 3]) await find(after);
    expect(reads()).toEqual([]);
    await find(0);
    expect(reads().map(([after]) => after)).toEqual([0]);
  });

  it("are not kept if an update in them ends with time", async () => {
    const { find, reads } = await createWorld([...updates(5), updateOf(["t"], "6", { ttlMs: 60_000 })]);
    for (let i = 0; i < 3; i++) expect(numbersIn(await find(0))).toEqual(range(0, 6));
    expect(reads()).toHaveLength(3);
  });

  it("are kept if they were read from the journal and are short", async () => {
    const { find, reads } = await createWorld(updates(3));
    const chunks = await find(0);
    expect(await find(0)).toBe(chunks);
    expect(reads()).toHaveLength(1);
  });

  it("are not kept of the tail, which grows", async () => {
    const { find, reads, append } = await createWorld([]);
    await append(updates(3));
    expect(numbersIn(await find(0))).toEqual(range(0, 3));
    await append([updateOf(["t"], "4")]);
    expect(numbersIn(await find(0))).toEqual(range(0, 4));
    expect(reads()).toEqual([]);
  });

  it("end at what was dispatched: the rest arrives live", async () => {
    const { find, journal, dispatcher, pages } = await createWorld(updates(3));
    await journal.append([updateOf(["t"], "4")]);
    expect(numbersIn(await find(0))).toEqual(range(0, 3));
    expect(await pages.find(3, ALL)).toBeUndefined();
    dispatcher.flush();
    expect(numbersIn(await find(3))).toEqual([4]);
  });

  it("tell all readers that the place is no longer held, or that the journal failed, and ask again for the next", async () => {
    const answers: (JournalPage | Error)[] = [{ kind: "trimmed", head: 7 }, new Error("away")];
    const { pages, find, reads } = await createWorld(updates(10), 10, (journal) => {
      const read = journal.read.bind(journal);
      journal.read = (after, limits) => {
        const answer = answers.shift();
        if (answer === undefined) return read(after, limits);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      };
    });
    expect(await Promise.all([0, 0, 0].map(async (after) => pages.find(after, ALL)))).toEqual(
      [0, 0, 0].map(() => ({ kind: "trimmed", head: 7 })),
    );
    const failed = await Promise.allSettled([0, 0, 0].map(async (after) => pages.find(after, ALL)));
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(numbersIn(await find(0))).toEqual(range(0, 10));
    expect(reads()).toHaveLength(3);
  });

  it("are for nobody if the journal is replaced while they are read, and are read from the new one", async () => {
    let answer: (() => void) | undefined;
    const { pages, find, reads, journal, dispatcher } = await createWorld(updates(10), 10, (held) => {
      const read = held.read.bind(held);
      held.read = async (after, limits) => {
        const page = await read(after, limits);
        if (answer === undefined) await new Promise<void>((resolve) => (answer = resolve));
        return page;
      };
    });
    const old = [ALL, selectionOf(["=t"])].map(async (selection) => pages.find(0, selection));
    await vi.waitFor(() => expect(answer).toBeDefined());
    Object.defineProperty(journal, "epoch", { value: "replaced" });
    dispatcher.restart();
    pages.clear();
    // One of the new journal does not wait for the answer of the old one.
    const fresh = await find(0);
    expect(new TextDecoder().decode(fresh[0]?.bytes)).toContain("#replaced:a");
    answer?.();
    expect(await Promise.all(old)).toEqual([undefined, undefined]);
    expect(reads()).toHaveLength(2);
    expect(await find(0)).toBe(fresh);
  });

  it("are for nobody if the journal is replaced while a selection picks its records", async () => {
    const clock = stopClock();
    // Two records a slice.
    clock.lookMs = 2;
    const { pages, journal, dispatcher, reads } = await createWorld(updates(10));
    let hasEnded = false;
    const old = Promise.resolve(pages.find(0, ALL)).finally(() => (hasEnded = true));
    await new Promise(setImmediate);
    expect([reads().length, hasEnded]).toEqual([1, false]);
    Object.defineProperty(journal, "epoch", { value: "replaced" });
    dispatcher.restart();
    pages.clear();
    expect(await old).toBeUndefined();
    expect(pages.find(0, ALL)).toBeInstanceOf(Promise);
  });

  it("are let go of when they are cleared", async () => {
    const { pages, find, reads } = await createWorld(updates(10));
    await find(0);
    pages.clear();
    await find(0);
    expect(reads()).toHaveLength(2);
  });
});
