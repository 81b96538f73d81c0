import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHub } from "artesian";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

const FORM = "application/x-www-form-urlencoded";

async function post(url: string, body: string | Uint8Array<ArrayBuffer>, type: string = FORM, accept = "*/*"): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { "Content-Type": type, Accept: accept } });
}

describe("publishing", () => {
  it("accepts a form, at both paths, and answers the id as text", async () => {
    const { origin, url } = await startHub();
    const stream = await openStream(url);
    const response = await post(url, "topic=greeting&data=Hello%2C+w%C3%B6rld%21");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const id = await response.text();
    expect(await stream.next()).toEqual({ id, event: undefined, data: "Hello, wörld!" });
    const full = await post(`${origin}/.well-known/mercure`, "topic=a&topic=b&data=1%0D%0A2&id=my%20id&type=t&retry=1234&unknown=x");
    expect(await full.text()).toBe("my id");
    expect(await stream.next()).toEqual({ id: "my id", event: "t", data: "1\n2" });
    expect(stream.retries.at(-1)).toBe(1234);
  });

  it("accepts JSON, and answers JSON if the client prefers it", async () => {
    const { url } = await startHub();
    const stream = await openStream(url);
    const response = await post(
      url,
      JSON.stringify({ topic: ["a", "b"], data: { any: ["json"] }, id: "x", type: "t" }),
      "application/json",
      "application/json",
    );
    expect(await response.json()).toEqual({ id: "x" });
    expect(await stream.next()).toEqual({ id: "x", event: "t", data: '{"any":["json"]}' });
  });

  it("accepts a JSON array or NDJSON as an atomic batch", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(url);
    const lines = ['{"topic":"a","data":"1","id":"one"}', "", '{"topic":"a","data":"2","id":"two"}', ""];
    const ndjson = await post(url, lines.join("\r\n"), "application/x-ndjson");
    expect(await ndjson.text()).toBe("one\ntwo");
    const array = await post(url, '[{"topic":"a","data":"3","id":"three"}]', "application/json; charset=utf-8", "application/json");
    expect(await array.json()).toEqual({ ids: ["three"] });
    expect((await stream.take(3)).map((event) => event.data)).toEqual(["1", "2", "3"]);
    const bad = await post(url, '{"topic":"a"}\n{"topic":"*"}', "application/x-ndjson");
    expect(await bad.json()).toMatchObject({ status: 400, code: "reserved_topic", detail: expect.stringMatching(/^Update 2 of 2: /) });
    expect(hub.stats().tail).toBe(3);
  });

  it.each([
    ["", "missing_topic"],
    ["data=x", "missing_topic"],
    ["topic=", "invalid_topic"],
    ["topic=a%0Ab", "invalid_topic"],
    ["topic=a%C2%85b", "invalid_topic"],
    ["topic=a%E2%80%AEb", "invalid_topic"],
    ["topic=*", "reserved_topic"],
    ["topic=a&topic=*", "reserved_topic"],
    ["topic=/.well-known/mercure", "reserved_topic"],
    ["topic=/.well-known/mercure/subscriptions/x", "reserved_topic"],
    ["topic=https://elsewhere.example/.well-known/%256Dercure/x", "reserved_topic"],
    ["topic=/.well-known/x/%252e%252E/mercure/x", "reserved_topic"],
    ["topic=%5C.well-known%5Cmercure", "reserved_topic"],
    ["topic=mercure", "reserved_topic"],
    ["topic=http://a//%2541%5B&data=x&retry=x", "invalid_retry"],
    ["topic=a&id=%23x", "invalid_id"],
    ["topic=a&id=earliest", "invalid_id"],
    ["topic=a&id=a%0Db", "invalid_id"],
    ["topic=a&id=%20a", "invalid_id"],
    ["topic=a&type=mercure", "invalid_type"],
    ["topic=a&type=hub:gap", "invalid_type"],
    ["topic=a&type=a%00b", "invalid_type"],
    ["topic=a&retry=1.5", "invalid_retry"],
    ["topic=a&retry=-1", "invalid_retry"],
    ["topic=a&retry=%D9%A1", "invalid_retry"],
    ["topic=a&data=%ff", "invalid_body"],
  ])("refuses the form %s", async (form, code) => {
    const { hub, url } = await startHub();
    const response = await post(url, form);
    expect(await response.json()).toMatchObject({ status: 400, code });
    expect(hub.stats().tail).toBe(0);
  });

  it.each([
    ["{", "invalid_body"],
    ["3", "invalid_body"],
    ["null", "invalid_body"],
    ['{"data":"x"}', "missing_topic"],
    ['{"topic":3}', "invalid_topic"],
    ['{"topic":["a",3]}', "invalid_topic"],
    ['{"topic":[]}', "missing_topic"],
    ['{"topic":"a","id":3}', "invalid_id"],
    ['{"topic":"a","type":{}}', "invalid_type"],
    ['{"topic":"a","retry":1.5}', "invalid_retry"],
    ['{"topic":"a","retry":[]}', "invalid_retry"],
    ['{"topic":"a","private":"yes"}', "invalid_body"],
    ['{"topic":"a","private":null}', "invalid_body"],
    ['{"topic":"a","data":"\\ud800"}', "invalid_data"],
    ['{"topic":"\\ud800"}', "invalid_topic"],
    ['{"__proto__":{"topic":"a"}}', "missing_topic"],
  ])("refuses the JSON %s", async (json, code) => {
    const { url } = await startHub();
    expect(await (await post(url, json, "application/json")).json()).toMatchObject({ status: 400, code });
  });

  it("enforces the limits, and accepts requests just within them", async () => {
    const { url } = await startHub({ limits: { bodyBytes: 100_000 } });
    const status = async (form: string, type = FORM): Promise<number> => (await post(url, form, type)).status;
    expect(await status(`topic=a&data=${"x".repeat(100_000 - 13)}`)).toBe(200);
    expect(await status(`topic=a&data=${"x".repeat(100_000 - 12)}`)).toBe(413);
    expect(await status(`topic=${"é".repeat(1024)}`)).toBe(200);
    expect(await status(`topic=${"é".repeat(1024)}x`)).toBe(413);
    expect(await status(`topic=a&id=${"x".repeat(255)}`)).toBe(200);
    expect(await status(`topic=a&id=${"x".repeat(256)}`)).toBe(413);
    expect(await status(`topic=a&type=${"x".repeat(256)}`)).toBe(413);
    expect(await status(Array.from({ length: 100 }, (_, i) => `topic=${i}`).join("&"))).toBe(200);
    expect(await status(Array.from({ length: 101 }, (_, i) => `topic=${i}`).join("&"))).toBe(413);
    expect(await status('{"topic":"a"}\n'.repeat(1000), "application/x-ndjson")).toBe(200);
    expect(await status('{"topic":"a"}\n'.repeat(1001), "application/x-ndjson")).toBe(413);
  });

  it("cuts off a body without a length once it is too large", async () => {
    const { hub, url } = await startHub({ limits: { bodyBytes: 1024 } });
    let produced = 0;
    const body = new ReadableStream({
      pull(controller) {
        produced += 500;
        controller.enqueue(new Uint8Array(500).fill(120));
      },
    });
    // The answer may lose the race against the closed connection; what counts is that it ends and nothing is kept.
    await fetch(url, { method: "POST", body, duplex: "half", headers: { "Content-Type": FORM } } as RequestInit).catch(() => undefined);
    expect(produced).toBeLessThan(100_000_000);
    expect(hub.stats().tail).toBe(0);
    expect((await post(url, "topic=a")).status).toBe(200);
  });

  it("stores the publishes of one connection in their order, however long each takes to read", async () => {
    const { hub, url } = await startHub();
    const { port, pathname } = new URL(url);
    const request = (type: string, body: string): string =>
      `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const large = (i: number): string => JSON.stringify({ topic: "a", type: `large${i}`, data: Array.from({ length: 150_000 }, () => i) });
    const socket = connect(Number(port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    let answers = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answers += text));
    for (let i = 0; i < 3; i++)
      socket.write(`${request("application/json", large(i))}${request(FORM, `topic=a&type=small${i}`)}GET / HTTP/1.1\r\nHost: x\r\n\r\n`);
    const types: (string | undefined)[] = [];
    for await (const { type } of hub.subscribe({ lastEventId: "earliest" })) if (types.push(type) === 6) break;
    expect(types).toEqual(["large0", "small0", "large1", "small1", "large2", "small2"]);
    // A safe request does not wait for them, and is answered in its place.
    await expect.poll(() => answers.match(/HTTP\/1\.1 \d{3}/g), { timeout: 20_000 }).toHaveLength(9);
    expect(answers.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => line.slice(9))).toEqual([
      "200",
      "200",
      "404",
      "200",
      "200",
      "404",
      "200",
      "200",
      "404",
    ]);
  });

  it("refuses other media types, and says which ones it reads", async () => {
    const { url } = await startHub();
    const response = await post(url, "topic=a", "text/plain");
    expect(await response.json()).toMatchObject({ status: 415, detail: expect.stringContaining("application/x-ndjson") });
  });

  it("refuses anonymous updates by default", async () => {
    const { url } = await startHub({ anonymousPublish: false });
    expect(await (await post(url, "topic=a")).json()).toMatchObject({ status: 401, code: "unauthorized" });
  });

  it("works the same through the Fetch handler", async () => {
    const hub = createHub({ anonymousPublish: true, limits: { bodyBytes: 1024 } });
    const send = (body: string, type = FORM): Promise<Response> =>
      hub.fetch(new Request("http://localhost/events/stream", { method: "POST", body, headers: { "Content-Type": type } }));
    expect(await (await send("topic=a&id=x")).text()).toBe("x");
    expect((await send("topic=*")).status).toBe(400);
    expect((await send(`topic=a&data=${"x".repeat(1024)}`)).status).toBe(413);
    expect((await hub.fetch(new Request("http://localhost/elsewhere"))).status).toBe(404);
    const put = await hub.fetch(new Request("http://localhost/events/stream", { method: "PUT", body: "" }));
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, QUERY, POST, OPTIONS"]);
    await hub.close();
    expect((await send("topic=a")).status).toBe(503);
  });
});
