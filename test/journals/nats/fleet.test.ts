import type { Journal } from "artesian";
import { natsJournal, type NatsJournalOptions } from "artesian/journals/nats";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { NatsServer } from "../../support/nats-server.ts";
import { Appenders, findFault, follow, readAll, until, update } from "../../support/nats-run.ts";

let server: NatsServer;
beforeAll(async () => void (server = await NatsServer.start()));
afterAll(() => server[Symbol.asyncDispose]());

let names = 0;
const name = () => `fleet-${++names}`;

async function open(options: Omit<NatsJournalOptions, "url">): Promise<Journal> {
  const journal = await natsJournal({ url: server.url, ...options });
  onTestFinished(() => journal.close());
  return journal;
}

test.each([2, 3])("%i journals append at once: one order, nothing lost or twice, and each makes progress", async (count) => {
  const shared = name();
  const journals = await Promise.all(Array.from({ length: count }, () => open({ name: shared })));
  expect(new Set(journals.map(({ epoch }) => epoch)).size).toBe(1);
  const followed = journals.map(follow);
  const appenders = new Appenders(journals);
  await appenders.more(4000);
  await appenders.stop();
  const [first] = journals as [Journal];
  await until(() => followed.every(({ records }) => records.length === appenders.acknowledged.length));
  const records = await readAll(first);
  expect(findFault(records, appenders.acknowledged, first.epoch)).toBeUndefined();
  expect(appenders.failures).toEqual([]);
  for (const one of followed) expect(one.records).toEqual(records);
  expect(Math.min(...appenders.counts)).toBeGreaterThan(Math.max(...appenders.counts) / 10);
});

test("what one journal commits, another knows: the table, keys, ids, and what is held", async () => {
  const shared = name();
  const retention = { maxCount: 3 };
  const [a, b] = [await open({ name: shared, retention }), await open({ name: shared, retention })];
  await a.state?.commit([{ key: "k", value: "v", update: { ...update("1"), id: "own" } }]);
  expect(await b.state?.entries("", { limit: 10 })).toEqual([{ key: "k", value: "v" }]);
  expect(await b.find("own")).toEqual([1]);
  const attempt = { key: "key", request: "r", batch: [update("2")], answer: "yes" };
  expect(await a.idempotency?.append(attempt)).toEqual({ kind: "appended", offsets: [2] });
  expect(await b.idempotency?.find(attempt)).toEqual({ kind: "repeated", offsets: [2], answer: "yes" });
  expect(await b.idempotency?.append({ ...attempt, request: "another" })).toEqual({ kind: "reused" });
  await b.append([update("3"), update("4"), update("5")]);
  await until(() => a.tail() === 5);
  expect([a.head(), a.bytes()]).toEqual([b.head(), b.bytes()]);
  expect(a.head()).toBe(3);
  expect(await a.idempotency?.find(attempt)).toBeUndefined();
  expect(await a.find("own")).toEqual([]);
});

test("a retention that was lowered takes effect at the start, with nothing appended", async () => {
  const shared = name();
  const before = await open({ name: shared });
  for (let i = 0; i < 10; i++) await before.append([update(String(i))]);
  const after = await open({ name: shared, retention: { maxCount: 3 } });
  await until(() => after.head() === 8 && before.head() === 8);
  expect([after.tail(), after.epoch]).toEqual([10, before.epoch]);
});

test("of journals that append with one key at once, one does; of those that remove one entry, one tells of it", async () => {
  const shared = name();
  const journals = await Promise.all([1, 2, 3].map(() => open({ name: shared })));
  for (let round = 0; round < 30; round++) {
    const attempt = { key: `k${round}`, request: "r", batch: [update(`keyed ${round}`)] };
    const outcomes = await Promise.all(journals.map(async ({ idempotency }) => idempotency?.append(attempt)));
    expect(outcomes.filter((outcome) => outcome?.kind === "appended")).toHaveLength(1);
    await journals[0]?.state?.commit([{ key: "entry", value: String(round) }]);
    await Promise.all(
      journals.map(async ({ state }, i) => state?.commit([{ key: "entry", value: undefined, update: update(`${round} by ${i}`) }])),
    );
  }
  expect(await readAll(journals[0] as Journal)).toHaveLength(60);
});

test("entries outlive the records that told of them, and the stream does not grow for them", async () => {
  const shared = name();
  const journal = await open({ name: shared, retention: { maxCount: 2 } });
  for (let i = 0; i < 20; i++) await journal.state?.commit([{ key: `k${i}`, value: `v${i}`, update: update("told") }]);
  for (let i = 0; i < 3000; i++) await journal.append([update(String(i))]);
  const other = await open({ name: shared });
  expect(await other.state?.entries("", { limit: 100 })).toHaveLength(20);
  expect((await other.state?.entries("k7", { limit: 1 }))?.[0]?.value).toBe("v7");
  expect([other.head(), other.tail(), other.epoch]).toEqual([3019, 3020, journal.epoch]);
  await until(async () => (await server.messages(shared)) < 1500);
});

test("records are read from the server where they are not in memory, whatever their sizes", async () => {
  const shared = name();
  const writer = await open({ name: shared });
  const text = (i: number) => `${i} ${"é😀\u0000\n".repeat((i * 7919) % 9000)}`;
  for (let i = 0; i < 250; i++) await writer.append([update(text(i)), { ...update(`small ${i}`), id: `id ${i}` }]);
  const reader = await open({ name: shared });
  for (const journal of [writer, reader]) {
    const records = await readAll(journal);
    expect(records).toHaveLength(500);
    for (let i = 0; i < 250; i++) expect(records[2 * i]?.data === text(i)).toBe(true);
    expect(await journal.find("id 3")).toEqual([8]);
  }
  const seen: number[] = [];
  reader.follow(10, (records) => seen.push(...records.map(({ offset }) => offset)));
  await until(() => seen.length === 490);
  await writer.append([update("last")]);
  await until(() => seen.length === 491);
  expect(seen).toEqual(Array.from({ length: 491 }, (_, i) => 11 + i));
});

test("updates that are longer than a message of the server are refused, alone", async () => {
  const journal = await open({ name: name() });
  // Random characters, which deflating does not make shorter.
  const noise = Array.from({ length: 900_000 }, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000))).join("");
  const outcomes = await Promise.allSettled([
    journal.append([update("a")]),
    journal.append([update(noise)]),
    journal.append([update("b")]),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: { code: "too_large" } });
  // These are longer too, but not once deflated.
  await journal.append([update("\u0000".repeat(900_000))]);
  expect((await readAll(journal)).at(-1)?.data).toHaveLength(900_000);
});

test("journals ask each other, and know who has left", async () => {
  const shared = name();
  const [a, b] = [await open({ name: shared }), await natsJournal({ url: server.url, name: shared })];
  b.peers?.answer((question) => ({ heard: question, long: "x".repeat(600_000) }));
  const { answers } = (await a.peers?.ask("hello")) ?? { answers: [] };
  expect(answers).toMatchObject([{ from: b.peers?.id, value: { heard: "hello" } }]);
  await b.close();
  await until(async () => (await a.peers?.ask("anybody"))?.silent === 0);
});
