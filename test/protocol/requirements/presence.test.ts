import type { HubOptions } from "artesian";
import { describe, expect, test } from "vitest";
import type { TestHub } from "../../support/server.ts";
import { openStream, type TestStream } from "../../support/stream.ts";
import { bearer, follow, grant, PATH, refusalOf, startSecured, subscriber, token, tokenWith, type Topic } from "./support.ts";

interface Document {
  readonly id: string;
  readonly type: string;
  readonly match_type: string;
  readonly match: string;
  readonly subscriber: string;
  readonly active: boolean;
  readonly payload?: unknown;
}

const BELOW = `${PATH}/subscriptions`;
/** Escaped once, as RFC 6570 expands a variable. */
const escape = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const start = (options: HubOptions = {}): Promise<TestHub> => startSecured({ subscriptions: true, ...options });
/** A token that may see all of presence. */
const watcher = (): string => subscriber({ match: `${BELOW}/*`, match_type: "urlpattern" }, BELOW);

async function watch(url: string): Promise<TestStream> {
  const query = new URLSearchParams({ match_urlpattern: `${BELOW}/exact/:match/:subscriber` });
  query.append("match_urlpattern", `${BELOW}/urlpattern/:match/:subscriber`);
  return openStream(`${url}?${query}`, { headers: bearer(watcher()) });
}

/** The next event about this matcher. */
async function nextOf(
  stream: TestStream,
  match: string,
): Promise<{ readonly event: Awaited<ReturnType<TestStream["next"]>>; readonly document: Document }> {
  for (;;) {
    const event = await stream.next();
    const document = JSON.parse(event.data) as Document;
    if (document.match === match) return { event, document };
  }
}

async function read(origin: string, path: string, value: string = watcher(), headers: Record<string, string> = {}): Promise<Response> {
  return fetch(origin + path, { headers: { ...bearer(value), ...headers } });
}

/** The documents of a collection, once there are as many as expected. */
async function list(origin: string, path: string, count: number): Promise<readonly Document[]> {
  let documents: readonly Document[] = [];
  await expect
    .poll(async () => {
      documents = ((await (await read(origin, path)).json()) as { subscriptions: Document[] }).subscriptions;
      return documents.length;
    })
    .toBe(count);
  return documents;
}

