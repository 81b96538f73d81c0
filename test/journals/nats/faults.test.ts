import type { Journal } from "artesian";
import { natsJournal, type NatsJournalOptions } from "artesian/journals/nats";
import { expect, onTestFinished, test } from "vitest";
import { Blackhole, NatsServer } from "../../support/nats-server.ts";
import { Appenders, findFault, follow, readAll, until, update } from "../../support/nats-run.ts";
import { LATE_MS } from "../../support/clock.ts";

async function start(
  count: number,
  options: Partial<NatsJournalOptions> = {},
): Promise<{ server: NatsServer; journals: [Journal, ...Journal[]] }> {
  const server = await NatsServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const journals = await Promise.all(Array.from({ length: count }, () => natsJournal({ url: server.url, ...options })));
  // Those that finished last are closed first: the server still runs then, unless the test has stopped it.
  onTestFinished(async () => void (await Promise.all(journals.map((journal) => journal.close()))));
  return { server, journals: journals as [Journal, ...Journal[]] };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { readonly code?: unknown }) => error.code,
  );

test("the server is killed and started again under load: nothing acknowledged is lost in silence, twice or in another order", async () => {
  const { server, journals } = await start(2);
  const followed = journals.map(follow);
  const appenders = new Appenders(journals);
  for (let i = 0; i < 4; i++) {
    await appenders.more(300);
    await server.kill("SIGKILL");
    await server.start();
  }
  await appenders.more(300);
  await appenders.stop();
  const [a, b] = journals as [Journal, Journal];
  await until(() => a.epoch === b.epoch && a.tail() === b.tail());
  const records = await readAll(a);
  expect(findFault(records, appenders.acknowledged, a.epoch)).toBeUndefined();
  expect(await readAll(b)).toEqual(records);
  for (const one of followed) {
    await until(() => one.records.at(-1)?.offset === a.tail());
    if (one.replaced === 0) expect(one.records).toEqual(records);
    else expect(one.records).toEqual(records.slice(-one.records.length));
  }
  // What this server loses when it is killed is told by the epoch, and by nothing else.
  const epochs = new Set(appenders.acknowledged.map(({ epoch }) => epoch));
  expect(epochs.size === 1).toBe(followed.every(({ replaced }) => replaced === 0));
  expect(appenders.slowestMs).toBeLessThan(4000 + LATE_MS);
});

test("while the server is away appends are refused soon, reads wait; then all goes on by itself", async () => {
  const { server, journals } = await start(3);
  const [a, b, c] = journals as [Journal, Journal, Journal];
  const [epoch, followed] = [a.epoch, follow(b)];
  await a.append([update("1")]);
  await server.kill("SIGTERM");
  const startMs = performance.now();
  // It may have been sent in the moment in which the server ended.
  expect(await codeOf(a.append([update("lost")]))).toMatch(/^(journal_unavailable|outcome_unknown)$/);
  expect(performance.now() - startMs).toBeLessThan(3000 + LATE_MS);
  const nextMs = performance.now();
  expect(await Promise.all(Array.from({ length: 5000 }, () => codeOf(a.append([update("x".repeat(1000))]))))).not.toContain("done");
  expect(await codeOf(a.state?.commit([{ key: "k", value: "v" }]) ?? Promise.resolve())).toBe("journal_unavailable");
  expect(await codeOf(a.idempotency?.append({ key: "k", request: "", batch: [update("")] }) ?? Promise.resolve())).toBe(
    "journal_unavailable",
  );
  expect(performance.now() - nextMs).toBeLessThan(2000 + LATE_MS);
  const closeMs = performance.now();
  await c.close();
  expect(performance.now() - closeMs).toBeLessThan(3000 + LATE_MS);
  const waiting = a.find("unknown");
  await server.start();
  expect(await waiting).toEqual([]);
  await until(async () => (await codeOf(a.append([update("2")]))) === "done");
  await until(() => followed.records.at(-1)?.data === "2");
  expect([a.epoch, b.epoch, followed.replaced]).toEqual([epoch, epoch, 0]);
  expect((await readAll(b)).map(({ data }) => data)).toEqual(["1", "2"]);
});

