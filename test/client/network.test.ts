import { describe, expect, onTestFinished, test } from "vitest";
import { connect, subscribe } from "../../packages/client/src/index.ts";
import { AT_ONCE, wantsStream } from "../support/cuts.ts";
import { answerOf } from "../support/hostile-proxy.ts";
import { startHub } from "../support/server.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { answer, scripted, shortStream, stream, type Script } from "./server.ts";
import { countTo, hostile, statusOf, WAIT, watch } from "./watch.ts";

test.each(["subscribe()", "connect()"])("%s takes answers whose bytes come one by one", async (name) => {
  const { hub, origin } = await startHub();
  const { url } = await hostile(origin, () => ({ splits: true }));
  const got: string[] = [];
  const text = (i: number): string => `${i}: é水😀\r\n\n${"x".repeat(i)}`;
  if (name === "connect()") {
    const watched = watch(url);
    await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
    for (let i = 0; i < 50; i++) await hub.publish({ topic: "t", data: text(i) });
    await expect.poll(() => watched.got.length, WAIT).toBe(50);
    got.push(...watched.got);
  } else {
    await hub.publish({ topic: "t", data: text(0) });
    for (let i = 1; i < 50; i++) await hub.publish({ topic: "t", data: text(i) });
    for await (const { data } of subscribe(url, { match: "t", lastEventId: "earliest" })) if (got.push(data) === 50) break;
  }
  expect(got).toEqual(Array.from({ length: 50 }, (_, i) => text(i).replace("\r\n", "\n")));
});

test.each(["subscribe()", "connect()"])("%s leaves a stream that stalls after any byte", async (name) => {
  const { hub, origin } = await startHub();
  let isReady = false;
  let after = 0;
  // A head has about 500 bytes.
  const proxy = await hostile(origin, () => (isReady && after < 900 ? { stallAfter: (after += 60) } : {}));
  const got: string[] = [];
  if (name === "connect()") {
    // A stream that brings nothing is polled for, and the polls stall as well.
    const watched = watch(proxy.url, { idleTimeoutMs: 150, firstByteMs: 150, pollMs: 200 });
    await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
    isReady = true;
    for (let i = 0; i < 100; i++) await hub.publish({ topic: "t", data: String(i) });
    await expect.poll(() => after, WAIT).toBeGreaterThanOrEqual(900);
    await expect.poll(() => watched.got.length, WAIT).toBe(100);
    got.push(...watched.got);
  } else {
    const subscription = subscribe(proxy.url, { match: "t", ...AT_ONCE, idleTimeoutMs: 150, lastEventId: "earliest" });
    isReady = true;
    for (let i = 0; i < 100; i++) await hub.publish({ topic: "t", data: String(i) });
    for await (const { data } of subscription) if (got.push(data) === 100) break;
  }
  expect(got).toEqual(countTo(100));
});

const PAGE = answerOf("200 OK", "<p>Log in</p>", "Content-Type: text/html");

