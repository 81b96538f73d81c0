import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Answer, runToEnd, send, startServer } from "../../cli/command.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";

const FORM = "application/x-www-form-urlencoded";

function post(url: string, body: string, type = FORM, headers: Record<string, string> = {}): Promise<Answer> {
  return send(url, { method: "POST", headers: { "content-type": type, ...headers } }, body);
}

function problemOf({ body }: Answer): { readonly code: string; readonly detail: string } {
  return JSON.parse(body) as { code: string; detail: string };
}

describe("a compressed body", () => {
  it.each(["gzip", "br", "deflate", "zstd", "identity, gzip", "GZIP"])("in %s is refused with a hint", async (coding) => {
    const { hub, url } = await startHub();
    const sent = await fetch(url, {
      method: "POST",
      body: gzipSync("topic=a"),
      headers: { "Content-Type": FORM, "Content-Encoding": coding },
    });
    expect([sent.status, await sent.json()]).toMatchObject([
      415,
      { code: "unsupported_encoding", detail: expect.stringContaining("Content-Encoding") },
    ]);
    expect(sent.headers.get("accept-encoding")).toBe("identity");
    const query = await fetch(url, { method: "QUERY", body: "match=a", headers: { "Content-Type": FORM, "Content-Encoding": coding } });
    expect(query.status).toBe(415);
    expect(hub.stats().tail).toBe(0);
  });

  it("with the encoding `identity` is accepted", async () => {
    const { url } = await startHub();
    for (const coding of ["identity", "Identity", ""])
      expect((await post(url, "topic=a", FORM, { "content-encoding": coding })).status).toBe(200);
  });
});

describe("JSON that is nested deeply", () => {
  const nested = (levels: number, open: string, close: string): string => open.repeat(levels) + close.repeat(levels);

  it.each([
    ["lists", nested(5000, "[", "]")],
    ["objects", `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`],
    ["lists, far more of them", nested(90_000, "[", "]")],
  ])("as data, %s, is refused and not a failure of the hub", async (_, data) => {
    const { hub, url } = await startHub();
    for (const [type, body] of [
      ["application/json", `{"topic":"a","data":${data}}`],
      ["application/json", `[{"topic":"a","data":${data}}]`],
      ["application/x-ndjson", `{"topic":"a","data":${data}}`],
    ] as const) {
      const answer = await post(url, body, type);
      expect([answer.status, problemOf(answer)]).toMatchObject([
        400,
        { code: "invalid_data", title: expect.stringContaining("nested too deep") },
      ]);
    }
    expect(hub.stats().tail).toBe(0);
  });

  it("elsewhere is refused", async () => {
    const { url } = await startHub();
    const deep = nested(5000, "[", "]");
    expect((await post(url, deep, "application/json")).status).toBe(400);
    expect((await post(url, `{"topic":${deep}}`, "application/json")).status).toBe(400);
    expect((await post(url, `{"topic":"a","id":${deep}}`, "application/json")).status).toBe(400);
    expect((await post(url, `{"topic":"a","unknown":${deep}}`, "application/json")).status).toBe(400);
  });

  it("as data is taken up to a thousand levels", async () => {
    const { url } = await startHub();
    const stream = await openStream(url);
    const data = nested(1000, "[", "]");
    expect((await post(url, `{"topic":"a","data":${data}}`, "application/json")).status).toBe(200);
    expect((await stream.next()).data).toBe(data);
    expect((await post(url, `{"topic":"a","data":[${data}]}`, "application/json")).status).toBe(400);
  });
});

