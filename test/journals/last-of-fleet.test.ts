import type { Journal } from "artesian";
import { memoryJournal } from "artesian/journals/memory";
import { natsJournal } from "artesian/journals/nats";
import { describe, expect, it, onTestFinished } from "vitest";
import { HubCore } from "../../packages/hub/src/core/hub-core.ts";
import { partitionedJournal } from "../../packages/hub/src/journals/partitioned/index.ts";
import { Blackhole, NatsServer } from "../support/nats-server.ts";
import { SHARED_ENGINES } from "../support/two-journals.ts";
import { StandardParser } from "../protocol/standard-parser.ts";
import { HeldBack } from "./partitioned/support.ts";

function hubOn(journal: Journal): HubCore {
  const hub = new HubCore({ journal, drainMs: 20 });
  onTestFinished(() => hub.close());
  return hub;
}

/** What a subscriber of every topic receives that begins with the last few. */
async function begin(hub: HubCore, last: number): Promise<string[]> {
  const selection = hub.readers.select([{ type: "exact", pattern: "*" }], undefined);
  const start = await hub.readers.resolve(undefined, selection, last);
  const received: string[] = [];
  const parser = new StandardParser(({ type, data }) => void (type.startsWith("hub:") || received.push(data)));
  const write = (bytes: Uint8Array): boolean => (parser.feed(bytes), true);
  const subscriber = hub.readers.attach(selection, { write, pendingBytes: () => 0, end: () => undefined, destroy: () => undefined }, start);
  await expect.poll(() => subscriber?.early).toBeUndefined();
  return received;
}

describe("the last updates, asked of another process than they were published to", () => {
  it.each(Object.entries(SHARED_ENGINES))("%s", async (_name, openTwo) => {
    const [here, there] = (await openTwo()).map(hubOn) as [HubCore, HubCore];
    for (let i = 1; i <= 30; i++) {
      await here.publisher.publish({ topic: `t${i % 5}`, data: `v${i}` });
      const received = await begin(there, 2);
      await here.publisher.publish({ topic: "t0", data: `live ${i}` });
      await expect.poll(() => received.length).toBe(i === 1 ? 2 : 3);
      const live = received.pop();
      // Of several partitions, each process has the newest in an order of its own.
      expect([received.toSorted(), live]).toEqual([i === 1 ? ["v1"] : [`live ${i - 1}`, `v${i}`], `live ${i}`]);
    }
  });

  it.each([1, 2])("while nothing reaches the other process, with %i partitions", async (count) => {
    const parts = Array.from({ length: count }, () => Object.assign(memoryJournal(), { close: async () => undefined }));
    const held = parts.map((part) => new HeldBack(part));
    const open = async (journals: readonly Journal[]): Promise<HubCore> =>
      hubOn(count === 1 ? (journals[0] as Journal) : await partitionedJournal(journals));
    const here = await open(parts);
    const there = await open(held.map(({ journal }) => journal));
    for (let i = 1; i <= 10; i++) await here.publisher.publish({ topic: "a", data: `v${i}` });
    const beginning = begin(there, 1);
    // The order of several partitions is that in which they come.
    if (count > 1) for (const one of held) one.pass();
    const received = await beginning;
    await expect.poll(() => received).toEqual(["v10"]);
    for (const one of held) one.pass();
    await here.publisher.publish({ topic: "a", data: "live" });
    for (const one of held) one.pass();
    await expect.poll(() => received).toEqual(["v10", "live"]);
  });
});

it("the last updates are refused while NATS does not answer, rather than those of before", async () => {
  const server = await NatsServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const hole = await Blackhole.before(server.port);
  onTestFinished(() => hole.close());
  const here = hubOn(await natsJournal({ url: server.url }));
  const there = hubOn(await natsJournal({ url: `nats://127.0.0.1:${hole.port}` }));
  await here.publisher.publish({ topic: "a", data: "old" });
  await expect.poll(() => begin(there, 1)).toEqual(["old"]);
  hole.isOpen = false;
  await here.publisher.publish({ topic: "a", data: "new" });
  await expect(begin(there, 1)).rejects.toMatchObject({ code: "journal_unavailable" });
  hole.isOpen = true;
  await expect.poll(() => begin(there, 1).catch(() => "away"), { timeout: 20_000 }).toEqual(["new"]);
});
