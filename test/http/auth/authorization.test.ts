import { request } from "node:http";
import { once } from "node:events";
import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { startHub, type TestHub } from "../../support/server.ts";
import { openStream, type TestStream } from "../../support/stream.ts";
import { bearer, exact, HUB_URL, mint, TRUSTING, urlpattern } from "../../support/tokens.ts";
import { LATE_MS } from "../../support/clock.ts";

function start(options: Parameters<typeof startHub>[0] = {}): Promise<TestHub> {
  return startHub({ ...TRUSTING, ...options });
}

async function post(url: string, token: string | undefined, form: string): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams(form), headers: token === undefined ? {} : bearer(token) });
}

const METADATA = "https://hub.example/.well-known/oauth-protected-resource/.well-known/mercure";

describe("publishing with a token", () => {
  it("needs a grant on every topic, the alternates too", async () => {
    const { hub, url } = await start();
    const token = await mint({ publish: [exact("a"), urlpattern("/books/:id")] });
    expect((await post(url, token, "topic=a&topic=/books/1")).status).toBe(200);
    const refused = await post(url, token, "topic=a&topic=b");
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: "insufficient_scope" }]);
    expect(refused.headers.get("www-authenticate")).toBe(`Bearer error="insufficient_scope", resource_metadata="${METADATA}"`);
    const batch = await fetch(url, {
      method: "POST",
      body: '[{"topic":"a"},{"topic":"b"}]',
      headers: { ...bearer(token), "Content-Type": "application/json" },
    });
    expect(batch.status).toBe(403);
    expect(hub.stats().tail).toBe(1);
  });

  it("is refused without a token, before the body is read, and without an error in the challenge", async () => {
    const { url } = await start();
    const refused = await post(url, undefined, "topic=a");
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe(`Bearer resource_metadata="${METADATA}"`);
  });

  it("is refused with an invalid token, and on a reserved topic with any token", async () => {
    const { url } = await start();
    const forged = await post(url, `${await mint({ publish: [exact("*")] })}x`, "topic=a");
    expect(forged.status).toBe(401);
    expect(forged.headers.get("www-authenticate")).toBe(`Bearer error="invalid_token", resource_metadata="${METADATA}"`);
    expect((await post(url, await mint({ publish: [exact("*")] }), "topic=/.well-known/mercure/x")).status).toBe(400);
  });

  it("is refused with two tokens, or an unreadable token", async () => {
    const { server } = await start();
    const { port } = server.address() as { port: number };
    const token = await mint({ publish: [exact("*")] });
    for (const value of [[`Bearer ${token}`, `Bearer ${token}`], ["Bearer"], ["Basic eDp5"]]) {
      const sent = request({
        port,
        host: "127.0.0.1",
        path: "/events/stream",
        method: "POST",
        headers: ["Host", "x", ...value.flatMap((one) => ["Authorization", one])],
      });
      sent.end("topic=a");
      const [response] = await once(sent, "response");
      expect(response.statusCode).toBe(400);
      expect(response.headers["www-authenticate"]).toContain('error="invalid_request"');
      response.resume();
    }
  });

  it("by cookie needs an origin that may: the hub's own or an allowed one", async () => {
    const { url, origin } = await start({ publishOrigins: ["https://app.example"] });
    const cookie = `__Secure-mercure_access_token=${await mint({ publish: [exact("*")] })}`;
    const send = async (headers: Record<string, string>): Promise<number> =>
      (
        await fetch(url, {
          method: "POST",
          body: "topic=a",
          headers: { cookie, "content-type": "application/x-www-form-urlencoded", ...headers },
        })
      ).status;
    expect(await send({})).toBe(403);
    expect(await send({ origin })).toBe(200);
    expect(await send({ origin: "https://app.example" })).toBe(200);
    expect(await send({ referer: "https://app.example/page" })).toBe(200);
    for (const foreign of ["https://evil.example", "null", "https://app.example.evil.example"])
      expect(await send({ origin: foreign })).toBe(403);
  });
});

