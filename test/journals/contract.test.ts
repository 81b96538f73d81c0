import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Retention } from "artesian";
import { logJournal } from "artesian/journals/log";
import { memoryJournal } from "artesian/journals/memory";
import { natsJournal } from "artesian/journals/nats";
import { redisJournal } from "artesian/journals/redis";
import { journalContract, type JournalHarness } from "artesian/testing";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { NatsServer } from "../support/nats-server.ts";
import { RedisServer } from "../support/redis-server.ts";

const directories: string[] = [];

function logHarness(): JournalHarness {
  const directory = mkdtempSync(join(tmpdir(), "artesian-journal-"));
  directories.push(directory);
  return {
    open: ({ retention }) => logJournal({ directory, ...(retention && { retention }) }),
    wipe: async () => rmSync(directory, { recursive: true }),
    persistence: "durable",
    state: "shared",
    idempotency: "kept",
  };
}

/** Another instance writes, as another process would. */
function logFollowerHarness(): JournalHarness {
  const harness = logHarness();
  return {
    ...harness,
    open: async (options) => {
      const writer = await harness.open(options);
      const journal = await harness.open(options);
      const close = journal.close.bind(journal);
      return Object.assign(journal, {
        close: async () => {
          await close();
          await writer.close();
        },
      });
    },
  };
}

let nats: NatsServer;
let natsJournals = 0;
beforeAll(async () => void (nats = await NatsServer.start()));
afterAll(() => nats[Symbol.asyncDispose]());

function natsHarness(partitions = 1): JournalHarness {
  const name = `contract-${++natsJournals}`;
  const streams = partitions === 1 ? [name] : Array.from({ length: partitions }, (_, i) => `${name}-${i + 1}of${partitions}`);
  return {
    open: ({ retention }) =>
      natsJournal({ url: nats.url, name, partitions, ...(retention && { retention: forAll(retention, partitions) }) }),
    wipe: async () => {
      for (const stream of streams) await nats.deleteStream(stream);
    },
    persistence: "durable",
    state: "shared",
    idempotency: "kept",
  };
}

let redis: RedisServer;
let redisJournals = 0;
beforeAll(async () => void (redis = await RedisServer.start()));
afterAll(() => redis.stop());

/** The cases have one topic, and that is of the first of three partitions, where the table is too: let it keep what they mean to be kept. */
function forAll({ maxCount, maxBytes, ...rest }: Retention, partitions: number): Retention {
  return {
    ...rest,
    ...(maxCount !== undefined && { maxCount: maxCount * partitions }),
    ...(maxBytes !== undefined && { maxBytes: maxBytes * partitions }),
  };
}

function redisHarness(partitions = 1): JournalHarness {
  const name = `contract-${++redisJournals}`;
  return {
    open: ({ retention }) =>
      redisJournal({ url: redis.url, name, partitions, ...(retention && { retention: forAll(retention, partitions) }) }),
    wipe: async () => void (await redis.run("FLUSHALL")),
    persistence: "durable",
    state: "shared",
    idempotency: "kept",
  };
}

const memoryHarness = (): JournalHarness => ({
  open: async ({ retention }) => memoryJournal({ retention }),
  wipe: async () => undefined,
  persistence: { none: "a memory journal ends with its process, by design" },
  state: "shared",
  idempotency: "kept",
});

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

describe.each([
  ["memory", memoryHarness],
  ["log", logHarness],
  ["log of another process", logFollowerHarness],
  ["nats", natsHarness],
  ["nats, in 3 partitions,", () => natsHarness(3)],
  ["redis", redisHarness],
  ["redis, in 3 partitions,", () => redisHarness(3)],
])("the %s journal", (_name, createHarness) => {
  const durable = createHarness().persistence === "durable";
  const shared = createHarness().state === "shared";
  const keeps = createHarness().idempotency === "kept";
  const applies = journalContract.filter(
    ({ reopens, usesState, usesIdempotency }) => (durable || !reopens) && (shared || !usesState) && (keeps || !usesIdempotency),
  );
  for (const one of applies) {
    it(one.name, () => one.run(createHarness()));
  }
});
