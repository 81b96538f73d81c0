import { describe, expect, onTestFinished, test } from "vitest";
import { HubCore } from "../../packages/hub/src/core/hub-core.ts";
import type { Sink, Subscriber } from "../../packages/hub/src/core/live/subscriber.ts";
import type { Start } from "../../packages/hub/src/core/replay/start.ts";
import { createHub, type Journal, memoryJournal } from "../../packages/hub/src/index.ts";
import { RecordedTracing } from "./recorded-tracing.ts";

const RECORDS = 2000;

/** A sink whose peer takes so many writes, and then none until it is told to. */
class SlowSink implements Sink {
  subscriber: Subscriber | undefined;
  #left: number;
  constructor(writes = Infinity) {
    this.#left = writes;
  }
  write(): boolean {
    return this.#left-- > 0;
  }
  pendingBytes = (): number => 0;
  end = (): void => undefined;
  destroy = (): void => undefined;
  take(writes: number): void {
    this.#left = writes;
    this.subscriber?.drained();
  }
}

interface Setup {
  readonly hub: HubCore;
  readonly tracing: RecordedTracing;
  /** Opens a stream from the first update on, with the span of its request. */
  readonly open: (sink: SlowSink) => Promise<Subscriber>;
}

async function setUp(journal: Journal = memoryJournal()): Promise<Setup> {
  const tracing = new RecordedTracing();
  const hub = new HubCore({ journal, tracing, drainMs: 0 });
  onTestFinished(() => hub.close());
  const batch = Array.from({ length: RECORDS / 4 }, (_, i) => ({ topic: "a", data: "x".repeat(100) + i }));
  for (let i = 0; i < 4; i++) await hub.publisher.publishBatch(batch);
  await expect.poll(() => hub.readers.lagAt({ after: RECORDS } as Start)).toBe(0);
  return {
    hub,
    tracing,
    async open(sink) {
      const selection = hub.readers.select([{ type: "exact", pattern: "a" }], undefined);
      const start = await hub.readers.resolve("earliest", selection);
      const span = tracing.begin("subscribe", { kind: "server" });
      const subscriber = hub.readers.attach(selection, sink, start, undefined, span) as Subscriber;
      sink.subscriber = subscriber;
      return subscriber;
    },
  };
}

describe("the replay of a slow subscriber", () => {
  test("has a span each time, until the subscriber is live", async () => {
    const { tracing, open } = await setUp();
    const sink = new SlowSink(0);
    const subscriber = await open(sink);
    expect(subscriber.state).toBe("stalled");
    // The preamble fills the socket, so nothing is read.
    expect(tracing.named("replay")).toEqual([]);
    sink.take(1);
    await expect.poll(() => tracing.named("replay")[0]?.ended).toBeDefined();
    expect(subscriber.state).toBe("stalled");
    const [subscribe] = tracing.named("subscribe");
    expect(subscribe?.ended).toBeUndefined();
    expect(tracing.named("replay")[0]?.facts.live).toBe(false);
    sink.take(Infinity);
    await expect.poll(() => subscriber.state).toBe("live");
    const replays = tracing.named("replay");
    expect(replays.length).toBe(2);
    expect(replays.map(({ start }) => start.parent)).toEqual(replays.map(() => subscribe));
    expect(replays.reduce((sum, { facts }) => sum + (facts.records ?? 0), 0)).toBe(RECORDS);
    expect(replays.at(-1)?.facts.live).toBe(true);
    expect(subscribe?.facts).toEqual({ live: true });
    expect(subscribe?.ended).toBeDefined();
  });

  test("is a root once the subscriber was live", async () => {
    const { hub, tracing, open } = await setUp();
    const sink = new SlowSink();
    const subscriber = await open(sink);
    await expect.poll(() => subscriber.state).toBe("live");
    const before = tracing.named("replay").length;
    sink.take(0);
    await hub.publisher.publish({ topic: "a", data: "1" });
    await expect.poll(() => subscriber.state).toBe("stalled");
    await hub.publisher.publish({ topic: "a", data: "2" });
    await expect.poll(() => hub.readers.lagAt({ after: RECORDS + 2 } as Start)).toBe(0);
    sink.take(Infinity);
    await expect.poll(() => subscriber.state).toBe("live");
    const later = tracing.named("replay").slice(before);
    expect(later.map(({ start, facts }) => [start.isRoot, facts.records, facts.live])).toEqual([[true, 1, true]]);
  });

  test("and its subscription end when the peer leaves", async () => {
    const { tracing, open } = await setUp();
    const subscriber = await open(new SlowSink(0));
    subscriber.close();
    expect(tracing.named("subscribe").map(({ facts, ended }) => [facts.live, ended?.failure])).toEqual([[false, undefined]]);
  });

  test("ends with the journal's error", async () => {
    const memory = memoryJournal({ retention: { maxCount: 10_000 } });
    let isBroken = false;
    const journal = new Proxy(memory, {
      get(target, name) {
        if (name === "read" && isBroken) return () => Promise.reject(new Error("secret"));
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const first = await setUp(journal);
    const later = new HubCore({ journal, tracing: first.tracing, drainMs: 0 });
    isBroken = true;
    const selection = later.readers.select([{ type: "exact", pattern: "a" }], undefined);
    const span = first.tracing.begin("subscribe", { kind: "server" });
    const start = { epoch: journal.epoch, after: 0, gap: undefined, lastEventId: undefined };
    later.readers.attach(selection, new SlowSink(), start, undefined, span);
    await expect.poll(() => first.tracing.named("subscribe")[0]?.ended).toMatchObject({ failure: "internal" });
    expect(first.tracing.named("replay")[0]?.ended).toMatchObject({ failure: "internal" });
  });
});

test("a hub that closes ends the span of a subscription that comes too late", async () => {
  const { hub, tracing, open } = await setUp();
  void hub.close();
  await open(new SlowSink());
  expect(tracing.named("subscribe")[0]?.ended).toMatchObject({ failure: "draining" });
});

test("an update that nobody hears has no dispatch, and is forgotten", async () => {
  const { tracing, hub } = await setUp();
  await hub.publisher.publish({ topic: "nobody", data: "1" });
  await new Promise(setImmediate);
  expect(tracing.named("append").every(({ ended }) => ended !== undefined)).toBe(true);
  expect(tracing.named("dispatch")).toEqual([]);
});

test("the public options take a tracing of one's own", async () => {
  const tracing = new RecordedTracing();
  await using hub = createHub({ tracing });
  await hub.publish({ topic: "a", data: "1" });
  expect(tracing.spans.map(({ name, ended }) => [name, ended?.failure])).toEqual([
    ["publish", undefined],
    ["append", undefined],
  ]);
});
