import { describe, expect, it } from "vitest";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, ISSUER, mint, TRUSTING, urlpattern } from "../../support/tokens.ts";

describe("an operator's view of a hub", () => {
  it("counts published, delivered and held updates", async () => {
    const { hub, url } = await startHub();
    const streams = [await openStream(url), await openStream(`${url}?interval=10`)];
    for (let i = 0; i < 5; i++) await hub.publish({ topic: "a", data: "12345" });
    await Promise.all(streams.map((stream) => stream.take(5)));
    expect(hub.stats()).toMatchObject({ published: 5, delivered: 10, tail: 5, head: 1, subscribers: 2, bytes: 5 * (64 + 5 + 1) });
    const frame = new TextEncoder().encode(`id: #12345678:1\ndata: 12345\n\n`).length;
    expect(hub.stats().sentBytes).toBeGreaterThan(9 * (frame - 8));
    const replay = await openStream(`${url}?last_event_id=earliest`);
    await replay.take(5);
    expect(hub.stats().delivered).toBe(15);
  });

  it("lists open streams with their tokens' subjects, and ends one without loss", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true });
    const stream = await openStream(`${url}?match=a&interval=50&latest=on`, {
      headers: bearer(await mint({ subscribe: [exact("a")], subject: "me" })),
    });
    await openStream(`${url}?match=b`);
    const all = [...hub.subscribers()];
    const mine = all.find(({ subject }) => subject === "me");
    expect(mine).toEqual({
      id: expect.any(String),
      matchers: [exact("a")],
      issuer: ISSUER,
      subject: "me",
      address: "127.0.0.1",
      intervalMs: 50,
      latest: true,
      openMs: expect.any(Number),
      state: "live",
      lag: 0,
      lagMs: 0,
    });
    expect(new Set(all.map(({ subject }) => subject))).toEqual(new Set(["me", undefined]));
    const { id } = await stream.nextOfAny();
    expect(hub.disconnect("nobody")).toBe(false);
    expect(hub.disconnect(mine?.id ?? "")).toBe(true);
    await stream.ended;
    expect([...hub.subscribers()].map(({ subject }) => subject)).toEqual([undefined]);
    await hub.publish({ topic: "a", data: "meanwhile", private: true });
    const again = await openStream(`${url}?match=a&last_event_id=${encodeURIComponent(id ?? "")}`, {
      headers: bearer(await mint({ subscribe: [exact("a")] })),
    });
    expect((await again.next()).data).toBe("meanwhile");
  });

  it("tells an update's fate for each subscriber", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true });
    const open = async (query: string, rights?: Parameters<typeof mint>[0]): Promise<string> => {
      const known = new Set([...hub.subscribers()].map(({ id }) => id));
      const stream = await openStream(`${url}?${query}`, rights === undefined ? {} : { headers: bearer(await mint(rights)) });
      await stream.nextOfAny();
      return [...hub.subscribers()].find(({ id }) => !known.has(id))?.id ?? "";
    };
    const reader = await open("match=a", { subscribe: [exact("a")] });
    const stranger = await open("match=a");
    const elsewhere = await open("match=b");
    const paced = await open("match=a&interval=60000", { subscribe: [exact("a")] });
    const latest = await open("match=a&interval=60000&latest=on", { subscribe: [exact("a")] });
    const first = await hub.publish({ topic: "a", private: true });
    await expect.poll(async () => (await hub.explain(first, paced))?.fate).toBe("delivered");
    const update = await hub.publish({ topic: "a", id: "mine", data: "12", private: true });
    await hub.publish({ topic: "a", private: true });
    await expect.poll(async () => (await hub.explain(update, reader))?.fate).toBe("delivered");
    const late = await open("match=a", { subscribe: [exact("a")] });
    const fates = await Promise.all(
      [stranger, elsewhere, paced, latest, late, "nobody"].map(async (id) => (await hub.explain("mine", id))?.fate),
    );
    expect(fates).toEqual(["not_allowed", "not_selected", "paced", "replaced", "earlier", undefined]);
    expect(await hub.explain("mine")).toMatchObject({
      topics: ["a"],
      private: true,
      size: 2,
      counts: { delivered: 1, not_allowed: 1, not_selected: 1, paced: 1, replaced: 1, earlier: 1 },
    });
    expect(await hub.explain("#nothing:1")).toBeUndefined();
    expect(await hub.explain("unknown")).toBeUndefined();
  });

  it("judges the hub's tokens for other servers, and tells administrators by name alone", async () => {
    const { hub } = await startHub(TRUSTING);
    const admin = await hub.verify(await mint({ publish: [exact("/.well-known/mercure/admin")], subject: "root" }), "publish");
    expect([admin.subject, hub.isAdmin(admin)]).toEqual(["root", true]);
    for (const publish of [[exact("*")], [urlpattern("/.well-known/mercure/:any")], []]) {
      expect(hub.isAdmin(await hub.verify(await mint({ publish }), "publish"))).toBe(false);
    }
    await expect(hub.verify("forged", "publish")).rejects.toMatchObject({ code: "invalid_token" });
    const token = await mint({ tokenId: "gone" });
    await hub.revoke({ issuer: ISSUER, tokenId: "gone" });
    await expect(hub.verify(token, "publish")).rejects.toMatchObject({ code: "invalid_token" });
  });

  it("resolves a reused id to its first update, even for subscribers that may not read it", async () => {
    const { hub, url } = await startHub({ ...TRUSTING, anonymous: true });
    await hub.publish({ topic: "a", id: "reused", data: "private", private: true });
    await hub.publish({ topic: "a", id: "between", data: "between" });
    await hub.publish({ topic: "a", id: "reused", data: "public" });
    await hub.publish({ topic: "a", data: "next" });
    const stream = await openStream(`${url}?match=a&last_event_id=reused`);
    expect(stream.response.headers.get("mercure-last-event-id")).toBe("reused");
    const events = [await stream.nextOfAny(), await stream.nextOfAny(), await stream.nextOfAny()];
    expect(events.map(({ data }) => data)).toEqual(["between", "public", "next"]);
  });

  it("answers an empty cursor with the stream's first cursor", async () => {
    const { hub, url } = await startHub();
    const first = await hub.publish({ topic: "a" });
    const stream = await openStream(`${url}?match=a&last_event_id=`);
    expect(stream.response.headers.get("mercure-last-event-id")).toBe(first);
  });
});
