import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type ClientError, connect, type ConnectOptions, type Live } from "../../packages/client/src/index.ts";
import { AT_ONCE } from "../support/cuts.ts";
import { answerOf, type Fate, startHostileProxy } from "../support/hostile-proxy.ts";
import { startHub } from "../support/server.ts";
import { answer, bodyOf, deadUrl, scripted, type Script } from "./server.ts";

const WAIT = { timeout: 30_000 };
const OK = answer(200, '{"id":"1"}', { "content-type": "application/json" });

function queueAt(url: string, options: ConnectOptions = {}): Live & { readonly dropped: string[] } {
  const dropped: string[] = [];
  const onDropped: ConnectOptions["onDropped"] = ({ data }, error) => void dropped.push(`${String(data)} ${(error as ClientError).code}`);
  const connection = connect(url, { ...AT_ONCE, onDropped, ...options });
  onTestFinished(() => connection.close());
  return Object.assign(connection, { dropped });
}

test("an update whose answer is lost again and again is published once, in its place", async () => {
  const { hub, origin, url } = await startHub();
  const fates: readonly Fate[] = [
    { losesAnswer: true },
    { losesAnswer: true },
    { answer: answerOf("502 Bad Gateway") },
    { cutAfter: 40 },
    {},
  ];
  const proxy = await startHostileProxy(origin, (connection) => fates[Math.min(connection, fates.length - 1)] ?? {});
  onTestFinished(() => proxy.close());
  const got: string[] = [];
  const reader = connect(url);
  onTestFinished(() => reader.close());
  reader.topic("t").on("*", ({ data }) => got.push(data));
  await expect.poll(() => reader.state.status, WAIT).toBe("live");
  const queue = queueAt(`${proxy.origin}/events/stream`);
  const ids = await Promise.all(["a", "b", "c"].map((data) => queue.publish({ topic: "t", data })));
  expect(new Set(ids).size).toBe(3);
  await expect.poll(() => got.length, WAIT).toBe(3);
  await hub.publish({ topic: "t", data: "last" });
  await expect.poll(() => got, WAIT).toEqual(["a", "b", "c", "last"]);
  expect(proxy.cuts).toBe(3);
});

describe("bounds while the hub is away", () => {
  test("a number, and a length", async () => {
    const url = await deadUrl();
    const few = queueAt(url, { maxQueued: 2 });
    for (const data of ["a", "b", "c"]) void few.publish({ topic: "t", data });
    await expect.poll(() => few.dropped, WAIT).toEqual(["c queue_full"]);
    const short = queueAt(url, { maxQueuedLength: 200 });
    void short.publish({ topic: "t", data: "x".repeat(150) });
    void short.publish({ topic: "t", data: "y".repeat(150) });
    await expect.poll(() => short.dropped, WAIT).toEqual([`${"y".repeat(150)} queue_full`]);
  });

  test("an age, to the millisecond and not to the next attempt", async () => {
    const queue = queueAt(await deadUrl(), { maxQueuedMs: 300 });
    const sinceMs = performance.now();
    void queue.publish({ topic: "t", data: "a" });
    await expect.poll(() => queue.dropped, WAIT).toEqual(["a too_old"]);
    expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(300);
  });

  test("a close drops what waits, at once", async () => {
    const queue = queueAt(await deadUrl());
    void queue.publish({ topic: "t", data: "a" });
    void queue.publish({ topic: "t", data: "b" });
    // The first attempt has failed, and the next one is half a second away.
    await new Promise((resolve) => setTimeout(resolve, 100));
    queue.close();
    await expect.poll(() => queue.dropped, { timeout: 300 }).toEqual(["a closed", "b closed"]);
  });
});

test("a refusal is told to both the caller and `onDropped`, and the next update follows", async () => {
  const refuse = answer(403, '{"code":"forbidden"}', { "content-type": "application/problem+json" });
  const server = await scripted(refuse, OK);
  const queue = queueAt(server.url, {
    onDropped: ({ data }) => {
      queue.dropped.push(String(data));
      throw new Error("A fault of the program.");
    },
  });
  const thrown: unknown[] = [];
  const listener = (error: unknown): void => void thrown.push(error);
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", listener);
  try {
    const refused = queue.publish({ topic: "t", data: "a" });
    await expect(refused).rejects.toMatchObject({ code: "forbidden" });
    expect(await queue.publish({ topic: "t", data: "b" })).toBe("1");
  } finally {
    process.off("uncaughtException", listener);
    for (const each of before) process.on("uncaughtException", each);
  }
  expect(queue.dropped).toEqual(["a"]);
  expect(thrown).toHaveLength(1);
});

