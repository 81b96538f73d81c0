import { describe, expect, it } from "vitest";
import { compatToken } from "../../support/compat-token.ts";
import { startHub, type TestHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";

const PATH = "/.well-known/mercure/subscriptions";

const start = (): Promise<TestHub> => startHub({ ...TRUSTING, subscriptions: true, anonymous: true, compat: "0.x" });

const compat = (subscribe: readonly string[], payload?: unknown): { Authorization: string } =>
  bearer(compatToken({ mercure: { subscribe, payload } }, "a secret of at least thirty-two bytes"));

describe("presence as in Mercure 0.x", () => {
  it("tells of `topic=` subscriptions in JSON-LD, as events without a type", async () => {
    const { url } = await start();
    const selector = `${PATH}/{topic}/{subscriber}`;
    const watcher = await openStream(`${url}?topic=${encodeURIComponent(selector)}`, { headers: compat([selector]) });
    const own = JSON.parse((await watcher.next()).data) as { subscriber: string };
    const stream = await openStream(`${url}?topic=${encodeURIComponent("https://example.com/{id}")}`, {
      headers: compat(["x"], { who: "me" }),
    });
    const event = await watcher.next();
    const document = JSON.parse(event.data) as { subscriber: string; id: string };
    expect(event.event).toBeUndefined();
    expect(document).toEqual({
      "@context": "https://mercure.rocks/",
      id: `${PATH}/https%3A%2F%2Fexample.com%2F%7Bid%7D/${encodeURIComponent(document.subscriber)}`,
      type: "Subscription",
      subscriber: expect.stringMatching(/^urn:uuid:/),
      topic: "https://example.com/{id}",
      active: true,
      payload: { who: "me" },
    });
    expect(document.subscriber).not.toBe(own.subscriber);
    stream.close();
    expect(JSON.parse((await watcher.next()).data)).toEqual({ ...document, active: false });
  });

  it("lists them at three paths, for a token or an Accept of that version", async () => {
    const { url, origin } = await start();
    await openStream(`${url}?topic=a%20b&topic=c`);
    const headers = compat(["*"]);
    const get = async (path: string, init: RequestInit = { headers }): Promise<Response> => fetch(origin + path, init);
    await expect.poll(async () => ((await (await get(PATH)).json()) as { subscriptions: unknown[] }).subscriptions.length).toBe(2);
    const all = await get(PATH);
    const collection = (await all.json()) as { subscriptions: { id: string; topic: string }[]; lastEventID: string };
    expect(all.headers.get("content-type")).toBe("application/ld+json");
    expect(collection).toMatchObject({
      "@context": "https://mercure.rocks/",
      id: PATH,
      type: "Subscriptions",
      lastEventID: expect.stringMatching(/^#/),
    });
    const ofTopic = (await (await get(`${PATH}/a+b`)).json()) as typeof collection;
    expect(ofTopic.subscriptions.map(({ topic }) => topic)).toEqual(["a b"]);
    const [one] = ofTopic.subscriptions;
    expect(await (await get(one?.id ?? "")).json()).toMatchObject({ topic: "a b", "@context": "https://mercure.rocks/" });
    expect((await get(`${PATH}/a+b/nobody`)).status).toBe(404);
    expect((await get(PATH, { headers: compat(["other"]) })).status).toBe(403);
    expect((await get(`${PATH}/a+b`, {})).status).toBe(401);
    const modern = bearer(await mint({ subscribe: [exact("*")] }));
    expect(await (await get(PATH, { headers: modern })).json()).toMatchObject({ type: "subscriptions" });
    expect(await (await get(PATH, { headers: { ...modern, Accept: "application/ld+json" } })).json()).toMatchObject({
      type: "Subscriptions",
    });
  });

  it("shows each version its own subscriptions, and nothing by a path with an empty part", async () => {
    const { url, origin } = await start();
    await openStream(`${url}?topic=old`);
    await openStream(`${url}?match=new`);
    const modern = bearer(await mint({ subscribe: [exact("*")] }));
    const get = async (path: string, headers: Record<string, string>): Promise<Response> => fetch(origin + path, { headers });
    const list = async (headers: Record<string, string>): Promise<(string | undefined)[]> => {
      const { subscriptions } = (await (await get(PATH, headers)).json()) as { subscriptions: { match?: string; topic?: string }[] };
      return subscriptions.map(({ match, topic }) => match ?? topic);
    };
    await expect.poll(() => list(compat(["*"]))).toEqual(["old"]);
    await expect.poll(() => list(modern)).toEqual(["new"]);
    const narrow = compat([`${PATH}/{topic}`, `${PATH}/{topic}/{subscriber}`]);
    const pattern = { ...bearer(await mint({ subscribe: [{ type: "urlpattern", pattern: `${PATH}/*` }] })), Accept: "application/ld+json" };
    for (const headers of [narrow, pattern]) {
      for (const path of [`${PATH}/`, `${PATH}//`, `${PATH}//old`, `${PATH}/old/`])
        expect((await get(path, headers)).status, path).not.toBe(200);
    }
    const plain = await get(PATH, modern);
    const other = await get(PATH, { ...modern, Accept: "application/ld+json", "If-None-Match": plain.headers.get("etag") ?? "" });
    expect([other.status, other.headers.get("vary")]).toEqual([200, "Accept, Authorization, Cookie"]);
  });
});