describe("subscribing with a token", () => {
  it("needs none if the hub has no keys", async () => {
    const { url } = await startHub();
    await openStream(url);
  });

  it("is refused without one, unless anonymous subscribers are taken: they get public updates only", async () => {
    expect((await fetch((await start()).url)).status).toBe(401);
    const { hub, url } = await start({ anonymous: true });
    const stream = await openStream(url);
    await hub.publish({ topic: "a", data: "secret", private: true });
    await hub.publish({ topic: "a", data: "public" });
    expect((await stream.next()).data).toBe("public");
  });

  it("delivers private updates with a grant on one of their topics, live and on replay; matchers give no rights", async () => {
    const { hub, url } = await start();
    const token = await mint({ subscribe: [exact("/users/42"), urlpattern("/books/:id")] });
    const live = await openStream(`${url}?match=*`, { headers: bearer(token) });
    await hub.publish({ topic: "/reviews/1", data: "not for it", private: true });
    await hub.publish({ topic: ["/reviews/2", "/users/42"], data: "by an alternate", private: true });
    await hub.publish({ topic: "/books/7", data: "by a pattern", private: true });
    await hub.publish({ topic: "/reviews/3", data: "public" });
    const expected = ["by an alternate", "by a pattern", "public"];
    expect((await live.take(3)).map((event) => event.data)).toEqual(expected);
    const replay = await openStream(`${url}?match=*&last_event_id=earliest`, { headers: bearer(token) });
    expect((await replay.take(3)).map((event) => event.data)).toEqual(expected);
    const other = await openStream(`${url}?match=*&last_event_id=earliest`, { headers: bearer(await mint({ subscribe: [exact("x")] })) });
    expect((await other.next()).data).toBe("public");
  });

  it("reads the token from the cookie, prefers the header, and ignores the URL", async () => {
    const { url } = await start();
    const token = await mint({ subscribe: [exact("*")] });
    await openStream(url, { headers: { cookie: `a=b; __Secure-mercure_access_token=${token}` } });
    const both = await fetch(url, { headers: { ...bearer("nonsense"), cookie: `__Secure-mercure_access_token=${token}` } });
    expect(both.status).toBe(401);
    expect((await fetch(`${url}?access_token=${token}&authorization=${token}`)).status).toBe(401);
  });

  it("ends no later than the token, after a warning", async () => {
    const { url } = await start();
    const token = await mint({ subscribe: [exact("*")], lifetimeSeconds: 7 });
    const stream = await openStream(url, { headers: bearer(token) });
    const endsAt = (JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString()) as { exp: number }).exp * 1000;
    await stream.nextOfAny();
    const warning = await stream.nextOfAny();
    expect(warning).toMatchObject({ event: "hub:expiring", id: undefined });
    expect(JSON.parse(warning.data)).toEqual({ expiresInMs: expect.any(Number), subscriber: expect.stringMatching(/^[\da-f-]{36}$/) });
    await stream.ended;
    expect(Date.now()).toBeLessThanOrEqual(endsAt + LATE_MS);
    expect((await fetch(url, { headers: bearer(token) })).status === 200 || Date.now() >= endsAt - 1000).toBe(true);
  });

  it("continues with a new token of the same subject, with the new token's rights, and with no other", async () => {
    const { hub, url, origin } = await start();
    const short = await mint({ subscribe: [exact("a")], lifetimeSeconds: 7 });
    const stream = await openStream(`${url}?match=*`, { headers: bearer(short) });
    await stream.nextOfAny();
    const { subscriber } = JSON.parse((await stream.nextOfAny()).data) as { subscriber: string };
    const renew = async (token: string | undefined, id = subscriber): Promise<number> =>
      (
        await fetch(`${origin}/.well-known/mercure/subscribers/${id}`, {
          method: "POST",
          headers: token === undefined ? {} : bearer(token),
        })
      ).status;
    expect(await renew(undefined)).toBe(401);
    expect(await renew("nonsense")).toBe(401);
    expect(await renew(await mint({ subscribe: [exact("*")], subject: "someone else" }))).toBe(404);
    expect(await renew(await mint({ subscribe: [exact("*")] }), "unknown")).toBe(404);
    expect(await renew(await mint({ subscribe: [exact("b")] }))).toBe(200);
    await hub.publish({ topic: "a", data: "no longer", private: true });
    await hub.publish({ topic: "b", data: "from now on", private: true });
    expect((await stream.next()).data).toBe("from now on");
    // Past the end of the first token.
    await expect.poll(async () => (await fetch(url, { method: "HEAD", headers: bearer(short) })).status).toBe(401);
    await hub.publish({ topic: "b", data: "still", private: true });
    expect((await stream.next()).data).toBe("still");
  });
});

