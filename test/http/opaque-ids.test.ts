import { logJournal } from "artesian/journals/log";
import { memoryJournal } from "artesian/journals/memory";
import type { Journal } from "artesian";
import { describe, expect, it } from "vitest";
import { type TestHub, startHub } from "../support/server.ts";
import { openStream, type TestStream } from "../support/stream.ts";
import { bearer, exact, mint, TRUSTING } from "../support/tokens.ts";
import { temporaryDirectory } from "../support/directory.ts";

const SECRET = "a secret that all processes have, and no subscriber";
/** What a position looks like when it is not encrypted. */
const PLAIN = /#[0-9A-Za-z]{8}:[0-9a-z]+/;

const from = ({ url }: TestHub, cursor: string): Promise<TestStream> =>
  openStream(`${url}?${new URLSearchParams({ match: "a", last_event_id: cursor })}`);
const cursorOf = ({ response }: TestStream): string | null => response.headers.get("mercure-last-event-id");

function directory(): string {
  const path = temporaryDirectory("opaque");
  return path;
}

describe("with opaque ids", () => {
  it("no position is told anywhere: in events, headers, gaps, answers and links", async () => {
    const journal = memoryJournal({ retention: { maxCount: 30 } });
    const started = await startHub({ ...TRUSTING, anonymous: true, journal, opaqueIds: SECRET, subscriptions: true, heartbeatMs: 100 });
    const { hub, url, origin } = started;
    const live = await openStream(`${url}?match=a`);
    const begin = await live.nextOfAny();
    expect(begin).toMatchObject({ event: "hub:cursor", id: expect.stringMatching(/^#[\w-]{22}$/) as string });
    const token = bearer(await mint({ publish: [exact("*")], subscribe: [exact("*")] }));
    const answered = await fetch(url, { method: "POST", headers: token, body: new URLSearchParams({ topic: "a", data: "1" }) });
    const first = await answered.text();
    expect(await live.next()).toMatchObject({ data: "1", id: first });
    const told = [begin.id, first, hub.link()];
    // A heartbeat tells the place of what went by.
    await hub.publish({ topic: "a", data: "hidden", private: true });
    const moved = await live.nextOfAny();
    expect([moved.event, moved.id === first]).toEqual(["hub:cursor", false]);
    told.push(moved.id);
    for (let i = 0; i < 40; i++) told.push(await hub.publish({ topic: "a", data: `${i}` }));
    expect(await hub.explain(told.at(-1) as string)).toMatchObject({ topics: ["a"] });
    const trimmed = await from(started, first);
    const gap = await trimmed.nextOfAny();
    expect(JSON.parse(gap.data)).toMatchObject({ requested: first, reason: "trimmed" });
    told.push(gap.data, (await trimmed.next()).id);
    const empty = await openStream(`${url}?match=a&last_event_id=`);
    told.push(cursorOf(empty) ?? "");
    const snapshot = await openStream(`${url}?match=a&last=2`);
    for (let i = 0; i < 3; i++) told.push((await snapshot.nextOfAny()).id);
    const list = await fetch(`${origin}/.well-known/mercure/subscriptions`, { headers: token });
    told.push(list.headers.get("link") ?? "", await list.text());
    for await (const update of hub.subscribe({ lastEventId: "earliest" })) {
      told.push(update.id);
      if (update.data === "39") break;
    }
    expect(told.length).toBeGreaterThan(60);
    for (const text of told) expect(text).not.toMatch(PLAIN);
  });

  it("a subscriber resumes after a restart, and with another secret it is told of a gap", async () => {
    const path = directory();
    const open = async (secret: string): Promise<TestHub> =>
      startHub({ journal: await logJournal({ directory: path }), opaqueIds: secret });
    const before = await open(SECRET);
    const seen = await before.hub.publish({ topic: "a", data: "seen" });
    await before.hub.publish({ topic: "a", data: "missed" });
    await before.hub.close();
    const after = await open(SECRET);
    const resumed = await from(after, seen);
    expect([cursorOf(resumed), (await resumed.nextOfAny()).data]).toEqual([seen, "missed"]);
    await after.hub.close();
    const other = await from(await open(`another ${SECRET}`), seen);
    expect([cursorOf(other), JSON.parse((await other.nextOfAny()).data)]).toMatchObject([
      "earliest",
      { requested: seen, reason: "unknown" },
    ]);
    expect([(await other.next()).data, (await other.next()).data]).toEqual(["seen", "missed"]);
  });

  it("a plain id, though it was good before, is unknown: one that knows the epoch can't count by trying", async () => {
    const journal: Journal = Object.assign(memoryJournal(), { close: async () => undefined });
    const { hub } = await startHub({ journal });
    const plain = await hub.publish({ topic: "a", data: "1" });
    const own = await hub.publish({ topic: "a", data: "2", id: "own" });
    await hub.publish({ topic: "a", data: "3" });
    expect(plain).toMatch(PLAIN);
    const started = await startHub({ journal, opaqueIds: SECRET });
    const [epoch] = plain.split(":");
    for (const id of [plain, `${epoch}:3`, `${epoch}:4`, `${epoch}:zz`]) {
      const stream = await from(started, id);
      expect(JSON.parse((await stream.nextOfAny()).data)).toMatchObject({ requested: id, reason: "unknown" });
      expect((await stream.take(3)).map(({ data }) => data)).toEqual(["1", "2", "3"]);
    }
    // A publisher's own says nothing, and goes on as before.
    expect((await (await from(started, own)).nextOfAny()).data).toBe("3");
  });

  it("a secret that is too short is refused", async () => {
    await expect(startHub({ opaqueIds: "short" })).rejects.toThrow("at least 32");
  });
});
