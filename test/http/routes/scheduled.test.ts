import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { memoryJournal } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, mint, TRUSTING, urlpattern } from "../../support/tokens.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { LATE_MS } from "../../support/clock.ts";

const SCHEDULED = "/.well-known/mercure/scheduled";

async function post(url: string, form: Record<string, string>): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams(form) });
}

describe("a delayed update", () => {
  it("comes once, at its time and not before, under the id that its publisher got", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(`${url}?match=a`);
    const started = Date.now();
    const response = await post(url, { topic: "a", data: "later", delay: "1500" });
    const id = await response.text();
    expect([response.status, id]).toEqual([200, expect.stringMatching(/^urn:uuid:/)]);
    const at = new Date(started + 3000).toISOString();
    expect((await post(url, { topic: "a", id: "mine", data: "at a time", deliver_at: at })).status).toBe(200);
    await hub.publish({ topic: "a", data: "now" });
    expect((await stream.next()).data).toBe("now");
    expect(await stream.next()).toMatchObject({ data: "later", id });
    const first = Date.now() - started;
    expect(await stream.next()).toMatchObject({ data: "at a time", id: "mine" });
    const second = Date.now() - started;
    expect([first, second]).toEqual([
      expect.toSatisfy((ms: number) => ms >= 1500 && ms < 1500 + LATE_MS),
      expect.toSatisfy((ms: number) => ms >= 3000 && ms < 3000 + LATE_MS),
    ]);
    const replay = await openStream(`${url}?match=a&last_event_id=${encodeURIComponent(id)}`);
    expect((await replay.next()).data).toBe("at a time");
  });

  it("keeps the order of its time, in batches and past times too", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(`${url}?match=a`);
    const ids = await hub.publishBatch([
      { topic: "a", data: "third", delayMs: 2000 },
      { topic: "a", data: "second", delayMs: 1500 },
    ]);
    expect(new Set(ids).size).toBe(2);
    await hub.publish({ topic: "a", data: "first", deliverAt: new Date(Date.now() - 1000) });
    expect((await stream.take(3)).map(({ data }) => data)).toEqual(["first", "second", "third"]);
  });

  it.each([
    { delay: "-1" },
    { delay: "1.5" },
    { delay: String(367 * 86_400_000) },
    { deliver_at: "tomorrow" },
    { deliver_at: "2030-01-01T00:00:00" },
    { deliver_at: "2999-01-01T00:00:00Z" },
    { deliver_at: "2026-02-30T09:30:00Z" },
    { deliver_at: "2026-02-29T09:30:00Z" },
    { deliver_at: "2026-06-31T09:30:00+02:00" },
    { deliver_at: "2026-13-01T09:30:00Z" },
    { deliver_at: "2026-01-00T09:30:00Z" },
    { deliver_at: "2026-01-01T24:00:00Z" },
    { deliver_at: "2026-01-01T09:30:60Z" },
    { deliver_at: "2026-01-01T09:30:00+24:00" },
    { delay: "5", deliver_at: "2030-01-01T00:00:00Z" },
    { ttl: "0" },
    { ttl: "soon" },
  ])("is refused with %j", async (fields) => {
    const { hub, url } = await startHub();
    const response = await post(url, { topic: "a", ...(fields as Record<string, string>) });
    expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_time" }]);
    await expect(hub.publishBatch([{ topic: "a" }, { topic: "a", delayMs: 5 }])).rejects.toMatchObject({ code: "invalid_time" });
    expect(hub.stats().tail).toBe(0);
  });

  it("may be due on a leap day, in any time zone", async () => {
    const { url } = await startHub();
    for (const time of ["2024-02-29T23:59:59.5Z", "2000-02-29T00:00:00-11:30", "2024-12-31T23:30:00+14:00"])
      expect((await post(url, { topic: "a", deliver_at: time })).status, time).toBe(200);
  });

  it("is listed and cancelled by those who may publish it", async () => {
    const { hub, url, origin } = await startHub({ ...TRUSTING, anonymous: true });
    await hub.publishBatch([
      { topic: "/books/1", id: "mine", delayMs: 60_000, private: true, type: "t", ttlMs: 5 },
      { topic: "other", id: "theirs", delayMs: 50_000 },
    ]);
    const headers = bearer(await mint({ publish: [urlpattern("/books/:id")] }));
    const list = await fetch(origin + SCHEDULED, { headers });
    expect(await list.json()).toEqual({
      scheduled: [{ id: "mine", topics: ["/books/1"], type: "t", private: true, deliver_at: expect.stringMatching(/Z$/), ttl: 5 }],
    });
    const remove = (id: string, init: RequestInit = { headers }): Promise<Response> =>
      fetch(`${origin}${SCHEDULED}/${id}`, { method: "DELETE", ...init });
    expect((await remove("theirs")).status).toBe(404);
    expect((await remove("mine", {})).status).toBe(401);
    expect((await remove("mine")).status).toBe(204);
    expect((await remove("mine")).status).toBe(404);
    const all = bearer(await mint({ publish: [exact("*")] }));
    expect(await (await fetch(origin + SCHEDULED, { headers: all })).json()).toMatchObject({ scheduled: [{ id: "theirs" }] });
    const posted = await fetch(origin + SCHEDULED, { method: "POST", headers });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    const refused = await fetch(url, { method: "POST", headers, body: new URLSearchParams({ topic: "other", delay: "5" }) });
    expect(refused.status).toBe(403);
  });

  it("is not listed without a token if it is private", async () => {
    const { hub, origin } = await startHub();
    await hub.publishBatch([
      { topic: "a", id: "hidden", private: true, delayMs: 60_000 },
      { topic: "a", id: "open", delayMs: 60_000 },
    ]);
    expect(await (await fetch(origin + SCHEDULED)).json()).toMatchObject({ scheduled: [{ id: "open" }] });
    expect((await fetch(`${origin}${SCHEDULED}/hidden`, { method: "DELETE" })).status).toBe(404);
  });

  it("is bounded in number", async () => {
    const { hub } = await startHub({ limits: { scheduledUpdates: 2 } });
    await hub.publish({ topic: "a", delayMs: 60_000 });
    await expect(hub.publishBatch([1, 2].map(() => ({ topic: "a", delayMs: 60_000 })))).rejects.toMatchObject({
      code: "too_many_scheduled",
    });
    await hub.publish({ topic: "a", delayMs: 60_000 });
  });

  it("survives kill -9, and comes once, by another process on the same journal too", async () => {
    const directory = temporaryDirectory("scheduled");
    const script = `
      import { createHub } from "artesian";
      import { logJournal } from "artesian/journals/log";
      const hub = createHub({ journal: await logJournal({ directory: ${JSON.stringify(directory)} }) });
      const at = Date.now() + 1500;
      for (let i = 0; i < 20; i++) await hub.publish({ topic: "a", data: "survivor " + i, deliverAt: new Date(at) });
      console.log(at);
      setInterval(() => undefined, 1000);
    `;
    const watching = await startHub({ journal: await logJournal({ directory }) });
    const stream = await openStream(`${watching.url}?match=a`);
    const victim = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void victim.kill("SIGKILL"));
    let at = 0;
    for await (const line of createInterface({ input: victim.stdout })) {
      at = Number(line);
      break;
    }
    victim.kill("SIGKILL");
    const events = await stream.take(20);
    expect(Date.now() - at).toBeGreaterThanOrEqual(0);
    expect(Date.now() - at).toBeLessThan(LATE_MS);
    expect(events.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, i) => `survivor ${i}`));
    await watching.hub.publish({ topic: "a", data: "end" });
    expect((await stream.next()).data).toBe("end");
  });

  it("whose time came while nothing ran is delivered at the next start", async () => {
    const directory = temporaryDirectory("scheduled");
    const first = await startHub({ journal: await logJournal({ directory }) });
    await first.hub.publish({ topic: "a", data: "late", delayMs: 50 });
    await first.hub.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await startHub({ journal: await logJournal({ directory }) });
    const stream = await openStream(`${second.url}?match=a&last_event_id=earliest`);
    expect((await stream.next()).data).toBe("late");
  });
});

