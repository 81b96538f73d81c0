import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALL, dataOf, epochs, follow, judge, open, UNAVAILABLE, update, Writer } from "../../support/redis-journals.ts";
import { RedisServer } from "../../support/redis-server.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { LATE_MS } from "../../support/clock.ts";

describe("Redis that goes away and comes back", () => {
  it("killed again and again under appends of two hubs, with appendfsync always: nothing acknowledged is lost, none is twice, one order", async () => {
    const server = await RedisServer.start({ appendonly: "yes", appendfsync: "always" });
    const journals = [await open(server.url), await open(server.url)];
    const followed = journals.map(follow);
    const seen = journals.map(epochs);
    const writers = journals.flatMap((journal, i) => Array.from({ length: 4 }, (_, j) => new Writer(journal, `${i}.${j}.`)));
    for (let round = 1; round <= 3; round++) {
      const before = writers.map(({ acknowledged }) => acknowledged.size);
      await expect.poll(() => writers.every(({ acknowledged }, i) => acknowledged.size > (before[i] as number) + 20)).toBe(true);
      await server.kill();
      await server.restart();
    }
    const before = writers.map(({ acknowledged }) => acknowledged.size);
    await expect.poll(() => writers.every(({ acknowledged }, i) => acknowledged.size > (before[i] as number))).toBe(true);
    await Promise.all(writers.map((writer) => writer.stop()));
    await judge(journals, followed, writers);
    expect(seen.map((all) => new Set(all).size)).toEqual([1, 1]);
    expect(writers.some(({ failed }) => failed.length > 0)).toBe(true);
  });

  it("stopped: appends are refused soon, reads wait, streams catch up", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await open(server.url), await open(server.url)];
    const [fromA, fromB] = [follow(a), follow(b)];
    await a.append([update("1")]);
    server.signal("SIGSTOP");
    const start = performance.now();
    const appends = Array.from({ length: 50 }, (_, i) => a.append([update(`stopped ${i}`)]));
    const refused = await Promise.allSettled(appends);
    expect(performance.now() - start).toBeLessThan(3000 + LATE_MS);
    expect(refused.every(({ status }) => status === "rejected")).toBe(true);
    await expect(b.state?.commit([{ key: "k", value: "v" }])).rejects.toMatchObject({ code: UNAVAILABLE });
    await expect(b.idempotency?.find({ key: "k", request: "r" })).rejects.toMatchObject({ code: "journal_unavailable" });
    expect([a.tail(), a.head()]).toEqual([1, 1]);
    const read = a.read(0, ALL);
    server.signal("SIGCONT");
    expect(await read).toMatchObject({ kind: "records" });
    await expect
      .poll(async () =>
        b.append([update("last")]).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await judge([a, b], [fromA, fromB], []);
    expect(dataOf(fromA).at(-1)).toBe("last");
  });

  it("away for long: each of 10,000 appends is refused, and none is kept", async () => {
    const server = await RedisServer.start({ appendonly: "yes", appendfsync: "always" });
    const journal = await open(server.url);
    await journal.append([update("1")]);
    await server.kill();
    await expect(journal.append([update("x")])).rejects.toMatchObject({ code: UNAVAILABLE });
    const big = "x".repeat(10_000);
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    const start = performance.now();
    for (let i = 0; i < 10; i++) {
      const results = await Promise.allSettled(Array.from({ length: 1000 }, (_, j) => journal.append([update(`${i}.${j} ${big}`)])));
      expect(results.every(({ status }) => status === "rejected")).toBe(true);
    }
    expect(performance.now() - start).toBeLessThan(4000 + LATE_MS);
    global.gc?.();
    // Together they were 100 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(90 * 1024 * 1024);
    await server.restart();
    await expect
      .poll(async () =>
        journal.append([update("2")]).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    expect(journal.tail()).toBe(2);
  });

  it("more than 64 MiB that waits for one that hangs is refused at once", async () => {
    const server = await RedisServer.start();
    const journal = await open(server.url);
    await journal.append([update("1")]);
    server.signal("SIGSTOP");
    const big = "x".repeat(1024 * 1024);
    const start = performance.now();
    const times: number[] = [];
    const appends = Array.from({ length: 100 }, () =>
      journal.append([update(big)]).catch(() => void times.push(performance.now() - start)),
    );
    await Promise.all(appends);
    expect(times.filter((ms) => ms < 1900).length).toBeGreaterThanOrEqual(30);
    expect(Math.max(...times)).toBeLessThan(3500 + LATE_MS);
    server.signal("SIGCONT");
  });

  it("is noticed within 10 s where nothing goes through any more, and nothing says so", async () => {
    const server = await RedisServer.start();
    const proxy = await TcpProxy.start(server.port);
    const journal = await open(`redis://127.0.0.1:${proxy.port}`);
    const direct = await open(server.url);
    const followed = follow(journal);
    await direct.append([update("1")]);
    await expect.poll(() => followed.length).toBe(1);
    proxy.blackhole();
    await direct.append([update("2")]);
    const start = performance.now();
    await expect(journal.append([update("x")])).rejects.toMatchObject({ code: "outcome_unknown" });
    proxy.open();
    await expect.poll(() => dataOf(followed).includes("2")).toBe(true);
    expect(performance.now() - start).toBeLessThan(10_000);
    await journal.append([update("3")]);
    await expect.poll(() => dataOf(followed).at(-1)).toBe("3");
  });

  it("is noticed on each connection by itself: a follower's that is stuck does not stop the stream", async () => {
    const server = await RedisServer.start();
    const journal = await open(server.url);
    const other = await open(server.url, { name: "artesian" });
    const followed = follow(journal);
    // Of the connections that wait in XREAD, the server closes all, and then those of the channel.
    for (const type of ["normal", "pubsub"]) {
      await server.run("CLIENT", "KILL", "TYPE", type);
      await expect
        .poll(
          async () =>
            other.append([update(type)]).then(
              () => true,
              () => false,
            ),
          { timeout: 5000 },
        )
        .toBe(true);
      await expect.poll(() => dataOf(followed).includes(type)).toBe(true);
    }
    other.peers?.answer(() => "here");
    await expect.poll(async () => (await journal.peers?.ask("?"))?.answers.length).toBe(1);
  });
});

