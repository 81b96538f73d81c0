import { describe, expect, onTestFinished, test } from "vitest";
import { parsePrometheus, type Scrape } from "../support/prometheus.ts";
import { bearer, type WorkerPool, type HeldStream, type Line, openAtEach, openLineToEach, startGuarded } from "./worker-pool.ts";
import { LATE_MS } from "../support/clock.ts";

const HUB = "/.well-known/mercure";
const API = "/console/api";
const JSON_BODY = { "content-type": "application/json" };
const THREE = ["--workers", "3"];

interface Listed {
  readonly subscribers: readonly {
    readonly id: string;
    readonly subject?: string;
    readonly matchers: readonly { readonly pattern: string }[];
  }[];
  readonly total: number;
}

/** Three workers, with a stream at each and a connection to each. */
interface Scene {
  readonly pool: WorkerPool;
  readonly mint: (...flags: string[]) => Promise<string>;
  readonly admin: string;
  /** What the streams came with: subscribed to `a`, of the subject `ada`. */
  readonly token: string;
  readonly streams: readonly HeldStream[];
  readonly lines: readonly Line[];
}

async function start(...flags: string[]): Promise<Scene> {
  const { pool, mint } = await startGuarded(flags, THREE);
  const [admin, token] = await Promise.all([
    mint("--admin", "--publish", "*", "--subscribe", "/console/stats"),
    mint("--subscribe", "a", "--subject", "ada"),
  ]);
  const streams = await openAtEach(pool, `${pool.hub}?match=a&match=b`, bearer(token));
  const lines = await openLineToEach(pool);
  return { pool, mint, admin, token, streams, lines };
}

async function list(line: Line, admin: string, search = ""): Promise<Listed> {
  const { status, body } = await line.send(`${API}/subscribers?search=${search}`, "GET", "", bearer(admin));
  expect(status).toBe(200);
  return JSON.parse(body) as Listed;
}

async function scrape(line: Line, admin: string): Promise<Scrape> {
  const { status, body } = await line.send(`${HUB}/metrics`, "GET", "", bearer(admin));
  expect(status).toBe(200);
  return parsePrometheus(body);
}

/** Suspends a process. */
function suspend(pid: number): void {
  // What is suspended can't end, and would outlive the test.
  onTestFinished(() => resume(pid));
  process.kill(pid, "SIGSTOP");
}

function resume(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // It has ended.
  }
}

async function timed<T>(work: Promise<T>): Promise<[result: T, tookMs: number]> {
  const began = performance.now();
  return [await work, performance.now() - began];
}

