import { createHub, memoryJournal } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { after, dataOf, JSON_ACCEPTED, numbers, poll, pollAll, type Polled } from "../../support/poll.ts";
import { startHub } from "../../support/server.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";

describe("what asks for JSON polls", () => {
  it.each([
    ["application/json", true],
    ["application/json, text/event-stream;q=0.5", true],
    ["text/event-stream, application/json", false],
    ["text/event-stream", false],
    ["application/json, text/plain, */*", false],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false],
    ["*/*", false],
  ])("Accept: %s", async (accept, isPoll) => {
    const { url } = await startHub();
    for (const method of ["GET", "HEAD", "QUERY"]) {
      const controller = new AbortController();
      const init = method === "QUERY" ? { body: new URLSearchParams({ match: "a" }) } : {};
      const response = await fetch(`${url}?match=a`, { ...init, method, headers: { Accept: accept }, signal: controller.signal });
      expect(response.headers.get("content-type")).toBe(isPoll ? "application/json" : "text/event-stream");
      expect(response.headers.get("cache-control")).toContain("no-store");
      expect(response.headers.get("vary")).toContain("Accept");
      if (method === "HEAD") expect(await response.text()).toBe("");
      controller.abort();
    }
  });

  it("at the path of the hub's URL too, and as QUERY", async () => {
    const { hub, origin } = await startHub();
    await hub.publish({ topic: "a", data: "x" });
    const url = `${origin}/.well-known/mercure`;
    expect(dataOf(await poll(`${url}?match=a&last_event_id=earliest`))).toEqual(["x"]);
    const body = new URLSearchParams({ match: "a", last_event_id: "earliest", wait: "0" });
    expect(dataOf(await poll(url, {}, { method: "QUERY", body }))).toEqual(["x"]);
  });
});

