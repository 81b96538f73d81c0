import { mintToken } from "artesian/http";
import type { HubOptions, Matcher } from "artesian";
import { describe, expect, it } from "vitest";
import { compatToken } from "../../support/compat-token.ts";
import { startHub, type TestHub } from "../../support/server.ts";
import { openStream, type TestStream } from "../../support/stream.ts";

const SECRET = "!ChangeThisMercureHubJWTSecretKey!";
const URL_OF_HUB = "https://hub.example/.well-known/mercure";
const ISSUER = "https://issuer.example";
const PATH = "/.well-known/mercure";

async function start(options: HubOptions = {}): Promise<TestHub> {
  const running = await startHub({
    url: URL_OF_HUB,
    anonymousPublish: false,
    compat: "0.x",
    authorization: { issuers: [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }] },
    ...options,
  });
  return { ...running, url: `${running.origin}${PATH}` };
}

/** The same hub without the mode. */
const startModern = (options: HubOptions = {}): Promise<TestHub> => start({ ...options, compat: undefined });

const token = (mercure: unknown, others: object = {}): string => compatToken({ mercure, ...others }, SECRET);
const bearer = (text: string): { Authorization: string } => ({ Authorization: `Bearer ${text}` });
const everything = token({ publish: ["*"], subscribe: ["*"] });

async function post(url: string, text: string | undefined, form: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { ...(text === undefined ? {} : bearer(text)), ...headers },
  });
  return response.status;
}

const topics = (...selectors: readonly string[]): string => selectors.map((one) => `topic=${encodeURIComponent(one)}`).join("&");
const dataOf = async (stream: TestStream, count: number): Promise<string[]> => (await stream.take(count)).map((event) => event.data);

describe("publishing with a token of Mercure 0.x", () => {
  it.each([
    ["absent", undefined],
    ["no claim", { subscribe: ["*"] }],
    ["an empty list", { publish: [] }],
    ["PHP's empty map", []],
    ["another topic", { publish: ["b"] }],
  ])("needs the topic in the claim, public or not: %s", async (_, mercure) => {
    const { url } = await start();
    expect(await post(url, token(mercure), "topic=a")).toBe(403);
    expect(await post(url, token(mercure), "topic=a&private=on")).toBe(403);
  });

  it.each([[["*"]], [["a", "https://example.com/books/{id}"]]])("is allowed for every topic of the claim: %j", async (publish) => {
    const { url } = await start();
    expect(await post(url, token({ publish }), "topic=a&topic=https://example.com/books/1")).toBe(200);
    expect(await post(url, token({ publish }), "topic=a&private=")).toBe(200);
    expect(await post(url, token({ publish }), "topic=a&topic=c")).toBe(publish.includes("*") ? 200 : 403);
    expect(await post(url, token({ publish: ["*"] }), "topic=/.well-known/mercure/subscriptions/a/b")).toBe(400);
  });

  it("is refused in 1.0", async () => {
    const { url } = await startModern();
    expect(await post(url, everything, "topic=a")).toBe(401);
    expect(await post(`${url}?authorization=${everything}`, undefined, "topic=a")).toBe(401);
    expect(await post(url, undefined, "topic=a", { cookie: `mercureAuthorization=${everything}`, origin: "https://hub.example" })).toBe(
      401,
    );
  });

  it("takes tokens of 1.0 as before", async () => {
    const { url } = await start();
    const mint = (audience: string): Promise<string> => {
      const publish: Matcher[] = [{ type: "exact", pattern: "a" }];
      return mintToken({
        key: { secret: SECRET, algorithm: "HS256" },
        issuer: ISSUER,
        audience,
        subject: "x",
        publish,
        lifetimeSeconds: 60,
      });
    };
    expect(await post(url, await mint(URL_OF_HUB), "topic=a")).toBe(200);
    expect(await post(url, await mint("https://other.example"), "topic=a")).toBe(401);
  });
});

