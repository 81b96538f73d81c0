import { createServer } from "node:http";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { createHub, type Hub } from "artesian";
import { openTelemetry } from "artesian/opentelemetry";
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { partsOf } from "../../packages/hub/src/create-hub.ts";
import { StrictReader } from "../../packages/hub/src/http/strict/reader.ts";
import { listen, startHub } from "../support/server.ts";
import { openStream } from "../support/stream.ts";
import { contentOf, registerSdk, type TestSdk } from "./sdk.ts";
import { REMOTE_SPAN_ID, TRACE_ID, TRACEPARENT } from "./traceparent.ts";

const HEADERS = { "content-type": "application/x-www-form-urlencoded", traceparent: TRACEPARENT, tracestate: "vendor=1" };
const PUBLISH = { method: "POST", headers: HEADERS, body: "topic=/prices&data=d%C3%A4ta" };

let sdk: TestSdk;
beforeAll(() => (sdk = registerSdk()));
afterEach(() => sdk.forget());

/** A way for a publish to reach the hub. */
interface Way {
  readonly hub: Hub;
  readonly url: string;
  readonly send: (init: RequestInit) => Promise<Response>;
  /** Fails if the requests went another way. */
  readonly check: (requests: number) => void;
}

async function throughParser(): Promise<Way> {
  const { hub, url } = await startHub({ tracing: openTelemetry() });
  return { hub, url, send: (init) => fetch(url, init), check: () => undefined };
}

async function throughStrictReader(): Promise<Way> {
  const hub = createHub({ tracing: openTelemetry(), anonymousPublish: true, drainMs: 500 });
  onTestFinished(() => hub.close());
  const server = createServer(hub.handler);
  const reader = StrictReader.of(server, {
    hub: partsOf(hub).strict,
    hosts: undefined,
    maxHeadBytes: 8192,
    isProxy: () => false,
    sockets: { began: () => true, answered: () => undefined },
    handleWriter: undefined,
  });
  onTestFinished(() => reader?.closeAll());
  const url = `${await listen(server)}/events/stream`;
  return { hub, url, send: (init) => fetch(url, init), check: (requests) => expect(reader?.requests).toBe(requests) };
}

async function throughFetch(): Promise<Way> {
  const { hub, url } = await startHub({ tracing: openTelemetry() });
  return { hub, url, send: (init) => hub.fetch(new Request(url, init)), check: () => undefined };
}

describe.each([
  ["Node's parser", throughParser],
  ["the strict reader", throughStrictReader],
  ["hub.fetch", throughFetch],
] as const)("a publish by %s", (_, open) => {
  test("is a part of the client's trace, with its append, and the dispatch links to it", async () => {
    const { url, send, check } = await open();
    const stream = await openStream(`${url}?match=/prices`);
    await sdk.named("subscribe");
    expect((await send(PUBLISH)).status).toBe(200);
    check(1);
    await stream.next();
    const [publish] = await sdk.named("publish");
    const [append] = await sdk.named("append");
    const [dispatch] = await sdk.named("dispatch");
    expect(publish.kind).toBe(SpanKind.SERVER);
    expect(publish.spanContext().traceId).toBe(TRACE_ID);
    expect(publish.spanContext().traceState?.serialize()).toBe("vendor=1");
    expect(publish.parentSpanContext).toMatchObject({ spanId: REMOTE_SPAN_ID, isRemote: true });
    expect(publish.status.code).toBe(SpanStatusCode.UNSET);
    expect(publish.attributes).toEqual({
      "messaging.system": "artesian",
      "messaging.operation.name": "publish",
      "messaging.operation.type": "send",
      "artesian.topics": 1,
      "artesian.bytes": 5,
      "artesian.private": false,
    });
    expect(append.kind).toBe(SpanKind.INTERNAL);
    expect(append.parentSpanContext?.spanId).toBe(publish.spanContext().spanId);
    expect(dispatch.kind).toBe(SpanKind.CONSUMER);
    expect(dispatch.parentSpanContext).toBeUndefined();
    expect(dispatch.attributes).toMatchObject({ "messaging.batch.message_count": 1, "artesian.sockets": 1 });
    expect(dispatch.links.map((link) => link.context.spanId)).toEqual([publish.spanContext().spanId]);
  });

  test("that is refused has the status ERROR and the hub's code", async () => {
    const { send, check } = await open();
    expect((await send({ ...PUBLISH, body: "topic=/prices&type=%0Asecret" })).status).toBe(400);
    check(1);
    const [publish] = await sdk.named("publish");
    expect(publish.status).toEqual({ code: SpanStatusCode.ERROR, message: "invalid_type" });
    expect(publish.attributes["error.type"]).toBe("invalid_type");
    expect(publish.spanContext().traceId).toBe(TRACE_ID);
    expect(sdk.spans().map(contentOf).join()).not.toContain("secret");
    expect(sdk.spans().length).toBe(1);
  });

  test.each(["00-4bf92f-00f0-01", `00-${"0".repeat(32)}-${REMOTE_SPAN_ID}-01`, `ff-${TRACE_ID}-${REMOTE_SPAN_ID}-01`, "x"])(
    "ignores the traceparent %s",
    async (traceparent) => {
      const { send, check } = await open();
      expect((await send({ ...PUBLISH, headers: { ...HEADERS, traceparent } })).status).toBe(200);
      check(1);
      const [publish] = await sdk.named("publish");
      expect(publish.parentSpanContext).toBeUndefined();
      expect(publish.spanContext().traceId).not.toBe(TRACE_ID);
    },
  );
});

