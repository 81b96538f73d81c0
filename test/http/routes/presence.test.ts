import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Hub, HubError, type Journal, type JournalState, memoryJournal, type SubscriptionDocument } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHub, type TestHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, HUB_URL, mint, TRUSTING, urlpattern } from "../../support/tokens.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { LATE_MS } from "../../support/clock.ts";

const PATH = "/.well-known/mercure/subscriptions";

interface Collection {
  readonly id: string;
  readonly type: string;
  readonly subscriptions: readonly SubscriptionDocument[];
}

const start = (options: Parameters<typeof startHub>[0] = {}): Promise<TestHub> =>
  startHub({ ...TRUSTING, subscriptions: true, anonymous: true, ...options });

/** A token for everything that presence tells. */
const watcherToken = (): Promise<string> => mint({ subscribe: [exact("*")] });

async function list(origin: string, path = PATH, token?: string): Promise<Collection> {
  const response = await fetch(origin + path, { headers: bearer(token ?? (await watcherToken())) });
  expect(response.status).toBe(200);
  return (await response.json()) as Collection;
}

/** Watches the events of all subscriptions but its own. */
async function watch(url: string): Promise<() => Promise<SubscriptionDocument>> {
  const matcher = encodeURIComponent(`${PATH}/:type/:match/:subscriber`);
  const stream = await openStream(`${url}?match_urlpattern=${matcher}`, { headers: bearer(await watcherToken()) });
  const next = async (): Promise<SubscriptionDocument> => {
    for (;;) {
      const event = await stream.next();
      expect(event.event).toBe("mercure");
      const document = JSON.parse(event.data) as SubscriptionDocument;
      if (!document.match.includes("subscriptions")) return document;
    }
  };
  return next;
}

describe("the list of subscriptions", () => {
  it("has everyone who came before the request, at once", async () => {
    const { origin, url } = await start();
    for (const topic of ["a", "b"]) {
      await openStream(`${url}?match=${topic}`);
      const { subscriptions } = await list(origin, `${PATH}/exact/${topic}`);
      expect(subscriptions.map(({ match }) => match)).toEqual([topic]);
    }
    expect((await list(origin)).subscriptions.map(({ match }) => match).toSorted()).toEqual(["a", "b"]);
  });

  it("waits neither for other matchers, nor long for subscribers past a rate", async () => {
    const { origin, url } = await start({ limits: { presenceRate: 1 } });
    const streams = Array.from({ length: 30 }, () => openStream(`${url}?match=crowd`));
    await Promise.all(streams);
    const began = performance.now();
    expect((await list(origin, `${PATH}/exact/nobody`)).subscriptions).toEqual([]);
    const others = performance.now() - began;
    expect((await list(origin, `${PATH}/exact/crowd`)).subscriptions.length).toBeLessThan(30);
    expect(performance.now() - began - others).toBeGreaterThan(500);
    expect(performance.now() - began).toBeLessThan(LATE_MS);
  });
});

