import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ClientError, publish, subscribe } from "../../packages/client/src/index.ts";
import { createOutbox, createSignal } from "../../packages/hub/src/cli/serve/ipc.ts";
import { type Answer, messagesIn, runToEnd, send, startServer } from "./command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { bearer, type WorkerPool, FORM, MANY, open, openAtEach, openLineToEach, startPool, startGuarded, TWO } from "./worker-pool.ts";
import { LATE_MS } from "../support/clock.ts";

const OPEN = ["--anonymous", "--anonymous-publish"];
const SOON = ["--retry-min", "100ms", "--retry-max", "100ms"];

/** Publishes by each worker in turn, each time after all subscribers had the one before. */
async function expectPromptness(pool: WorkerPool): Promise<void> {
  const streams = await openAtEach(pool, `${pool.hub}?match=a`);
  const lines = await openLineToEach(pool);
  const began = performance.now();
  for (let i = 0; i < 20; i++) {
    for (const line of lines) {
      const { status, body } = await line.send("/events/stream", "POST", `topic=a&data=${line.worker}-${i}`);
      expect(status).toBe(200);
      for (const stream of streams) expect(await stream.next()).toMatchObject({ id: body, data: `${line.worker}-${i}` });
    }
  }
  // Were the tail only looked at now and then, a second would pass for each.
  expect(performance.now() - began).toBeLessThan(20_000);
}