describe("JSON data", () => {
  const WRITTEN = [
    '{"b":1,"10":2,"2":3,"b":4}',
    "[9007199254740993, 1e400, 1.0, -0]",
    "12345678901234567890",
    "1e400",
    '{ "a" : [ ] }',
    "true",
    "null",
  ];

  it.each(WRITTEN)("arrives as it was sent: %s", async (data) => {
    const { url } = await startHub();
    const stream = await openStream(url);
    for (const [type, body] of [
      ["application/json", `{"topic":"a","data":${data},"id":"1"}`],
      ["application/json", ` [ {"id":"2","data" : ${data} , "topic":"a"} ] `],
      ["application/x-ndjson", `{"data":${data},"topic":"a","id":"3"}\n`],
    ] as const) {
      expect((await post(url, body, type)).status).toBe(200);
    }
    expect((await stream.take(3)).map((event) => event.data)).toEqual([data, data, data]);
  });

  it.each(["topic", "data", "id", "type", "retry", "private", "delay", "deliver_at", "ttl"])("with %s twice is refused", async (name) => {
    const { hub, url } = await startHub();
    const twice = `"${name}":null,"${name.slice(0, -1)}\\u00${name.charCodeAt(name.length - 1).toString(16)}":null`;
    for (const [type, body] of [
      ["application/json", `{"topic":"a",${twice}}`],
      ["application/json", `[{"topic":"b"},{"topic":"a",${twice}}]`],
      ["application/x-ndjson", `{"topic":"a",${twice}}`],
    ] as const) {
      const answer = await post(url, body, type);
      expect([answer.status, problemOf(answer)]).toMatchObject([
        400,
        { code: "invalid_body", detail: expect.stringContaining(`"${name}"`) },
      ]);
    }
    expect(hub.stats().tail).toBe(0);
  });
});

describe("a form", () => {
  it.each(["data", "id", "type", "retry", "private", "delay", "deliver_at", "ttl"])("with %s twice is refused", async (name) => {
    const { hub, url } = await startHub();
    for (const twice of [
      `${name}=1&${name}=2`,
      `${name}=1&${name}=1`,
      `${name}&${name}`,
      `${name}=&x=1&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=`,
    ]) {
      const answer = await post(url, `topic=a&${twice}`, FORM);
      expect([answer.status, problemOf(answer)], twice).toMatchObject([
        400,
        { code: "invalid_body", detail: `The update has "${name}" 2 times. Give each field once.` },
      ]);
    }
    expect(hub.stats().tail).toBe(0);
  });

  it("with several topics, and with unknown fields twice, is taken", async () => {
    const { url } = await startHub();
    expect((await post(url, "topic=a&topic=b&topic=a&data=1&x=1&x=2", FORM)).status).toBe(200);
  });
});

describe("an id with white space around it", () => {
  // What a field loses, and what `trim` and `strip` of some language take off.
  const SPACES = [" ", "\u00A0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"];

  it("is refused, in a form, in JSON and in the library: it could not come back as it was", async () => {
    const { hub, url } = await startHub();
    for (const space of SPACES) {
      for (const id of [`${space}x`, `x${space}`, space]) {
        const form = new URLSearchParams({ topic: "a", id }).toString();
        expect(problemOf(await post(url, form)).code, escape(id)).toBe("invalid_id");
        expect(problemOf(await post(url, JSON.stringify({ topic: "a", id }), "application/json")).code).toBe("invalid_id");
        await expect(hub.publish({ topic: "a", id })).rejects.toMatchObject({ code: "invalid_id" });
      }
    }
    expect(hub.stats().tail).toBe(0);
  });

  it("is kept exactly where the white space is inside", async () => {
    const { hub, url } = await startHub();
    for (const space of SPACES) {
      const id = `a${space}b${space}${space}c`;
      await post(url, new URLSearchParams({ topic: "a", data: "1", id }).toString());
      const after = await hub.publish({ topic: "a", data: id });
      const stream = await openStream(`${url}?${new URLSearchParams({ match: "a", last_event_id: id })}`);
      expect(await stream.next()).toMatchObject({ id: after, data: id });
      stream.close();
    }
  });
});

describe("an empty cursor", () => {
  it("is no cursor: the stream begins with new updates, and its head names the cursor", async () => {
    const { hub, url } = await startHub();
    const answered = async (query: string, headers: Record<string, string> = {}): Promise<string | null> => {
      const stream = await openStream(`${url}?match=a&${query}`, { headers });
      const id = stream.response.headers.get("mercure-last-event-id");
      const live = await hub.publish({ topic: "a", data: "live" });
      expect(await stream.next()).toMatchObject({ id: live });
      stream.close();
      return id;
    };
    // "earliest if there is no preceding event (for example, when the hub history is empty)".
    expect(await answered("last_event_id=")).toBe("earliest");
    for (const [query, headers] of [["last_event_id="], ["last_event_id"], ["", { "Last-Event-ID": "" }]] as const) {
      const before = await hub.publish({ topic: "other", data: "before" });
      expect(await answered(query, headers)).toBe(before);
    }
  });
});

