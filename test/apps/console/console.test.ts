import { setImmediate } from "node:timers/promises";
import type { SubscriberInfo, SubscriberPage } from "artesian";
import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it, onTestFinished } from "vitest";
import { createConsole } from "../../../packages/hub/src/console/server/index.ts";
import type { History, ScheduledPage, UpdateAnswer } from "../../../packages/hub/src/console/server/wire.ts";
import { findSubscribers } from "../../../packages/hub/src/core/inspect/directory.ts";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import { exact, ISSUER, mint, urlpattern } from "../../support/tokens.ts";
import { mintAdmin, mintForAnother, sampleOf, startConsole } from "./support.ts";

/** Every address, with the method that it takes. */
const ADDRESSES: readonly (readonly ["GET" | "POST", string])[] = [
  ["GET", "about"],
  ["GET", "history"],
  ["POST", "token"],
  ["GET", "subscribers"],
  ["GET", "subscribers/someone"],
  ["POST", "subscribers/someone/close"],
  ["POST", "subscribers/someone/revoke-token"],
  ["POST", "subscribers/someone/revoke-subject"],
  ["GET", "topics"],
  ["GET", "journal"],
  ["GET", "latencies"],
  ["GET", "processes"],
  ["GET", "updates?id=mine"],
  ["GET", "scheduled"],
  ["POST", "scheduled/later/cancel"],
  ["GET", "nothing/here"],
];

async function json<T>(answer: Response | Promise<Response>): Promise<T> {
  const response = await answer;
  expect([response.status, response.headers.get("Cache-Control")]).toEqual([200, "no-store"]);
  return (await response.json()) as T;
}

