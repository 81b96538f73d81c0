import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  connect,
  ClientError,
  publish,
  type PublishOptions,
  subscribe,
  type ClientEvent,
  type Live,
  type StateDetail,
  type SubscribeOptions,
  type UpdateInput,
} from "../../packages/client/src/index.ts";
import { createBackoff } from "../../packages/client/src/backoff.ts";
import { createEventSource } from "../../packages/client/src/event-source.ts";
import { answer, scripted, shortStream, stream, type Script } from "./server.ts";

/** Reconnects fast, so that tests are. */
const FAST: SubscribeOptions = { retryMs: 1, maxRetryMs: 5 };
const PAGE = answer(200, "<html>", { "content-type": "text/html" });

/** A stream that stays silent, and when its connection was closed. */
function silent(): { readonly script: Script; readonly closed: Promise<void> } {
  let close: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  const script: Script = (res, req) => {
    res.on("close", () => close?.());
    stream()(res, req);
  };
  return { script, closed };
}

/** Waits until a subscription is in a state. */
function reaching(wanted: string): { readonly reached: Promise<void>; readonly onState: NonNullable<SubscribeOptions["onState"]> } {
  let reach: (() => void) | undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return { reached, onState: (state) => state === wanted && reach?.() };
}

async function failure(run: () => Promise<unknown>): Promise<ClientError> {
  const error: unknown = await run().catch((caught: unknown) => caught);
  if (!(error instanceof ClientError)) throw new Error("It did not fail as it should.", { cause: error });
  return error;
}

async function readAll(url: string, options: SubscribeOptions): Promise<ClientEvent[]> {
  const events: ClientEvent[] = [];
  for await (const event of subscribe(url, { ...FAST, ...options })) events.push(event);
  return events;
}

/** Why it was lost, as often as it is asked for, and after how long it would come back. */
async function losses(count: number, url: string, options: SubscribeOptions = {}): Promise<readonly StateDetail[]> {
  const stop = new AbortController();
  const seen: StateDetail[] = [];
  const onState: SubscribeOptions["onState"] = (state, detail) => {
    if (state === "reconnecting" && seen.push(detail) === count) stop.abort();
  };
  await readAll(url, { ...options, signal: stop.signal, onState });
  return seen;
}