describe("answers of a proxy in the hub's place", () => {
  const ANSWERS: Record<string, string> = {
    "502": answerOf("502 Bad Gateway", "<p>Bad</p>", "Content-Type: text/html"),
    "503 with Retry-After: 0": answerOf("503 Service Unavailable", "", "Retry-After: 0"),
    "503 with an absurd Retry-After": answerOf("503 Service Unavailable", "", `Retry-After: ${2 ** 53}`),
    "a redirect to itself": answerOf("307 Temporary Redirect", "", "Location: /events/stream"),
    "a page": PAGE,
    "404": answerOf("404 Not Found", "<p>None</p>", "Content-Type: text/html"),
    garbage: "\0\x01garbage\r\n\r\n",
    nothing: "",
    "a stream of garbage": answerOf("200 OK", "garbage\0\n\n\uFEFFid: 1\n:\n\n\ndata", "Content-Type: text/event-stream"),
  };
  test.each(Object.keys(ANSWERS))("an outage by %s loses and repeats nothing", async (name) => {
    const { hub, origin } = await startHub();
    let isOut = false;
    let outages = 0;
    const proxy = await hostile(origin, () => {
      if (isOut) outages += 1;
      return isOut ? { answer: ANSWERS[name] ?? "" } : {};
    });
    const { url } = proxy;
    const watched = watch(url);
    const got: string[] = [];
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const subscription = subscribe(url, { match: "t", ...AT_ONCE, signal: stop.signal });
    void (async () => {
      for await (const { data } of subscription) got.push(data);
    })();
    await expect.poll(() => watched.connection.state.status === "live" && subscription.lastEventId !== undefined, WAIT).toBe(true);
    isOut = true;
    proxy.cut();
    for (let i = 0; i < 50; i++) await hub.publish({ topic: "t", data: String(i) });
    await expect.poll(() => outages, WAIT).toBeGreaterThan(6);
    await expect.poll(() => watched.connection.state, WAIT).toMatchObject({ status: "offline", reason: expect.any(String) });
    isOut = false;
    await expect.poll(() => [watched.got.length, got.length], WAIT).toEqual([50, 50]);
    expect([watched.got, got]).toEqual([countTo(50), countTo(50)]);
    expect(statusOf(watched)).not.toContain("live (polling)");
  });

  const FINAL: readonly (readonly [name: string, script: Script, reason: RegExp])[] = [
    ["204", (res) => res.writeHead(204).end(), /ended the stream/],
    ["401", answer(401, ""), /401/],
    ["403", answer(403, '{"detail":"Not for you.","code":"forbidden"}', { "content-type": "application/problem+json" }), /Not for you/],
    ["404", answer(404, ""), /404/],
    ["a page", answer(200, "<p>Hello</p>", { "content-type": "text/html" }), /text\/html/],
  ];
  test.each(FINAL)("%s from the start ends nothing, and the next attempt is long after", async (_, script, reason) => {
    let isBack = false;
    const server = await scripted((res, req) => (isBack ? stream("id: 1\nevent: hub:cursor\ndata: {}\n\n") : script)(res, req));
    const watched = watch(server.url, { maxRetryMs: 30_000 });
    await expect.poll(() => watched.connection.state.status, WAIT).toBe("offline");
    const { reason: told = "", nextAttemptAt = 0 } = watched.connection.state;
    expect(told).toMatch(reason);
    expect(nextAttemptAt - Date.now()).toBeGreaterThan(50_000);
    expect(nextAttemptAt - Date.now()).toBeLessThanOrEqual(90_000);
    expect(server.requests).toHaveLength(1);
    // A page that asks for something else is not refused yet.
    isBack = true;
    watched.connection.topic("other").on("*", () => undefined);
    await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
    expect(statusOf(watched)).toEqual(["offline", "live"]);
  });
});

test("a token function that fails is asked again, and the state says why", async () => {
  const server = await scripted(stream("id: 1\nevent: hub:cursor\ndata: {}\n\n"));
  let calls = 0;
  const token = (): string => {
    if (++calls < 5) throw new Error("no session");
    return "token";
  };
  const watched = watch(server.url, { token });
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
  expect(statusOf(watched)).toEqual(["offline", "offline", "offline", "offline", "live"]);
  expect(watched.states[0]?.reason).toContain("no session");
});

test("a connection that was cut half-open is found dead, and its updates come once", async () => {
  const { hub, origin } = await startHub({ heartbeatMs: 1000 });
  const proxy = await TcpProxy.start(Number(new URL(origin).port));
  const watched = watch(`http://127.0.0.1:${proxy.port}/events/stream`, { idleTimeoutMs: 2500, firstByteMs: 1000, pollMs: 300_000 });
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
  proxy.blackhole();
  for (let i = 0; i < 20; i++) await hub.publish({ topic: "t", data: String(i) });
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("offline");
  expect(watched.connection.state.reason).toContain("nothing for 2.5 s");
  // The network comes back when the stream was late, and polls get through first.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  proxy.open();
  await expect.poll(() => watched.got.length, WAIT).toBe(20);
  await expect.poll(() => watched.connection.state, WAIT).toMatchObject({ status: "live", transport: "stream" });
  expect(watched.got).toEqual(countTo(20));
  expect(statusOf(watched)).not.toContain("live (polling)");
});

const JSON_TYPE = { "content-type": "application/json" };

/** A server that answers polls, and nothing else. */
async function answering(script: Script): Promise<{ readonly url: string; readonly polls: () => number }> {
  let polls = 0;
  const { url } = await scripted((res, req) => {
    if (req.headers.accept !== "application/json") return;
    polls += 1;
    script(res, req);
  });
  return { url, polls: () => polls };
}

