import { type HubOptions, type Journal, memoryJournal, type Peers } from "artesian";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { parsePrometheus, type Scrape } from "../../support/prometheus.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { checkMetrics } from "../../support/promtool.ts";
import { bearer, exact, mint, TRUSTING, urlpattern } from "../../support/tokens.ts";

const ADMIN = { publish: [exact("/.well-known/mercure/admin")] };

async function start(
  options: HubOptions = {},
): Promise<Awaited<ReturnType<typeof startHub>> & { metrics: string; scrape: () => Promise<Scrape> }> {
  const started = await startHub({ ...TRUSTING, anonymous: true, ...options });
  const metrics = `${started.origin}/.well-known/mercure/metrics`;
  const scrape = async (): Promise<Scrape> => {
    const response = await fetch(metrics, { headers: bearer(await mint(ADMIN)) });
    expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
      "no-store",
    ]);
    const text = await response.text();
    await checkMetrics(text);
    return parsePrometheus(text);
  };
  return { ...started, metrics, scrape };
}

describe("the metrics", () => {
  it("are for administrators only", async () => {
    const { metrics } = await start();
    const ask = async (headers: Record<string, string> = {}, method = "GET"): Promise<[number, string | null, string]> => {
      const response = await fetch(metrics, { method, headers });
      return [response.status, response.headers.get("allow"), await response.text()];
    };
    const [status, , body] = await ask();
    expect([status, (JSON.parse(body) as { code: string }).code]).toEqual([401, "unauthorized"]);
    expect((await ask(bearer("forged")))[0]).toBe(401);
    for (const publish of [[exact("*")], [urlpattern("/.well-known/mercure/:any")], [exact("/.well-known/mercure/metrics")], []]) {
      const [refused, , text] = await ask(bearer(await mint({ publish })));
      expect(refused).toBe(403);
      expect(text).not.toContain("artesian_");
    }
    const admin = bearer(await mint(ADMIN));
    expect(await ask(admin, "HEAD")).toEqual([200, null, ""]);
    expect((await ask(admin, "POST")).slice(0, 2)).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect((await fetch(`${metrics}/more`, { headers: admin })).status).toBe(404);
  });

  it("are for monitors too, who may do nothing else", async () => {
    const { origin, metrics } = await start();
    const monitor = bearer(await mint({ publish: [exact("/.well-known/mercure/monitor")] }));
    const ask = async (url: string, init: RequestInit = {}): Promise<number> => (await fetch(url, { ...init, headers: monitor })).status;
    expect(await ask(metrics)).toBe(200);
    const revocations = `${origin}/.well-known/mercure/revocations`;
    expect(await ask(revocations)).toBe(403);
    expect(await ask(revocations, { method: "POST", body: new URLSearchParams({ sub: "someone" }) })).toBe(403);
    const publish = { method: "POST", body: new URLSearchParams({ topic: "/.well-known/mercure/monitor" }) };
    expect(await ask(`${origin}/.well-known/mercure`, publish)).toBe(400);
  });

  it("count durations in buckets", async () => {
    const { hub, url, scrape } = await start();
    const stream = await openStream(`${url}?match=a`);
    await hub.publish({ topic: "a", data: "1" });
    await hub.publish({ topic: "nobody", data: "2" });
    await stream.next();
    await scrape();
    const began = performance.now();
    while (performance.now() - began < 300);
    await sleep(100);
    const scraped = await scrape();
    const worker = { worker: "0" };
    const most = (name: string): number | undefined => scraped.sum(`${name}_bucket`, { ...worker, le: "+Inf" });
    for (const [name, count] of [
      ["artesian_publish_duration_seconds", 2],
      ["artesian_delivery_delay_seconds", 1],
      ["artesian_catch_up_duration_seconds", 1],
    ] as const) {
      expect([most(name), scraped.sum(`${name}_count`)], name).toEqual([count, count]);
      expect(scraped.sum(`${name}_sum`), name).toBeLessThan(5);
      const buckets = scraped.series.filter(({ name: one }) => one === `${name}_bucket`).map(({ value }) => value);
      expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    }
    // A loop that was held up runs its timers late.
    const late =
      (most("artesian_event_loop_delay_seconds") ?? 0) - (scraped.sum("artesian_event_loop_delay_seconds_bucket", { le: "0.1" }) ?? 0);
    expect(late).toBeGreaterThan(0);
    // The journal in memory flushes nothing.
    expect(scraped.types.has("artesian_journal_flush_duration_seconds")).toBe(false);
  });

  it("report states and counts, in base units", async () => {
    const { hub, url, scrape } = await start();
    const before = await scrape();
    expect(before.sum("artesian_journal_oldest_record_timestamp_seconds")).toBeUndefined();
    const streams = [
      await openStream(`${url}?match=a`),
      await openStream(`${url}?match=a&interval=10`),
      await openStream(`${url}?match=b`),
    ];
    const began = Date.now() / 1000;
    for (let i = 0; i < 5; i++) await hub.publish({ topic: "a", data: "12345" });
    await Promise.all(streams.slice(0, 2).map((stream) => stream.take(5)));
    const after = await scrape();
    const worker = { worker: "0" };
    expect(after.sum("artesian_subscribers", worker)).toBe(3);
    expect(after.sum("artesian_cohorts", worker)).toBe(3);
    expect(after.sum("artesian_lagging_subscribers", worker)).toBe(0);
    expect(after.sum("artesian_updates_published_total", worker)).toBe(5);
    expect(after.sum("artesian_updates_delivered_total", worker)).toBe(10);
    expect(after.sum("artesian_sent_bytes_total", worker)).toBe(hub.stats().sentBytes);
    expect(after.sum("artesian_journal_up")).toBe(1);
    expect(after.sum("artesian_journal_records")).toBe(5);
    expect(after.sum("artesian_journal_bytes")).toBe(hub.stats().bytes);
    const oldest = after.sum("artesian_journal_oldest_record_timestamp_seconds") ?? 0;
    expect(Math.abs(oldest - began)).toBeLessThan(10);
    expect(after.sum("artesian_workers")).toBe(1);
    expect(after.sum("artesian_silent_workers")).toBe(0);
    expect(after.sum("process_start_time_seconds", worker)).toBeCloseTo(performance.timeOrigin / 1000, 0);
    expect(after.sum("process_resident_memory_bytes", worker)).toBeGreaterThan(10_000_000);
    const cpu = [before, after].map((one) => one.sum("process_cpu_seconds_total", worker) ?? 0);
    expect(cpu[0]).toBeGreaterThan(0);
    expect(cpu[1]).toBeGreaterThan(cpu[0] ?? 0);
    for (const [name, type] of after.types) expect(name).toMatch(type === "counter" ? /_total$/ : /^(?!.*(_total|_ms|_count)$)/);
  });

  it("come from the process's own knowledge while the journal cannot be reached", async () => {
    const memory = memoryJournal();
    let isAway = false;
    const never = new Promise<never>(() => undefined);
    const journal: Journal = {
      epoch: memory.epoch,
      append: (batch) => (isAway ? never : memory.append(batch)),
      read: (after, limits) => (isAway ? never : memory.read(after, limits)),
      follow: (after, onAppended) => memory.follow(after, onAppended),
      find: (id) => memory.find(id),
      tail: () => memory.tail(),
      head: () => memory.head(),
      bytes: () => memory.bytes(),
      close: () => memory.close(),
    };
    const { hub, scrape } = await start({ journal });
    await hub.publish({ topic: "a", data: "b" });
    isAway = true;
    const began = performance.now();
    const scraped = await scrape();
    expect(performance.now() - began).toBeLessThan(5000);
    expect(scraped.sum("artesian_journal_up")).toBe(0);
    expect(scraped.sum("artesian_updates_published_total")).toBe(1);
    expect(scraped.sum("artesian_journal_records")).toBe(1);
    expect(scraped.sum("artesian_journal_oldest_record_timestamp_seconds")).toBeUndefined();
    expect(await hub.ready()).toEqual({
      status: "fail",
      checks: {
        journal: { status: "fail", detail: "The journal cannot be reached." },
        keys: { status: "pass" },
        drain: { status: "pass" },
      },
    });
    isAway = false;
  });

  it("are those of the server's other processes too, in the order of their places", async () => {
    let answerAs: (question: unknown) => unknown = () => undefined;
    const workers: Peers = {
      id: "1",
      ask: async (question) => ({
        answers: await Promise.all(["10", "0"].map(async (from) => ({ from, value: await answerAs(question) }))),
        silent: 1,
      }),
      answer: (answer) => {
        answerAs = answer;
        return () => undefined;
      },
    };
    const { scrape } = await start({ workers });
    const scraped = await scrape();
    const subscribers = scraped.series.filter(({ name }) => name === "artesian_subscribers");
    expect(subscribers.map(({ labels }) => labels)).toEqual([{ worker: "0" }, { worker: "1" }, { worker: "10" }]);
    expect([scraped.sum("artesian_workers"), scraped.sum("artesian_silent_workers")]).toEqual([3, 1]);
  });

  it("count refusals, by purpose and reason", async () => {
    const { url, origin, scrape } = await start();
    const publish = async (headers: Record<string, string>, body: string): Promise<number> =>
      (await fetch(url, { method: "POST", headers, body: new URLSearchParams(body) })).status;
    const publisher = bearer(await mint({ publish: [exact("a")] }));
    expect(await publish({}, "topic=a")).toBe(401);
    expect(await publish(publisher, "topic=b")).toBe(403);
    expect(await publish(publisher, "topic=b")).toBe(403);
    expect(await publish(publisher, "topic=a")).toBe(200);
    expect((await fetch(`${url}?match_urlpattern=(`)).status).toBe(400);
    expect((await fetch(`${origin}/.well-known/mercure/nothing`)).status).toBe(404);
    const refused = (await scrape()).series.filter(({ name }) => name === "artesian_requests_refused_total");
    expect(refused.map(({ labels: { wanted, code }, value }) => [wanted, code, value])).toEqual([
      ["publish", "unauthorized", 1],
      ["publish", "insufficient_scope", 2],
      ["subscribe", "invalid_matcher", 1],
      ["other", "not_found", 1],
    ]);
  });
});
