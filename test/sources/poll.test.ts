import { describe, expect, test } from "vitest";
import { pollSource, SourceError, volatileMemory, type PollOptions } from "../../packages/sources/src/index.ts";
import { hashOf, parseJson, writeJson } from "../../packages/sources/src/json.ts";
import { compilePath } from "../../packages/sources/src/path.ts";
import { compileTemplate } from "../../packages/sources/src/template.ts";
import { answer, scripted, type Script } from "../client/server.ts";
import { fastClock, record, type RecordingContext } from "./context.ts";
import { leastMs } from "../support/cpu.ts";

const json = (value: unknown, headers: Readonly<Record<string, string>> = {}): Script =>
  answer(200, typeof value === "string" ? value : JSON.stringify(value), { "content-type": "application/json", ...headers });

/** Polls a server with these answers, one a round, and stops. */
async function poll(
  options: Omit<PollOptions, "url"> & { readonly url?: string },
  scripts: readonly Script[],
  memory = volatileMemory(),
): Promise<RecordingContext> {
  const { url } = options.url === undefined ? await scripted(...scripts) : { url: options.url };
  const context = record(memory);
  const run = context.start(pollSource({ ...options, url, clock: fastClock(scripts.length) }));
  await context.until(() => context.events.filter(({ kind }) => kind === "waiting").length === scripts.length);
  context.stop();
  await run;
  return context;
}

const dataOf = (context: RecordingContext): (string | undefined)[] => context.updates.map(({ data }) => data);

describe("a whole document", () => {
  test("is published when its value has changed, not its text", async () => {
    const context = await poll({ topic: "/a", type: "t" }, [
      json('{"a": 1, "b": [1.0, "é"]}'),
      json('{"b":[1,"\\u00e9"],"a":1e0}'),
      json('{"a":1,"b":["é",1]}'),
      json('{"a":1,"b":["é",1]}'),
    ]);
    expect(context.updates).toEqual([
      { topic: "/a", data: '{"a":1,"b":[1,"é"]}', type: "t" },
      { topic: "/a", data: '{"a":1,"b":["é",1]}', type: "t" },
    ]);
    expect(context.events.filter(({ kind }) => kind === "fetched")).toMatchObject(
      [true, false, true, false].map((changed) => ({ changed, items: 1 })),
    );
  });

  test("that is text is published as it is", async () => {
    const latin1 = answer(200, "", {});
    const context = await poll({ topic: "/a" }, [
      answer(200, "one\n", { "content-type": "text/plain" }),
      answer(200, "one\n", { "content-type": "text/plain" }),
      (res) => res.writeHead(200, { "content-type": "text/plain; charset=iso-8859-1" }).end(Buffer.from("é", "latin1")),
      latin1,
    ]);
    expect(dataOf(context)).toEqual(["one\n", "é", ""]);
  });

  test("of 64-bit numbers keeps them", async () => {
    const context = await poll({ topic: "/a", select: "id" }, [
      json('{"id":9007199254740993}'),
      json('{"id":9007199254740992}'),
      json('{"id":-0.30000000000000004}'),
    ]);
    expect(dataOf(context)).toEqual(["9007199254740993", "9007199254740992", "-0.30000000000000004"]);
  });

  test("may be a part of the answer", async () => {
    const context = await poll({ topic: "/a", select: "/data/0/price" }, [
      json({ at: 1, data: [{ price: 5 }] }),
      json({ at: 2, data: [{ price: 5 }] }),
      json({ at: 3, data: [{ price: null }] }),
      json({ at: 4, data: [] }),
    ]);
    expect(dataOf(context)).toEqual(["5", "null"]);
    expect(context.problems).toEqual([expect.stringMatching(/has nothing at "\/data\/0\/price" \(select\)/)]);
  });

  test("too large for one update is left out, and told", async () => {
    const context = await poll({ topic: "/a", maxDataBytes: 10 }, [json({ long: "x".repeat(10) }), json({})]);
    expect(dataOf(context)).toEqual(["{}"]);
    expect(context.problems).toEqual([expect.stringMatching(/1 of 1 updates .* larger than 10 bytes \(maxDataBytes\)/)]);
  });
});