describe("spans of requests", () => {
  test("of a batch count updates, topics and bytes", async () => {
    const { url } = await startHub({ tracing: openTelemetry() });
    const updates = [
      { topic: ["a", "b"], data: "1" },
      { topic: "c", data: "22", private: true },
    ];
    const headers = { "content-type": "application/json" };
    expect((await fetch(url, { method: "POST", headers, body: JSON.stringify(updates) })).status).toBe(200);
    const [publish] = await sdk.named("publish");
    expect(publish.attributes).toMatchObject({
      "messaging.batch.message_count": 2,
      "artesian.topics": 3,
      "artesian.bytes": 3,
      "artesian.private": true,
    });
    expect((await sdk.named("append"))[0].attributes["messaging.batch.message_count"]).toBe(2);
  });

  test("that need a token are refused with the code, before the body is read", async () => {
    const { url } = await startHub({ tracing: openTelemetry(), anonymousPublish: false, anonymous: false });
    for (const init of [PUBLISH, {}]) await (await fetch(url, init)).text();
    const codes = sdk.spans().map(({ name, attributes }) => [name, attributes["error.type"]]);
    expect(codes).toEqual([
      ["publish", "unauthorized"],
      ["subscribe", "unauthorized"],
    ]);
  });

  test("of a subscription end when it is live, with a replay inside", async () => {
    const { hub, url } = await startHub({ tracing: openTelemetry() });
    for (let i = 0; i < 5; i++) await hub.publish({ topic: i === 0 ? "/other" : "/prices", data: `${i}` });
    sdk.forget();
    const stream = await openStream(`${url}?match=/prices&match_urlpattern=/trades/*`, {
      headers: { "last-event-id": "earliest", traceparent: TRACEPARENT },
    });
    await stream.take(4);
    const [subscribe] = await sdk.named("subscribe");
    const [replay] = await sdk.named("replay");
    expect(subscribe.kind).toBe(SpanKind.SERVER);
    expect(subscribe.parentSpanContext?.spanId).toBe(REMOTE_SPAN_ID);
    expect(subscribe.attributes).toEqual({
      "messaging.system": "artesian",
      "messaging.operation.name": "subscribe",
      "artesian.matchers": 2,
      "artesian.patterns": 1,
      "artesian.resumed": true,
      "artesian.gap": false,
      "artesian.poll": false,
      "artesian.live": true,
    });
    expect(replay.parentSpanContext?.spanId).toBe(subscribe.spanContext().spanId);
    expect(replay.attributes).toMatchObject({ "artesian.records": 5, "artesian.pages": 1, "artesian.live": true });
  });

  test("of a subscription that nothing is read for have no replay", async () => {
    const { hub, url } = await startHub({ tracing: openTelemetry() });
    await hub.publish({ topic: "/prices", data: "1" });
    await openStream(`${url}?match=/prices`);
    const [subscribe] = await sdk.named("subscribe");
    expect(subscribe.attributes).toMatchObject({ "artesian.resumed": false, "artesian.live": true });
    expect(sdk.spans().filter(({ name }) => name === "replay")).toEqual([]);
  });

  test("of a poll say so", async () => {
    const { hub, url } = await startHub({ tracing: openTelemetry() });
    await hub.publish({ topic: "/prices", data: "1" });
    const answer = await fetch(`${url}?match=/prices`, { headers: { accept: "application/json", "last-event-id": "earliest" } });
    expect(answer.status).toBe(200);
    expect((await sdk.named("subscribe"))[0].attributes).toMatchObject({ "artesian.poll": true, "artesian.resumed": true });
  });

  test("are for publishes and subscriptions alone", async () => {
    const { origin, url } = await startHub({ tracing: openTelemetry() });
    for (const [address, method] of [
      [url, "HEAD"],
      [url, "OPTIONS"],
      [`${origin}/.well-known/mercure/metrics`, "GET"],
      [`${origin}/elsewhere`, "GET"],
      [`${origin}/elsewhere`, "POST"],
    ] as const)
      await (await fetch(address, { method })).text();
    expect(sdk.spans()).toEqual([]);
  });

  test("name no topic, data, token or subject of a private update", async () => {
    const secrets = ["secret-topic", "secret-data", "secret-id", "secret-type", "secret-key", "secret-subject"];
    const { hub, url } = await startHub({
      tracing: openTelemetry(),
      authorize: () => ({ subject: "secret-subject", subscribe: ["/secret-topic"], publish: ["/secret-topic"] }),
    });
    const stream = await openStream(`${url}?match=/secret-topic`);
    const body = "topic=/secret-topic&data=secret-data&id=secret-id&type=secret-type&private=on";
    expect((await fetch(url, { ...PUBLISH, headers: { ...HEADERS, "idempotency-key": "secret-key" }, body })).status).toBe(200);
    await hub.publish({ topic: "/secret-topic", data: "secret-data", private: true });
    await stream.take(2);
    for (const wrong of ["topic=/secret-topic&type=%0A", "topic=/.well-known/mercure/secret-topic", "topic=/secret-topic2"])
      expect((await fetch(url, { ...PUBLISH, body: `${wrong}&data=secret-data&private=on` })).ok).toBe(false);
    const again = await openStream(`${url}?match=/secret-topic`, { headers: { "last-event-id": "earliest" } });
    await again.take(2);
    await sdk.named("replay");
    await sdk.named("subscribe", 2);
    await sdk.named("dispatch", 2);
    const publishes = await sdk.named("publish", 5);
    expect(publishes.filter(({ attributes }) => attributes["artesian.private"] === true).length).toBe(2);
    const content = sdk.spans().map(contentOf).join("\n");
    for (const secret of secrets) expect(content).not.toContain(secret);
  });
});

