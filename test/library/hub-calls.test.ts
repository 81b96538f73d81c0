import { createHub, type Hub, type HubOptions, memoryJournal, type Revocation, type UpdateInput } from "artesian";
import { publish as publishByClient } from "artesian-client";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { consoleLogger } from "../../packages/hub/src/console-logger.ts";
import { startHub } from "../support/server.ts";
import { openStream } from "../support/stream.ts";

function open(options: HubOptions = {}): Hub {
  const hub = createHub({ drainMs: 0, ...options });
  onTestFinished(() => hub.close());
  return hub;
}

/** All that is held, as it reaches a reader. */
async function held(hub: Hub): Promise<readonly { readonly data: string; readonly private: boolean; readonly id: string | undefined }[]> {
  const found = [];
  const stop = new AbortController();
  const options = { lastEventId: "earliest", includePrivate: true, signal: stop.signal, onLive: () => stop.abort() };
  for await (const { data, private: isPrivate, id } of hub.subscribe(options)) found.push({ data, private: isPrivate, id });
  return found;
}

describe("publish says what is wrong with", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<[name: string, update: unknown, error: object]>([
    ["null", null, { name: "TypeError", message: /\{ topic: "greeting", data: "Hello" \}; this is null/ }],
    ["nothing", undefined, { name: "TypeError", message: /this is undefined/ }],
    ["a text", "greeting", { name: "TypeError", message: /this is a string/ }],
    ["a list", [{ topic: "a" }], { name: "TypeError", message: /a list; for several, call publishBatch/ }],
    ["an empty object", {}, { code: "missing_topic", message: /no topic/ }],
    ["data alone", { data: {} }, { code: "missing_topic", message: /no topic/ }],
    ["an empty list of topics", { topic: [] }, { code: "missing_topic" }],
    ["a topic that is no text", { topic: 7 }, { code: "invalid_topic", message: /not a text/ }],
    ["topics that are no texts", { topic: ["a", null] }, { code: "invalid_topic" }],
    ["topics by another name", { topics: ["a"] }, { name: "TypeError", message: /no `topics`\. Write `topic`/ }],
    ["a delay by the name that it has over HTTP", { topic: "a", delay: 5 }, { name: "TypeError", message: /`delay`\. Write `delayMs`/ }],
    ["privacy by a misspelt name", { topic: "a", privat: true }, { name: "TypeError", message: /`privat`\. Write `private`/ }],
    ["privacy as text", { topic: "a", private: "false" }, { name: "TypeError", message: /`private`.* true or false/ }],
    ["privacy as a function", { topic: "a", private: () => true }, { name: "TypeError", message: /`private`.* true or false/ }],
    ["privacy as a symbol", { topic: "a", private: Symbol("yes") }, { name: "TypeError", message: /`private`.* true or false/ }],
    ["an id that is a function", { topic: "a", id: () => "1" }, { code: "invalid_id" }],
    ["a type that is a symbol", { topic: "a", type: Symbol("changed") }, { code: "invalid_type" }],
    ["an id that is no text", { topic: "a", id: 7 }, { code: "invalid_id", message: /not a text/ }],
    ["a type that is no text", { topic: "a", type: {} }, { code: "invalid_type", message: /not a text/ }],
    ["a time that is no Date", { topic: "a", deliverAt: "2030-01-01T00:00:00Z" }, { code: "invalid_time", message: /not a Date/ }],
    ["a retry as text", { topic: "a", retry: "5s" }, { code: "invalid_retry" }],
    ["a promise", { topic: "a", data: Promise.resolve("x") }, { code: "invalid_data", message: /promise\. Await it/ }],
    ["bytes", { topic: "a", data: new Uint8Array(3) }, { code: "invalid_data", message: /bytes.*base64/ }],
    ["a Map", { topic: "a", data: new Map([["a", 1]]) }, { code: "invalid_data", message: /Map/ }],
    ["a function", { topic: "a", data: () => 1 }, { code: "invalid_data", message: /function/ }],
    ["a circle", { topic: "a", data: circle }, { code: "invalid_data", message: /circle/ }],
    ["a BigInt", { topic: "a", data: { n: 1n } }, { code: "invalid_data", message: /BigInt/ }],
  ])("%s", async (_, update, { message, ...error }: { message?: RegExp }) => {
    const hub = open();
    const expected = { ...error, message: expect.stringMatching(message ?? /./) };
    await expect(hub.publish(update as UpdateInput)).rejects.toMatchObject(expected);
    await expect(hub.publish(update as UpdateInput, { idempotencyKey: "k" })).rejects.toMatchObject(expected);
    if (!Array.isArray(update)) {
      await expect(hub.publishBatch([{ topic: "good" }, update as UpdateInput])).rejects.toMatchObject({
        ...error,
        message: expect.stringMatching(/^Update 2 of 2: /),
      });
    }
    expect(hub.stats().published).toBe(0);
  });

  it("a batch that is no list, and unknown options", async () => {
    const hub = open();
    await expect(hub.publishBatch({ topic: "a" } as never)).rejects.toThrow(/A batch is a list of updates/);
    await expect(hub.publishBatch(null as never)).rejects.toThrow(/A batch is a list of updates/);
    const misspelt = { idempotencykey: "k" } as object;
    await expect(hub.publish({ topic: "a" }, misspelt)).rejects.toThrow(/no `idempotencykey`\. Write `idempotencyKey`/);
    await expect(hub.publish({ topic: "a" }, { idempotencyKey: 7 } as never)).rejects.toMatchObject({ code: "invalid_idempotency_key" });
    await expect(hub.publish({ topic: "a" }, null as never)).rejects.toThrow(/options of publish\(\)/);
    expect(hub.stats().published).toBe(0);
    expect(await hub.publishBatch([])).toEqual([]);
  });

  it("an update of the client", async () => {
    const url = "http://127.0.0.1:9/hub";
    await expect(publishByClient(url, null as never)).rejects.toThrow(/An update is an object/);
    await expect(publishByClient(url, [null] as never)).rejects.toThrow(/An update is an object/);
  });
});