describe("subscription events", () => {
  it("tell of each subscription that begins and ends, with the topic as their id, in private", async () => {
    const { hub, url } = await start();
    const received: { topics: readonly string[]; private: boolean; type: string | undefined }[] = [];
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const reading = (async () => {
      for await (const update of hub.subscribe({ includePrivate: true, signal: controller.signal })) received.push(update);
    })();
    const next = await watch(url);
    const stream = await openStream(`${url}?match=${encodeURIComponent("a/ü (b)*")}&match_urlpattern=/books/:id`);
    const begun = [await next(), await next()];
    const { subscriber } = begun[0] as SubscriptionDocument;
    expect(subscriber).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
    const name = encodeURIComponent(subscriber);
    expect(begun).toEqual([
      {
        id: `${PATH}/exact/a%2F%C3%BC%20%28b%29%2A/${name}`,
        type: "subscription",
        match_type: "exact",
        match: "a/ü (b)*",
        subscriber,
        active: true,
      },
      {
        id: `${PATH}/urlpattern/%2Fbooks%2F%3Aid/${name}`,
        type: "subscription",
        match_type: "urlpattern",
        match: "/books/:id",
        subscriber,
        active: true,
      },
    ]);
    stream.close();
    expect([await next(), await next()]).toEqual(begun.map((document) => ({ ...document, active: false })));
    controller.abort();
    await reading;
    expect(received.filter(({ topics }) => topics[0] === begun[0]?.id)).toEqual(
      Array.from({ length: 2 }, () => expect.objectContaining({ topics: [begun[0]?.id], private: true, type: "mercure" })),
    );
  });

  it("reach nobody without a grant, and nobody can publish one", async () => {
    const { hub, url, origin } = await start({ anonymousPublish: true });
    const anonymous = await openStream(url);
    const other = await openStream(url, { headers: bearer(await mint({ subscribe: [exact("other")] })) });
    const third = await openStream(`${url}?match=seen`);
    await expect.poll(async () => (await list(origin)).subscriptions.length).toBe(3);
    third.close();
    await expect.poll(async () => (await list(origin)).subscriptions.length).toBe(2);
    const forged = await fetch(url, { method: "POST", body: new URLSearchParams({ topic: `${PATH}/exact/a/b`, data: "{}" }) });
    expect(forged.status).toBe(400);
    await hub.publish({ topic: "open", data: "for all" });
    expect((await anonymous.next()).data).toBe("for all");
    expect((await other.next()).data).toBe("for all");
  });

  it("carry the payload of the first detail that selects the subscription's matcher", async () => {
    const { url } = await start();
    const token = await mint({
      payloads: [
        { topics: [exact("https://example.com/foo")], payload: { is: "exact" } },
        { topics: [urlpattern("https://example.com/bar/:id")], payload: { is: "pattern" } },
        { topics: [exact("*")], payload: { is: "default" } },
      ],
    });
    const next = await watch(url);
    const query = "match=https://example.com/foo&match_urlpattern=https://example.com/bar/:id&match=https://example.com/bar/7&match=baz";
    await openStream(`${url}?${query}`, { headers: bearer(token) });
    const documents = [await next(), await next(), await next(), await next()];
    expect(documents.map(({ match, payload }) => [match, payload])).toEqual([
      ["https://example.com/foo", { is: "exact" }],
      ["https://example.com/bar/:id", { is: "pattern" }],
      ["https://example.com/bar/7", { is: "pattern" }],
      ["baz", { is: "default" }],
    ]);
  });

  it("are not made where presence is off, and nothing is listed", async () => {
    const { hub, url, origin } = await startHub({ ...TRUSTING, anonymous: true });
    await openStream(`${url}?match=a`);
    expect(hub.stats().tail).toBe(0);
    const response = await fetch(origin + PATH, { headers: bearer(await watcherToken()) });
    expect(response.status).toBe(404);
  });
});

