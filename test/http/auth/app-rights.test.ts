import { createServer, type IncomingMessage } from "node:http";
import { createHub, type Hub, HubError, type HubOptions, memoryJournal, type Rights } from "artesian";
import { mintToken } from "artesian/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { listen, listenFetch } from "../../support/server.ts";
import { openStream, readStream, type TestStream } from "../../support/stream.ts";

/** Sessions of an application, by the value of the cookie `sid`. */
type Sessions = Map<string, Rights>;

const EVENT_SOURCE = { Accept: "text/event-stream" };

const sidOf = (cookie: string | null | undefined): string => /(?:^|; )sid=(\w+)/.exec(cookie ?? "")?.[1] ?? "";

interface App {
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly url: string;
  /** How often the application was asked. */
  readonly asked: () => number;
  /** Opens a stream with a session. */
  readonly open: (sid: string, query?: string) => Promise<TestStream>;
}

const user = (name: string, more: Partial<Rights> = {}): Rights => ({ subject: name, subscribe: [`/users/${name}`], ...more });

async function startApp(options: HubOptions = {}): Promise<App> {
  const sessions: Sessions = new Map([
    ["a", user("ada")],
    ["b", user("bob")],
  ]);
  let asked = 0;
  const hub = createHub({
    drainMs: 500,
    retryMs: { min: 100, max: 100 },
    authorize: async (request) => {
      asked++;
      return sessions.get(sidOf((request as IncomingMessage).headers.cookie));
    },
    ...options,
  });
  onTestFinished(() => hub.close());
  const url = `${await listen(createServer(hub.handler))}/events/stream`;
  const open = (sid: string, query = "match_urlpattern=/users/*&match=news"): Promise<TestStream> =>
    openStream(`${url}?${query}`, { headers: { ...EVENT_SOURCE, Cookie: `sid=${sid}` } });
  return { hub, sessions, url, asked: () => asked, open };
}

const drained = async (stream: TestStream): Promise<unknown> => {
  for (;;) {
    const event = await stream.nextOfAny();
    if (event.event === "hub:drain") return JSON.parse(event.data);
  }
};

