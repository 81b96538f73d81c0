import { describe, expect, it } from "vitest";
import type {
  JournalPage,
  Latencies,
  ProcessesPage,
  SubscriberAnswer,
  SubscriberPage,
  TopicsPage,
} from "../../../packages/hub/src/console/server/wire.ts";
import { exact, mint, urlpattern } from "../../support/tokens.ts";
import { mintAdmin, startConsole, type TestConsole } from "./support.ts";

async function json<T>(answer: Response | Promise<Response>): Promise<T> {
  const response = await answer;
  expect([response.status, response.headers.get("Cache-Control")]).toEqual([200, "no-store"]);
  return (await response.json()) as T;
}

describe("topics", () => {
  it("are counted from the newest updates on, without the console's own", async () => {
    const site = await startConsole({ open: true });
    await site.hub.publishBatch([
      { topic: "/a/1", data: "12345" },
      { topic: "/a/1", data: "67890" },
      { topic: ["/b", "/alternate"], data: "secret", private: true },
    ]);
    await site.watch();
    await expect.poll(() => site.hub.stats().tail).toBeGreaterThan(3);
    const first = await json<TopicsPage>(site.get("topics"));
    const counts = (page: TopicsPage): unknown[] => page.topics.map(([topic, updates, characters]) => [topic, updates, characters]);
    expect(counts(first)).toEqual([
      ["/a/1", 2, 10],
      ["/b", 1, 6],
    ]);
    expect(first.topics[0]?.[3]).toBeGreaterThan(0);
    expect(JSON.stringify(first)).not.toContain("secret");
    await site.hub.publish({ topic: "/a/1", data: "x" });
    expect(counts(await json(site.get("topics")))).toEqual([
      ["/b", 1, 6],
      ["/a/1", 3, 11],
    ]);
  });

  it("beyond the bound are left out, the longest silent first, and that is told", async () => {
    const site = await startConsole({ open: true, topics: 3 });
    await json(site.get("topics"));
    for (const topic of ["a", "b", "c", "a", "d", "e"]) await site.hub.publish({ topic });
    const page = await json<TopicsPage>(site.get("topics"));
    expect(page.topics.map(([topic]) => topic)).toEqual(["a", "d", "e"]);
    expect(page.left).toBe(2);
    await expect(startConsole({ open: true, topics: 0 })).rejects.toThrow("topics");
  });
});

describe("the journal's list", () => {
  async function fill(site: TestConsole, count: number): Promise<readonly string[]> {
    return site.hub.publishBatch(
      Array.from({ length: count }, (_, i) => ({ topic: `/t/${i % 2}`, type: i % 2 === 0 ? "even" : undefined, data: `data ${i}` })),
    );
  }

  it.each([
    ["plain", {}],
    ["opaque", { opaqueIds: "0123456789abcdef0123456789abcdef" }],
  ])("goes from the newest to the oldest, page by page, and shows no data, with %s ids", async (_, hub) => {
    const site = await startConsole({ open: true, hub });
    const ids = await fill(site, 120);
    const pages: JournalPage[] = [];
    for (let from: string | undefined = ""; from !== undefined;) {
      const text = await (await site.get(`journal?${new URLSearchParams({ from })}`)).text();
      expect(text).not.toContain("data ");
      const page = JSON.parse(text) as JournalPage;
      pages.push(page);
      from = page.next;
    }
    expect(pages.map(({ updates }) => updates.length)).toEqual([50, 50, 20]);
    expect(pages.flatMap(({ updates }) => updates.map(({ id }) => id))).toEqual(ids.toReversed());
    expect(pages[0]?.updates[0]).toMatchObject({ topics: ["/t/1"], private: false, size: 8, isExpired: false });

    // A stream from there begins with the update.
    const [middle] = pages[1]?.updates ?? [];
    const stream = await site.open(new URLSearchParams({ match: "*", last_event_id: middle?.after ?? "" }).toString());
    expect((await stream.next()).id).toBe(middle?.id);
    const oldest = pages[2]?.updates.at(-1);
    expect(oldest?.after).toBe("earliest");
  });

  it("begins at any event id, and takes filters", async () => {
    const site = await startConsole({ open: true });
    await fill(site, 10);
    await site.hub.publish({ topic: "/Mine", id: "mine-1" });
    await fill(site, 10);
    const from = await json<JournalPage>(site.get("journal?from=mine-1"));
    expect([from.updates.length, from.updates[0]?.id]).toEqual([11, "mine-1"]);
    const even = await json<JournalPage>(site.get("journal?type=even"));
    expect(even.updates.map(({ type }) => type)).toEqual(Array.from({ length: 10 }, () => "even"));
    expect((await json<JournalPage>(site.get("journal?type=message"))).updates.length).toBe(11);
    expect((await json<JournalPage>(site.get("journal?topic=mine"))).updates.map(({ id }) => id)).toEqual(["mine-1"]);
    expect((await json<JournalPage>(site.get("journal?topic=nowhere"))).updates).toEqual([]);
    expect((await site.get("journal?from=never-was")).status).toBe(404);
  });

  it("is complete with updates that fill a read", async () => {
    const site = await startConsole({ open: true });
    const data = "x".repeat(900_000);
    for (let i = 0; i < 12; i++) await site.hub.publish({ topic: "large", id: `large-${i}`, data });
    const page = await json<JournalPage>(site.get("journal"));
    expect(page.updates.map(({ id }) => id)).toEqual(Array.from({ length: 12 }, (_, i) => `large-${11 - i}`));
    expect(page.next).toBeUndefined();
  });

  it("of an empty journal is empty", async () => {
    const site = await startConsole({ open: true });
    expect(await json(site.get("journal"))).toEqual({ updates: [] });
  });
});