describe("items", () => {
  const items = { topic: "/w/{key}", items: "cities", key: "name" };

  test("of an array are published by their key", async () => {
    const context = await poll(items, [
      json({
        cities: [
          { name: "Oslo", t: 1 },
          { name: "Rio/São", t: 2 },
        ],
      }),
      json({ cities: [{ t: 2, name: "Rio/São" }, { name: "Oslo", t: 3 }, { name: 7 }] }),
    ]);
    expect(context.updates.map(({ topic, data }) => [topic, data])).toEqual([
      ["/w/Oslo", '{"name":"Oslo","t":1}'],
      ["/w/Rio%2FS%C3%A3o", '{"name":"Rio/São","t":2}'],
      ["/w/Oslo", '{"name":"Oslo","t":3}'],
      ["/w/7", '{"name":7}'],
    ]);
  });

  test("of an object have their property as the key, and may be the whole", async () => {
    const context = await poll({ topic: "/r/{key}", items: ".", select: "v" }, [
      json('{"EUR":{"v":1},"__proto__":{"v":2}}'),
      json({ EUR: { v: 1, at: 2 } }),
    ]);
    expect(context.updates.map(({ topic, data }) => [topic, data])).toEqual([
      ["/r/EUR", "1"],
      ["/r/__proto__", "2"],
    ]);
  });

  test("that are gone are told of on request, and are new when they come back", async () => {
    const rounds = [json({ a: 1, b: 2 }), json({ b: 2 }), json({ b: 2 }), json({ a: 1, b: 2 })];
    const context = await poll({ topic: "/{key}", items: "", removed: true, removedType: "gone" }, rounds);
    expect(context.updates.map(({ topic, data, type }) => [topic, data, type])).toEqual([
      ["/a", "1", undefined],
      ["/b", "2", undefined],
      ["/a", "null", "gone"],
      ["/a", "1", undefined],
    ]);
    expect((await poll({ topic: "/{key}", items: "" }, rounds)).updates).toHaveLength(3);
  });

  test("whose topic changes are published there", async () => {
    const context = await poll({ topic: "/{country}/{key}", items: "", key: "id", select: "v" }, [
      json([{ id: 1, country: "no", v: 1 }]),
      json([{ id: 1, country: "se", v: 1 }]),
    ]);
    expect(context.updates.map(({ topic }) => topic)).toEqual(["/no/1", "/se/1"]);
  });

  test("without a key, or that no hub takes, are left out and told of once", async () => {
    const list = [{ name: "a" }, {}, { name: {} }, { name: ".." }, { name: "" }, { name: "x".repeat(2000) }, { name: "a", b: 1 }];
    const context = await poll(items, [json({ cities: list }), json({ cities: list })]);
    expect(dataOf(context)).toEqual(['{"name":"a","b":1}']);
    expect(context.problems).toEqual([expect.stringMatching(/^6 items /)]);
    const reserved = await poll({ topic: "/{a}/{key}", items: "", key: "b" }, [
      json([
        { a: ".well-known", b: "mercure" },
        { a: 1, b: 2 },
      ]),
    ]);
    expect(reserved.updates.map(({ topic }) => topic)).toEqual(["/1/2"]);
    expect(reserved.problems).toEqual([expect.stringMatching(/^1 of 2 updates .* hub's own path/)]);
  });

  test("are bounded in number", async () => {
    const context = await poll({ topic: "/{key}", items: "", maxItems: 2 }, [json({ a: 1, b: 2, c: 3 }), json({ a: 1, b: 2 })]);
    expect(context.updates).toHaveLength(2);
    expect(context.problems).toEqual([expect.stringMatching(/3 items, but the bound is 2 \(maxItems\)/)]);
  });

  test("go in batches of a thousand, and each is remembered", async () => {
    const all = Object.fromEntries(Array.from({ length: 2500 }, (_, i) => [`k${i}`, i]));
    const { url } = await scripted(json(all, { etag: '"1"' }));
    const memory = volatileMemory();
    let batches = 0;
    const failing = record(memory, () => (++batches === 3 ? Promise.reject(new Error("The hub refuses.")) : Promise.resolve()));
    const source = { url, topic: "/{key}", items: "" };
    await expect(failing.start(pollSource(source))).rejects.toThrow("The hub refuses.");
    expect(failing.batches.map((batch) => batch.length)).toEqual([1000, 1000]);
    const next = await poll(source, [json(all)], memory);
    expect(next.updates.map(({ topic }) => topic)).toEqual(Array.from({ length: 500 }, (_, i) => `/k${2000 + i}`));
  });
});

describe("across restarts", () => {
  test("only what has changed is published, and 304 is understood", async () => {
    const server = await scripted(json({ a: 1, b: 1 }, { etag: '"1"' }), answer(304, ""), json({ a: 1, b: 2 }, { etag: '"2"' }));
    const memory = volatileMemory();
    const options = { url: server.url, topic: "/{key}", items: "" };
    const runs = [];
    for (let i = 0; i < 3; i++) runs.push(await poll(options, [json({})], memory));
    expect(runs.map((run) => run.updates.map(({ topic, data }) => [topic, data]))).toEqual([
      [
        ["/a", "1"],
        ["/b", "1"],
      ],
      [],
      [["/b", "2"]],
    ]);
    expect(server.requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"1"', '"1"']);
    expect(runs[1]?.events[0]).toEqual({ kind: "fetched", changed: false, items: 2, bytes: 0 });
  });

  test("other options begin anew", async () => {
    const server = await scripted(json({ a: 1 }, { etag: '"1"' }));
    const memory = volatileMemory();
    await poll({ url: server.url, topic: "/x" }, [json({})], memory);
    expect((await poll({ url: server.url, topic: "/y" }, [json({})], memory)).updates).toEqual([
      { topic: "/y", data: '{"a":1}', type: undefined },
    ]);
    expect(server.requests[1]?.headers["if-none-match"]).toBeUndefined();
  });

  test.each(["{", "[]", '{"of":1}', "null"])("a memory that makes no sense is none: %s", async (text) => {
    const memory = volatileMemory();
    await memory.set("poll", text);
    expect((await poll({ topic: "/x" }, [json({ a: 1 })], memory)).updates).toHaveLength(1);
  });

  test("what was not published is not remembered", async () => {
    const server = await scripted(json({ a: 1 }, { etag: '"1"' }));
    const memory = volatileMemory();
    const failing = record(memory, () => Promise.reject(new Error("The hub is gone.")));
    await expect(failing.start(pollSource({ url: server.url, topic: "/x" }))).rejects.toThrow("The hub is gone.");
    expect((await poll({ url: server.url, topic: "/x" }, [json({})], memory)).updates).toHaveLength(1);
  });
});

describe("trouble", () => {
  test("is told, and passes", async () => {
    const context = await poll({ topic: "/x/{key}", items: "list", key: "id" }, [
      answer(200, "<html>Log in</html>", { "content-type": "text/html" }),
      json(""),
      json({ list: "none" }),
      json({ error: "busy" }),
      json("[".repeat(100_000) + "]".repeat(100_000)),
      json({ list: [{ id: 1, deep: JSON.parse("[".repeat(300) + "]".repeat(300)) }] }),
      answer(500, ""),
      answer(429, "", { "retry-after": "100000" }),
      (res) => {
        res.writeHead(200, { "content-length": "100" });
        res.write("{", () => res.destroy());
      },
      json({ list: [{ id: 1 }] }),
    ]);
    expect(context.problems).toEqual(
      [
        /not JSON\. Its content type is text\/html/,
        /It is empty/,
        /no array or object at "list"/,
        /no array or object/,
        /no array or object/,
        /200 deep/,
        /500/,
        /429/,
        /broke off/,
      ].map((pattern) => expect.stringMatching(pattern) as string),
    );
    expect(JSON.stringify(context.problems)).not.toContain("Log in");
    expect(context.updates).toHaveLength(1);
    const waits = context.events.flatMap((event) => (event.kind === "waiting" ? [event.nextInMs] : []));
    expect(waits[7]).toBe(86_400_000);
  });

  test("ends a single round", async () => {
    const server = await scripted(answer(500, ""), json({ a: 1 }));
    const source = pollSource({ url: server.url, topic: "/x", once: true });
    await expect(record().start(source)).rejects.toThrow(SourceError);
    const context = record();
    await context.start(source);
    expect(context.updates).toHaveLength(1);
  });
});

test.each([
  [{ url: "nowhere" }, /not an http or https URL/],
  [{ topic: "/x/{key}" }, /^topic: \{key\} needs `items`/],
  [{ topic: "/x", items: "a" }, /^topic: .*\/x\/\{key\}/],
  [{ topic: "/x/{a", items: "a" }, /not a template/],
  [{ topic: "" }, /empty/],
  [{ key: "id" }, /`items`/],
  [{ select: "a..b" }, /not a path/],
  [{ select: "/a~b" }, /JSON Pointer/],
  [{ select: "a", format: "text" as const }, /need JSON/],
  [{ topic: "/{a}/{key}", items: "", removed: true }, /\{a\} is not known/],
  [{ intervalMs: 10 }, /^intervalMs: 10/],
  [{ maxItems: 0 }, /^maxItems: 0/],
  [{ headers: { a: "b\nc" } }, /./],
])("%j is refused", (options, message) => {
  const create = (): unknown => pollSource({ url: "http://127.0.0.1/", topic: "/x", ...options });
  expect(create).toThrow(TypeError);
  expect(create).toThrow(message);
});

test("paths find what the document has, and nothing else", () => {
  const value = JSON.parse('{"a":{"b":[10,20]},"":1,"x/y":2,"m~n":3,"__proto__":{"z":4},"a.b":5}') as unknown;
  const find = (path: string): unknown => compilePath(path)(value);
  expect(["a.b.1", "/a/b/1", "/", "/x~1y", "/m~0n", "__proto__.z", "/a.b"].map(find)).toEqual([20, 20, 1, 2, 3, 4, 5]);
  expect(["a.b.length", "a.b.01", "/a/b/-", "constructor", "toString.name", "a.b.0.x"].map(find)).toEqual(Array(6).fill(undefined));
  expect(find("")).toBe(value);
  expect(find(".")).toBe(value);
});

test("templates encode, and refuse what would leave its place", () => {
  const expand = (value: unknown): string | undefined => compileTemplate("/a/{x}/b").expand(() => value);
  expect(["s p", "a/b", "水", 5, true].map(expand)).toEqual(["/a/s%20p/b", "/a/a%2Fb/b", "/a/%E6%B0%B4/b", "/a/5/b", "/a/true/b"]);
  expect([".", "..", "", null, undefined, {}, "\uD800"].map(expand)).toEqual(Array(7).fill(undefined));
});

test("numbers keep their value, and equal ones are equal", () => {
  const text = '[123456789012345678901234567890,1e400,-9007199254740993,0.1,1.50,1e2,"9007199254740993"]';
  expect(writeJson(parseJson(text))).toBe('[123456789012345678901234567890,1e400,-9007199254740993,0.1,1.5,100,"9007199254740993"]');
  expect(hashOf(parseJson("[1e2,0.10]"))).toBe(hashOf(parseJson("[100,1e-1]")));
  expect(hashOf(parseJson("9007199254740993"))).not.toBe(hashOf(parseJson("9007199254740992")));
  expect(hashOf(parseJson("9007199254740993"))).not.toBe(hashOf(parseJson('"9007199254740993"')));
  const long = `1.${"0".repeat(1_000_000)}1`;
  expect(writeJson(parseJson(long))).toHaveLength(1_000_003);
  expect(leastMs(() => writeJson(parseJson(long)))).toBeLessThan(1000);
});