describe("a token of Mercure 0.x", () => {
  it("may come in the URL, after the header and before the cookie", async () => {
    const { url } = await start();
    expect(await post(`${url}?authorization=${everything}`, undefined, "topic=a")).toBe(200);
    expect(await post(`${url}?authorization=${everything}`, "nonsense", "topic=a")).toBe(401);
    expect(await post(url, undefined, `topic=a&authorization=${everything}`)).toBe(401);
    const status = async (query: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(`${url}?topic=a${query}`, { method: "HEAD", headers })).status;
    expect(await status(`&authorization=${everything}`)).toBe(200);
    expect(await status("&authorization=nonsense", { cookie: `mercureAuthorization=${everything}` })).toBe(401);
    expect(await status(`&authorization=${everything}&authorization=${everything}`)).toBe(400);
    expect(await status("&authorization=")).toBe(400);
    expect(await status("")).toBe(401);
  });

  it("may come in the cookie mercureAuthorization, after the configured one, and publishes only from allowed pages", async () => {
    const { url } = await start({ publishOrigins: ["https://app.example"] });
    const status = async (cookie: string): Promise<number> =>
      (await fetch(`${url}?topic=a`, { method: "HEAD", headers: { cookie } })).status;
    expect(await status(`mercureAuthorization=${everything}`)).toBe(200);
    expect(await status(`mercureAuthorization=${everything}; __Secure-mercure_access_token=nonsense`)).toBe(401);
    expect(await status(`mercureAuthorization=nonsense; __Secure-mercure_access_token=${everything}`)).toBe(200);
    const cookie = `mercureAuthorization=${everything}`;
    expect(await post(url, undefined, "topic=a", { cookie })).toBe(403);
    expect(await post(url, undefined, "topic=a", { cookie, origin: "https://evil.example" })).toBe(403);
    expect(await post(url, undefined, "topic=a", { cookie, origin: "https://app.example" })).toBe(200);
  });

  it("is not read from the cookie or the URL in 1.0", async () => {
    const { url } = await startModern();
    const headers = { cookie: `mercureAuthorization=${everything}` };
    const refused = await fetch(`${url}?match=a&authorization=${everything}`, { headers });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).not.toContain("error");
  });

  it("is never logged", async () => {
    const lines: unknown[] = [];
    const log = (...line: unknown[]): void => void lines.push(...line);
    const { hub, url } = await start({ logger: { debug: log, info: log, warn: log, error: log } });
    const stream = await openStream(`${url}?topic=a&authorization=${everything}`);
    const forged = `${everything.slice(0, -4)}AAAA`;
    for (const text of [forged, everything, "nonsense.of.0x", `${everything}%00`]) {
      await (await fetch(`${url}?topic=&authorization=${text}`)).text();
      await post(`${url}?authorization=${text}`, undefined, "topic=");
    }
    stream.close();
    await hub.close();
    const told = lines.map((line) => (line instanceof Error ? String(line.stack) : JSON.stringify(line))).join("\n");
    expect(told).toContain("An access token is refused.");
    for (const part of [...everything.split("."), "nonsense.of.0x", "AAAA"]) expect(told).not.toContain(part);
  });

  it("may never end, and the stream then ends by its lifetime alone", async () => {
    const { hub, url } = await start();
    const stream = await openStream(`${url}?topic=a`, { headers: bearer(token({ subscribe: ["a"] })) });
    await hub.publish({ topic: "a", data: "secret", private: true });
    expect((await stream.next()).data).toBe("secret");
  });

  it("gives its payload to every subscription", async () => {
    const { hub, url } = await start();
    const seen = new Promise<unknown>((resolve) => hub.observe({ subscribed: (subscriber) => resolve(subscriber) }));
    await openStream(`${url}?${topics("a", "b{x}")}`, { headers: bearer(token({ subscribe: ["a"], payload: { user: 7 } })) });
    expect(await seen).toMatchObject({
      matchers: [
        { type: "uritemplate", pattern: "a" },
        { type: "uritemplate", pattern: "b{x}" },
      ],
      authorization: { payload: { user: 7 } },
    });
  });
});

