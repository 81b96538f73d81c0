import { createHub, type Journal } from "artesian";
import { natsJournal } from "artesian/journals/nats";
import { redisJournal } from "artesian/journals/redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { NatsServer } from "../support/nats-server.ts";
import { RedisServer } from "../support/redis-server.ts";

const update = (data: string, id?: string) => ({ topics: ["t"], data, id, type: undefined, retry: undefined, private: false });

type Open = () => Promise<Journal>;

/** Journals that are open until the test ends, of one server. */
function kept(open: Open): Open {
  return async () => {
    const journal = await open();
    onTestFinished(() => journal.close());
    return journal;
  };
}

const ENGINES: Readonly<Record<string, () => Promise<Open>>> = {
  redis: async () => {
    const { url } = await RedisServer.start();
    return kept(() => redisJournal({ url }));
  },
  "redis in partitions": async () => {
    const { url } = await RedisServer.start();
    return kept(() => redisJournal({ url, partitions: 2 }));
  },
  nats: async () => {
    const server = await NatsServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    return kept(() => natsJournal({ url: server.url }));
  },
};

describe.each(Object.keys(ENGINES))("data that are said to have been put back: %s", (engine) => {
  it("begin a new epoch, for hubs that run and for those that start later", async () => {
    const open = (await ENGINES[engine]?.()) as Open;
    const running = await open();
    await running.append([update("1", "own"), update("2")]);
    const { epoch } = running;
    let replaced = 0;
    running.watchReplaced?.(() => replaced++);
    const declaring = await open();
    await declaring.beginEpoch?.();
    await expect.poll(() => declaring.epoch).not.toBe(epoch);
    await expect.poll(() => running.epoch).toBe(declaring.epoch);
    await expect.poll(() => replaced).toBeGreaterThan(0);
    await running.append([update("3", "new")]);
    const later = await open();
    expect([later.epoch, later.tail(), later.head()]).toEqual([declaring.epoch, 3, 1]);
  });

  it("are a gap also for those whose last id is a publisher's from before", async () => {
    const open = (await ENGINES[engine]?.()) as Open;
    const first = await open();
    await first.append([update("1", "own")]);
    await first.append([update("2")]);
    await first.beginEpoch?.();
    await expect.poll(() => first.append([update("3", "new")]).catch(() => undefined)).toBeDefined();
    await first.append([update("4")]);
    const hub = createHub({ journal: await open(), anonymous: true });
    const read = async (lastEventId: string, count: number): Promise<(string | undefined)[]> => {
      const got: (string | undefined)[] = [];
      for await (const { type, data } of hub.subscribe({ match: "t", lastEventId })) {
        if (type?.startsWith("hub:cursor") !== true) got.push(type ?? data);
        if (got.length === count) break;
      }
      return got;
    };
    expect(await read("own", 4)).toEqual(["hub:gap", "2", "3", "4"]);
    expect(await read("new", 1)).toEqual(["4"]);
    await hub.close();
  });
});
