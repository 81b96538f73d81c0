import { createHub, type Hub } from "artesian";
import type { Journal, JournalRecord } from "artesian";
import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../../packages/hub/src/core/update/frame.ts";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import type { Selection } from "../../../packages/hub/src/core/matching/selection.ts";
import type { Sink, Subscriber } from "../../../packages/hub/src/core/live/subscriber.ts";
import type { Update } from "../../../packages/hub/src/core/update/update.ts";
import { leastToFloor } from "../../support/cpu.ts";

/** A sink whose peer can be told to stop reading. */
class TestSink implements Sink {
  readonly writes: string[] = [];
  full = false;
  ended = false;
  destroyed = false;
  subscriber: Subscriber | undefined;

  write(bytes: Uint8Array): boolean {
    this.writes.push(new TextDecoder().decode(bytes));
    return !this.full;
  }
  /** What the peer has not taken, as the sink is told to say. */
  pending = 0;
  pendingBytes(): number {
    return this.pending;
  }
  end(): void {
    this.ended = true;
    this.subscriber?.close();
  }
  destroy(): void {
    this.destroyed = true;
  }
  /** The data of the updates received. */
  get data(): string[] {
    return this.writes
      .join("")
      .split("\n\n")
      .filter((block) => block.includes("data: ") && !block.includes("event: hub:"))
      .map((block) => block.slice(block.indexOf("data: ") + 6));
  }
}