describe("a network that holds streams back", () => {
  test("updates are polled for, each comes once, and the stream is used when it gets through", async () => {
    const { hub, origin } = await startHub();
    let holds = true;
    const { url } = await hostile(origin, (_, head) => (holds && wantsStream(head) ? { buffers: true } : {}));
    const watched = watch(url, { firstByteMs: 200, pollMs: 1000 });
    await expect.poll(() => statusOf(watched), WAIT).toEqual(["live (polling)"]);
    let count = 0;
    const more = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) await hub.publish({ topic: "t", data: String(count++) });
    };
    const publishing = setInterval(() => void more(), 100);
    await expect.poll(() => watched.got.length, WAIT).toBeGreaterThan(1000);
    holds = false;
    await expect.poll(() => watched.connection.state, WAIT).toMatchObject({ status: "live", transport: "stream" });
    clearInterval(publishing);
    await expect.poll(() => watched.got.length, WAIT).toBe(count);
    expect(watched.got).toEqual(countTo(count));
  });

  test("a poll that fails is not taken for a reason to wait for a stream", async () => {
    const { hub, origin } = await startHub();
    let polls = 0;
    let streams = 0;
    const { url } = await hostile(origin, (_, head) => {
      if (wantsStream(head)) {
        streams += 1;
        return { buffers: true };
      }
      return polls++ % 2 === 1 ? { answer: answerOf("502 Bad Gateway") } : { cutAfter: 1200 };
    });
    const watched = watch(url, { firstByteMs: 300 });
    await expect.poll(() => watched.connection.state.transport, WAIT).toBe("polling");
    for (let i = 0; i < 100; i++) {
      await hub.publish({ topic: "t", data: String(i) });
      await expect.poll(() => watched.got.length, { ...WAIT, interval: 1 }).toBe(i + 1);
    }
    expect(polls).toBeGreaterThan(50);
    expect(streams).toBe(1);
  });

  test("a server that answers polls with pages is not asked again and again", async () => {
    const server = await answering(answer(200, "<p>Log in</p>", { "content-type": "text/html" }));
    const watched = watch(server.url, { firstByteMs: 50, maxRetryMs: 30_000 });
    await expect.poll(() => watched.connection.state.status, WAIT).toBe("offline");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(server.polls()).toBe(1);
  });

  test.each([
    ["nothing, without a wait", '{"updates":[],"cursor":"1"}'],
    ["the same update", '{"updates":[{"id":"1","data":"a","topics":["t"]}],"cursor":"1"}'],
    ["a gap", '{"updates":[],"gap":{"requested":"0"},"cursor":"1"}'],
  ])("a server that answers each poll with %s is asked once in the reconnection time", async (_, body) => {
    const server = await answering(answer(200, body, JSON_TYPE));
    const watched = watch(server.url, { firstByteMs: 50, retryMs: 200 });
    await expect.poll(() => watched.connection.state.transport, WAIT).toBe("polling");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(server.polls()).toBeGreaterThan(2);
    expect(server.polls()).toBeLessThan(9);
  });

  test.each([
    '{"updates":[null],"cursor":"1"}',
    '{"updates":[{"data":"a","topics":"t"}],"cursor":"1"}',
    '{"updates":[{"data":1}],"cursor":"1"}',
  ])("a poll that answers %s is not the hub's", async (body) => {
    const server = await answering(answer(200, body, JSON_TYPE));
    const watched = watch(server.url, { firstByteMs: 50 });
    await expect
      .poll(() => watched.connection.state, WAIT)
      .toMatchObject({ status: "offline", reason: expect.stringMatching(/not that of a poll/) });
  });

  test("an endless answer to a poll is given up", async () => {
    let sentBytes = 0;
    const server = await scripted((res, req) => {
      if (req.headers.accept !== "application/json") return;
      res.writeHead(200, { "content-type": "application/json" });
      const chunk = "x".repeat(2 ** 20);
      const more = (): void => {
        if (sentBytes > 2 ** 28 || res.destroyed) return;
        sentBytes += chunk.length;
        if (res.write(chunk)) setImmediate(more);
        else res.once("drain", more);
      };
      more();
    });
    const watched = watch(server.url, { firstByteMs: 50 });
    await expect
      .poll(() => watched.connection.state, WAIT)
      .toMatchObject({ status: "offline", reason: expect.stringMatching(/longer than/) });
    expect(sentBytes).toBeLessThan(2 ** 27);
  });

  test("a hub that drains says when to poll again", async () => {
    let polls = 0;
    const server = await scripted((res, req) => {
      if (req.headers.accept !== "application/json") return;
      const drain = polls++ === 0 ? { reconnectInMs: 50_000 } : undefined;
      answer(200, JSON.stringify({ drain, updates: [], cursor: "1" }), { "content-type": "application/json" })(res, req);
    });
    const watched = watch(server.url, { firstByteMs: 50, retryCeilingMs: 300_000 });
    await expect.poll(() => watched.connection.state.status, WAIT).toBe("offline");
    expect((watched.connection.state.nextAttemptAt ?? 0) - Date.now()).toBeGreaterThan(45_000);
  });

  test("a `fetch` without bodies polls, and never asks for a stream twice", async () => {
    const { hub, url } = await startHub();
    let streams = 0;
    const bodiless: typeof fetch = async (input, init) => {
      if (new Headers(init?.headers).get("accept") === "text/event-stream") {
        streams += 1;
        const signal = init?.signal;
        // The body never ends, so there is no answer.
        return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("Aborted"))));
      }
      const response = await fetch(input, init);
      const text = await response.text();
      const { ok, status, statusText, headers } = response;
      return { ok, status, statusText, headers, body: undefined, text: async () => text } as unknown as Response;
    };
    const watched = watch(url, { fetch: bodiless, firstByteMs: 100 });
    await expect.poll(() => watched.connection.state.transport, WAIT).toBe("polling");
    for (let i = 0; i < 50; i++) await hub.publish({ topic: "t", data: String(i) });
    await expect.poll(() => watched.got.length, WAIT).toBe(50);
    expect(watched.got).toEqual(countTo(50));
    expect(streams).toBe(1);
  });
});

