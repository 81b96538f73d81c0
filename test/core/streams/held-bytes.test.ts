import { fc, test } from "@fast-check/vitest";
import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it } from "vitest";
import { HeldBytes } from "../../../packages/hub/src/core/streams/held-bytes.ts";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import type { Sink, Subscriber } from "../../../packages/hub/src/core/live/subscriber.ts";

/** Bytes with memory of their own. */
const bytesOf = (length: number): Uint8Array => new Uint8Array(new ArrayBuffer(length));
const subscriberOf = (copies = false): Subscriber => ({ sink: { copies } }) as unknown as Subscriber;

describe("bytes that connections hold", () => {
  it("count once, however many hold them, and until the last one lets go", () => {
    const held = new HeldBytes(1000);
    const shared = bytesOf(600);
    const [one, two] = [subscriberOf(), subscriberOf()];
    held.hold(one, shared);
    held.hold(two, shared.subarray(10, 20));
    expect(held.total).toBe(600);
    held.release(one);
    expect(held.total).toBe(600);
    held.release(two);
    held.release(two);
    expect(held.total).toBe(0);
  });

  it("count for each where its sink copies them", () => {
    const held = new HeldBytes(1000);
    const shared = bytesOf(400);
    held.hold(subscriberOf(true), shared);
    held.hold(subscriberOf(true), shared);
    expect(held.total).toBe(800);
  });

  it("cost those most that hold much alone", () => {
    const held = new HeldBytes(1000);
    const shared = bytesOf(500);
    const many = Array.from({ length: 10 }, subscriberOf.bind(undefined, false));
    for (const one of many) held.hold(one, shared);
    const alone = subscriberOf();
    held.hold(alone, bytesOf(501));
    expect(held.isOver).toBe(true);
    expect(held.relieve()).toEqual([alone]);
    expect(held.total).toBe(500);
    expect(held.relieve()).toEqual([]);
  });

  test.prop(
    [
      fc.array(
        fc.record({ who: fc.nat(7), what: fc.nat(5), kind: fc.constantFrom("hold" as const, "release" as const, "relieve" as const) }),
        { maxLength: 60 },
      ),
    ],
    { seed: 61 },
  )("are what is held at the time, and no more than the cap after relief", (steps) => {
    const held = new HeldBytes(1000);
    const subscribers = Array.from({ length: 8 }, (_, i) => subscriberOf(i === 7));
    const buffers = [50, 100, 200, 400, 800, 1600].map(bytesOf);
    const model = new Map<number, number>();
    const expected = (): number => {
      const shared = new Set([...model].filter(([who]) => who !== 7).map(([, what]) => what));
      const copied = model.get(7);
      return [...shared, ...(copied === undefined ? [] : [copied])].reduce((sum, what) => sum + (buffers[what]?.length ?? 0), 0);
    };
    for (const { who, what, kind } of steps) {
      const subscriber = subscribers[who] as Subscriber;
      if (kind === "hold") {
        held.hold(subscriber, buffers[what] as Uint8Array);
        model.set(who, what);
      } else if (kind === "release") {
        held.release(subscriber);
        model.delete(who);
      } else {
        const wasOver = held.isOver;
        const released = held.relieve();
        expect(released.length > 0).toBe(wasOver);
        for (const one of released) expect(model.delete(subscribers.indexOf(one))).toBe(true);
        expect(held.isOver).toBe(false);
      }
      expect(held.total).toBe(expected());
    }
  });
});

/** A peer that takes nothing. */
class FullSink implements Sink {
  destroyed = false;
  isFull = false;
  write(): boolean {
    return !this.isFull;
  }
  pendingBytes(): number {
    return 1;
  }
  end(): void {}
  destroy(): void {
    this.destroyed = true;
  }
}