function linkOf(response: Response): Record<string, string> {
  const link = response.headers.get("link") ?? "";
  const [, target = ""] = /^<([^>]*)>/.exec(link) ?? [];
  const attributes = [...link.matchAll(/;\s*([\w-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value] as const);
  return { target, ...Object.fromEntries(attributes) };
}

describe("Subscription Events", () => {
  test("ACT-01: an update is published when a subscription begins, and when it ends, for each matcher", async () => {
    const { url } = await start();
    const events = await watch(url);
    const stream = await openStream(`${url}?match=a&match_urlpattern=/b/:id`, { headers: bearer(token()) });
    expect((await nextOf(events, "a")).document.active).toBe(true);
    expect((await nextOf(events, "/b/:id")).document.active).toBe(true);
    stream.close();
    expect((await nextOf(events, "a")).document.active).toBe(false);
    expect((await nextOf(events, "/b/:id")).document.active).toBe(false);
  });

  test("ACT-02: its topic is the hub's path, the type, the matcher and the subscriber", async () => {
    const { hub, url } = await start({ url: "https://hub.example/live/hub" });
    const own = url.replace(PATH, "/live/hub");
    const topics = hub.subscribe({ match: "*", includePrivate: true });
    const first = topics.next();
    await openStream(`${own}?match=a`, { headers: bearer(token({ aud: "https://hub.example/live/hub" })) });
    const { value } = await first;
    const { subscriber: name } = JSON.parse(value?.data ?? "") as Document;
    expect(value?.topics).toEqual([`/live/hub/subscriptions/exact/a/${escape(name)}`]);
  });

  test("ACT-03: the type in it has the name of the matcher type, whatever parameter asked for it", async () => {
    const { origin, url } = await start();
    await openStream(`${url}?match=a&match_exact=b&match_urlpattern=/c`, { headers: bearer(token()) });
    const documents = await list(origin, BELOW, 3);
    expect(documents.map(({ match, match_type }) => `${match} ${match_type}`).toSorted()).toEqual(["/c urlpattern", "a exact", "b exact"]);
  });

  test("ACT-04: the subscriber is of the connection, and no client chooses it", async () => {
    const { origin, url } = await start();
    const headers = { ...bearer(token({ sub: "chosen" })), "X-Subscriber": "chosen", Subscriber: "chosen" };
    for (let i = 0; i < 2; i++) await openStream(`${url}?match=a&match=b&subscriber=chosen&sub=chosen`, { headers });
    const documents = await list(origin, BELOW, 4);
    const names = documents.map(({ subscriber: name }) => name);
    expect(new Set(names).size).toBe(2);
    expect(names.join()).not.toContain("chosen");
  });

  test("ACT-05: the matcher and the subscriber are encoded exactly once", async () => {
    const { url } = await start();
    const events = await watch(url);
    for (const match of ["https://example.com/é?a=b#c", "100%25/x", "a b", "(a)*'!"]) {
      await openStream(`${url}?${new URLSearchParams({ match })}`, { headers: bearer(token()) });
      const { document } = await nextOf(events, match);
      expect(document.id).toBe(`${BELOW}/exact/${escape(match)}/${escape(document.subscriber)}`);
    }
  });

  test("ACT-06: the subscriber is an IRI", async () => {
    const { origin, url } = await start();
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    const [document] = await list(origin, BELOW, 1);
    expect(document?.subscriber).toMatch(/^urn:uuid:[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test("ACT-07: its data is a JSON document with the members of a subscription", async () => {
    const { url } = await start();
    const events = await watch(url);
    await openStream(`${url}?match=a`, { headers: bearer(tokenWith(grant(["subscribe"], ["x"]))) });
    const { document } = await nextOf(events, "a");
    const { subscriber: name } = document;
    expect(document).toEqual({
      id: `${BELOW}/exact/a/${escape(name)}`,
      type: "subscription",
      match_type: "exact",
      match: "a",
      subscriber: name,
      active: true,
    });
  });

  test("ACT-08: the payload is that of the first subscribe detail that selects the matcher", async () => {
    const { origin, url } = await start();
    const value = tokenWith(
      grant(["publish"], ["a"], { payload: { of: "publish" } }),
      grant(["subscribe"], ["other"], { payload: { of: "other" } }),
      grant(["subscribe"], [{ match: "/b/:id", match_type: "urlpattern" }], { payload: { of: "pattern" } }),
      grant(["subscribe"], ["a"], { payload: { of: "first" } }),
      grant(["subscribe"], ["a", "*"], { payload: { of: "rest" } }),
    );
    await openStream(`${url}?match=a&match=c&match_urlpattern=/b/:id`, { headers: bearer(value) });
    const documents = await list(origin, BELOW, 3);
    expect(Object.fromEntries(documents.map(({ match, payload }) => [match, payload]))).toEqual({
      a: { of: "first" },
      c: { of: "rest" },
      "/b/:id": { of: "pattern" },
    });
  });

  test("ACT-09: it is private", async () => {
    const { hub, url } = await start({ anonymous: true });
    const stream = await follow(url, "match=*");
    const events = await watch(url);
    const present = await openStream(`${url}?match=a`, { headers: bearer(token()) });
    expect((await nextOf(events, "a")).document.active).toBe(true);
    present.close();
    expect((await nextOf(events, "a")).document.active).toBe(false);
    await hub.publish({ topic: "a", data: "END" });
    expect((await stream.next()).data).toBe("END");
  });

  test("ACT-10: it has the event type mercure", async () => {
    const { url } = await start();
    const events = await watch(url);
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    expect((await nextOf(events, "a")).event.event).toBe("mercure");
  });
});

describe("Subscription API", () => {
  test("ACT-11: subscriptions are listed in all, by matcher, and one by one", async () => {
    const { origin, url } = await start();
    await openStream(`${url}?match=a&match_urlpattern=/b/:id`, { headers: bearer(token()) });
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    await list(origin, BELOW, 3);
    const [first] = await list(origin, `${BELOW}/exact/a`, 2);
    await list(origin, `${BELOW}/urlpattern/${escape("/b/:id")}`, 1);
    await list(origin, `${BELOW}/exact/nobody`, 0);
    expect(await (await read(origin, first?.id ?? "")).json()).toEqual(first);
  });

  test("ACT-12: each address needs a subscribe grant on its path, without its query", async () => {
    const { origin, url } = await start({ anonymous: true });
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    const [document] = await list(origin, BELOW, 1);
    const one = document?.id ?? "";
    const allowed = async (path: string, ...topics: readonly Topic[]): Promise<number> =>
      (await read(origin, path, subscriber(...topics))).status;
    for (const path of [BELOW, `${BELOW}/exact/a`, one]) {
      expect(await allowed(path, path)).toBe(200);
      expect(await allowed(`${path}?page=1`, path)).toBe(200);
      expect(await allowed(path, "*")).toBe(200);
      expect(await allowed(path, { match: `https://hub.example${path}`, match_type: "urlpattern" })).toBe(200);
    }
    expect(await allowed(`${BELOW}/exact/a`, { match: `${BELOW}/:type/:match`, match_type: "urlpattern" })).toBe(200);
    expect(await allowed(BELOW, `https://hub.example${BELOW}`)).toBe(403);
    expect((await fetch(origin + BELOW)).status).toBe(401);
  });

  test("ACT-13: without that grant the answer is 403", async () => {
    const { origin } = await start();
    for (const value of [subscriber("a", `${BELOW}/exact/b`), tokenWith(grant(["publish"], ["*"])), tokenWith()]) {
      for (const path of [BELOW, `${BELOW}/exact/a`, `${BELOW}/exact/a/x`]) {
        expect(await refusalOf(await read(origin, path, value))).toEqual([403, "insufficient_scope"]);
      }
    }
  });

  test("ACT-14: its answers are application/json", async () => {
    const { origin, url } = await start();
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    const [document] = await list(origin, BELOW, 1);
    for (const path of [BELOW, `${BELOW}/exact/a`, document?.id ?? ""]) {
      expect((await read(origin, path)).headers.get("content-type")).toMatch(/^application\/json\b/);
    }
  });

  test("ACT-15: pages of other origins may read the Link field", async () => {
    const { origin } = await start({ corsOrigins: ["https://app.example"] });
    const { headers } = await read(origin, BELOW, watcher(), { Origin: "https://app.example" });
    expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(headers.get("access-control-expose-headers")).toMatch(/\bLink\b/);
  });

  test("ACT-16: a single subscription is the document of its event", async () => {
    const { origin, url } = await start();
    const events = await watch(url);
    const value = tokenWith(grant(["subscribe"], ["*"], { payload: { of: ["any", 1] } }));
    await openStream(`${url}?match=a`, { headers: bearer(value) });
    const { document } = await nextOf(events, "a");
    expect(await (await read(origin, document.id)).json()).toEqual(document);
  });

  test("ACT-17: a subscription that does not exist is 404", async () => {
    const { origin } = await start();
    for (const path of [`${BELOW}/exact/a/urn%3Auuid%3A1e0cba4c-4bcd-44f0-ae8a-7b76f7ef1280`, `${BELOW}/exact/a/x`]) {
      expect((await read(origin, path)).status).toBe(404);
    }
  });

  test("ACT-18: one that has ended is 404, and is left out of collections", async () => {
    const { origin, url } = await start();
    const stream = await openStream(`${url}?match=a`, { headers: bearer(token()) });
    const [document] = await list(origin, BELOW, 1);
    stream.close();
    await list(origin, BELOW, 0);
    expect((await read(origin, document?.id ?? "")).status).toBe(404);
  });

  test("ACT-19: a collection has its address, its type and its subscriptions", async () => {
    const { origin, url } = await start();
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    const [document] = await list(origin, BELOW, 1);
    for (const path of [BELOW, `${BELOW}/exact/a`]) {
      expect(await (await read(origin, path)).json()).toMatchObject({ id: path, type: "subscriptions", subscriptions: [document] });
    }
  });

  test("ACT-20: each answer has the cursor of the last event in its Link, earliest before the first", async () => {
    const empty = await startSecured({ subscriptions: true });
    const before = linkOf(await read(empty.origin, BELOW));
    expect(before).toMatchObject({ target: "https://hub.example/.well-known/mercure", rel: "mercure", "last-event-id": "earliest" });
    const { hub, origin, url } = await start();
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    const [document] = await list(origin, BELOW, 1);
    const last = await hub.publish({ topic: "a" });
    for (const path of [BELOW, `${BELOW}/exact/a`, document?.id ?? ""]) {
      await expect.poll(async () => linkOf(await read(origin, path))["last-event-id"]).toBe(last);
    }
    // An update with an id of its publisher's, which not everyone may read, is named by its place.
    await hub.publish({ topic: "a", id: "mine", data: "the last" });
    const { "last-event-id": cursor = "" } = linkOf(await read(origin, BELOW));
    await hub.publish({ topic: "a", data: "after it" });
    const stream = await openStream(`${url}?${new URLSearchParams({ match: "a", last_event_id: cursor })}`, { headers: bearer(token()) });
    expect((await stream.next()).data).toBe("after it");
  });

  test("ACT-21: the Link tells the event type and the content type of what follows", async () => {
    const { origin } = await start();
    expect(linkOf(await read(origin, BELOW))).toMatchObject({ type: "mercure", "content-type": "application/json" });
  });

  test("ACT-22: who subscribes from that cursor misses no event", async () => {
    const { origin, url } = await start();
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    await list(origin, BELOW, 1);
    const { "last-event-id": cursor = "" } = linkOf(await read(origin, BELOW));
    await openStream(`${url}?match=b`, { headers: bearer(token()) });
    await list(origin, BELOW, 2);
    const query = new URLSearchParams({ match_urlpattern: `${BELOW}/exact/:match/:subscriber`, last_event_id: cursor });
    const events = await openStream(`${url}?${query}`, { headers: bearer(watcher()) });
    const first = JSON.parse((await events.next()).data) as Document;
    expect([first.match, first.active]).toEqual(["b", true]);
  });

  test("ACT-23: nothing of this is there unless it is turned on", async () => {
    const { hub, origin, url } = await startSecured();
    const stream = await follow(url, "match=*", { headers: bearer(token()) });
    await openStream(`${url}?match=a`, { headers: bearer(token()) });
    await hub.publish({ topic: "a", data: "END" });
    expect((await stream.next()).data).toBe("END");
    expect((await read(origin, BELOW)).status).toBe(404);
  });
});