describe("data that is not text", () => {
  const values = [{ a: [1, "2", null] }, [1, 2], 7, 0, true, false, new Date(0), { toJSON: () => "by itself" }, NaN, "text", "", null];

  it("is the same JSON from the hub and from the client", async () => {
    const { hub, url } = await startHub();
    const other = open();
    for (const data of values) {
      await hub.publish({ topic: "a", data });
      await publishByClient(url, { topic: "a", data });
      await other.publishBatch([{ topic: "a", data }]);
    }
    const datas = (await held(hub)).map(({ data }) => data);
    expect(datas.filter((_, i) => i % 2 === 0)).toEqual(datas.filter((_, i) => i % 2 === 1));
    expect(datas[0]).toBe('{"a":[1,"2",null]}');
    expect(datas.at(-1)).toBe("null");
    expect((await held(other)).map(({ data }) => data)).toEqual(datas.filter((_, i) => i % 2 === 0));
  });

  it("is one request with its text, however often it is tried", async () => {
    const hub = open();
    const id = await hub.publish({ topic: "a", data: { n: 1 } }, { idempotencyKey: "k" });
    expect(await hub.publish({ topic: "a", data: '{"n":1}' }, { idempotencyKey: "k" })).toBe(id);
    await expect(hub.publish({ topic: "a", data: { n: 2 } }, { idempotencyKey: "k" })).rejects.toMatchObject({
      code: "idempotency_key_reused",
    });
    expect(await held(hub)).toHaveLength(1);
  });

  it("null means absent, as in JSON, except in data", async () => {
    const hub = open();
    const absent = { id: null, type: null, retry: null, private: null, delayMs: null, deliverAt: null, ttlMs: null };
    await hub.publish({ topic: "a", ...absent } as never);
    expect(await held(hub)).toEqual([{ data: "", private: false, id: expect.any(String) }]);
  });
});