describe("the list of subscriptions", () => {
  it("is at three paths, with the cursor that events go on from", async () => {
    const { url, origin } = await start();
    await openStream(`${url}?match=a&match=b`);
    await openStream(`${url}?match=a&match_urlpattern=a`);
    await expect.poll(async () => (await list(origin)).subscriptions.length).toBe(4);
    const all = await list(origin);
    expect([all.id, all.type]).toEqual([PATH, "subscriptions"]);
    const ofA = await list(origin, `${PATH}/exact/a`);
    expect(ofA.id).toBe(`${PATH}/exact/a`);
    expect(ofA.subscriptions.map(({ match, match_type }) => [match, match_type])).toEqual([
      ["a", "exact"],
      ["a", "exact"],
    ]);
    const [one] = ofA.subscriptions;
    const response = await fetch(origin + (one?.id ?? ""), { headers: bearer(await watcherToken()) });
    expect(await response.json()).toEqual(one);
    expect(response.headers.get("content-type")).toBe("application/json");
    const cursor =
      /^<https:\/\/hub\.example\/\.well-known\/mercure>; rel="mercure"; last-event-id="(#[^"]+)"; type="mercure"; content-type="application\/json"$/;
    const lastEventId = cursor.exec(response.headers.get("link") ?? "")?.[1] ?? "";
    expect(response.headers.get("etag")).toBe(`"${lastEventId}"`);
    // Seamless: what changes after the list is what the stream tells.
    await openStream(`${url}?match=new`);
    await expect.poll(async () => (await list(origin)).subscriptions.length).toBe(5);
    const matcher = encodeURIComponent(`${PATH}/exact/new/:subscriber`);
    const events = await openStream(`${url}?match_urlpattern=${matcher}&last_event_id=${encodeURIComponent(lastEventId)}`, {
      headers: bearer(await watcherToken()),
    });
    expect(JSON.parse((await events.next()).data)).toMatchObject({ match: "new", active: true });
  });

  it("says earliest without any update, and 304 to a current copy", async () => {
    const { origin, hub } = await start();
    const headers = bearer(await watcherToken());
    const first = await fetch(origin + PATH, { headers });
    expect(first.headers.get("link")).toContain('last-event-id="earliest"');
    const second = await fetch(origin + PATH, { headers: { ...headers, "If-None-Match": first.headers.get("etag") ?? "" } });
    expect(second.status).toBe(304);
    await hub.publish({ topic: "a" });
    const third = await fetch(origin + PATH, { headers: { ...headers, "If-None-Match": first.headers.get("etag") ?? "" } });
    expect(third.status).toBe(200);
    const byFetch = new Request(HUB_URL + PATH.slice("/.well-known/mercure".length), {
      headers: { ...headers, "If-None-Match": third.headers.get("etag") ?? "" },
    });
    expect((await hub.fetch(byFetch)).status).toBe(304);
    const head = await fetch(origin + PATH, { method: "HEAD", headers });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("needs a token with a grant on the very path", async () => {
    const { url, origin } = await start();
    await openStream(`${url}?match=a`);
    await expect.poll(async () => (await list(origin)).subscriptions.length).toBe(1);
    const status = async (path: string, token?: string): Promise<number> =>
      (await fetch(origin + path, { headers: token === undefined ? {} : bearer(token) })).status;
    expect(await status(PATH)).toBe(401);
    const ofA = await mint({ subscribe: [exact(`${PATH}/exact/a`)] });
    expect(await status(PATH, ofA)).toBe(403);
    expect(await status(`${PATH}/exact/b`, ofA)).toBe(403);
    expect(await status(`${PATH}/exact/a`, ofA)).toBe(200);
    const pattern = await mint({ subscribe: [urlpattern(`${PATH}/exact/:match`)] });
    expect(await status(`${PATH}/exact/b`, pattern)).toBe(200);
    expect(await status(`${PATH}/exact/b/c`, pattern)).toBe(403);
  });

  it.each([
    `${PATH}/exact`,
    `${PATH}/regexp/a`,
    `${PATH}/exact/a/b/c`,
    `${PATH}/exact/%FF`,
    `${PATH}/exact/`,
    `${PATH}x`,
    `${PATH}/exact/a/nobody`,
  ])("has nothing at %s", async (path) => {
    const { origin } = await start();
    expect((await fetch(origin + path, { headers: bearer(await watcherToken()) })).status).toBe(404);
  });

  it("refuses a page after an impossible entry", async () => {
    const directory = temporaryDirectory("presence");
    const { origin, url } = await start({ journal: await logJournal({ directory }) });
    await openStream(`${url}?match=a`);
    for (const after of ["x".repeat(5000), "ü", "a%0Ab"]) {
      const response = await fetch(`${origin}${PATH}?after=${after}`, { headers: bearer(await watcherToken()) });
      expect([response.status, await response.json()], after.slice(0, 10)).toMatchObject([400, { code: "invalid_page" }]);
    }
    await expect.poll(async () => (await list(origin, `${PATH}?after=`)).subscriptions).toHaveLength(1);
  });

  it("refuses other methods", async () => {
    const { origin } = await start();
    const response = await fetch(origin + PATH, { method: "DELETE", headers: bearer(await watcherToken()) });
    expect(response.status).toBe(405);
  });

  it("is advertised in the metadata", async () => {
    const { origin } = await start();
    const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource/.well-known/mercure`);
    expect(await metadata.json()).toMatchObject({ mercure_subscriptions: true });
  });

  it("tells matchers with a long common beginning apart", async () => {
    const { url, origin } = await start();
    const long = "x".repeat(1500);
    await openStream(`${url}?match=${long}1&match=${long}2`);
    await expect.poll(async () => (await list(origin)).subscriptions.length).toBe(2);
    expect((await list(origin, `${PATH}/exact/${long}2`)).subscriptions.map(({ match }) => match)).toEqual([`${long}2`]);
  });

  it("shows the wildcard as each subscriber spelled it", async () => {
    const { url, origin } = await start();
    await openStream(`${url}?match=*`);
    await openStream(`${url}?match_urlpattern=*`);
    await expect.poll(async () => (await list(origin, `${PATH}/urlpattern/%2A`)).subscriptions.length).toBe(1);
    expect((await list(origin, `${PATH}/exact/%2A`)).subscriptions.length).toBe(1);
  });

  it("comes in pages of bounded size", async () => {
    const { hub, origin } = await start({ connections: 200_000, limits: { presenceRate: 100_000 } });
    const matchers = Array.from({ length: 100 }, (_, i) => `match=${i}`).join("&");
    const readers: Response[] = [];
    for (let i = 0; i < 101; i++) readers.push(await hub.fetch(new Request(`${HUB_URL}?${matchers}`)));
    onTestFinished(async () => void (await Promise.all(readers.map(async (response) => response.body?.cancel()))));
    const listAll = async (): Promise<{ readonly pages: number; readonly count: number }> => {
      const ids = new Set<string>();
      let pages = 0;
      for (let path: string | undefined = PATH; path !== undefined; pages++) {
        const response: Response = await fetch(origin + path, { headers: bearer(await watcherToken()) });
        const text = await response.text();
        expect(text.length).toBeLessThan(1_200_000);
        for (const { id } of (JSON.parse(text) as Collection).subscriptions) ids.add(id);
        path = /<([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
      }
      return { pages, count: ids.size };
    };
    await expect.poll(listAll, { timeout: 30_000, interval: 500 }).toMatchObject({ count: 10_100 });
    expect((await listAll()).pages).toBeGreaterThan(1);
  });
});

describe("presence between processes", () => {
  /** A journal whose table stops answering, as for a process that is suspended. */
  function suspendable(journal: Journal): { readonly journal: Journal; suspend: () => void; resume: () => void } {
    let waiting: (() => void)[] | undefined;
    const gate = (): Promise<void> => (waiting === undefined ? Promise.resolve() : new Promise((resolve) => waiting?.push(resolve)));
    const inner = journal.state as JournalState;
    const state: JournalState = {
      commit: async (steps) => {
        await gate();
        await inner.commit(steps);
      },
      entries: async (prefix, options) => {
        await gate();
        return inner.entries(prefix, options);
      },
    };
    const proxy = new Proxy(journal, {
      get: (target, name) => {
        if (name === "state") return state;
        if (name === "close") return async () => undefined;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return {
      journal: proxy,
      suspend: () => (waiting ??= []),
      resume: () => {
        const all = waiting ?? [];
        waiting = undefined;
        for (const go of all) go();
      },
    };
  }

  it("a suspended process is removed once, and is present again when it continues", async () => {
    const journal = memoryJournal();
    const a = suspendable(journal);
    const [first, second, third] = [
      await start({ journal: a.journal, subscriptionLeaseMs: 1000 }),
      await start({ journal: suspendable(journal).journal, subscriptionLeaseMs: 1000 }),
      await start({ journal: suspendable(journal).journal, subscriptionLeaseMs: 1000 }),
    ];
    const next = await watch(second.url);
    await openStream(`${first.url}?match=held-by-the-first`);
    const begun = await next();
    const suspendedAt = performance.now();
    a.suspend();
    const ended = await next();
    expect(performance.now() - suspendedAt).toBeLessThan(2000 + LATE_MS);
    expect(ended).toEqual({ ...begun, active: false });
    expect((await list(third.origin, `${PATH}/exact/held-by-the-first`)).subscriptions).toEqual([]);
    a.resume();
    expect(await next()).toEqual(begun);
    expect((await list(third.origin, `${PATH}/exact/held-by-the-first`)).subscriptions).toEqual([begun]);
    await first.hub.close();
    expect(await next()).toEqual({ ...begun, active: false });
  });

  it("an unwritable journal makes presence late, not wrong", async () => {
    const journal = memoryJournal();
    const inner = journal.state as JournalState;
    let fails = false;
    Object.assign(journal, {
      state: {
        entries: (prefix, options) => inner.entries(prefix, options),
        commit: (steps) => (fails ? Promise.reject(new HubError("journal_full", "full")) : inner.commit(steps)),
      } satisfies JournalState,
    });
    const { url, origin } = await start({ journal });
    const next = await watch(url);
    await openStream(`${url}?match=before`);
    expect(await next()).toMatchObject({ match: "before", active: true });
    fails = true;
    const passing = await openStream(`${url}?match=passing`);
    passing.close();
    await openStream(`${url}?match=staying`);
    fails = false;
    for (let document = await next(); document.match !== "staying"; document = await next()) expect(document.match).toBe("passing");
    expect(
      (await list(origin)).subscriptions
        .map(({ match }) => match)
        .toSorted()
        .slice(1),
    ).toEqual(["before", "staying"]);
  });

  it("a process killed with -9 leaves no ghosts beyond its lease, in a journal on disk", async () => {
    const directory = temporaryDirectory("presence");
    const script = `
      import { createServer } from "node:http";
      import { createHub } from "artesian";
      import { logJournal } from "artesian/journals/log";
      const hub = createHub({ journal: await logJournal({ directory: ${JSON.stringify(directory)} }), url: ${JSON.stringify(HUB_URL)},
        subscriptions: true, subscriptionLeaseMs: 2000, anonymous: true });
      const server = createServer(hub.handler).listen(0, "127.0.0.1", () => console.log(server.address().port));
    `;
    const victim = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void victim.kill("SIGKILL"));
    let port = "";
    for await (const line of createInterface({ input: victim.stdout })) {
      port = line;
      break;
    }
    const { url, origin, hub }: { url: string; origin: string; hub: Hub } = await start({
      journal: await logJournal({ directory }),
      subscriptionLeaseMs: 2000,
    });
    const next = await watch(url);
    await fetch(`http://127.0.0.1:${port}/events/stream?match=ghost`);
    expect(await next()).toMatchObject({ match: "ghost", active: true });
    victim.kill("SIGKILL");
    const killedAt = performance.now();
    expect(await next()).toMatchObject({ match: "ghost", active: false });
    expect(performance.now() - killedAt).toBeLessThan(3000 + LATE_MS);
    expect((await list(origin, `${PATH}/exact/ghost`)).subscriptions).toEqual([]);
    expect(hub.stats().subscribers).toBe(1);
  });
});