describe("spans of an application", () => {
  test("hold the publish of the process, with its append", async () => {
    const { hub } = await startHub({ tracing: openTelemetry() });
    const tracer = trace.getTracer("application");
    const request = tracer.startSpan("GET /order");
    await context.with(trace.setSpan(context.active(), request), () => hub.publish({ topic: "/orders", data: "1" }));
    request.end();
    const [publish] = await sdk.named("publish");
    expect(publish.kind).toBe(SpanKind.PRODUCER);
    expect(publish.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect((await sdk.named("append"))[0].parentSpanContext?.spanId).toBe(publish.spanContext().spanId);
  });

  test("of its own server are the parent, before the client's", async () => {
    const { hub, url } = await startHub({ tracing: openTelemetry() });
    const request = trace.getTracer("application").startSpan("POST");
    await context.with(trace.setSpan(context.active(), request), () => hub.fetch(new Request(url, PUBLISH)));
    request.end();
    const [publish] = await sdk.named("publish");
    expect(publish.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
  });

  test("end with the error of a publish of the process", async () => {
    const { hub } = await startHub({ tracing: openTelemetry() });
    await expect(hub.publish({ topic: "/orders", data: "x".repeat(2), type: "a\nb" })).rejects.toMatchObject({ code: "invalid_type" });
    const [publish] = await sdk.named("publish");
    expect(publish.status).toEqual({ code: SpanStatusCode.ERROR, message: "invalid_type" });
  });

  test("are refused as an option if they are nothing of the kind", () => {
    expect(() => createHub({ tracing: {} as never })).toThrow(/tracing.*openTelemetry\(\)/);
  });
});
