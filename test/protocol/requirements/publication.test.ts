import { describe, expect, test } from "vitest";
import { openStream } from "../../support/stream.ts";
import { bearer, dataUntilEnd, follow, FORM, post, publisher, raw, refusalOf, startOpen, startSecured, token } from "./support.ts";

const HOSTILE_TOPICS = [
  "/.well-known/mercure",
  "/.well-known/mercure/",
  "/.well-known/mercure/subscriptions/exact/a/b",
  "mercure",
  "mercure/x",
  "https://hub.example/.well-known/mercure/subscriptions/x",
  "https://elsewhere.example/.well-known/mercure/x",
  "ftp://elsewhere.example/.well-known/mercure",
  "//elsewhere.example/.well-known/mercure/x",
  "\\.well-known\\mercure\\x",
  "?query",
  "#fragment",
];

describe("Publication", () => {
  test("PUB-01: an update reaches the subscribers of its topic", async () => {
    const { url } = await startOpen();
    const stream = await openStream(`${url}?match=a`);
    await post(url, { topic: "b", data: "for others" });
    await post(url, { topic: "a", data: "for it" });
    expect((await stream.next()).data).toBe("for it");
  });

  test("PUB-02: an update is read from a URL-encoded form", async () => {
    const { url } = await startOpen();
    const stream = await openStream(`${url}?match=*`);
    await post(url, "topic=a+b&%64ata=%C3%A9%2B+%26%3D;100%");
    expect((await stream.next()).data).toBe("é+ &=;100%");
    for (const type of ["text/plain", "multipart/form-data; boundary=x", "application/xml"]) {
      expect((await post(url, "topic=a", { "Content-Type": type })).status).toBe(415);
    }
  });

  test("PUB-03: names and values that are not UTF-8 are refused", async () => {
    const { hub, url } = await startOpen();
    for (const form of ["topic=a&data=%FF", "topic=a&%FF=b", "topic=a&id=%C3", "topic=a&unknown=%80"]) {
      expect(await refusalOf(await post(url, form))).toEqual([400, "invalid_body"]);
    }
    expect(await refusalOf(await post(url, Uint8Array.from(Buffer.from("topic=a&data=\xff", "latin1"))))).toEqual([400, "invalid_body"]);
    expect(hub.stats().tail).toBe(0);
  });

  test("PUB-04: an update without a topic is refused, and nothing else is needed", async () => {
    const { url } = await startOpen();
    expect(await refusalOf(await post(url, { data: "x" }))).toEqual([400, "missing_topic"]);
    expect(await refusalOf(await post(url, ""))).toEqual([400, "missing_topic"]);
    expect((await post(url, { topic: "a" })).status).toBe(200);
  });

  test("PUB-05: an update may have several topics, and reaches the subscribers of each, once", async () => {
    const { url } = await startOpen();
    const streams = [
      await follow(url, "match=a"),
      await follow(url, "match=b"),
      await follow(url, "match=a&match=b&match_urlpattern=/:any"),
    ];
    await post(url, [
      ["topic", "a"],
      ["topic", "b"],
      ["topic", "/c"],
      ["data", "x"],
    ]);
    await post(url, { topic: "END", data: "END" });
    for (const stream of streams) expect(await dataUntilEnd(stream)).toEqual(["x"]);
  });

  test("PUB-06: a topic of the hub's own namespace is refused, as canonical and as alternate topic", async () => {
    const { hub, url } = await startOpen();
    for (const topic of ["/.well-known/mercure", "/.well-known/mercure/subscriptions/exact/a/b"]) {
      expect(await refusalOf(await post(url, { topic }))).toEqual([400, "reserved_topic"]);
      expect(await refusalOf(await post(url, `topic=a&topic=b&topic=${encodeURIComponent(topic)}`))).toEqual([400, "reserved_topic"]);
    }
    expect(hub.stats().tail).toBe(0);
  });

  test("PUB-07: the namespace is found by resolving the topic as a URL, whatever its scheme and host", async () => {
    const { url } = await startOpen();
    for (const topic of HOSTILE_TOPICS) {
      expect(await refusalOf(await post(url, { topic }))).toEqual([400, "reserved_topic"]);
    }
  });

  test("PUB-08: dot segments and percent-encoded letters do not hide the namespace", async () => {
    const { url } = await startOpen();
    for (const topic of [
      "/.well-known/%6Dercure/x",
      "/.well-known/%6dercure",
      "/%2Ewell-known/mercure/x",
      "/.well%2Dknown/mercure/x",
      "/.well-known/mercure/../mercure/x",
      "/a/../.well-known/./mercure",
      "/.well-known/a/%2e%2E/mercure/x",
      "/.well-known/a/.%2e/%6Dercure/x",
    ]) {
      expect(await refusalOf(await post(url, { topic }))).toEqual([400, "reserved_topic"]);
    }
  });

  test("PUB-09: a topic that is no URL reference, or only looks like the namespace, is taken", async () => {
    const { url } = await startOpen();
    for (const topic of [
      "http://[/.well-known/mercure/",
      "/.well-known/mercurex",
      "/x/.well-known/mercure",
      "/.well-known/mercure%2Fx",
      "urn:mercure",
    ]) {
      expect((await post(url, { topic })).status).toBe(200);
    }
  });

  test("PUB-10: the namespace follows the path of the hub's URL", async () => {
    const { url } = await startOpen({ url: "https://hub.example/live/hub" });
    const own = url.replace("/.well-known/mercure", "/live/hub");
    expect(await refusalOf(await post(own, { topic: "/live/%68ub/x" }))).toEqual([400, "reserved_topic"]);
    expect((await post(own, { topic: "/.well-known/mercure/x" })).status).toBe(200);
  });

  test("PUB-11: the topic * is refused", async () => {
    const { url } = await startOpen();
    for (const form of ["topic=*", "topic=%2A", "topic=a&topic=*"]) {
      expect(await refusalOf(await post(url, form))).toEqual([400, "reserved_topic"]);
    }
    expect((await post(url, { topic: "**" })).status).toBe(200);
  });

  test("PUB-12: such topics get 400 whatever the token allows", async () => {
    const { url } = await startSecured();
    for (const value of [publisher("*"), publisher("/.well-known/mercure/x"), publisher("other")]) {
      for (const topic of ["*", "/.well-known/mercure/x"]) {
        expect(await refusalOf(await post(url, { topic }, bearer(value)))).toEqual([400, "reserved_topic"]);
      }
    }
  });

  test("PUB-13: data has one field for each line, split at CR, LF and CRLF", async () => {
    const { origin, url } = await startOpen();
    await post(url, { topic: "a", data: "1\r\n2\r3\n4\r\r\n\n5\revent: forged\nid: forged\n\ndata: forged\n", id: "i" });
    await post(url, { topic: "a", data: "LAST" });
    const answer = await raw(origin, "GET /events/stream?last_event_id=earliest HTTP/1.1\r\nHost: x\r\n\r\n", "LAST\n\n");
    const bytes = answer.split("\n\n").find((event) => /^id: ?i$/m.test(event)) ?? "";
    const lines = bytes.split("\n").filter((line) => line.startsWith("data"));
    expect(lines.map((line) => line.replace(/^data:? ?/, ""))).toEqual([
      "1",
      "2",
      "3",
      "4",
      "",
      "",
      "5",
      "event: forged",
      "id: forged",
      "",
      "data: forged",
      "",
    ]);
    expect(bytes).not.toMatch(/^(?:event|id): ?forged/m);
  });

  test("PUB-14: the field private keeps an update from who may not read it, whatever its value", async () => {
    const { url } = await startOpen();
    const stream = await follow(url, "match=a");
    for (const value of ["&private=on", "&private=", "&private", "&private=false", "&private=0", "&%70rivate=off"]) {
      expect((await post(url, `topic=a&data=secret${value}`)).status).toBe(200);
    }
    for (const name of ["Private", "PRIVATE", "+private", "private%09"]) {
      expect(await refusalOf(await post(url, `topic=a&data=secret&${name}=on`))).toEqual([400, "invalid_body"]);
    }
    await post(url, "topic=a&data=open");
    await post(url, "topic=END&data=END");
    expect(await dataUntilEnd(stream)).toEqual(["open"]);
  });

  test("PUB-15: an id that starts with #, is earliest, or has control or format characters is refused", async () => {
    const { url } = await startOpen();
    for (const id of ["#", "#a", "earliest", "a\0", "a\nb", "a\rb", "a\tb", "a\u007F", "a\u0085", "a\u200D", "a\uFEFF"]) {
      expect(await refusalOf(await post(url, { topic: "a", id }))).toEqual([400, "invalid_id"]);
    }
  });

  test("PUB-16: an id of the publisher's, any text or an IRI, is used", async () => {
    const { url } = await startOpen();
    const stream = await openStream(`${url}?match=a`);
    for (const id of ["urn:uuid:5e94c686-2c0b-4f9b-958c-92ccc3bbb4eb", "https://example.com/é#1", "a#b", "Earliest", 'id-["a b"]']) {
      expect(await (await post(url, { topic: "a", id })).text()).toBe(id);
      expect((await stream.next()).id).toBe(id);
    }
  });

  test("PUB-17: without an id the hub makes one, a fragment, each time another", async () => {
    const { url } = await startOpen();
    const ids = await Promise.all(["", "&id="].map(async (id) => (await post(url, `topic=a${id}`)).text()));
    for (const id of ids) expect(id).toMatch(/^#[\w:.]+$/);
    expect(new Set(ids).size).toBe(2);
  });

  test("PUB-18: a type with control or format characters is refused", async () => {
    const { url } = await startOpen();
    for (const type of ["a\0", "a\nb", "a\rb", "a\u007F", "a\u009F", "a\u202E", "\uFEFFa"]) {
      expect(await refusalOf(await post(url, { topic: "a", type }))).toEqual([400, "invalid_type"]);
    }
  });

  test("PUB-19: the type mercure is refused", async () => {
    const { url } = await startSecured();
    const answer = await post(url, { topic: "a", type: "mercure" }, bearer(publisher("*")));
    expect(await refusalOf(answer)).toEqual([400, "invalid_type"]);
    expect((await post(url, { topic: "a", type: "Mercure" }, bearer(publisher("*")))).status).toBe(200);
  });

  test("PUB-20: a retry of anything but ASCII digits is refused", async () => {
    const { url } = await startOpen();
    for (const retry of ["-1", "+1", "1.5", "1e3", "0x1", " 1", "1 ", "١", "１", "a"]) {
      expect(await refusalOf(await post(url, { topic: "a", retry }))).toEqual([400, "invalid_retry"]);
    }
    expect((await post(url, { topic: "a", retry: "0" })).status).toBe(200);
  });

  test("PUB-21: fields that are not known are passed over", async () => {
    const { url } = await startOpen();
    const stream = await openStream(`${url}?match=a`);
    const answer = await post(url, "topic=a&data=x&Data=y&target=z&__proto__=p&constructor=c&match=m");
    expect(answer.status).toBe(200);
    expect((await stream.next()).data).toBe("x");
  });

  test("PUB-22: the answer is 200 with the id as plain text in UTF-8", async () => {
    const { url } = await startOpen();
    const answer = await post(url, { topic: "a", id: "é" });
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([200, "text/plain; charset=utf-8", "é"]);
    expect(answer.headers.get("location")).toBeNull();
  });

  test("PUB-23: a publisher without the right publishes nothing", async () => {
    const { hub, url } = await startSecured();
    expect((await post(url, { topic: "a" })).status).toBe(401);
    expect((await post(url, { topic: "a" }, bearer(publisher("b")))).status).toBe(403);
    expect(hub.stats().tail).toBe(0);
    expect((await post(url, { topic: "a" }, bearer(token()))).status).toBe(200);
  });

  test("PUB-24: the size of the body, of fields, and the number of topics are bounded", async () => {
    const { url } = await startOpen({ limits: { bodyBytes: 1024, topicBytes: 64, idBytes: 10, topicsPerUpdate: 3 } });
    expect((await post(url, `topic=a&data=${"x".repeat(1011)}`)).status).toBe(200);
    expect((await post(url, `topic=${"x".repeat(64)}&id=${"x".repeat(10)}&type=${"x".repeat(10)}`)).status).toBe(200);
    expect((await post(url, "topic=a&topic=b&topic=c")).status).toBe(200);
  });

  test("PUB-25: what is past such a bound is refused with 413", async () => {
    const { hub, url } = await startOpen({ limits: { bodyBytes: 1024, topicBytes: 64, idBytes: 10, topicsPerUpdate: 3 } });
    const forms = [
      `topic=a&data=${"x".repeat(1012)}`,
      `topic=${"x".repeat(65)}`,
      `topic=a&id=${"x".repeat(11)}`,
      `topic=a&type=${"é".repeat(6)}`,
      "topic=a&topic=b&topic=c&topic=d",
    ];
    for (const form of forms) expect(await refusalOf(await post(url, form))).toEqual([413, "too_large"]);
    expect((await post(url, forms[4] as string, { "Content-Type": `${FORM}; charset=utf-8` })).status).toBe(413);
    expect(hub.stats().tail).toBe(0);
  });

  test("PUB-28: a publish that was captured is not carried out again", async () => {
    const { hub, url } = await startSecured();
    const captured = [
      { topic: "a", data: "x" },
      { ...bearer(publisher("a")), "Idempotency-Key": '"8e03978e"' },
    ] as const;
    const first = await (await post(url, ...captured)).text();
    const replayed = await post(url, ...captured);
    expect([replayed.status, await replayed.text()]).toEqual([200, first]);
    expect(hub.stats().tail).toBe(1);
  });
});
