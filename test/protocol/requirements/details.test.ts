import { describe, expect, test } from "vitest";
import { openStream } from "../../support/stream.ts";
import {
  bearer,
  dataUntilEnd,
  DETAIL,
  follow,
  grant,
  post,
  publisher,
  refusalOf,
  startSecured,
  subscriber,
  token,
  tokenWith,
  type Topic,
} from "./support.ts";
import { LATE_MS } from "../../support/clock.ts";

const statusOf = async (url: string, value: string): Promise<number> =>
  (await fetch(`${url}?match=a`, { method: "HEAD", headers: bearer(value) })).status;
/** Whether the token may publish to the topic: 200, 403, or 401 where it is refused. */
const publishing = async (url: string, value: string, topic = "a"): Promise<number> => (await post(url, { topic }, bearer(value))).status;

describe("Authorization Details", () => {
  test("DET-01: a detail is the hub's by its type, byte by byte; others grant nothing", async () => {
    const { url } = await startSecured();
    expect(await publishing(url, tokenWith(grant(["publish"], ["a"])))).toBe(200);
    for (const type of [`${DETAIL}/`, DETAIL.toUpperCase(), DETAIL.replace("https", "http"), "payment"]) {
      expect(await publishing(url, tokenWith(grant(["publish"], ["a"], { type })))).toBe(403);
    }
    expect(await publishing(url, tokenWith({ type: "payment", actions: 3 }, grant(["publish"], ["a"])))).toBe(200);
  });

  test("DET-02: actions are a list of strings with at least one", async () => {
    const { url } = await startSecured();
    for (const actions of [undefined, null, "publish", [], {}, ["publish", 1], ["publish", null], [["publish"]]]) {
      expect(await publishing(url, tokenWith(grant(actions, ["a"])))).toBe(401);
    }
  });

  test("DET-03: actions that are not known are passed over", async () => {
    const { url } = await startSecured();
    expect(await publishing(url, tokenWith(grant(["moderate", "publish", "__proto__"], ["a"])))).toBe(200);
    expect(await publishing(url, tokenWith(grant(["moderate", "Publish", "*"], ["a"])))).toBe(403);
  });

  test("DET-04: topics are a list with at least one", async () => {
    const { url } = await startSecured();
    for (const topics of [undefined, null, "a", [], { match: "a" }]) {
      expect(await publishing(url, tokenWith({ type: DETAIL, actions: ["publish"], topics }))).toBe(401);
    }
  });

  test("DET-05: a payload may be an object, and nothing else", async () => {
    const { url } = await startSecured();
    expect(await statusOf(url, tokenWith(grant(["subscribe"], ["a"], { payload: { any: ["thing"] } })))).toBe(200);
    for (const payload of [null, "text", 1, []]) expect(await statusOf(url, tokenWith(grant(["subscribe"], ["a"], { payload })))).toBe(401);
  });

  test("DET-06: a token without such a detail grants nothing", async () => {
    const { hub, url } = await startSecured();
    for (const value of [token({ authorization_details: undefined }), tokenWith()]) {
      expect(await publishing(url, value)).toBe(403);
      const stream = await follow(url, "match=a", { headers: bearer(value) });
      await hub.publish({ topic: "a", data: "secret", private: true });
      await hub.publish({ topic: "END", data: "END" });
      expect(await dataUntilEnd(stream)).toEqual([]);
    }
  });

  test("DET-07: the number of topics and the length of patterns are bounded", async () => {
    const { url } = await startSecured({ limits: { topicBytes: 64 } });
    const topics = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => String(i));
    expect(await statusOf(url, subscriber(...topics(100)))).toBe(200);
    expect(await statusOf(url, subscriber("x".repeat(64)))).toBe(200);
    expect(await statusOf(url, subscriber(...topics(101)))).not.toBe(200);
  });

  test("DET-08: a token past such a bound is refused with 401 invalid_token", async () => {
    const { url } = await startSecured({ limits: { topicBytes: 64 } });
    const many = Array.from({ length: 101 }, (_, i) => grant(["subscribe"], [String(i)]));
    const long = subscriber("a", "x".repeat(65));
    const huge = token({ pad: "x".repeat(9000) });
    for (const value of [tokenWith(...many), long, huge, subscriber({ match: `/${"y".repeat(64)}`, match_type: "urlpattern" })]) {
      const answer = await fetch(`${url}?match=a`, { headers: bearer(value) });
      expect(await refusalOf(answer)).toEqual([401, "invalid_token"]);
    }
  });

  test("DET-09: one faulty detail refuses the whole token", async () => {
    const { url } = await startSecured();
    const good = grant(["publish", "subscribe"], ["*"]);
    for (const faulty of [
      grant(["publish"], []),
      grant([], ["a"]),
      grant(["subscribe"], [{ match: "/(", match_type: "urlpattern" }]),
      grant(["subscribe"], [{ match: "a\u200B" }]),
      "text",
      null,
      [],
      {},
    ]) {
      for (const details of [
        [good, faulty],
        [faulty, good],
      ]) {
        expect([await publishing(url, tokenWith(...details)), await statusOf(url, tokenWith(...details))]).toEqual([401, 401]);
      }
    }
  });
});

