import { createHub, HubError } from "artesian";
import { memoryJournal } from "artesian/journals/memory";
import { describe, expect, it } from "vitest";
import { listen, startHub } from "../../support/server.ts";
import { openStream, readStream } from "../../support/stream.ts";
import { execFile } from "node:child_process";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { createServer as createHttp2Server, connect as connectHttp2 } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import { once } from "node:events";

describe("subscribing over node:http", () => {
  it("answers with the headers that proxies need, a reconnection time and a cursor, before any update", async () => {
    const { url } = await startHub();
    const stream = await openStream(`${url}?match=a`);
    const { headers } = stream.response;
    expect(stream.response.status).toBe(200);
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect(headers.get("cache-control")).toBe("no-store, no-transform");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("mercure-last-event-id")).toBeNull();
    const cursor = await stream.nextOfAny();
    expect(cursor).toMatchObject({ event: "hub:cursor", data: "{}" });
    expect(cursor.id).toMatch(/^#[0-9A-Za-z]{8}:0$/);
    expect(stream.retries).toHaveLength(1);
    expect(stream.retries[0]).toBeGreaterThanOrEqual(1000);
    expect(stream.retries[0]).toBeLessThanOrEqual(5000);
  });

  it("answers an EventSource with hub:drain instead of 503 while the journal is unavailable", async () => {
    const journal = memoryJournal();
    const find = journal.find.bind(journal);
    const { hub, url } = await startHub({ journal });
    await hub.publish({ topic: "a", data: "0", id: "seen" });
    journal.find = () => Promise.reject(new HubError("journal_unavailable", "It is away."));
    const [headers, away] = [{ "last-event-id": "seen" }, await fetch(`${url}?match=a`, { headers: { "last-event-id": "seen" } })];
    expect([away.status, away.headers.get("retry-after")]).toEqual([503, "2"]);
    const told = await fetch(`${url}?match=a`, { headers: { ...headers, accept: "text/event-stream" } });
    expect([told.status, told.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const [, retryMs] = /^retry: (\d+)\nevent: hub:drain\ndata: .*\n\n$/.exec(await told.text()) ?? [];
    expect(Number(retryMs)).toBeGreaterThanOrEqual(1000);
    expect(Number(retryMs)).toBeLessThanOrEqual(5000);
    journal.find = find;
    await hub.publish({ topic: "a", data: "1" });
    const back = await openStream(`${url}?match=a`, { headers });
    expect((await back.next()).data).toBe("1");
  });

  it("delivers updates that match exactly, by URL pattern, or by `*`, and nothing else", async () => {
    const { hub, origin, url } = await startHub();
    const exact = await openStream(`${url}?match=a&match_exact=/books/1`);
    const pattern = await openStream(`${url}?match_urlpattern=/books/:id`);
    const all = await openStream(`${origin}/.well-known/mercure?match=*`);
    const alias = await openStream(url);
    for (const topic of ["a", "b", "/books/1", "/books/2", "/books/2/pages"]) await hub.publish({ topic, data: topic });
    await hub.publish({ topic: ["z", "a", "/books/1"], data: "alternates" });
    const data = async (stream: typeof all, count: number): Promise<string[]> => (await stream.take(count)).map((event) => event.data);
    expect(await data(exact, 3)).toEqual(["a", "/books/1", "alternates"]);
    expect(await data(pattern, 3)).toEqual(["/books/1", "/books/2", "alternates"]);
    expect(await data(all, 6)).toEqual(["a", "b", "/books/1", "/books/2", "/books/2/pages", "alternates"]);
    expect(await data(alias, 6)).toHaveLength(6);
  });

  it("resumes after an id, its own or the publisher's, by header and by every spelling in the query", async () => {
    const { hub, url } = await startHub();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await hub.publish({ topic: "t", data: String(i), ...(i === 2 && { id: "urn:é 2" }) }));
    for (const id of [ids[2] as string, "urn:é 2"]) {
      for (const name of ["last_event_id", "lastEventID", "lastEventId", "Last-Event-ID"]) {
        const stream = await openStream(`${url}?${new URLSearchParams([[name, id]])}`);
        expect((await stream.take(2)).map((event) => event.data)).toEqual(["3", "4"]);
      }
      const header = Buffer.from(id).toString("latin1");
      const stream = await openStream(`${url}?last_event_id=ignored`, { headers: { "Last-Event-ID": header } });
      expect(Buffer.from(stream.response.headers.get("mercure-last-event-id") ?? "", "latin1").toString()).toBe(id);
      expect((await stream.take(2)).map((event) => event.data)).toEqual(["3", "4"]);
    }
  });

  it("replays everything held for `earliest`", async () => {
    const { hub, url } = await startHub();
    for (let i = 0; i < 1200; i++) await hub.publish({ topic: "t", data: String(i) });
    const stream = await openStream(`${url}?last_event_id=earliest`);
    expect(stream.response.headers.get("mercure-last-event-id")).toBe("earliest");
    expect((await stream.take(1200)).map((event) => Number(event.data))).toEqual(Array.from({ length: 1200 }, (_, i) => i));
  });

  it("tells a gap in-band, without an id, for trimmed, unknown and foreign ids, and sends all that is held", async () => {
    const { hub, url } = await startHub({ journal: memoryJournal({ retention: { maxCount: 3 } }) });
    const first = await hub.publish({ topic: "t", data: "1" });
    for (let i = 2; i <= 6; i++) await hub.publish({ topic: "t", data: String(i) });
    const foreign = await createHub().publish({ topic: "t" });
    for (const [id, reason] of [
      [first, "trimmed"],
      ["never-seen", "unknown"],
      [foreign, "epoch"],
      [first.replace(/1$/, "zzz"), "unknown"],
    ] as const) {
      const stream = await openStream(`${url}?${new URLSearchParams({ last_event_id: id })}`);
      expect(stream.response.headers.get("mercure-last-event-id")).toBe("earliest");
      const gap = await stream.nextOfAny();
      expect(gap.event).toBe("hub:gap");
      expect(gap.id).toBeUndefined();
      expect(JSON.parse(gap.data)).toEqual({ requested: id, first: first.replace(/1$/, "4"), reason });
      expect((await stream.take(3)).map((event) => event.data)).toEqual(["4", "5", "6"]);
    }
  });

  it("resumes for a subscriber that had received nothing yet", async () => {
    const { hub, url } = await startHub();
    const before = await openStream(`${url}?match=t`);
    const cursor = (await before.nextOfAny()).id as string;
    before.close();
    await hub.publish({ topic: "t", data: "while away" });
    const after = await openStream(`${url}?match=t`, { headers: { "Last-Event-ID": cursor } });
    expect((await after.next()).data).toBe("while away");
  });

  it("does not repeat an update to a subscriber that resumes from its id before the dispatch", async () => {
    const { hub, url } = await startHub();
    const id = await hub.publish({ topic: "t", data: "seen" });
    const stream = await openStream(url, { headers: { "Last-Event-ID": id } });
    await hub.publish({ topic: "t", data: "new" });
    expect((await stream.next()).data).toBe("new");
  });

  it("sends heartbeats, which move the cursor of a subscriber whose topics are quiet", async () => {
    const { hub, url } = await startHub({ heartbeatMs: 100 });
    const stream = await openStream(`${url}?match=quiet`);
    await stream.nextOfAny();
    const id = await hub.publish({ topic: "busy" });
    const cursor = await stream.nextOfAny();
    expect(cursor).toMatchObject({ event: "hub:cursor", id });
    await expect.poll(() => stream.comments.length).toBeGreaterThan(0);
  });

  it("ends a stream at the end of its lifetime, after telling its cursor", async () => {
    const { hub, url } = await startHub({ lifetimeMs: 1000 });
    const stream = await openStream(`${url}?match=quiet`);
    await stream.nextOfAny();
    const id = await hub.publish({ topic: "busy" });
    await stream.ended;
    expect((await stream.nextOfAny()).id).toBe(id);
    expect(hub.stats().subscribers).toBe(0);
  });

  it("keeps private updates from subscribers without a grant, live and on replay", async () => {
    const { hub, url } = await startHub();
    const live = await openStream(`${url}?match=*`);
    await hub.publish({ topic: "t", data: "secret", private: true });
    await hub.publish({ topic: "t", data: "open" });
    expect((await live.next()).data).toBe("open");
    const replay = await openStream(`${url}?last_event_id=earliest`);
    expect((await replay.next()).data).toBe("open");
  });

  it.each([
    ["match_regexp=a", 400, "unknown_matcher"],
    ["Match=a", 400, "unknown_matcher"],
    ["matching=a", 400, "unknown_matcher"],
    ["match=", 400, "invalid_matcher"],
    ["match=a%00b", 400, "invalid_matcher"],
    ["match=a%E2%80%8Bb", 400, "invalid_matcher"],
    ["match=%ff", 400, "invalid_body"],
    [`match=${"x".repeat(2049)}`, 400, "invalid_matcher"],
    ["match_urlpattern=/(", 400, "invalid_matcher"],
    [Array.from({ length: 101 }, (_, i) => `match=${i}`).join("&"), 400, "too_many_matchers"],
  ])("refuses ?%.30s", async (query, status, code) => {
    const { url } = await startHub();
    const response = await fetch(`${url}?${query}`);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status, code });
  });

  it("accepts the largest matcher and the most matchers", async () => {
    const { url } = await startHub();
    await openStream(`${url}?match=${"x".repeat(2048)}`);
    await openStream(`${url}?${Array.from({ length: 100 }, (_, i) => `match=${i}`).join("&")}`);
  });

  it("needs a matcher at the protocol's path", async () => {
    const { origin } = await startHub();
    const response = await fetch(`${origin}/.well-known/mercure`);
    expect(await response.json()).toMatchObject({ status: 400, code: "missing_matcher" });
  });

  it("answers HEAD, OPTIONS, other methods and other paths", async () => {
    const { origin, url } = await startHub();
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const options = await fetch(url, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, QUERY, POST, OPTIONS"]);
    const put = await fetch(url, { method: "PUT", body: "x" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, QUERY, POST, OPTIONS"]);
    expect((await fetch(`${origin}/elsewhere`)).status).toBe(404);
  });

  it("bounds open streams, and accepts new ones when old ones close", async () => {
    const { hub, url } = await startHub({ connections: 2, corsOrigins: ["https://page.example"] });
    const first = await openStream(url);
    await openStream(url);
    const headers = { Origin: "https://page.example" };
    const refused = await fetch(url, { headers });
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toMatch(/^(?:[5-9]|1[0-5])$/);
    expect(refused.headers.get("access-control-allow-origin")).toBe("https://page.example");
    const byFetch = await hub.fetch(new Request("http://localhost/events/stream", { headers }));
    expect([byFetch.status, byFetch.headers.get("access-control-allow-origin")]).toEqual([503, "https://page.example"]);
    first.close();
    await expect.poll(async () => (await fetch(url, { signal: AbortSignal.timeout(2000) })).status).toBe(200);
  });

  it("drops bytes after a subscriber's request, and forgets the subscriber when it leaves", async () => {
    const { hub, server, url } = await startHub();
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    let received = "";
    socket.setEncoding("utf8").on("data", (text: string) => (received += text));
    socket.write("GET /events/stream HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(() => received).toContain("hub:cursor");
    socket.write("GET /events/stream HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100));
    const other = await openStream(url);
    await hub.publish({ topic: "t", data: "still here" });
    await expect.poll(() => received).toContain("still here");
    expect(hub.stats().subscribers).toBe(2);
    socket.destroy();
    other.close();
    await expect.poll(() => hub.stats()).toMatchObject({ subscribers: 0, cohorts: 0, lagging: 0 });
  });

  it("loses no connection to requests that follow one that becomes a stream", async () => {
    const { hub, server, url } = await startHub({ connections: 3 });
    await hub.publish({ topic: "t", id: "mine" });
    for (let i = 0; i < 6; i++) {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
      // The first asks the journal, so that the second is at hand before the first has become a stream.
      const second = "GET /events/stream HTTP/1.1\r\nHost: x\r\n\r\n";
      socket.write(`GET /events/stream?last_event_id=mine HTTP/1.1\r\nHost: x\r\n\r\n${second}`);
      await once(socket, "data");
      socket.destroy();
      await expect.poll(() => hub.stats().subscribers).toBe(0);
    }
    for (let i = 0; i < 3; i++) await openStream(url);
  });

  it("answers a private update's id like a public one's, without revealing the update", async () => {
    const { hub, url } = await startHub();
    for (const id of ["first", "public"]) await hub.publish({ topic: "elsewhere", id });
    await hub.publish({ topic: "elsewhere", id: "secret", data: "hidden", private: true });
    await hub.publish({ topic: "t", data: "next" });
    const answer = async (id: string): Promise<unknown> => {
      const stream = await openStream(`${url}?match=t&last_event_id=${id}`);
      return [stream.response.headers.get("mercure-last-event-id")?.replace(id, "ID"), await stream.nextOfAny()];
    };
    expect(await answer("secret")).toEqual(await answer("public"));
    expect(await answer("secret")).toMatchObject(["ID", { event: undefined, data: "next" }]);
  });

  it("answers a pipelined subscription after the answer before it", async () => {
    const { hub, server } = await startHub();
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => (received += String(chunk)));
    socket.write(
      "POST /events/stream HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\ntopic=t&id=1GET /events/stream HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    await hub.publish({ topic: "t", data: "pipelined" });
    await expect.poll(() => received).toMatch(/HTTP\/1\.1 200 OK[^]*HTTP\/1\.1 200 OK[^]*data: pipelined\n\n/);
    socket.destroy();
  });
});

describe("subscribing while the hub shuts down", () => {
  it("is answered with a stream that says when to come back, because a failure would stop an EventSource permanently", async () => {
    const { hub, url } = await startHub();
    await hub.close();
    const stream = await openStream(url);
    expect(stream.response.status).toBe(200);
    expect(await stream.nextOfAny()).toMatchObject({ event: "hub:drain" });
    await stream.ended;
    const fetched = await hub.fetch(new Request(url));
    expect(fetched.status).toBe(200);
    expect(await fetched.text()).toContain("event: hub:drain\n");
  });
});

/** A certificate for one test, made by the system's OpenSSL. */
async function certificate(): Promise<{ key: string; cert: string }> {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "1"];
  const { stdout } = await promisify(execFile)("openssl", [...args, "-keyout", "-", "-out", "-"]);
  return { key: stdout, cert: stdout };
}

describe("subscribing over other transports", () => {
  it("works over HTTP/2", async () => {
    const { hub } = await startHub();
    const server = createHttp2Server((req, res) => hub.handler(req as never, res as never));
    const origin = await listen(server);
    const client = connectHttp2(origin);
    const request = client.request({ ":path": "/events/stream?match=t" });
    let received = "";
    request.on("data", (chunk) => (received += String(chunk)));
    const [headers] = await once(request, "response");
    expect(headers).toMatchObject({ ":status": 200, "content-type": "text/event-stream" });
    await hub.publish({ topic: "t", data: "over HTTP/2" });
    await expect.poll(() => received).toContain("data: over HTTP/2\n\n");
    request.close();
    await expect.poll(() => hub.stats().subscribers).toBe(0);
    client.close();
  });

  it("works over TLS, where live subscribers stay live", async () => {
    const { hub } = await startHub();
    const key = await certificate();
    const server = createHttpsServer(key, (req, res) => hub.handler(req, res));
    const port = Number(new URL(await listen(server)).port);
    const request = httpsRequest({ port, host: "127.0.0.1", path: "/events/stream", rejectUnauthorized: false }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    let received = "";
    response.on("data", (chunk) => (received += String(chunk)));
    for (let i = 0; i < 3; i++) {
      await hub.publish({ topic: "t", data: `over TLS ${i}` });
      await expect.poll(() => received).toContain(`data: over TLS ${i}\n\n`);
    }
    await hub.publish({ topic: "t" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(hub.stats().lagging).toBe(0);
    request.destroy();
    await expect.poll(() => hub.stats().subscribers).toBe(0);
  });

  it("works through the Fetch handler, and lets go when the reader cancels", async () => {
    const { hub } = await startHub();
    const response = await hub.fetch(new Request("http://localhost/events/stream?match=t"));
    const stream = readStream(response, () => void response.body?.cancel());
    await hub.publish({ topic: "t", data: "fetched" });
    expect((await stream.next()).data).toBe("fetched");
    const controller = new AbortController();
    await hub.fetch(new Request("http://localhost/events/stream", { signal: controller.signal }));
    expect(hub.stats().subscribers).toBe(2);
    controller.abort();
    expect(hub.stats().subscribers).toBe(1);
  });

  it("keeps header fields that a framework has set", async () => {
    const { hub } = await startHub();
    const server = createServer((req, res) => {
      res.setHeader("Access-Control-Allow-Origin", "https://example.com");
      res.setHeader("Set-Cookie", ["a=1", "b=2"]);
      hub.handler(req, res);
    });
    const stream = await openStream(`${await listen(server)}/events/stream`);
    expect(stream.response.headers.get("access-control-allow-origin")).toBe("https://example.com");
    expect(stream.response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });
});
