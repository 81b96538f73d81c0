import { once } from "node:events";
import { mintToken } from "artesian/http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  createEventSource,
  type ClientEventSource,
  type EventSourceErrorEvent,
  type EventSourceOptions,
} from "../../packages/client/src/event-source.ts";
import { ClientError } from "../../packages/client/src/index.ts";
import { startHub } from "../support/server.ts";
import { answer, deadUrl, scripted, shortStream, stream, type Script } from "./server.ts";

/** Reconnects fast, so that tests are. */
const FAST: EventSourceOptions = { retryMs: 1, maxRetryMs: 5 };
const PAGE = answer(200, "<html>", { "content-type": "text/html" });

/** Opens a source that closes with the test. */
function open(url: string, options: EventSourceOptions = {}): ClientEventSource {
  const source = createEventSource(url, { ...FAST, ...options });
  onTestFinished(() => source.close());
  return source;
}

/** Waits for an event. */
function heard(source: ClientEventSource, type: string): Promise<MessageEvent> {
  return new Promise((resolve) => source.addEventListener(type, resolve, { once: true }));
}

/** Waits until the source is closed. Returns the states that its errors had, and the last error. */
function closed(source: ClientEventSource): Promise<{ states: number[]; last: EventSourceErrorEvent }> {
  const states: number[] = [];
  return new Promise((resolve) => {
    source.addEventListener("error", (event) => {
      states.push(source.readyState);
      if (source.readyState === source.CLOSED) resolve({ states, last: event as EventSourceErrorEvent });
    });
  });
}

describe("the object", () => {
  test("is an EventSource for TypeScript, and to look at", async () => {
    const { url } = await scripted(stream());
    const source: EventSource = open(`${url}?a=b#c`, { match: "topic" });
    expect(source).toBeInstanceOf(EventTarget);
    expect(source).toMatchObject({ CONNECTING: 0, OPEN: 1, CLOSED: 2, readyState: 0, withCredentials: false, url: `${url}?a=b#c` });
    expect([source.onopen, source.onmessage, source.onerror]).toEqual([null, null, null]);
    expect(open(url, { withCredentials: true }).withCredentials).toBe(true);
  });

  test("calls a handler in its turn among the listeners, which a new handler keeps", async () => {
    const { url } = await scripted(stream("data: a\n\n", "data: b\n\n"));
    const source = open(url);
    const calls: string[] = [];
    const note = (name: string) => () => void calls.push(name);
    source.addEventListener("message", note("first"));
    Object.assign(source, { onmessage: note("old") });
    source.addEventListener("message", note("second"));
    Object.assign(source, { onmessage: note("handler") });
    await heard(source, "message");
    Object.assign(source, { onmessage: null });
    await heard(source, "message");
    expect(calls).toEqual(["first", "handler", "second", "first", "second"]);
    Reflect.set(source, "onmessage", "no function");
    expect(source.onmessage).toBeNull();
  });

  test("asks for nothing if it is closed at once", async () => {
    const server = await scripted(stream());
    const source = createEventSource(server.url);
    source.close();
    expect(source.readyState).toBe(2);
    const next = open(server.url);
    await heard(next, "open");
    expect(server.requests).toHaveLength(1);
  });

  test("dispatches nothing after close(), also of bytes that are there", async () => {
    let gone: Promise<unknown> | undefined;
    const { url } = await scripted((res, req) => {
      stream("data: a\n\ndata: b\n\n")(res, req);
      gone = once(res, "close");
    });
    const source = open(url);
    const data: unknown[] = [];
    source.addEventListener("error", () => void data.push("error"));
    source.addEventListener("message", (event) => {
      data.push(event.data);
      source.close();
    });
    await heard(source, "message");
    await gone;
    expect(data).toEqual(["a"]);
  });

  test("dispatches nothing after close(), however soon after a message it comes", async () => {
    const fetch = async (): Promise<Response> =>
      new Response("data: a\n\ndata: b\n\n", { headers: { "content-type": "text/event-stream" } });
    const heard: string[][] = [];
    for (let microtasks = 0; microtasks < 20; microtasks++) {
      const source = createEventSource("http://hub.example/", { fetch });
      const events: string[] = [];
      heard.push(events);
      source.addEventListener("message", () => void events.push("message"));
      source.addEventListener("error", () => void events.push("error"));
      await new Promise((resolve) => source.addEventListener("message", resolve, { once: true }));
      for (let i = 0; i < microtasks; i++) await Promise.resolve();
      source.close();
      events.push("closed");
    }
    await new Promise(setImmediate);
    expect(heard.map((events) => events.at(-1))).toEqual(heard.map(() => "closed"));
    expect(heard[0]).toEqual(["message", "closed"]);
  });

  test("is closed by the signal, without an event", async () => {
    const { url } = await scripted(stream());
    const stop = new AbortController();
    const source = open(url, { signal: stop.signal });
    const errors = vi.fn<() => void>();
    source.addEventListener("error", errors);
    await heard(source, "open");
    stop.abort();
    await vi.waitFor(() => expect(source.readyState).toBe(2));
    expect(errors).not.toHaveBeenCalled();
  });

  test("tells misuse at once", () => {
    expect(() => createEventSource("/stream")).toThrow(expect.objectContaining({ name: "SyntaxError" }));
    expect(() => createEventSource("http://a/", { token: "a b" })).toThrow(TypeError);
    expect(() => createEventSource("http://a/", { matches: "x" } as EventSourceOptions)).toThrow(/no option `matches`/);
  });
});