describe("the guarded console", () => {
  it.each(ADDRESSES)("answers %s %s to administrators alone", async (method, path) => {
    const { console, hub } = await startConsole({ open: false });
    await hub.publish({ topic: "a", id: "mine", data: "secret" });
    const ask = async (authorization?: string): Promise<[number, string, string | null]> => {
      const headers = { "Content-Type": "application/json", ...(authorization !== undefined && { Authorization: authorization }) };
      const response = await console.fetch(
        new Request(`http://host/console/api/${path}`, { method, headers, ...(method === "POST" && { body: "{}" }) }),
      );
      expect(response.headers.get("Cache-Control")).toBe("no-store");
      const { code = "" } = (await response.json()) as { code?: string };
      return [response.status, code, response.headers.get("WWW-Authenticate")];
    };
    const plain = await mint({ publish: [exact("*")], subscribe: [exact("*")] });
    const { origin, pathname } = new URL(hub.url);
    const metadata = `resource_metadata="${origin}/.well-known/oauth-protected-resource${pathname}"`;
    expect(await ask()).toEqual([401, "unauthorized", `Bearer ${metadata}`]);
    for (const forged of ["Basic YTpi", "Bearer", `Bearer ${await mintForAnother()}`, `Bearer ${await mintAdmin()}, Bearer ${plain}`]) {
      expect(await ask(forged)).toEqual([401, "invalid_token", `Bearer error="invalid_token", ${metadata}`]);
    }
    expect(await ask(`Bearer ${plain}`)).toEqual([403, "insufficient_scope", `Bearer error="insufficient_scope", ${metadata}`]);
    expect([200, 404]).toContain((await ask(`Bearer ${await mintAdmin()}`))[0]);
  });

  it.each(ADDRESSES)("lets monitors look, and give no orders: %s %s", async (method, path) => {
    const site = await startConsole({ open: false });
    await site.hub.publish({ topic: "a", id: "mine", data: "b" });
    const token = await mint({ publish: [exact("/.well-known/mercure/monitor")] });
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
    const { status } = await (method === "GET" ? site.get(path, token) : site.post(path, headers));
    // There is no token to get from a guarded console, for anybody.
    expect(status).toBe(method === "POST" ? (path === "token" ? 404 : 403) : (await site.get(path, await mintAdmin())).status);
    expect(await json(site.get("about", token))).toMatchObject({ readOnly: true });
    expect(await json(site.get("about", await mintAdmin()))).toMatchObject({ readOnly: false });
  });

  it("shows monitors the figures", async () => {
    const site = await startConsole({ open: false });
    const rights = { publish: [exact("/.well-known/mercure/monitor")], subscribe: [urlpattern("/console/*")] };
    expect(await sampleOf(await site.open("match=/console/stats", await mint(rights)))).toMatchObject({ subscribers: 1 });
  });

  it("logs who comes, once, and that others were refused", async () => {
    const lines: [string, object, string][] = [];
    const write =
      (level: string) =>
      (fields: object, text: string): void =>
        void lines.push([level, fields, text]);
    const logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
    const site = await startConsole({ open: false, logger });
    const token = await mintAdmin({ subject: "alice", tokenId: "t1" });
    for (let i = 0; i < 3; i++) expect((await site.get("about", token)).status).toBe(200);
    for (let i = 0; i < 3; i++) expect((await site.get("about")).status).toBe(401);
    expect((await site.get("about", await mintAdmin({ subject: "bob" }))).status).toBe(200);
    expect(lines).toEqual([
      ["info", { issuer: ISSUER, subject: "alice", tokenId: "t1" }, "an administrator has come to the console"],
      [
        "warn",
        expect.objectContaining({ code: "unauthorized", count: 1 }),
        "the console refused requests without an administrator's token",
      ],
      ["info", expect.objectContaining({ subject: "bob" }), "an administrator has come to the console"],
    ]);
  });

  it("gives no token away, and needs none for itself", async () => {
    const { console } = await startConsole({ open: false });
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${await mintAdmin()}` };
    expect((await console.fetch(new Request("http://host/console/api/token", { method: "POST", headers, body: "{}" }))).status).toBe(404);
  });

  it("measures for administrators, and not for others who ask for the figures", async () => {
    const site = await startConsole({ open: false });
    const { tail } = site.hub.stats();
    await site.open("match=/console/stats");
    await site.open("match=/console/stats", await mint({ subscribe: [exact("*")] }));
    const before = (await json<History>(site.get("history", await mintAdmin()))).samples.length;
    await expect.poll(async () => (await json<History>(site.get("history", await mintAdmin()))).samples.length).toBeGreaterThan(before + 3);
    expect(site.hub.stats().tail).toBe(tail);
    expect((await sampleOf(await site.watch())).subscribers).toBe(3);
  });
});

describe("the open console", () => {
  it("needs a key for its figures", async () => {
    const { hub } = await startConsole({ open: false });
    expect(() => createConsole({ hub, open: true })).toThrow(TypeError);
    expect(() => createConsole({ hub, sampleMs: 0 })).toThrow("sampleMs");
  });

  it("publishes its figures privately, and only while somebody watches", async () => {
    const site = await startConsole({ open: true });
    const everyone = await site.open("match=*");
    const history = async (): Promise<History> => json(site.get("history"));
    await expect.poll(async () => (await history()).samples.length).toBeGreaterThan(3);
    expect(site.hub.stats().tail).toBe(0);

    const watcher = await site.watch();
    const sample = await sampleOf(watcher);
    expect(sample).toMatchObject({ subscribers: 2, behind: 0 });
    await site.hub.publish({ topic: "a", data: "for everyone" });
    expect((await everyone.next()).data).toBe("for everyone");
    watcher.close();
    await expect.poll(() => site.hub.stats().subscribers).toBe(1);
    const { length } = (await history()).samples;
    const { tail } = site.hub.stats();
    await expect.poll(async () => (await history()).samples.length).toBeGreaterThan(length + 3);
    // One may have been on its way when the watcher left.
    expect(site.hub.stats().tail).toBeLessThanOrEqual(tail + 1);
  });

  it("counts what others do, and not what it does itself", async () => {
    const site = await startConsole({ open: true });
    const watcher = await site.watch();
    const idle = [];
    for (let i = 0; i < 6; i++) idle.push(await sampleOf(watcher));
    // The first ones are sent while the stream still catches up.
    expect(idle.slice(2).map(({ published, delivered }) => [published, delivered])).toEqual(Array.from({ length: 4 }, () => [0, 0]));
    const reader = await site.open("match=a");
    await reader.nextOfAny();
    await site.hub.publishBatch(Array.from({ length: 100 }, () => ({ topic: "a", data: "x".repeat(100) })));
    const busy = await sampleOf(watcher, ({ published }) => published > 0);
    expect(busy.published).toBeGreaterThan(100);
    expect(busy.journalGrowth).toBeGreaterThan(0);
    expect(busy.journalUpdates).toBeGreaterThanOrEqual(100);
    await reader.take(100);
    const { samples } = await json<History>(site.get("history"));
    expect(Math.max(...samples.map((row) => row[2] ?? 0))).toBeGreaterThan(100);
    expect(Math.max(...samples.map((row) => row[3] ?? 0))).toBeGreaterThan(20_000);
  });

  it("keeps strangers from its topic", async () => {
    const { hub, origin } = await startConsole({ open: true });
    const response = await fetch(`${origin}/events/stream`, { method: "POST", body: new URLSearchParams({ topic: "/console/stats" }) });
    expect([response.status, hub.stats().tail]).toEqual([400, 0]);
  });

  it("finds subscribers, page by page, and closes one", async () => {
    const site = await startConsole({ open: true });
    const named = await mint({ subscribe: [exact("*")], subject: "Ada Lovelace" });
    const streams = [];
    for (let i = 0; i < 60; i++) streams.push(await site.open(`match=/rooms/${i}&interval=20&latest=on`));
    const ada = await site.open("match_urlpattern=/books/:id", named);
    await expect.poll(() => site.hub.stats().lagging).toBe(0);

    const first = await json<SubscriberPage>(site.get("subscribers"));
    expect([first.subscribers.length, first.matched, first.total, first.next]).toEqual([50, 61, 61, first.subscribers[49]?.id]);
    const second = await json<SubscriberPage>(site.get(`subscribers?after=${first.next}`));
    expect([second.subscribers.length, second.matched, second.next]).toEqual([11, 61, undefined]);
    const ids = [...first.subscribers, ...second.subscribers].map(({ id }) => id);
    expect(new Set(ids).size).toBe(61);
    expect(ids).toEqual(ids.toSorted());

    const found = await json<SubscriberPage>(site.get("subscribers?search=LOVELACE%20books"));
    expect(found).toMatchObject({ matched: 1, total: 61, subscribers: [{ subject: "Ada Lovelace", state: "live", lag: 0 }] });
    expect((await json<SubscriberPage>(site.get("subscribers?search=lovelace%20rooms"))).matched).toBe(0);
    expect((await json<SubscriberPage>(site.get("subscribers?search=anonymous"))).matched).toBe(60);
    expect((await json<SubscriberPage>(site.get("subscribers?behind=on"))).matched).toBe(0);

    for (const after of ["x".repeat(5000), "1"]) {
      const refused = await site.get(`subscribers?after=${after}`);
      expect([refused.status, await refused.json()]).toMatchObject([400, { code: "invalid_page" }]);
    }

    const id = found.subscribers[0]?.id ?? "";
    expect(await json(site.post(`subscribers/${encodeURIComponent(id)}/close`))).toEqual({ closed: id });
    await ada.ended;
    expect((await site.post(`subscribers/${id}/close`)).status).toBe(404);
    expect((await site.post("subscribers/%E0%A4%A/close")).status).toBe(404);
  });

  it("explains an update, and finds one that waits", async () => {
    const site = await startConsole({ open: true });
    const reader = await site.open("match=a");
    await site.open("match=b");
    await reader.nextOfAny();
    const id = await site.hub.publish({ topic: "a", type: "note", data: "secret words" });
    await reader.next();
    const { subscribers } = await json<SubscriberPage>(site.get("subscribers?search=a%0A"));
    const subscriber = subscribers.find(({ matchers }) => matchers[0]?.pattern === "a")?.id ?? "";
    const answer = await site.get(`updates?${new URLSearchParams({ id, subscriber })}`);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      state: "published",
      topics: ["a"],
      type: "note",
      size: 12,
      fate: "delivered",
      counts: { delivered: 1, not_selected: 1 },
    });
    expect(text).not.toContain("secret");
    expect((await site.get("updates?id=unknown")).status).toBe(404);
    expect((await site.get("updates")).status).toBe(404);

    await site.hub.publish({ topic: "tea", id: "tea/1", data: "ready", delayMs: 3_600_000 });
    expect(await json<UpdateAnswer>(site.get("updates?id=tea/1"))).toMatchObject({ state: "scheduled", topics: ["tea"], size: 5 });
    expect(await json<ScheduledPage>(site.get("scheduled"))).toMatchObject({ total: 1, scheduled: [{ id: "tea/1" }] });
    expect(await json(site.post("scheduled/tea%2F1/cancel"))).toEqual({ cancelled: "tea/1" });
    expect((await site.post("scheduled/tea%2F1/cancel")).status).toBe(404);
    expect(await json<ScheduledPage>(site.get("scheduled"))).toEqual({ scheduled: [], total: 0 });
  });

  it("takes orders from its own page alone", async () => {
    const site = await startConsole({ open: true });
    const headers = { "Content-Type": "application/json" };
    const code = async (more: Record<string, string>): Promise<string> => {
      const response = await site.post("subscribers/someone/close", more);
      return ((await response.json()) as { code: string }).code;
    };
    expect(await code({ ...headers, Origin: "https://evil.example", Host: "127.0.0.1:3000" })).toBe("origin_forbidden");
    expect(await code({ ...headers, Origin: "null", Host: "127.0.0.1:3000" })).toBe("origin_forbidden");
    expect(await code({ ...headers, "Sec-Fetch-Site": "same-site" })).toBe("origin_forbidden");
    expect(await code({ "Content-Type": "text/plain" })).toBe("unsupported_media_type");
    expect(await code({ "Content-Type": "application/x-www-form-urlencoded" })).toBe("unsupported_media_type");
    expect(await code({ ...headers, Origin: "http://127.0.0.1:3000", Host: "127.0.0.1:3000", "Sec-Fetch-Site": "same-origin" })).toBe(
      "not_found",
    );
    expect(await code({ ...headers, Origin: "https://hub.example" })).toBe("not_found");
    const got = await site.get("subscribers/someone/close");
    expect([got.status, got.headers.get("Allow")]).toEqual([405, "POST"]);
    expect((await site.post("subscribers")).status).toBe(405);
  });
});

const MANY = 50_000;

describe("with 50,000 subscribers", () => {
  /** How many turns others had until it was answered. */
  async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
    const working = { done: false };
    let turns = 0;
    const others = (async () => {
      for (; !working.done; turns++) await setImmediate();
    })();
    await work();
    working.done = true;
    await others;
    return turns;
  }

  it("lists them without holding anything up", async () => {
    const all = Array.from({ length: MANY }, (_, i) => ({ id: String((i * 7919) % MANY).padStart(6, "0"), pattern: `/rooms/${i % 100}` }));
    function* subscribers(): Generator<SubscriberInfo, undefined> {
      for (const { id, pattern } of all) {
        const matchers = [{ type: "exact", pattern } as const];
        yield {
          id,
          matchers,
          issuer: undefined,
          subject: undefined,
          address: undefined,
          intervalMs: 0,
          latest: false,
          openMs: 1,
          state: "live",
          lag: 0,
          lagMs: 0,
        };
      }
    }
    let page: SubscriberPage | undefined;
    const turns = await turnsDuring(async () => {
      page = await findSubscribers(subscribers(), { search: "rooms/7", after: "000100" });
    });
    const matching = all.filter(({ pattern }) => pattern.includes("rooms/7")).map(({ id }) => id);
    const expected = matching.filter((id) => id > "000100").toSorted();
    expect(page?.subscribers.map(({ id }) => id)).toEqual(expected.slice(0, 50));
    expect([page?.total, page?.matched, page?.next]).toEqual([MANY, matching.length, expected[49]]);
    expect(turns).toBeGreaterThan(100);
  });

  it("explains an update without holding anything up", async () => {
    const hub = new HubCore({ journal: memoryJournal() });
    onTestFinished(() => hub.close());
    const sink = { write: () => true, pendingBytes: () => 0, end: () => {}, destroy: () => {} };
    const start = await hub.readers.resolve(undefined, hub.readers.select([exact("a")], undefined));
    for (let i = 0; i < MANY; i++) hub.readers.attach(hub.readers.select([exact(i % 2 === 0 ? "a" : "b")], undefined), sink, start);
    const id = await hub.publisher.publish({ topic: "a" });
    await expect.poll(() => hub.process.stats().delivered).toBe(MANY / 2);
    let counts: object | undefined;
    const turns = await turnsDuring(async () => {
      counts = (await hub.process.explain(id))?.counts;
    });
    expect(counts).toEqual({ delivered: MANY / 2, not_selected: MANY / 2 });
    // A slice takes 4 ms of some 50.
    expect(turns).toBeGreaterThan(5);
  });
});
