import { createParser, type EventSourceMessage } from "eventsource-parser";
import { describe, expect, test } from "vitest";
import { createHub } from "artesian";
import { compileUrlPattern, PatternError } from "../../packages/hub/src/core/matching/url-pattern/index.ts";
import { type ParsedEvent, StandardParser } from "../protocol/standard-parser.ts";
import { HUB, post, publisher, bearer, raw, startOpen, startSecured, token } from "../protocol/requirements/support.ts";
import { openStream } from "../support/stream.ts";
import { leastMs } from "../support/cpu.ts";

/** Everything that a stream sent up to a text, without the head. */
async function bodyUntil(origin: string, path: string, end: string): Promise<Buffer> {
  const text = await raw(origin, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, end);
  return Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4));
}

describe("what publishers and subscribers send", () => {
  test("CR, LF, NUL, C0/C1, `Cf` characters in id, type or topic", async () => {
    const { hub, url } = await startOpen();
    const forbidden = Array.from("\r\n\0\t\u0001\u001F\u007F\u0080\u0085\u009F\u00AD\u200B\u200D\u202E\u2066\u2069\uFEFF\u{E0041}");
    for (const character of forbidden) {
      for (const name of ["id", "type", "topic"]) {
        for (const text of [`${character}a`, `a${character}b`, `a${character}`]) {
          const fields = { topic: "t", [name]: text };
          const send = (type: string, body: string): Promise<Response> => post(url, body, { "Content-Type": type });
          expect((await post(url, fields)).status, `form ${name}`).toBe(400);
          expect((await send("application/json", JSON.stringify(fields))).status, `JSON ${name}`).toBe(400);
          expect((await send("application/x-ndjson", `{"topic":"a"}\n${JSON.stringify(fields)}`)).status, `NDJSON ${name}`).toBe(400);
        }
      }
    }
    expect(hub.stats().tail).toBe(0);
  });

  test("CR/LF in data", async () => {
    const { origin, url } = await startOpen();
    const attacks = [
      "\nid: forged\n\ndata: forged",
      "\r\revent: hub:gap\r\rdata: x",
      "\r\n\r\nretry: 1\r\n\r\n",
      "a\n\n",
      "\n",
      ":c\r: d\n",
    ];
    for (const data of attacks) await post(url, { topic: "a", data });
    await post(url, { topic: "a", data: "END" });
    const bytes = await bodyUntil(origin, "/events/stream?last_event_id=earliest", "END\n\n");
    const independent: EventSourceMessage[] = [];
    createParser({ onEvent: (event) => void independent.push(event) }).feed(bytes.toString());
    const standard: ParsedEvent[] = [];
    new StandardParser((event) => void standard.push(event)).feed(bytes);
    const expected = [...attacks, "END"].map((data) => data.replaceAll(/\r\n?/g, "\n"));
    expect(independent.map(({ data }) => data)).toEqual(expected);
    expect(standard.map(({ data }) => data)).toEqual(expected);
    expect(standard.every(({ type, id }) => type === "message" && id.startsWith("#"))).toBe(true);
  });

  test("forged hub events: reserved path after normalisation (`%6D`, dot segments, backslash), type `mercure` or `hub:*`", async () => {
    const { hub, url } = await startSecured({ subscriptions: true });
    const all = bearer(publisher("*"));
    for (const topic of [
      "/.well-known/mercure/subscriptions/exact/a/b",
      "/.well-known/%6Dercure/subscriptions/exact/a/b",
      "/.well-known/./x/../mercure/subscriptions",
      "/.well-known/x/%2e%2E/%6d%65rcure/y",
      "\\.well-known\\mercure\\subscriptions",
      "https://any.example\\.well-known\\mercure\\x",
      "https://hub.example/.well-known/mercure/admin",
      "/.well-known/mer\tcure",
    ]) {
      expect((await post(url, { topic }, all)).status, topic).toBe(400);
      expect((await post(url, `topic=a&topic=${encodeURIComponent(topic)}`, all)).status, topic).toBe(400);
    }
    for (const type of ["mercure", "hub:gap", "hub:drain", "hub:cursor", "hub:expiring", "hub:", "hub:x"]) {
      expect((await post(url, { topic: "a", type }, all)).status, type).toBe(400);
      const json = JSON.stringify([{ topic: "a", type }]);
      expect((await post(url, json, { ...all, "Content-Type": "application/json" })).status, type).toBe(400);
    }
    expect(hub.stats().tail).toBe(0);
  });

  // The million is in fuzz.test.ts; these go the whole way.
  test("crafted `Last-Event-ID` (1 M fuzzed)", async () => {
    const { hub, url } = await startOpen();
    await hub.publish({ topic: "a", data: "there" });
    const epoch = (await hub.publish({ topic: "a", id: "é" }), await hub.publish({ topic: "a" })).split(":", 1)[0] as string;
    const crafted = [
      ..."#|##|#:|#:0|#AAAAAAAA:|#AAAAAAAA:-1|#AAAAAAAA:1e9|#AAAAAAAA:zzzzzzzzzzz|*|..|../../etc|{}|[]|null|undefined|NaN|__proto__".split(
        "|",
      ),
      ...["-1", "00", "01", "1.5", "zzzzzzzzzzz", "1zzzzzzzzzz", " 1", "1 ", "ffffffff", "+1", "2", "3", "4", "5"].map(
        (offset) => `${epoch}:${offset}`,
      ),
      "constructor",
      "' OR 1=1 --",
      "x".repeat(10_000),
      "\u0000\u0001",
      "\uD83D\uDE00",
      "%00",
    ];
    for (const id of crafted) {
      const byQuery = await openStream(`${url}?${new URLSearchParams({ match: "a", last_event_id: id })}`);
      expect(byQuery.response.status, id).toBe(200);
      byQuery.close();
      const header = Buffer.from(id.replaceAll("\0", "").replaceAll("\u0001", "")).toString("latin1");
      const byHeader = await openStream(`${url}?match=a`, { headers: { "Last-Event-ID": header } });
      expect(byHeader.response.status, id).toBe(200);
      byHeader.close();
    }
    await expect.poll(() => hub.stats().subscribers).toBe(0);
  });

  test("pathological patterns", () => {
    const fill = (text: string): string => text.repeat(Math.floor(2030 / text.length));
    const patterns = [
      "/:a((?:x+x+)+y)",
      `/(${fill("(?:a+a+)+").slice(0, 1998)}b)`,
      `/${fill("*a")}`,
      `/(${"a?".repeat(500)}${"a".repeat(1000)})`,
      `/((?:${fill("a|b|")}ab)*)`,
      "/(.*a.{8})",
      "/(.*a.{30})",
      `/(${"(?:".repeat(190)}a*${")*".repeat(190)})`,
      `/${fill("{a}*")}`,
    ];
    const topics = ["a", "ab", "x", "aaaaaaaaab", "b/"].map((text) => new URL(`/${fill(text)}`, HUB));
    let accepted = 0;
    for (const pattern of patterns) {
      const compile = (): ReturnType<typeof compileUrlPattern> | undefined => {
        try {
          return compileUrlPattern(pattern, HUB);
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
          return undefined;
        }
      };
      const compiled = compile();
      if (compiled === undefined) continue;
      accepted++;
      for (const url of topics)
        expect(
          leastMs(() => compiled.test(url)),
          pattern.slice(0, 40),
        ).toBeLessThan(5);
    }
    expect(accepted).toBeGreaterThan(3);
  });

  test("prototype pollution in forms and JSON", async () => {
    const { hub, url } = await startOpen();
    const before = Object.getOwnPropertyNames(Object.prototype);
    const stream = await openStream(`${url}?match=a&__proto__=x&constructor[prototype][polluted]=1`);
    const names = "__proto__[polluted]=1&constructor.prototype.polluted=1&__proto__=x&hasOwnProperty=x";
    expect((await post(url, `topic=a&data=form&${names}`)).status).toBe(200);
    // Likely meant for a private update.
    expect((await post(url, "topic=a&data=form&__proto__[private]=1")).status).toBe(400);
    const json = '{"topic":"a","data":"JSON","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    const unclear = json.replace("polluted", "private");
    for (const [type, wrap] of [
      ["application/json", (update: string) => update],
      ["application/json", (update: string) => `[${update}]`],
      ["application/x-ndjson", (update: string) => update],
    ] as const) {
      expect((await post(url, wrap(json), { "Content-Type": type })).status).toBe(200);
      expect((await post(url, wrap(unclear), { "Content-Type": type })).status).toBe(400);
    }
    expect((await stream.take(4)).map(({ data }) => data)).toEqual(["form", "JSON", "JSON", "JSON"]);
    // What is inherited is no field either.
    const inherited = await post(url, '{"__proto__":{"topic":"a"}}', { "Content-Type": "application/json" });
    expect(inherited.status).toBe(400);
    const secured = await startSecured();
    for (const name of ["__proto__", "constructor"]) {
      const claims = { [name]: { authorization_details: [] }, authorization_details: undefined };
      const forged = token(JSON.parse(JSON.stringify({ ...claims, [name]: claims[name] })) as Record<string, unknown>);
      expect((await post(secured.url, { topic: "a" }, bearer(forged))).status).not.toBe(500);
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(hub.stats().tail).toBe(4);
  });

  test("smuggling, duplicate `Authorization`", async () => {
    const { hub, origin } = await startSecured();
    const body = "topic=a";
    const publish = (fields: string, text = body): Promise<string> =>
      raw(origin, `POST /events/stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields}\r\n${text}`);
    const value = `Authorization: Bearer ${publisher("*")}\r\n`;
    const chunked = `7\r\n${body}\r\n0\r\n\r\n`;
    expect(await publish(`${value}Content-Length: 7\r\n`)).toMatch(/^HTTP\/1\.1 200/);
    for (const fields of [
      "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n",
      "Content-Length: 7\r\nContent-Length: 8\r\n",
      "Content-Length: +7\r\n",
      "Content-Length : 7\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: chunked, identity\r\n",
      "Content-Length: 7\r\nX: a\nTransfer-Encoding: chunked\r\n",
    ]) {
      expect(await publish(value + fields, fields.includes("chunked") ? chunked : body), fields).toMatch(/^HTTP\/1\.1 400/);
    }
    for (const twice of [value + value, value + value.replace("Authorization", "authorization"), `${value}Authorization: Bearer x\r\n`]) {
      expect(await publish(`${twice}Content-Length: 7\r\n`)).toMatch(
        /^HTTP\/1\.1 400 [^]*error="invalid_request"[^]*"code":"invalid_request"/,
      );
    }
    const fetched = createHub();
    const headers = new Headers([
      ["Authorization", `Bearer ${publisher("*")}`],
      ["Authorization", "Bearer x"],
    ]);
    expect((await fetched.fetch(new Request(HUB, { method: "POST", body, headers }))).status).toBe(400);
    expect(hub.stats().tail).toBe(1);
  });

  test("another topic's id used as a cursor", async () => {
    const { hub, url } = await startSecured({ anonymous: true });
    await hub.publish({ topic: "secret", data: "s", id: "theirs", private: true });
    await hub.publish({ topic: "open", data: "o", id: "ours" });
    await hub.publish({ topic: "a", data: "1" });
    const answer = async (id: string): Promise<unknown> => {
      const stream = await openStream(`${url}?${new URLSearchParams({ match: "a", last_event_id: id })}`);
      const first = await stream.nextOfAny();
      const seen = [stream.response.headers.get("mercure-last-event-id"), { ...first, data: first.data.replaceAll(id, "ID") }];
      stream.close();
      return seen;
    };
    // A cursor for every topic, and for everyone: the sequence is the hub's. What follows is judged by the token.
    expect(await answer("theirs")).toMatchObject(["theirs", { data: "1" }]);
    expect(await answer("ours")).toMatchObject(["ours", { data: "1" }]);
    expect(await answer("never-was")).toMatchObject(["earliest", { event: "hub:gap" }]);
  });
});