describe("subscribing by topic", () => {
  const publishSome = async ({ hub }: TestHub): Promise<void> => {
    for (const topic of ["a", "https://example.com/books/1", "https://example.com/books/1/reviews", "/books/é", "{oops"]) {
      await hub.publish({ topic, data: topic });
    }
    await hub.publish({ topic: ["x", "https://example.com/books/2"], data: "alternate" });
  };

  it.each([
    [["*"], ["a", "https://example.com/books/1", "https://example.com/books/1/reviews", "/books/é", "{oops", "alternate"]],
    [["a"], ["a"]],
    [["https://example.com/books/{id}"], ["https://example.com/books/1", "alternate"]],
    [["https://example.com/{+path}"], ["https://example.com/books/1", "https://example.com/books/1/reviews", "alternate"]],
    [
      ["a", "x", "{oops", "/books/{id}"],
      ["a", "{oops", "alternate"],
    ],
  ])("takes any topic, a text or a URI template, live and on replay: %j", async (selectors, expected) => {
    const running = await start({ anonymous: true });
    const live = await openStream(`${running.url}?${topics(...selectors)}`);
    await publishSome(running);
    const replay = await openStream(`${running.url}?${topics(...selectors)}&lastEventID=earliest`);
    expect(await dataOf(live, expected.length)).toEqual(expected);
    expect(await dataOf(replay, expected.length)).toEqual(expected);
  });

  it("mixes with the matchers of 1.0, and each update comes once", async () => {
    const running = await start({ anonymous: true });
    const stream = await openStream(`${running.url}?topic=a&match=a&match_urlpattern=/books/:id&match=%7Boops`);
    await publishSome(running);
    expect(await dataOf(stream, 3)).toEqual(["a", "/books/é", "{oops"]);
  });

  it("gives no right to private updates: a selector of the token on any of their topics does", async () => {
    const { hub, url } = await start();
    const subscribe = ["https://example.com/users/foo/{?topic}"];
    const stream = await openStream(`${url}?${topics("https://example.com/books/{id}")}`, { headers: bearer(token({ subscribe })) });
    await hub.publish({ topic: "https://example.com/books/1", data: "not for it", private: true });
    await hub.publish({ topic: "https://example.com/users/foo/?topic=x", data: "not asked for", private: true });
    const alternate = `https://example.com/users/foo/?topic=${encodeURIComponent("https://example.com/books/1")}`;
    await hub.publish({ topic: ["https://example.com/books/1", alternate], data: "for it", private: true });
    await hub.publish({ topic: "https://example.com/books/2", data: "public" });
    expect(await dataOf(stream, 2)).toEqual(["for it", "public"]);
  });

  it("gets public updates with a token that allows nothing", async () => {
    const { hub, url } = await start();
    const stream = await openStream(`${url}?topic=*`, { headers: bearer(token({ subscribe: [] })) });
    await hub.publish({ topic: "a", data: "secret", private: true });
    await hub.publish({ topic: "a", data: "public" });
    expect(await dataOf(stream, 1)).toEqual(["public"]);
  });

  it.each([
    ["", "missing_matcher"],
    ["topic=", "invalid_matcher"],
    [topics(`{a}${"b".repeat(1500)}`), "invalid_matcher"],
    [topics(...Array.from({ length: 101 }, (_, i) => `t${i}`)), "too_many_matchers"],
    ["topic=a&matches=b", "unknown_matcher"],
  ])("is refused where it selects nothing or can't: %.40s", async (query, code) => {
    const { url } = await start({ anonymous: true });
    const response = await fetch(`${url}?${query}`);
    expect([response.status, await response.json()]).toMatchObject([400, { code }]);
  });

  it("is refused in 1.0 with a hint, and ignored beside a matcher of 1.0", async () => {
    const { hub, url, origin } = await startModern({ anonymous: true });
    for (const path of [PATH, "/events/stream"]) {
      const response = await fetch(`${origin}${path}?topic=a`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: "missing_matcher", detail: expect.stringContaining("--compat 0.x") });
    }
    const stream = await openStream(`${url}?topic=*&match=b`);
    await hub.publish({ topic: "a", data: "a" });
    await hub.publish({ topic: "b", data: "b" });
    expect(await dataOf(stream, 1)).toEqual(["b"]);
  });
});

describe("the cursor", () => {
  it("comes back as Last-Event-ID too, also for pages of other origins, and not in 1.0", async () => {
    const answer = async ({ url }: TestHub, query: string): Promise<Headers> =>
      (await openStream(`${url}?${query}`, { headers: { origin: "https://app.example" } })).response.headers;
    const options = { anonymous: true, corsOrigins: ["https://app.example"] };
    const compat = await start(options);
    await compat.hub.publish({ topic: "a", id: "urn:ä" });
    const headers = await answer(compat, "topic=a&lastEventID=urn:%C3%A4");
    for (const name of ["Last-Event-ID", "Mercure-Last-Event-ID"]) {
      expect(Buffer.from(headers.get(name) ?? "", "latin1").toString()).toBe("urn:ä");
    }
    expect(headers.get("access-control-expose-headers")?.split(", ")).toEqual(
      expect.arrayContaining(["Last-Event-ID", "Mercure-Last-Event-ID"]),
    );
    expect((await answer(compat, "topic=a&lastEventID=unknown")).get("last-event-id")).toBe("earliest");
    expect((await answer(compat, "topic=a")).get("last-event-id")).toBeNull();
    const modern = await answer(await startModern(options), "match=a&lastEventID=unknown");
    expect(modern.get("mercure-last-event-id")).toBe("earliest");
    expect(modern.get("last-event-id")).toBeNull();
    expect(modern.get("access-control-expose-headers")?.split(", ")).not.toContain("Last-Event-ID");
  });

  it("is the query's where the header is empty", async () => {
    for (const [running, expected] of [
      [await start({ anonymous: true }), "2"],
      [await startModern({ anonymous: true }), "3"],
    ] as const) {
      for (const id of ["1", "2"]) await running.hub.publish({ topic: "a", id });
      const stream = await openStream(`${running.url}?match=a&lastEventID=1`, { headers: { "Last-Event-ID": "" } });
      await running.hub.publish({ topic: "a", id: "3" });
      // In 1.0 the field comes first, whatever it says.
      expect((await stream.next()).id).toBe(expected);
    }
  });
});

it("the metadata is the same with and without the mode", async () => {
  const read = async ({ origin }: TestHub): Promise<string> =>
    (await fetch(`${origin}/.well-known/oauth-protected-resource${PATH}`)).text();
  expect(await read(await start())).toBe(await read(await startModern()));
});