test("a page in the hub's place is waited out once an update was published", async () => {
  const page = answer(200, "<p>Log in</p>", { "content-type": "text/html" });
  const server = await scripted(page, OK, page, OK);
  const queue = queueAt(server.url);
  await expect(queue.publish({ topic: "t", data: "a" })).rejects.toMatchObject({ code: "http_error" });
  expect(await queue.publish({ topic: "t", data: "b" })).toBe("1");
  expect(await queue.publish({ topic: "t", data: "c" })).toBe("1");
  expect(server.requests).toHaveLength(4);
});

/** Answers each update by its text. */
async function judged(script: (text: string) => Script): Promise<{ readonly url: string; readonly bodies: readonly string[] }> {
  const bodies: string[] = [];
  const judge = async (...[res, req]: Parameters<Script>): Promise<void> => {
    const text = await bodyOf(req);
    bodies.push(text);
    script(text)(res, req);
  };
  const { url } = await scripted((res, req) => void judge(res, req));
  return { url, bodies };
}

describe("a proxy that refuses", () => {
  // The shortest pauses that chance may give.
  beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0));
  afterEach(() => void vi.restoreAllMocks());

  test.each([400, 403, 413, 414])("one update with %s is believed after some attempts, and the next ones follow", async (status) => {
    const page = answer(status, "<p>No.</p>", { "content-type": "text/html" });
    const { url, bodies } = await judged((text) => (text.includes("poison") ? page : OK));
    const queue = queueAt(url);
    await queue.publish({ topic: "t", data: "a" });
    const outcomes = await Promise.allSettled(["poison", "b", "c"].map((data) => queue.publish({ topic: "t", data })));
    expect(outcomes).toMatchObject([{ reason: { code: "http_error", status } }, { value: "1" }, { value: "1" }]);
    expect(queue.dropped).toEqual(["poison http_error"]);
    expect(bodies).toHaveLength(8);
  });

  test.each([404, 503])("all updates with %s is waited out", async (status) => {
    let count = 0;
    const page = answer(status, "<p>No.</p>", { "content-type": "text/html" });
    const { url, bodies } = await judged(() => (count++ % 8 === 0 ? OK : page));
    const queue = queueAt(url);
    for (const data of ["a", "b"]) expect(await queue.publish({ topic: "t", data })).toBe("1");
    expect(bodies).toHaveLength(9);
  });
});

test("an update is sent as it was published, also after the program has changed the object", async () => {
  let isAway = true;
  const { url, bodies } = await judged(() => (isAway ? answer(503, "") : OK));
  const queue = queueAt(url);
  const updates = ["a", "b"].map((topic) => ({ topic, data: { n: 1 } }));
  const published = updates.map((update) => queue.publish(update));
  for (const update of updates) Object.assign(update, { topic: "other", data: { n: 2 } });
  await expect.poll(() => bodies.length, WAIT).toBe(1);
  isAway = false;
  await Promise.all(published);
  expect(bodies.map((text): unknown => JSON.parse(text))).toEqual(["a", "a", "b"].map((topic) => ({ topic, data: { n: 1 } })));
});

test("a wait that the hub asks for outlasts a change of topics", async () => {
  const server = await scripted(answer(429, "", { "retry-after": "60" }));
  const queue = queueAt(server.url);
  void queue.publish({ topic: "t", data: "a" });
  await expect.poll(() => server.requests.length, WAIT).toBe(1);
  for (let i = 0; i < 5; i++) {
    queue.topic(`other/${i}`).on("*", () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(server.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
});

test("one token serves all updates, until the hub refuses it", async () => {
  let calls = 0;
  let refused: string | undefined;
  const used: (string | undefined)[] = [];
  const server = await scripted((res, req) => {
    const { authorization } = req.headers;
    used.push(authorization);
    if (authorization === refused) return answer(401, "")(res, req);
    return OK(res, req);
  });
  const live = queueAt(server.url, { token: () => `token-${++calls}` });
  for (let i = 0; i < 3; i++) await live.publish({ topic: "t", data: i });
  refused = "Bearer token-1";
  await live.publish({ topic: "t", data: 3 });
  expect(used).toEqual([1, 1, 1, 1, 2].map((n) => `Bearer token-${n}`));
  expect(calls).toBe(2);
});

test("what is no update is refused with words, and is none that was dropped", async () => {
  let dropped = 0;
  const live = queueAt(await deadUrl(), { onDropped: () => void dropped++ });
  await expect(live.publish(undefined as never)).rejects.toThrow(/An update is an object such as/);
  const circular: { self?: unknown } = {};
  circular.self = circular;
  await expect(live.publish({ topic: "t", data: circular })).rejects.toThrow(TypeError);
  live.close();
  await expect(live.publish({ topic: "t", data: "late" })).rejects.toMatchObject({ code: "closed" });
  await expect.poll(() => dropped, WAIT).toBe(1);
});
