import { createHub, ERROR_CODES, HubError } from "artesian";
import { STATUS_BY_CODE } from "artesian/http";
import { memoryJournal } from "artesian/journals/memory";
import { expect, onTestFinished, test, vi } from "vitest";
import { HubCore } from "../../packages/hub/src/core/hub-core.ts";
import { Arrivals } from "../../packages/hub/src/http/admission/arrivals.ts";
import { readCredentials } from "../../packages/hub/src/http/auth/index.ts";
import { Connections, DEFAULT_CONNECTION_LIMITS } from "../../packages/hub/src/http/admission/connections.ts";
import { publish } from "../../packages/hub/src/http/routes/publish.ts";
import { ReservedTopics } from "../../packages/hub/src/http/routes/reserved-topics.ts";
import { ALIAS_PATH, decodeHeader, encodeHeader } from "../../packages/hub/src/http/reply/reply.ts";
import { parseSubscription } from "../../packages/hub/src/http/routes/subscribe.ts";
import { collectGarbage } from "../support/garbage.ts";
import { createMutator, type Mutator } from "../support/mutate.ts";
import { authorizer, claims, detail, encode, forge, HUB, ISSUER, SECRET } from "../http/auth/support.ts";

// Five seconds each of a processor, which a busy machine gives to others.
vi.setConfig({ testTimeout: 240_000 });

const SEED = Number(process.env.SEED ?? 2026);
const STATUSES = new Set([200, 204, ...Object.values(STATUS_BY_CODE)].filter((status) => status !== 500));
/** Promises that are waited for together: one after the other each would cost a turn of the loop. */
const TOGETHER = 200;
const MIB = 1024 * 1024;

/** What one kind of input is given to. It answers with a value, or throws a HubError. */
type Target = (mutator: Mutator) => unknown;

