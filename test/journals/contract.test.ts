import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbJournal } from "artesian/journals/lmdb";
import { memoryJournal } from "artesian/journals/memory";
import { natsJournal } from "artesian/journals/nats";
import { redisJournal } from "artesian/journals/redis";
import { journalContract, type JournalHarness } from "artesian/testing";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { NatsServer } from "../support/nats-server.ts";
import { RedisServer } from "../support/redis-server.ts";

const directories: string[] = [];

function lmdbHarness(): JournalHarness {
  const directory = mkdtempSync(join(tmpdir(), "artesian-journal-"));
  directories.push(directory);
  return {
    open: async ({ retention }) => lmdbJournal({ directory, ...(retention && { retention }) }),
    wipe: async () => rmSync(directory, { recursive: true }),
    persistence: "durable",
    state: "shared",
    idempotency: "kept",
  };
}

let nats: NatsServer;
let natsJournals = 0;
beforeAll(async () => void (nats = await NatsServer.start()));
afterAll(() => nats[Symbol.asyncDispose]());

function natsHarness(): JournalHarness {
  const name = `contract-${++natsJournals}`;
  return {
    open: ({ retention }) => natsJournal({ url: nats.url, name, ...(retention && { retention }) }),
    wipe: () => nats.deleteStream(name),
    persistence: "durable",
    state: "shared",
    idempotency: "kept",
  };
}

let redis: RedisServer;
let redisJournals = 0;
beforeAll(async () => void (redis = await RedisServer.start()));
afterAll(() => redis.stop());

function redisHarness(): JournalHarness {
  const name = `contract-${++redisJournals}`;
  return {
    open: ({ retention }) => redisJournal({ url: redis.url, name, ...(retention && { retention }) }),
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
  ["lmdb", lmdbHarness],
  ["nats", natsHarness],
  ["redis", redisHarness],
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