async function attach(hub: HubCore, topic: string, lastEventId?: string): Promise<TestSink> {
  const sink = new TestSink();
  const selection = hub.readers.select([{ type: "exact", pattern: topic }], undefined);
  sink.subscriber = hub.readers.attach(selection, sink, await hub.readers.resolve(lastEventId, selection));
  return sink;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("dispatching", () => {
  it("sends updates of one turn in one write, shared by the cohort", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    const [one, two] = [await attach(hub, "t"), await attach(hub, "t")];
    const before = one.writes.length;
    await Promise.all(["1", "2", "3"].map((data) => hub.publisher.publish({ topic: "t", data })));
    await turn();
    expect(one.writes).toHaveLength(before + 1);
    expect(one.data).toEqual(["1", "2", "3"]);
    expect(two.data).toEqual(["1", "2", "3"]);
    expect(hub.process.stats().cohorts).toBe(1);
    await hub.close();
  });

  it("lets others run while a batch of new topics is tested on many patterns, and keeps the order", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    const sinks: TestSink[] = [];
    for (let i = 0; i < 20; i++) {
      const sink = new TestSink();
      const patterns = Array.from({ length: 100 }, (_, j) => ({ type: "urlpattern" as const, pattern: `/:a{/:b}?-${i}-${j}` }));
      const selection = hub.readers.select(patterns, undefined);
      sink.subscriber = hub.readers.attach(selection, sink, await hub.readers.resolve(undefined, selection));
      sinks.push(sink);
    }
    const all = new TestSink();
    const selection = hub.readers.select([{ type: "exact", pattern: "*" }], undefined);
    all.subscriber = hub.readers.attach(selection, all, await hub.readers.resolve(undefined, selection));
    const batch = Array.from({ length: 500 }, (_, i) => ({ topic: [`/new/${i}`, `/x${i}-3-7`], data: String(i) }));
    const began = process.cpuUsage();
    const published = hub.publisher.publishBatch(batch);
    let turns = 0;
    let longestUs = 0;
    for (; [all, sinks[3], sinks.at(-1)].some((sink) => sink?.data.at(-1) !== "499"); turns++) {
      // Processor time: the clock would count what else the machine does.
      const before = process.cpuUsage();
      await turn();
      const { user, system } = process.cpuUsage(before);
      longestUs = Math.max(longestUs, user + system);
      // One that comes meanwhile is not left out, and gets nothing twice.
      if (turns === 3) sinks.push(await attach(hub, "/new/499", "earliest"));
    }
    await published;
    const order = batch.map(({ data }) => data);
    expect(all.data).toEqual(order);
    expect(sinks[3]?.data).toEqual(order);
    expect(sinks[4]?.data).toEqual([]);
    expect(sinks.at(-1)?.data).toEqual(["499"]);
    expect(longestUs).toBeLessThan(process.cpuUsage(began).user / 2);
    await hub.close();
  });

  it("lets others run while one update of many new topics is tested on many patterns", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    const attachTo = async (patterns: readonly string[], lastEventId?: string): Promise<TestSink> => {
      const sink = new TestSink();
      const selection = hub.readers.select(
        patterns.map((pattern) => (pattern === "*" ? { type: "exact", pattern } : { type: "urlpattern", pattern })),
        undefined,
      );
      sink.subscriber = hub.readers.attach(selection, sink, await hub.readers.resolve(lastEventId, selection));
      return sink;
    };
    for (let i = 0; i < 10; i++) await attachTo(Array.from({ length: 100 }, (_, j) => `/(.*a.*b.*c.*${i}-${j})`));
    const [all, some] = [await attachTo(["*"]), await attachTo(["/99:rest*"])];
    const many = Array.from({ length: 100 }, (_, i) => `/${i}${"a-".repeat(500)}`);
    const batch = [
      { topic: "/99", data: "before" },
      { topic: many, data: "many" },
      { topic: ["/99", ...many.slice(1)], data: "again" },
      { topic: "/99after", data: "after" },
    ];
    const began = process.cpuUsage();
    const published = hub.publisher.publishBatch(batch);
    let longestUs = 0;
    let late: TestSink | undefined;
    for (let turns = 0; [all, some, late].some((sink) => sink?.data.at(-1) !== (sink === late ? "again" : "after")); turns++) {
      const before = process.cpuUsage();
      await turn();
      const { user, system } = process.cpuUsage(before);
      longestUs = Math.max(longestUs, user + system);
      // One that comes in the middle of an update gets all of it, and nothing twice.
      if (turns === 1) late = await attachTo(["/50:rest*"], "earliest");
    }
    await published;
    expect(all.data).toEqual(["before", "many", "again", "after"]);
    expect(some.data).toEqual(["before", "many", "again", "after"]);
    expect(late?.data).toEqual(["many", "again"]);
    expect(longestUs).toBeLessThan(process.cpuUsage(began).user / 2);
    await hub.close();
  });

  it("does not let streams without patterns wait long for those with many", async () => {
    const warnings: unknown[] = [];
    const logger = { ...SILENT, warn: (...line: unknown[]) => void warnings.push(line) };
    const hub = new HubCore({ journal: memoryJournal(), logger });
    const select = (patterns: readonly string[]): Selection =>
      hub.readers.select(
        patterns.map((pattern) => ({ type: pattern === "*" ? ("exact" as const) : ("urlpattern" as const), pattern })),
        undefined,
      );
    const open = async (...patterns: string[]): Promise<TestSink> => {
      const sink = new TestSink();
      const selection = select(patterns);
      sink.subscriber = hub.readers.attach(selection, sink, await hub.readers.resolve(undefined, selection));
      return sink;
    };
    const patterned: TestSink[] = [];
    for (let i = 0; i < 5; i++) patterned.push(await open(...Array.from({ length: 99 }, (_, j) => `/(.*a.*b.*c.*${i}-${j})`), "/:rest*"));
    const all = await open("*");
    const count = 300;
    const long = "a-".repeat(480);
    for (let i = 0; i < count; i++) await hub.publisher.publish({ topic: `/${i}${long}`, data: String(i) });
    const began = process.cpuUsage();
    let untilAllUs = 0;
    let longestUs = 0;
    while (patterned.some(({ data }) => data.length < count)) {
      const before = process.cpuUsage();
      await turn();
      const { user, system } = process.cpuUsage(before);
      longestUs = Math.max(longestUs, user + system);
      if (untilAllUs === 0 && all.data.length === count) untilAllUs = process.cpuUsage(began).user;
    }
    const wholeUs = process.cpuUsage(began).user;
    const order = Array.from({ length: count }, (_, i) => String(i));
    for (const { data } of [all, ...patterned]) expect(data).toEqual(order);
    expect(longestUs).toBeLessThan(100_000);
    expect(untilAllUs).toBeLessThan(wholeUs / 2);
    expect(warnings).toContainEqual([expect.objectContaining({ streams: 5 }), expect.stringContaining("patterns") as string]);
    await hub.close();
  });

  it.each([
    ["from the beginning", { lastEventId: "earliest", last: 0, latest: false }],
    ["from a snapshot", { lastEventId: undefined, last: 10, latest: false }],
    ["of the latest updates", { lastEventId: "earliest", last: 0, latest: true }],
  ])("lets others run while a stream with many patterns reads updates of many topics %s", async (_what, { lastEventId, last, latest }) => {
    const hub = new HubCore({ journal: memoryJournal() });
    const topics = (update: number): string[] => Array.from({ length: 99 }, (_, i) => `/${update}/${i}${"a-".repeat(900)}`);
    for (let i = 0; i < 20; i++) await hub.publisher.publish({ topic: [...topics(i), "/last"], data: String(i) });
    await turn();
    const patterns = Array.from({ length: 50 }, (_, j) => ({ type: "urlpattern" as const, pattern: `/(.*a.*b.*c.*${j})` }));
    const selection = hub.readers.select([...patterns, { type: "exact", pattern: "/last" }], undefined, {
      pace: { intervalMs: 0, latest },
    });
    const sink = new TestSink();
    const opening = (async () => {
      sink.subscriber = hub.readers.attach(selection, sink, await hub.readers.resolve(lastEventId, selection, last));
    })();
    const began = process.cpuUsage();
    let longestUs = 0;
    while (hub.process.stats().subscribers === 0 || hub.process.stats().lagging > 0) {
      const before = process.cpuUsage();
      await turn();
      const { user, system } = process.cpuUsage(before);
      longestUs = Math.max(longestUs, user + system);
    }
    await opening;
    expect(sink.data.at(-1)).toBe("19");
    expect(longestUs).toBeLessThan(process.cpuUsage(began).user / 2);
    await hub.close();
  });

  it("keeps no queue for a reader that is full, and replays to it once it drains", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    const [slow, fast] = [await attach(hub, "t"), await attach(hub, "t")];
    slow.full = true;
    await hub.publisher.publish({ topic: "t", data: "0" });
    await turn();
    const held = slow.writes.length;
    for (let i = 1; i < 1000; i++) await hub.publisher.publish({ topic: "t", data: String(i) });
    await turn();
    expect(slow.writes).toHaveLength(held);
    expect(fast.data).toHaveLength(1000);
    expect(hub.process.stats().lagging).toBe(1);
    slow.full = false;
    slow.subscriber?.drained();
    await expect.poll(() => hub.process.stats().lagging).toBe(0);
    expect(slow.data).toEqual(fast.data);
    await hub.publisher.publish({ topic: "t", data: "live again" });
    await turn();
    expect(slow.data.at(-1)).toBe("live again");
    await hub.close();
  });

  it("tells a slow reader of a gap when its place was trimmed, and goes on from what is held", async () => {
    const hub = new HubCore({ journal: memoryJournal({ retention: { maxCount: 10 } }) });
    const slow = await attach(hub, "t");
    slow.full = true;
    const big = "x".repeat(20_000);
    for (let i = 0; i < 2000; i++) await hub.publisher.publish({ topic: "t", data: `${i}:${big}` });
    await turn();
    slow.full = false;
    slow.subscriber?.drained();
    await expect.poll(() => hub.process.stats().lagging).toBe(0);
    const gap = slow.writes.find((text) => text.startsWith("event: hub:gap"));
    expect(gap).toContain('"reason":"trimmed"');
    const received = slow.data.map((data) => Number.parseInt(data, 10));
    expect(received.slice(-10)).toEqual(Array.from({ length: 10 }, (_, i) => 1990 + i));
    expect(received).toEqual(received.toSorted((a, b) => a - b));
    expect(new Set(received).size).toBe(received.length);
    await hub.close();
  });

  it("cuts a reader that takes nothing for too long", async () => {
    const hub = new HubCore({ journal: memoryJournal(), writeStallMs: 30 });
    const slow = await attach(hub, "t");
    slow.full = true;
    await hub.publisher.publish({ topic: "t" });
    await expect.poll(() => slow.destroyed).toBe(true);
    expect(hub.process.stats()).toMatchObject({ subscribers: 0, cohorts: 0, lagging: 0 });
    await hub.close();
  });

  it("does not cut a reader that is slow but takes something", async () => {
    const hub = new HubCore({ journal: memoryJournal(), writeStallMs: 600 });
    const slow = await attach(hub, "t");
    slow.full = true;
    slow.pending = 1000;
    await hub.publisher.publish({ topic: "t" });
    const until = performance.now() + 1500;
    await expect.poll(() => (slow.pending--, performance.now() > until || slow.destroyed), { interval: 10 }).toBe(true);
    expect(slow.destroyed).toBe(false);
    await expect.poll(() => slow.destroyed).toBe(true);
    await hub.close();
  });

  it("cuts a full stream that reaches the end of its lifetime, and ends the others in order", async () => {
    const hub = new HubCore({ journal: memoryJournal(), lifetimeMs: 600 });
    const [full, other] = [await attach(hub, "t"), await attach(hub, "t")];
    full.full = true;
    await hub.publisher.publish({ topic: "t" });
    await expect.poll(() => full.destroyed && other.ended).toBe(true);
    expect(full.ended).toBe(false);
    expect(other.destroyed).toBe(false);
    await hub.close();
  });

  it("tells a gap to live subscribers when records were trimmed before this process saw them", async () => {
    const journal = memoryJournal({ retention: { maxCount: 3 } });
    // A process that slept: it hears of nothing until it is woken, and then of what is left.
    let deliver: (records: readonly JournalRecord[]) => void = () => undefined;
    const asleep: Journal = Object.create(journal, {
      follow: { value: (_after: number, onAppended: typeof deliver) => ((deliver = onAppended), () => undefined) },
    }) as Journal;
    for (const name of ["append", "read", "find", "tail", "head", "close"] as const) {
      Object.defineProperty(asleep, name, { value: (journal[name] as (...args: unknown[]) => unknown).bind(journal) });
    }
    Object.defineProperty(asleep, "epoch", { value: journal.epoch });
    const hub = new HubCore({ journal: asleep });
    const live = await attach(hub, "t");
    const inProcess: string[] = [];
    void (async () => {
      for await (const update of hub.readers.subscribe()) inProcess.push(update.type ?? update.data);
    })();
    for (let i = 1; i <= 10; i++) await hub.publisher.publish({ topic: "t", data: String(i) });
    const page = await journal.read(7, { maxRecords: 10, maxBytes: Infinity });
    deliver(page.kind === "records" ? page.records : []);
    await expect.poll(() => live.data).toEqual(["8", "9", "10"]);
    expect(live.writes.join("").match(/event: hub:gap/g)).toHaveLength(1);
    await expect.poll(() => inProcess).toEqual(["hub:gap", "8", "9", "10"]);
    deliver(page.kind === "records" ? page.records : []);
    await hub.publisher.publish({ topic: "t", data: "11" });
    await turn();
    expect(live.data).toEqual(["8", "9", "10"]);
    await hub.close();
  });

  it("tells a cursor after a gap, even when nothing is held", async () => {
    const hub = new HubCore({ journal: memoryJournal(), heartbeatMs: 40 });
    const sink = await attach(hub, "t", "#AAAAAAAA:5");
    expect(sink.writes.join("")).toContain("event: hub:gap");
    await expect.poll(() => sink.writes.join("")).toContain("event: hub:cursor");
    await hub.close();
  });

  it("has no seam between replay and live delivery", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    for (let i = 0; i < 100; i++) await hub.publisher.publish({ topic: "t", data: String(i), id: `id-${i}` });
    const sinks: TestSink[] = [];
    const publishing = (async () => {
      for (let i = 100; i < 400; i++) await hub.publisher.publish({ topic: "t", data: String(i), id: `id-${i}` });
    })();
    for (let i = 0; i < 100; i++) {
      sinks.push(await attach(hub, "t", `id-${i}`));
      if (i % 7 === 0) await turn();
    }
    await publishing;
    await expect.poll(() => hub.process.stats().lagging).toBe(0);
    for (const [i, sink] of sinks.entries()) {
      expect(sink.data.map(Number)).toEqual(Array.from({ length: 399 - i }, (_, n) => i + 1 + n));
    }
    await hub.close();
  });

  it("drains: delivers what was acknowledged, says hub:drain, refuses more", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    const sink = await attach(hub, "t");
    void hub.publisher.publish({ topic: "t", data: "last" });
    await hub.close();
    expect(sink.data).toEqual(["last"]);
    expect(sink.writes.at(-1)).toMatch(/^retry: \d+\nevent: hub:drain\ndata: \{"reconnectInMs":\d+\}\n\n$/);
    expect(sink.ended).toBe(true);
    await expect(hub.publisher.publish({ topic: "t" })).rejects.toMatchObject({ code: "draining" });
    const late = await attach(hub, "t");
    expect(late.writes.join("")).toContain("event: hub:drain");
    expect(late.ended).toBe(true);
  });

  it("takes updates until the last request is answered, and sends none to a stream that has ended", async () => {
    const journal = memoryJournal();
    const hub = new HubCore({ journal, drainMs: 60_000 });
    const [gone, slow] = [await attach(hub, "t"), await attach(hub, "t")];
    // This one's peer reads nothing more, so the stream ends late.
    slow.end = () => void (slow.ended = true);
    const reader = hub.readers.subscribe({ match: "t" });
    const first = reader.next();
    let answered = (): void => undefined;
    const serving = new Promise<void>((resolve) => (answered = resolve));
    const closing = hub.close({ serving });
    await expect.poll(() => gone.ended && slow.ended).toBe(true);
    await hub.publisher.publish({ topic: "t", data: "while streams end" });
    expect((await first).value?.data).toBe("while streams end");
    slow.subscriber?.close();
    await turn();
    await hub.publisher.publish({ topic: "t", data: "while requests are answered" });
    expect((await reader.next()).value?.data).toBe("while requests are answered");
    answered();
    await closing;
    await expect(hub.publisher.publish({ topic: "t" })).rejects.toMatchObject({ code: "draining" });
    expect([gone.data, slow.data]).toEqual([[], []]);
    expect(journal.tail()).toBe(2);
  });
});

