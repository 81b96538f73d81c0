import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createHub, type Hub } from "artesian";
import { createFakeHub, type FakeHub } from "artesian-client/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect, json, publish, type ConnectOptions, type Live, type UpdateInput } from "../../packages/client/src/index.ts";
import { listen } from "../support/server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

/** A hub that a script drives. */
interface Driven extends Pick<FakeHub, "url" | "fetch" | "drop" | "stall" | "gap"> {
  readonly publish: (update: UpdateInput) => Promise<string>;
  readonly subscribers: () => number;
  /** Later requests are served after `stall`. */
  readonly recover: () => void;
}

function fake(): Driven {
  const hub = createFakeHub();
  return {
    ...hub,
    publish: async (update) => hub.publish(update),
    subscribers: () => hub.subscribers,
    recover: () => undefined,
  };
}

async function real(): Promise<Driven> {
  const start = (): Hub => createHub({ anonymousPublish: true, drainMs: 0, retryMs: { min: 100, max: 100 } });
  let hub = start();
  const server = createServer((req, res) => hub.handler(req, res));
  await listen(server);
  const { port } = server.address() as AddressInfo;
  const proxy = await TcpProxy.start(port);
  onTestFinished(() => hub.close());
  return {
    url: `http://127.0.0.1:${proxy.port}/events/stream`,
    fetch,
    publish: async (update) => hub.publish(update),
    subscribers: () => hub.stats().subscribers,
    drop: () => proxy.retarget(port),
    stall: () => proxy.blackhole(),
    recover: () => proxy.open(),
    gap() {
      const old = hub;
      hub = start();
      proxy.retarget(port);
      void old.close();
    },
  };
}

