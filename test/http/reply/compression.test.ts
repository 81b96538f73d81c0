import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { EventSource } from "eventsource";
import { describe, expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../support/raw-stream.ts";
import { startHub } from "../../support/server.ts";
import { openStream } from "../../support/stream.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";

const JSON_UPDATE = JSON.stringify(
  Array.from({ length: 14 }, (_, id) => ({ id, name: `item ${id}`, price: id * 7.25, inStock: id % 2 === 0 })),
);

/** What of an unfinished gzip member can be read. */
const inflate = (bytes: Buffer): string => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();

describe("a compressed stream", () => {
  it("carries the same events as a plain one for every subscriber, with private ones and after a replay", async () => {
    const { hub, server } = await startHub({ ...TRUSTING });
    const { port } = server.address() as AddressInfo;
    const token = await mint({ subscribe: [exact("*")] });
    const fields = `Authorization: Bearer ${token}\r\n`;
    const open = async (query: string): Promise<{ zipped: () => string; plain: () => string }> => {
      const zipped = await openRaw(port, `/events/stream${query}`, { fields: `${fields}Accept-Encoding: br, gzip;q=0.5\r\n` });
      const plain = await openRaw(port, `/events/stream${query}`, { fields });
      expect(zipped.head).toMatch(/^content-encoding: gzip$/m);
      expect(plain.head).not.toMatch(/content-encoding/);
      for (const { head } of [zipped, plain]) expect(head).toMatch(/^vary: Accept, Accept-Encoding$/m);
      return { zipped: () => inflate(zipped.body()), plain: () => plain.body().toString() };
    };
    const early = await open("");
    for (let i = 0; i < 20; i++) {
      await hub.publish({ topic: "a", data: i % 3 === 0 ? JSON_UPDATE : `small ${i}`, private: i % 5 === 0 });
    }
    await hub.publishBatch(Array.from({ length: 50 }, (_, i) => ({ topic: "a", data: `${i} ${JSON_UPDATE}` })));
    const late = await open("?last_event_id=earliest");
    const paced = await open("?match=a&interval=20&latest=on&last=5");
    await hub.publish({ topic: "a", data: "x".repeat(200_000) });
    await hub.publish({ topic: "a", data: "the end" });
    for (const stream of [early, late, paced]) {
      await expect.poll(() => stream.zipped().endsWith("data: the end\n\n")).toBe(true);
      // Reconnection times are random; writes of a paced stream may be cut elsewhere.
      const events = (text: string): string => text.replace(/^retry: \d+\n/, "");
      await expect.poll(() => events(stream.plain())).toBe(events(stream.zipped()));
    }
  });

  it("is less than 0.4 of a plain one for JSON of a kilobyte, each event on its own", async () => {
    const { hub, server } = await startHub();
    const { port } = server.address() as AddressInfo;
    const [zipped, plain] = [
      await openRaw(port, "/events/stream", { fields: "Accept-Encoding: gzip\r\n" }),
      await openRaw(port, "/events/stream"),
    ];
    const before = [zipped.body().length, plain.body().length] as const;
    for (let i = 0; i < 50; i++) {
      await hub.publish({ topic: "a", data: JSON_UPDATE.replaceAll("item", `item ${i}`) });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await expect.poll(() => plain.body().toString().split("data: ").length).toBeGreaterThan(50);
    await expect.poll(() => inflate(zipped.body()).split("data: ").length).toBeGreaterThan(50);
    expect((zipped.body().length - before[0]) / (plain.body().length - before[1])).toBeLessThan(0.4);
  });

  it("keeps heartbeats, gaps, warnings, renewals and the hub's end", async () => {
    const { hub, url, origin } = await startHub({ ...TRUSTING, heartbeatMs: 100 });
    const headers = { ...bearer(await mint({ subscribe: [exact("*")], lifetimeSeconds: 5 })), "Accept-Encoding": "gzip" };
    const stream = await openStream(`${url}?last_event_id=unknown`, { headers });
    expect(stream.response.headers.get("content-encoding")).toBe("gzip");
    expect((await stream.nextOfAny()).event).toBe("hub:gap");
    await expect.poll(() => stream.comments.length).toBeGreaterThan(2);
    let event = await stream.nextOfAny();
    while (event.event !== "hub:expiring") event = await stream.nextOfAny();
    const { subscriber } = JSON.parse(event.data) as { subscriber: string };
    const renewed = await fetch(`${origin}/.well-known/mercure/subscribers/${subscriber}`, {
      method: "POST",
      headers: bearer(await mint({ subscribe: [exact("*")] })),
    });
    expect(renewed.status).toBe(200);
    await hub.publish({ topic: "a", data: JSON_UPDATE, private: true });
    expect((await stream.next()).data).toBe(JSON_UPDATE);
    const closing = hub.close();
    for (event = await stream.nextOfAny(); event.event === "hub:cursor";) event = await stream.nextOfAny();
    expect(event.event).toBe("hub:drain");
    await stream.ended;
    await closing;
  });

  it("is read by independent clients", async () => {
    const { hub, url } = await startHub();
    const received: string[] = [];
    const source = new EventSource(url, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, "Accept-Encoding": "gzip" } }),
    });
    onTestFinished(() => source.close());
    source.addEventListener("message", (event) => received.push(String(event.data)));
    await once(source as unknown as EventTarget as never, "open");
    const curl = spawn("curl", ["-sN", "--compressed", url], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void curl.kill());
    let output = "";
    curl.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await expect.poll(() => output).toContain("hub:cursor");
    await hub.publish({ topic: "a", data: "small" });
    await hub.publish({ topic: "a", data: JSON_UPDATE });
    await expect.poll(() => received).toEqual(["small", JSON_UPDATE]);
    await expect.poll(() => output).toContain(`data: ${JSON_UPDATE}\n\n`);
  });

  it("is readable event by event", async () => {
    const { hub, url } = await startHub();
    const response = await hub.fetch(new Request(url, { headers: { "Accept-Encoding": "gzip" } }));
    const gunzip = createGunzip();
    let text = "";
    gunzip.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    void response.body?.pipeTo(new WritableStream({ write: (chunk: Uint8Array) => void gunzip.write(chunk) })).catch(() => undefined);
    for (const data of ["one", JSON_UPDATE, "three"]) {
      await hub.publish({ topic: "a", data });
      await expect.poll(() => text).toContain(`data: ${data}\n\n`);
    }
  });

  it("is not sent to route handlers of Next.js, which remove Content-Encoding", async () => {
    const { hub, url } = await startHub();
    const request = new Request(url, { headers: { "Accept-Encoding": "gzip" } });
    const { headers, body } = await hub.fetch(Object.assign(request, { nextUrl: new URL(request.url) }));
    onTestFinished(() => body?.cancel());
    expect(headers.get("content-encoding")).toBeNull();
  });

  it("is not sent to Varnish, which would hold events back for clients that take no gzip", async () => {
    const { url } = await startHub();
    const { response } = await openStream(url, { headers: { "Accept-Encoding": "gzip", "X-Varnish": "32770" } });
    expect(response.headers.get("content-encoding")).toBeNull();
  });

  it.each([
    ["", false],
    ["identity", false],
    ["gzip;q=0, *", false],
    ["br", false],
    ["*;q=0", false],
    ["*", true],
    ["deflate, GZIP;q=0.1", true],
    ["x-gzip", true],
  ])("for Accept-Encoding %j: %s", async (accepted, expected) => {
    const { hub, url } = await startHub();
    const ask = async (own = hub): Promise<boolean> =>
      (await own.fetch(new Request(url, { method: "HEAD", headers: { "Accept-Encoding": accepted } }))).headers.get("content-encoding") ===
      "gzip";
    expect(await ask()).toBe(expected);
    expect(await ask((await startHub({ compression: false })).hub)).toBe(false);
  });

  it("names Accept and Accept-Encoding in Vary, beside the origin", async () => {
    const { hub, url } = await startHub({ corsOrigins: ["https://page.example"] });
    const response = await hub.fetch(new Request(url, { method: "HEAD", headers: { Origin: "https://page.example" } }));
    expect(response.headers.get("vary")).toBe("Origin, Accept, Accept-Encoding");
  });
});