describe("subscribe and revoke", () => {
  it("refuse an unknown option, because without its matchers a reader would get every topic", () => {
    const hub = open();
    expect(() => hub.subscribe({ topic: "a" } as never)).toThrow(/subscribe\(\) has no `topic`/);
    expect(() => hub.subscribe({ matchURLPattern: "/a/*" } as never)).toThrow(/Write `matchUrlPattern`/);
    expect(() => hub.subscribe(null as never)).toThrow(/options of subscribe\(\)/);
  });

  it.each<[string, unknown, RegExp]>([
    ["no tokens", { issuer: "https://issuer.example" }, /`tokenId` of one token or the `subject`/],
    ["an absent subject", { issuer: "https://issuer.example", subject: undefined }, /`tokenId` of one token or the `subject`/],
    ["an empty subject", { issuer: "https://issuer.example", subject: "" }, /`tokenId` of one token or the `subject`/],
    ["a subject that is no text", { issuer: "https://issuer.example", subject: 7 }, /as text/],
    ["a token and a subject", { issuer: "https://issuer.example", subject: "a", tokenId: "b" }, /not both/],
    ["no issuer", { subject: "a" }, /needs the `issuer`/],
    ["claims by their names in a token", { issuer: "https://issuer.example", sub: "a" }, /no `sub`\. Write `subject`/],
    ["an end in seconds", { issuer: "https://issuer.example", subject: "a", until: 1_900_000_000 }, /milliseconds since 1970/],
    ["an end that is a Date", { issuer: "https://issuer.example", subject: "a", until: new Date() }, /milliseconds since 1970/],
    ["nothing", undefined, /A revocation is an object/],
  ])("revoke refuses %s", async (_, revocation, message) => {
    const hub = open();
    await expect(hub.revoke(revocation as Revocation)).rejects.toThrow(message);
    await expect(hub.revoke(revocation as Revocation)).rejects.toBeInstanceOf(TypeError);
    expect(hub.stats().tail).toBe(0);
  });

  it("revoke takes a subject beside a token that is undefined", async () => {
    const hub = open();
    await hub.revoke({ issuer: "https://issuer.example", tokenId: undefined, subject: "a" });
    await hub.revoke({ issuer: "https://issuer.example", tokenId: "a", subject: undefined });
    expect(hub.stats().tail).toBe(2);
  });
});

it("subscribers() is a list", async () => {
  const { hub, url } = await startHub();
  expect(hub.subscribers()).toEqual([]);
  await openStream(`${url}?match=a`);
  await openStream(`${url}?match=b`);
  expect(Array.isArray(hub.subscribers())).toBe(true);
  expect(hub.subscribers()).toHaveLength(2);
  expect(hub.subscribers().map(({ matchers }) => matchers[0]?.pattern)).toEqual(["a", "b"]);
});

describe("without a logger", () => {
  beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
  afterEach(() => void vi.restoreAllMocks());
  const written = (): readonly unknown[][] => vi.mocked(console.error).mock.calls;

  it("a failure of the journal reaches console.error, with its cause", async () => {
    const cause = new Error("the disk is on fire");
    const { url } = await startHub({ journal: Object.assign(memoryJournal(), { append: () => Promise.reject(cause) }) });
    const response = await fetch(url, { method: "POST", body: new URLSearchParams({ topic: "a" }) });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("fire");
    expect(written()).toEqual([["artesian: The hub failed to answer. Its log says why.", { code: "internal", count: 1 }, cause]]);
  });

  it("at most ten a minute, and then says how many there were", () => {
    let now = 0;
    const logger = consoleLogger(() => now);
    for (let i = 0; i < 1000; i++) logger.error({ err: i }, "failed");
    expect(written()).toHaveLength(10);
    now = 60_000;
    logger.error({ err: "later" }, "failed");
    expect(written().slice(10)).toEqual([[expect.stringMatching(/^artesian: 990 more failures/)], ["artesian: failed", "later"]]);
    now = 120_000;
    logger.error({}, "again");
    expect(written().slice(12)).toEqual([["artesian: again"]]);
  });

  it("nothing else is written, and a console that fails ends nothing", () => {
    const logger = consoleLogger();
    logger.debug({}, "debug");
    logger.info({}, "info");
    logger.warn({}, "warn");
    expect(written()).toEqual([]);
    vi.mocked(console.error).mockImplementation(() => {
      throw new Error("closed");
    });
    logger.error({}, "failed");
    expect(written()).toHaveLength(1);
  });
});
