import type { HubError, Journal } from "artesian";
import { natsJournal } from "artesian/journals/nats";
import { redisJournal } from "artesian/journals/redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { NatsServer } from "../support/nats-server.ts";
import { RedisServer } from "../support/redis-server.ts";

/** A server of an engine, and a journal on it. */
interface Setting {
  readonly journal: Journal;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

const ENGINES: Readonly<Record<string, (query: string) => Promise<Setting>>> = {
  redis: async (query) => {
    const server = await RedisServer.start();
    return {
      journal: await closed(redisJournal({ url: server.url + query })),
      pause: () => server.signal("SIGSTOP"),
      resume: () => server.signal("SIGCONT"),
      kill: () => server.kill(),
      start: () => server.restart(),
    };
  },
  nats: async (query) => {
    const server = await NatsServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    return {
      journal: await closed(natsJournal({ url: server.url + query })),
      pause: () => server.pause(),
      resume: () => server.resume(),
      kill: () => server.kill(),
      start: () => server.start(),
    };
  },
};

async function closed(opening: Promise<Journal>): Promise<Journal> {
  const journal = await opening;
  onTestFinished(() => journal.close());
  return journal;
}

/** What is told of an engine: "there", or the code of its failure. */
function watch(journal: Journal): string[] {
  const told: string[] = [];
  const stop = journal.watchAway?.((failure: HubError | undefined) => told.push(failure?.code ?? "there"));
  onTestFinished(() => stop?.());
  return told;
}

/** How long a read waits for an engine that has just gone, with some room. */
const LONGEST_WAIT_MS = 11_000;
const SOON = { timeout: 30_000 };
const GONE = "journal_unavailable";

describe.each(["redis", "redis?partitions=3", "nats", "nats?partitions=3"])("%s", (name) => {
  const [engine = "", query] = name.split("?");
  const begin = (): Promise<Setting> => (ENGINES[engine] as (query: string) => Promise<Setting>)(query === undefined ? "" : `?${query}`);

  test("tells once when its engine hangs or ends, and once when it is back", { timeout: 120_000 }, async () => {
    const { journal, pause, resume, kill, start } = await begin();
    const told = watch(journal);
    pause();
    await expect.poll(() => told, SOON).toEqual([GONE]);
    resume();
    await expect.poll(() => told, SOON).toEqual([GONE, "there"]);
    await kill();
    await expect.poll(() => told, SOON).toEqual([GONE, "there", GONE]);
    await start();
    await expect.poll(() => told, SOON).toEqual([GONE, "there", GONE, "there"]);
  });

  test("refuses reads at once when its engine was away for as long as they wait", { timeout: 120_000 }, async () => {
    const { journal, kill, start } = await begin();
    const reads = (): Promise<unknown>[] => [
      journal.find("unknown"),
      Promise.resolve(journal.state?.entries("a", { limit: 1 })),
      Promise.resolve(journal.idempotency?.find({ key: "k", request: "r" })),
    ];
    await kill();
    const killedMs = performance.now();
    do for (const { status } of await Promise.allSettled(reads())) expect(status).toBe("rejected");
    while (performance.now() - killedMs < LONGEST_WAIT_MS);
    const beganMs = performance.now();
    for (let i = 0; i < 10; i++) {
      for (const outcome of await Promise.allSettled(reads()))
        expect(outcome).toMatchObject({ status: "rejected", reason: { code: GONE } });
    }
    // Each of the ten rounds would wait for ten seconds.
    expect(performance.now() - beganMs).toBeLessThan(30_000);
    await start();
    await expect.poll(() => journal.find("unknown").catch(() => undefined), SOON).toEqual([]);
  });
});