describe("a name that is nearly right", () => {
  it.each([
    ["topic[]=a&data=x", "topic[]", "topic"],
    ["topic[0]=a", "topic[0]", "topic"],
    ["topics=a", "topics", "topic"],
    ["Topic=a", "Topic", "topic"],
    ["TOPIC=a", "TOPIC", "topic"],
    [" topic=a", " topic", "topic"],
    ["channel=a&message=b", "channel", "topic"],
    ["message=b", "message", "data"],
    ["match[]=a", "match[]", "topic"],
  ])("of the form %s is named when the topic is missing", async (form, name, meant) => {
    const { url } = await startHub();
    const answer = await post(url, form);
    expect(problemOf(answer)).toMatchObject({ code: "missing_topic" });
    expect(problemOf(answer).detail).toContain(JSON.stringify(name));
    expect(problemOf(answer).detail).toContain(`\`${meant}\``);
    const [first = ""] = form.split("=");
    const json = await post(url, JSON.stringify({ [first]: "a" }), "application/json");
    expect(problemOf(json).detail).toContain(JSON.stringify(name));
  });

  it("is not looked for among fields that are right", async () => {
    const { url } = await startHub();
    expect(problemOf(await post(url, "data=x&type=y")).detail).not.toContain("is not read");
    expect(problemOf(await post(url, '{"data":"x","type":"y"}', "application/json")).detail).not.toContain("is not read");
  });

  it("does not echo the sent name unescaped", async () => {
    const { url } = await startHub();
    const answer = await post(url, `topics%0D%0A%22%E2%80%AE${"x".repeat(1000)}=a`);
    expect(answer.status).toBe(400);
    expect(problemOf(answer).detail).toMatch(/^[\x20-\x7E]{1,300}$/);
  });

  it.each([
    ["match[]=a", "match[]"],
    ["Match=a", "Match"],
    ["matches=a", "matches"],
    ["match_regex=a", "match_regex"],
  ])("of the subscription %s is named", async (query, name) => {
    const { url } = await startHub();
    const answer = await send(`${url}?${query}`);
    expect(problemOf(answer)).toMatchObject({ code: "unknown_matcher", detail: expect.stringContaining(JSON.stringify(name)) });
  });

  it.each(["topics=a", "Topic=a", "topic[]=a", "topic=a"])("of the subscription %s does not select everything", async (query) => {
    const { origin } = await startHub();
    for (const path of ["/events/stream", "/.well-known/mercure"]) {
      const answer = await send(`${origin}${path}?${query}`);
      expect(problemOf(answer).code).toBe("missing_matcher");
      expect(problemOf(answer).detail).toContain(JSON.stringify(query.split("=")[0]));
    }
  });
});

