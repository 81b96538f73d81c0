import { createHub, type Journal, memoryJournal } from "artesian";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { compatToken } from "../../support/compat-token.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

interface Answered {
  readonly status: number;
  readonly body: string;
}

async function post(url: string, key: string | undefined, body: string, headers: Record<string, string> = {}): Promise<Answered> {
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const keyed = key === undefined ? {} : { "Idempotency-Key": key };
  const response = await fetch(url, { method: "POST", body, headers: { ...form, ...keyed, ...headers } });
  return { status: response.status, body: await response.text() };
}

const codeOf = ({ body }: Answered): unknown => (JSON.parse(body) as { code?: unknown }).code;

describe("a publish with an Idempotency-Key", () => {
  it("happens once, and each further attempt gets the answer of the first", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(url);
    const bodies: [string, Record<string, string>][] = [
      ["topic=a&data=1", {}],
      ['{"topic":"a","data":"2"}', JSON_TYPE],
      ['{"topic":"a","data":"3","id":"own"}', JSON_TYPE],
      ['[{"topic":"a","data":"4"},{"topic":"b","data":"5","id":"own-5"}]', { ...JSON_TYPE, Accept: "application/json" }],
      ['{"topic":"a","data":"6"}\n{"topic":"a","data":"7"}', { "Content-Type": "application/x-ndjson" }],
    ];
    for (const [i, [body, headers]] of bodies.entries()) {
      const first = await post(url, `"key ${i}"`, body, headers);
      expect(first.status).toBe(200);
      expect(await post(url, `"key ${i}"`, body, headers)).toEqual(first);
      expect(await post(url, `"key ${i}"`, body, headers)).toEqual(first);
    }
    expect(hub.stats()).toMatchObject({ tail: 7, published: 7 });
    expect((await stream.take(7)).map(({ data }) => data)).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    // Without a key, as ever.
    await post(url, undefined, "topic=a&data=1");
    await post(url, undefined, "topic=a&data=1");
    expect(hub.stats().tail).toBe(9);
  });

  it("compares the content, not its spelling", async () => {
    const { hub, url } = await startHub();
    const first = await post(url, '"k"', "topic=a&data=x");
    expect(await post(url, '"k"', '{"data":"x","topic":["a"]}', JSON_TYPE)).toEqual(first);
    const others = ["topic=b&data=x", "topic=a&data=y", "topic=a&data=x&id=i", "topic=a&data=x&type=t", "topic=a&data=x&retry=1"];
    for (const other of [
      ...others,
      "topic=a&data=x&private=",
      "topic=a&data=x&ttl=1000",
      "topic=a&data=x&delay=1000",
      "topic=a&topic=b&data=x",
    ]) {
      const refused = await post(url, '"k"', other);
      expect(refused.status, other).toBe(422);
      expect(JSON.parse(refused.body), other).toMatchObject({ title: expect.any(String), status: 422, code: "idempotency_key_reused" });
    }
    expect((await post(url, '"k"', '[{"topic":"a","data":"x"},{"topic":"a"}]', JSON_TYPE)).status).toBe(422);
    expect(await post(url, '"k"', "topic=a&data=x")).toEqual(first);
    expect(hub.stats()).toMatchObject({ tail: 1, published: 1 });
  });

  it("takes the key as the draft writes it, and without quotes", async () => {
    const { hub, url } = await startHub();
    const same = [String.raw`"a\"b\\c"`, ` ${String.raw`"a\"b\\c"`}  `, String.raw`"a\"b\\c";p=1`];
    const ids = await Promise.all(same.map((key) => post(url, key, "topic=a")));
    expect(new Set(ids.map(({ body }) => body)).size).toBe(1);
    const plain = ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"];
    const [quoted, bare] = [await post(url, plain[0], "topic=a"), await post(url, plain[1], "topic=a")];
    expect(bare).toEqual(quoted);
    expect(hub.stats().tail).toBe(2);
    for (const wrong of [
      "",
      '""',
      '"',
      '"a',
      'a"',
      '"a" "b"',
      '"a", "b"',
      "a, b",
      "a b",
      '"é"',
      '"a\tb"',
      String.raw`"\a"`,
      "?1;",
      '"a"x',
    ]) {
      const refused = await post(url, wrong, "topic=a");
      expect([wrong, refused.status, codeOf(refused)]).toEqual([wrong, 400, "invalid_idempotency_key"]);
    }
    expect(hub.stats().tail).toBe(2);
  });

  it("has a key of at most 255 bytes, or of the configured length", async () => {
    const { url } = await startHub();
    expect((await post(url, `"${"x".repeat(255)}"`, "topic=a")).status).toBe(200);
    const refused = await post(url, `"${"x".repeat(256)}"`, "topic=a");
    expect([refused.status, codeOf(refused)]).toEqual([400, "invalid_idempotency_key"]);
    const short = await startHub({ limits: { idempotencyKeyBytes: 3 } });
    expect((await post(short.url, '"abc"', "topic=a")).status).toBe(200);
    expect((await post(short.url, '"abcd"', "topic=a")).status).toBe(400);
  });

  it("happens once when attempts come at the same time", async () => {
    const { hub, url } = await startHub();
    const answers = await Promise.all(Array.from({ length: 40 }, () => post(url, '"k"', "topic=a&data=x")));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(hub.stats().tail).toBe(1);
  });

  it("that was refused leaves the key free", async () => {
    const { hub, url } = await startHub();
    expect((await post(url, '"k"', "topic=*")).status).toBe(400);
    expect((await post(url, '"k"', "topic=a")).status).toBe(200);
    expect(hub.stats().tail).toBe(1);
  });

  it("happens again after retention has dropped the key's updates", async () => {
    const { hub, url } = await startHub({ journal: memoryJournal({ retention: { maxCount: 2 } }) });
    const first = await post(url, '"k"', "topic=a");
    await post(url, undefined, "topic=a");
    expect(await post(url, '"k"', "topic=a")).toEqual(first);
    await post(url, undefined, "topic=a");
    expect((await post(url, '"k"', "topic=a")).body).not.toBe(first.body);
    expect(hub.stats().tail).toBe(4);
  });

  it("is answered by a page of another origin and by the Fetch handler alike", async () => {
    const hub = createHub({ anonymousPublish: true, corsOrigins: ["https://page.example"] });
    onTestFinished(() => hub.close());
    const url = "http://localhost/.well-known/mercure";
    const origin = { Origin: "https://page.example" };
    const preflight = await hub.fetch(new Request(url, { method: "OPTIONS", headers: origin }));
    expect(preflight.headers.get("access-control-allow-headers")).toContain("Idempotency-Key");
    const send = async (): Promise<string> =>
      (
        await hub.fetch(
          new Request(url, { method: "POST", body: new URLSearchParams({ topic: "a" }), headers: { "Idempotency-Key": '"k"' } }),
        )
      ).text();
    expect(await send()).toBe(await send());
    expect(hub.stats().tail).toBe(1);
  });
});