describe("return()", () => {
  test("ends the iteration at once while next() waits, and closes the stream", async () => {
    const { script, closed } = silent();
    const server = await scripted(script);
    const { reached, onState } = reaching("live");
    const iterator = subscribe(server.url, { onState })[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await reached;
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    await closed;
  });

  test("of a fetch that heeds no signal, too", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
    const deaf = async (): Promise<Response> => new Response(body, { headers: { "content-type": "text/event-stream" } });
    const { reached, onState } = reaching("live");
    const iterator = subscribe("http://hub.example/", { onState, fetch: deaf })[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await reached;
    await iterator.return?.();
    expect((await waiting).done).toBe(true);
    expect(cancelled).toBe(true);
  });

  test("ends it while it waits to reconnect, and while the server does not answer", async () => {
    const away = await scripted(answer(503, ""));
    const slow = reaching("reconnecting");
    const first = subscribe(away.url, { retryMs: 60_000, onState: slow.onState })[Symbol.asyncIterator]();
    const waiting = first.next();
    await slow.reached;
    await first.return?.();
    expect((await waiting).done).toBe(true);
    let ask: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const mute = await scripted(() => ask?.());
    const second = subscribe(mute.url)[Symbol.asyncIterator]();
    const unanswered = second.next();
    await asked;
    await second.return?.();
    expect((await unanswered).done).toBe(true);
  });

  test("leaves a subscription that can be iterated again", async () => {
    const { script } = silent();
    const server = await scripted(script, stream("data: a\n\n"));
    const { reached, onState } = reaching("live");
    const subscription = subscribe(server.url, { onState });
    const iterator = subscription[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await reached;
    await iterator.return?.();
    await waiting;
    const again = subscription[Symbol.asyncIterator]();
    expect((await again.next()).value).toMatchObject({ data: "a" });
    await again.return?.();
  });

  test("before the first next() asks nobody", async () => {
    const server = await scripted(stream());
    const iterator = subscribe(server.url)[Symbol.asyncIterator]();
    await iterator.return?.();
    expect((await iterator.next()).done).toBe(true);
    expect(server.requests).toHaveLength(0);
  });

  test.each([["without"], ["with"]])("by Readable.destroy(), %s an error, closes the stream", async (how) => {
    const { script, closed } = silent();
    const server = await scripted(script);
    const { reached, onState } = reaching("live");
    const readable = Readable.from(subscribe(server.url, { onState }));
    readable.on("error", () => undefined);
    readable.resume();
    await reached;
    readable.destroy(how === "with" ? new Error("No more.") : undefined);
    await closed;
  });

  test("leaves nothing behind on the signal", async () => {
    const server = await scripted(stream("data: a\n\n"));
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    for await (const event of subscribe(server.url, { signal })) if (event.data === "a") break;
    expect(listeners).toBe(0);
  });
});

describe("the cursor", () => {
  test("moves with an id without data, which is not yielded", async () => {
    const server = await scripted(shortStream("id: 1\ndata: a\n\nid: 2\n\n"), stream("data: b\n\n"));
    const subscription = subscribe(server.url, FAST);
    const received: string[] = [];
    for await (const { data } of subscription) if (received.push(data) === 2) break;
    expect(received).toEqual(["a", "b"]);
    expect(server.requests[1]?.headers["last-event-id"]).toBe("2");
  });

  test("does not move past an event that was not taken", async () => {
    const server = await scripted(stream("id: 1\ndata: a\n\nid: 2\n\n"));
    const subscription = subscribe(server.url, FAST);
    for await (const event of subscription) {
      void event;
      break;
    }
    expect(subscription.lastEventId).toBe("1");
  });
});

describe("comments", () => {
  test("of any length do not count as an event", async () => {
    const server = await scripted(stream(`:${" ".repeat(5000)}`, `${" ".repeat(5000)}\ndata: a\n\n`));
    const iterator = subscribe(server.url, { maxEventLength: 1000 })[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ data: "a" });
    await iterator.return?.();
  });
});

describe("what the server asks for", () => {
  const drain = (ms: number): Script => shortStream(`event: hub:drain\ndata: {"reconnectInMs":${ms}}\n\n`);
  const MONTH = 25 * 86_400_000;

  test.each([
    ["retry: 0", shortStream("retry: 0\n\n"), 500],
    ["retry: 25 days", shortStream(`retry: ${MONTH}\n\n`), 300_000],
    ["retry: more than a number holds", shortStream(`retry: ${"9".repeat(400)}\n\n`), 300_000],
    ["hub:drain: 25 days", drain(MONTH), 300_000],
    ["Retry-After: 25 days", answer(503, "", { "retry-after": String(MONTH / 1000) }), 300_000],
  ] as const)("is obeyed between the floor and the ceiling (%s)", async (_name, script, wantedMs) => {
    const server = await scripted(script);
    const [loss] = await losses(1, server.url);
    expect(loss?.delayMs).toBeGreaterThanOrEqual(wantedMs);
    expect(loss?.delayMs).toBeLessThanOrEqual(wantedMs * 1.25);
  });

  test("is obeyed between the program's own bounds", async () => {
    const bounds = { retryFloorMs: 20, retryCeilingMs: 4000 };
    const low = await scripted(shortStream("retry: 0\n\n"));
    expect((await losses(1, low.url, bounds))[0]?.delayMs).toBeLessThanOrEqual(25);
    const high = await scripted(drain(MONTH));
    expect((await losses(1, high.url, bounds))[0]?.delayMs).toBeLessThanOrEqual(5000);
  });
});

describe("failures in a row", () => {
  const DELAYS: SubscribeOptions = { retryMs: 2, maxRetryMs: 64, retryFloorMs: 1 };
  const grown = (details: readonly StateDetail[]): number => details.at(-1)?.delayMs ?? 0;
  // The longest delays that chance may give.
  beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0.99));
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    ["closes", shortStream()],
    ["sends a comment and closes", shortStream(": hello\n\n")],
    ["sends the hub's first events and closes", shortStream("event: hub:cursor\nid: 1\ndata: {}\n\n")],
    ["is cut in the middle of an event", shortStream("id: 1\ndata: a")],
  ] as const)("are not forgotten by a server that accepts, %s", async (_name, script) => {
    const server = await scripted(script);
    expect(grown(await losses(7, server.url, DELAYS))).toBeGreaterThanOrEqual(32);
  });

  test("lead to longer pauses, also if the program sets none", () => {
    const backoff = createBackoff(0, 0);
    const delays = Array.from({ length: 20 }, () => backoff.next());
    expect(delays.at(-1)).toBeGreaterThan(500);
  });

  test("are forgotten after an update", async () => {
    const server = await scripted(shortStream("data: a\n\n"));
    for (const { delayMs } of await losses(7, server.url, DELAYS)) expect(delayMs).toBeLessThanOrEqual(2.5);
  });

  test("are forgotten after some uptime, without an update", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const failing = shortStream(": hello\n\n");
    const server = await scripted(failing, failing, failing, failing, failing, (res, req) => {
      vi.advanceTimersByTime(10_000);
      failing(res, req);
    });
    const details = await losses(6, server.url, DELAYS);
    expect(details[4]?.delayMs).toBeGreaterThanOrEqual(16);
    // The clock went on while the head was waited for, which is no uptime.
    expect(grown(details)).toBeGreaterThanOrEqual(16);
    const steady = await scripted(failing, failing, failing, failing, failing, (res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write(": hello\n\n", () => void delay(50).then(() => (vi.advanceTimersByTime(10_000), res.end())));
    });
    expect(grown(await losses(6, steady.url, DELAYS))).toBeLessThanOrEqual(2.5);
  });
});