describe("rights that the application gives", () => {
  it("bring each user what is published for the user, and to nobody else", async () => {
    const { hub, open, sessions } = await startApp();
    sessions.set("guest", { anonymous: true });
    const [ada, bob, guest] = [await open("a"), await open("b"), await open("guest")];
    await hub.publish({ topic: "/users/ada", data: "for Ada" });
    await hub.publish({ topic: "/users/bob", data: "for Bob" });
    await hub.publish({ topic: "news", data: "for all", private: false });
    expect((await ada.take(2)).map(({ data }) => data)).toEqual(["for Ada", "for all"]);
    expect((await bob.take(2)).map(({ data }) => data)).toEqual(["for Bob", "for all"]);
    expect((await guest.next()).data).toBe("for all");
    expect(hub.subscribers().map(({ subject }) => subject)).toEqual(["ada", "bob", undefined]);
  });

  it("are missing for a request of nobody: 401, and an EventSource comes back once somebody logged in", async () => {
    const { sessions, url, open } = await startApp();
    sessions.set("d", "" as never);
    expect((await fetch(url, { headers: { Cookie: "sid=d" } })).status).toBe(401);
    const answer = await fetch(url);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "unauthorized"]);
    const refused = await open("c");
    expect(refused.response.status).toBe(200);
    expect(await drained(refused)).toMatchObject({ code: "unauthorized" });
    await refused.ended;
    expect(refused.retries.at(-1)).toBeGreaterThanOrEqual(10_000);
    sessions.set("c", user("cleo"));
    expect((await open("c")).response.headers.get("content-type")).toBe("text/event-stream");
  });

  it("end at logout within a second, also for a request that was on its way", async () => {
    const { hub, sessions, open, url } = await startApp();
    const streams = [await open("a"), await open("a"), await open("b")];
    const startMs = performance.now();
    sessions.delete("a");
    await hub.disconnect({ subject: "ada" });
    await Promise.all([streams[0]?.ended, streams[1]?.ended]);
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(hub.subscribers().map(({ subject }) => subject)).toEqual(["bob"]);
    expect(await drained(await open("a"))).toMatchObject({ code: "unauthorized" });
    // The application answers for Bob, who logs out before the stream begins.
    const late = fetch(`${url}?match=x&last=1`, { headers: { ...EVENT_SOURCE, Cookie: "sid=b" } });
    sessions.delete("b");
    await hub.disconnect({ subject: "bob" });
    const stream = readStream(await late, () => undefined);
    await stream.ended;
    expect(hub.subscribers()).toEqual([]);
  });

  it("change without a reconnection", async () => {
    const { hub, sessions, open } = await startApp();
    const [ada, all] = [await open("a", "match_urlpattern=/rooms/*"), await open("b", "match=news")];
    await hub.publish({ topic: "/rooms/1", data: "too early" });
    await hub.publish({ topic: "news", data: "later", private: false });
    await all.next();
    sessions.set("a", user("ada", { subscribe: ["/users/ada", { type: "urlpattern", pattern: "/rooms/*" }] }));
    await hub.reauthorize({ subject: "ada" });
    await expect.poll(async () => (await hub.publish({ topic: "/rooms/1", data: "now" }), hub.stats().delivered)).toBeGreaterThan(1);
    expect((await ada.next()).data).toBe("now");
    // Another user in the same session gets a stream of their own.
    sessions.set("a", user("eve", { subscribe: ["/rooms/1"] }));
    await hub.reauthorize({ subject: "ada" });
    await ada.ended;
  });

  it("are those of now when a request was on its way while they changed", async () => {
    let rights: Rights = user("ada", { subscribe: ["/rooms/1"] });
    const { hub, open } = await startApp({
      authorize: async () => {
        const then = rights;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return then;
      },
    });
    const opening = open("a", "match_urlpattern=/rooms/*");
    await new Promise((resolve) => setTimeout(resolve, 100));
    rights = user("ada");
    await hub.reauthorize({ subject: "ada" });
    expect(await drained(await opening)).toMatchObject({ code: "unauthorized" });
    // Two changes, one while the other is judged: the last counts, and the stream goes on.
    rights = user("ada", { subscribe: ["/rooms/1"] });
    const ada = await open("a", "match_urlpattern=/rooms/*");
    rights = user("ada");
    await hub.reauthorize({ subject: "ada" });
    rights = user("ada", { subscribe: ["/rooms/2"] });
    await hub.reauthorize({ subject: "ada" });
    await expect.poll(async () => (await hub.publish({ topic: "/rooms/2", data: "now" }), hub.stats().delivered)).toBeGreaterThan(0);
    await hub.publish({ topic: "/rooms/1", data: "gone" });
    await hub.publish({ topic: "/rooms/2", data: "last" });
    const seen: string[] = [];
    while (seen.at(-1) !== "last") seen.push((await ada.next()).data);
    expect(new Set(seen)).toEqual(new Set(["now", "last"]));
    expect(hub.subscribers()).toHaveLength(1);
  });

  it("change for one user while another's session hangs", async () => {
    let hangs = false;
    const sids = new Map<string, Rights>([["b", user("bob", { subscribe: ["/rooms/1"] })]]);
    const { hub, open } = await startApp({
      authorize: async (request) => {
        const sid = sidOf((request as IncomingMessage).headers.cookie);
        if (sid === "a" && hangs) await new Promise(() => undefined);
        return sids.get(sid) ?? user("ada");
      },
    });
    for (let i = 0; i < 40; i++) await open("a");
    const bob = await open("b", "match_urlpattern=/rooms/*");
    hangs = true;
    await hub.reauthorize({ subject: "ada" });
    sids.set("b", user("bob", { anonymous: false, subscribe: ["/rooms/2"] }));
    await hub.reauthorize({ subject: "bob" });
    await expect
      .poll(async () => (await hub.publish({ topic: "/rooms/2", data: "now" }), hub.stats().delivered), { timeout: 3000 })
      .toBeGreaterThan(0);
    expect((await bob.next()).data).toBe("now");
  });

  it("are for users with numbers as ids, and keep an application's errors to itself", async () => {
    let fails: unknown;
    const { hub, open, url } = await startApp({
      authorize: async () => {
        if (fails !== undefined) throw fails;
        return { subject: 42 };
      },
    });
    const stream = await open("a");
    expect(hub.subscribers().map(({ subject }) => subject)).toEqual(["42"]);
    await hub.disconnect({ subject: 42 });
    await stream.ended;
    fails = new HubError("invalid_topic", "a secret");
    const answer = await fetch(url);
    expect([answer.status, (await answer.text()).includes("secret")]).toEqual([500, false]);
  });

  it("are asked for again before they end, and the stream ends with them", { timeout: 30_000 }, async () => {
    const { hub, sessions, open, asked } = await startApp();
    sessions.set("a", user("ada", { until: Date.now() + 4000 }));
    const ada = await open("a");
    await expect.poll(asked).toBe(1);
    const until = Date.now() + 7000;
    sessions.set("a", user("ada", { until: new Date(until) }));
    await expect.poll(asked).toBe(2);
    const extended = performance.now();
    await ada.ended;
    expect(performance.now() - extended).toBeGreaterThan(2000);
    expect(hub.subscribers()).toEqual([]);
    expect(ada.retries.length).toBeGreaterThan(0);
    // A stream ends a little before its rights.
    await expect.poll(() => Date.now(), { timeout: 5000 }).toBeGreaterThan(until);
    expect(await drained(await open("a"))).toMatchObject({ code: "unauthorized" });
  });

  it("hold while the application fails, until their end", { timeout: 30_000 }, async () => {
    let fails = false;
    const errors: unknown[] = [];
    const { hub, open } = await startApp({
      authorize: async () => {
        if (fails) throw new Error("the database is away");
        return user("ada", { until: Date.now() + 5000 });
      },
      logger: { debug() {}, info() {}, warn() {}, error: (fields: unknown) => void errors.push(fields) },
    });
    const ada = await open("a");
    fails = true;
    await hub.reauthorize({ subject: "ada" });
    await expect.poll(() => errors.length).toBe(1);
    expect(hub.subscribers()).toHaveLength(1);
    expect(String((errors[0] as { err: unknown }).err)).toContain("the database is away");
    await ada.ended;
    // A new request is told to come back soon.
    const refused = await open("a");
    expect(await drained(refused)).toMatchObject({ code: "internal" });
    expect(refused.retries.at(-1)).toBeLessThanOrEqual(5000);
  });

  it("are asked for again soon when the application could not answer, so that what was taken away ends", async () => {
    let answer: "ada" | "error" | "nobody" = "ada";
    const { hub, open } = await startApp({
      authorize: () => {
        if (answer === "error") throw new Error("the database is away");
        return answer === "ada" ? user("ada", { subscribe: ["/rooms/1"] }) : undefined;
      },
    });
    const ada = await open("a", "match=/rooms/1");
    answer = "error";
    await hub.reauthorize({ subject: "ada" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = "nobody";
    await ada.ended;
    expect(hub.subscribers()).toEqual([]);
  });

  it("are no tokens: a refusal asks for none", async () => {
    const hub = createHub({ authorize: () => undefined });
    onTestFinished(() => hub.close());
    const refused = await hub.fetch(new Request(`${hub.url}?match=a`));
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, null]);
  });

  it("allow a user as many streams as an address, where the runtime tells no address", async () => {
    const hub = createHub({
      connectionsPerAddress: 2,
      authorize: (request) => user((request as Request).headers.get("x-user") ?? ""),
    });
    onTestFinished(() => hub.close());
    const open = (name: string): Promise<Response> => hub.fetch(new Request(`${hub.url}?match=a`, { headers: { "x-user": name } }));
    const first = [await open("ada"), await open("ada")];
    expect((await open("ada")).status).toBe(429);
    expect((await open("bob")).status).toBe(200);
    await first[0]?.body?.cancel();
    expect((await open("ada")).status).toBe(200);
  });

  it.each<[unknown, string]>([
    [{ subject: "ada", subscribes: ["x"] }, "subscribes"],
    [{ subscribe: ["x"] }, "subject"],
    [{ subject: "ada", until: 1_800_000_000 }, "until"],
    [{ subject: "ada", subscribe: "x" }, "subscribe"],
    [{ subject: "ada", subscribe: [{ type: "urlpattern", pattern: "/(" }] }, "selects nothing"],
    ["ada", "object"],
    [{ subject: "ada", subscribe: ["*"] }, "subscribe"],
    [{ subject: "ada", payload: { toJSON: () => undefined } }, "payload"],
  ])("are checked: %j", async (answer, word) => {
    const errors: unknown[] = [];
    const { url } = await startApp({
      authorize: async () => answer as Rights,
      logger: { debug() {}, info() {}, warn() {}, error: (fields: unknown) => void errors.push(fields) },
    });
    expect((await fetch(url)).status).toBe(500);
    expect(String((errors[0] as { err: unknown }).err)).toContain(word);
  });

  it("let a user publish from the hub's own pages: privately, and where it is granted", async () => {
    const { hub, sessions, url, open } = await startApp();
    sessions.set("a", user("ada", { publish: ["/users/ada"] }));
    const ada = await open("a");
    const post = async (topic: string, headers: Record<string, string>): Promise<number> =>
      (await fetch(url, { method: "POST", body: new URLSearchParams({ topic, data: "x" }), headers: { Cookie: "sid=a", ...headers } }))
        .status;
    const origin = new URL(url).origin;
    expect(await post("/users/ada", { Origin: origin })).toBe(200);
    expect(await post("/users/bob", { Origin: origin })).toBe(403);
    expect(await post("/users/ada", { Origin: "https://evil.example" })).toBe(403);
    // Without any sign of the page, as another site's form can bring about.
    expect(await post("/users/ada", {})).toBe(403);
    expect((await ada.next()).data).toBe("x");
    expect(hub.stats().published).toBe(1);
    // An anonymous visitor does not see it.
    sessions.set("guest", { anonymous: true });
    const guest = await open("guest", "match=/users/ada&match=news&last_event_id=earliest");
    await hub.publish({ topic: "news", data: "for all", private: false });
    expect((await guest.next()).data).toBe("for all");
  });

  it("stand beside tokens", async () => {
    const secret = "0123456789abcdef0123456789abcdef";
    const { hub, url } = await startApp({
      authorization: { issuers: [{ issuer: "https://example.com", keys: [{ algorithms: ["HS256"], secret }] }] },
    });
    const token = await mintToken({
      key: { secret, algorithm: "HS256" },
      issuer: "https://example.com",
      audience: hub.url,
      subject: "service",
      publish: [{ type: "exact", pattern: "*" }],
      subscribe: [{ topics: [{ type: "exact", pattern: "*" }], payload: undefined }],
      lifetimeSeconds: 60,
    });
    const headers = { Authorization: `Bearer ${token}` };
    const stream = await openStream(url, { headers });
    const answer = await fetch(url, { method: "POST", headers, body: new URLSearchParams({ topic: "x", data: "y" }) });
    expect(answer.status).toBe(200);
    expect((await stream.next()).data).toBe("y");
    expect((await fetch(url, { headers: { Authorization: "Bearer nonsense" } })).status).toBe(401);
    // What is no token is the application's.
    expect((await fetch(url, { headers: { Authorization: "Basic YTpi", Cookie: "sid=a", ...EVENT_SOURCE } })).status).toBe(200);
  });

  it("do not stand beside `anonymous`", () => {
    expect(() => createHub({ anonymous: true, authorize: () => undefined })).toThrow(/anonymous: true/);
    expect(() => createHub({ authorize: "x" as never })).toThrow(/authorize/);
  });
});

