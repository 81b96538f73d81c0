import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import { connect as connectHttp2, constants, createServer as createHttp2Server } from "node:http2";
import { json } from "node:stream/consumers";
import { createHub, DEFAULT_LIMITS, type Hub, type HubOptions, type Limits, type Matcher, memoryJournal } from "artesian";
import { DEFAULT_CONNECTION_LIMITS, DEFAULT_STREAM_RESETS } from "artesian/http";
import { EventSource } from "eventsource";
import { describe, expect, onTestFinished, test } from "vitest";
import { from, listenForAnyAddress } from "../support/addresses.ts";
import { listen, startHub } from "../support/server.ts";
import { openStream } from "../support/stream.ts";
import { bearer, ISSUER, mint, TRUSTING } from "../support/tokens.ts";

const ignore = (): void => undefined;

/** What a request came to: its status and, where it was refused, the code. */
async function outcome(url: string, init: RequestInit = {}): Promise<string> {
  const controller = new AbortController();
  const response = await fetch(url, { ...init, signal: controller.signal });
  const text = response.ok ? "" : await response.text();
  controller.abort();
  return text === "" ? String(response.status) : `${response.status} ${(JSON.parse(text) as { code: string }).code}`;
}

const form = (fields: Record<string, string> | string): RequestInit => ({ method: "POST", body: new URLSearchParams(fields) });

const topics = (count: number): readonly Matcher[] => Array.from({ length: count }, (_, i) => ({ type: "exact", pattern: `t${i}` }));

/** Asks for as much as the limit allows, and for one more; says what each came to. */
type Probe = (
  limit: number,
  start: (options?: HubOptions) => Promise<{ hub: Hub; url: string }>,
) => Promise<readonly [at: string, past: string]>;

interface Checked {
  /** What the limit is set to here. */
  readonly limit: number;
  readonly probe: Probe;
  /** What one step past it must come to. */
  readonly past: string;
}

const publishing =
  (request: (size: number) => RequestInit): Probe =>
  async (limit, start) => {
    const { url } = await start();
    return [await outcome(url, request(limit)), await outcome(url, request(limit + 1))];
  };

const subscribing =
  (search: (size: number) => string): Probe =>
  async (limit, start) => {
    const { url } = await start();
    return [await outcome(`${url}?${search(limit)}`), await outcome(`${url}?${search(limit + 1)}`)];
  };

/** @param busy - Addresses that have all their places for scans, four each. Further requests come from 203.0.113.9. */
function waitingFor(busy: readonly string[]): Probe {
  return async (limit, start) => {
    const journal = memoryJournal();
    await journal.append([{ topics: ["a"], data: "x", id: undefined, type: undefined, retry: undefined, private: false }]);
    let open = ignore;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const read = journal.read.bind(journal);
    let running = 0;
    journal.read = async (after, most) => {
      if (after < journal.tail()) {
        running++;
        await gate;
      }
      return read(after, most);
    };
    const url = `${await listenForAnyAddress((await start({ journal })).hub)}/events/stream`;
    const ask = (address: string, name: string): Promise<string> => outcome(`${url}?match=${name}&last=1`, from(address));
    const first = busy.flatMap((address) => Array.from({ length: 4 }, (_, i) => ask(address, `${address}/${i}`)));
    await expect.poll(() => running).toBe(first.length);
    const others = Array.from({ length: limit + 1 }, (_, i) => ask("203.0.113.9", `other${i}`));
    const past = await Promise.race(others);
    open();
    await Promise.all(first);
    const at = (await Promise.all(others)).filter((other) => other === "200");
    return [at.length === limit ? "200" : `${at.length} of ${limit}`, past];
  };
}

const patterns = (count: number): string => Array.from({ length: count }, (_, i) => `match_urlpattern=/${i}/*`).join("&");