describe("whichever worker is asked", () => {
  test("a stream's token is renewed, for its holder alone", async () => {
    const { admin, lines, streams, mint } = await start();
    const [renewed, other] = await Promise.all([
      mint("--subscribe", "b", "--subject", "ada"),
      mint("--subscribe", "*", "--subject", "bob"),
    ]);
    const { subscribers } = await list(lines[0] as Line, admin, "ada");
    expect(subscribers).toHaveLength(3);
    const renew = (line: Line, id: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> =>
      line.send(`${HUB}/subscribers/${id}`, "POST", "", headers).then(({ status }) => status);
    for (const line of lines) {
      for (const { id } of subscribers) {
        expect(await renew(line, id, {})).toBe(401);
        expect(await renew(line, id, bearer(other))).toBe(404);
        expect(await renew(line, id, bearer(`${renewed}x`))).toBe(401);
      }
      expect(await renew(line, "00000000-0000-4000-8000-000000000000", bearer(renewed))).toBe(404);
      expect(await renew(line, "unknown", bearer(renewed))).toBe(404);
    }
    const publish = async (topic: string): Promise<void> => {
      const answer = await (lines[0] as Line).send("/events/stream", "POST", `topic=${topic}&data=${topic}&private=on`, bearer(admin));
      expect(answer.status).toBe(200);
    };
    await publish("b");
    await publish("a");
    for (const stream of streams) expect((await stream.next()).data).toBe("a");
    for (const { id } of subscribers) {
      for (const line of lines) {
        const { status, body } = await line.send(`${HUB}/subscribers/${id}`, "POST", "", bearer(renewed));
        expect([status, Object.keys(JSON.parse(body) as object)]).toEqual([200, ["expiresInMs"]]);
      }
    }
    await publish("a");
    await publish("b");
    for (const stream of streams) expect((await stream.next()).data).toBe("b");
  });

  test("each stream is listed once, and ended where it is", async () => {
    const { admin, lines, streams, mint } = await start();
    const ids = (await list(lines[0] as Line, admin)).subscribers.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    for (const line of lines) {
      const listed = await list(line, admin);
      expect([listed.subscribers.map(({ id }) => id), listed.total]).toEqual([ids, 3]);
    }
    const close = async (id = "", token = admin): Promise<number | undefined> =>
      (await (lines[0] as Line).send(`${API}/subscribers/${id}/close`, "POST", "{}", { ...JSON_BODY, ...bearer(token) })).status;
    expect(await close(ids[0], await mint("--publish", "*", "--subscribe", "*"))).toBe(403);
    expect(await close(ids[0])).toBe(200);
    await Promise.race(streams.map((stream) => stream.ended));
    for (const line of lines) expect((await list(line, admin)).subscribers.map(({ id }) => id)).toEqual(ids.slice(1));
    expect(await close(ids[0])).toBe(404);
    expect([await close(ids[1]), await close(ids[2])]).toEqual([200, 200]);
    await Promise.all(streams.map((stream) => stream.ended));
    expect((await list(lines[2] as Line, admin)).total).toBe(0);
  });

  test("an update's fate is told for the subscribers of all", async () => {
    const { admin, lines, streams } = await start();
    const { body: id } = await (lines[0] as Line).send("/events/stream", "POST", "topic=b&data=x&private=on", bearer(admin));
    await (lines[0] as Line).send("/events/stream", "POST", "topic=a&data=y", bearer(admin));
    for (const stream of streams) expect((await stream.next()).data).toBe("y");
    const { subscribers } = await list(lines[0] as Line, admin);
    for (const line of lines) {
      for (const subscriber of subscribers) {
        const query = new URLSearchParams({ id, subscriber: subscriber.id });
        const { body } = await line.send(`${API}/updates?${query}`, "GET", "", bearer(admin));
        expect(JSON.parse(body)).toMatchObject({ fate: "not_allowed", counts: { not_allowed: 3 } });
      }
    }
  });

  test("a stream is told of in detail, and its token is revoked", async () => {
    const { admin, lines, streams, pool } = await start();
    const get = async <T>(line: Line, path: string): Promise<T> => {
      const { status, body } = await line.send(`${API}/${path}`, "GET", "", bearer(admin));
      expect(status).toBe(200);
      return JSON.parse(body) as T;
    };
    const ids = (await list(lines[0] as Line, admin)).subscribers.map(({ id }) => id);
    const places: string[] = [];
    for (const id of ids) {
      const told = await Promise.all(lines.map((line) => get<{ process: string; token: object }>(line, `subscribers/${id}`)));
      expect(told[0]).toMatchObject({ id, token: { subject: "ada", subscribe: [{ type: "exact", pattern: "a" }] } });
      expect(new Set(told.map(({ process }) => process)).size).toBe(1);
      places.push(told[0]?.process ?? "");
    }
    expect(places.toSorted()).toEqual(["0", "1", "2"]);
    const { processes } = await get<{ processes: { id: string; pid: number }[] }>(lines[1] as Line, "processes");
    expect(processes.map(({ id }) => id)).toEqual(["0", "1", "2"]);
    expect(new Set(processes.map(({ pid }) => pid))).toEqual(new Set(pool.workers()));
    const counted = async (): Promise<number> => {
      const { columns } = await get<{ columns: number[][] }>(lines[2] as Line, "latencies");
      return columns.reduce((sum, [, ...counts]) => sum + counts.reduce((one, more) => one + more, 0), 0);
    };
    expect(await counted()).toBe(0);
    expect((await (lines[0] as Line).send("/events/stream", "POST", "topic=a&data=x", bearer(admin))).status).toBe(200);
    for (const stream of streams) expect((await stream.next()).data).toBe("x");
    // Each process has given it to a socket.
    await expect.poll(counted).toBe(3);
    for (const line of lines) {
      expect((await get<{ topics: unknown[][] }>(line, "topics")).topics.map(([topic]) => topic)).toEqual(["a"]);
      expect((await get<{ updates: { topics: string[] }[] }>(line, "journal")).updates.map(({ topics }) => topics)).toEqual([["a"]]);
    }
    const revoked = await (lines[0] as Line).send(`${API}/subscribers/${ids[1]}/revoke-subject`, "POST", "{}", {
      ...JSON_BODY,
      ...bearer(admin),
    });
    expect(revoked.status).toBe(200);
    await Promise.all(streams.map((stream) => stream.ended));
  });

  test("metrics and the console's figures are those of all", async () => {
    const { admin, pool, lines, streams, token, mint } = await start();
    const elsewhere = await mint("--publish", "b");
    for (const line of lines) {
      for (let i = 0; i < 2; i++) expect((await line.send("/events/stream", "POST", "topic=a&data=x", bearer(admin))).status).toBe(200);
      expect((await line.send("/events/stream", "POST", "topic=a&data=x", bearer(elsewhere))).status).toBe(403);
    }
    for (const stream of streams) await stream.take(6);
    for (const line of lines) {
      const scraped = await scrape(line, admin);
      for (const worker of ["0", "1", "2"]) {
        expect(scraped.sum("artesian_subscribers", { worker })).toBe(1);
        expect(scraped.sum("artesian_updates_published_total", { worker })).toBe(2);
        expect(scraped.sum("artesian_updates_delivered_total", { worker })).toBe(6);
        expect(scraped.sum("artesian_requests_refused_total", { worker, wanted: "publish", code: "insufficient_scope" })).toBe(1);
        expect(scraped.sum("process_resident_memory_bytes", { worker })).toBeGreaterThan(10_000_000);
      }
      expect([scraped.sum("artesian_journal_records"), scraped.sum("artesian_workers")]).toEqual([6, 3]);
      expect((await line.send(`${HUB}/metrics`, "GET", "", bearer(token))).status).toBe(403);
    }
    const watchers = await openAtEach(pool, `${pool.hub}?match=/console/stats`, bearer(admin));
    for (const watcher of watchers) {
      let sample: { subscribers?: number; delivered?: number } = {};
      // Samples may be a second old.
      while (sample.subscribers !== 6) sample = JSON.parse((await watcher.next()).data) as typeof sample;
    }
    for (const line of lines) {
      const history = async (): Promise<number[]> => {
        const { body } = await line.send(`${API}/history`, "GET", "", bearer(admin));
        return (JSON.parse(body) as { samples: number[][] }).samples.map((row) => row[4] ?? 0);
      };
      await expect.poll(async () => Math.max(...(await history()))).toBe(6);
    }
  });
});

describe("a worker that does not answer", () => {
  test("is left out after a second, once, and counts again when it goes on", async () => {
    const { admin, lines, mint } = await start();
    const [line, , last] = lines as [Line, Line, Line];
    const all = (await list(line, admin)).subscribers;
    const renewed = await mint("--subscribe", "a", "--subject", "ada");
    suspend(last.worker);
    const [listed, tookMs] = await timed(list(line, admin));
    expect([listed.total, listed.subscribers.length]).toEqual([2, 2]);
    expect(tookMs).toBeGreaterThan(500);
    expect(tookMs).toBeLessThan(1000 + LATE_MS);
    // The least of a few: each that waited would take the second.
    const again = [await timed(scrape(line, admin)), await timed(scrape(line, admin)), await timed(scrape(line, admin))] as const;
    const [scraped] = again[0];
    expect([scraped.sum("artesian_workers"), scraped.sum("artesian_silent_workers")]).toEqual([2, 1]);
    expect(Math.min(...again.map(([, ms]) => ms))).toBeLessThan(900);
    const held = all.find(({ id }) => listed.subscribers.every((one) => one.id !== id));
    expect((await line.send(`${HUB}/subscribers/${held?.id}`, "POST", "", bearer(renewed))).status).toBe(404);
    resume(last.worker);
    await expect.poll(async () => (await list(line, admin)).total).toBe(3);
    expect((await line.send(`${HUB}/subscribers/${held?.id}`, "POST", "", bearer(renewed))).status).toBe(200);
  });

  test("because it was killed is not listed, nor waited for; the one in its place is", async () => {
    const { pool, admin, lines, streams, token } = await start();
    const [line, , last] = lines as [Line, Line, Line];
    const before = await scrape(line, admin);
    process.kill(last.worker, "SIGKILL");
    await streams.find(({ worker }) => worker === last.worker)?.ended;
    await pool.run.waitFor("stderr", new RegExp(`"worker":${last.worker},"why":"SIGKILL ended it"`));
    const [listed, tookMs] = await timed(list(line, admin));
    expect(listed.total).toBe(2);
    expect(tookMs).toBeLessThan(900);
    await pool.run.waitFor("stderr", /"a worker listens"/);
    await openAtEach(pool, `${pool.hub}?match=a`, bearer(token));
    const after = await scrape(line, admin);
    expect([after.sum("artesian_workers"), after.sum("artesian_silent_workers")]).toEqual([3, 0]);
    // The same labels: what begins anew is a counter's reset, and not a new series beside a dead one.
    const workers = (scraped: Scrape): string[] =>
      scraped.series.filter(({ name }) => name === "process_start_time_seconds").map(({ labels }) => labels["worker"] ?? "");
    expect(workers(after).toSorted()).toEqual(workers(before).toSorted());
    expect(after.sum("artesian_subscribers")).toBeGreaterThanOrEqual(5);
  });
});