describe("ttl", () => {
  it("keeps an update that is too old from being delivered or replayed", async () => {
    const { hub, url } = await startHub();
    const live = await openStream(`${url}?match=a`);
    const paced = await openStream(`${url}?match=a&interval=1500`);
    await hub.publish({ topic: "a", data: "0" });
    expect((await paced.next()).data).toBe("0");
    await hub.publish({ topic: "a", data: "short", ttlMs: 1000 });
    await hub.publish({ topic: "a", data: "long", ttlMs: 60_000 });
    expect((await live.take(3)).map(({ data }) => data)).toEqual(["0", "short", "long"]);
    expect((await paced.next()).data).toBe("long");
    for (const query of ["last_event_id=earliest", "last=5"]) {
      const replay = await openStream(`${url}?match=a&${query}`);
      expect((await replay.take(2)).map(({ data }) => data)).toEqual(["0", "long"]);
    }
    const read: string[] = [];
    for await (const update of hub.subscribe({ lastEventId: "earliest", match: "a" })) {
      read.push(update.data);
      if (update.data === "long") break;
    }
    expect(read).toEqual(["0", "long"]);
  });

  it("counts from the delivery of a delayed update, and holds after a restart", async () => {
    const directory = temporaryDirectory("ttl");
    const first = await startHub({ journal: await logJournal({ directory }) });
    const stream = await openStream(`${first.url}?match=a`);
    await first.hub.publish({ topic: "a", data: "delayed", delayMs: 200, ttlMs: 1000 });
    expect((await stream.next()).data).toBe("delayed");
    await first.hub.close();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const second = await startHub({ journal: await logJournal({ directory }) });
    await second.hub.publish({ topic: "a", data: "next" });
    const replay = await openStream(`${second.url}?match=a&last_event_id=earliest`);
    expect((await replay.next()).data).toBe("next");
  });

  it("and delays need a journal with a shared table", async () => {
    const journal = memoryJournal();
    Object.assign(journal, { state: undefined });
    const { hub } = await startHub({ journal });
    await expect(hub.publish({ topic: "a", delayMs: 5 })).rejects.toThrow(TypeError);
  });
});
