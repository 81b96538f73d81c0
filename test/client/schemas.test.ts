import { type } from "arktype";
import * as v from "valibot";
import { expect, expectTypeOf, onTestFinished, test } from "vitest";
import { z } from "zod";
import { connect, type TopicEvent } from "../../packages/client/src/index.ts";
import { startHub } from "../support/server.ts";

const libraries = {
  Zod: { order: z.object({ state: z.string(), at: z.coerce.date() }), removed: z.object({ id: z.number() }) },
  Valibot: {
    order: v.object({
      state: v.string(),
      at: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    }),
    removed: v.object({ id: v.number() }),
  },
  ArkType: { order: type({ state: "string", at: "string.date.parse" }), removed: type({ id: "number" }) },
};

test.each(Object.entries(libraries))("schemas of %s decode, type and refuse data", async (_, { order, removed }) => {
  const { hub, url } = await startHub();
  const invalid: string[] = [];
  const live = connect(url, {
    retryMs: 20,
    onInvalid: ({ type, data }, [issue]) => invalid.push(`${type} ${data} ${issue?.message !== ""}`),
  });
  onTestFinished(() => live.close());
  const seen: unknown[] = [];
  live.topic("/orders/:id", order).on("changed", ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ state: string; at: Date }>();
    seen.push([data.state, data.at.getTime()]);
  });
  live.topic("/orders/:id", { changed: order, removed }).on("removed", ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ id: number }>();
    seen.push(data.id);
  });
  const latest = live.latest("/orders/:id", order);
  expectTypeOf(latest.current).toEqualTypeOf<ReadonlyMap<string, { state: string; at: Date }>>();
  await expect.poll(() => live.state.status).toBe("live");
  await hub.publish({ topic: "/orders/1", type: "changed", data: { state: "new", at: "2026-01-01T00:00:00Z" } });
  await hub.publish({ topic: "/orders/2", type: "changed", data: { state: 1 } });
  await hub.publish({ topic: "/orders/1", type: "removed", data: { id: "x" } });
  await hub.publish({ topic: "/orders/1", type: "removed", data: { id: 7 } });
  await expect.poll(() => seen).toEqual([["new", Date.parse("2026-01-01T00:00:00Z")], 7]);
  expect([...latest.current]).toEqual([["/orders/1", { state: "new", at: new Date("2026-01-01T00:00:00Z") }]]);
  expect(invalid).toContain('changed {"state":1} true');
  expect(invalid).toContain('removed {"id":"x"} true');
});

test("a loop has the type of all event types", async () => {
  const { hub, url } = await startHub();
  const live = connect(url, { retryMs: 20 });
  onTestFinished(() => live.close());
  const loop = (async () => {
    for await (const event of live.topic("/a", { count: z.number(), name: v.string() })) {
      expectTypeOf(event).toEqualTypeOf<TopicEvent<number, "count"> | TopicEvent<string, "name">>();
      if (event.type === "count") expectTypeOf(event.data).toEqualTypeOf<number>();
      return event.data;
    }
    return undefined;
  })();
  await expect.poll(() => live.state.status).toBe("live");
  await hub.publish({ topic: "/a", type: "count", data: 5 });
  expect(await loop).toBe(5);
});

test("a type with the name of an object's own member has no schema", async () => {
  const { hub, url } = await startHub();
  const live = connect(url, { retryMs: 20 });
  onTestFinished(() => live.close());
  const seen: string[] = [];
  live.topic("/a", { changed: libraries.Zod.order }).on("*", ({ type }) => seen.push(type));
  await expect.poll(() => live.state.status).toBe("live");
  const types = ["constructor", "__proto__", "toString", "valueOf", "hasOwnProperty"];
  for (const type of types) await hub.publish({ topic: "/a", type, data: "1" });
  await expect.poll(() => seen).toEqual(types);
});

test.each([["at once"], ["later"]])("a schema or a listener that throws %s keeps no update from the others", async (when) => {
  const thrown: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => thrown.push(error.message));
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
  });
  const { hub, url } = await startHub();
  const invalid: string[] = [];
  const live = connect(url, { retryMs: 20, onInvalid: ({ data }, [issue]) => invalid.push(`${data}: ${issue?.message}`) });
  onTestFinished(() => live.close());
  const judge = (value: unknown): { value: number } => {
    if (value === 1) throw new Error("bad schema");
    return { value: value as number };
  };
  const seen: number[] = [];
  live.topic("/a", { "~standard": { validate: when === "later" ? async (value: unknown) => judge(value) : judge } }).on("*", ({ data }) => {
    if (data === 2) throw new Error("bad listener");
    seen.push(data);
  });
  await expect.poll(() => live.state.status).toBe("live");
  await hub.publishBatch(Array.from({ length: 5 }, (_, i) => ({ topic: "/a", data: i })));
  await expect.poll(() => seen).toEqual([0, 3, 4]);
  expect(invalid).toEqual(["1: Error: bad schema"]);
  expect(thrown).toEqual(["bad listener"]);
});

/** A promise of another kind than the global one, such as a polyfill's. */
function foreign<T>(value: T): Promise<T> {
  const promise = Promise.resolve(value);
  // oxlint-disable-next-line unicorn/no-thenable -- a polyfill's promise is one
  return { then: promise.then.bind(promise) } as Promise<T>;
}

const textless: unknown = Object.create(null);

test.each<[string, () => unknown, string]>([
  ["nothing", () => undefined, "TypeError"],
  ["null", () => null, "TypeError"],
  ["false", () => false, "TypeError"],
  ["nothing, later", async () => undefined, "TypeError"],
  ["a foreign promise", () => foreign({ issues: [{ message: "wrong" }] }), "wrong"],
  ["a foreign promise of nothing", () => foreign(undefined), "TypeError"],
  [
    "an error without a text",
    () => {
      throw textless;
    },
    "unknown",
  ],
])("a schema that gives %s refuses the data", async (_, judge, message) => {
  const { hub, url } = await startHub();
  const invalid: string[] = [];
  const seen: unknown[] = [];
  const live = connect(url, { retryMs: 20, onInvalid: (_event, [issue]) => invalid.push(issue?.message ?? "") });
  onTestFinished(() => live.close());
  const validate = (value: unknown): never => (value === 1 ? judge() : foreign({ value })) as never;
  live.topic("/a", { "~standard": { validate } }).on("*", ({ data }) => seen.push(data));
  await expect.poll(() => live.state.status).toBe("live");
  for (const data of [1, 2]) await hub.publish({ topic: "/a", data });
  await expect.poll(() => seen).toEqual([2]);
  expect(invalid).toEqual([expect.stringContaining(message)]);
});
