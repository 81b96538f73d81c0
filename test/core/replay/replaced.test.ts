import { type Journal, type JournalRecord, type ReceivedUpdate } from "artesian";
import { memoryJournal } from "artesian/journals/memory";
import { expect, onTestFinished, test, vi } from "vitest";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import type { Start } from "../../../packages/hub/src/core/replay/start.ts";
import type { Sink } from "../../../packages/hub/src/core/live/subscriber.ts";

/** A journal in memory that another one can take the place of. */
class ReplaceableJournal implements Journal {
  clockToleranceMs = 0;
  #journal = memoryJournal();
  #onReplaced: () => void = () => undefined;
  #unfollow: () => void = () => undefined;
  #onAppended: (records: readonly JournalRecord[]) => void = () => undefined;

  get epoch(): string {
    return this.#journal.epoch;
  }
  append: Journal["append"] = (batch) => this.#journal.append(batch);
  read: Journal["read"] = (after, limits) => this.#journal.read(after, limits);
  find: Journal["find"] = (id) => this.#journal.find(id);
  tail = (): number => this.#journal.tail();
  head = (): number => this.#journal.head();
  bytes = (): number => this.#journal.bytes();
  close = (): Promise<void> => this.#journal.close();

  follow(after: number, onAppended: (records: readonly JournalRecord[]) => void): () => void {
    this.#onAppended = onAppended;
    this.#unfollow = this.#journal.follow(after, onAppended);
    return () => this.#unfollow();
  }