describe("a poll", () => {
  it("without a cursor gets one at once, and goes on from there", async () => {
    const { hub, url } = await startHub();
    const empty = await poll(`${url}?match=a`);
    expect(empty).toEqual({ updates: [], cursor: expect.any(String) });
    await hub.publish({ topic: "a", data: "1" });
    expect(dataOf(await poll(after(`${url}?match=a`, empty.cursor)))).toEqual(["1"]);
    const later = await poll(`${url}?match=a`);
    expect(later.updates).toEqual([]);
    await hub.publish({ topic: "a", data: "2" });
    expect(dataOf(await poll(after(`${url}?match=a`, later.cursor)))).toEqual(["2"]);
  });

  it("waits for the next update, whose fields are those of its event", async () => {
    const { hub, url } = await startHub();
    const { cursor } = await poll(`${url}?match=a`);
    const waiting = poll(after(`${url}?match=a`, cursor));
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    const text = "one\ntwo\n\n three: é\n";
    await hub.publish({ topic: ["a", "b"], data: text, type: "changed", retry: 2000, id: "own" });
    expect(await waiting).toEqual({
      updates: [{ id: "own", type: "changed", topics: ["a", "b"], data: text, retry: 2000 }],
      cursor: "own",
    });
    const id = await hub.publish({ topic: "a" });
    expect(await poll(after(`${url}?match=a`, "own"))).toEqual({ updates: [{ id, topics: ["a"], data: "" }], cursor: id });
    expect(hub.stats().subscribers).toBe(0);
  });

  it("takes the cursor from the header too, and tells where it began", async () => {
    const { hub, url } = await startHub();
    const id = await hub.publish({ topic: "a", data: "1" });
    await hub.publish({ topic: "a", data: "2" });
    const response = await fetch(`${url}?match=a&last_event_id=earliest`, { headers: { ...JSON_ACCEPTED, "Last-Event-ID": id } });
    expect(response.headers.get("mercure-last-event-id")).toBe(id);
    expect(dataOf((await response.json()) as Polled)).toEqual(["2"]);
  });

  it("is answered without updates after its wait, with a cursor that has moved", async () => {
    const { hub, url } = await startHub();
    const { cursor } = await poll(`${url}?match=a`);
    for (const wait of [0, 1]) {
      const began = performance.now();
      const other = await hub.publish({ topic: "b", data: "x" });
      expect(await poll(after(`${url}?match=a`, cursor, wait))).toEqual({ updates: [], cursor: other });
      expect(performance.now() - began).toBeGreaterThan(wait * 990);
    }
    expect(hub.stats().subscribers).toBe(0);
  });

  it("waits no longer than the limit, which is logged", async () => {
    const lines: unknown[] = [];
    const log = (fields: object): void => void lines.push(fields);
    const logger = { debug: log, info: log, warn: log, error: log };
    const { url } = await startHub({ limits: { pollWaitMs: 100 }, logger });
    const { cursor } = await poll(`${url}?match=a&wait=0`);
    expect((await poll(after(`${url}?match=a`, cursor, 3600))).updates).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ waitMs: 3_600_000, limit: 100 }));
  });

  it.each(["", "-1", "1.5", "1s", "9999999999"])("refuses wait=%s", async (wait) => {
    const { url } = await startHub();
    const response = await fetch(`${url}?match=a&wait=${wait}`, { headers: JSON_ACCEPTED });
    expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_pace" }]);
  });

  it("begins with the newest updates if it asks for them, or with all", async () => {
    const { hub, url } = await startHub();
    await hub.publishBatch(numbers(9).map((n) => ({ topic: `t${Number(n) % 3}`, data: n })));
    expect(dataOf(await poll(`${url}?match=*&last=2`))).toEqual(["7", "8"]);
    expect(dataOf(await poll(`${url}?match=*&last=5&latest=on`))).toEqual(["6", "7", "8"]);
    const all = await poll(`${url}?match=*&last_event_id=earliest`);
    expect(dataOf(all)).toEqual(numbers(9));
    expect(dataOf(await poll(`${url}?match=*&latest=on&last_event_id=earliest`))).toEqual(["6", "7", "8"]);
    await hub.publish({ topic: "t0", data: "9" });
    expect(dataOf(await poll(after(`${url}?match=*`, all.cursor)))).toEqual(["9"]);
    const { cursor } = await poll(`${url}?match=*&last=2`);
    await hub.publish({ topic: "t0", data: "10" });
    expect(dataOf(await poll(after(`${url}?match=*`, cursor)))).toEqual(["10"]);
  });

  it("is told of a gap before what follows it, once", async () => {
    const { hub, url } = await startHub({ journal: memoryJournal({ retention: { maxCount: 3 } }) });
    const { cursor } = await poll(`${url}?match=a`);
    await hub.publish({ topic: "a", data: "0" });
    const first = await poll(after(`${url}?match=a`, cursor));
    for (const n of ["1", "2", "3", "4", "5"]) await hub.publish({ topic: "a", data: n });
    for (const [requested, reason] of [
      [first.cursor, "trimmed"],
      ["nobody's", "unknown"],
      ["#aaaaaaaa:3", "epoch"],
    ] as const) {
      const answer = await poll(after(`${url}?match=a`, requested));
      expect(answer).toMatchObject({ gap: { requested, first: answer.updates[0]?.id, reason } });
      expect(dataOf(answer)).toEqual(["3", "4", "5"]);
      expect(await poll(after(`${url}?match=a`, answer.cursor, 0))).toEqual({ updates: [], cursor: answer.cursor });
      // The cursor moves even if nothing follows for this reader.
      const other = await poll(after(`${url}?match=other`, requested));
      expect(other).toMatchObject({ gap: { requested, reason }, updates: [] });
      expect(await poll(after(`${url}?match=other`, other.cursor, 0))).toEqual({ updates: [], cursor: other.cursor });
    }
  });

  it("is bounded in updates and bytes, and the next one goes on", async () => {
    const { hub, url } = await startHub({ limits: { replayUpdates: 7, replayBytes: 4096 } });
    await hub.publishBatch(numbers(20).map((n) => ({ topic: "a", data: n })));
    await hub.publishBatch(numbers(9).map((n) => ({ topic: "a", data: n.padEnd(1500) })));
    await hub.publish({ topic: "a", data: "large".padEnd(10_000) });
    const counts: number[] = [];
    const read: string[] = [];
    for (let cursor = "earliest"; read.length < 30;) {
      const answer = await poll(after(`${url}?match=a`, cursor));
      counts.push(answer.updates.length);
      read.push(...dataOf(answer).map((text) => text.trim()));
      ({ cursor } = answer);
    }
    expect(read).toEqual([...numbers(20), ...numbers(9), "large"]);
    expect(Math.max(...counts)).toBe(7);
    expect(counts.slice(-5)).toEqual([2, 2, 2, 2, 1]);
  });

  it("stops in the middle of one live batch", async () => {
    const { hub, url } = await startHub({ limits: { replayUpdates: 7 } });
    const { cursor } = await poll(`${url}?match=a`);
    const waiting = poll(after(`${url}?match=a`, cursor));
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    await hub.publishBatch(numbers(20).map((n) => ({ topic: "a", data: n })));
    const first = await waiting;
    expect(dataOf(first)).toEqual(numbers(7));
    expect(await pollAll(`${url}?match=a`, 13, first.cursor)).toEqual(numbers(20).slice(7));
  });

  it("answers at most once in its interval, with all of it, or the newest of each topic", async () => {
    const { hub, url } = await startHub({ writeStallMs: 100 });
    const { cursor } = await poll(`${url}?match=*`);
    await hub.publish({ topic: "a", data: "0" });
    const began = performance.now();
    const waiting = ["", "&latest=on"].map((more) => poll(after(`${url}?match=*&interval=700${more}`, cursor)));
    await expect.poll(() => hub.stats().subscribers).toBe(2);
    await hub.publish({ topic: "a", data: "1" });
    await hub.publish({ topic: "b", data: "2" });
    await hub.publish({ topic: "b", data: "over", ttlMs: 1 });
    expect((await Promise.all(waiting)).map(dataOf)).toEqual([
      ["0", "1", "2"],
      ["1", "2"],
    ]);
    expect(performance.now() - began).toBeGreaterThan(690);
    expect(hub.stats().cut.stalled).toBe(0);
    // Without a wait the client paces itself.
    expect(dataOf(await poll(after(`${url}?match=a&interval=3600000`, cursor, 0)))).toEqual(["0", "1"]);
  });

  it("comes at once after its interval, which is over before its wait", async () => {
    const { hub, url } = await startHub();
    const { cursor } = await poll(`${url}?match=a`);
    const waiting = poll(after(`${url}?match=a&interval=10`, cursor));
    await expect.poll(() => hub.stats()).toMatchObject({ subscribers: 1, lagging: 0 });
    await hub.publish({ topic: "a", data: "x" });
    expect(dataOf(await waiting)).toEqual(["x"]);
  });

  it("far behind does not take an interval for each answer", async () => {
    const { hub, url } = await startHub({ limits: { replayUpdates: 10 } });
    await hub.publishBatch(numbers(25).map((n) => ({ topic: "a", data: n })));
    const first = await poll(`${url}?match=a&interval=3600000&wait=60&last_event_id=earliest`);
    const second = await poll(after(`${url}?match=a&interval=3600000`, first.cursor));
    expect([...dataOf(first), ...dataOf(second)]).toEqual(numbers(20));
  });

  it("is answered early if all polls together hold too much", async () => {
    const lines: object[] = [];
    const log = (fields: object): void => void lines.push(fields);
    const limits = { bodyBytes: 2 ** 19, heldBytes: 2 ** 20, replayBytes: 2 ** 23 };
    const { hub, url } = await startHub({ limits, logger: { debug: log, info: log, warn: log, error: log } });
    for (const n of numbers(30)) await hub.publish({ topic: "a", data: n.padEnd(100_000) });
    const first = await poll(after(`${url}?match=a`, "earliest"));
    expect(first.updates).toHaveLength(11);
    expect((await pollAll(`${url}?match=a`, 19, first.cursor)).map((text) => text.trim())).toEqual(numbers(30).slice(11));
    expect(lines).toContainEqual(expect.objectContaining({ limit: 2 ** 20 }));
    // All of it is given back.
    expect((await poll(after(`${url}?match=a`, "earliest"))).updates).toHaveLength(11);
  });

  it("has what the client missed between two, across its own restarts", async () => {
    const { hub, url } = await startHub({ opaqueIds: "0123456789abcdef0123456789abcdef" });
    const { cursor } = await poll(`${url}?match=a`);
    await hub.publishBatch(numbers(3).map((n) => ({ topic: "a", data: n })));
    const answer = await poll(after(`${url}?match=a`, cursor));
    expect(dataOf(answer)).toEqual(numbers(3));
    expect(answer.cursor).toMatch(/^#[\w-]{22}$/);
  });
});