describe("Publishers", () => {
  test("DET-10: publishing needs a grant on every topic of the update", async () => {
    const { hub, url } = await startSecured();
    const value = tokenWith(grant(["publish"], ["a"]), grant(["publish"], [{ match: "/b/:id", match_type: "urlpattern" }]));
    expect((await post(url, "topic=a&topic=/b/1", bearer(value))).status).toBe(200);
    for (const form of ["topic=a&topic=c", "topic=c&topic=a", "topic=a&topic=/b/1&topic=/b/1/2"]) {
      expect((await post(url, form, bearer(value))).status).not.toBe(200);
    }
    expect(hub.stats().tail).toBe(1);
  });

  test("DET-11: without it nothing is dispatched, and the answer is 403 insufficient_scope", async () => {
    const { hub, url } = await startSecured({ anonymous: true });
    const stream = await follow(url, "match=a");
    expect(await refusalOf(await post(url, "topic=a&topic=c", bearer(publisher("a"))))).toEqual([403, "insufficient_scope"]);
    await hub.publish({ topic: "END", data: "END" });
    expect(await dataUntilEnd(stream)).toEqual([]);
  });
});

describe("Subscribers", () => {
  test("DET-12: a private update needs a grant on one of its topics, and is held back without", async () => {
    const { hub, url } = await startSecured();
    const stream = await follow(url, "match=*", { headers: bearer(subscriber("END", "a", { match: "/b/:id", match_type: "urlpattern" })) });
    await hub.publish({ topic: ["x", "a"], data: "by an alternate", private: true });
    await hub.publish({ topic: ["/b/1", "x"], data: "by the canonical", private: true });
    await hub.publish({ topic: ["x", "y"], data: "by none", private: true });
    await hub.publish({ topic: "END", data: "END" });
    expect(await dataUntilEnd(stream)).toEqual(["by an alternate", "by the canonical"]);
  });

  test("DET-13: matchers select, and never widen what may be read", async () => {
    const { hub, url } = await startSecured();
    const value = subscriber({ match: "/users/42/*", match_type: "urlpattern" });
    const stream = await follow(url, "match_urlpattern=/books/:id", { headers: bearer(value) });
    await hub.publish({ topic: "/books/2", data: "matched, no grant", private: true });
    await hub.publish({ topic: "/users/42/books/3", data: "a grant, not matched", private: true });
    await hub.publish({ topic: ["/books/1", "/users/42/books/1"], data: "both", private: true });
    await hub.publish({ topic: "END", data: "END" });
    expect(await dataUntilEnd(stream)).toEqual(["both"]);
  });

  test("DET-14: a stream ends no later than its token", async () => {
    const { hub, url } = await startSecured();
    const exp = Math.floor(Date.now() / 1000) + 4;
    const stream = await openStream(`${url}?match=a`, { headers: bearer(token({ exp })) });
    await stream.ended;
    expect(Date.now()).toBeLessThanOrEqual(exp * 1000 + LATE_MS);
    expect(hub.stats().subscribers).toBe(0);
  });

  test("DET-15: a stream ends after a longest time, whatever its token", async () => {
    const { url } = await startSecured({ lifetimeMs: 1000 });
    await (
      await openStream(`${url}?match=a`, { headers: bearer(token()) })
    ).ended;
  });
});

describe("Topic Matcher List", () => {
  test("DET-16: an entry is an object with a match that is text", async () => {
    const { url } = await startSecured();
    for (const entry of [{}, { match: null }, { match: 1 }, { match: ["a"] }, { match: "" }, { match_type: "exact" }, { Match: "a" }]) {
      expect(await publishing(url, tokenWith(grant(["publish"], [entry as Topic])))).toBe(401);
    }
  });

  test("DET-17: a matcher type is the exact name of one that is supported, or the token is refused", async () => {
    const { url } = await startSecured();
    for (const match_type of ["exact", "urlpattern"]) {
      expect(await publishing(url, tokenWith(grant(["publish"], [{ match: "/a", match_type }])), "/a")).toBe(200);
    }
    for (const match_type of ["Exact", "URLPattern", "regexp", "", null, 1, ["exact"]]) {
      expect(await publishing(url, tokenWith(grant(["publish"], ["*", { match: "/a", match_type }])), "/a")).toBe(401);
    }
  });

  test("DET-18: without a type the matcher is exact", async () => {
    const { url } = await startSecured();
    const value = publisher("/b/:id");
    expect([await publishing(url, value, "/b/:id"), await publishing(url, value, "/b/1")]).toEqual([200, 403]);
  });

  test("DET-19: the match * is every topic, whatever the type", async () => {
    const { url } = await startSecured();
    for (const entry of ["*", { match: "*", match_type: "exact" }, { match: "*", match_type: "urlpattern" }]) {
      for (const topic of ["a", "http://[", "https://example.com/x"]) expect(await publishing(url, publisher(entry), topic)).toBe(200);
    }
  });

  test("DET-20: an entry that is no object, or no valid matcher, refuses the token with 401 invalid_token", async () => {
    const { url } = await startSecured();
    for (const entry of ["a", 1, null, ["a"], { match: "/(", match_type: "urlpattern" }, { match: "a\nb" }]) {
      const value = tokenWith({ type: DETAIL, actions: ["publish"], topics: [{ match: "*" }, entry] });
      expect(await refusalOf(await post(url, { topic: "a" }, bearer(value)))).toEqual([401, "invalid_token"]);
    }
  });
});