describe("metadata for clients", () => {
  it("is the protected resource metadata", async () => {
    const { origin } = await start();
    const response = await fetch(`${origin}/.well-known/oauth-protected-resource/.well-known/mercure`);
    expect(await response.json()).toMatchObject({
      resource: HUB_URL,
      authorization_details_types_supported: ["https://mercure.rocks/authorization-detail"],
      bearer_methods_supported: ["header"],
      mercure_cookie: "__Secure-mercure_access_token",
    });
  });
});

describe("pages of other origins", () => {
  const preflight = (url: string, origin: string): Promise<Response> =>
    fetch(url, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });

  it("may use the hub with credentials if they are listed exactly", async () => {
    const { url } = await start({ corsOrigins: ["https://app.example"] });
    const token = await mint({ subscribe: [exact("*")] });
    const allowed = await openStream(url, { headers: { ...bearer(token), origin: "https://app.example" } });
    expect(allowed.response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(allowed.response.headers.get("access-control-allow-credentials")).toBe("true");
    expect(allowed.response.headers.get("vary")).toBe("Origin, Accept, Accept-Encoding");
    expect((await preflight(url, "https://app.example")).headers.get("access-control-allow-headers")).toContain("Last-Event-ID");
    for (const origin of ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"]) {
      const refused = await fetch(url, { method: "HEAD", headers: { ...bearer(token), origin } });
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();
      expect(refused.headers.get("vary")).toBe("Origin, Accept, Accept-Encoding");
      expect((await preflight(url, origin)).headers.get("access-control-allow-origin")).toBeNull();
    }
    const failed = await fetch(url, { headers: { origin: "https://app.example" } });
    expect([failed.status, failed.headers.get("access-control-allow-origin")]).toEqual([401, "https://app.example"]);
  });

  it("get no credentials by the wildcard", async () => {
    const { url } = await start({ corsOrigins: ["*"], anonymous: true });
    const stream = await openStream(url, { headers: { origin: "https://any.example" } });
    expect(stream.response.headers.get("access-control-allow-origin")).toBe("*");
    expect(stream.response.headers.get("access-control-allow-credentials")).toBeNull();
  });
});

describe("QUERY", () => {
  it("reads matchers and the cursor from a form, together with the query", async () => {
    const { hub, url } = await startHub();
    await hub.publish({ topic: "a", data: "1", id: "one" });
    await hub.publish({ topic: "b", data: "2", id: "two" });
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const stream = await openStream(`${url}?match=a&last_event_id=earliest`, {
      method: "QUERY",
      body: "match=b&last_event_id=two",
      headers,
    });
    expect((await stream.take(2)).map((event) => event.data)).toEqual(["1", "2"]);
    expect((await fetch(url, { method: "QUERY", body: "matchy=b", headers })).status).toBe(400);
    expect((await fetch(url, { method: "QUERY", body: "{}", headers: { "Content-Type": "application/json" } })).status).toBe(415);
  });
});

describe("non-interference", () => {
  /** What a subscriber without the right can see of a run, live and afterwards. */
  async function observe(updates: readonly { topic: string; data: string; isPrivate: boolean }[]): Promise<string> {
    const { hub, url } = await start({ anonymous: true });
    const token = await mint({ subscribe: [exact("mine")] });
    const streams: TestStream[] = [await openStream(`${url}?match=*`), await openStream(`${url}?match=*`, { headers: bearer(token) })];
    let count = 0;
    for (const { topic, data, isPrivate } of updates) {
      await hub.publish({ topic, data, private: isPrivate, id: `id-${isPrivate ? data + topic : count++}` });
    }
    await hub.publish({ topic: "end", data: "end", id: "end" });
    streams.push(await openStream(`${url}?match=*&last_event_id=earliest`));
    const seen: unknown[] = [];
    for (const stream of streams) {
      for (let event = await stream.next(); ; event = await stream.next()) {
        seen.push(event);
        if (event.data === "end") break;
      }
    }
    return JSON.stringify(seen);
  }

  it("private updates change nothing that others can see, for any topic, content or number", async () => {
    const open = fc.record({ topic: fc.constantFrom("a", "b"), data: fc.string(), isPrivate: fc.constant(false) });
    const secret = fc.record({ topic: fc.constantFrom("a", "b", "c"), data: fc.uuid(), isPrivate: fc.constant(true) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(open, secret), { maxLength: 12 }), async (updates) => {
        expect(await observe(updates)).toBe(await observe(updates.filter(({ isPrivate }) => !isPrivate)));
      }),
      { seed: 2008, numRuns: 25 },
    );
  });
});
