import { expect, onTestFinished, test } from "vitest";
import { connect, json, type ConnectOptions, type Live, type Schema } from "../../packages/client/src/index.ts";
import { startHub } from "../support/server.ts";
import { answer, scripted } from "./server.ts";

function live(url: string, options: ConnectOptions = {}): Live {
  const connection = connect(url, { retryMs: 20, maxRetryMs: 50, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

/** Waits until a connection is live. */
const isLive = (connection: Live): Promise<void> => expect.poll(() => connection.state.status).toBe("live");

test("components share one stream, and each gets the updates of its topics once", async () => {
  const { hub, url } = await startHub();
  const connection = live(url);
  const got: Record<string, string[]> = {};
  const patterns = ["/orders/1", "/orders/:id", "/orders/*", "/users/1", "*"];
  for (const pattern of patterns) {
    got[pattern] = [];
    for (let i = 0; i < 4; i++) connection.topic(pattern).on("*", ({ data }) => got[pattern]?.push(data));
  }
  await isLive(connection);
  expect(hub.stats().subscribers).toBe(1);
  for (const topic of ["/orders/1", "/orders/2", "/orders/2/lines", "/users/1", "/none"]) await hub.publish({ topic, data: topic });
  const four = (...topics: string[]): string[] => topics.flatMap((topic) => [topic, topic, topic, topic]);
  await expect
    .poll(() => got)
    .toEqual({
      "/orders/1": four("/orders/1"),
      "/orders/:id": four("/orders/1", "/orders/2"),
      "/orders/*": four("/orders/1", "/orders/2", "/orders/2/lines"),
      "/users/1": four("/users/1"),
      "*": four("/orders/1", "/orders/2", "/orders/2/lines", "/users/1", "/none"),
    });
});

test("topics come and go 1,000 times under load, and no update is lost or comes twice", async () => {
  const { hub, url } = await startHub();
  const connection = live(url);
  const steady: string[] = [];
  connection.topic("/steady").on("message", ({ data }) => steady.push(data));
  await isLive(connection);
  let count = 0;
  const publishing = setInterval(() => void hub.publish({ topic: "/steady", data: String(count++) }), 1);
  for (let i = 0; i < 1000; i++) {
    const remove = connection.topic(`/other/${i % 50}`).on("message", () => undefined);
    if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 15));
    remove();
  }
  clearInterval(publishing);
  await expect.poll(() => steady.length).toBe(count);
  expect(steady).toEqual(Array.from({ length: count }, (_, i) => String(i)));
});

test("a loop and a listener get types that a schema made", async () => {
  const { hub, url } = await startHub();
  const invalid: string[] = [];
  const connection = live(url, { onInvalid: ({ data }, [issue]) => invalid.push(`${data}: ${issue?.message}`) });
  const order: Schema<{ state: string }> = {
    "~standard": {
      async validate(value) {
        await Promise.resolve();
        if (typeof (value as { state?: unknown }).state !== "string") return { issues: [{ message: "no state" }] };
        return { value: value as { state: string } };
      },
    },
  };
  const seen: string[] = [];
  connection.topic("/orders/:id", { changed: order, removed: json<number>() }).on("changed", ({ data }) => seen.push(data.state));
  const loop = (async (): Promise<unknown[]> => {
    const got: unknown[] = [];
    for await (const { data } of connection.topic("/orders/:id", json<{ state?: string }>())) if (got.push(data) === 3) break;
    return got;
  })();
  await isLive(connection);
  for (const data of ['{"state":"new"}', '{"price":1}', "text", '{"state":"sent"}']) {
    await hub.publish({ topic: "/orders/7", type: "changed", data });
  }
  expect(await loop).toEqual([{ state: "new" }, { price: 1 }, { state: "sent" }]);
  await expect.poll(() => seen).toEqual(["new", "sent"]);
  expect(invalid.toSorted()).toEqual([
    expect.stringContaining("text: SyntaxError"),
    expect.stringContaining("text: SyntaxError"),
    '{"price":1}: no state',
  ]);
});

test("the newest state of each topic comes from the past and from now on", async () => {
  const { hub, url } = await startHub();
  for (const [topic, data] of [
    ["/quotes/A", 1],
    ["/quotes/B", 2],
    ["/quotes/A", 3],
    ["/else", 4],
  ] as const)
    await hub.publish({ topic, data });
  const connection = live(url);
  const quotes = connection.latest("/quotes/:symbol", json<number>());
  let changes = 0;
  quotes.subscribe(() => changes++);
  await expect
    .poll(() => [...quotes.current])
    .toEqual([
      ["/quotes/B", 2],
      ["/quotes/A", 3],
    ]);
  const before = quotes.current;
  expect(quotes.current).toBe(before);
  await hub.publish({ topic: "/quotes/B", data: 5 });
  await expect.poll(() => quotes.current.get("/quotes/B")).toBe(5);
  expect(changes).toBe(3);
  // Another one finds the stream open.
  const again = connection.latest("/quotes/:symbol", json<number>());
  await expect.poll(() => again.current.size).toBe(2);
  expect(hub.stats().subscribers).toBe(1);
});

test("a snapshot that the hub could not give is asked for again, and older than what came meanwhile", async () => {
  const { hub, url } = await startHub();
  for (const topic of ["/quotes/A", "/quotes/B"]) await hub.publish({ topic, data: 1 });
  let refusals = 0;
  const connection = live(url, {
    fetch: async (input, init) => {
      if (new Headers(init?.headers).get("accept") !== "application/json" || refusals > 0) return fetch(input, init);
      refusals += 1;
      return new Response("", { status: 503 });
    },
  });
  const quotes = connection.latest("/quotes/:symbol", json<number>());
  await expect.poll(() => refusals).toBe(1);
  await isLive(connection);
  await hub.publish({ topic: "/quotes/A", data: 2 });
  await expect.poll(() => Object.fromEntries(quotes.current), { timeout: 10_000 }).toEqual({ "/quotes/A": 2, "/quotes/B": 1 });
});

test("a snapshot of more than one answer is complete, also while updates come", async () => {
  const { hub, url } = await startHub();
  const topics = Array.from({ length: 900 }, (_, i) => `/quotes/${i}`);
  for (let i = 0; i < 900; i += 300) await hub.publishBatch(topics.slice(i, i + 300).map((topic) => ({ topic, data: 0 })));
  const connection = live(url);
  connection.topic("*").on("*", () => undefined);
  await isLive(connection);
  let count = 0;
  let sent: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const data = ++count;
    sent = sent.then(() => hub.publish({ topic: `/quotes/${data % 10}`, data }));
  }, 2);
  onTestFinished(() => clearInterval(timer));
  const quotes = connection.latest("/quotes/:symbol", json<number>());
  await expect.poll(() => quotes.current.size).toBe(900);
  clearInterval(timer);
  await sent;
  await expect.poll(() => Math.max(...quotes.current.values())).toBe(count);
  for (const [topic, data] of quotes.current) if (data !== 0) expect(topic).toBe(`/quotes/${data % 10}`);
  expect([...quotes.current.values()].filter((data) => data > 0).length).toBe(Math.min(10, count));
});

