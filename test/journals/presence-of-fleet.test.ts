import type { Authorization, Journal } from "artesian";
import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it, onTestFinished } from "vitest";
import { HubCore } from "../../packages/hub/src/core/hub-core.ts";
import { StandardParser } from "../protocol/standard-parser.ts";
import { SHARED_ENGINES } from "../support/two-journals.ts";

const WAIT = { timeout: 30_000 };
const ALL: Authorization = {
  issuer: "https://issuer.example",
  subject: "watcher",
  tokenId: undefined,
  issuedAt: undefined,
  expiresAt: Infinity,
  publish: [],
  subscribe: [{ topics: [{ type: "exact", pattern: "*" }], payload: undefined }],
};
const PRESENCE = "/.well-known/mercure/subscriptions/:type/:match/:subscriber";

function hubOn(journal: Journal, history = 10_000): HubCore {
  const hub = new HubCore({ journal, subscriptions: true, drainMs: 20, limits: { presenceRate: 100_000, presenceHistory: history } });
  onTestFinished(() => hub.close());
  return hub;
}

interface Peer {
  /** What it received: data of updates, `+match` and `-match` of subscriptions that began and ended, and types of the hub's own events. */
  readonly received: string[];
  /** The id that it would come back with. */
  readonly lastEventId: () => string | undefined;
  readonly leave: () => void;
}

/** Subscribes. @param from - The id that the peer comes back with. */
async function join(
  hub: HubCore,
  matchers: readonly string[],
  { authorization, from, latest = false }: { authorization?: Authorization; from?: string | undefined; latest?: boolean } = {},
): Promise<Peer> {
  const list = matchers.map((pattern) => ({ type: pattern.includes(":") ? "urlpattern" : "exact", pattern }) as const);
  const selection = hub.readers.select(list, authorization, latest ? { pace: { intervalMs: 20, latest } } : {});
  const received: string[] = [];
  let last: string | undefined;
  const parser = new StandardParser(({ type, data, id }) => {
    last = id || last;
    if (type === "mercure") {
      const { match, active } = JSON.parse(data) as { match: string; active: boolean };
      if (match !== PRESENCE && match !== "news") received.push(`${active ? "+" : "-"}${match}`);
    } else if (type !== "hub:cursor") received.push(type.startsWith("hub:") ? type : data);
  });
  const write = (bytes: Uint8Array): boolean => (parser.feed(bytes), true);
  const sink = { write, pendingBytes: () => 0, end: () => undefined, destroy: () => undefined };
  const subscriber = hub.readers.attach(selection, sink, await hub.readers.resolve(from, selection), authorization);
  return { received, lastEventId: () => last, leave: () => subscriber?.close() };
}

describe("presence between processes", () => {
  it.each(Object.entries(SHARED_ENGINES))(
    "is told of in order, and after a reconnection to another process: %s",
    async (_name, openTwo) => {
      const [here, there] = (await openTwo()).map((journal) => hubOn(journal)) as [HubCore, HubCore];
      const watcher = await join(there, [PRESENCE, "news"], { authorization: ALL });
      const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
      const visitor = await join(here, names);
      await expect.poll(() => watcher.received, WAIT).toEqual(names.map((name) => `+${name}`));
      await here.publisher.publish({ topic: "news", data: "one" });
      await expect.poll(() => watcher.received.at(-1), WAIT).toBe("one");
      watcher.leave();
      visitor.leave();
      const second = await join(here, ["second"]);
      const list = async (): Promise<unknown[]> =>
        [...((await here.presence?.list({ compat: false }, { after: undefined, limit: 100 }))?.documents ?? [])].map(({ match }) => match);
      await expect.poll(list, WAIT).toEqual(["second"]);
      await here.publisher.publish({ topic: "news", data: "two" });
      for (const hub of [here, there]) {
        const again = await join(hub, [PRESENCE, "news"], { authorization: ALL, from: watcher.lastEventId() });
        await expect.poll(() => again.received.toSorted(), WAIT).toEqual([...names.map((name) => `-${name}`), "+second", "two"].toSorted());
        again.leave();
      }
      second.leave();
      // Whoever has no grant hears nothing of it.
      const stranger = await join(there, [PRESENCE, "news"], { from: "earliest" });
      await expect.poll(() => stranger.received, WAIT).toEqual(["one", "two"]);
    },
  );
});