describe("a hub that leaves", () => {
  async function drained(count: number, options: { drainMs: number; retryMs?: { min: number; max: number } }): Promise<number[]> {
    const hub = new HubCore({ journal: memoryJournal(), ...options });
    const sinks: Awaited<ReturnType<typeof attach>>[] = [];
    for (let i = 0; i < count; i++) sinks.push(await attach(hub, "t"));
    await hub.close();
    const told = sinks.map(({ writes }) => Number(/event: hub:drain\ndata: \{"reconnectInMs":(\d+)\}/.exec(writes.join(""))?.[1]));
    return told.toSorted((a, b) => a - b);
  }

  it("has its subscribers come back one after the other, over the time that it was given", async () => {
    const told = await drained(200, { drainMs: 20_000 });
    // One in each 200th of the time, so that no two of them need be served at once.
    for (const [i, ms] of told.entries()) {
      expect(ms).toBeGreaterThanOrEqual(1000 + i * 100);
      expect(ms).toBeLessThanOrEqual(1000 + (i + 1) * 100);
    }
  });

  it("spreads them over the usual times where it has little", async () => {
    const told = await drained(40, { drainMs: 0, retryMs: { min: 2000, max: 6000 } });
    for (const [i, ms] of told.entries()) {
      expect(ms).toBeGreaterThanOrEqual(2000 + i * 100);
      expect(ms).toBeLessThanOrEqual(2000 + (i + 1) * 100);
    }
  });
});

