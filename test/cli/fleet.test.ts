import { describe, expect, onTestFinished, test } from "vitest";
import { NatsServer } from "../support/nats-server.ts";
import { parsePrometheus, type Scrape } from "../support/prometheus.ts";
import { freePort } from "../support/free-port.ts";
import { RedisServer } from "../support/redis-server.ts";
import { openStream, type TestStream } from "../support/stream.ts";
import { messagesIn, type RunningServer, runToEnd, send, start, startServer, untilListening } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { bearer, FORM } from "./worker-pool.ts";
import { LATE_MS } from "../support/clock.ts";

const HUB = "/.well-known/mercure";
const AUDIENCE = ["--resource-identifier", "https://hub.example/.well-known/mercure", "--public-url", "https://hub.example"];
const LEASE_MS = 3000;

interface Engine {
  readonly url: string;
  /** Not reachable any more, and reachable again, with all that it had. */
  away(): void;
  back(): void;
  /** Everything in it is gone. */
  wipe(): Promise<void>;
}

async function startRedis(query = ""): Promise<Engine> {
  const server = await RedisServer.start();
  return {
    url: `${server.url}${query}`,
    away: () => server.signal("SIGSTOP"),
    back: () => server.signal("SIGCONT"),
    wipe: async () => void (await server.run("FLUSHALL")),
  };
}

async function startNats(): Promise<Engine> {
  const server = await NatsServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return {
    url: server.url,
    away: () => server.pause(),
    back: () => server.resume(),
    wipe: async () => {
      await server.kill();
      server.wipe();
      await server.start();
    },
  };
}

interface Fleet {
  readonly engine: Engine;
  readonly hubs: readonly [RunningServer, RunningServer, RunningServer];
  readonly mint: (...flags: string[]) => Promise<string>;
  readonly admin: string;
}

/** Three hubs on three machines, as far as they know: nothing is shared but the engine and the key. */
async function startFleet(startEngine: () => Promise<Engine>, ...flags: string[]): Promise<Fleet> {
  const engine = await startEngine();
  // What is suspended would not end.
  onTestFinished(() => engine.back());
  const cwd = temporaryDirectory();
  expect((await runToEnd(["keys", "create"], { cwd })).code).toBe(0);
  const mint = async (...rights: string[]): Promise<string> =>
    (
      await runToEnd(["token", "mint", "--resource-identifier", "https://hub.example/.well-known/mercure", ...rights], { cwd })
    ).stdout.trim();
  const start = (): Promise<RunningServer> =>
    startServer(
      [
        "--journal",
        engine.url,
        ...AUDIENCE,
        "--subscriptions",
        "--subscription-lease",
        `${LEASE_MS}ms`,
        "--retry-min",
        "10ms",
        "--retry-max",
        "50ms",
        "--heartbeat",
        "1s",
        ...flags,
      ],
      { cwd, tokens: true },
    );
  const hubs = await Promise.all([start(), start(), start()]);
  return { engine, hubs, mint, admin: await mint("--admin", "--publish", "*", "--subscribe", "*") };
}

