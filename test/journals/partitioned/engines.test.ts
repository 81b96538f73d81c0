import { type Journal, type JournalRecord, type Update } from "artesian";
import { natsJournal } from "artesian/journals/nats";
import { redisJournal } from "artesian/journals/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { HubCore } from "../../../packages/hub/src/core/hub-core.ts";
import { partitionOf } from "../../../packages/hub/src/journals/partitioned/partition-of.ts";
import { NatsServer } from "../../support/nats-server.ts";
import { RedisServer, startCluster } from "../../support/redis-server.ts";
import { ModelReader } from "../../core/hub-model-support.ts";

const COUNT = 3;
const TOPICS = Array.from({ length: 12 }, (_, i) => `/rooms/${i}`);

const update = (topic: string, data: string): Update => ({
  topics: [topic],
  data,
  id: undefined,
  type: undefined,
  retry: undefined,
  private: false,
});

async function openRedis(url: string): Promise<Journal> {
  const journal = await redisJournal({ url: `${url}?partitions=${COUNT}&name=split` });
  onTestFinished(() => journal.close());
  return journal;
}

function follow(journal: Journal): JournalRecord[] {
  const followed: JournalRecord[] = [];
  journal.follow(journal.tail(), (records) => followed.push(...records));
  return followed;
}

/** What is of each topic, in order. */
function byTopic(records: readonly JournalRecord[]): Record<string, string[]> {
  const topics: Record<string, string[]> = {};
  for (const {
    topics: [topic = ""],
    data,
  } of records)
    (topics[topic] ??= []).push(data);
  return topics;
}

async function fill(journals: readonly Journal[], count: number): Promise<Record<string, string[]>> {
  const sent: Record<string, string[]> = {};
  // Each topic by one journal, and one after the other: their order is known.
  await Promise.all(
    TOPICS.map(async (topic, i) => {
      for (let n = 0; n < count; n++) {
        await journals[i % journals.length]?.append([update(topic, `${i}.${n}`)]);
        (sent[topic] ??= []).push(`${i}.${n}`);
      }
    }),
  );
  return sent;
}

describe("topics in several partitions of a Redis Cluster", () => {
  it("lie on several nodes, and keep their order at every hub, also at one that comes later", async () => {
    const nodes = await startCluster();
    const url = `redis+cluster://${nodes.map(({ address }) => address).join(",")}`;
    const [a, b] = [await openRedis(url), await openRedis(url)];
    expect(a.epoch).toBe(b.epoch);
    const [fromA, fromB] = [follow(a), follow(b)];
    const sent = await fill([a, b], 50);
    await expect.poll(() => [fromA.length, fromB.length]).toEqual([600, 600]);
    expect(byTopic(fromA)).toEqual(sent);
    expect(byTopic(fromB)).toEqual(sent);
    const keys = await Promise.all(nodes.map((node) => node.run("DBSIZE")));
    expect(keys.filter((size) => Number(size) > 0).length).toBeGreaterThan(1);
    const late = await openRedis(url);
    const page = await late.read(0, { maxRecords: 10_000, maxBytes: Infinity });
    expect(page.kind === "records" && byTopic(page.records)).toEqual(sent);
    expect([late.tail(), late.head()]).toEqual([600, 1]);
  });
});

describe("topics in several partitions of one Redis", () => {
  it("are a new epoch for all hubs when one of them is lost, and a gap for who comes back", async () => {
    const server = await RedisServer.start();
    const [a, b] = [await openRedis(server.url), await openRedis(server.url)];
    const hubs = [new HubCore({ journal: a, drainMs: 5 }), new HubCore({ journal: b, drainMs: 5 })] as const;
    const reader = new ModelReader({ topics: ["*"], isTrusted: false });
    await reader.connect(hubs[0]);
    await fill([a, b], 3);
    await expect.poll(() => reader.received.length).toBe(36);
    const before = a.epoch;
    const lost = partitionOf(TOPICS[0] as string, COUNT);
    for (const key of (await server.run("KEYS", `{split-${lost + 1}of${COUNT}}*`)) as string[]) await server.run("DEL", key);
    await expect.poll(() => a.epoch !== before && a.epoch === b.epoch, { timeout: 20_000 }).toBe(true);
    await expect.poll(() => reader.isOpen).toBe(false);
    await reader.connect(hubs[1]);
    const kept = TOPICS.filter((topic) => partitionOf(topic, COUNT) !== lost).length * 3;
    await expect.poll(() => [reader.gaps, reader.received.length]).toEqual([1, 36 + kept]);
    const id = await hubs[1].publisher.publish({ topic: TOPICS[0] as string, data: "again" });
    await expect.poll(() => reader.received.at(-1)).toBe("again");
    expect((await hubs[0].process.explain(id))?.topics).toEqual([TOPICS[0]]);
    await Promise.all(hubs.map((hub) => hub.close()));
  });

  it("is another journal with another number of them, and refuses a number that means nothing", async () => {
    const server = await RedisServer.start();
    const three = await openRedis(server.url);
    await fill([three], 1);
    const two = await redisJournal({ url: `${server.url}?name=split`, partitions: 2 });
    onTestFinished(() => two.close());
    expect([two.tail(), two.epoch === three.epoch]).toEqual([0, false]);
    for (const partitions of ["0", "17", "x"])
      await expect(redisJournal({ url: `${server.url}?partitions=${partitions}` })).rejects.toThrow(TypeError);
    await expect(natsJournal({ url: "nats://127.0.0.1:1?partitions=17" })).rejects.toThrow(/1 to 16/);
  });
});

describe("topics in several partitions of NATS", () => {
  it("keep their order at every hub, also at one that comes later", async () => {
    await using server = await NatsServer.start();
    const open = (): Promise<Journal> => natsJournal({ url: `${server.url}?partitions=${COUNT}&name=split` });
    const [a, b] = [await open(), await open()];
    const [fromA, fromB] = [follow(a), follow(b)];
    const sent = await fill([a, b], 50);
    await expect.poll(() => [fromA.length, fromB.length]).toEqual([600, 600]);
    expect(byTopic(fromA)).toEqual(sent);
    expect(byTopic(fromB)).toEqual(sent);
    const late = await open();
    const page = await late.read(0, { maxRecords: 10_000, maxBytes: Infinity });
    expect(page.kind === "records" && byTopic(page.records)).toEqual(sent);
    await Promise.all([a, b, late].map((journal) => journal.close()));
  });
});