test("a server that is held still: appends are refused soon, and what was on its way is there once or not at all", async () => {
  const { server, journals } = await start(2);
  const [a, b] = journals as [Journal, Journal];
  const [epoch, followed] = [a.epoch, follow(b)];
  await a.append([update("before")]);
  server.pause();
  const startMs = performance.now();
  // Where it was found out before, nothing is sent.
  const code = await codeOf(a.append([update("in doubt")]));
  expect(["outcome_unknown", "journal_unavailable"]).toContain(code);
  expect(performance.now() - startMs).toBeLessThan(4000 + LATE_MS);
  server.resume();
  await until(async () => (await codeOf(a.append([update("after")]))) === "done");
  await until(() => followed.records.at(-1)?.data === "after");
  const records = await readAll(a);
  const texts = records.map(({ data }) => data).join();
  expect(["before,after", ...(code === "outcome_unknown" ? ["before,in doubt,after"] : [])]).toContain(texts);
  expect(followed.records).toEqual(records);
  expect([a.epoch, b.epoch]).toEqual([epoch, epoch]);
});

test.each([
  [
    "started again without its data",
    async (server: NatsServer) => {
      await server.kill("SIGKILL");
      server.wipe();
      await server.start();
    },
  ],
  ["told to delete the stream", (server: NatsServer) => server.deleteStream("artesian")],
  ["told to delete all messages", (server: NatsServer) => server.purgeStream("artesian")],
] as const)(
  "the server is %s: a new epoch, the same for all, told once",
  async (_how, lose) => {
    const { server, journals } = await start(3);
    const [a, b, c] = journals as [Journal, Journal, Journal];
    await a.append([update("old 1"), update("old 2")]);
    await a.state?.commit([{ key: "k", value: "v" }]);
    const [{ epoch }, followed] = [a, journals.map(follow)];
    await until(() => c.tail() === 2);
    await lose(server);
    await until(() => journals.every((journal) => journal.epoch !== epoch));
    expect([b.epoch, c.epoch]).toEqual([a.epoch, a.epoch]);
    await until(async () => (await codeOf(b.append([update("new")]))) === "done");
    await until(() => followed.every(({ records }) => records.length === 1));
    expect(followed.map(({ replaced, records }) => [replaced, records[0]?.data, records[0]?.offset])).toEqual(
      Array.from({ length: 3 }, () => [1, "new", 1]),
    );
    expect(await c.state?.entries("", { limit: 10 })).toEqual([]);
    expect((await readAll(a)).map(({ data }) => data)).toEqual(["new"]);
  },
  30_000,
);

test("the server loses the oldest messages: the operator is told, and the table is written again", async () => {
  const said: string[] = [];
  const { server, journals } = await start(2, { onDamage: (what) => said.push(what) });
  const [a, b] = journals as [Journal, Journal];
  const value = "x".repeat(10_000);
  const keys = Array.from({ length: 20 }, (_, i) => `k${String(i).padStart(2, "0")}`);
  for (const key of keys) await a.state?.commit([{ key, value: `${key} ${value}` }]);
  await a.append([update("lost")]);
  await a.append([update("held 1")]);
  await a.append([update("held 2")]);
  const [{ epoch }, followed] = [a, journals.map(follow)];
  await until(() => b.tail() === 3);
  // The first message began the epoch.
  await server.purgeStream("artesian", 1 + keys.length + 2);
  await until(() => a.head() === 2 && b.head() === 2);
  // The first to look repairs the table. The other may find nothing missing by then.
  await until(() => said.length > 0);
  expect(said[0]).toMatch(/^The NATS server no longer has the messages before 23 .* The records before 2 are gone\.$/);
  await until(async () => (await server.messages("artesian")) > 2);
  const late = await natsJournal({ url: server.url });
  onTestFinished(() => late.close());
  await until(async () => ((await late.state?.entries("", { limit: 100 })) ?? []).length === keys.length);
  expect(((await late.state?.entries("", { limit: 100 })) ?? []).map((entry) => entry.value)).toEqual(keys.map((key) => `${key} ${value}`));
  expect((await readAll(late)).map(({ data, offset }) => [data, offset])).toEqual([
    ["held 1", 2],
    ["held 2", 3],
  ]);
  expect(await late.read(0, { maxRecords: 10, maxBytes: 1000 })).toEqual({ kind: "trimmed", head: 2 });
  expect([a.epoch, b.epoch, late.epoch]).toEqual([epoch, epoch, epoch]);
  expect(followed.map(({ replaced }) => replaced)).toEqual([0, 0]);
  expect(said.length).toBeLessThanOrEqual(2);
});