/** Gives a target so many inputs. @returns How often it answered, and how often it refused. */
async function feed(target: Target, mutator: Mutator, count: number): Promise<{ readonly answered: number; readonly refused: number }> {
  let refused = 0;
  const refuse = (error: unknown): void => {
    if (!(error instanceof HubError) || !Object.hasOwn(ERROR_CODES, error.code) || error.code === "internal") throw error;
    refused++;
  };
  for (let i = 0; i < count; i += TOGETHER) {
    const promises: Promise<unknown>[] = [];
    for (let j = 0; j < TOGETHER; j++) {
      try {
        const answer = target(mutator);
        if (answer instanceof Promise) promises.push(answer.catch(refuse));
      } catch (error) {
        refuse(error);
      }
    }
    await Promise.all(promises);
    // What the hub does after a turn of the loop must get its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { answered: count - refused, refused };
}

/**
 * Feeds a target in two halves. What the first leaves is caches that are full; what the second adds to it would be a leak.
 */
async function fuzz(target: Target, count: number, least: { readonly answered: number; readonly refused: number }): Promise<void> {
  const mutator = createMutator(SEED);
  const first = await feed(target, mutator, count / 2);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const second = await feed(target, mutator, count / 2);
  collectGarbage();
  const grown = process.memoryUsage().heapUsed - before;
  const answered = first.answered + second.answered;
  console.log(
    `fuzz: ${count} inputs, ${answered} answered, ${count - answered} refused, ${grown} B grown; seed ${SEED}, another by SEED=…`,
  );
  expect(grown).toBeLessThan(4 * MIB);
  // Inputs that are all refused at the door would show nothing.
  expect(answered).toBeGreaterThan(least.answered);
  expect(count - answered).toBeGreaterThan(least.refused);
}

async function startCore(): Promise<{ readonly hub: HubCore; readonly ids: readonly string[] }> {
  const hub = new HubCore({ journal: memoryJournal({ retention: { maxCount: 500 } }), url: HUB });
  onTestFinished(() => hub.close());
  const ids: string[] = [];
  for (let i = 0; i < 600; i++) {
    ids.push(await hub.publisher.publish({ topic: "a", ...(i % 3 === 0 && { id: `é-${i}` }), ...(i % 5 === 0 && { private: true }) }));
  }
  return { hub, ids };
}

test("500,000 Last-Event-IDs", async () => {
  const { hub, ids } = await startCore();
  const selection = hub.readers.select([{ type: "exact", pattern: "*" }], undefined);
  const corpus = [...ids.map(encodeHeader), ...ids, "earliest", "#AAAAAAAA:1", "#:", "urn:uuid:5e94c686-2c0b-4f9b-958c-92ccc3bbb4eb", ""];
  await fuzz(
    async (mutator) => {
      const start = await hub.readers.resolve(decodeHeader(mutator.mutate(corpus)), selection);
      const { tail, head } = hub.process.stats();
      if (!(start.after >= head - 1 && start.after <= tail)) throw new Error(`It starts at ${start.after}.`);
      if (start.lastEventId === undefined || /[\r\n]/.test(encodeHeader(start.lastEventId)))
        throw new Error("It has no cursor that is fit for a field.");
    },
    500_000,
    { answered: 499_999, refused: -1 },
  );
});

test("200,000 forms, JSON documents and batches to publish", async () => {
  const { hub } = await startCore();
  const corpus: readonly (readonly [type: string, body: string])[] = [
    ["application/x-www-form-urlencoded", "topic=a&topic=/books/1&data=%C3%A9+x&id=mine&type=t&retry=10&private=on"],
    ["", "topic=https%3A%2F%2Fexample.com%2Fa&data=1%0D%0A2"],
    ["application/json", '{"topic":["a","/b"],"data":{"x":[1,null]},"id":"i","type":"t","retry":5,"private":true}'],
    ["application/json; charset=utf-8", '[{"topic":"a","data":"1"},{"topic":"b","retry":"7"}]'],
    ["application/x-ndjson", '{"topic":"a"}\n{"topic":"b","data":"\\u00e9"}\n\n'],
  ];
  const bodies = corpus.map(([, body]) => body);
  const encoder = new TextEncoder();
  const reservedTopics = new ReservedTopics([{ type: "urlpattern", pattern: "/chat/:room" }], hub);
  await fuzz(
    (mutator) => {
      const [contentType, body] = mutator.pick(corpus);
      const bytes = encoder.encode(mutator.mutate(mutator.below(4) === 0 ? bodies : [body]));
      // Bytes that are no UTF-8 too.
      if (bytes.length > 0 && mutator.below(8) === 0) bytes[mutator.below(bytes.length)] = mutator.below(256);
      const accept = mutator.pick([undefined, "application/json", "*/*"]);
      const idempotencyKey = mutator.below(4) === 0 ? mutator.mutate(['"a key"', String.raw`"\"\\";p=1`, "bare-key"]) : undefined;
      const fields: Readonly<Record<string, string | undefined>> = {
        "content-type": contentType,
        accept,
        "idempotency-key": idempotencyKey,
      };
      const request = { header: (name: string) => fields[name], query: "", readBody: async () => bytes };
      return publish({ hub, reservedTopics }, request, undefined);
    },
    200_000,
    { answered: 20_000, refused: 20_000 },
  );
});

test("100,000 queries and forms to subscribe", async () => {
  const { hub } = await startCore();
  const context = {
    hub,
    compat: undefined,
    connections: new Connections({ ...DEFAULT_CONNECTION_LIMITS, ...hub.limits }),
    arrivals: new Arrivals({ connectionsPerSecond: Infinity, connectionsPerSecondPerAddress: Infinity }),
  };
  const corpus = [
    "match=a&match_urlpattern=%2Fbooks%2F%3Aid&last_event_id=é-3",
    "match=https%3A%2F%2Fexample.com%2F&match_exact=b&lastEventID=earliest",
    "match_urlpattern=https://*.example.com/:a(\\d+)/{b}?/*",
    "match_urlpattern=/(a|b)+/[^x]{2,3}&match=*",
    "last_event_id=%23AAAAAAAA:1",
    "",
  ];
  await fuzz(
    (mutator) => {
      const query = mutator.mutate(corpus);
      const lastEventIdHeader = mutator.below(3) === 0 ? mutator.mutate(corpus) : undefined;
      const request = {
        query,
        address: undefined,
        pathname: mutator.below(2) === 0 ? ALIAS_PATH : "/.well-known/mercure",
        header: (name: string) => (name === "last-event-id" ? lastEventIdHeader : undefined),
        framing: "chunked" as const,
        isGone: () => false,
      };
      return parseSubscription(context, request, mutator.below(4) === 0 ? mutator.mutate(corpus) : "", undefined);
    },
    100_000,
    { answered: 20_000, refused: 20_000 },
  );
});

test("160,000 tokens, signed and not", async () => {
  const judge = authorizer();
  const details = [
    detail({}),
    detail({ actions: ["publish", "x"], topics: [{ match: "/:id", match_type: "urlpattern" }, { match: "*" }] }),
    detail({ payload: { a: [1] } }),
  ];
  const bodies = [claims(), claims({ authorization_details: details }), claims({ aud: [HUB], nbf: 1 })].map((value) =>
    JSON.stringify(value),
  );
  const headers = ['{"alg":"HS256","typ":"at+jwt"}', '{"typ":"application/at+jwt","alg":"HS256","kid":"1"}'];
  const valid = bodies.map((body) => forge({ claims: body }));
  const fields = valid.flatMap((value) => [`Bearer ${value}`, `bearer  ${value}`]);
  await fuzz(
    async (mutator) => {
      const action = mutator.pick(["publish", "subscribe"] as const);
      const kind = mutator.below(16);
      // Signed with the trusted key, so that what it says is looked at.
      if (kind === 0) return judge.verify(forge({ header: mutator.pick(headers), claims: mutator.mutate(bodies) }), action);
      if (kind === 1) return judge.verify(forge({ header: mutator.mutate(headers), claims: mutator.pick(bodies) }), action);
      if (kind === 2) return judge.verify(mutator.pick(valid), action);
      if (kind < 6)
        return judge.verify(`${encode(mutator.mutate(headers))}.${encode(mutator.mutate(bodies))}.${mutator.mutate(["", "AAAA"])}`, action);
      const authorization = kind < 12 ? [mutator.mutate(fields)] : [];
      const cookie = `a=b; token=${mutator.mutate(valid)}; c="d"`;
      const credentials = readCredentials({ authorization, cookie }, "token");
      return credentials === undefined ? undefined : judge.verify(credentials.token, action);
    },
    160_000,
    { answered: 10_000, refused: 50_000 },
  );
});

test("40,000 requests, the whole way", async () => {
  const hub = createHub({
    url: HUB,
    journal: memoryJournal({ retention: { maxCount: 500 } }),
    authorization: { issuers: [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }] },
    anonymous: true,
    subscriptions: true,
    corsOrigins: ["https://app.example"],
  });
  onTestFinished(() => hub.close());
  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  const admin = detail({ actions: ["publish", "subscribe"], topics: [{ match: "*" }, { match: "/.well-known/mercure/admin" }] });
  const tokens = [forge({ claims: claims({ exp: inAnHour, authorization_details: [admin] }) })];
  const paths = [
    "/.well-known/mercure",
    "/.well-known/mercure/subscriptions/exact/a/b",
    "/.well-known/mercure/subscribers/x",
    "/events/stream",
  ];
  const queries = ["match=a&last_event_id=earliest", "match_urlpattern=/:a", ""];
  const forms = ["topic=a&data=b&id=c", "match=a&last_event_id=b"];
  await fuzz(
    async (mutator) => {
      const method = mutator.pick(["GET", "HEAD", "POST", "POST", "OPTIONS", "QUERY", "PUT"]);
      const url = new URL("https://hub.example");
      url.pathname = mutator.below(2) === 0 ? mutator.pick(paths) : mutator.mutate(paths);
      url.search = mutator.mutate(queries);
      const headers = new Headers({ "Content-Type": "application/x-www-form-urlencoded" });
      const set = (name: string, value: string): void => {
        // What a Headers object takes, a server may see: bytes without NUL, CR and LF.
        headers.set(name, Buffer.from(value.replaceAll(/[\0\r\n]/g, "")).toString("latin1"));
      };
      if (mutator.below(2) === 0) set("Last-Event-ID", mutator.mutate(["#AAAAAAAA:1", "a"]));
      if (mutator.below(3) > 0) set("Authorization", `Bearer ${mutator.below(2) === 0 ? mutator.pick(tokens) : mutator.mutate(tokens)}`);
      if (mutator.below(3) === 0) set("Cookie", `__Secure-mercure_access_token=${mutator.mutate(tokens)}`);
      if (mutator.below(3) === 0) set("Origin", mutator.mutate(["https://app.example", "null"]));
      const body = method === "POST" || method === "QUERY" || method === "PUT" ? mutator.mutate(forms) : null;
      const response = await hub.fetch(new Request(url, { method, headers, body }));
      await response.body?.cancel();
      if (!STATUSES.has(response.status)) throw new Error(`${method} ${url.href} was answered ${response.status}.`);
      if (response.status >= 400) throw new HubError("invalid_request", "refused");
    },
    40_000,
    { answered: 2000, refused: 2000 },
  );
  await expect.poll(() => hub.stats().subscribers).toBe(0);
});
