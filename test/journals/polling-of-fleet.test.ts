import { createHub } from "artesian";
import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { after, numbers, poll } from "../support/poll.ts";
import { listen } from "../support/server.ts";
import { SHARED_ENGINES } from "../support/two-journals.ts";

const UPDATES = 1000;

it.each(Object.entries(SHARED_ENGINES))(
  "a poller that asks one process and then the other loses and repeats nothing, on %s",
  async (_name, openTwo) => {
    const hubs = (await openTwo()).map((journal) => createHub({ journal }));
    onTestFinished(async () => void (await Promise.all(hubs.map((hub) => hub.close()))));
    const urls = await Promise.all(hubs.map(async (hub) => `${await listen(createServer(hub.handler))}/events/stream?match=a`));
    let { cursor } = await poll(urls[0] as string);
    const publishing = (async () => {
      for (let i = 0; i < UPDATES; i += 10) {
        const batch = numbers(10).map((n) => ({ topic: "a", data: String(i + Number(n)) }));
        await hubs[(i / 10) % 2]?.publishBatch(batch);
        await hubs[1]?.publish({ topic: "b", data: "other" });
      }
    })();
    const read: string[] = [];
    for (let polls = 0; read.length < UPDATES; polls++) {
      const answer = await poll(after(urls[polls % 2] as string, cursor));
      expect(answer.gap).toBeUndefined();
      ({ cursor } = answer);
      read.push(...answer.updates.map(({ data }) => data));
    }
    await publishing;
    expect(read).toEqual(numbers(UPDATES));
  },
);