test("a hub that is down and up again is never polled", async () => {
  const { hub, origin } = await startHub();
  const proxy = await TcpProxy.start(Number(new URL(origin).port));
  const watched = watch(`http://127.0.0.1:${proxy.port}/events/stream`, { firstByteMs: 500 });
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
  // Nothing listens at this port.
  proxy.retarget(1);
  for (let i = 0; i < 20; i++) await hub.publish({ topic: "t", data: String(i) });
  await expect.poll(() => watched.states.filter(({ status }) => status === "offline").length, WAIT).toBeGreaterThan(10);
  proxy.retarget(Number(new URL(origin).port));
  await expect.poll(() => watched.connection.state.status, WAIT).toBe("live");
  expect(watched.got).toEqual(countTo(20));
  expect(watched.states.every(({ transport }) => transport === "stream")).toBe(true);
  expect(statusOf(watched).slice(-3)).toEqual(["offline", "catching-up", "live"]);
});

describe("states", () => {
  const LIVE = "id: 1\nevent: hub:cursor\ndata: {}\n\n";
  const CASES: readonly (readonly [name: string, scripts: readonly Script[], states: readonly string[]])[] = [
    ["a stream", [stream(LIVE)], ["live"]],
    ["a failure first", [answer(503, ""), stream(LIVE)], ["offline", "live"]],
    ["a stream that ends", [shortStream(LIVE), stream(LIVE)], ["live", "offline", "catching-up", "live"]],
    [
      "a drain",
      [shortStream(LIVE, 'event: hub:drain\ndata: {"reconnectInMs":1}\n\n'), stream(LIVE)],
      ["live", "offline", "catching-up", "live"],
    ],
    ["a failure later", [shortStream(LIVE), answer(500, ""), stream(LIVE)], ["live", "offline", "offline", "catching-up", "live"]],
    ["a server without ids", [stream("data: a\n\n")], ["live"]],
    ["a head and no cursor", [shortStream(":\n\n"), stream(LIVE)], ["offline", "live"]],
  ];
  test.each(CASES)("%s", async (_, scripts, states) => {
    const server = await scripted(...scripts);
    const watched = watch(server.url);
    await expect.poll(() => statusOf(watched), WAIT).toEqual(states);
    for (const { status, reason, nextAttemptAt } of watched.states) {
      expect([reason !== undefined, nextAttemptAt !== undefined]).toEqual([status === "offline", status === "offline"]);
    }
    watched.connection.close();
    expect(statusOf(watched)).toEqual([...states, "closed"]);
  });

  test("a stream that is never silent becomes live", async () => {
    const { hub, origin } = await startHub();
    const proxy = await hostile(origin, () => ({}));
    const publishing = setInterval(() => void hub.publish({ topic: "t", data: "x" }), 20);
    onTestFinished(() => clearInterval(publishing));
    const watched = watch(proxy.url);
    await expect.poll(() => statusOf(watched), WAIT).toEqual(["live"]);
    proxy.cut();
    await expect.poll(() => statusOf(watched), WAIT).toEqual(["live", "offline", "catching-up", "live"]);
  });

  test("without topics there is nothing to be connected for", async () => {
    const { hub, url } = await startHub();
    const connection = connect(url, AT_ONCE);
    onTestFinished(() => connection.close());
    const remove = connection.topic("t").on("*", () => undefined);
    await expect.poll(() => connection.state.status, WAIT).toBe("live");
    remove();
    await expect.poll(() => connection.state.status, WAIT).toBe("connecting");
    await expect.poll(() => hub.stats().subscribers, WAIT).toBe(0);
  });
});
