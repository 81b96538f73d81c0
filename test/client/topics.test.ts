import type { ServerResponse } from "node:http";
import { mintToken } from "artesian/http";
import { expect, onTestFinished, test } from "vitest";
import { connect, subscribe, type ClientEvent } from "../../packages/client/src/index.ts";
import { AT_ONCE } from "../support/cuts.ts";
import { startHub } from "../support/server.ts";
import { answer, scripted, stream, type Script } from "./server.ts";
import { countTo, WAIT, watch } from "./watch.ts";

test("a wait that the hub asks for outlasts a change of topics", async () => {
  const server = await scripted(answer(429, "", { "retry-after": "60" }), stream(""));
  const watched = watch(server.url, { retryCeilingMs: 300_000 });
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("offline");
  for (let i = 0; i < 20; i++) {
    watched.connection.topic(`other/${i}`).on("*", () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  expect(server.requests).toHaveLength(1);
});

test("topics that are added one after the other do not stop a slow stream from opening", async () => {
  let opened = 0;
  const slowly: Script = (res: ServerResponse, req) =>
    void setTimeout(() => {
      if (req.destroyed || res.destroyed) return;
      opened += 1;
      stream("id: 1\nevent: hub:cursor\ndata: {}\n\n")(res, req);
    }, 100);
  const server = await scripted(slowly);
  const watched = watch(server.url);
  for (let i = 0; i < 50; i++) {
    watched.connection.topic(`other/${i}`).on("*", () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(opened).toBeGreaterThan(0);
});

test("a long query is the body of a QUERY, and too many topics are told in the state", async () => {
  const { hub, url } = await startHub();
  const long = "x".repeat(100);
  const topics = Array.from({ length: 99 }, (_, i) => `/${long}/${i}`);
  const watched = watch(url);
  const got: string[] = [];
  for (const topic of topics) watched.connection.topic(topic).on("*", ({ data }) => got.push(data));
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
  for (const topic of topics) await hub.publish({ topic, data: topic });
  await expect.poll(() => got, WAIT).toEqual(topics);
  const remove = watched.connection.topic("/one/more").on("*", () => undefined);
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("offline");
  expect(watched.connection.state.reason).toMatch(/100/);
  const missed = hub.publish({ topic: topics[0] ?? "", data: "missed" });
  await missed;
  remove();
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
  await expect.poll(() => got.at(-1), WAIT).toBe("missed");
});

test(
  "200 components on 50 topics share one connection, and 1,000 changes under load lose and repeat nothing",
  { timeout: 60_000 },
  async () => {
    const { hub, url } = await startHub();
    const connection = connect(url, AT_ONCE);
    onTestFinished(() => connection.close());
    const topics = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? `/t/${i}` : `/p${i}/:id`));
    const topicOf = (i: number): string => (i % 2 === 0 ? `/t/${i}` : `/p${i}/7`);
    const got = Array.from({ length: 200 }, (): string[] => []);
    for (const [i, mine] of got.entries()) connection.topic(topics[i % 50] ?? "").on("*", ({ data }) => mine.push(data));
    await expect.poll(() => connection.state.status, WAIT).toBe("live");
    expect(hub.stats().subscribers).toBe(1);
    const sent = Array.from({ length: 50 }, (): string[] => []);
    let count = 0;
    const publishing = setInterval(() => {
      for (let n = 0; n < 5; n++) {
        const i = count % 50;
        const data = String(count++);
        sent[i]?.push(data);
        void hub.publish({ topic: topicOf(i), data });
      }
    }, 2);
    const removals: (() => void)[] = [];
    for (let i = 0; i < 1000; i++) {
      removals.push(connection.topic(`/other/${i % 49}`).on("*", () => undefined));
      if (removals.length > 30) removals.shift()?.();
      // Longer than topics are collected for, so that the stream is opened again each time.
      await new Promise((resolve) => setTimeout(resolve, i % 4 === 0 ? 25 : 1));
    }
    clearInterval(publishing);
    await expect.poll(() => got.every((mine, i) => mine.length >= (sent[i % 50]?.length ?? 0)), WAIT).toBe(true);
    for (const [i, mine] of got.entries()) expect(mine).toEqual(sent[i % 50]);
    expect(count).toBeGreaterThan(5000);
  },
);

test.each(["subscribe()", "connect()"])(
  "%s renews its token while 1,000 updates pass, and reconnects never",
  { timeout: 60_000 },
  async (name) => {
    const secret = "a secret of at least thirty-two bytes";
    const issuer = "https://issuer.example";
    const hubUrl = "https://hub.example/.well-known/mercure";
    const everything = [{ type: "exact", pattern: "*" }] as const;
    const authorization = { issuers: [{ issuer, keys: [{ secret, algorithms: ["HS256"] }] }], leewayMs: 0 };
    const { hub, url, server } = await startHub({ url: hubUrl, anonymousPublish: false, authorization });
    let streams = 0;
    server.on("request", ({ method }) => {
      if (method === "GET") streams += 1;
    });
    let calls = 0;
    const token = (): Promise<string> =>
      mintToken({
        key: { secret, algorithm: "HS256" },
        issuer,
        audience: hubUrl,
        subject: "someone",
        subscribe: [{ topics: everything, payload: undefined }],
        lifetimeSeconds: ++calls === 1 ? 6 : 600,
      });
    const got: string[] = [];
    let isReady: () => boolean;
    if (name === "connect()") {
      const watched = watch(url, { token });
      watched.connection.topic("private").on("*", ({ data }) => got.push(data));
      isReady = () => watched.connection.state.status === "live";
    } else {
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      const subscription = subscribe(url, { match: "private", token, signal: stop.signal });
      const read = async (events: AsyncIterable<ClientEvent>): Promise<void> => {
        for await (const { data } of events) got.push(data);
      };
      void read(subscription);
      isReady = () => subscription.lastEventId !== undefined;
    }
    await expect.poll(isReady, WAIT).toBe(true);
    for (let i = 0; i < 1000; i++) {
      await hub.publish({ topic: "private", private: true, data: String(i) });
      await new Promise((resolve) => setTimeout(resolve, 9));
    }
    await expect.poll(() => got.length, WAIT).toBe(1000);
    expect(got).toEqual(countTo(1000));
    expect(calls).toBe(2);
    expect(streams).toBe(1);
  },
);
