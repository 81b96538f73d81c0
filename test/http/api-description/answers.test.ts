import type { HubOptions } from "artesian";
import { expect, describe, it } from "vitest";
import { startHub, type TestHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";
import { HUB_PATH, type Judge, judgeOf, type OpenApi, type Operation, operationsOf, readDocument, typeOf } from "./support.ts";

const OPTIONS: HubOptions = {
  ...TRUSTING,
  apiDescription: true,
  anonymous: true,
  anonymousPublish: true,
  subscriptions: true,
  limits: { updatesPerBatch: 3, matchersPerSubscription: 3 },
};

interface Fixture extends TestHub {
  readonly document: OpenApi;
  readonly judge: Judge;
  readonly admin: Record<string, string>;
}

async function start(options: HubOptions = {}): Promise<Fixture> {
  const started = await startHub({ ...OPTIONS, ...options });
  const document = await readDocument<OpenApi>(started.origin, "openapi");
  const admin = bearer(await mint({ publish: [exact(`${HUB_PATH}/admin`)], subscribe: [exact("*")] }));
  return { ...started, document, judge: judgeOf(document), admin };
}

/** Header fields that an answer has only if the document says so. */
const TELLING = [
  "accept-encoding",
  "allow",
  "artesian-warning",
  "etag",
  "last-event-id",
  "link",
  "mercure-last-event-id",
  "retry-after",
  "www-authenticate",
];

/** Finds the faults of a real answer by the operation that describes it. */
function faultsOf({ document, judge }: Fixture, { responses }: Operation, answer: Response, body: string): readonly string[] {
  const own = responses[answer.status] ?? (answer.status >= 400 ? document.components.responses.Refused : undefined);
  if (own === undefined) return [`the status ${answer.status} is not described`];
  const described = new Set(Object.keys(own.headers ?? {}).map((name) => name.toLowerCase()));
  const faults = TELLING.filter((name) => answer.headers.has(name) && !described.has(name)).map((name) => `${name} is not described`);
  for (const [name, { schema }] of Object.entries(own.headers ?? {})) {
    const value = answer.headers.get(name);
    const isNumber = (schema as { readonly type?: string }).type === "integer";
    if (value !== null) faults.push(...judge(schema, isNumber ? Number(value) : value).map((fault) => `${name} ${fault}`));
  }
  if (own.content === undefined) return body === "" ? faults : [...faults, "a body is not described"];
  const type = typeOf(answer.headers.get("content-type"));
  const media = own.content[type];
  if (media === undefined) return [...faults, `the type "${type}" is not described`];
  return [...faults, ...judge(media.schema, type.endsWith("json") ? JSON.parse(body) : body)];
}

/** A request to an operation, with the status that it gets. */
type Call = readonly [status: number, request: () => Promise<Response>];

/** Requests to each operation: successes and refusals. */
async function callsOf({ hub, origin, url, admin }: Fixture): Promise<Readonly<Record<string, readonly Call[]>>> {
  const at =
    (path: string, init: RequestInit = {}) =>
    (): Promise<Response> =>
      fetch(`${origin}${HUB_PATH}${path}`, init);
  const form = (fields: Record<string, string>): URLSearchParams => new URLSearchParams(fields);
  const post = (path: string, body: RequestInit["body"], headers: Record<string, string> = {}): (() => Promise<Response>) =>
    at(path, { method: "POST", body: body ?? null, headers });
  const json = { "Content-Type": "application/json" };
  const polled = { headers: { Accept: "application/json" } };
  const forged = { headers: bearer("forged") };
  const get = (path: string, init: RequestInit): readonly Call[] => [
    [200, at(path, init)],
    [401, at(path, forged)],
  ];
  const cursor = await hub.publish({ topic: "old", data: "1" });
  await hub.publish({ topic: ["old", "older"], data: "2", type: "changed", retry: 2000 });
  await hub.publish({ topic: "a", id: "later", delayMs: 3_600_000, ttlMs: 5000, type: "x" });
  await hub.publish({ topic: "a", id: "cancelled", delayMs: 3_600_000 });
  // Presence announces a subscriber that has stayed for a moment.
  const token = await mint({ subscribe: [exact("*")], subject: "reader", lifetimeSeconds: 5 });
  const stream = await openStream(`${url}?match=a`, { headers: bearer(token) });
  const list = await fetchSubscriptions(origin, admin);
  const [{ id: subscription }] = list as [{ id: string }];
  const expiring = await nextOfType(stream, "hub:expiring");
  const { subscriber } = JSON.parse(expiring) as { subscriber: string };
  const renewed = await mint({ subscribe: [exact("*")], subject: "reader" });
  const key = { "Idempotency-Key": '"one"' };
  const below = subscription.slice(HUB_PATH.length);
  const matcher = below.slice(0, below.lastIndexOf("/"));
  return {
    subscribe: [
      [200, at("?match=old")],
      [200, at(`?match=old&last_event_id=${encodeURIComponent(cursor)}`)],
      [200, at(`?match=old&last_event_id=${encodeURIComponent(cursor)}`, polled)],
      [200, at("?match=old&last_event_id=gone&wait=0", polled)],
      [400, at("?match=old&interval=1")],
      [400, at("?match=old&fields=all")],
      [400, at("?matchh=old")],
      [400, at("?match_urlpattern=(")],
      [400, at("?topic=old")],
      [400, at("?match=1&match=2&match=3&match=4")],
      [400, at("?match=%ff")],
      [413, at(`?${"a=1&".repeat(600)}`)],
      [401, at("?match=old", forged)],
      [400, at("?match=old", { headers: { Authorization: "Basic eA==" } })],
    ],
    publish: [
      [200, post("", form({ topic: "a", data: "x" }))],
      [200, post("", form({ topic: "a", dota: "x" }), key)],
      [422, post("", form({ topic: "b" }), key)],
      [200, post("", form({ topic: "a" }), { Accept: "application/json" })],
      [
        200,
        post(
          "",
          JSON.stringify([
            { topic: "a", data: { b: 1 } },
            { topic: ["a", "b"], id: null },
          ]),
          json,
        ),
      ],
      [200, post("", JSON.stringify([{ topic: "a" }]), { ...json, Accept: "application/json" })],
      [200, post("", '{"topic":"a"}\n{"topic":"b"}\n', { "Content-Type": "application/x-ndjson" })],
      [400, post("", form({ data: "x" }))],
      [400, post("", form({ topic: "" }))],
      [400, post("", form({ topic: "*" }))],
      [400, post("", form({ topic: "a", id: "#1" }))],
      [400, post("", form({ topic: "a", type: "hub:x" }))],
      [400, post("", form({ topic: "a", delay: "x" }))],
      [400, post("", form({ topic: "a", retry: "x" }))],
      [400, post("", JSON.stringify({ topic: "a", data: "\ud800" }), json)],
      [400, post("", "{", json)],
      [400, post("", form({ topic: "a" }), { "Idempotency-Key": '"' })],
      [400, post("?topic=a", form({ topic: "a" }))],
      [413, post("", JSON.stringify(Array.from({ length: 4 }, () => ({ topic: "a" }))), json)],
      [415, post("", "x", { "Content-Type": "text/plain" })],
      [415, post("", form({ topic: "a" }), { "Content-Encoding": "gzip" })],
      [401, post("", form({ topic: "a" }), bearer("forged"))],
      [403, post("", form({ topic: "a" }), admin)],
    ],
    renew: [
      [200, post(`/subscribers/${subscriber}`, null, bearer(renewed))],
      [404, post("/subscribers/nobody", null, bearer(renewed))],
      [401, post(`/subscribers/${subscriber}`, null)],
    ],
    listSubscriptions: [
      ...get("/subscriptions", { headers: admin }),
      [304, at("/subscriptions", { headers: { ...admin, "If-None-Match": "*" } })],
      [400, at("/subscriptions?after=%00", { headers: admin })],
      [403, at("/subscriptions", { headers: bearer(await mint({ subscribe: [exact("a")] })) })],
    ],
    listSubscriptionsOfMatcher: [...get(matcher, { headers: admin }), [401, at(matcher)]],
    getSubscription: [...get(below, { headers: admin }), [404, at(`${matcher}/nobody`, { headers: admin })]],
    listScheduled: get("/scheduled", {}),
    cancelScheduled: [
      [204, at("/scheduled/cancelled", { method: "DELETE" })],
      [404, at("/scheduled/cancelled", { method: "DELETE" })],
      [401, at("/scheduled/later", { method: "DELETE", ...forged })],
    ],
    readMetrics: [...get("/metrics", { headers: admin }), [403, at("/metrics", { headers: bearer(renewed) })]],
    revoke: [
      [204, post("/revocations", form({ jti: "x" }), admin)],
      [204, post("/revocations", form({ sub: "x", iss: "https://other.example", exp: "4102444800" }), admin)],
      [400, post("/revocations", form({}), admin)],
      [400, post("/revocations", form({ jti: "x", exp: "1" }), admin)],
      [415, post("/revocations", "{}", { ...admin, ...json })],
      [413, post("/revocations", form({ jti: "x".repeat(20_000) }), admin)],
      [401, post("/revocations", form({ jti: "x" }))],
      [403, post("/revocations", form({ jti: "x" }), bearer(renewed))],
    ],
    listRevocations: [...get("/revocations", { headers: admin }), [403, at("/revocations", { headers: bearer(renewed) })]],
    withdrawRevocation: [
      [204, async () => at(`/revocations/${await revokedId(origin, admin)}`, { method: "DELETE", headers: admin })()],
      [404, at("/revocations/none", { method: "DELETE", headers: admin })],
      [403, at("/revocations/none", { method: "DELETE", headers: bearer(renewed) })],
      [405, at("/revocations/none", { headers: admin })],
    ],
    readOpenApi: [
      [200, at("/openapi.json")],
      [405, at("/openapi.json", { method: "DELETE" })],
    ],
    readAsyncApi: [
      [200, at("/asyncapi.json")],
      [405, at("/asyncapi.json", { method: "POST" })],
    ],
    readMetadata: [
      [200, (): Promise<Response> => fetch(`${origin}/.well-known/oauth-protected-resource${HUB_PATH}`)],
      [405, (): Promise<Response> => fetch(`${origin}/.well-known/oauth-protected-resource${HUB_PATH}`, { method: "PUT" })],
    ],
  };
}

/** Revokes a token. @returns The id of the revocation. */
async function revokedId(origin: string, admin: Record<string, string>): Promise<string> {
  const url = `${origin}${HUB_PATH}/revocations`;
  await fetch(url, { method: "POST", headers: admin, body: new URLSearchParams({ jti: "withdrawn" }) });
  const { revocations } = (await (await fetch(url, { headers: admin })).json()) as { revocations: { id: string; jti?: string }[] };
  return revocations.find(({ jti }) => jti === "withdrawn")?.id ?? "";
}

async function fetchSubscriptions(origin: string, admin: Record<string, string>): Promise<readonly { id: string }[]> {
  let found: readonly { id: string }[] = [];
  await expect
    .poll(async () => {
      const response = await fetch(`${origin}${HUB_PATH}/subscriptions`, { headers: admin });
      found = ((await response.json()) as { subscriptions: { id: string }[] }).subscriptions;
      return found.length;
    })
    .toBe(1);
  return found;
}

async function nextOfType(stream: Awaited<ReturnType<typeof openStream>>, type: string): Promise<string> {
  for (;;) {
    const { event, data } = await stream.nextOfAny();
    if (event === type) return data;
  }
}

/** Reads an answer: of a stream, its beginning. */
async function read(response: Response): Promise<string> {
  if (typeOf(response.headers.get("content-type")) !== "text/event-stream") return response.text();
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

describe("the hub's real answers", () => {
  it("are as the document describes them, for each operation", async () => {
    const fixture = await start();
    const { document } = fixture;
    const calls = await callsOf(fixture);
    const described = operationsOf(document).filter(({ method }) => method !== "HEAD");
    expect(Object.keys(calls).toSorted()).toEqual(described.map(({ operation }) => operation.operationId).toSorted());
    for (const { operation } of described) {
      const { operationId } = operation;
      for (const [i, [status, request]] of (calls[operationId] ?? []).entries()) {
        const response = await request();
        const body = await read(response);
        const what = `${operationId}, request ${i}: ${body.slice(0, 300)}`;
        expect(response.status, what).toBe(status);
        expect(faultsOf(fixture, operation, response, body), what).toEqual([]);
      }
    }
  });

  it("to HEAD are as the document describes them", async () => {
    const fixture = await start();
    const { document, origin, admin } = fixture;
    for (const { path, method, operation } of operationsOf(document)) {
      if (method !== "HEAD" || path.includes("{")) continue;
      for (const [query, headers] of [
        ["?match=a", admin],
        ["?match=a", bearer("forged")],
      ] as const) {
        const response = await fetch(`${origin}${path}${query}`, { method, headers });
        const body = await response.text();
        expect(response.status, path).toBe(headers === admin || operation.security.length === 0 ? 200 : 401);
        expect(faultsOf(fixture, operation, response, body), path).toEqual([]);
      }
    }
  });
});

describe("the real answers of a hub of Mercure 0.x", () => {
  it("are as the document describes them", async () => {
    const fixture = await start({ compat: "0.x" });
    const { document, origin, hub, admin } = fixture;
    const id = await hub.publish({ topic: "a" });
    const calls: readonly (readonly [path: string, status: number, init?: RequestInit])[] = [
      [`?topic=a&last_event_id=${encodeURIComponent(id)}`, 200],
      ["?topic=a&authorization=x&authorization=y", 400],
      ["/subscriptions", 200, { headers: { ...admin, Accept: "application/ld+json" } }],
    ];
    for (const [target, status, init] of calls) {
      const response = await fetch(`${origin}${HUB_PATH}${target}`, init);
      const body = await read(response);
      expect(response.status, body).toBe(status);
      const operation = document.paths[`${HUB_PATH}${target.split("?")[0] ?? ""}`]?.["get"] as Operation;
      expect(faultsOf(fixture, operation, response, body), target).toEqual([]);
    }
  });
});

/** Values of parameters and fields, good and bad. */
const PARAMETERS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ["interval", ["0", "1", "9", "10", "3600000", "3600001", "-1", "1.5", "x"]],
  ["latest", ["on", "off", "yes", "", "ON"]],
  ["last", ["0", "1", "1000", "1001", "-1", "x"]],
  ["fields", ["", "topics", "topic", "all"]],
  ["wait", ["0", "25", "-1", "1.5", "x", "999999999"]],
  ["last_event_id", ["", "earliest", "gone"]],
];

const FIELDS: readonly (readonly [name: string, values: readonly unknown[]])[] = [
  [
    "topic",
    ["a", ["a"], ["a", "b"], "", [], [""], 1, null, {}, "x".repeat(2048), "x".repeat(2049), Array.from({ length: 101 }, () => "a")],
  ],
  ["data", ["", "x", 1, null, { a: [1] }, [], true]],
  ["id", [null, "x", 1, [], "x".repeat(255), "x".repeat(256)]],
  ["type", [null, "x", 1, {}, "x".repeat(256)]],
  ["retry", [null, 0, 1, -1, 1.5, "x", []]],
  ["private", [true, false, null, "true", 1]],
  ["delay", [null, 0, 1_000_000, -1, 1.5, 366 * 86_400_000, 366 * 86_400_000 + 1, "x"]],
  ["deliver_at", [null, "2020-01-31T09:30:00Z", "tomorrow", "2020-02-30T09:30:00Z", 1, "2020-01-31T09:30:00+01:00"]],
  ["ttl", [null, 1, 0, -1, 1.5, "x"]],
];

/** Fields of a form, whose values are all text. */
const FORM_FIELDS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ["topic", ["a", "", "x".repeat(2049)]],
  ["id", ["x", "x".repeat(256)]],
  ["type", ["x", "x".repeat(256)]],
  ["retry", ["0", "1", "-1", "1.5", "x"]],
  ["private", ["", "on", "off"]],
  ["delay", ["0", "1000", "-1", "x"]],
  ["deliver_at", ["2020-01-31T09:30:00Z", "tomorrow", "2020-02-30T09:30:00Z"]],
  ["ttl", ["1", "0", "x"]],
];

