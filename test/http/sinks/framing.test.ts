import type { AddressInfo } from "node:net";
import { constants, createInflateRaw, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openRaw } from "../../support/raw-stream.ts";
import { startHub, type TestHub } from "../../support/server.ts";

const SYNC_FLUSH = Buffer.from([0, 0, 0xff, 0xff]);
const LARGE = JSON.stringify(Array.from({ length: 60 }, (_, i) => ({ id: i, name: `item ${i}` })));

const portOf = ({ server }: TestHub): number => (server.address() as AddressInfo).port;
const textsOf = (chunks: readonly Buffer[]): string[] => chunks.map((chunk) => chunk.toString());
const dataOf = (text: string): string[] => [...text.matchAll(/^data: (\w+)$/gm)].map(([, data = ""]) => data);

describe("a stream over HTTP/1.1", () => {
  it("is chunked, with each event in a chunk of its own: live, in a batch, and replayed", async () => {
    const started = await startHub();
    const live = await openRaw(portOf(started), "/events/stream");
    expect(live.head).toMatch(/^transfer-encoding: chunked$/m);
    expect(live.head).not.toMatch(/content-length/i);
    await started.hub.publish({ topic: "a", data: "one" });
    await started.hub.publishBatch(["two", "three", "four"].map((data) => ({ topic: "a", data })));
    await expect.poll(() => live.body().toString()).toContain("data: four\n\n");
    const replayed = await openRaw(portOf(started), "/events/stream?last_event_id=earliest");
    await expect.poll(() => replayed.body().toString()).toContain("data: four\n\n");
    for (const stream of [live, replayed]) {
      const updates = textsOf(stream.chunks()).filter((text) => !text.startsWith("retry:"));
      expect(updates.map(dataOf)).toEqual([["one"], ["two"], ["three"], ["four"]]);
      for (const text of updates) expect(text).toMatch(/^id: .*\ndata: .*\n\n$/);
    }
  });

  it("sends each heartbeat in a chunk, and its last chunk when the hub closes", async () => {
    const started = await startHub({ heartbeatMs: 100 });
    const stream = await openRaw(portOf(started), "/events/stream");
    await expect.poll(() => textsOf(stream.chunks()).filter((text) => text === ":\n").length).toBeGreaterThan(1);
    await started.hub.close();
    await stream.ended;
    expect(stream.wire().subarray(-7).toString("latin1")).toBe("\r\n0\r\n\r\n");
    expect(stream.body().toString()).toMatch(/event: hub:drain\ndata: .*\n\n$/);
  });

  it.each([
    ["over HTTP/1.0", { version: "1.0" }],
    ["to a client that asks for it", { fields: "Connection: close\r\n" }],
  ])("has no chunks %s, where the end of the connection is its end", async (_, options) => {
    const started = await startHub();
    const stream = await openRaw(portOf(started), "/events/stream", options);
    expect(stream.head).not.toMatch(/transfer-encoding/i);
    await started.hub.publish({ topic: "a", data: "one" });
    await expect.poll(() => stream.wire().toString()).toMatch(/^retry: \d+\n(.+\n)+\nid: .+\ndata: one\n\n$/);
    await started.hub.close();
    await stream.ended;
    expect(stream.wire().toString()).toMatch(/event: hub:drain\ndata: .*\n\n$/);
  });
});

describe("a compressed stream", () => {
  it("ends each write in a sync flush: small and large frames, batches, replays and heartbeats", async () => {
    const started = await startHub({ heartbeatMs: 100 });
    const open = (query: string): ReturnType<typeof openRaw> =>
      openRaw(portOf(started), `/events/stream${query}`, { fields: "Accept-Encoding: gzip\r\n" });
    const live = await open("");
    const paced = await open("?interval=20");
    for (const data of ["small", LARGE]) await started.hub.publish({ topic: "a", data });
    await started.hub.publishBatch(["two", "three", "four"].map((data) => ({ topic: "a", data })));
    // Deflate makes this one longer.
    await started.hub.publish({
      topic: "a",
      data: Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i * 7919) % 94)).toString("base64"),
    });
    await started.hub.publish({ topic: "a", data: "end" });
    const replayed = await open("?last_event_id=earliest");
    for (const stream of [live, paced, replayed]) {
      const text = (): string => gunzipSync(stream.body(), { finishFlush: constants.Z_SYNC_FLUSH }).toString();
      await expect.poll(text).toMatch(/data: end\n\n(:\n)+$/);
      for (const chunk of stream.chunks()) expect(chunk.subarray(-4).equals(SYNC_FLUSH)).toBe(true);
      // A reader has whole lines after each chunk.
      const inflate = createInflateRaw();
      let plain = "";
      inflate.setEncoding("utf8").on("data", (part: string) => (plain += part));
      for (const [i, chunk] of stream.chunks().entries()) {
        await new Promise((resolve) => inflate.write(i === 0 ? chunk.subarray(10) : chunk, resolve));
        expect(plain.endsWith("\n")).toBe(true);
      }
    }
  });
});