async function publish({ hub }: RunningServer, token: string, data: string, more = ""): Promise<string> {
  const { status, body } = await send(hub, { method: "POST", headers: { ...FORM, ...bearer(token) } }, `topic=a&data=${data}${more}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

function open({ hub }: RunningServer, token: string, cursor?: string): Promise<TestStream> {
  return openStream(`${hub}?match=a`, { headers: { ...bearer(token), ...(cursor === undefined ? {} : { "Last-Event-ID": cursor }) } });
}

async function present({ url }: RunningServer, token: string): Promise<number> {
  const { body } = await send(`${url}${HUB}/subscriptions`, { headers: bearer(token) });
  return (JSON.parse(body) as { subscriptions: unknown[] }).subscriptions.length;
}

async function scrape({ url }: RunningServer, token: string): Promise<Scrape> {
  const { status, body } = await send(`${url}${HUB}/metrics`, { headers: bearer(token) });
  expect(status).toBe(200);
  return parsePrometheus(body);
}

/** Whether an event is the update that a publisher was answered this id for: in several partitions its own place is marked (`#EPOCH:4.!3.0`), and the others may differ. */
function isOf(answered: string | undefined, { id = "" }: { readonly id?: string | undefined }): boolean {
  const nameOf = (text: string): string =>
    text
      .split(/[:.]/)
      .map((part, i) => (i === 0 || part.startsWith("!") ? part : ""))
      .join(" ");
  return answered !== undefined && (answered.includes("!") ? nameOf(id) === nameOf(answered) : id === answered);
}

describe.each([
  ["Redis", () => startRedis()],
  ["Redis, in 3 partitions", () => startRedis("?partitions=3")],
  ["NATS", startNats],
] as const)("three hubs on one %s", (_, startEngine) => {
  test("are one: an update reaches the subscribers of all, and a cursor of one is good at the others", async () => {
    const { hubs, admin } = await startFleet(startEngine);
    const streams = await Promise.all(hubs.map((hub) => open(hub, admin)));
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) {
      for (const hub of hubs) {
        const id = await publish(hub, admin, String(ids.length), "&private=on");
        for (const stream of streams) {
          const event = await stream.next();
          expect(event.data).toBe(String(ids.length));
          expect(isOf(id, event)).toBe(true);
        }
        ids.push(id);
      }
    }
    for (const [i, hub] of hubs.entries()) {
      const resumed = await open(hub, admin, ids[9 + i]);
      const events = await resumed.take(20 - i);
      expect(events.map((event, n) => isOf(ids[10 + i + n], event))).toEqual(events.map(() => true));
    }
  });

  test("know a cursor that another one has just given, before they have seen its update", async () => {
    const { hubs, admin } = await startFleet(startEngine);
    for (let i = 0; i < 30; i++) {
      const id = await publish(hubs[0], admin, `seen ${i}`);
      const moved = await open(hubs[1 + (i % 2)] as RunningServer, admin, id);
      const next = await publish(hubs[0], admin, `next ${i}`);
      // Neither a gap nor what it has seen.
      let event = await moved.nextOfAny();
      // Where it is now, when it has had what others had before.
      while (event.event === "hub:cursor") event = await moved.nextOfAny();
      expect(event.data).toBe(`next ${i}`);
      expect(isOf(next, event)).toBe(true);
      moved.close();
    }
  });

  test("publish once with an idempotency key, whichever is tried again", async () => {
    const { hubs, admin } = await startFleet(startEngine);
    const headers = { ...FORM, ...bearer(admin), "idempotency-key": '"one"' };
    const attempt = async ({ hub }: RunningServer, data: string): Promise<unknown> => {
      const { status, body } = await send(hub, { method: "POST", headers }, `topic=a&data=${data}`);
      return status === 200 ? body : status;
    };
    const all = await Promise.all([...hubs, ...hubs].map((hub) => attempt(hub, "x")));
    expect(new Set(all).size).toBe(1);
    expect(await attempt(hubs[1], "y")).toBe(422);
    const last = await publish(hubs[2], admin, "last");
    const stream = await open(hubs[0], admin, "earliest");
    const answered = [all[0] as string, last];
    expect((await stream.take(2)).map((event, i) => isOf(answered[i], event))).toEqual([true, true]);
  });

  test("list the subscribers of all; those of one that was killed are gone with their lease", async () => {
    const { hubs, admin } = await startFleet(startEngine);
    for (const hub of hubs) await open(hub, admin);
    for (const hub of hubs) await expect.poll(() => present(hub, admin)).toBe(3);
    hubs[1].run.child.kill("SIGKILL");
    await hubs[1].run.exit;
    const began = performance.now();
    for (const hub of [hubs[0], hubs[2]]) await expect.poll(() => present(hub, admin), { timeout: 30_000 }).toBe(2);
    expect(performance.now() - began).toBeLessThan(2 * LEASE_MS + LATE_MS);
    // Each reports itself, so that a scrape of all counts each stream once.
    for (const hub of [hubs[0], hubs[2]]) {
      const scraped = await scrape(hub, admin);
      expect([scraped.sum("artesian_subscribers"), scraped.sum("artesian_workers"), scraped.sum("artesian_silent_workers")]).toEqual([
        1, 1, 0,
      ]);
      expect(scraped.sum("artesian_subscribers", { worker: "0" })).toBe(1);
    }
  });

  test("revoke and renew a token for all of them, by any", async () => {
    const { hubs, admin, mint } = await startFleet(startEngine);
    const [mallory, ada, renewed] = await Promise.all([
      mint("--subscribe", "a", "--subject", "mallory"),
      mint("--subscribe", "b", "--subject", "ada"),
      mint("--subscribe", "a", "--subject", "ada"),
    ]);
    const [revoked, kept] = [await open(hubs[1], mallory), await open(hubs[2], ada)];
    const began = performance.now();
    const answer = await send(
      `${hubs[0].url}${HUB}/revocations`,
      { method: "POST", headers: { ...FORM, ...bearer(admin) } },
      "sub=mallory",
    );
    expect(answer.status).toBe(204);
    await revoked.ended;
    expect(performance.now() - began).toBeLessThan(1000 + LATE_MS);
    for (const { hub } of hubs) expect((await send(`${hub}?match=a`, { headers: bearer(mallory) })).status).toBe(401);
    const list = await send(`${hubs[0].url}/console/api/subscribers?search=ada`, { headers: bearer(admin) });
    const [stream] = (JSON.parse(list.body) as { subscribers: { id: string }[] }).subscribers;
    const renewal = await send(`${hubs[0].url}${HUB}/subscribers/${stream?.id}`, {
      method: "POST",
      headers: { ...FORM, ...bearer(renewed) },
    });
    expect(renewal.status).toBe(200);
    await publish(hubs[1], admin, "for ada", "&private=on");
    expect((await kept.next()).data).toBe("for ada");
  });

  test("stay up while the engine is away, refuse publishers with 503, and catch up by themselves", { timeout: 90_000 }, async () => {
    const { engine, hubs, admin } = await startFleet(startEngine);
    const streams = await Promise.all(hubs.map((hub) => open(hub, admin)));
    await publish(hubs[0], admin, "before");
    for (const stream of streams) expect((await stream.next()).data).toBe("before");
    engine.away();
    const refused: (string | undefined)[] = [];
    for (let i = 0; i < 10; i++) {
      const began = performance.now();
      const { status, headers } = await send(
        hubs[i % 3]?.hub ?? "",
        { method: "POST", headers: { ...FORM, ...bearer(admin) } },
        `topic=a&data=lost ${i}`,
      );
      // The first may have been on its way when the engine left.
      expect([503, 504]).toContain(status);
      expect(performance.now() - began).toBeLessThan(5000 + LATE_MS);
      refused.push(headers["retry-after"]);
    }
    expect(new Set(refused).has(undefined)).toBe(false);
    for (const hub of hubs) {
      expect((await send(`${hub.url}/health`)).status).toBe(200);
      expect(await send(`${hub.url}/health/ready`)).toMatchObject({
        status: 503,
        body: expect.stringContaining("The journal cannot be reached."),
      });
      const began = performance.now();
      const scraped = await scrape(hub, admin);
      expect(performance.now() - began).toBeLessThan(3000 + LATE_MS);
      expect([scraped.sum("artesian_journal_up"), scraped.sum("artesian_subscribers")]).toEqual([0, 1]);
    }
    engine.back();
    await expect
      .poll(
        async () => (await send(hubs[1].hub, { method: "POST", headers: { ...FORM, ...bearer(admin) } }, "topic=a&data=after")).status,
        { timeout: 30_000 },
      )
      .toBe(200);
    for (const stream of streams) {
      let event = await stream.next();
      while (event.data.startsWith("lost")) event = await stream.next();
      expect(event.data).toBe("after");
    }
  });

  test("tell all subscribers of a gap when everything in the engine is gone", { timeout: 90_000 }, async () => {
    const { engine, hubs, admin } = await startFleet(startEngine);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await publish(hubs[0], admin, `old ${i}`));
    const streams = await Promise.all(hubs.map((hub) => open(hub, admin)));
    await engine.wipe();
    // They are told to come back.
    await Promise.all(streams.map((stream) => stream.ended));
    await expect
      .poll(async () => (await send(hubs[2].hub, { method: "POST", headers: { ...FORM, ...bearer(admin) } }, "topic=a&data=new")).status, {
        timeout: 30_000,
      })
      .toBe(200);
    for (const [i, hub] of hubs.entries()) {
      let back = await open(hub, admin, ids[i + 1]);
      let gap = await back.nextOfAny().catch(() => undefined);
      // Of several partitions each is found to be gone by itself: then they are told to come back once more.
      for (let again = 0; gap?.event !== "hub:gap" && again < 2; again++) {
        back = await open(hub, admin, ids[i + 1]);
        gap = await back.nextOfAny().catch(() => undefined);
      }
      expect(gap).toMatchObject({ event: "hub:gap" });
      if (gap === undefined) throw new Error("It was told of no gap.");
      expect(JSON.parse(gap.data)).toMatchObject({ requested: ids[i + 1], reason: "epoch" });
      expect((await back.next()).data).toBe("new");
    }
  });
});