describe("a field that the hub does not know", () => {
  const warning = (answer: Answer): string => String(answer.headers["artesian-warning"] ?? "");

  it("is passed over, and named in the answer's header", async () => {
    const { url } = await startHub({ corsOrigins: ["https://app.example"] });
    const answer = await post(url, "topic=a&data=x&message=y&Retry=1&foo=z", FORM, { origin: "https://app.example" });
    expect(answer.status).toBe(200);
    expect(warning(answer)).toBe(
      'Unknown field "message": did you mean "data"? Unknown field "Retry": did you mean "retry"? Unknown field "foo".',
    );
    expect(answer.headers["access-control-expose-headers"]).toContain("Artesian-Warning");
    for (const [name, meant] of [
      ["delayMs", "delay"],
      ["deliverAt", "deliver_at"],
      ["ttlMs", "ttl"],
      ["event", "type"],
      ["__proto__", undefined],
      ["constructor", undefined],
    ] as const) {
      const json = await post(url, `[{"topic":"a"},{"topic":"a",${JSON.stringify(name)}:5}]`, "application/json");
      expect(json.status).toBe(200);
      expect(warning(json)).toBe(
        `Unknown field ${JSON.stringify(name)}${meant === undefined ? "." : `: did you mean ${JSON.stringify(meant)}?`}`,
      );
    }
  });

  const cases = ["Private", "PRIVATE", "pRIVATE", " private", "private\u00a0", "\tPrivate\n"];
  const framed = [
    "private[]",
    "private[0]",
    "update[private]",
    "a[b][Private]",
    "[private]",
    "Private[]",
    "is_private",
    "isPrivate",
    "IS-PRIVATE",
    "private?",
    '"private"',
    "private:",
    "private_update",
    "update[private][]",
    "update[private][0]",
    "[private][]",
    "data[private][value]",
    "message[is_private][]",
    "options.private",
    "options_private",
    "hub_private",
    "mercurePrivate",
    "update_is_private",
    "privateOnly",
    "private_only",
    "amp;private",
    "amp;amp;private",
    "amp;update[private]",
    "private on",
    "private=on",
    "is private: true",
  ];
  const wide = ["ｐｒｉｖａｔｅ", "Ｐrivate", "update［private］", "𝐩𝐫𝐢𝐯𝐚𝐭𝐞", "ⓟrivate"];
  const alike = ["рrіvаtе", "РRIVАТЕ", "is_рrivаte", "ρrιvατε", "prívaté", "update[рrivatе]"];
  const unseen = [
    "private\u200b",
    "\u200bprivate",
    "pri\0vate",
    "\uFEFFprivate",
    "priv\u00adate",
    `private${"\u200b".repeat(100)}`,
    `private${" ".repeat(300)}`,
  ];
  const slips = [
    "privat",
    "privte",
    "rivate",
    "privatee",
    "priivate",
    "pirvate",
    "privaet",
    "privare",
    "Privte[]",
    "is_privat",
    "prıvate",
    "рrivate",
  ];
  it.each([...cases, ...framed, ...wide, ...alike, ...unseen, ...slips])(
    "is refused when it is %j: the update would be public",
    async (name) => {
      const { url, hub } = await startHub();
      const field = JSON.stringify(name);
      const requests = [
        [`topic=a&data=x&${encodeURIComponent(name)}=on`, FORM],
        [`{"topic":"a","data":"x",${field}:true}`, "application/json"],
        [`[{"topic":"a"},{"topic":"a",${field}:true}]`, "application/json"],
        [`{"topic":"a"}\n{"topic":"a","private":true,${field}:true}`, "application/x-ndjson"],
      ] as const;
      const before = await hub.publish({ topic: "a" });
      for (const [body, type] of requests) {
        const answer = await post(url, body, type);
        expect(answer.status).toBe(400);
        expect(problemOf(answer)).toMatchObject({ code: "invalid_body", detail: expect.stringContaining("`private`") });
      }
      expect(Number((await hub.publish({ topic: "a" })).split(":").at(-1))).toBe(Number(before.split(":").at(-1)) + 1);
    },
  );

  const others = [
    "privacy",
    "pirate",
    "key_private",
    "private_key",
    "derivative",
    "activate",
    "privateer",
    "privation",
    "privately",
    "приват",
    "человек",
  ];
  const short = ["p", "", "is", "only", "amp;", "[]", "."];
  it.each([...others, ...short, "update[privacy]", "amp;privacy", "publicOnly", "ｐrivacy"])(
    "is passed over when it is %j, which is another word",
    async (name) => {
      const { url } = await startHub();
      expect((await post(url, `topic=a&${encodeURIComponent(name)}=on`)).status).toBe(200);
    },
  );

  it.each(["private", "Private", "is_private", "рrivаte"])("is refused as %j in an object of another field", async (name) => {
    const { url, hub } = await startHub();
    const update = `{"topic":"a","options":{"x":[{}],${JSON.stringify(name)}:true},"data":{"private":true}}`;
    for (const [body, type] of [
      [update, "application/json"],
      [`[{"topic":"a"},${update}]`, "application/json"],
      [`{"topic":"a"}\n${update}`, "application/x-ndjson"],
    ] as const) {
      const answer = await post(url, body, type);
      expect(answer.status).toBe(400);
      expect(problemOf(answer)).toMatchObject({ code: "invalid_body", detail: expect.stringContaining("options[") });
    }
    expect(hub.stats().tail).toBe(0);
  });

  it("may be any name in the data, and deep in other fields", async () => {
    const { url } = await startHub();
    const body = '{"topic":"a","data":{"private":true,"b":{"private":1}},"x":[{"private":1}],"y":{"z":{"private":1}},"v":{"privacy":1}}';
    expect((await post(url, body, "application/json")).status).toBe(200);
  });

  it.each(["private=on", "Private", "x=y&update%5Bprivate%5D=1", "topic=a", "delay=5000", "amp;private=1"])(
    "is refused in the URL of a publish: ?%s",
    async (query) => {
      const { url, hub } = await startHub();
      for (const [body, type] of [
        ["topic=a&data=x", FORM],
        ['{"topic":"a"}', "application/json"],
      ] as const) {
        const answer = await post(`${url}?${query}`, body, type);
        expect(answer.status).toBe(400);
        expect(problemOf(answer)).toMatchObject({ code: "invalid_body", detail: expect.stringContaining("in the body") });
      }
      expect(hub.stats().tail).toBe(0);
    },
  );

  it("is passed over in the URL of a publish when it is no field of an update", async () => {
    const { url } = await startHub();
    expect((await post(`${url}?tenant=a&privacy=b&utm_source`, "topic=a")).status).toBe(200);
  });

  it("is absent if all fields are known", async () => {
    const { url } = await startHub();
    const all = "topic=a&topic=b&data=x&id=1&type=t&retry=1000&private=on&delay=0&ttl=1000";
    for (const form of ["topic=a", all]) expect((await post(url, form)).headers["artesian-warning"]).toBeUndefined();
    const json = JSON.stringify({
      topic: "a",
      data: 1,
      id: "1",
      type: "t",
      retry: 1000,
      private: true,
      deliver_at: "2000-01-01T00:00:00Z",
      ttl: 1,
    });
    expect((await post(url, json, "application/json")).headers["artesian-warning"]).toBeUndefined();
  });

  it("is named safely, once each, up to a limit", async () => {
    const { url } = await startHub();
    const names = ["a\r\nSet-Cookie: x", '"', "é\u202E", "x".repeat(5000), ...Array.from({ length: 200 }, (_, i) => `f${i}`)];
    const form = names.flatMap((name) => [`${encodeURIComponent(name)}=1`, `${encodeURIComponent(name)}=2`]).join("&");
    const answer = await post(url, `topic=a&${form}`);
    expect(answer.status).toBe(200);
    expect(answer.headers["set-cookie"]).toBeUndefined();
    expect(warning(answer)).toMatch(/^[\x20-\x7E]{10,1000}$/);
    expect(warning(answer)).toContain("And 199 more.");
  });
});

describe("a type that EventSource uses itself", () => {
  it.each(["error", "open"])("%s is taken, and warned of", async (type) => {
    const { url } = await startHub();
    for (const [mediaType, body] of [
      [FORM, `topic=a&type=${type}`],
      ["application/x-ndjson", `{"topic":"a"}\n{"topic":"a","type":"${type}"}`],
    ] as const) {
      const answer = await post(url, body, mediaType);
      expect(answer.status).toBe(200);
      expect(answer.headers["artesian-warning"]).toContain(`"${type}"`);
    }
    expect((await post(url, "topic=a&type=errors")).headers["artesian-warning"]).toBeUndefined();
  });

  it("is warned of by `artesian publish`", async () => {
    const { hub } = await startServer(["--journal", "memory"]);
    const publish = (type: string): ReturnType<typeof runToEnd> => runToEnd(["publish", "--url", hub, "--topic", "a", "--type", type, "x"]);
    const warned = await publish("error");
    expect(warned.code).toBe(0);
    expect(warned.stderr).toContain("error");
    expect((await publish("price")).stderr).toBe("");
  });
});
