import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { from, listenForAnyAddress } from "../../support/addresses.ts";
import { listen } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { type ParsedEvent, StandardParser } from "../standard-parser.ts";
import { bearer, dataUntilEnd, follow, FORM, post, raw, refusalOf, selected, startOpen, startSecured, token } from "./support.ts";

const query = (body: string, type: string = FORM): RequestInit => ({ method: "QUERY", body, headers: { "Content-Type": type } });

describe("Terminology", () => {
  test("TERM-01: topics that are not valid UTF-8 are refused", async () => {
    const { url } = await startOpen();
    for (const topic of ["%FF", "%C3%28", "%ED%A0%80", "%F8%88%80%80%80"]) {
      expect(await refusalOf(await post(url, `topic=a${topic}`))).toEqual([400, "invalid_body"]);
    }
    expect((await post(url, "topic=%F0%9F%92%A7")).status).toBe(200);
  });

  test("TERM-02: topics with C0, DEL, C1 or format characters are refused", async () => {
    const { url } = await startOpen();
    const forbidden = Array.from(
      "\0\u0001\t\n\r\u001F\u007F\u0080\u0085\u009F\u00AD\u061C\u200B\u200D\u200E\u202E\u2066\uFEFF\u{E0001}\u{E0020}",
    );
    for (const character of forbidden) {
      expect(await refusalOf(await post(url, { topic: `a${character}b` }))).toEqual([400, "invalid_topic"]);
    }
    for (const character of ["\u00A0", "\u0300", "\u2028", "\uE000", " "]) {
      expect((await post(url, { topic: `a${character}b` })).status).toBe(200);
    }
  });
});