test("an older copy of the data takes the server's place: a new epoch, and what is there stays readable", async () => {
  const { server, journals } = await start(2);
  const [a, b] = journals as [Journal, Journal];
  await a.append([update("1")]);
  await server.kill("SIGTERM");
  server.save();
  await server.start();
  await until(async () => (await codeOf(a.append([update("2"), update("3")]))) === "done");
  await until(() => b.tail() === 3);
  const { epoch } = a;
  await server.kill("SIGTERM");
  server.restore();
  await server.start();
  await until(() => a.epoch !== epoch && b.epoch === a.epoch);
  await until(async () => (await codeOf(b.append([update("other 2")]))) === "done");
  await until(() => a.tail() === b.tail());
  expect([a.head(), b.head()]).toEqual([1, 1]);
  expect((await readAll(a)).map(({ data, offset }) => [data, offset])).toEqual([
    ["1", 1],
    ["other 2", 2],
  ]);
  // Once more: the first epoch is there again, and its offsets must not be given a second time.
  const second = a.epoch;
  await server.kill("SIGTERM");
  server.restore();
  await server.start();
  await until(() => ![epoch, second].includes(a.epoch) && b.epoch === a.epoch);
});

test("what others write to the stream is left out, and told", async () => {
  const { server, journals } = await start(1);
  const [a] = journals;
  const told: string[] = [];
  const b = await natsJournal({ url: server.url, onDamage: (what) => told.push(what) });
  onTestFinished(() => b.close());
  await a.append([update("1")]);
  const { epoch } = a;
  const [subject = ""] = await server.subjects("artesian");
  for (const text of ["x", "[]\n[]"]) await server.publish(subject, text);
  await until(() => told.length === 2);
  expect(told[0]).toMatch(/Message \d+ of the stream artesian-log/);
  await until(async () => (await codeOf(b.append([update("2")]))) === "done");
  await until(() => a.tail() === 2);
  expect((await readAll(a)).map(({ data }) => data)).toEqual(["1", "2"]);
  expect([a.epoch, b.epoch]).toEqual([epoch, epoch]);
});

test("a connection on which nothing arrives any more is noticed within 10 s, and replaced", async () => {
  const { server, journals } = await start(1);
  const [other] = journals;
  const hole = await Blackhole.before(server.port);
  onTestFinished(() => hole.close());
  const journal = await natsJournal({ url: `nats://127.0.0.1:${hole.port}` });
  onTestFinished(() => journal.close());
  const followed = follow(journal);
  await other.append([update("1")]);
  await until(() => followed.records.length === 1);
  hole.isOpen = false;
  await other.append([update("2")]);
  const startMs = performance.now();
  // Refused at once is refused because it has noticed.
  await until(async () => {
    const appendMs = performance.now();
    return (await codeOf(journal.append([update("lost")]))) === "journal_unavailable" && performance.now() - appendMs < 100;
  });
  expect(performance.now() - startMs).toBeLessThan(10_000);
  hole.isOpen = true;
  await until(() => followed.records.length >= 2);
  // What was sent when nothing arrived any more did not arrive.
  expect(followed.records.map(({ data }) => data)).toEqual(["1", "2"]);
  expect(followed.replaced).toBe(0);
});