test("updates with the same id are all delivered", async () => {
  const { hub, url } = await startHub();
  const connection = live(url);
  const got: string[] = [];
  connection.topic("/a").on("*", ({ data }) => got.push(data));
  await isLive(connection);
  for (const data of ["1", "2", "3", "4"]) await hub.publish({ topic: "/a", id: "order-42", data });
  await expect.poll(() => got).toEqual(["1", "2", "3", "4"]);
});

test("publishes in order, once, and while the hub is away", async () => {
  const { hub, url } = await startHub();
  const connection = live(url);
  const got: string[] = [];
  connection.topic("/a").on("*", ({ data }) => got.push(data));
  await isLive(connection);
  const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => connection.publish({ topic: "/a", data: String(i) })));
  expect(new Set(ids).size).toBe(20);
  await expect.poll(() => got).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  expect(hub.stats().subscribers).toBe(1);
});

test("a closed connection says so, and leaves nothing behind", async () => {
  const { hub, url } = await startHub();
  const connection = live(url);
  const states: string[] = [];
  connection.onState(({ status }) => states.push(status));
  connection.topic("/a").on("*", () => undefined);
  await isLive(connection);
  connection.close();
  await expect.poll(() => hub.stats().subscribers).toBe(0);
  expect(connection.state.status).toBe("closed");
  await expect(connection.publish({ topic: "/a" })).rejects.toMatchObject({ code: "closed" });
  expect(states).toEqual(["live", "closed"]);
});