describe("keys of different publishers", () => {
  it("are different keys, and nobody can probe or use another's", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymousPublish: true });
    const as = async (subject: string, tokenId?: string) =>
      bearer(await mint({ publish: [exact("a")], subject, ...(tokenId === undefined ? {} : { tokenId }) }));
    const alice = await post(url, '"k"', "topic=a&data=alice", await as("alice", "1"));
    const bob = await post(url, '"k"', "topic=a&data=bob", await as("bob"));
    const anonymous = await post(url, '"k"', "topic=a&data=anonymous");
    const own = await hub.publish({ topic: "a", data: "own" }, { idempotencyKey: "k" });
    expect(new Set([alice, bob, anonymous].map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set([alice.body, bob.body, anonymous.body, own]).size).toBe(4);
    // A new token of the same publisher is the same publisher.
    expect(await post(url, '"k"', "topic=a&data=alice", await as("alice", "2"))).toEqual(alice);
    expect(await post(url, '"k"', "topic=a&data=bob", await as("bob"))).toEqual(bob);
    expect(await post(url, '"k"', "topic=a&data=anonymous")).toEqual(anonymous);
    // Nor by a subject that looks like another's scope.
    const forged = await as('","alice');
    expect((await post(url, '"k"', "topic=a&data=forged", forged)).status).toBe(200);
    expect(hub.stats().tail).toBe(5);
  });

  it("of tokens without a subject are those of tokens with the same rights", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, compat: "0.x" });
    const as = (publish: readonly string[], claims: object = {}) =>
      bearer(compatToken({ mercure: { publish }, ...claims }, "a secret of at least thirty-two bytes"));
    const first = await post(url, '"k"', "topic=a&data=x", as(["a", "b"]));
    expect(first.status).toBe(200);
    // Another token for the same attempt.
    expect(await post(url, '"k"', "topic=a&data=x", as(["b", "a"], { jti: "another" }))).toEqual(first);
    for (const other of [as(["a"]), as(["a", "b", "c"]), as(["a", "b"], { sub: "someone" }), as(["a", "b"], { sub: "" })]) {
      const answer = await post(url, '"k"', "topic=a&data=x", other);
      expect(answer.status).toBe(200);
      expect(answer.body).not.toBe(first.body);
    }
    expect(hub.stats().tail).toBe(5);
  });

  it("are checked only for publishers with the right to publish", async () => {
    const { url } = await startHub(TRUSTING);
    const may = bearer(await mint({ publish: [exact("a")] }));
    const mayNot = bearer(await mint({ publish: [exact("b")] }));
    expect((await post(url, '"k"', "topic=a", may)).status).toBe(200);
    expect((await post(url, '"k"', "topic=a", mayNot)).status).toBe(403);
  });
});

