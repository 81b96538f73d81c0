import { describe, expect, test } from "vitest";
import { publisher, bearer, post, refusalOf, selected, startOpen, startSecured, tokenWith, grant } from "./support.ts";

const pattern = (value: string): string => new URLSearchParams({ match_urlpattern: value }).toString();
const exact = (value: string): string => new URLSearchParams({ match: value }).toString();

describe("Matcher Types", () => {
  test("MAT-01: exact and urlpattern are supported, for subscriptions and for grants", async () => {
    const started = await startSecured({ anonymous: true });
    expect(await selected(started, "match_exact=/a/1&match_urlpattern=/b/:id", ["/a/1", "/a/2", "/b/1"])).toEqual(["/a/1", "/b/1"]);
    const token = publisher({ match: "/a/1", match_type: "exact" }, { match: "/b/:id", match_type: "urlpattern" });
    const statusOf = async (topic: string): Promise<number> => (await post(started.url, { topic }, bearer(token))).status;
    expect([await statusOf("/a/1"), await statusOf("/b/2"), await statusOf("/a/2")]).toEqual([200, 200, 403]);
  });

  test("MAT-02: the supported types are listed in the metadata", async () => {
    const { origin } = await startOpen();
    const metadata = await (await fetch(`${origin}/.well-known/oauth-protected-resource/.well-known/mercure`)).json();
    expect(metadata).toMatchObject({ mercure_matcher_types_supported: ["exact", "urlpattern"] });
  });

  test("MAT-03: a type that is not supported refuses the request, and the token", async () => {
    const { url } = await startSecured({ anonymous: true });
    expect(await refusalOf(await fetch(`${url}?match_uritemplate=a`))).toEqual([400, "unknown_matcher"]);
    const token = tokenWith(grant(["publish"], [{ match: "a", match_type: "uritemplate" }, "a"]));
    expect(await refusalOf(await post(url, { topic: "a" }, bearer(token)))).toEqual([401, "invalid_token"]);
  });

  test("MAT-04: the matcher * selects every topic, whatever its type", async () => {
    const topics = ["a", "/b", "https://example.com/c?d#e", "http://[", "urn:x:y", "**"];
    for (const name of ["match", "match_exact", "match_urlpattern"]) {
      const started = await startOpen();
      expect(await selected(started, `${name}=*`, topics)).toEqual(topics);
    }
  });
});

describe("Exact Matching", () => {
  test("MAT-05: exact matching compares bytes, and tells cases apart", async () => {
    const started = await startOpen();
    expect(
      await selected(started, exact("https://example.com/A*:id"), [
        "https://example.com/a*:id",
        "https://example.com/A*:id",
        "https://example.com/A*:id/",
        "https://EXAMPLE.com/A*:id",
        "https://example.com/Axy",
      ]),
    ).toEqual(["https://example.com/A*:id"]);
  });

  test("MAT-06: exact matching resolves no relative value", async () => {
    const started = await startOpen();
    const topics = ["a", "/a", "/.well-known/a", "https://hub.example/.well-known/a", "./a"];
    expect(await selected(started, exact("a"), topics)).toEqual(["a"]);
    expect(await selected(started, exact("https://hub.example/.well-known/a"), topics)).toEqual(["https://hub.example/.well-known/a"]);
  });

  test("MAT-07: exact matching normalises neither Unicode nor IRIs", async () => {
    const started = await startOpen();
    expect(await selected(started, exact("caf\u00E9"), ["cafe\u0301", "caf%C3%A9", "caf\u00E9"])).toEqual(["caf\u00E9"]);
    expect(
      await selected(started, exact("https://m\u00FCller.example/%7Ea"), [
        "https://xn--mller-kva.example/%7Ea",
        "https://m\u00FCller.example/~a",
        "https://m\u00FCller.example/%7ea",
      ]),
    ).toEqual([]);
  });
});

describe("URL Pattern", () => {
  test("MAT-08: URL patterns are matchers", async () => {
    const started = await startOpen();
    expect(
      await selected(started, pattern("https://example.com/books/:id(\\d+)"), [
        "https://example.com/books/1",
        "https://example.com/books/x",
        "https://example.com/books/1/2",
        "http://example.com/books/1",
      ]),
    ).toEqual(["https://example.com/books/1"]);
  });

  test("MAT-09: a pattern may be absolute or relative", async () => {
    const started = await startOpen();
    const topics = ["https://hub.example/books/1", "https://other.example/books/2"];
    expect(await selected(started, pattern("https://other.example/books/:id"), topics)).toEqual(topics.slice(1));
    expect(await selected(started, pattern("/books/:id"), topics)).toEqual(topics.slice(0, 1));
  });

  test("MAT-10: relative patterns and topics have the hub's URL as their base", async () => {
    const started = await startOpen();
    expect(await selected(started, pattern("https://hub.example/books/:id"), ["/books/1", "books/2"])).toEqual(["/books/1"]);
    // Relative to the folder of the hub's path.
    expect(await selected(started, pattern("https://hub.example/.well-known/:any"), ["x"])).toEqual(["x"]);
    expect(await selected(started, pattern("/books/:id"), ["https://hub.example/books/3", "//hub.example/books/4"])).toEqual([
      "https://hub.example/books/3",
      "//hub.example/books/4",
    ]);
  });

  test("MAT-11: a pattern tells cases apart but in hosts", async () => {
    const started = await startOpen();
    expect(
      await selected(started, pattern("https://Example.com/Books/:id"), [
        "https://EXAMPLE.COM/Books/1",
        "https://example.com/books/1",
        "HTTPS://example.com/Books/2",
      ]),
    ).toEqual(["https://EXAMPLE.COM/Books/1", "HTTPS://example.com/Books/2"]);
  });

  test("MAT-12: a topic that is no URL reference matches no pattern", async () => {
    const started = await startOpen();
    const topics = ["http://[", "https://a b.example/", "http://example.com:99999/"];
    expect(await selected(started, `${pattern("*://*:*/*")}&${pattern("/*")}`, topics)).toEqual([]);
  });

  test("MAT-13: a pattern made to backtrack costs no more than its length", async () => {
    const started = await startOpen();
    const hostile = "/((?:a+)+)c";
    const before = process.cpuUsage();
    expect(await selected(started, pattern(hostile), [`/${"a".repeat(2000)}`, `/${"a".repeat(1999)}c`])).toEqual([`/${"a".repeat(1999)}c`]);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});