describe("a poll that is ended during its replay", () => {
  it("has the cursor that the replay has reached", async () => {
    const journal = memoryJournal();
    const before = createHub({ journal });
    onTestFinished(() => before.close());
    const ids = await before.publishBatch(numbers(1000).map((n) => ({ topic: "b", data: n })));
    const reads: number[] = [];
    const read = journal.read.bind(journal);
    let isCut = false;
    let open = (): void => undefined;
    journal.read = async (from, most) => {
      reads.push(from);
      if (reads.length === 4 && !isCut) await new Promise<void>((resolve) => (open = resolve));
      return read(from, most);
    };
    const { hub, url } = await startHub({ journal, limits: { replayUpdates: 100 } });
    const waiting = poll(`${url}?match=a&last_event_id=earliest`);
    await expect.poll(() => reads).toEqual([0, 100, 200, 300]);
    for (const { id } of hub.subscribers()) hub.disconnect(id);
    const { updates, cursor } = await waiting;
    expect(cursor).toBe(ids[299]);
    isCut = true;
    open();
    reads.length = 0;
    expect([updates, await poll(after(`${url}?match=a`, cursor, 0))]).toMatchObject([[], { updates: [] }]);
    // The page that was being read is kept.
    expect(reads).toEqual([400, 500, 600, 700, 800, 900]);
  });
});

