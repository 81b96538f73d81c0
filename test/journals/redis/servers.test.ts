import type { Journal } from "artesian";
import { redisJournal } from "artesian/journals/redis";
import { describe, expect, it } from "vitest";
import { ALL, dataOf, epochs, follow, judge, open, update, Writer } from "../../support/redis-journals.ts";
import { RedisServer, startCluster } from "../../support/redis-server.ts";

describe("replicas", () => {
  it("with waitReplicas an append is acknowledged when they have it, and else its outcome is unknown", async () => {
    const master = await RedisServer.start();
    const replica = await RedisServer.start();
    await replica.run("REPLICAOF", "127.0.0.1", String(master.port));
    await expect.poll(() => replica.info("master_link_status")).toBe("up");
    await expect.poll(() => master.info("slave0")).toMatch(/state=online/);
    const journal = await open(`${master.url}?wait=1&waitMs=1500`);
    expect(await journal.append([update("1")])).toEqual([1]);
    expect(await replica.run("XLEN", "{artesian}:stream")).toBe(1);
    replica.signal("SIGSTOP");
    const attempt = { key: "k", request: "r", batch: [update("2")] };
    await expect(journal.idempotency?.append(attempt)).rejects.toMatchObject({
      code: "outcome_unknown",
      message: expect.stringContaining("0 of the 1 replicas") as string,
    });
    // It is known by now, but no better kept than before.
    await expect(journal.idempotency?.append(attempt)).rejects.toMatchObject({ code: "outcome_unknown" });
    await expect(journal.idempotency?.find(attempt)).rejects.toMatchObject({ code: "outcome_unknown" });
    replica.signal("SIGCONT");
    await expect.poll(async () => (await journal.idempotency?.append(attempt).catch(() => undefined))?.kind).toBe("repeated");
    expect(journal.tail()).toBe(2);
  });

  it("a failover by sentinels under appends, with waitReplicas: nothing acknowledged is lost, or there is a new epoch", async () => {
    const master = await RedisServer.start();
    const replica = await RedisServer.start();
    await replica.run("REPLICAOF", "127.0.0.1", String(master.port));
    await expect.poll(() => replica.info("master_link_status")).toBe("up");
    const sentinels = await Promise.all([1, 2, 3].map(() => RedisServer.startSentinel(master, 2)));
    for (const sentinel of sentinels) {
      await expect.poll(() => sentinel.info("master0")).toMatch(/status=ok,.*slaves=1,sentinels=3/);
    }
    const url = `redis+sentinel://${sentinels.map(({ address }) => address).join(",")}/main?wait=1`;
    const journals = [await open(url), await open(url)];
    const [followed, seen] = [journals.map(follow), journals.map(epochs)];
    const writers = journals.map((journal, i) => new Writer(journal, `${i}.`));
    await expect.poll(() => writers.every(({ acknowledged }) => acknowledged.size > 20)).toBe(true);
    await master.kill();
    await expect.poll(() => replica.info("role"), { timeout: 20_000 }).toBe("master");
    // Its acknowledgements need a replica again.
    await master.restart();
    const before = writers.map(({ acknowledged }) => acknowledged.size);
    await expect
      .poll(() => writers.every(({ acknowledged }, i) => acknowledged.size > (before[i] as number) + 20), { timeout: 30_000 })
      .toBe(true);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(journals[0]?.epoch).toBe(journals[1]?.epoch);
    if (seen.every(({ length }) => length === 1)) await judge(journals, followed, writers);
    else {
      // What was seen before its replica had it may be gone, and that was told. What was acknowledged is not.
      const page = await (journals[0] as Journal).read(0, ALL);
      expect(page).toMatchObject({ kind: "records" });
      const held = new Set(page.kind === "records" ? dataOf(page.records) : []);
      for (const { acknowledged } of writers) for (const data of acknowledged.keys()) expect(held.has(data), data).toBe(true);
    }
  }, 90_000);
});

describe("a cluster", () => {
  it("of three nodes: appends, follows, finds and reads, also after the slot has moved to another node", async () => {
    const nodes = await startCluster();
    const url = `redis+cluster://${nodes.map(({ address }) => address).join(",")}`;
    const [a, b] = [await open(url), await open(url, { url: `redis+cluster://${nodes[1]?.address}` })];
    const [fromA, fromB] = [follow(a), follow(b)];
    await a.append([update("1", "one"), update("2")]);
    expect(await b.idempotency?.append({ key: "k", request: "r", batch: [update("3")] })).toMatchObject({ offsets: [3] });
    expect(await a.idempotency?.append({ key: "k", request: "r", batch: [update("3")] })).toMatchObject({ kind: "repeated" });
    await a.state?.commit([{ key: "key", value: "value", update: update("4") }]);
    expect(await b.state?.entries("", { limit: 10 })).toEqual([{ key: "key", value: "value" }]);
    expect(await b.find("one")).toEqual([1]);
    b.peers?.answer(() => "here");
    expect((await a.peers?.ask("?", () => true))?.answers).toHaveLength(1);
    const epoch = a.epoch;
    await moveSlot(nodes, "{artesian}:stream");
    await expect
      .poll(async () =>
        a.append([update("5")]).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    for (const records of [fromA, fromB]) await expect.poll(() => dataOf(records)).toEqual(["1", "2", "3", "4", "5"]);
    expect([a.epoch, b.epoch]).toEqual([epoch, epoch]);
    await expect(redisJournal({ url: (nodes[0] as RedisServer).url })).rejects.toThrow(/redis\+cluster:/);
  });
});

/** Moves the slot of a key, with all its keys, to another node. */
async function moveSlot(nodes: readonly RedisServer[], key: string): Promise<void> {
  const slot = String(await (nodes[0] as RedisServer).run("CLUSTER", "KEYSLOT", key));
  const ids = await Promise.all(nodes.map((node) => node.run("CLUSTER", "MYID")));
  const counts = await Promise.all(nodes.map((node) => node.run("CLUSTER", "COUNTKEYSINSLOT", slot)));
  const from = counts.findIndex((count) => Number(count) > 0);
  const to = (from + 1) % nodes.length;
  const [source, target] = [nodes[from] as RedisServer, nodes[to] as RedisServer];
  await target.run("CLUSTER", "SETSLOT", slot, "IMPORTING", String(ids[from]));
  await source.run("CLUSTER", "SETSLOT", slot, "MIGRATING", String(ids[to]));
  const keys = (await source.run("CLUSTER", "GETKEYSINSLOT", slot, "100")) as string[];
  await source.run("MIGRATE", "127.0.0.1", String(target.port), "", "0", "5000", "KEYS", ...keys);
  for (const node of [target, source, ...nodes]) await node.run("CLUSTER", "SETSLOT", slot, "NODE", String(ids[to]));
}