describe("the cap on what connections hold", () => {
  it("cuts those that hold most where it is passed, leaves the others, and tells of it", async () => {
    const warnings: object[] = [];
    const silent = (): void => undefined;
    const logger = { debug: silent, info: silent, warn: (about: object) => void warnings.push(about), error: silent };
    const hub = new HubCore({
      journal: memoryJournal(),
      limits: { bodyBytes: 128 * 1024, heldBytes: 256 * 1024 },
      writeStallMs: 60_000,
      drainMs: 20,
      logger,
    });
    const sinks: FullSink[] = [];
    // Each of a topic of its own, so that each holds bytes of its own.
    for (let i = 0; i < 10; i++) {
      const sink = new FullSink();
      const selection = hub.readers.select([{ type: "exact", pattern: `t${i}` }], undefined);
      hub.readers.attach(selection, sink, await hub.readers.resolve(undefined, selection));
      sink.isFull = true;
      sinks.push(sink);
    }
    for (let i = 0; i < 4; i++) await hub.publisher.publish({ topic: `t${i}`, data: "x".repeat(60_000) });
    await expect.poll(() => hub.process.stats()).toMatchObject({ stalled: 4, cut: { held: 0 } });
    expect(hub.process.stats().heldBytes).toBeGreaterThan(240_000);
    expect(hub.process.stats().heldBytes).toBeLessThan(256 * 1024);
    await hub.publisher.publish({ topic: "t4", data: "x".repeat(60_000) });
    await expect.poll(() => hub.process.stats().cut.held).toBe(2);
    expect(hub.process.stats().heldBytes).toBeLessThanOrEqual(192 * 1024);
    // Of the same size, those go that hold them longest.
    expect(sinks.map(({ destroyed }) => destroyed).slice(0, 5)).toEqual([true, true, false, false, false]);
    expect(hub.process.stats()).toMatchObject({ subscribers: 8, stalled: 3, lagging: 3 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ connections: 2, limit: 256 * 1024 });
    await hub.close();
  });

  it("has room for the largest update twice", () => {
    const create = (heldBytes: number): HubCore => new HubCore({ journal: memoryJournal(), limits: { bodyBytes: 1000, heldBytes } });
    expect(create(2000).limits.heldBytes).toBe(2000);
    expect(() => create(1999)).toThrow(/heldBytes is at least twice bodyBytes, 2000/);
  });

  it("has that room, and the pot of bodies its own, if only the largest update is raised", () => {
    const MiB = 2 ** 20;
    const { limits } = new HubCore({ journal: memoryJournal(), limits: { bodyBytes: 33 * MiB, heldBytes: undefined } as never });
    expect(limits).toMatchObject({ heldBytes: 66 * MiB, pendingBodyBytes: 132 * MiB });
    expect(new HubCore({ journal: memoryJournal(), limits: { bodyBytes: 2 * MiB } }).limits.pendingBodyBytes).toBe(64 * MiB);
  });

  it("tells how far behind the last one is", async () => {
    const hub = new HubCore({ journal: memoryJournal(), writeStallMs: 60_000, drainMs: 20 });
    const sink = new FullSink();
    const selection = hub.readers.select([{ type: "exact", pattern: "t" }], undefined);
    const subscriber = hub.readers.attach(selection, sink, await hub.readers.resolve(undefined, selection));
    expect(hub.process.stats()).toMatchObject({ lagging: 0, stalled: 0, lag: { updates: 0, ms: 0 }, heldBytes: 0 });
    sink.isFull = true;
    await hub.publisher.publish({ topic: "t" });
    await expect.poll(() => hub.process.stats().stalled).toBe(1);
    const begun = Date.now();
    for (let i = 0; i < 20; i++) await hub.publisher.publish({ topic: "t" });
    await expect.poll(() => hub.process.stats().lag.ms).toBeGreaterThan(30);
    expect(hub.process.stats()).toMatchObject({ lagging: 1, stalled: 1, lag: { updates: 20 } });
    expect(hub.process.stats().lag.ms).toBeLessThanOrEqual(Date.now() - begun + 1);
    expect([...hub.process.eachSubscriber()]).toMatchObject([{ state: "stalled", lag: 20 }]);
    sink.isFull = false;
    subscriber?.drained();
    await expect.poll(() => hub.process.stats()).toMatchObject({ lagging: 0, stalled: 0, lag: { updates: 0, ms: 0 }, heldBytes: 0 });
    await hub.close();
  });
});