/** Sends a part of a body, and never the rest. @returns What the request comes to. */
async function sendPart(url: string, address: string, bytes: number): Promise<string> {
  const { headers } = from(address, { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": "1024" });
  const client = request(url, { method: "POST", headers });
  onTestFinished(() => void client.destroy());
  client.on("error", ignore).write("x".repeat(bytes));
  const [response] = (await once(client, "response")) as [IncomingMessage];
  return `${response.statusCode} ${((await json(response)) as { code: string }).code}`;
}

/** What bounds the hub's own work, and refuses nobody. */
const OF_STREAMS = [
  "snapshotScans",
  "replayUpdates",
  "replayBytes",
  "pollWaitMs",
  "heldBytes",
  "presenceRate",
  "presenceRatePerAddress",
  "presenceHistory",
] as const;

/** Of the limits of the library's option `limits`, each: one without a check does not compile. */
const CHECKS: Readonly<Record<Exclude<keyof Limits, (typeof OF_STREAMS)[number]>, Checked>> = {
  bodyBytes: { limit: 1024, past: "413 too_large", probe: publishing((size) => form({ topic: "a", data: "x".repeat(size - 13) })) },
  formFields: { limit: 10, past: "413 too_large", probe: publishing((count) => form(`topic=a${"&x=y".repeat(count - 1)}`)) },
  queryBytes: {
    limit: 1024,
    past: "413 too_large",
    probe: async (limit, start) => {
      const { url } = await start();
      const query = (size: number): RequestInit => ({ ...form("match=".padEnd(size, "x")), method: "QUERY" });
      return [await outcome(url, query(limit)), await outcome(url, query(limit + 1))];
    },
  },
  pendingBodyBytes: {
    limit: 4096,
    past: "503 overloaded",
    probe: async (limit, start) => {
      const hub = (await start({ limits: { bodyBytes: 1024, pendingBodyBytes: limit } })).hub;
      const url = `${await listenForAnyAddress(hub)}/events/stream`;
      const publish = (address: string, size: number): Promise<string> =>
        outcome(url, { ...form({ topic: "a", data: "x".repeat(size) }), ...from(address) });
      // An address alone has half of the bytes. A body past that takes the place of a larger one.
      let past: string | undefined;
      const stalled = Array.from({ length: 2 }, () => sendPart(url, "203.0.113.1", 1000));
      void Promise.race(stalled).then((cut) => (past = cut), ignore);
      let at = "";
      await expect
        .poll(async () => {
          at = await publish("203.0.113.1", 700);
          return past;
        })
        .toBeDefined();
      return [at, past ?? ""];
    },
  },
  topicsPerUpdate: {
    limit: 3,
    past: "413 too_large",
    probe: publishing((count) => form(Array.from({ length: count }, (_, i) => `topic=${i}`).join("&"))),
  },
  updatesPerBatch: {
    limit: 3,
    past: "413 too_large",
    probe: publishing((count) => ({
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: '{"topic":"a"}\n'.repeat(count),
    })),
  },
  topicsPerBatch: {
    limit: 7,
    past: "413 too_large",
    probe: publishing((count) => ({
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify([{ topic: ["a", "b"] }, { topic: Array.from({ length: count - 2 }, (_, i) => `t${i}`) }]),
    })),
  },
  matchersPerSubscription: {
    limit: 3,
    past: "400 too_many_matchers",
    probe: subscribing((count) => Array.from({ length: count }, (_, i) => `match=${i}`).join("&")),
  },
  patternsPerProcess: { limit: 3, past: "503 overloaded", probe: subscribing(patterns) },
  patternsPerAddress: {
    limit: 3,
    past: "429 too_many_patterns",
    probe: async (limit, start) => {
      const url = `${await listenForAnyAddress((await start()).hub)}/events/stream`;
      const ask = (count: number): Promise<string> => outcome(`${url}?${patterns(count)}`, from("203.0.113.7"));
      return [await ask(limit), await ask(limit + 1)];
    },
  },
  topicBytes: { limit: 64, past: "413 too_large", probe: publishing((size) => form({ topic: "x".repeat(size) })) },
  idBytes: { limit: 10, past: "413 too_large", probe: publishing((size) => form({ topic: "a", id: "x".repeat(size) })) },
  idempotencyKeyBytes: {
    limit: 10,
    past: "400 invalid_idempotency_key",
    probe: publishing((size) => ({ ...form({ topic: "a" }), headers: { "Idempotency-Key": `"${"x".repeat(size)}"` } })),
  },
  tokenBytes: {
    limit: 600,
    past: "401 invalid_token",
    probe: async (limit, start) => {
      const { url } = await start(TRUSTING);
      // A token is in base64url, so that only every third subject makes it a byte longer or more.
      const sized = async (least: number): Promise<string> => {
        for (let length = 1; ; length++) {
          const token = await mint({ publish: topics(1), subject: "s".repeat(length) });
          if (token.length >= least) return token;
        }
      };
      const fits = await sized(limit - 1);
      const more = await sized(limit + 1);
      expect([fits.length <= limit, more.length - limit]).toEqual([true, expect.toSatisfy((over: number) => over > 0 && over < 4)]);
      return [
        await outcome(url, { ...form({ topic: "t0" }), headers: bearer(fits) }),
        await outcome(url, { ...form({ topic: "t0" }), headers: bearer(more) }),
      ];
    },
  },
  grantsPerToken: {
    limit: 3,
    past: "401 invalid_token",
    probe: async (limit, start) => {
      const { url } = await start(TRUSTING);
      const publishWith = async (count: number): Promise<string> =>
        outcome(url, { ...form({ topic: "t0" }), headers: bearer(await mint({ publish: topics(count) })) });
      return [await publishWith(limit), await publishWith(limit + 1)];
    },
  },
  revocations: {
    limit: 3,
    past: "507 too_many_revocations",
    probe: async (limit, start) => {
      const { hub } = await start(TRUSTING);
      const revoke = (i: number): Promise<string> =>
        hub.revoke({ issuer: ISSUER, tokenId: `${i}` }).then(
          () => "200",
          (error: { code: string }) => `507 ${error.code}`,
        );
      let at = "";
      for (let i = 0; i < limit; i++) at = await revoke(i);
      return [at, await revoke(limit)];
    },
  },
  scheduledUpdates: {
    limit: 3,
    past: "507 too_many_scheduled",
    probe: async (limit, start) => {
      const { url } = await start();
      const later = form({ topic: "a", delay: "60000" });
      let at = "";
      for (let i = 0; i < limit; i++) at = await outcome(url, later);
      return [at, await outcome(url, later)];
    },
  },
  scheduledBytes: {
    limit: 2048,
    past: "507 too_many_scheduled",
    probe: async (_, start) => {
      const { url } = await start();
      // Kept as JSON under a key, which have some 300 bytes beside the 600 of the data.
      const later = form({ topic: "a", delay: "60000", data: "漢".repeat(200) });
      return [await outcome(url, later), await outcome(url, later), await outcome(url, later)].slice(1) as [string, string];
    },
  },
  waitingScans: { limit: 3, past: "503 overloaded", probe: waitingFor(["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"]) },
  waitingScansPerAddress: { limit: 3, past: "503 overloaded", probe: waitingFor(["203.0.113.9"]) },
  snapshotUpdates: { limit: 3, past: "400 invalid_pace", probe: subscribing((count) => `match=a&last=${count}`) },
};

describe("the limits of what may be asked for", () => {
  test.each(Object.entries(CHECKS))("%s: as much as it says, and no more", async (name, { limit, probe, past }) => {
    const start = (options: HubOptions = {}) => startHub({ ...options, limits: { ...options.limits, [name]: limit } });
    expect(await probe(limit, start)).toEqual(["200", past]);
  });

  test("of patterns and ids of other kinds are the same", async () => {
    const { url } = await startHub({ limits: { topicBytes: 64, idBytes: 10 } });
    for (const name of ["match", "match_urlpattern"]) {
      expect(await outcome(`${url}?${name}=/${"x".repeat(63)}`)).toBe("200");
      expect(await outcome(`${url}?${name}=/${"x".repeat(64)}`)).toBe("400 invalid_matcher");
    }
    expect(await outcome(url, form({ topic: "a", type: "x".repeat(10) }))).toBe("200");
    expect(await outcome(url, form({ topic: "a", type: "x".repeat(11) }))).toBe("413 too_large");
  });

  test.each(["\r", "\n", "\r\n"])("of a body: the line breaks %j of an update at most double it on the wire", async (end) => {
    const { hub, url } = await startHub({ limits: { bodyBytes: 6000 } });
    const lines = (count: number): string => `${"a".repeat(900)}${end.repeat(count)}`;
    const send = (data: string): Promise<string> =>
      outcome(url, { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: `topic=a&data=${data}` });
    const events = hub.subscribe({ match: ["a"] });
    expect(await send(lines(1000))).toBe("200");
    for (const data of [lines(1001), lines(1001).replace(end, "\n")]) expect(await send(data)).toBe("413 too_large");
    await expect(hub.publish({ topic: "a", data: lines(1001) })).rejects.toMatchObject({ code: "too_large" });
    await expect(hub.publish({ topic: "a", data: lines(1001), delayMs: 60_000 })).rejects.toMatchObject({ code: "too_large" });
    for await (const { data } of events) {
      expect(data.replaceAll(/\r\n?/g, "\n")).toBe(`${"a".repeat(900)}${"\n".repeat(1000)}`);
      break;
    }
  });

  /** How far each read of the journal went for a subscriber that has everything to catch up with. */
  async function pagesOf(limits: Partial<Limits>): Promise<number[]> {
    const journal = memoryJournal();
    const read = journal.read.bind(journal);
    const pages: number[] = [];
    journal.read = async (after, most) => {
      const page = await read(after, most);
      if (page.kind === "records") pages.push(page.records.length);
      return page;
    };
    const before = createHub({ journal });
    onTestFinished(() => before.close());
    await before.publishBatch(Array.from({ length: 20 }, (_, i) => ({ topic: "a", data: `${i}`.padEnd(1000) })));
    // Another one, which has nothing of it at hand.
    const hub = createHub({ journal, limits });
    onTestFinished(() => hub.close());
    const received: number[] = [];
    for await (const { data } of hub.subscribe({ lastEventId: "earliest" })) if (received.push(Number(data)) === 20) break;
    expect(received).toEqual(Array.from({ length: 20 }, (_, i) => i));
    return pages.filter((length) => length > 0);
  }

  test("of a replay: so many updates, or bytes of them, at once", async () => {
    expect(await pagesOf({ replayUpdates: 7 })).toEqual([7, 7, 6]);
    expect(await pagesOf({ replayUpdates: 20 })).toEqual([20]);
    // A record counts for its text and 64 bytes.
    expect(await pagesOf({ replayBytes: 2 * 1065 })).toEqual(Array<number>(10).fill(2));
    expect(await pagesOf({ replayBytes: 2 * 1065 + 1 })).toEqual([...Array<number>(6).fill(3), 2]);
    expect(await pagesOf({ replayBytes: 1024 })).toEqual(Array<number>(20).fill(1));
  });

  test("have the defaults that are promised", () => {
    expect(DEFAULT_LIMITS).toMatchObject({
      bodyBytes: 2 ** 20,
      topicsPerUpdate: 100,
      matchersPerSubscription: 100,
      patternsPerProcess: 10_000,
      patternsPerAddress: 500,
      grantsPerToken: 100,
      topicBytes: 2048,
      idBytes: 255,
      idempotencyKeyBytes: 255,
      tokenBytes: 8192,
      replayUpdates: 500,
      replayBytes: 2 ** 20,
      pollWaitMs: 60_000,
    });
    expect(DEFAULT_CONNECTION_LIMITS).toEqual({
      connectionsPerAddress: 100,
      connections: 50_000,
      connectionsPerSecond: 500,
      connectionsPerSecondPerAddress: 100,
    });
    expect(DEFAULT_STREAM_RESETS).toEqual({ burst: 100, perSecond: 33 });
  });
});

const STREAM = { Accept: "text/event-stream" };
const START = "retry: ";

/** What a stream sent until the server ended it. */
async function untilEnded(
  url: string,
  init: RequestInit,
): Promise<{ status: number; type: string | null; text: string; headers: Headers }> {
  const response = await fetch(url, init);
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text(), headers: response.headers };
}

function startMeasured(options: HubOptions): Hub {
  const hub = createHub({ anonymousPublish: true, drainMs: 500, ...options });
  onTestFinished(() => hub.close());
  return hub;
}

describe("the limits of connections", () => {
  test("an address has so many streams, IPv6 by its /64, and then 429; the loopback has any number", async () => {
    const hub = startMeasured({ connectionsPerAddress: 2 });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    for (const [first, second, third, other] of [
      ["203.0.113.7", "203.0.113.7", "::ffff:203.0.113.7", "203.0.113.8"],
      ["2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::", "2001:db8:1:3::1"],
    ] as const) {
      for (const address of [first, second]) await openStream(url, from(address));
      const refused = await fetch(url, from(third));
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, expect.stringMatching(/^[123]\d$/)]);
      expect(await refused.json()).toMatchObject({ code: "too_many_connections" });
      expect((await openStream(url, from(other))).response.status).toBe(200);
    }
    for (let i = 0; i < 4; i++) await openStream(url, from("127.0.0.1"));
  });

  test("behind trusted proxies the limits go by the client's address, which a header can't spoof", async () => {
    const hub = startMeasured({ connectionsPerAddress: 2, trustedProxies: ["10.0.0.0/8", "127.0.0.1"] });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    for (const [i, proxy] of ["10.0.0.1", "127.0.0.1"].entries()) {
      const through = (forwardedFor: string): { headers: Record<string, string> } => from(proxy, { "X-Forwarded-For": forwardedFor });
      const client = `203.0.113.${i}`;
      await openStream(url, through(client));
      await openStream(url, through(`198.51.100.1, ${client}`));
      expect((await fetch(url, through(`198.51.100.2, ${client}`))).status).toBe(429);
      await openStream(url, through("192.0.2.1"));
    }
    const addresses = hub.subscribers().map(({ address = "" }) => address);
    const twice = ["192.0.2.1", "203.0.113.0", "203.0.113.1"];
    expect(addresses.toSorted()).toEqual(twice.flatMap((address) => [address, address]));
  });

  test("clients of a trusted proxy on the loopback are not exempt from the rate of new connections", async () => {
    const statuses = async (options: HubOptions): Promise<readonly number[]> => {
      const url = `${await listenForAnyAddress(startMeasured({ connectionsPerSecond: 1, ...options }))}/events/stream`;
      const headers = { "X-Forwarded-For": "192.0.2.2", Connection: "close" };
      const publish = (): Promise<Response> => fetch(url, { ...form({ topic: "a" }), ...from("127.0.0.1", headers) });
      const answers = await Promise.all(Array.from({ length: 10 }, publish));
      return answers.map(({ status }) => status);
    };
    expect(await statuses({ trustedProxies: ["127.0.0.1"] })).toContain(503);
    expect(new Set(await statuses({}))).toEqual(new Set([200]));
  });

  test.each([
    { Forwarded: "for=unknown" },
    { Forwarded: "for=_hidden" },
    { "X-Forwarded-For": "unknown" },
    { "X-Forwarded-For": "192.0.2.1," },
    { "X-Forwarded-For": "::1" },
  ])("clients of a trusted proxy that names them %j share the limits of one address", async (headers) => {
    const url = `${await listenForAnyAddress(startMeasured({ connectionsPerAddress: 2, trustedProxies: ["127.0.0.1"] }))}/events/stream`;
    for (let i = 0; i < 2; i++) await openStream(url, from("127.0.0.1", headers));
    expect((await fetch(url, from("127.0.0.1", headers))).status).toBe(429);
  });

  test.each(["127.0.0.1", "10.0.0.1"])(
    "a client of the proxy %s that sends both headers is not exempt from the streams of an address",
    async (proxy) => {
      const hub = startMeasured({ connectionsPerAddress: 2, trustedProxies: ["10.0.0.0/8", "127.0.0.1"] });
      const url = `${await listenForAnyAddress(hub)}/events/stream`;
      const spoofed = (i: number): { headers: Record<string, string> } =>
        from(proxy, { "X-Forwarded-For": "203.0.113.7", Forwarded: `for=198.51.100.${i}` });
      await openStream(url, spoofed(1));
      await openStream(url, spoofed(2));
      expect((await fetch(url, spoofed(3))).status).toBe(429);
      // Others are not shut out by them.
      expect((await openStream(url, from(proxy, { "X-Forwarded-For": "203.0.113.7" }))).response.status).toBe(200);
    },
  );

  test.each([
    [[], 1],
    [["10.0.0.2"], 1],
    [["10.0.0.0/8"], 0],
  ])("with %j trusted, %i warning says that an address that is full seems to be a proxy's", async (trustedProxies, warnings) => {
    const lines: { address?: string; header?: string; text: string }[] = [];
    const warn = (fields: object, text: string): void => void lines.push({ ...fields, text });
    const logger = { debug: ignore, info: ignore, error: ignore, warn };
    const hub = startMeasured({ connectionsPerAddress: 1, trustedProxies, logger });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    const headers = { "X-Forwarded-For": "203.0.113.7" };
    await openStream(url, from("10.0.0.1", headers));
    // Without the header it is a client like others.
    for (const sent of [{}, headers, headers]) {
      const refused = await fetch(url, from("10.0.0.1", sent));
      expect(refused.status).toBe(trustedProxies.includes("10.0.0.0/8") && !("X-Forwarded-For" in sent) ? 200 : 429);
      await refused.body?.cancel();
    }
    const [hint, ...more] = lines.filter(({ text }) => text.includes("--trusted-proxies"));
    expect(more).toEqual([]);
    expect(hint === undefined ? 0 : 1).toBe(warnings);
    if (hint !== undefined) expect(hint).toMatchObject({ address: "10.0.0.1", header: "x-forwarded-for" });
    // The refusal itself is logged too, although no EventSource asked.
    expect(lines).toContainEqual(expect.objectContaining({ code: "too_many_connections", status: 429, address: expect.any(String) }));
  });

  test("there are so many streams in all, and then 503, or for an EventSource a stream that tells it when to come back", async () => {
    const hub = startMeasured({ connections: 2, corsOrigins: ["https://page.example"] });
    const url = `${await listen(createServer(hub.handler))}/events/stream`;
    const streams = [await openStream(url), await openStream(url)];
    const refused = await fetch(url);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toSatisfy((seconds: number) => seconds >= 5 && seconds <= 15);
    expect(await refused.json()).toMatchObject({ code: "overloaded" });
    const away = await untilEnded(url, { headers: { ...STREAM, Origin: "https://page.example" } });
    expect([away.status, away.type]).toEqual([200, "text/event-stream"]);
    expect(away.headers.get("access-control-allow-origin")).toBe("https://page.example");
    const waitMs = Number(/^retry: (\d+)\nevent: hub:drain\ndata: \{"reconnectInMs":\1,"code":"overloaded"\}\n\n$/.exec(away.text)?.[1]);
    expect(waitMs).toSatisfy((ms: number) => ms >= 5000 && ms <= 15_000);
    // Publishing takes none of them.
    expect((await fetch(url, form({ topic: "a" }))).status).toBe(200);
    streams[0]?.close();
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    expect((await openStream(url)).response.status).toBe(200);
  });

  test("so many new connections come in a second, and then 503, or for an EventSource a stream that tells it when to come back", async () => {
    const hub = startMeasured({ connectionsPerSecond: 3 });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    // Each its own connection.
    const come = (headers: Record<string, string>, init: RequestInit = {}) =>
      untilEnded(url, { ...init, ...from("203.0.113.7", { ...headers, Connection: "close" }) });
    for (let i = 0; i < 3; i++) expect((await openStream(url, from(`203.0.113.${i}`))).response.status).toBe(200);
    const refused = await Promise.all(Array.from({ length: 3 }, () => come({}, form({ topic: "a" }))));
    // A place comes free every 333 ms.
    const late = refused.filter(({ status }) => status === 503);
    expect(late.length).toBeGreaterThanOrEqual(2);
    for (const { text, headers } of late) {
      expect(JSON.parse(text)).toMatchObject({ code: "overloaded" });
      expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(headers.get("connection")).toBe("close");
    }
    const away = await Promise.all(Array.from({ length: 3 }, () => come(STREAM).then(({ status, text }) => [status, text] as const)));
    expect(
      away.filter(([status, text]) => status === 200 && text.startsWith(START) && text.includes("hub:drain")).length,
    ).toBeGreaterThanOrEqual(2);
    for (let i = 0; i < 10; i++) expect((await fetch(url, { ...form({ topic: "a" }), ...from("127.0.0.1") })).status).toBe(200);
  });

  test("an EventSource that was sent away comes back by itself, and is let in", async () => {
    const hub = startMeasured({ connectionsPerSecond: 2 });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    for (let i = 0; i < 2; i++) await openStream(url, from("203.0.113.7"));
    let attempts = 0;
    const source = new EventSource(url, {
      fetch: (input, init) => {
        attempts++;
        return fetch(input, { ...init, headers: { ...init.headers, "x-from": "203.0.113.8" } });
      },
    });
    onTestFinished(() => source.close());
    const received = new Promise<string>((resolve) => {
      source.addEventListener("message", ({ data }) => resolve(data as string));
    });
    await expect.poll(() => hub.stats().subscribers).toBe(3);
    expect(attempts).toBe(2);
    await hub.publish({ topic: "a", data: "in" });
    expect(await received).toBe("in");
  });

  test("a peer resets so many streams of HTTP/2, and then its connection is closed", async () => {
    const { hub } = await startHub({ streamResets: { burst: 5, perSecond: 1 } });
    const server = createHttp2Server((req, res) => hub.handler(req as never, res as never));
    server.on("sessionError", () => undefined);
    const origin = await listen(server);
    const session = connectHttp2(origin);
    onTestFinished(() => session.destroy());
    session.on("error", () => undefined);
    let goaway: number | undefined;
    session.on("goaway", (code) => (goaway = code));
    const kept = session.request({ ":path": "/events/stream" });
    kept.on("error", () => undefined);
    await once(kept, "response");
    const reset = async (): Promise<void> => {
      const request = session.request({ ":path": "/events/stream?match=a" });
      request.on("error", () => undefined);
      await once(request, "response");
      const gone = new Promise<void>((resolve) => request.once("close", resolve));
      request.close(constants.NGHTTP2_CANCEL);
      await gone;
    };
    for (let i = 0; i < 5; i++) await reset();
    // As many as it may: those that are there stay.
    await expect.poll(() => hub.stats().subscribers).toBe(1);
    expect(session.closed || session.destroyed).toBe(false);
    const closed = new Promise<void>((resolve) => session.once("close", resolve));
    await reset();
    await closed;
    expect(goaway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await expect.poll(() => hub.stats().subscribers).toBe(0);
  });
});