describe("what is kept of presence", () => {
  it("is a bound of its own: publishers' updates stay, and a watcher that was away for longer is told of a gap in its place", async () => {
    const journal = memoryJournal({ retention: { maxCount: 1000 } });
    const hub = hubOn(journal, 100);
    await hub.publisher.publish({ topic: "news", data: "first" });
    const watcher = await join(hub, [PRESENCE, "news"], { authorization: ALL, from: "earliest" });
    await expect.poll(() => watcher.received, WAIT).toEqual(["first"]);
    watcher.leave();
    const [before, head] = [journal.tail(), journal.head()];
    const matchers = (i: number): string[] => Array.from({ length: 100 }, (_, j) => `${i}-${j}`);
    const crowd: Peer[] = [];
    const present = async (): Promise<number> => {
      let count = 0;
      for (let after: string | undefined, isMore = true; isMore;) {
        const page = await hub.presence?.list({ compat: false }, { after, limit: 20_000 });
        count += page?.documents.length ?? 0;
        after = page?.next;
        isMore = after !== undefined;
      }
      return count;
    };
    for (let i = 0; i < 100; i++) crowd.push(await join(hub, matchers(i)));
    await expect.poll(present, { ...WAIT, interval: 200 }).toBe(10_000);
    for (const peer of crowd) peer.leave();
    await expect.poll(present, { ...WAIT, interval: 200 }).toBe(0);
    expect(journal.head()).toBe(head);
    expect(journal.tail() - before).toBeLessThan(200);
    await hub.publisher.publish({ topic: "news", data: "second" });
    const again = await join(hub, [PRESENCE, "news"], { authorization: ALL, from: watcher.lastEventId() });
    await expect.poll(() => again.received.at(-1), WAIT).toBe("second");
    expect(again.received).toContain("hub:gap");
    const reader = await join(hub, ["news"], { from: watcher.lastEventId() });
    await expect.poll(() => reader.received, WAIT).toEqual(["second"]);
    // Once it has told of the gap, nothing is missing.
    again.leave();
    const third = await join(hub, [PRESENCE, "news"], { authorization: ALL, from: again.lastEventId() });
    await hub.publisher.publish({ topic: "news", data: "third" });
    await expect.poll(() => third.received, WAIT).toEqual(["third"]);
  });

  it("comes as a whole: a watcher that is cut off in the middle of several gets all of them again", async () => {
    const hub = hubOn(memoryJournal());
    const watcher = await join(hub, [PRESENCE], { authorization: ALL });
    const before = watcher.lastEventId();
    const ids: (string | undefined)[] = [];
    const reading = (async () => {
      for await (const { id, type } of hub.readers.subscribe({ includePrivate: true, lastEventId: "earliest" })) {
        if (type === "mercure" && ids.push(id) === 7) return;
      }
    })();
    await join(hub, ["a", "b", "c", "d"]);
    await join(hub, ["e", "f"]);
    await expect.poll(() => watcher.received, WAIT).toEqual(["+a", "+b", "+c", "+d", "+e", "+f"]);
    await reading;
    const again = await join(hub, [PRESENCE], { authorization: ALL, from: before });
    await expect.poll(() => again.received, WAIT).toEqual(["+a", "+b", "+c", "+d", "+e", "+f"]);
    expect(again.lastEventId()).toBe(watcher.lastEventId());
    // One of each commit resumes after it, the others before it.
    expect(new Set(ids.slice(1)).size).toBeLessThan(6);
    expect(ids.at(-1)).toBe(watcher.lastEventId());
  });

  it("reaches a watcher that wants the latest only, at its pace", async () => {
    const hub = hubOn(memoryJournal());
    const watcher = await join(hub, [PRESENCE, "news"], { authorization: ALL, latest: true });
    const visitor = await join(hub, ["a"]);
    await expect.poll(() => watcher.received, WAIT).toEqual(["+a"]);
    await hub.publisher.publish({ topic: "news", data: "one" });
    await expect.poll(() => watcher.received, WAIT).toEqual(["+a", "one"]);
    visitor.leave();
    await expect.poll(() => watcher.received, WAIT).toEqual(["+a", "one", "-a"]);
  });
});
