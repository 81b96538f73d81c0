import { describe, expect, onTestFinished, test } from "vitest";
import { ClientError, connect, publish } from "../../packages/client/src/index.ts";
import { answer, bodyOf, deadUrl, scripted } from "./server.ts";

const JSON_TYPE = { "content-type": "application/json" };

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  if (!(error instanceof ClientError)) throw new Error("It did not fail as it should.", { cause: error });
  return error;
}

describe("publish", () => {
  test("one update goes as JSON, and its id comes back", async () => {
    let body: Promise<string> | undefined;
    const server = await scripted((res, req) => {
      body = bodyOf(req);
      void body.then(() => answer(200, '{"id":"#a"}', JSON_TYPE)(res, req));
    });
    const id: string = await publish(server.url, { topic: "a", data: "b\n水" }, { headers: { "x-test": "1" } });
    expect(id).toBe("#a");
    expect(JSON.parse((await body) ?? "")).toEqual({ topic: "a", data: "b\n水" });
    expect(server.requests[0]?.headers).toMatchObject({ "content-type": "application/json", accept: "application/json", "x-test": "1" });
  });

  test("an idempotency key goes as a string in quotes; one that can't is a TypeError", async () => {
    const server = await scripted(answer(200, '{"id":"#a"}', JSON_TYPE));
    await publish(server.url, { topic: "a" }, { idempotencyKey: String.raw`a "b" \c` });
    expect(server.requests[0]?.headers["idempotency-key"]).toBe(String.raw`"a \"b\" \\c"`);
    await publish(server.url, { topic: "a" });
    expect(server.requests[1]?.headers["idempotency-key"]).toBeUndefined();
    for (const idempotencyKey of ["", "é", "a\nb"]) {
      await expect(publish(server.url, { topic: "a" }, { idempotencyKey })).rejects.toThrow(TypeError);
    }
  });

  test("a batch goes as NDJSON, and its ids come back in order", async () => {
    let body: Promise<string> | undefined;
    const server = await scripted((res, req) => {
      body = bodyOf(req);
      void body.then(() => answer(200, '{"ids":["#a","#b"]}', JSON_TYPE)(res, req));
    });
    const ids: readonly string[] = await publish(server.url, [{ topic: "a", data: "1\n2" }, { topic: ["b", "c"] }]);
    expect(ids).toEqual(["#a", "#b"]);
    expect((await body)?.split("\n").map((line) => JSON.parse(line) as unknown)).toEqual([
      { topic: "a", data: "1\n2" },
      { topic: ["b", "c"] },
    ]);
    expect(server.requests[0]?.headers["content-type"]).toBe("application/x-ndjson");
  });

  test("a refusal carries the hub's explanation", async () => {
    const problem = JSON.stringify({ detail: "Add a topic.", code: "missing_topic" });
    const server = await scripted(answer(400, problem, { "content-type": "application/problem+json" }));
    expect(await failure(publish(server.url, { topic: "" }))).toMatchObject({
      message: "Add a topic.",
      code: "missing_topic",
      status: 400,
      temporary: false,
    });
  });

  test("a busy hub says when to come back", async () => {
    const server = await scripted(answer(503, "", { "retry-after": "2" }));
    expect(await failure(publish(server.url, { topic: "a" }))).toMatchObject({ status: 503, temporary: true, retryAfterMs: 2000 });
    const until = await scripted(answer(429, "", { "retry-after": new Date(Date.now() + 60_000).toUTCString() }));
    const { retryAfterMs } = await failure(publish(until.url, { topic: "a" }));
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test("no answer is an error that may pass", async () => {
    expect(await failure(publish(await deadUrl(), { topic: "a" }))).toMatchObject({
      code: "unreachable",
      status: undefined,
      temporary: true,
    });
    const cut = await scripted((res) => res.destroy());
    expect(await failure(publish(cut.url, { topic: "a" }))).toMatchObject({ code: "unreachable" });
    const slow = await scripted(() => undefined);
    expect(await failure(publish(slow.url, { topic: "a" }, { timeoutMs: 50 }))).toMatchObject({ code: "timeout", temporary: true });
  });

  test("an answer that is not a hub's is an error", async () => {
    for (const body of ["", "<html>", '{"id":1}', "null"]) {
      const server = await scripted(answer(200, body));
      expect(await failure(publish(server.url, { topic: "a" }))).toMatchObject({ code: "http_error", temporary: false });
    }
    const short = await scripted(answer(200, '{"ids":["#a"]}', JSON_TYPE));
    expect(await failure(publish(short.url, [{ topic: "a" }, { topic: "b" }]))).toMatchObject({ code: "http_error" });
  });

  test("an endless problem document is not read to its end", async () => {
    const server = await scripted((res) => {
      res.writeHead(400, { "content-type": "application/problem+json" });
      const more = (): boolean | void => res.destroyed || void res.write("x".repeat(65_536), more);
      more();
    });
    expect(await failure(publish(server.url, { topic: "a" }))).toMatchObject({ code: "http_error", status: 400 });
  });

  test("an abort ends it with the signal's reason", async () => {
    const stop = new AbortController();
    const server = await scripted(() => stop.abort(new Error("enough")));
    await expect(publish(server.url, { topic: "a" }, { signal: stop.signal })).rejects.toThrow("enough");
    await expect(publish(server.url, { topic: "a" }, { signal: stop.signal })).rejects.toThrow("enough");
    expect(server.requests).toHaveLength(1);
  });

  test.each<[field: string, value: unknown]>([
    ["private", () => true],
    ["private", Symbol("yes")],
    ["private", { toJSON: () => undefined }],
    ["private", NaN],
    ["topic", () => "a"],
    ["id", () => "1"],
    ["type", Symbol("changed")],
    ["retry", () => 5],
    ["delayMs", NaN],
    ["delayMs", Infinity],
    ["deliverAt", new Date(NaN)],
    ["ttlMs", () => 5],
  ])("a field that JSON would drop is a TypeError, and nothing is published: %s", async (field, value) => {
    const server = await scripted(answer(200, '{"id":"#a"}', JSON_TYPE));
    const update = { topic: "a", data: "secret", [field]: value };
    const refusal = new TypeError(`\`${field}\` has no JSON.`);
    await expect(publish(server.url, update)).rejects.toThrow(refusal);
    await expect(publish(server.url, [{ topic: "b" }, update])).rejects.toThrow(refusal);
    const live = connect(server.url);
    onTestFinished(() => live.close());
    await expect(live.publish(update)).rejects.toThrow(refusal);
    expect(server.requests).toEqual([]);
  });

  test("the times of an update go by the hub's names", async () => {
    let body: Promise<string> | undefined;
    const server = await scripted((res, req) => {
      body = bodyOf(req);
      void body.then(() => answer(200, '{"id":"#a"}', JSON_TYPE)(res, req));
    });
    const deliverAt = new Date(Date.UTC(2030, 0, 31));
    await publish(server.url, { topic: "a", data: null, private: true, delayMs: 1, deliverAt, ttlMs: 2, retry: 3 });
    expect(JSON.parse((await body) ?? "")).toEqual({
      topic: "a",
      data: null,
      private: true,
      delay: 1,
      deliver_at: deliverAt.toISOString(),
      ttl: 2,
      retry: 3,
    });
  });

  test("misuse is told at once", async () => {
    await expect(publish("nowhere", { topic: "a" })).rejects.toThrow(TypeError);
    await expect(publish("http://127.0.0.1:1/", [])).rejects.toThrow(TypeError);
  });
});