describe("the rights of a poll", () => {
  it("are those of its token: private updates and their topics only by a grant", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true });
    await hub.publishBatch([
      { topic: ["/ada", "/grace"], data: "1", private: true },
      { topic: "/grace", data: "2", private: true },
      { topic: ["/ada", "/grace"], data: "3" },
    ]);
    const all = `${url}?match=*&last_event_id=earliest`;
    const read = async (headers?: Record<string, string>): Promise<unknown> =>
      (await poll(all, headers)).updates.map((update) => [update.data, update.topics]);
    expect(await read(bearer(await mint({ subscribe: [exact("/ada")] })))).toEqual([
      ["1", ["/ada"]],
      ["3", ["/ada", "/grace"]],
    ]);
    expect(await read()).toEqual([["3", ["/ada", "/grace"]]]);
  });

  it("end with the token: the poll is answered, and the next one refused", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: false });
    const refused = await fetch(`${url}?match=a`, { headers: JSON_ACCEPTED });
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: "unauthorized" }]);
    const ending = bearer(await mint({ subscribe: [exact("a")], lifetimeSeconds: 3 }));
    const revoked = bearer(await mint({ subscribe: [exact("a")], subject: "mallory" }));
    const { cursor } = await poll(`${url}?match=a`, revoked);
    const waiting = [ending, revoked].map((headers) => poll(after(`${url}?match=a`, cursor, 60), headers));
    await expect.poll(() => hub.stats().subscribers).toBe(2);
    await hub.revoke({ issuer: "https://issuer.example", subject: "mallory", until: Date.now() + 60_000 });
    await Promise.all(waiting);
    for (const headers of [ending, revoked]) {
      const ask = async (): Promise<unknown> => {
        const next = await fetch(after(`${url}?match=a`, cursor, 0), { headers: { ...JSON_ACCEPTED, ...headers } });
        return { status: next.status, ...((await next.json()) as object) };
      };
      // A stream ends a second before its token does.
      await expect.poll(ask, { timeout: 30_000 }).toMatchObject({ status: 401, code: "invalid_token" });
    }
  });

  it("extend to pages of other origins as for a stream", async () => {
    const { url } = await startHub({ corsOrigins: ["https://app.example"] });
    const response = await fetch(`${url}?match=a`, { headers: { ...JSON_ACCEPTED, Origin: "https://app.example" } });
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-allow-credentials")).toBe("true");
    expect(response.headers.get("vary")).toBe("Origin, Accept");
    await response.text();
  });
});