/** Ids differ in their epoch alone. */
const withoutEpoch = (text: string): string => text.replaceAll(/#[^:"\s]+:/g, "#EPOCH:");

const hubs = { fake: async () => Promise.resolve(fake()), real };

function open(hub: Driven, options: ConnectOptions = {}): Live {
  const live = connect(hub.url, { fetch: hub.fetch, retryMs: 20, retryFloorMs: 10, maxRetryMs: 100, idleTimeoutMs: 3000, ...options });
  onTestFinished(() => live.close());
  return live;
}

/** Runs a script at both hubs, and compares what it tells. */
async function compare(script: (hub: Driven) => Promise<unknown>): Promise<void> {
  const [mine, theirs] = [await script(await hubs.fake()), await script(await hubs.real())];
  expect(mine).toEqual(theirs);
}

const UPDATES: readonly UpdateInput[] = [
  { topic: "/orders/1", data: { state: "new" }, type: "changed" },
  { topic: ["/orders/2", "/all"], data: "two\nlines\r\nthree" },
  { topic: "/other", data: null, id: "own-id" },
  { topic: "/orders/1", retry: 700 },
];

describe("the fake hub answers as the real hub", () => {
  const requests: readonly (readonly [name: string, query: string, init?: RequestInit])[] = [
    ["an update", "", { method: "POST", headers: { "content-type": "application/json" }, body: '{"topic":"/orders/9","data":{"a":1}}' }],
    [
      "a batch",
      "",
      { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: '{"topic":"/b"}\n{"topic":"/b","id":"b2"}' },
    ],
    ["a form", "", { method: "POST", body: new URLSearchParams("topic=/f&data=x") }],
    [
      "the same key",
      "",
      { method: "POST", headers: { "content-type": "application/json", "idempotency-key": '"k"' }, body: '{"topic":"/k"}' },
    ],
    [
      "the same key again",
      "",
      { method: "POST", headers: { "content-type": "application/json", "idempotency-key": '"k"' }, body: '{"topic":"/k"}' },
    ],
    ["no topic", "", { method: "POST", headers: { "content-type": "application/json" }, body: '{"data":1}' }],
    ["no JSON", "", { method: "POST", headers: { "content-type": "application/json" }, body: "{" }],
    ["a reserved type", "", { method: "POST", headers: { "content-type": "application/json" }, body: '{"topic":"/a","type":"hub:x"}' }],
    ["a poll from now", "wait=0&match=/orders/1"],
    ["a poll of everything", "wait=0&match=*&last_event_id=earliest"],
    ["a poll of a pattern", "wait=0&match_urlpattern=/orders/:id&last_event_id=earliest"],
    ["a poll after an own id", "wait=0&last_event_id=own-id"],
    ["a poll after an unknown id", "wait=0&match=/other&last_event_id=unknown"],
    ["a poll after another epoch", "wait=0&match=/other&last_event_id=%23otherone:3"],
    ["a poll after an id of no hub", "wait=0&match=/other&last_event_id=%23other:3"],
    ["a poll of the newest", "wait=0&match_urlpattern=/orders/*&last=1"],
    ["a poll of the newest of each topic", "wait=0&match_urlpattern=/orders/*&last=10&latest=on"],
    ["a QUERY", "wait=0", { method: "QUERY", body: new URLSearchParams("match=/all&last_event_id=earliest") }],
  ];

  test("to requests", async () => {
    await compare(async ({ url, fetch: send, publish: put }) => {
      for (const update of UPDATES) await put(update);
      const answers: unknown[] = [];
      for (const [name, query, init] of requests) {
        const headers = { accept: "application/json", ...(init?.headers as Record<string, string> | undefined) };
        const response = await send(`${url}?${query}`, { ...init, headers });
        const body = JSON.parse(withoutEpoch(await response.text())) as Record<string, unknown>;
        answers.push([name, response.status, response.ok ? body : body["code"]]);
      }
      return answers;
    });
  });

  test("to streams that are dropped and stalled, and to a lost journal", async () => {
    await compare(async (hub) => {
      const live = open(hub);
      const log: unknown[] = [];
      live.onGap(({ reason, first }) => log.push(["gap", reason, first]));
      live.topic("/orders/:id").on("*", ({ type, topics, data }) => log.push([type, topics, data]));
      const isLive = (): Promise<void> => expect.poll(() => live.state.status).toBe("live");
      const has = (length: number): Promise<void> => expect.poll(() => log.length).toBe(length);
      await isLive();
      for (const update of UPDATES) await hub.publish(update);
      await has(3);
      hub.drop();
      await hub.publish({ topic: "/orders/3", data: "while away" });
      await has(4);
      await isLive();
      hub.stall();
      await hub.publish({ topic: "/orders/4", data: "while silent" });
      await expect.poll(() => live.state.status, { timeout: 20_000, interval: 1 }).toBe("offline");
      hub.recover();
      await has(5);
      await isLive();
      hub.gap();
      await has(6);
      await isLive();
      await hub.publish({ topic: "/orders/5", data: "after the gap" });
      await has(7);
      live.close();
      await expect.poll(hub.subscribers).toBe(0);
      return log;
    });
  });

  test("to what a client publishes, and to the newest states", async () => {
    await compare(async (hub) => {
      await hub.publish({ topic: "/quotes/A", data: 1 });
      const live = open(hub);
      const states = live.latest("/quotes/:symbol", json<number>());
      await expect.poll(() => states.current.size).toBe(1);
      const ids = [
        await live.publish({ topic: "/quotes/B", data: 2 }),
        ...(await publish(hub.url, [{ topic: "/quotes/A", data: 3 }], { fetch: hub.fetch })),
      ];
      await expect.poll(() => Object.fromEntries(states.current)).toEqual({ "/quotes/A": 3, "/quotes/B": 2 });
      return [ids.map(withoutEpoch), Object.fromEntries(states.current)];
    });
  });
});

describe("the fake hub", () => {
  test("lets tokens expire: a stream is renewed in place, or ends", async () => {
    const hub = createFakeHub();
    let count = 0;
    const live = connect(hub.url, { fetch: hub.fetch, token: () => `token-${++count}`, retryMs: 10 });
    const fixed = connect(hub.url, { fetch: hub.fetch, token: "fixed", retryMs: 10 });
    onTestFinished(() => [live, fixed].forEach((one) => one.close()));
    const [states, others]: string[][] = [[], []];
    live.onState(({ status }) => states?.push(status));
    fixed.onState(({ status, reason }) => others?.push(`${status} ${reason}`));
    const got: string[] = [];
    live.topic("/a").on("*", ({ data }) => got.push(data));
    fixed.topic("/a").on("*", () => undefined);
    await expect.poll(() => [live.state.status, fixed.state.status]).toEqual(["live", "live"]);
    hub.expire(50);
    await expect.poll(() => fixed.state.reason).toBe("invalid_token");
    hub.publish({ topic: "/a", data: "private", private: true });
    await expect.poll(() => got).toEqual(["private"]);
    expect(count).toBe(2);
    expect(states).toEqual(["live"]);
  });

  test("polls, and keeps what clients sent", async () => {
    const hub = createFakeHub("http://other.test");
    const init = { headers: { accept: "application/json" } };
    const first = (await (await hub.fetch(`${hub.url}?match=/a`, init)).json()) as { cursor: string };
    const poll = hub.fetch(`${hub.url}?match=/a&last_event_id=${encodeURIComponent(first.cursor)}`, init);
    expect(await publish(hub.url, { topic: "/a", data: 1 }, { fetch: hub.fetch })).toMatch(/^#/);
    expect(await (await poll).json()).toMatchObject({ updates: [{ topics: ["/a"], data: "1" }] });
    expect(hub.received).toEqual([{ topic: "/a", data: 1 }]);
    const cut = hub.fetch(`${hub.url}?match=/a&last_event_id=no-such-id`, init);
    expect(await (await cut).json()).toMatchObject({ gap: { reason: "unknown" } });
    expect(hub.subscribers).toBe(0);
  });
});
