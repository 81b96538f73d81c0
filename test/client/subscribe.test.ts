import { describe, expect, test } from "vitest";
import { ClientError, subscribe, type ClientEvent, type StateDetail, type SubscribeOptions } from "../../packages/client/src/index.ts";
import { answer, deadUrl, scripted, shortStream, stream } from "./server.ts";

/** Reconnects fast, so that tests are. */
const FAST: SubscribeOptions = { retryMs: 1, maxRetryMs: 5 };

async function take(count: number, url: string, options: SubscribeOptions = {}): Promise<ClientEvent[]> {
  const events: ClientEvent[] = [];
  for await (const event of subscribe(url, { ...FAST, ...options })) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

/** Subscribes until the first reconnection, and tells why and after how long it would come. */
async function firstLoss(url: string, options: SubscribeOptions = {}): Promise<StateDetail> {
  const stop = new AbortController();
  let loss: StateDetail | undefined;
  const onState: SubscribeOptions["onState"] = (state, detail) => {
    if (state !== "reconnecting") return;
    loss = detail;
    stop.abort();
  };
  for await (const event of subscribe(url, { ...options, signal: stop.signal, onState })) void event;
  if (loss === undefined) throw new Error("It was not lost.");
  return loss;
}

async function failure(url: string, options: SubscribeOptions = {}): Promise<ClientError> {
  const error: unknown = await take(1, url, options).catch((caught: unknown) => caught);
  if (!(error instanceof ClientError)) throw new Error("It did not fail as it should.", { cause: error });
  return error;
}

describe("what is received", () => {
  test("events come with id, type and data", async () => {
    const server = await scripted(stream('id: 1\ndata: a\ndata: b\n\nevent: note\ndata: {"x":1}\n\n'));
    expect(await take(2, server.url)).toEqual([
      { id: "1", type: "message", data: "a\nb" },
      { id: undefined, type: "note", data: '{"x":1}' },
    ]);
  });

  test("matchers and headers are sent", async () => {
    const server = await scripted(stream("data: a\n\n"));
    await take(1, `${server.url}?keep=1`, { match: ["a b", "c&d"], matchUrlPattern: "/books/:id", headers: { "x-test": "1" } });
    const [request] = server.requests;
    const query = new URL(request?.url ?? "", server.url).searchParams;
    expect([...query]).toEqual([
      ["keep", "1"],
      ["match", "a b"],
      ["match", "c&d"],
      ["match_urlpattern", "/books/:id"],
    ]);
    expect(request?.headers).toMatchObject({ accept: "text/event-stream", "x-test": "1" });
    expect(request?.headers).not.toHaveProperty("last-event-id");
  });

  test("an event that ends with a lone CR does not wait for the next chunk", async () => {
    const server = await scripted(stream("id: 1\rdata: a\r\r"));
    expect(await take(1, server.url)).toEqual([{ id: "1", type: "message", data: "a" }]);
  });

  test("CRLF may be cut in two", async () => {
    const server = await scripted(stream("data: a\r", "\ndata: b\r", "\n\r", "\ndata: c\r\n\r\n"));
    expect((await take(2, server.url)).map((event) => event.data)).toEqual(["a\nb", "c"]);
  });

  test("UTF-8 may be cut anywhere", async () => {
    const bytes = new TextEncoder().encode("id: é\ndata: 水€😀\n\n");
    const server = await scripted(stream(...Array.from(bytes, (byte) => Uint8Array.of(byte))));
    expect(await take(1, server.url)).toEqual([{ id: "é", type: "message", data: "水€😀" }]);
  });

  test("an event that is too long ends the subscription with an error", async () => {
    const server = await scripted(stream(`data: ${"x".repeat(2000)}`));
    expect(await failure(server.url, { maxEventLength: 1000 })).toMatchObject({ code: "event_too_large" });
  });

  test("a consumer that is behind holds the server back, and loses nothing", async () => {
    const total = 4000;
    const data = "x".repeat(10_000);
    let written = 0;
    let stalled: (() => void) | undefined;
    const full = new Promise<void>((resolve) => (stalled = resolve));
    const server = await scripted((res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      const write = (): void => {
        while (written < total) {
          written += 1;
          if (!res.write(`id: ${written}\ndata: ${data}\n\n`)) {
            // Nothing moves any more: the buffers on the way are full.
            const timer = setTimeout(() => stalled?.(), 300);
            res.once("drain", () => (clearTimeout(timer), write()));
            return;
          }
        }
      };
      write();
    });
    let next = 0;
    for await (const event of subscribe(server.url)) {
      next += 1;
      expect(event.id).toBe(String(next));
      if (next === 1) {
        await full;
        expect(written).toBeLessThan(total);
      }
      if (next === total) break;
    }
  });
});

describe("resumption", () => {
  test("a stream that is cut in the middle of an event goes on after the last whole one", async () => {
    const server = await scripted((res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("id: 1\ndata: one\n\nid: 2\ndata: tw", () => setImmediate(() => res.destroy()));
    }, stream("id: 2\ndata: two\n\n"));
    expect((await take(2, server.url)).map((event) => event.data)).toEqual(["one", "two"]);
    expect(server.requests.map((request) => request.headers["last-event-id"])).toEqual([undefined, "1"]);
  });

  test("states are told", async () => {
    const server = await scripted(shortStream("id: 1\ndata: a\n\n"), stream("id: 2\ndata: b\n\n"));
    const states: string[] = [];
    await take(2, server.url, { onState: (state) => states.push(state) });
    expect(states).toEqual(["connecting", "live", "reconnecting", "live", "closed"]);
  });

  test("an id goes as UTF-8, and the first one may be given", async () => {
    const server = await scripted(shortStream("data: a\n\n"), stream("data: b\n\n"));
    await take(2, server.url, { lastEventId: "水 1" });
    for (const request of server.requests) {
      expect(Buffer.from(request.headers["last-event-id"] as string, "latin1").toString("utf8")).toBe("水 1");
    }
  });

  test("hub:cursor moves the cursor and is not yielded", async () => {
    const server = await scripted(shortStream("id: 1\ndata: a\n\nevent: hub:cursor\nid: 7\ndata: {}\n\n"), stream("id: 8\ndata: b\n\n"));
    expect((await take(2, server.url)).map((event) => event.data)).toEqual(["a", "b"]);
    expect(server.requests[1]?.headers["last-event-id"]).toBe("7");
  });

  test("hub:gap is yielded and does not move the cursor", async () => {
    const gap = '{"requested":"0","first":"1","reason":"trimmed"}';
    const server = await scripted(shortStream(`event: hub:gap\ndata: ${gap}\n\n`), stream("id: 8\ndata: b\n\n"));
    const [first] = await take(2, server.url, { lastEventId: "0" });
    expect(first).toEqual({ id: undefined, type: "hub:gap", data: gap });
    expect(server.requests[1]?.headers["last-event-id"]).toBe("0");
  });

  test("hub:drain reconnects in order, with the cursor that follows it", async () => {
    const drain = 'retry: 3\nevent: hub:drain\ndata: {"reconnectInMs":3}\n\n';
    const server = await scripted(
      shortStream("id: 1\ndata: a\n\n", drain, "event: hub:cursor\nid: 5\ndata: {}\n\n"),
      stream("id: 6\ndata: b\n\n"),
    );
    const reasons: (string | undefined)[] = [];
    const events = await take(2, server.url, { onState: (_state, { reason }) => void reasons.push(reason) });
    expect(events.map((event) => event.data)).toEqual(["a", "b"]);
    expect(server.requests[1]?.headers["last-event-id"]).toBe("5");
    expect(reasons).toContain("The hub is shutting down.");
  });

  test("a hub that drains is left alone for as long as it asks", async () => {
    const server = await scripted(shortStream('event: hub:drain\ndata: {"reconnectInMs":4000}\n\n'));
    const { delayMs } = await firstLoss(server.url, FAST);
    expect(delayMs).toBeGreaterThanOrEqual(4000);
    expect(delayMs).toBeLessThan(5000);
  });

  test("a hub that turns the stream away says why", async () => {
    const server = await scripted(shortStream('retry: 9\nevent: hub:drain\ndata: {"reconnectInMs":9,"code":"keys_unavailable"}\n\n'));
    const { reason } = await firstLoss(server.url, FAST);
    expect(reason).toBe("The hub serves no streams just now (keys_unavailable).");
  });

  test("the server's reconnection time is kept to", async () => {
    const server = await scripted(shortStream("retry: 2500\n\n"));
    const { delayMs } = await firstLoss(server.url, FAST);
    expect(delayMs).toBeGreaterThanOrEqual(2500);
    expect(delayMs).toBeLessThan(3200);
  });

  test("503 is tried again, after Retry-After", async () => {
    const server = await scripted(answer(503, "", { "retry-after": "3" }));
    const { delayMs, reason } = await firstLoss(server.url, FAST);
    expect(delayMs).toBeGreaterThanOrEqual(3000);
    expect(reason).toContain("503");
    const busy = await scripted(answer(503, ""), answer(429, ""), answer(408, ""), answer(500, ""), stream("data: a\n\n"));
    expect(await take(1, busy.url)).toHaveLength(1);
  });

  test("a server that is not there is tried again", async () => {
    const { reason } = await firstLoss(await deadUrl(), FAST);
    expect(reason).toContain("ECONNREFUSED");
  });

  test("a stream without a byte is dead", async () => {
    const server = await scripted(stream(), stream("data: a\n\n"));
    expect(await take(1, server.url, { idleTimeoutMs: 1000 })).toHaveLength(1);
    expect(server.requests).toHaveLength(2);
  });

  test("a server that never answers is given up on", async () => {
    const server = await scripted(() => undefined, stream("data: a\n\n"));
    expect(await take(1, server.url, { idleTimeoutMs: 1000 })).toHaveLength(1);
  });

  test("iterating again goes on from the last event that was taken", async () => {
    const server = await scripted(stream("id: 1\ndata: a\n\nid: 2\ndata: b\n\n"), stream("id: 2\ndata: b\n\n"));
    const subscription = subscribe(server.url, FAST);
    for await (const event of subscription) {
      expect(event.data).toBe("a");
      break;
    }
    expect(subscription.lastEventId).toBe("1");
    for await (const event of subscription) {
      expect(event.data).toBe("b");
      break;
    }
    expect(server.requests[1]?.headers["last-event-id"]).toBe("1");
  });
});

describe("the end", () => {
  test("a refusal throws with the hub's explanation", async () => {
    const problem = JSON.stringify({ title: "t", detail: "Check the matcher.", code: "invalid_matcher", status: 400 });
    const server = await scripted(answer(400, problem, { "content-type": "application/problem+json" }));
    const error = await failure(server.url);
    expect(error).toMatchObject({ message: "Check the matcher.", code: "invalid_matcher", status: 400, temporary: false });
    expect(server.requests).toHaveLength(1);
  });

  test("what is not an event stream throws", async () => {
    const page = await scripted(answer(200, "<html>", { "content-type": "text/html" }));
    expect(await failure(page.url)).toMatchObject({ code: "not_a_stream" });
    const missing = await scripted(answer(404, "<html>", { "content-type": "text/html" }));
    expect(await failure(missing.url)).toMatchObject({ code: "http_error", status: 404 });
  });

  test("204 ends the iteration", async () => {
    const server = await scripted(shortStream("data: a\n\n"), answer(204, ""));
    expect(await take(2, server.url)).toHaveLength(1);
  });

  test("leaving the loop closes the stream", async () => {
    let closed: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const server = await scripted((res, req) => {
      res.on("close", () => closed?.());
      stream("data: a\n\n")(res, req);
    });
    await take(1, server.url);
    await gone;
  });

  test("an abort ends the iteration, without an error, wherever it stands", async () => {
    const stop = new AbortController();
    const server = await scripted(stream("data: a\n\ndata: b\n\n"));
    const events: string[] = [];
    for await (const event of subscribe(server.url, { signal: stop.signal })) {
      events.push(event.data);
      stop.abort();
    }
    expect(events).toEqual(["a"]);
    const waiting = new AbortController();
    const silent = await scripted(stream());
    for await (const event of subscribe(silent.url, { signal: waiting.signal, onState: (state) => state === "live" && waiting.abort() }))
      void event;
    expect(await take(1, silent.url, { signal: AbortSignal.abort() })).toEqual([]);
  });

  test("misuse is told at once", async () => {
    expect(() => subscribe("/events/stream")).toThrow(TypeError);
    expect(() => subscribe("ftp://example.com")).toThrow(/http/);
    const server = await scripted(stream("data: a\n\n"));
    const subscription = subscribe(server.url);
    for await (const event of subscription) {
      void event;
      await expect(subscription[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
      break;
    }
  });
});
