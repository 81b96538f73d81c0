import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { connect, type ConnectOptions, type Live } from "../../packages/client/src/index.ts";
import { AT_ONCE } from "../support/cuts.ts";
import { startHub } from "../support/server.ts";
import { answer, scripted, stream, type Script } from "./server.ts";
import { WAIT } from "./watch.ts";

const JSON_TYPE = { "content-type": "application/json" };

function open(url: string, options: ConnectOptions = {}): Live {
  const live = connect(url, { ...AT_ONCE, ...options });
  onTestFinished(() => live.close());
  return live;
}

const updates = (...topics: readonly (string | undefined)[]): Script =>
  answer(
    200,
    JSON.stringify({ updates: topics.map((topic, i) => ({ id: `${i}`, topics: topic && [topic], data: "d" })), cursor: "1" }),
    JSON_TYPE,
  );

/** Answers snapshots with one script after the other, and keeps a stream open. */
function server(...snapshots: readonly Script[]): ReturnType<typeof scripted> {
  let count = 0;
  return scripted((res, req) => {
    const script = req.url?.includes("latest=on") === true ? snapshots[Math.min(count++, snapshots.length - 1)] : stream("id: 1\n\n");
    script?.(res, req);
  });
}

test.each<[string, Script, string]>([
  ["a page of a proxy with 404", answer(404, "<p>", { "content-type": "text/html" }), "http_error"],
  ["a page of a proxy with 403", answer(403, "no"), "http_error"],
  ["a page to log in", answer(200, "<p>", { "content-type": "text/html" }), "not_a_stream"],
  ["204", answer(204, ""), "not_a_stream"],
  ["the hub's refusal", answer(400, '{"code":"invalid_parameter"}', { "content-type": "application/problem+json" }), "invalid_parameter"],
  ["401", answer(401, ""), "http_error"],
  ["JSON that is cut", answer(200, '{"updates":[', JSON_TYPE), "not_a_stream"],
])("a snapshot that failed once is told and asked for again: %s", { timeout: 60_000 }, async (_, failure, code) => {
  const { url } = await server(failure, updates("/a"));
  const latest = open(url).latest("/:id");
  const told: unknown[] = [];
  latest.subscribe(() => told.push(latest.error?.code));
  await expect.poll(() => latest.current.size, WAIT).toBe(1);
  expect(latest.error).toBeUndefined();
  // The failure, then the state, and that the failure is over.
  expect(told).toEqual([code, undefined, undefined]);
});

test("a snapshot that the hub refuses for its number tells why", async () => {
  const { hub, url } = await startHub();
  await hub.publish({ topic: "/a", data: "d" });
  const live = open(url);
  const latest = live.latest("/:id", undefined, 5000);
  await expect.poll(() => latest.error?.message, WAIT).toMatch(/`last` is not a whole number from 0 to 1000/);
  expect(latest.error).toMatchObject({ status: 400 });
  expect(live.latest("/:id", undefined, 1000).error).toBeUndefined();
});

test.each([-1, 1.5, "x", NaN, null, Infinity])("`last` is checked: %s", async (last) => {
  const live = open("http://127.0.0.1:9/");
  expect(() => live.latest("/:id", undefined, last as number)).toThrow(/^`last` is no number from 0\.$/);
});

test("a failed snapshot is not asked for while the stream is away", { timeout: 60_000 }, async () => {
  const log: string[] = [];
  let isAway = false;
  const streams: ServerResponse[] = [];
  const { url } = await scripted((res, req) => {
    const isSnapshot = req.url?.includes("latest=on") === true;
    log.push(isSnapshot ? "snapshot" : "stream");
    if (isAway || (isSnapshot && log.indexOf("snapshot") === log.length - 1)) answer(503, "")(res, req);
    else if (isSnapshot) updates("/a")(res, req);
    else {
      streams.push(res);
      stream("id: 1\n\n")(res, req);
    }
  });
  const live = connect(url, { ...AT_ONCE, retryMs: 20, maxRetryMs: 20 });
  onTestFinished(() => live.close());
  const latest = live.latest("/:id");
  await expect.poll(() => latest.error?.status, WAIT).toBe(503);
  isAway = true;
  for (const res of streams) res.destroy();
  await expect.poll(() => live.state.status, WAIT).toBe("offline");
  // Longer than the pause of the snapshot.
  await delay(1500);
  expect(log.filter((kind) => kind === "snapshot")).toHaveLength(1);
  isAway = false;
  await expect.poll(() => latest.current.size, WAIT).toBe(1);
});

test("an update without topics is no state", async () => {
  const { url } = await server(updates("/a", undefined));
  const latest = open(url).latest("/:id");
  await expect.poll(() => latest.current.size, WAIT).toBeGreaterThan(0);
  expect([...latest.current.keys()]).toEqual(["/a"]);
});

test("a snapshot ends with the number that was asked for, also if the server has no end", async () => {
  let part = 0;
  const endless: Script = (res, req) =>
    answer(
      200,
      JSON.stringify({ updates: [{ id: `u${++part}`, topics: [`/${part}`], data: "d" }], cursor: `c${part}` }),
      JSON_TYPE,
    )(res, req);
  const { url } = await server(endless);
  const latest = open(url).latest("/:id", undefined, 2);
  await expect.poll(() => latest.current.size, WAIT).toBe(3);
  expect(part).toBe(3);
});

test("an error of `onInvalid` keeps nothing of a snapshot from the others", async () => {
  const { url } = await server(updates("/a", "/b"));
  const thrown: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException").on("uncaughtException", (error) => void thrown.push(error.message));
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const each of before) process.on("uncaughtException", each);
  });
  const live = open(url, {
    onInvalid() {
      throw new Error("A fault of the program.");
    },
  });
  const latest = live.latest("/:id", { "~standard": { validate: () => ({ issues: [] }) } });
  await expect.poll(() => thrown.length, WAIT).toBe(2);
  expect(latest.error).toBeUndefined();
});
