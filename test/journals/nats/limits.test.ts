import { isDeepStrictEqual } from "node:util";
import type { Journal } from "artesian";
import { natsJournal, type NatsJournalOptions } from "artesian/journals/nats";
import { expect, onTestFinished, test } from "vitest";
import { Appenders, findFault, follow, readAll, until, update } from "../../support/nats-run.ts";
import { NatsCluster, type NatsOptions, NatsServer } from "../../support/nats-server.ts";
import { LATE_MS } from "../../support/clock.ts";

async function start(options?: NatsOptions): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function open(options: NatsJournalOptions): Promise<Journal> {
  const journal = await natsJournal(options);
  onTestFinished(() => journal.close());
  return journal;
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { readonly code?: unknown }) => error.code,
  );

test("of three servers two are lost: appends are refused soon, nothing is lost, and all goes on when they are back", async () => {
  const cluster = await NatsCluster.start();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const journals = await Promise.all([0, 1].map(() => natsJournal({ url: cluster.url, replicas: 3 })));
  onTestFinished(async () => void (await Promise.all(journals.map((journal) => journal.close()))));
  const [a, b] = journals as [Journal, Journal];
  const { epoch } = a;
  const followed = journals.map(follow);
  const appenders = new Appenders(journals);
  await appenders.more(300);
  const leader = await cluster.leader("artesian");
  const lost = [leader, ...cluster.servers.filter((server) => server !== leader).slice(1)];
  await Promise.all(lost.map((server) => server.kill("SIGKILL")));
  // Those that were answered before it was noticed count; from here on none is.
  await until(() => appenders.failures.length >= 8);
  const before = appenders.acknowledged.length;
  const soonMs = performance.now();
  const codes = await Promise.all(journals.map((journal) => codeOf(journal.append([update("refused")]))));
  const againMs = performance.now();
  for (const code of codes) expect(code).toMatch(/^(journal_unavailable|outcome_unknown)$/);
  expect(againMs - soonMs).toBeLessThan(4000 + LATE_MS);
  expect(appenders.acknowledged.length).toBe(before);
  expect(await codeOf(a.state?.commit([{ key: "k", value: "v" }]) ?? Promise.resolve())).toMatch(/^(journal_unavailable|outcome_unknown)$/);
  // What is held in memory is still read.
  expect((await readAll(b)).length).toBeGreaterThanOrEqual(300);
  await Promise.all(lost.map((server) => server.start()));
  await appenders.more(300);
  await appenders.stop();
  await until(() => a.tail() === b.tail());
  const records = await readAll(a);
  expect([a.epoch, b.epoch]).toEqual([epoch, epoch]);
  expect(findFault(records, appenders.acknowledged, epoch)).toBeUndefined();
  for (const one of followed) {
    await until(() => one.records.length === records.length);
    expect([one.replaced, one.records]).toEqual([0, records]);
  }
  expect(appenders.slowestMs).toBeLessThan(5000 + LATE_MS);
}, 120_000);

const LIMITS = [
  ["server", { maxFile: "512K" }, "max_file: 512K", "max_file: 8M"],
  [
    "account",
    { config: "accounts { A { jetstream: { max_file: 512K }, users: [{ user: me, password: s3cret }] } }" },
    "jetstream: { max_file: 512K }",
    "jetstream: { max_file: 8M }",
  ],
] as const;

test.each(LIMITS)(
  "the storage of the %s is full: journal_full, nothing of it appended, and it goes on when there is room",
  async (_whose, options, little, more) => {
    const server = await start(options);
    const url = `nats://me:s3cret@127.0.0.1:${server.port}`;
    const [a, b] = [await open({ url }), await open({ url })];
    const followed = follow(b);
    const [{ epoch }, acknowledged] = [a, [] as string[]];
    const failures: unknown[] = [];
    while (failures.length === 0) {
      const data = randomText();
      await a.append([update(data)]).then(
        () => acknowledged.push(data),
        (error: unknown) => failures.push(error),
      );
    }
    expect(failures).toEqual([expect.objectContaining({ code: "journal_full" })]);
    expect(acknowledged.length).toBeGreaterThan(20);
    // An account takes what still fits in.
    const large = "x".repeat(20_000);
    for (const journal of [b, a]) {
      expect(await codeOf(journal.append([update(large)]))).toBe("journal_full");
      expect(await codeOf(journal.state?.commit([{ key: "k", value: large }]) ?? Promise.resolve())).toBe("journal_full");
      const attempt = { key: "k", request: "r", batch: [update(large)] };
      expect(await codeOf(journal.idempotency?.append(attempt) ?? Promise.resolve())).toBe("journal_full");
    }
    expect((await readAll(a)).map(({ data }) => data)).toEqual(acknowledged);
    await server.kill("SIGTERM");
    server.configure((text) => text.replace(little, more));
    await server.start();
    await until(async () => (await codeOf(a.append([update("after")]))) === "done");
    await until(async () => (await codeOf(b.append([update("that")]))) === "done");
    acknowledged.push("after", "that");
    await until(() => followed.records.length === acknowledged.length);
    expect(followed.records.map(({ data }) => data)).toEqual(acknowledged);
    expect([a.epoch, b.epoch, followed.replaced]).toEqual([epoch, epoch, 0]);
  },
  60_000,
);

test.each(LIMITS)(
  "the storage of the %s is full: what is older than it must be makes room by itself",
  async (_whose, options) => {
    const server = await start(options);
    const url = `nats://me:s3cret@127.0.0.1:${server.port}`;
    const [a, b] = [await open({ url, retention: { maxAgeMs: 4000 } }), await open({ url, retention: { maxAgeMs: 4000 } })];
    const large = randomText();
    await until(async () => (await codeOf(a.append([update(large)]))) === "journal_full");
    const [{ epoch }, followed] = [a, follow(b)];
    await until(async () => (await codeOf(a.append([update(`${large} after`)]))) === "done");
    await until(() => followed.records.length === 1);
    expect(followed.records[0]?.data).toBe(`${large} after`);
    expect([a.epoch, b.epoch, followed.replaced]).toEqual([epoch, epoch, 0]);
    await until(() => b.head() > 1);
    // The copies drop old records by themselves, each in its time.
    await until(async () => isDeepStrictEqual(await readAll(b), await readAll(a)));
  },
  60_000,
);

/** 11 KB that no compression makes less of. */
const randomText = (): string => crypto.getRandomValues(Buffer.alloc(8192)).toString("base64");