describe("a message", () => {
  test("has the origin of the final URL, and the id of an earlier event", async () => {
    const target = await scripted(stream("id: 1\n\ndata: a\n\n"));
    const { url } = await scripted(answer(302, "", { location: target.url }));
    const { origin, lastEventId, data } = await heard(open(url), "message");
    expect({ origin, lastEventId, data }).toEqual({ origin: new URL(target.url).origin, lastEventId: "1", data: "a" });
  });

  test("begins with the id that the options give", async () => {
    const server = await scripted(stream("data: a\n\n"));
    expect((await heard(open(server.url, { lastEventId: "9" }), "message")).lastEventId).toBe("9");
    expect(server.requests[0]?.headers["last-event-id"]).toBe("9");
  });

  test("comes with headers and a token that is renewed, as `subscribe` sends them", async () => {
    const issuer = "https://issuer.example";
    const secret = "a secret of at least thirty-two bytes";
    const hubUrl = "https://hub.example/.well-known/mercure";
    const authorization = { issuers: [{ issuer, keys: [{ secret, algorithms: ["HS256" as const] }] }] };
    const { hub, url } = await startHub({ url: hubUrl, anonymous: false, authorization });
    let calls = 0;
    const token = (): Promise<string> =>
      mintToken({
        // The first token is of another key. The hub refuses it.
        key: { secret: calls++ === 0 ? `${secret}!` : secret, algorithm: "HS256" },
        issuer,
        audience: hubUrl,
        subject: "someone",
        subscribe: [{ topics: [{ type: "exact", pattern: "*" }], payload: undefined }],
        lifetimeSeconds: 60,
      });
    const source = open(url, { token, match: "t" });
    await heard(source, "open");
    await hub.publish({ topic: "t", data: "secret", private: true });
    expect((await heard(source, "message")).data).toBe("secret");
    expect(calls).toBe(2);
    const server = await scripted(stream());
    await heard(open(server.url, { headers: { "x-test": "1" }, token: "abc" }), "open");
    expect(server.requests[0]?.headers).toMatchObject({ "x-test": "1", authorization: "Bearer abc" });
  });

  test("of the hub itself is `hub:gap` only", async () => {
    const { url } = await scripted(
      stream("event: hub:cursor\nid: 1\ndata: {}\n\nevent: hub:expiring\ndata: {}\n\n", 'event: hub:gap\ndata: {"reason":"trimmed"}\n\n'),
    );
    const source = open(url);
    const types: string[] = [];
    for (const type of ["message", "hub:cursor", "hub:expiring"]) source.addEventListener(type, () => void types.push(type));
    const { data, lastEventId } = await heard(source, "hub:gap");
    expect({ data, lastEventId, types }).toEqual({ data: '{"reason":"trimmed"}', lastEventId: "1", types: [] });
  });
});

describe("a failure that may pass", () => {
  const cut: Script = (res) => res.destroy();

  test("never closes it, before the first stream", async () => {
    const server = await scripted(cut, answer(503, ""), answer(502, ""), answer(429, ""), answer(408, ""), stream("data: a\n\n"));
    const source = open(server.url);
    const states: number[] = [];
    source.addEventListener("error", () => void states.push(source.readyState));
    expect((await heard(source, "message")).data).toBe("a");
    expect(states).toEqual([0, 0, 0, 0, 0]);
    const dead = open(await deadUrl());
    const error = (await heard(dead, "error")) as unknown as EventSourceErrorEvent;
    expect([dead.readyState, error.message, error.error]).toEqual([0, expect.stringMatching(/cannot be reached/), undefined]);
  });

  test("never closes it after a stream was open: a proxy's pages and refusals are an outage, however long", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const later =
      (script: Script): Script =>
      (res, req) => (vi.advanceTimersByTime(3_600_000), script(res, req));
    const foreign = [PAGE, answer(404, "<html>"), answer(403, "no"), answer(500, ""), PAGE].map(later);
    const server = await scripted(shortStream("id: 1\ndata: a\n\n"), ...foreign, shortStream("data: b\n\n"), answer(204, ""));
    const source = open(server.url);
    const data: unknown[] = [];
    source.addEventListener("message", (event) => void data.push(event.data));
    const { states } = await closed(source);
    expect(data).toEqual(["a", "b"]);
    expect(states).toEqual([...Array.from({ length: 7 }, () => 0), 2]);
    expect(server.requests.at(-1)?.headers["last-event-id"]).toBe("1");
  });
});

describe("a failure that is final", () => {
  const problem = JSON.stringify({ detail: "Ask for less.", code: "insufficient_scope" });
  const refusal = answer(403, problem, { "content-type": "application/problem+json" });

  test.each([
    { name: "a page at first", scripts: [PAGE], code: "not_a_stream" },
    { name: "the hub's own refusal, also after a stream", scripts: [shortStream("data: a\n\n"), refusal], code: "insufficient_scope" },
    { name: "an event that is too long", scripts: [stream(`data: ${"x".repeat(200)}`)], code: "event_too_large" },
  ])("closes it and tells why: $name", async ({ scripts, code }) => {
    const server = await scripted(...scripts);
    const { last } = await closed(open(server.url, { maxEventLength: 100 }));
    expect(last.error).toBeInstanceOf(ClientError);
    expect(last).toMatchObject({ error: { code }, message: (last.error as Error).message });
    expect(server.requests).toHaveLength(scripts.length);
  });

  test("closes it if no stream can be read at all", async () => {
    vi.stubGlobal("Response", function Response() {});
    onTestFinished(() => void vi.unstubAllGlobals());
    const { last } = await closed(open("http://hub.example/"));
    expect(last.error).toMatchObject({ code: "no_body_stream" });
  });

  test("after 204 has no error", async () => {
    const server = await scripted(answer(204, ""));
    const { last, states } = await closed(open(server.url));
    expect([last.error, last.message, states]).toEqual([undefined, "The server ended the stream.", [2]]);
  });
});