describe("Subscription", () => {
  test("SUB-01: GET subscribes", async () => {
    const { hub, url } = await startOpen();
    const stream = await openStream(`${url}?match=a`, { method: "GET" });
    await hub.publish({ topic: "a", data: "1" });
    expect((await stream.next()).data).toBe("1");
  });

  test("SUB-02: QUERY subscribes with matchers in the body", async () => {
    const { hub, url } = await startOpen();
    const stream = await openStream(url, query("match=a&match_urlpattern=%2Fb%2F%3Aid"));
    for (const topic of ["a", "b", "/b/1"]) await hub.publish({ topic, data: topic });
    expect((await stream.take(2)).map(({ data }) => data)).toEqual(["a", "/b/1"]);
  });

  test("SUB-03: a body of matchers is a URL-encoded form, and nothing else", async () => {
    const { url } = await startOpen();
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=x"]) {
      expect((await fetch(url, query("match=a", type))).status).toBe(415);
    }
    const utf8 = await fetch(url, { ...query("match=a", `${FORM}; charset=utf-8`), signal: AbortSignal.timeout(5000) });
    expect(utf8.status).toBe(200);
    await utf8.body?.cancel();
  });

  test("SUB-04: the parameters of the query and of the body count together", async () => {
    const { hub, url } = await startOpen();
    await hub.publish({ topic: "x", id: "first" });
    for (const topic of ["a", "b", "c"]) await hub.publish({ topic, data: topic });
    const stream = await openStream(`${url}?match=a`, query("match=b&last_event_id=first"));
    expect((await stream.take(2)).map(({ data }) => data)).toEqual(["a", "b"]);
  });

  test("SUB-05: a cursor in both is the query's, and the header comes before either", async () => {
    const { hub, url } = await startOpen();
    for (const id of ["1", "2", "3", "4"]) await hub.publish({ topic: "a", data: id, id });
    const both = await openStream(`${url}?match=a&last_event_id=2`, query("last_event_id=1"));
    expect((await both.next()).data).toBe("3");
    const three = await openStream(`${url}?match=a&last_event_id=2`, {
      ...query("last_event_id=1"),
      headers: { "Content-Type": FORM, "Last-Event-ID": "3" },
    });
    expect((await three.next()).data).toBe("4");
  });

  test("SUB-06: a subscription works over HTTP/2", async () => {
    const { hub } = await startOpen();
    const client = connectHttp2(await listen(createHttp2Server((req, res) => hub.handler(req as never, res as never))));
    const request = client.request({ ":path": "/.well-known/mercure?match=a" });
    let received = "";
    request.setEncoding("utf8").on("data", (text: string) => (received += text));
    await once(request, "response");
    await hub.publish({ topic: "a", data: "by HTTP/2" });
    await expect.poll(() => received).toContain("data: by HTTP/2\n\n");
    client.destroy();
  });

  test("SUB-07: the name of a matcher type is written exactly", async () => {
    const { url } = await startOpen();
    for (const name of ["match_EXACT", "match_Exact", "match_URLPattern", "match-exact", "match_urlpattern "]) {
      expect(await refusalOf(await fetch(`${url}?${new URLSearchParams([[name, "a"]])}`))).toEqual([400, "unknown_matcher"]);
    }
  });

  test("SUB-08: matchers of several types may be combined, and match when any does", async () => {
    const started = await startOpen();
    expect(await selected(started, "match=a&match_exact=b&match_urlpattern=/c/:id", ["a", "b", "/c/1", "c", "/c"])).toEqual([
      "a",
      "b",
      "/c/1",
    ]);
  });

  test("SUB-09: the query is parsed as a URL-encoded form", async () => {
    const started = await startOpen();
    const topics = ["a b", "a+b", "a;b", "100%", "é", "x=y", "c"];
    expect(await selected(started, "match=a+b&%6Datch=a%2Bb&match=a;b&match=100%&match=%C3%A9&match=x=y&&", topics)).toEqual(
      topics.slice(0, -1),
    );
    expect(await refusalOf(await fetch(`${started.url}?%6Datch_x=a`))).toEqual([400, "unknown_matcher"]);
  });

  test("SUB-10: a name without a value has the empty value", async () => {
    const { url } = await startOpen();
    const [bare, empty] = await Promise.all(["?match", "?match="].map(async (search) => (await fetch(url + search)).text()));
    expect(bare).toBe(empty);
    expect(bare).toContain("invalid_matcher");
  });

  test("SUB-11: any other name that starts with match, in any case, is refused", async () => {
    const { url } = await startOpen();
    for (const name of ["matc\u0068es", "match_", "match_regexp", "Match", "MATCH", "mAtCh_exact", "match[]", "matching"]) {
      expect(await refusalOf(await fetch(`${url}?match=a&${new URLSearchParams([[name, "a"]])}`))).toEqual([400, "unknown_matcher"]);
    }
    expect((await fetch(`${url}?match=a&xmatch=b&utm=c`, { method: "HEAD" })).status).toBe(200);
  });

  test("SUB-12: a matcher that is not UTF-8, or has control or format characters, is refused", async () => {
    const { url } = await startOpen();
    for (const value of ["%FF", "%C3", "a%00", "a%0A", "a%0D", "a%1F", "a%7F", "a%C2%85", "a%E2%80%8B", "a%E2%80%AE", "%EF%BB%BFa"]) {
      for (const name of ["match", "match_urlpattern"]) expect((await fetch(`${url}?${name}=${value}`)).status).toBe(400);
    }
  });

  test("SUB-13: a matcher that is not valid for its type is refused", async () => {
    const { url } = await startOpen();
    for (const value of ["/(", "/:a:a", "/{a", "http://[", "/(?<n>a)"]) {
      expect(await refusalOf(await fetch(`${url}?${new URLSearchParams({ match_urlpattern: value })}`))).toEqual([400, "invalid_matcher"]);
    }
    expect((await fetch(`${url}?match=%2F(`, { method: "HEAD" })).status).toBe(200);
  });

  test("SUB-14: the number and the length of matchers are bounded", async () => {
    const { url } = await startOpen({ limits: { matchersPerSubscription: 3, topicBytes: 64 } });
    expect((await fetch(`${url}?match=a&match=b&match_urlpattern=/c`, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${url}?match=${"x".repeat(64)}`, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(`${url}?match=a&match=b&match=c&match=d`, { method: "HEAD" })).status).not.toBe(200);
  });

  test("SUB-15: a subscription past such a bound is refused with 400", async () => {
    const { url } = await startOpen({ limits: { matchersPerSubscription: 3, topicBytes: 64 } });
    expect(await refusalOf(await fetch(`${url}?match=a&match=b&match=c&match_urlpattern=/d`))).toEqual([400, "too_many_matchers"]);
    for (const name of ["match", "match_urlpattern"]) {
      expect(await refusalOf(await fetch(`${url}?${name}=/${"x".repeat(64)}`))).toEqual([400, "invalid_matcher"]);
    }
  });

  test("SUB-16: equal matchers make one subscription", async () => {
    const { hub, url } = await startOpen();
    const seen: number[] = [];
    hub.observe({ subscribed: ({ matchers }) => void seen.push(matchers.length) });
    await openStream(`${url}?match=a&match_exact=a&match=a&match_urlpattern=a`);
    expect(seen).toEqual([2]);
  });

  test("SUB-17: the streams of one address, and of all, are bounded", async () => {
    const { hub } = await startOpen({ connectionsPerAddress: 2, connections: 3 });
    const url = `${await listenForAnyAddress(hub)}/.well-known/mercure?match=a`;
    const first = await openStream(url, from("203.0.113.7"));
    expect((await openStream(url, from("203.0.113.7"))).response.status).toBe(200);
    expect((await fetch(url, from("203.0.113.7"))).status).toBe(429);
    const other = await openStream(url, from("2001:db8:1:2::1"));
    expect(other.response.status).toBe(200);
    expect((await fetch(url, from("198.51.100.1"))).status).toBe(503);
    first.close();
    await expect.poll(() => hub.stats().subscribers).toBe(2);
    expect((await openStream(url, from("203.0.113.7"))).response.status).toBe(200);
  });

  test("SUB-18: a stream past such a bound gets 429, and is told when to come back", async () => {
    const { hub } = await startOpen({ connectionsPerAddress: 1 });
    const url = `${await listenForAnyAddress(hub)}/.well-known/mercure?match=a`;
    await openStream(url, from("203.0.113.7"));
    const refused = await fetch(url, from("203.0.113.7"));
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refusalOf(refused)).toEqual([429, "too_many_connections"]);
  });

  test("SUB-19: subscribers of other origins get CORS fields, on refusals too", async () => {
    const { url } = await startOpen({ corsOrigins: ["https://app.example"] });
    const headers = { Origin: "https://app.example" };
    for (const search of ["?match=a", "?matchy=a"]) {
      const { headers: answer } = await fetch(url + search, { headers, method: search === "?match=a" ? "HEAD" : "GET" });
      expect(answer.get("access-control-allow-origin")).toBe("https://app.example");
      expect(answer.get("access-control-expose-headers")).toContain("Mercure-Last-Event-ID");
    }
    const preflight = await fetch(url, { method: "OPTIONS", headers: { ...headers, "Access-Control-Request-Headers": "authorization" } });
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/Authorization.*Last-Event-ID/);
  });

  test("SUB-20: with credentials only listed origins are let in, exactly, and none is reflected", async () => {
    const { url } = await startSecured({ corsOrigins: ["https://app.example"], anonymous: true });
    const cookie = `__Secure-mercure_access_token=${token()}`;
    for (const origin of ["https://evil.example", "null", "http://app.example", "https://app.example:8443", "https://xapp.example"]) {
      const { headers } = await fetch(`${url}?match=a`, { method: "HEAD", headers: { Origin: origin, Cookie: cookie } });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("SUB-21: a listed origin is allowed credentials", async () => {
    const { url } = await startSecured({ corsOrigins: ["https://app.example"] });
    const { headers } = await fetch(`${url}?match=a`, { method: "HEAD", headers: { Origin: "https://app.example", ...bearer(token()) } });
    expect(headers.get("access-control-allow-credentials")).toBe("true");
  });

  test("SUB-22: a private update does not reach who may not read it", async () => {
    const { hub, url } = await startSecured({ anonymous: true });
    const stream = await follow(url, "match=*");
    await hub.publish({ topic: "a", data: "secret", private: true });
    await hub.publish({ topic: "END", data: "END" });
    expect(await dataUntilEnd(stream)).toEqual([]);
  });

  test("SUB-23: updates are events of text/event-stream, as the standard's own algorithm reads them", async () => {
    const { hub, origin, url } = await startOpen();
    expect((await openStream(`${url}?match=a`)).response.headers.get("content-type")).toBe("text/event-stream");
    await hub.publish({ topic: "a", data: "1\n2", id: "i", type: "t" });
    await hub.publish({ topic: "a", data: "", id: "j" });
    const end = await hub.publish({ topic: "a", data: "z" });
    const bytes = await raw(origin, "GET /events/stream?last_event_id=earliest HTTP/1.1\r\nHost: x\r\n\r\n", "data: z\n\n");
    const events: ParsedEvent[] = [];
    new StandardParser((event) => void events.push(event)).feed(Buffer.from(bytes.slice(bytes.indexOf("\r\n\r\n") + 4)));
    expect(events.filter(({ type }) => !type.startsWith("hub:"))).toEqual([
      { id: "i", type: "t", data: "1\n2" },
      { id: "j", type: "message", data: "" },
      { id: end, type: "message", data: "z" },
    ]);
  });

  test("SUB-24: a quiet stream gets comments that keep it open", async () => {
    const { url } = await startOpen({ heartbeatMs: 100 });
    const stream = await openStream(`${url}?match=a`);
    await expect.poll(() => stream.comments.length).toBeGreaterThan(1);
  });

  test("SUB-25: an event's data is the update's new content", async () => {
    const { url } = await startOpen();
    const stream = await openStream(`${url}?match=a`);
    const content = JSON.stringify([{ op: "replace", path: "/é", value: "💧\u0000" }]);
    await post(url, { topic: "a", data: content });
    expect((await stream.next()).data).toBe(content);
  });

  test("SUB-26: the id, event and retry properties reach the subscriber", async () => {
    const { url } = await startOpen();
    const stream = await openStream(`${url}?match=a`);
    await post(url, { topic: "a", data: "d", id: "i", type: "t", retry: "4321" });
    expect(await stream.next()).toMatchObject({ id: "i", event: "t", data: "d" });
    expect(stream.retries.at(-1)).toBe(4321);
  });
});
