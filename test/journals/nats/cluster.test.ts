import type { Journal } from "artesian";
import { natsJournal } from "artesian/journals/nats";
import { expect, onTestFinished, test } from "vitest";
import { NatsCluster } from "../../support/nats-server.ts";
import { Appenders, findFault, follow, readAll, until } from "../../support/nats-run.ts";

test("three servers, of which the leader is killed and comes back, under load: all that was acknowledged is there, in the same epoch", async () => {
  const cluster = await NatsCluster.start();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const journals = await Promise.all([0, 1].map(() => natsJournal({ url: cluster.url, replicas: 3 })));
  onTestFinished(async () => void (await Promise.all(journals.map((journal) => journal.close()))));
  const [a, b] = journals as [Journal, Journal];
  const { epoch } = a;
  const followed = journals.map(follow);
  const appenders = new Appenders(journals);
  for (let i = 0; i < 2; i++) {
    await appenders.more(300);
    const leader = await cluster.leader("artesian");
    await leader.kill("SIGKILL");
    // The two that are left go on.
    await appenders.more(300);
    await leader.start();
    await cluster.settled("artesian");
  }
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
}, 120_000);