describe("a subscriber", () => {
  it("is shown with its grants, its rate and its process, and its token is revoked", async () => {
    const site = await startConsole({ open: false });
    const admin = await mintAdmin();
    const token = await mint({
      subscribe: [exact("/a"), urlpattern("/books/:id")],
      publish: [exact("/b")],
      subject: "ada",
      tokenId: "t-1",
    });
    const stream = await site.open("match=/a", token);
    const other = await site.open("match=/a", await mint({ subscribe: [exact("/a")], subject: "ada", tokenId: "t-2" }));
    await site.open("match=/a");
    await stream.nextOfAny();
    for (let i = 0; i < 3; i++) await site.hub.publish({ topic: "/a", data: "1234", private: true });
    await site.hub.publish({ topic: "/other", data: "1234" });
    const { subscribers } = await json<SubscriberPage>(site.get("subscribers", admin));
    const byId = async (id: string): Promise<SubscriberAnswer> => json(site.get(`subscribers/${id}`, admin));
    await stream.take(3);
    const details = await Promise.all(subscribers.map(({ id }) => byId(id)));
    const ada = details.find((one) => one.token?.tokenId === "t-1");
    expect(ada).toMatchObject({
      subject: "ada",
      process: "0",
      token: { publish: [exact("/b")], subscribe: [exact("/a"), urlpattern("/books/:id")] },
      recent: { updates: 3, characters: 12 },
    });
    expect(ada?.token?.expiresAt).toBeGreaterThan(Date.now());
    // What the anonymous one may not read is not for it.
    expect(details.find((one) => one.token === undefined)?.recent).toMatchObject({ updates: 0 });

    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${admin}` };
    expect((await site.post(`subscribers/${ada?.id}/revoke-token`, { "Content-Type": "application/json" })).status).toBe(401);
    expect(await json(site.post(`subscribers/${ada?.id}/revoke-token`, headers))).toEqual({ revoked: "t-1" });
    await stream.ended;
    const rest = details.find((one) => one.token?.tokenId === "t-2");
    expect(await json(site.post(`subscribers/${rest?.id}/revoke-subject`, headers))).toEqual({ revoked: "ada" });
    await other.ended;
    const anonymous = details.find((one) => one.token === undefined);
    expect((await site.post(`subscribers/${anonymous?.id}/revoke-token`, headers)).status).toBe(404);
    expect((await site.get(`subscribers/${ada?.id}`, admin)).status).toBe(404);
    expect((await site.get("subscribers/someone", admin)).status).toBe(404);
  });
});

describe("latencies and processes", () => {
  it("count what sockets were given, while somebody looks", async () => {
    const site = await startConsole({ open: true });
    const reader = await site.open("match=a");
    await reader.nextOfAny();
    const sum = async (): Promise<number> => {
      const { columns } = await json<Latencies>(site.get("latencies"));
      return columns.reduce((before, [, ...counts]) => before + counts.reduce((one, more) => one + more, 0), 0);
    };
    expect(await sum()).toBe(0);
    for (let i = 0; i < 20; i++) await site.hub.publish({ topic: "a" });
    await reader.take(20);
    await expect.poll(sum).toBe(20);
    await site.hub.publish({ topic: "nobody asks for it" });
    await site.hub.publish({ topic: "a" });
    await reader.next();
    await expect.poll(sum).toBeGreaterThan(20);
  });

  it("name the process", async () => {
    const site = await startConsole({ open: true });
    await site.open("match=a");
    const page = await json<ProcessesPage>(site.get("processes"));
    expect(page).toMatchObject({ answeredBy: "0", silent: 0, processes: [{ id: "0", pid: process.pid, subscribers: 1 }] });
  });
});