describe("the schemas of requests", () => {
  it.each(PARAMETERS)("agree with the hub on the parameter %s", async (name, values) => {
    const { document, judge, url } = await start();
    const { schema = {} } = document.paths[HUB_PATH]?.["get"]?.parameters?.find((one) => one.name === name) ?? {};
    for (const value of values) {
      const isNumber = (schema as { type?: string }).type === "integer";
      const query = new URLSearchParams({ match: "a", wait: "0", [name]: value });
      const { status } = await fetch(`${url}?${query.toString()}`, { headers: { Accept: "application/json" } });
      const isGood = judge(schema, isNumber ? Number(value) : value).length === 0;
      expect([value, status], name).toEqual([value, isGood ? 200 : 400]);
    }
  });

  it.each(FIELDS)("agree with the hub on the field %s of an update", async (name, values) => {
    const { judge, url } = await start();
    for (const value of values) {
      const update = { topic: "a", [name]: value };
      const response = await fetch(url, { method: "POST", body: JSON.stringify(update), headers: { "Content-Type": "application/json" } });
      const isGood = judge({ $ref: "#/components/schemas/Update" }, update).length === 0;
      const shown = JSON.stringify(value).slice(0, 60);
      expect([shown, response.ok], `${name}: ${await response.text()}`).toEqual([shown, isGood]);
    }
  });

  it.each(FORM_FIELDS)("agree with the hub on the field %s of a form", async (name, values) => {
    const { document, judge, url } = await start();
    const schema = document.components.schemas["UpdateForm"] ?? {};
    const { type } = (schema.properties?.[name] ?? {}) as { readonly type?: string };
    const isNumber = type === "integer";
    for (const value of values) {
      const response = await fetch(url, { method: "POST", body: new URLSearchParams({ topic: "a", [name]: value }) });
      const written = isNumber ? Number(value) : value;
      const isGood = judge(schema, { topic: ["a"], [name]: name === "topic" ? [written] : written }).length === 0;
      expect([value, response.ok], `${name}: ${await response.text()}`).toEqual([value, isGood]);
    }
  });
});