describe("reading within the process", () => {
  async function take(hub: Hub, options: Parameters<Hub["subscribe"]>[0], count: number): Promise<string[]> {
    const taken: string[] = [];
    for await (const update of hub.subscribe(options)) {
      taken.push(update.type === "hub:gap" ? `gap ${(JSON.parse(update.data) as { reason: string }).reason}` : update.data);
      if (taken.length === count) break;
    }
    return taken;
  }

  it("replays, says when it is live, and follows", async () => {
    const hub = createHub();
    await hub.publishBatch([
      { topic: "a", data: "1" },
      { topic: "b", data: "2" },
      { topic: "/c/1", data: "3" },
    ]);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const update of hub.subscribe({
        match: "a",
        matchUrlPattern: "/c/:id",
        lastEventId: "earliest",
        onLive: () => seen.push("live"),
      })) {
        seen.push(update.data);
        if (update.data === "5") break;
      }
    })();
    await expect.poll(() => seen).toEqual(["1", "3", "live"]);
    await hub.publish({ topic: "b", data: "4" });
    await hub.publish({ topic: "a", data: "5" });
    await reading;
    expect(seen).toEqual(["1", "3", "live", "5"]);
    await hub.close();
  });

  it("lets the event loop turn while it replays", async () => {
    const hub = createHub();
    for (let i = 0; i < 9; i++) await hub.publishBatch(Array.from({ length: 1000 }, () => ({ topic: "t" })));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await new Promise<void>((resolve) => {
      void (async () => {
        for await (const _ of hub.subscribe({ lastEventId: "earliest", onLive: resolve })) void _;
      })();
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    await hub.close();
  });

  it("is live at once when nothing is held", async () => {
    const hub = createHub();
    await new Promise<void>((resolve) => void hub.subscribe({ lastEventId: "earliest", onLive: resolve }).next());
    await hub.close();
  });

  it("yields a gap, and private updates only where asked for", async () => {
    const hub = createHub();
    await hub.publish({ topic: "a", data: "secret", private: true });
    await hub.publish({ topic: "a", data: "open" });
    expect(await take(hub, { lastEventId: "never", includePrivate: true }, 3)).toEqual(["gap unknown", "secret", "open"]);
    expect(await take(hub, { lastEventId: "earliest" }, 1)).toEqual(["open"]);
    await hub.close();
  });

  it("ends when its signal aborts and when the hub closes", async () => {
    const hub = createHub();
    const controller = new AbortController();
    const aborted = take(hub, { signal: controller.signal }, 1);
    const closed = take(hub, {}, 1);
    controller.abort();
    expect(await aborted).toEqual([]);
    await hub.close();
    expect(await closed).toEqual([]);
  });

  it("ends at once when it is aborted in onLive", async () => {
    const hub = createHub();
    const controller = new AbortController();
    expect(await take(hub, { signal: controller.signal, onLive: () => controller.abort() }, 1)).toEqual([]);
    await hub.close();
  });

  it("refuses a bad matcher at the call", () => {
    expect(() => createHub().subscribe({ match: "" })).toThrow(expect.objectContaining({ code: "invalid_matcher" }));
  });
});