describe("an outage", () => {
  test("of a proxy that answers with pages and refusals does not end a subscription", async () => {
    const html = { "content-type": "text/html" };
    const server = await scripted(
      shortStream("id: 1\ndata: a\n\n"),
      PAGE,
      answer(404, "<html>", html),
      answer(403, "no", { "content-type": "text/plain" }),
      answer(301, "", html),
      answer(400, "{}", { "content-type": "application/json" }),
      shortStream("id: 2\ndata: b\n\n"),
      answer(204, ""),
    );
    expect((await readAll(server.url, {})).map(({ data }) => data)).toEqual(["a", "b"]);
    expect(server.requests.slice(1, 7).map(({ headers }) => headers["last-event-id"])).toEqual(Array.from({ length: 6 }, () => "1"));
  });

  test("ends it at the bound", async () => {
    const server = await scripted(shortStream("data: a\n\n"), PAGE);
    const startedMs = performance.now();
    expect(await failure(() => readAll(server.url, { giveUpAfterMs: 100 }))).toMatchObject({ code: "not_a_stream" });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(100);
    expect(server.requests.length).toBeGreaterThan(3);
    const hasty = await scripted(shortStream("data: a\n\n"), answer(404, ""));
    expect(await failure(() => readAll(hasty.url, { giveUpAfterMs: 0 }))).toMatchObject({ code: "http_error", status: 404 });
    expect(hasty.requests).toHaveLength(2);
  });

  test("is counted from the last stream", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const later: Script = (res, req) => (vi.advanceTimersByTime(70_000), PAGE(res, req));
    const server = await scripted(shortStream("data: a\n\n"), later, later, shortStream("data: b\n\n"), later, later, answer(204, ""));
    expect(await readAll(server.url, { giveUpAfterMs: 100_000 })).toHaveLength(2);
  });

  test("is none where the hub itself refuses", async () => {
    const problem = JSON.stringify({ title: "t", detail: "Ask for less.", code: "insufficient_scope", status: 403 });
    const server = await scripted(shortStream("data: a\n\n"), answer(403, problem, { "content-type": "application/problem+json" }));
    expect(await failure(() => readAll(server.url, {}))).toMatchObject({ code: "insufficient_scope" });
    expect(server.requests).toHaveLength(2);
  });
});

describe("a fetch without a body stream", () => {
  const HEADERS = { "content-type": "text/event-stream" };

  /** As React Native's: it answers when all has come, and the answer has no `body`. */
  function bodiless(status: number, text: string, headers: Readonly<Record<string, string>>): Response {
    const { ok } = new Response(null, { status });
    // Of a response, the client uses no more than these.
    return { status, ok, statusText: "", headers: new Headers(headers), text: async () => text } as unknown as Response;
  }

  test("is said, once", async () => {
    let calls = 0;
    const fetch = async (): Promise<Response> => (calls++, bodiless(200, "data: a\n\n", HEADERS));
    const error = await failure(() => readAll("http://hub.example/", { fetch }));
    expect(error).toMatchObject({ code: "no_body_stream", temporary: false });
    expect(error.message).toContain("`fetch` option");
    expect(calls).toBe(1);
  });

  test("is said also of another kind of stream", async () => {
    const response = Object.defineProperty(bodiless(200, "", HEADERS), "body", { value: Readable.from(["data: a\n\n"]) });
    expect(await failure(() => readAll("http://hub.example/", { fetch: async () => response }))).toMatchObject({ code: "no_body_stream" });
  });

  test("is said before anything is sent, where the platform's own is of that kind", async () => {
    vi.stubGlobal("Response", function Response() {});
    vi.stubGlobal("fetch", () => new Promise(() => undefined));
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(await failure(() => readAll("http://hub.example/", {}))).toMatchObject({ code: "no_body_stream" });
  });

  test("still tells the hub's own explanation", async () => {
    const problem = JSON.stringify({ detail: "Check the matcher.", code: "invalid_matcher" });
    const fetch = async (): Promise<Response> => bodiless(400, problem, { "content-type": "application/problem+json" });
    expect(await failure(() => readAll("http://hub.example/", { fetch }))).toMatchObject({ message: "Check the matcher." });
  });
});

