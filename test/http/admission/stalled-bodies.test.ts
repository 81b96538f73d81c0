import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { createHub } from "artesian";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { from, listenForAnyAddress } from "../../support/addresses.ts";
import { startHub } from "../../support/server.ts";

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const LIMITS = { bodyBytes: 16 * 1024, queryBytes: 16 * 1024, pendingBodyBytes: 64 * 1024 };

/** Begins a request, and keeps the last byte of its body. */
function stall(url: string, method: string, address: string | undefined, bytes: number): ClientRequest {
  const fields = { ...FORM, "Content-Length": String(bytes) };
  const { headers } = address === undefined ? { headers: fields } : from(address, fields);
  const client = request(url, { method, headers, agent: false });
  onTestFinished(() => void client.destroy());
  client.on("error", () => undefined).write("a".repeat(bytes - 1));
  return client;
}

/** Publishes a small update. */
async function publish(url: string, address: string | undefined): Promise<number> {
  const init = { method: "POST", body: `topic=a&data=${"x".repeat(300)}`, headers: FORM };
  const response = await fetch(url, address === undefined ? init : { ...init, ...from(address, FORM) });
  await response.text();
  return response.status;
}

describe("bodies that never end", () => {
  test.each([
    ["many addresses", (i: number) => `198.51.100.${i}`, 22],
    ["the publisher's address", () => undefined, 1],
  ])("of %s do not refuse a small publish", async (_, attacker, addresses) => {
    const warn = vi.fn();
    const logger = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };
    const hub = createHub({ anonymous: true, anonymousPublish: true, limits: LIMITS, logger });
    const url = `${await listenForAnyAddress(hub)}/events/stream`;
    const cut: IncomingMessage[] = [];
    // The small ones fill what the large ones leave.
    for (const bytes of [8192, 8192, 8192, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32]) {
      for (let i = 0; i < addresses; i++) {
        for (const method of ["QUERY", "POST"]) {
          const client = stall(url, method, attacker(i), bytes);
          client.on("response", (response: IncomingMessage) => cut.push(response.resume()));
        }
      }
    }
    for (let i = 0; i < 20; i++) expect(await publish(url, attacker(1) && `203.0.113.${i}`)).toBe(200);
    await expect.poll(() => cut.length).toBeGreaterThan(0);
    for (const response of cut) {
      expect([response.statusCode, response.headers.connection]).toEqual([503, "close"]);
      if (!response.socket.destroyed) await once(response.socket, "close");
    }
    const lines = warn.mock.calls.filter(([fields]) => (fields as { code?: string }).code === "overloaded");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject([
      { status: 503, why: expect.stringContaining("largest incomplete body"), count: 1 },
      expect.any(String),
    ]);
  });

  test("in the Fetch API end when another body needs their memory", async () => {
    const hub = createHub({ anonymousPublish: true, limits: LIMITS });
    onTestFinished(() => hub.close());
    const url = "http://localhost/events/stream";
    const cancelled: number[] = [];
    const stalled = Array.from({ length: 4 }, (_, i) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(8192).fill(97)),
        cancel: () => void cancelled.push(i),
      });
      return hub.fetch(new Request(url, { method: "POST", body, headers: FORM, duplex: "half" } as RequestInit));
    });
    const first = Promise.race(stalled.map(async (response) => (await response).status));
    await vi.waitFor(async () => {
      const sent = await hub.fetch(new Request(url, { method: "POST", body: `topic=a&data=${"x".repeat(6000)}`, headers: FORM }));
      expect(sent.status).toBe(200);
      expect(cancelled.length).toBeGreaterThan(0);
    });
    expect(await first).toBe(503);
  });
});

describe("a body in chunks of one byte", () => {
  const TEXT = `topic=a&data=${"x".repeat(5000)}`;

  test("takes no more memory than its bytes", async () => {
    const { url } = await startHub({ anonymousPublish: true, limits: { ...LIMITS, pendingBodyBytes: 64 * 1024 } });
    const client = request(url, { method: "POST", headers: { ...FORM, "Transfer-Encoding": "chunked" } });
    const answered = once(client, "response") as Promise<[IncomingMessage]>;
    for (const letter of TEXT) client.write(letter);
    client.end();
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  test("takes no more memory than its bytes in the Fetch API", async () => {
    const hub = createHub({ anonymousPublish: true, limits: LIMITS });
    onTestFinished(() => hub.close());
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of Buffer.from(TEXT)) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const init = { method: "POST", body, headers: FORM, duplex: "half" } as RequestInit;
    expect((await hub.fetch(new Request("http://localhost/events/stream", init))).status).toBe(200);
  });
});