describe("observing", () => {
  it("sees subscribers come and go with what they asked for", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    const seen: string[] = [];
    const stop = hub.process.observe({
      subscribed: ({ matchers }) => seen.push(`+${matchers[0]?.pattern}`),
      unsubscribed: ({ matchers }) => seen.push(`-${matchers[0]?.pattern}`),
    });
    const sink = await attach(hub, "t");
    sink.subscriber?.close();
    sink.subscriber?.close();
    stop();
    await attach(hub, "t");
    expect(seen).toEqual(["+t", "-t"]);
    await hub.close();
  });
});

describe("encoding", () => {
  const frame = (data: string): string =>
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      encodeFrame({ topics: ["t"], data, id: undefined, type: "x", retry: 7, private: false }, "i").content,
    );

  it("splits data on CR, LF and CRLF, and leaves the rest as it is", () => {
    expect(frame("a\rb\nc\r\nd\n\re")).toBe("event: x\nretry: 7\nid: i\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n");
    expect(frame("")).toBe("event: x\nretry: 7\nid: i\ndata: \n\n");
    expect(frame(" \u2028\u0000\uFEFF:")).toContain("data:  \u2028\u0000\uFEFF:\n");
    expect(frame("é\r\r\n\n𝕏\r")).toBe("event: x\nretry: 7\nid: i\ndata: é\ndata: \ndata: \ndata: 𝕏\ndata: \n\n");
  });

  it.each(["\r", "\n", "\r\n", "a\r", "é\n"])("takes little time for a mebibyte of %j", (unit) => {
    const data = unit.repeat(1_048_576 / unit.length);
    const update: Update = { topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false };
    const floor = (): unknown => new TextEncoder().encode(data.split(/\r\n?|\n/u).join("\ndata: "));
    expect(leastToFloor(() => encodeFrame(update, "i"), floor)).toBeLessThan(3);
  });
});