describe("what workers share", () => {
  test("what one takes reaches the subscribers of all, at once and once", async () => {
    await expectPromptness(await startPool());
  });

  test("reaches all at once also after one was killed or told to stop", async () => {
    const pool = await startPool();
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const known = pool.run.stderr.length;
      process.kill(pool.workers()[0] ?? 0, signal);
      await expect.poll(() => pool.run.stderr.slice(known)).toContain("a worker listens");
      await expectPromptness(pool);
    }
  });

  test("an update for later is delivered once", async () => {
    const pool = await startPool();
    const streams = await openAtEach(pool, `${pool.hub}?match=a`);
    const [line] = await openLineToEach(pool);
    expect((await line.send("/events/stream", "POST", "topic=a&data=later&delay=300")).status).toBe(200);
    for (const stream of streams) expect((await stream.next()).data).toBe("later");
    await line.send("/events/stream", "POST", "topic=a&data=last");
    for (const stream of streams) expect((await stream.next()).data).toBe("last");
  });

  test("the bound of streams holds for all together", async () => {
    const pool = await startPool([...TWO, "--max-connections", "3"]);
    const held = new Map<number, number>();
    const total = (): number => [...held.values()].reduce((sum, count) => sum + count, 0);
    for (let i = 0, surplus = 0; i < MANY && surplus < 20; i++) {
      if (total() === 3) surplus++;
      const stream = await open(pool, pool.hub);
      if (stream.response.status === 200) held.set(stream.worker, (held.get(stream.worker) ?? 0) + 1);
      else expect(stream.response.status).toBe(503);
    }
    expect([...held.values()].toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  test("the list of subscriptions is complete at each", async () => {
    const { pool, mint } = await startGuarded(["--subscriptions"]);
    const token = await mint("--subscribe", "*");
    const streams = await openAtEach(pool, `${pool.hub}?match=a`, bearer(token));
    expect(streams.map(({ worker }) => worker)).toEqual(pool.workers().toSorted((a, b) => a - b));
    for (const line of await openLineToEach(pool)) {
      await expect.poll(async () => present(await line.send("/.well-known/mercure/subscriptions", "GET", "", bearer(token)))).toBe(2);
    }
  });

  test("a revoked token's streams end at all within a second", async () => {
    const { pool, mint } = await startGuarded([]);
    const [revoked, other, admin] = [
      await mint("--subscribe", "*", "--subject", "mallory"),
      await mint("--subscribe", "*", "--subject", "ada", "--publish", "a"),
      await mint("--admin"),
    ];
    const ending = await openAtEach(pool, `${pool.hub}?match=a`, bearer(revoked));
    const staying = await openAtEach(pool, `${pool.hub}?match=a`, bearer(other));
    const [line] = await openLineToEach(pool);
    const began = performance.now();
    expect(await line.send("/.well-known/mercure/revocations", "POST", "sub=mallory", bearer(admin))).toMatchObject({ status: 204 });
    await Promise.all(ending.map((stream) => stream.ended));
    expect(performance.now() - began).toBeLessThan(1000 + LATE_MS);
    for (const each of await openLineToEach(pool)) {
      expect((await each.send("/events/stream?match=a", "GET", "", bearer(revoked))).status).toBe(401);
    }
    await line.send("/events/stream", "POST", "topic=a&data=still here", bearer(other));
    for (const stream of staying) expect((await stream.next()).data).toBe("still here");
  });
});

function present({ body }: Answer): number {
  return (JSON.parse(body) as { subscriptions: unknown[] }).subscriptions.length;
}

describe("a worker that is killed", () => {
  test("is replaced, and its subscribers resume with nothing lost or repeated", async () => {
    const pool = await startPool([...TWO, ...SOON]);
    const ends = Array.from({ length: 8 }, async () => {
      const received: string[] = [];
      for await (const { data } of subscribe(pool.hub, { match: "a", lastEventId: "earliest" })) {
        received.push(data);
        if (data === "end") break;
      }
      return received;
    });
    const acknowledged: string[] = [];
    let sent = 0;
    const publishSome = async (count: number): Promise<void> => {
      for (const until = acknowledged.length + count; acknowledged.length < until; sent++) {
        try {
          await publish(pool.hub, { topic: "a", data: String(sent) });
          acknowledged.push(String(sent));
        } catch (error) {
          // Its worker was killed, or the one that writes the journal: whether it was taken is not known.
          if (!(error instanceof ClientError && ["unreachable", "outcome_unknown"].includes(error.code))) throw error;
        }
      }
    };
    // Who connects at that moment is served by another, or sees the connection fail: nobody is left waiting.
    const visit = new AbortController();
    const visitors = Array.from({ length: 4 }, async () => {
      while (!visit.signal.aborted) await send(`${pool.url}/health`).catch(() => undefined);
    });
    const first = pool.workers();
    for (const victim of first) {
      await publishSome(20);
      const publishing = publishSome(50);
      process.kill(victim, "SIGKILL");
      await publishing;
      await pool.run.waitFor("stderr", new RegExp(`"worker":${victim},"why":"SIGKILL ended it".*\n(.*\n)*.*"a worker listens"`));
    }
    visit.abort();
    await Promise.all(visitors);
    expect(pool.workers()).toHaveLength(2);
    expect(pool.workers().filter((pid) => first.includes(pid))).toEqual([]);
    await publish(pool.hub, { topic: "a", data: "end" });
    const [one = [], ...others] = await Promise.all(ends);
    for (const other of others) expect(other).toEqual(one);
    expect(new Set(one).size).toBe(one.length);
    expect(one.filter((data) => acknowledged.includes(data))).toEqual(acknowledged);
    pool.run.child.kill("SIGTERM");
    expect(await pool.run.exit).toBe(0);
  });

  test("leaves nobody in the list of subscriptions", async () => {
    const { pool, mint } = await startGuarded(["--subscriptions", "--subscription-lease", "1s"]);
    const token = await mint("--subscribe", "*");
    const [gone] = await openAtEach(pool, `${pool.hub}?match=a`, bearer(token));
    const count = async (): Promise<number> =>
      present(await send(`${pool.url}/.well-known/mercure/subscriptions`, { headers: bearer(token) }));
    await expect.poll(count).toBe(2);
    process.kill(gone.worker, "SIGKILL");
    await gone.ended;
    await expect.poll(count).toBe(1);
  });

  test("together with all others: they come back at the same address", async () => {
    const pool = await startPool();
    const id = (await send(pool.hub, { method: "POST", headers: FORM }, "topic=a&data=kept")).body;
    for (const worker of pool.workers()) process.kill(worker, "SIGKILL");
    await pool.run.waitFor("stderr", /"a worker listens"(.*\n)*.*"a worker listens"/);
    const [stream] = await openAtEach(pool, `${pool.hub}?last_event_id=earliest`);
    expect(await stream.next()).toMatchObject({ id, data: "kept" });
  });

  test("and can't be replaced is given up when none is left", async () => {
    const cwd = temporaryDirectory();
    const pool = await startPool(TWO, { cwd });
    renameSync(join(cwd, "data"), join(cwd, "moved"));
    writeFileSync(join(cwd, "data"), "");
    for (const worker of pool.workers()) process.kill(worker, "SIGKILL");
    expect(await pool.run.exit).toBe(1);
    expect(messagesIn(pool.run.stderr)).toMatch(
      /^No worker can be started any more: The journal in .* is not the one that the hub began with/m,
    );
  });

  test("with the others, when the primary is", async () => {
    const pool = await startPool();
    const [stream] = await openAtEach(pool, pool.hub);
    pool.run.child.kill("SIGKILL");
    await stream.ended;
    // "close" comes when the last process has let go of the output.
    expect(await pool.run.exit).toBe("SIGKILL");
    await expect(fetch(pool.url)).rejects.toThrow(TypeError);
  });
});

test("to a process that does not read, one message is on its way and one is wanted, never more", () => {
  const taken: (() => void)[] = [];
  const signal = createSignal((sent) => void taken.push(sent));
  for (let i = 0; i < 1000; i++) signal();
  expect(taken).toHaveLength(1);
  taken[0]?.();
  expect(taken).toHaveLength(2);
  taken[1]?.();
  expect(taken).toHaveLength(2);
  signal();
  expect(taken).toHaveLength(3);
});

test("to a process that does not read, so much of what may be lost is on its way, and no more", () => {
  const taken: (() => void)[] = [];
  const post = createOutbox<{ text: string }>((_, sent) => void taken.push(sent));
  const text = "x".repeat(1024 * 1024);
  for (let i = 0; i < 1000; i++) post({ text });
  expect(taken).toHaveLength(3);
  taken[0]?.();
  for (let i = 0; i < 1000; i++) post({ text });
  expect(taken).toHaveLength(4);
  for (let i = 0; i < 100_000; i++) post({ text: "" });
  expect(taken.length).toBeLessThan(20_000);
});

describe("how workers start and stop", () => {
  test("one line says where, once all listen; auto is one for each processor", async () => {
    const auto = await startPool(["--workers", "auto"]);
    expect(auto.workers()).toHaveLength(availableParallelism() === 1 ? 0 : availableParallelism());
    const pool = await startPool(["--workers", "3"]);
    expect(pool.run.stdout).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(pool.workers()).toHaveLength(3);
    await pool.run.waitFor("stderr", /"workers":3,"msg":"listening"/);
    // The workers test their sockets at the same moment, each over a port that no other shares.
    expect(pool.run.stderr).not.toContain("this runtime's");
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s tells the subscribers of all, and ends well", async (signal) => {
    const pool = await startPool();
    const streams = await openAtEach(pool, pool.hub);
    pool.run.child.kill(signal);
    for (const stream of streams) {
      let event = await stream.nextOfAny();
      while (event.event !== "hub:drain") event = await stream.nextOfAny();
      await stream.ended;
    }
    expect(await pool.run.exit).toBe(0);
    expect(pool.run.stderr.match(/"msg":"stopped"/g)).toHaveLength(2);
    expect(pool.run.stderr).toMatch(/"all workers stopped"\}\n$/);
    expect(pool.run.stderr).not.toContain("takes its place");
  });

  test("SIGHUP stops no process, although a terminal sends it to all", async () => {
    const pool = await startPool();
    const workers = pool.workers();
    for (const pid of [pool.run.child.pid ?? 0, ...workers]) process.kill(pid, "SIGHUP");
    await pool.run.waitFor("stderr", /SIGHUP: settings and keys are as before/);
    const [stream] = await openAtEach(pool, pool.hub);
    stream.close();
    expect(pool.workers()).toEqual(workers);
    expect(pool.run.stderr).not.toContain("takes its place");
  });

  test("one that has only just been started to replace another does not make it a bad end", async () => {
    const pool = await startPool();
    const [victim = 0] = pool.workers();
    process.kill(victim, "SIGKILL");
    await expect.poll(() => pool.workers().filter((pid) => pid !== victim)).toHaveLength(2);
    pool.run.child.kill("SIGTERM");
    expect(await pool.run.exit).toBe(0);
  });

  test("a worker that is told to stop is replaced", async () => {
    const pool = await startPool();
    const [stream] = await openAtEach(pool, pool.hub);
    process.kill(stream.worker, "SIGTERM");
    await stream.ended;
    await pool.run.waitFor("stderr", new RegExp(`"worker":${stream.worker},"why":"it ended with code 0".*\n(.*\n)*.*"a worker listens"`));
    expect(pool.workers()).toHaveLength(2);
  });

  test("a second Ctrl-C ends it at once", async () => {
    const pool = await startPool([...TWO, "--drain", "1h"]);
    const { hostname, port } = new URL(pool.url);
    const headers = { ...FORM, expect: "100-continue", "content-length": 7 };
    const req = request({ hostname, port, method: "POST", path: "/events/stream", headers });
    onTestFinished(() => void req.destroy());
    req.on("error", () => undefined);
    req.flushHeaders();
    await once(req, "continue");
    pool.run.child.kill("SIGINT");
    await pool.run.waitFor("stderr", /"draining"/);
    const pressing = setInterval(() => pool.run.child.kill("SIGINT"), 50);
    onTestFinished(() => clearInterval(pressing));
    expect(await pool.run.exit).toBe(130);
  });

  test("a port in use is named", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { code, stderr, stdout } = await runToEnd(["serve", ...OPEN, ...TWO, "--port", String(port)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(messagesIn(stderr)).toMatch(new RegExp(`^Port ${port} .* is in use.*--port 0[^\n]*$`));
  });

  test("a directory that can't be written is named, once", async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "file"), "");
    const { code, stderr, stdout } = await runToEnd(["serve", ...OPEN, ...TWO, "--port", "0", "--data", "file/data"], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(messagesIn(stderr)).toMatch(/^The directory .*file\/data\/journal cannot be written[^\n]*$/);
  });

  test.each(["0", "257", "1.5", "many"])("--workers %s is refused", async (count) => {
    const { code, stderr } = await runToEnd(["serve", ...OPEN, "--workers", count]);
    expect(code).toBe(2);
    expect(messagesIn(stderr)).toBe(`--workers: "${count}" is not a number of processes from 1 to 256, or auto.`);
  });

  test("a journal in memory is refused", async () => {
    const refused = await runToEnd(["serve", ...OPEN, ...TWO, "--port", "0", "--journal", "memory"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(messagesIn(refused.stderr)).toMatch(/^--workers .*2 processes can't share a journal in memory/);
    await startServer(["--workers", "1", "--journal", "memory"]);
  });
});