describe("a route of the application's own", () => {
  const journal = memoryJournal;

  it("sends what the application chose, whatever the client asks for", async () => {
    const hub = createHub({ journal: journal(), drainMs: 500 });
    onTestFinished(() => hub.close());
    const origin = await listen(
      createServer((req, res) => {
        const sid = sidOf(req.headers.cookie);
        hub.stream(req, res, sid === "" ? undefined : { match: `/users/${sid}`, subject: sid, last: 1 });
      }),
    );
    await hub.publish({ topic: "/users/ada", data: "before", private: true });
    const ada = await openStream(`${origin}/my/updates?match=*&last=1000`, { headers: { ...EVENT_SOURCE, Cookie: "sid=ada" } });
    const bob = await openStream(`${origin}/my/updates?match=/users/ada`, { headers: { ...EVENT_SOURCE, Cookie: "sid=bob" } });
    const first = await ada.next();
    expect(first.data).toBe("before");
    await hub.publish({ topic: "/users/ada", data: "for Ada", private: true });
    await hub.publish({ topic: "/users/bob", data: "for Bob", private: true });
    expect((await ada.next()).data).toBe("for Ada");
    expect((await bob.next()).data).toBe("for Bob");
    const resumed = await openStream(`${origin}/my/updates`, {
      headers: { ...EVENT_SOURCE, Cookie: "sid=ada", "Last-Event-ID": first.id ?? "" },
    });
    expect((await resumed.next()).data).toBe("for Ada");
    expect((await fetch(`${origin}/my/updates`)).status).toBe(401);
    expect(await drained(await openStream(`${origin}/my/updates`, { headers: EVENT_SOURCE }))).toMatchObject({ code: "unauthorized" });
    await hub.disconnect({ subject: "ada" });
    await Promise.all([ada.ended, resumed.ended]);
    expect(hub.subscribers().map(({ subject }) => subject)).toEqual(["bob"]);
    for (const nobody of [{}, { subject: "" }]) await expect(hub.disconnect(nobody as never)).rejects.toThrow(/subject: "42"/);
  });

  it("may be looked up: a logout meanwhile counts, and its rights are asked for again", async () => {
    const hub = createHub({ journal: journal(), drainMs: 500 });
    onTestFinished(() => hub.close());
    const rights = { waitMs: 0, mayRead: true };
    const origin = await listen(
      createServer((req, res) =>
        hub.stream(req, res, async () => {
          const { mayRead } = rights;
          await new Promise((resolve) => setTimeout(resolve, rights.waitMs));
          return mayRead && { match: "/orders/7", subject: "ada" };
        }),
      ),
    );
    const open = (): Promise<TestStream> => openStream(`${origin}/x`, { headers: EVENT_SOURCE });
    const stream = await open();
    await hub.reauthorize({ subject: "ada" });
    await hub.publish({ topic: "/orders/7", data: "1", private: true });
    expect((await stream.next()).data).toBe("1");
    rights.waitMs = 200;
    const opening = open();
    await new Promise((resolve) => setTimeout(resolve, 100));
    rights.mayRead = false;
    await hub.disconnect({ subject: "ada" });
    expect(await drained(await opening)).toMatchObject({ code: "unauthorized" });
    await stream.ended;
    expect(await drained(await open())).toMatchObject({ code: "unauthorized" });
  });

  it.each([
    [{ match: "x", last: 1_000_000 }, "last"],
    [{ match: "x", intervalMs: 1 }, "intervalMs"],
    [{ match: { type: "urlpattern", pattern: "/(" } }, "selects nothing"],
    [{ match: "*" }, "match"],
    [{ match: Array.from({ length: 200 }, (_, i) => `${i}`) }, "at most 100"],
  ] as const)("is refused at once if it can't be: %j", async (chosen, word) => {
    const hub = createHub({ journal: journal() });
    onTestFinished(() => hub.close());
    await expect(hub.response(new Request("http://x.example/"), chosen)).rejects.toThrow(word);
    expect(() => hub.stream({} as never, {} as never, chosen)).toThrow(/reply\.raw/);
  });

  it("answers Fetch API requests too, and ends at its time", { timeout: 30_000 }, async () => {
    const hub = createHub({ journal: journal(), drainMs: 500 });
    onTestFinished(() => hub.close());
    const origin = await listenFetch((request) =>
      hub.response(request, { match: ["a", { type: "urlpattern", pattern: "/b/*" }], topics: true, until: Date.now() + 3000 }),
    );
    const stream = await openStream(`${origin}/anything`, { headers: EVENT_SOURCE });
    await hub.publish({ topic: "/b/1", data: "x", private: true });
    expect((await stream.next()).data).toBe("x");
    await stream.ended;
    await expect(hub.response(new Request(origin), { match: [] })).rejects.toThrow(/`match` is a list; it must be at least one topic/);
  });

  it.each(["POST", "PUT", "DELETE", "OPTIONS"])("answers %s with 405", async (method) => {
    const hub = createHub({ journal: journal() });
    onTestFinished(() => hub.close());
    expect((await hub.response(new Request("http://x.example/", { method }), { match: "a" })).status).toBe(405);
    expect(hub.stats().subscribers).toBe(0);
  });
});