/** A connection without a hub. */
function idle(): Live {
  const live = connect("http://127.0.0.1:9/");
  onTestFinished(() => live.close());
  return live;
}

const MISSPELT: object = { tokn: "a" };

describe("a name that the client does not know", () => {
  test.each([
    ["a topic as a matcher", () => subscribe("http://127.0.0.1:9/", { topic: "a" } as object), /There is no option `topic`\./],
    ["a cursor of the wire", () => subscribe("http://127.0.0.1:9/", { last_event_id: "1" } as object), /no option `last_event_id`\./],
    ["last, which goes in the URL", () => subscribe("http://127.0.0.1:9/", { last: 1 } as object), /no option `last`/],
    ["a typing error", () => connect("http://127.0.0.1:9/", { tokn: "a" } as object), /no option `tokn`/],
    ["a typing error for a source", () => createEventSource("http://127.0.0.1:9/", MISSPELT), /no option `tokn`/],
  ])("is refused: %s", (_, call, message) => {
    expect(call).toThrow(message);
  });

  test.each<[name: string, value: unknown]>([
    ["retryMs", "5 s"],
    ["maxRetryMs", -1],
    ["idleTimeoutMs", NaN],
    ["maxEventLength", "16"],
    ["giveUpAfterMs", null],
    ["pollMs", -5],
    ["maxQueued", {}],
    ["pauseHiddenMs", "never"],
    ["share", "tab"],
    ["retryMs", 10n],
    ["maxRetryMs", Symbol("long")],
    ["onInvalid", {}],
    ["onDropped", "log"],
    ["fetch", 5],
    ["shareKey", 5],
    ["signal", 5],
  ])("is refused with a value that it can't have: %s", (name, value) => {
    expect(() => connect("http://127.0.0.1:9/", { [name]: value })).toThrow(new RegExp(`^\`${name}\` is`));
  });

  test.each<[name: string, call: (wrong: never) => unknown]>([
    ["the options of connect", (wrong) => connect("http://127.0.0.1:9/", wrong)],
    ["the options of subscribe", (wrong) => subscribe("http://127.0.0.1:9/", wrong)],
    ["the options of a source", (wrong) => createEventSource("http://127.0.0.1:9/", wrong)],
    ["the options of publish", async (wrong) => publish("http://127.0.0.1:9/", { topic: "a" }, wrong)],
    ["fetch", (fetch) => subscribe("http://127.0.0.1:9/", { fetch })],
    ["fetch of a source", (fetch) => createEventSource("http://127.0.0.1:9/", { fetch })],
    ["fetch of publish", async (fetch) => publish("http://127.0.0.1:9/", { topic: "a" }, { fetch })],
    ["onState of subscribe", (onState) => subscribe("http://127.0.0.1:9/", { onState })],
    ["onState of a source", (onState) => createEventSource("http://127.0.0.1:9/", { onState })],
    ["a listener of a topic", (listener) => idle().topic("/a").on("*", listener)],
    [
      "a type of events",
      (type) =>
        idle()
          .topic("/a")
          .on(type, () => undefined),
    ],
    ["a listener of states", (listener) => idle().onState(listener)],
    ["a listener of gaps", (listener) => idle().onGap(listener)],
    ["a listener of a snapshot", (listener) => idle().latest("/a").subscribe(listener)],
    ["a schema of a topic", (schema) => idle().topic("/a", schema)],
    ["a schema of a snapshot", (schema) => idle().latest("/a", schema)],
  ])("is refused at the call if its type is another: %s", async (_, call) => {
    for (const wrong of [5, null, true]) {
      await expect(Promise.resolve().then(() => call(wrong as never))).rejects.toThrow(TypeError);
    }
  });

  test.each<[string, UpdateInput, PublishOptions, RegExp]>([
    ["a time of the wire", { topic: "a", deliver_at: "2030-01-01T00:00:00Z" } as UpdateInput, {}, /has no `deliver_at`\./],
    ["another word for data", { topic: "a", message: "hello" } as UpdateInput, {}, /An update has no `message`/],
    ["a key", { topic: "a" }, { idempotencykey: "k" } as PublishOptions, /no option `idempotencykey`\./],
  ])("is refused before anything is published: %s", async (_, update, options, message) => {
    await expect(publish("http://127.0.0.1:9/", update, options)).rejects.toThrow(message);
    await expect(publish("http://127.0.0.1:9/", [update], options)).rejects.toThrow(message);
  });
});