describe("Redis that has lost data", () => {
  it("older data put back, twice: a new epoch each time, none of them one that was left", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await open(server.url), await open(server.url)];
    await a.append([update("1")]);
    await server.run("SAVE");
    const saved = readFileSync(join(server.directory, "dump.rdb"));
    const seen = [a.epoch];
    for (let i = 0; i < 2; i++) {
      await expect.poll(() => a.append([update("2"), update("3")]).catch(() => undefined)).toBeDefined();
      await expect.poll(() => b.tail()).toBe(a.tail());
      await server.kill();
      writeFileSync(join(server.directory, "dump.rdb"), saved);
      await server.restart();
      await expect.poll(() => a.epoch === b.epoch && !seen.includes(a.epoch)).toBe(true);
      seen.push(a.epoch);
    }
  });

  it.each(["FLUSHALL", "restarted without its data"])(
    "%s: a new epoch within 2 s, the same for all hubs",
    async (how) => {
      const server = await RedisServer.start();
      const journals = [await open(server.url), await open(server.url), await open(server.url)];
      const seen = journals.map(epochs);
      const followed = journals.map(follow);
      for (let i = 0; i < 10; i++) await journals[0]?.append([update(`old ${i}`, `id ${i}`)]);
      await expect.poll(() => followed.every(({ length }) => length === 10)).toBe(true);
      if (how === "FLUSHALL") await server.run("FLUSHALL");
      else {
        await server.kill();
        await server.restart();
      }
      const start = performance.now();
      await expect.poll(() => seen.every(({ length }) => length === 2)).toBe(true);
      expect(performance.now() - start).toBeLessThan(2000 + LATE_MS);
      expect(new Set(journals.map(({ epoch }) => epoch)).size).toBe(1);
      expect(seen[0]?.[0]).not.toBe(seen[0]?.[1]);
      expect(journals.map((journal) => [journal.tail(), journal.head(), journal.bytes()])).toEqual(
        Array.from({ length: 3 }, () => [0, 1, 0]),
      );
      expect(await journals[1]?.append([update("new", "id 3")])).toEqual([1]);
      for (const records of followed) await expect.poll(() => dataOf(records).slice(10)).toEqual(["new"]);
      expect(await journals[2]?.find("id 3")).toEqual([1]);
      expect(await journals[2]?.find("id 4")).toEqual([]);
    },
    30_000,
  );

  it("is found out by an append that comes at once, which is of the new epoch", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await open(server.url), await open(server.url)];
    const seen = [epochs(a), epochs(b)];
    for (let i = 0; i < 20; i++) await a.append([update(`old ${i}`)]);
    await expect.poll(() => b.tail()).toBe(20);
    await server.run("FLUSHALL");
    let epochAtAnswer = "";
    const [offsets] = await Promise.all([
      a.append([update("new")]).then((all) => {
        epochAtAnswer = a.epoch;
        return all;
      }),
      ...Array.from({ length: 60 }, (_, i) => b.append([update(`of b ${i}`)])),
    ]);
    expect(seen[0]).toHaveLength(2);
    expect(epochAtAnswer).toBe(seen[0]?.[1]);
    await expect.poll(() => [a.epoch, a.tail()]).toEqual([b.epoch, 61]);
    const page = await b.read(0, ALL);
    expect(page.kind === "records" && page.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1));
    expect(page.kind === "records" && page.records[(offsets[0] as number) - 1]?.data).toBe("new");
  });

  it("a replica without the newest records is promoted: a new epoch, and what is left stays", async () => {
    const master = await RedisServer.start();
    const replica = await RedisServer.start();
    await replica.run("REPLICAOF", "127.0.0.1", String(master.port));
    await expect.poll(() => replica.info("master_link_status")).toBe("up");
    const proxy = await TcpProxy.start(master.port);
    // The name stays, and leads to another server.
    const url = `redis://127.0.0.1:${proxy.port}`;
    const journals = [await open(url), await open(url)];
    const seen = journals.map(epochs);
    const followed = journals.map(follow);
    for (let i = 1; i <= 5; i++) await journals[0]?.append([update(`kept ${i}`)]);
    await expect.poll(() => replica.run("XLEN", "{artesian}:stream")).toBe(5);
    await replica.run("REPLICAOF", "NO", "ONE");
    await journals[0]?.append([update("lost 6"), update("lost 7")]);
    await expect.poll(() => followed.every(({ length }) => length === 7)).toBe(true);
    await master.kill();
    proxy.retarget(replica.port);
    await expect.poll(() => seen.every(({ length }) => length === 2)).toBe(true);
    expect(journals[0]?.epoch).toBe(journals[1]?.epoch);
    expect(await journals[1]?.append([update("new 6")])).toEqual([6]);
    const page = await journals[0]?.read(0, ALL);
    expect(page?.kind === "records" && dataOf(page.records)).toEqual(["kept 1", "kept 2", "kept 3", "kept 4", "kept 5", "new 6"]);
    for (const records of followed) await expect.poll(() => records.at(-1)).toMatchObject({ offset: 6, data: "new 6" });
  });

  it("other records under the same offsets are a new epoch too", async () => {
    const server = await RedisServer.start();
    const proxy = await TcpProxy.start(server.port);
    const [a, b] = [await open(`redis://127.0.0.1:${proxy.port}`), await open(server.url)];
    const seen = epochs(a);
    for (let i = 1; i <= 5; i++) await a.append([update(`old ${i}`)]);
    await expect.poll(() => b.tail()).toBe(5);
    proxy.blackhole();
    // What a failover may come to: the same epoch, the same tail, another record there.
    await server.run("XDEL", "{artesian}:stream", "5-0");
    await server.run("XSETID", "{artesian}:stream", "4-0");
    await server.run("XADD", "{artesian}:stream", "5-0", "r", `${Date.now()} 70 ${a.epoch} othertag - \n[0,["t"],"other 5",0,null]`);
    proxy.open();
    await expect.poll(() => seen.length).toBe(2);
    await expect.poll(() => a.epoch === b.epoch).toBe(true);
    const page = await a.read(4, ALL);
    expect(page.kind === "records" && dataOf(page.records)).toEqual(["other 5"]);
  });

  it.each(["open", "closed"])("its stream alone is gone, with the journal %s: a new epoch, and offsets that go on rising", async (how) => {
    const server = await RedisServer.start();
    let journal = await open(server.url);
    const { epoch } = journal;
    for (let i = 1; i <= 5; i++) await journal.append([update(`old ${i}`, "id")]);
    if (how === "closed") await journal.close();
    await server.run("DEL", "{artesian}:stream");
    if (how === "closed") journal = await open(server.url);
    await expect.poll(() => journal.epoch).not.toBe(epoch);
    expect([journal.head(), journal.tail(), journal.bytes()]).toEqual([6, 5, 0]);
    expect(await journal.find("id")).toEqual([]);
    expect(await journal.append([update("new")])).toEqual([6]);
    expect(await journal.read(0, ALL)).toEqual({ kind: "trimmed", head: 6 });
  });

  it("what was trimmed while a hub was away is told to its listeners, in the same epoch", async () => {
    const server = await RedisServer.start();
    const proxy = await TcpProxy.start(server.port);
    const retention = { maxCount: 5 };
    const [a, b] = [await open(`redis://127.0.0.1:${proxy.port}`, { retention }), await open(server.url, { retention })];
    const [seen, followed] = [epochs(a), follow(a)];
    await b.append([update("1")]);
    await expect.poll(() => followed.length).toBe(1);
    proxy.blackhole();
    for (let i = 2; i <= 20; i++) await b.append([update(String(i))]);
    proxy.open();
    await expect.poll(() => seen).toEqual([a.epoch, a.epoch]);
    expect(a.epoch).toBe(b.epoch);
    expect([a.head(), a.tail()]).toEqual([16, 20]);
    await b.append([update("21")]);
    await expect.poll(() => dataOf(followed)).toEqual(["1", "21"]);
  });
});