test("a hub of several workers reports these, and not the other hubs on its Redis", async () => {
  const redis = await RedisServer.start();
  const cwd = temporaryDirectory();
  expect((await runToEnd(["keys", "create"], { cwd })).code).toBe(0);
  const flags = ["--journal", redis.url, ...AUDIENCE];
  const admin = (await runToEnd(["token", "mint", "--admin", ...AUDIENCE], { cwd })).stdout.trim();
  const [two, one] = await Promise.all([
    startServer([...flags, "--workers", "2"], { cwd, tokens: true }),
    startServer(flags, { cwd, tokens: true }),
  ]);
  const placesOf = async (hub: RunningServer): Promise<(string | undefined)[]> =>
    (await scrape(hub, admin)).series.flatMap(({ name, labels }) => (name === "artesian_subscribers" ? [labels["worker"]] : []));
  await expect.poll(() => placesOf(two)).toEqual(["0", "1"]);
  expect(await placesOf(one)).toEqual(["0"]);
  await redis.kill();
  await expect.poll(() => placesOf(two)).toEqual(["0", "1"]);
  await expect.poll(async () => (await scrape(two, admin)).sum("artesian_journal_up")).toBe(0);
});

describe("a server that is not there", () => {
  test.each(["redis://127.0.0.1:1", "nats://127.0.0.1:1", "redis://user:secret@127.0.0.1:1?name=x"])(
    "%s is waited for, and named without a password",
    async (url) => {
      const run = start(["serve", "--anonymous", "--anonymous-publish", "--port", "0", "--journal", url]);
      const [, line = ""] = await run.waitFor("stderr", /^(.*the journal fails.*)$/m);
      expect(JSON.parse(line)).toMatchObject({
        level: 50,
        code: "journal_unavailable",
        detail: expect.stringMatching(/^The journal on (Redis|NATS) cannot be opened: .*127\.0\.0\.1:1/) as string,
      });
      run.child.kill("SIGTERM");
      expect(await run.exit).toBe(0);
      expect(run.stdout).toBe("");
      expect(run.stderr).not.toContain("secret");
    },
  );

  test.each([["one process"], ["two workers", "--workers", "2"]])(
    "%s answers meanwhile, and serves once the server is there",
    async (_, ...flags) => {
      const port = await freePort();
      const hubPort = await freePort();
      const origin = `http://127.0.0.1:${hubPort}`;
      const hub = `${origin}/events/stream`;
      const journal = `redis://127.0.0.1:${port}`;
      const open = ["serve", "--anonymous", "--anonymous-publish", "--cors-origin", "https://page.example"];
      const run = start([...open, "--port", String(hubPort), "--journal", journal, ...flags]);
      await run.waitFor("stderr", /the journal fails/);
      await untilListening(hubPort);
      expect(await send(`${origin}/health`)).toMatchObject({ status: 200, body: "ok\n" });
      const ready = await send(`${origin}/health/ready`);
      expect([ready.status, (JSON.parse(ready.body) as { checks: { journal: { status: string } } }).checks.journal.status]).toEqual([
        503,
        "fail",
      ]);
      expect(await send(`${origin}/health/live`)).toMatchObject({ status: 200 });
      const stream = await send(hub, { headers: { accept: "text/event-stream", origin: "https://page.example" } });
      expect(stream).toMatchObject({
        status: 200,
        headers: { "content-type": "text/event-stream", "access-control-allow-origin": "https://page.example" },
      });
      expect(stream.body).toMatch(/^retry: \d{4}\nevent: hub:drain\ndata: \{"reconnectInMs":\d{4},"code":"journal_unavailable"\}\n\n$/);
      const publish = await send(hub, { method: "POST", headers: FORM }, "topic=a");
      expect(publish).toMatchObject({ status: 503, headers: { "content-type": "application/problem+json" } });
      expect(JSON.parse(publish.body)).toMatchObject({ code: "journal_unavailable" });
      expect(Number(publish.headers["retry-after"])).toBeGreaterThan(0);
      expect(await send(hub, { headers: { host: "evil.example", accept: "text/event-stream" } })).toMatchObject({ status: 421 });
      const server = await RedisServer.start({ port: String(port) });
      await run.waitFor("stdout", /^listening on /m);
      await run.waitFor("stderr", /the journal works again/);
      expect((await send(hub, { method: "POST", headers: FORM }, "topic=a")).status).toBe(200);
      expect((await send(`${origin}/health`)).status).toBe(200);
      // Nothing of it is on a disk.
      await run.waitFor("stderr", new RegExp(`Redis at 127\\.0\\.0\\.1:${port} keeps nothing on a disk`));
      // Clients are not told where it is.
      server.signal("SIGKILL");
      const lookUp = await send(`${hub}?match=a&last_event_id=unknown`);
      expect(lookUp.status).toBe(503);
      expect(lookUp.body).not.toContain(String(port));
      // What waited for it was long enough: nothing waits any more.
      const beganMs = performance.now();
      expect((await send(`${hub}?match=a&last_event_id=unknown`)).status).toBe(503);
      expect(performance.now() - beganMs).toBeLessThan(5000 + LATE_MS);
    },
  );

  test.each([["one process"], ["two workers", "--workers", "2"]])("%s: the metrics are told meanwhile", async (_, ...flags) => {
    const cwd = temporaryDirectory();
    await runToEnd(["keys", "create"], { cwd });
    const [admin, other] = await Promise.all(
      ["--admin", "--publish=*"].map(async (grant) => (await runToEnd(["token", "mint", grant, ...AUDIENCE], { cwd })).stdout.trim()),
    );
    const hubPort = await freePort();
    const open = ["serve", "--anonymous-publish", "--port", String(hubPort), "--journal", `redis://127.0.0.1:${await freePort()}`];
    const run = start([...open, ...AUDIENCE, ...flags], { cwd });
    await run.waitFor("stderr", /the journal fails/);
    await untilListening(hubPort);
    const url = `http://127.0.0.1:${hubPort}${HUB}/metrics`;
    const { status, headers, body } = await send(url, { headers: bearer(admin ?? "") });
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    const scrape = parsePrometheus(body);
    expect(scrape.sum("artesian_journal_up")).toBe(0);
    expect(scrape.sum("artesian_workers")).toBe(1);
    expect(scrape.sum("process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(await send(url, { method: "HEAD", headers: bearer(admin ?? "") })).toMatchObject({ status: 200, body: "" });
    // As of a hub whose journal is there.
    for (const [token, refused] of [
      [undefined, 401],
      ["nonsense", 401],
      [other, 403],
    ] as const) {
      expect((await send(url, token === undefined ? {} : { headers: bearer(token) })).status).toBe(refused);
    }
    expect((await send(url, { method: "POST", headers: bearer(admin ?? "") })).status).toBe(405);
  });

  test.each(["valkey://hub:s3cret@127.0.0.1:1", "redis://hub:s3c?s3cret@127.0.0.1:1", "nats://hub:1?s3cret@127.0.0.1:1"])(
    "%s is refused without its password",
    async (url) => {
      const { code, stderr } = await runToEnd(["serve", "--anonymous", "--anonymous-publish", "--port", "0", "--journal", url]);
      expect(code).toBe(2);
      expect(messagesIn(stderr)).not.toBe("");
      expect(stderr).not.toContain("s3c");
    },
  );

  test("a parameter that means nothing is refused", async () => {
    const { code, stderr } = await runToEnd([
      "serve",
      "--anonymous",
      "--anonymous-publish",
      "--port",
      "0",
      "--journal",
      "redis://127.0.0.1:1?nmae=x",
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain("nmae");
  });
});