  watchReplaced = (onReplaced: () => void): (() => void) => {
    this.#onReplaced = onReplaced;
    return () => (this.#onReplaced = () => undefined);
  };

  /** @param held - How many updates the new one has. */
  async replace(held: number): Promise<void> {
    this.#unfollow();
    const next = memoryJournal();
    for (let i = 1; i <= held; i++)
      await next.append([{ topics: ["t"], data: `new ${i}`, id: undefined, type: undefined, retry: undefined, private: false }]);
    this.#journal = next;
    this.#onReplaced();
    this.#unfollow = next.follow(next.tail(), this.#onAppended);
  }
}

class TextSink implements Sink {
  text = "";
  isEnded = false;
  write(bytes: Uint8Array): boolean {
    this.text += new TextDecoder().decode(bytes);
    return true;
  }
  pendingBytes = (): number => 0;
  end(): void {
    this.isEnded = true;
  }
  destroy(): void {
    this.isEnded = true;
  }
}

function start(): { hub: HubCore; journal: ReplaceableJournal } {
  const journal = new ReplaceableJournal();
  const hub = new HubCore({ journal, drainMs: 20 });
  onTestFinished(() => hub.close());
  return { hub, journal };
}

async function subscribe(hub: HubCore, cursor?: string, query: { intervalMs?: number } = {}): Promise<TextSink> {
  const sink = new TextSink();
  const selection = hub.readers.select([{ type: "exact", pattern: "t" }], undefined, {
    pace: { intervalMs: query.intervalMs ?? 0, latest: false },
  });
  hub.readers.attach(selection, sink, await hub.readers.resolve(cursor, selection));
  return sink;
}

test.each([0, 3, 10])(
  "subscribers come back and are told of a gap, where the new journal has %i updates and the old had 5",
  async (held) => {
    const { hub, journal } = start();
    const ids: string[] = [];
    for (let i = 1; i <= 5; i++) ids.push(await hub.publisher.publish({ topic: "t", data: `old ${i}` }));
    const [live, paced] = [await subscribe(hub), await subscribe(hub, undefined, { intervalMs: 60_000 })];
    await hub.publisher.publish({ topic: "t", data: "old 6" });
    await expect.poll(() => live.text).toContain("old 6");
    await journal.replace(held);
    for (const sink of [live, paced]) {
      expect(sink.isEnded).toBe(true);
      expect(sink.text).toMatch(/event: hub:drain\ndata:[^\n]*\n\n$/);
      // An id of the new journal, with an offset of the old one, would lead to another update.
      expect(sink.text).not.toContain(journal.epoch);
    }
    expect(hub.process.stats()).toMatchObject({ subscribers: 0, tail: held });
    await hub.publisher.publish({ topic: "t", data: "last" });
    for (const id of ids) {
      const back = await subscribe(hub, id);
      await expect.poll(() => back.text).toContain("data: last\n");
      expect(back.text).toContain('"reason":"epoch"');
      expect(back.text.match(/data: new/g)?.length ?? 0).toBe(held);
      expect(back.text).not.toContain("old");
    }
  },
);

test("a snapshot of the journal before it is not used again", async () => {
  const { hub, journal } = start();
  const selection = hub.readers.select([{ type: "exact", pattern: "t" }], undefined);
  const live = await subscribe(hub);
  let id = "";
  for (let i = 1; i <= 20; i++) id = await hub.publisher.publish({ topic: "t", data: `old ${i}` });
  await expect.poll(() => live.text).toContain("old 20");
  const offsetsOf = ({ early }: Start): readonly number[] => [...(early?.next()?.keys() ?? [])];
  const before = await hub.readers.resolve(undefined, selection, 2);
  expect(before.after).toBe(20);
  expect(offsetsOf(before)).toEqual([19, 20]);
  await journal.replace(3);
  const again = await hub.readers.resolve(id, selection, 2);
  expect(again).toMatchObject({ after: 3, gap: { reason: "epoch" } });
  expect(offsetsOf(again)).toEqual([2, 3]);
});

test("an update whose time is over by a clock that is ahead, but not by every clock, is delivered", async () => {
  const { hub, journal } = start();
  const sinks = [await subscribe(hub)];
  const { append } = journal;
  journal.append = async (batch) => {
    const ahead = vi.spyOn(Date, "now").mockReturnValue(Date.now() - 2000);
    const appended = append(batch);
    ahead.mockRestore();
    return appended;
  };
  await hub.publisher.publish({ topic: "t", data: "late", ttlMs: 1000 });
  await hub.publisher.publish({ topic: "t", data: "between" });
  await expect.poll(() => sinks[0]?.text).toContain("data: between\n");
  journal.clockToleranceMs = 5000;
  await hub.publisher.publish({ topic: "t", data: "on time", ttlMs: 1000 });
  sinks.push(await subscribe(hub, "earliest"));
  for (const sink of sinks) {
    await expect.poll(() => sink.text).toContain("data: on time\n");
  }
  expect(sinks[0]?.text).not.toContain("late");
});

test("a stream that was asked for before it, and begins after, is told to come back", async () => {
  const { hub, journal } = start();
  await hub.publisher.publish({ topic: "t", data: "old" });
  const sink = new TextSink();
  const selection = hub.readers.select([{ type: "exact", pattern: "t" }], undefined);
  const found = await hub.readers.resolve(undefined, selection);
  await journal.replace(0);
  expect(hub.readers.attach(selection, sink, found)).toBeUndefined();
  expect(sink).toMatchObject({ isEnded: true });
  expect(sink.text).toContain("event: hub:drain");
});

test("a reader in the process goes on with all that the new one has, after a gap", async () => {
  const { hub, journal } = start();
  const stop = new AbortController();
  const reader = hub.readers.subscribe({ match: "t", signal: stop.signal });
  const next = async (): Promise<Partial<ReceivedUpdate>> => ((await reader.next()) as { value: ReceivedUpdate }).value;
  const id = await hub.publisher.publish({ topic: "t", data: "old" });
  expect(await next()).toMatchObject({ data: "old", id });
  const waiting = next();
  await journal.replace(2);
  const gap = await waiting;
  expect(gap.type).toBe("hub:gap");
  expect(JSON.parse(gap.data ?? "")).toEqual({ requested: id, first: hub.readers.cursorAt(1), reason: "epoch" });
  expect(await next()).toMatchObject({ data: "new 1", id: hub.readers.cursorAt(1) });
  expect(await next()).toMatchObject({ data: "new 2" });
  await hub.publisher.publish({ topic: "t", data: "last" });
  expect(await next()).toMatchObject({ data: "last", id: hub.readers.cursorAt(3) });
  stop.abort();
});
