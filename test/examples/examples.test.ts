import { readdir } from "node:fs/promises";
import type { EventSourceMessage } from "eventsource-parser";
import { describe, expect, it } from "vitest";
import { openPage } from "../browser/support.ts";
import { openStream, type TestStream } from "../support/stream.ts";
import { startExample } from "./example.ts";
import { temporaryDirectory } from "../support/directory.ts";

const CLEAN_EXIT = { code: 0, signal: null, stderr: "" };

/** The next update with this data; the examples publish others in between. */
async function until(stream: TestStream, data: string): Promise<EventSourceMessage> {
  for (;;) {
    const event = await stream.next();
    if (event.data === data) return event;
  }
}

/** Reads on to the end of the stream, and tells the type of its last event. */
async function lastType(stream: TestStream): Promise<string | undefined> {
  let type: string | undefined;
  for (;;) {
    const event = await stream.nextOfAny().catch(() => undefined);
    if (event === undefined) return type;
    type = event.event;
  }
}

async function post(url: string, body: string, type = "application/x-www-form-urlencoded"): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { "Content-Type": type } });
}

describe("examples", () => {
  it("are all known, and have tests", async () => {
    const names = await readdir(new URL("../../examples/", import.meta.url));
    expect(names.toSorted()).toEqual([
      "durable.mjs",
      "encryption",
      "express.mjs",
      "fastify.mjs",
      "fetch.mjs",
      "flask",
      "fleet",
      "frameworks",
      "hono.mjs",
      "in-process.mjs",
      "laravel",
      "monitoring",
      "node-http.mjs",
      "page.html",
      "publish",
      "symfony",
      "turbo",
      "worker",
    ]);
  });

  it.each(["node-http.mjs", "express.mjs", "fastify.mjs", "hono.mjs", "fetch.mjs"])(
    "%s pushes its own updates and those that are posted",
    async (name) => {
      const example = await startExample(name);
      const stream = await openStream(example.url);
      expect((await stream.next()).data).toMatch(/^\d{4}-\d\d-\d\dT/);
      const answer = await post(example.url, "topic=greeting&data=Hello%2C+world%21");
      expect(answer.status).toBe(200);
      expect((await until(stream, "Hello, world!")).id).toBe(await answer.text());
      const end = lastType(stream);
      expect(await example.stop()).toEqual(CLEAN_EXIT);
      expect(await end).toBe("hub:drain");
    },
  );

  it.each(["express.mjs", "fastify.mjs", "hono.mjs"])("%s publishes from a route with a parsed body", async (name) => {
    const example = await startExample(name);
    const stream = await openStream(`${example.url}?match=greeting`);
    const answer = await post(`${example.origin}/greetings`, '{"name":"wörld"}', "application/json");
    expect(answer.status).toBe(201);
    const { id } = (await answer.json()) as { id: string };
    expect(await stream.next()).toEqual({ id, event: undefined, data: "Hello, wörld!" });
    expect(await example.stop()).toEqual(CLEAN_EXIT);
  });

  it("fetch.mjs publishes at each visit", async () => {
    const example = await startExample("fetch.mjs");
    const stream = await openStream(`${example.url}?match=visit`);
    expect((await fetch(`${example.origin}/some/page`)).status).toBe(200);
    expect((await stream.next()).data).toBe("/some/page");
  });

  it("in-process.mjs reads every order, prints it and answers it", async () => {
    const example = await startExample("in-process.mjs");
    const stream = await openStream(`${example.url}?match=/orders/seven/receipt`);
    await post(example.url, "topic=/orders/seven&data=two+cups");
    expect((await stream.next()).data).toBe("Received: two cups");
    let line = await example.nextLine();
    // Its own orders may come first.
    while (/^\/orders\/\d+: a pot of tea$/.test(line)) line = await example.nextLine();
    expect(line).toBe("/orders/seven: two cups");
    expect(await example.stop("SIGINT")).toEqual(CLEAN_EXIT);
  });

  it("durable.mjs counts on after a stop and after kill -9, and its subscriber misses nothing", async () => {
    const directory = temporaryDirectory();
    const received: string[] = [];
    let cursor = "earliest";
    for (const signal of ["SIGTERM", "SIGKILL", "SIGTERM"] as const) {
      const example = await startExample("durable.mjs", { DATA: directory });
      const stream = await openStream(`${example.url}?${new URLSearchParams({ last_event_id: cursor })}`);
      for (const { data, id } of await stream.take(2)) {
        received.push(data);
        cursor = id ?? "";
      }
      expect(await example.stop(signal)).toMatchObject(signal === "SIGKILL" ? { code: null } : CLEAN_EXIT);
    }
    expect(received).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("page.html shows in a browser what is published", async () => {
    const example = await startExample("node-http.mjs");
    const stream = await openStream(example.url);
    const page = await openPage();
    await page.goto(example.origin);
    // The page's own subscription is there once it shows an update.
    await page.locator("#updates li").first().waitFor();
    await post(example.url, new URLSearchParams({ topic: "greeting", data: "<b>Hello</b>" }).toString());
    await until(stream, "<b>Hello</b>");
    await page.locator("#updates li", { hasText: "<b>Hello</b>" }).waitFor();
    expect(await example.stop()).toEqual(CLEAN_EXIT);
  });
});