describe("a publish for later with an Idempotency-Key", () => {
  it("is scheduled once, with one id, also when it was due meanwhile or no place is left", async () => {
    const { hub, url } = await startHub({ limits: { scheduledUpdates: 1 } });
    const stream = await openStream(url);
    const soon = `topic=a&data=soon&deliver_at=${encodeURIComponent(new Date(Date.now() + 400).toISOString())}`;
    const first = await post(url, '"soon"', soon);
    expect(first).toMatchObject({ status: 200, body: expect.stringMatching(/^urn:uuid:/) });
    expect(await post(url, '"soon"', soon)).toEqual(first);
    expect(codeOf(await post(url, '"other"', soon))).toBe("too_many_scheduled");
    expect(codeOf(await post(url, '"soon"', "topic=a&data=soon"))).toBe("idempotency_key_reused");
    expect(await stream.next()).toMatchObject({ id: first.body, data: "soon" });
    expect(await post(url, '"soon"', soon)).toEqual(first);
    await hub.publish({ topic: "a", data: "end" });
    expect((await stream.next()).data).toBe("end");
  });

  it("of a batch of which a part is due by now is the same request still", async () => {
    const { hub, url } = await startHub();
    const stream = await openStream(url);
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const batch = JSON.stringify([
      { topic: "a", data: "1", deliver_at: at(300) },
      { topic: "a", data: "2", deliver_at: at(60_000) },
    ]);
    const first = await post(url, '"k"', batch, JSON_TYPE);
    expect(first.status).toBe(200);
    expect((await stream.next()).data).toBe("1");
    expect(await post(url, '"k"', batch, JSON_TYPE)).toEqual(first);
    const waiting: string[] = [];
    for await (const { update } of hub.scheduled()) waiting.push(update.data);
    expect(waiting).toEqual(["2"]);
  });

  it("is one when attempts come at the same time", async () => {
    const { hub, url } = await startHub();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(url, '"k"', "topic=a&data=x&delay=60000")));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
    let waiting = 0;
    for await (const _ of hub.scheduled()) waiting++;
    expect(waiting).toBe(1);
  });
});

describe("in the library", () => {
  it("the key is an option, for one update and for a batch", async () => {
    const { hub } = await startHub();
    const once = { idempotencyKey: "k" };
    expect(await hub.publish({ topic: "a" }, once)).toBe(await hub.publish({ topic: "a" }, once));
    const batch = [{ topic: "a" }, { topic: "b", id: "own" }];
    const ids = await hub.publishBatch(batch, { idempotencyKey: "batch" });
    expect(await hub.publishBatch(batch, { idempotencyKey: "batch" })).toEqual(ids);
    await expect(hub.publish({ topic: "b" }, once)).rejects.toMatchObject({ code: "idempotency_key_reused" });
    for (const idempotencyKey of ["", "é", "a\n", "x".repeat(256)]) {
      await expect(hub.publish({ topic: "b" }, { idempotencyKey })).rejects.toMatchObject({ code: "invalid_idempotency_key" });
    }
    expect(hub.stats()).toMatchObject({ tail: 3, published: 3 });
  });

  it("a journal that keeps no keys refuses them, and publishes nothing", async () => {
    const journal: Journal = Object.assign(memoryJournal(), { idempotency: undefined });
    const { hub, url } = await startHub({ journal });
    await expect(hub.publish({ topic: "a" }, { idempotencyKey: "k" })).rejects.toMatchObject({ code: "idempotency_unsupported" });
    const refused = await post(url, '"k"', "topic=a");
    expect([refused.status, codeOf(refused)]).toEqual([501, "idempotency_unsupported"]);
    expect((await post(url, undefined, "topic=a")).status).toBe(200);
    expect(hub.stats().tail).toBe(1);
  });
});