test("a listener that removes itself and comes back, or adds another, gets each event once", async () => {
  const { hub, url } = await startHub();
  const connection = live(url);
  const got: string[] = [];
  const once = (): void => {
    const stop = connection.topic("/a").on("*", ({ data }) => {
      got.push(`once ${data}`);
      stop();
      once();
    });
  };
  once();
  connection.topic("/a").on("*", ({ data }) => {
    if (data === "1") connection.topic("/a").on("*", (event) => got.push(`added ${event.data}`));
  });
  let states = 0;
  const again = (): void => {
    const stop = connection.onState(() => {
      states += 1;
      stop();
      again();
    });
  };
  again();
  await isLive(connection);
  for (const data of ["1", "2"]) await hub.publish({ topic: "/a", data });
  await expect.poll(() => got).toEqual(["once 1", "once 2", "added 2"]);
  expect(states).toBeLessThan(5);
});

test("close() ends the loops over topics, after what waits for them", async () => {
  const { hub, url } = await startHub();
  const connection = live(url);
  const got: string[] = [];
  const loop = (async (): Promise<void> => {
    for await (const { data } of connection.topic("/a")) got.push(data);
  })();
  const waiting = connection.topic("/a")[Symbol.asyncIterator]();
  await isLive(connection);
  for (const data of ["1", "2"]) await hub.publish({ topic: "/a", data });
  await expect.poll(() => got).toEqual(["1", "2"]);
  connection.close();
  await loop;
  const rest = [await waiting.next(), await waiting.next(), await waiting.next()];
  expect(rest.map(({ value, done }) => (done === true ? "done" : (value as { data: string }).data))).toEqual(["1", "2", "done"]);
  for await (const { data } of connection.topic("/a")) got.push(data);
  expect(() => connection.topic("")).toThrow(TypeError);
});

test("a function that is added twice is two listeners, and each has its own removal", async () => {
  const { url } = await startHub();
  const connection = live(url);
  let calls = 0;
  const count = (): void => void calls++;
  const removals = [connection.onState(count), connection.onState(count)];
  removals[0]?.();
  connection.topic("/a").on("*", () => undefined);
  await isLive(connection);
  expect(calls).toBe(1);
});

test.each([null, 5, ["abc"]])("a token that is no text is refused: %j", (token) => {
  expect(() => connect("http://127.0.0.1:9/", { token: token as never })).toThrow(/^`token` is not a token/);
});

test.each([() => 1, Symbol("a"), { toJSON: () => undefined }])("data without JSON is refused", async (data) => {
  await expect(live("http://127.0.0.1:9/").publish({ topic: "/a", data })).rejects.toThrow("`data` has no JSON.");
});

test("a token function that throws an error without a text is an outage", async () => {
  const connection = live("http://127.0.0.1:9/", {
    token() {
      throw Object.create(null);
    },
  });
  connection.topic("/a").on("*", () => undefined);
  await expect.poll(() => connection.state.reason).toBe("The token function failed: unknown.");
});

test("a poll whose gap and drain are null has neither", async () => {
  const answered = answer(200, '{"updates":[],"cursor":"1","gap":null,"drain":null}', { "content-type": "application/json" });
  // The stream is not answered, so that updates are polled for.
  const server = await scripted((res, req) => {
    if (req.url?.includes("wait=") === true) answered(res, req);
  });
  const connection = live(server.url, { firstByteMs: 100 });
  let gaps = 0;
  const states: string[] = [];
  connection.onGap(() => gaps++);
  connection.onState(({ status }) => states.push(status));
  connection.topic("/a").on("*", () => undefined);
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBeGreaterThan(4);
  expect([gaps, states]).toEqual([0, ["live"]]);
});
