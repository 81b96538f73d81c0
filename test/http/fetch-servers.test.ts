import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createHub, type Hub } from "artesian";
import { Hono } from "hono";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { listenFetch } from "../support/server.ts";
import { openStream } from "../support/stream.ts";

/** What is printed from now on, by whatever prints. */
function printed(): unknown[][] {
  const lines: unknown[][] = [];
  for (const method of ["error", "warn", "info", "log"] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((...line: unknown[]) => void lines.push(line));
    onTestFinished(() => spy.mockRestore());
  }
  return lines;
}

/** A connection that has asked for a stream and got its beginning. */
async function openSocket(origin: string): Promise<Socket> {
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write("GET /events/stream HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(socket, "data");
  return socket;
}

async function startHono(hub: Hub): Promise<string> {
  const app = new Hono();
  app.all("/events/*", (c) => hub.fetch(c.req.raw));
  onTestFinished(() => hub.close());
  return listenFetch(app.fetch);
}

describe("a hub behind a Fetch server", () => {
  it.each(["destroy", "resetAndDestroy"] as const)("prints nothing when a client leaves (%s), and closes its subscriber", async (leave) => {
    const lines = printed();
    const hub = createHub({ drainMs: 500, heartbeatMs: 55_000 });
    const origin = await startHono(hub);
    const socket = await openSocket(origin);
    expect(hub.stats().subscribers).toBe(1);
    socket[leave]();
    await vi.waitFor(() => expect(hub.stats().subscribers).toBe(0));
    // Whatever the server does after the one that left, it has done before it answers the next one.
    const next = await openStream(`${origin}/events/stream`);
    await hub.publish({ topic: "a", data: "after" });
    expect((await next.next()).data).toBe("after");
    expect(lines).toEqual([]);
  });

  it("prints one line and no stack when the hub cuts a stream that is not read", async () => {
    const lines = printed();
    const hub = createHub({ drainMs: 500, writeStallMs: 100, heartbeatMs: 100 });
    const origin = await startHono(hub);
    const socket = await openSocket(origin);
    socket.pause();
    await vi.waitFor(
      async () => {
        await hub.publish({ topic: "a", data: "x".repeat(500_000) });
        expect(hub.stats().subscribers).toBe(0);
      },
      { timeout: 20_000 },
    );
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    const [error] = lines[0] as [Error];
    expect(error.stack).toMatch(/^Error: The hub cut a stream [^\n]*$/);
  });

  it.each([
    ["ends early", new Error("aborted"), 400, "invalid_body"],
    ["is too large for the server before the hub", Object.assign(new Error("too much"), { status: 413 }), 413, "too_large"],
  ])("refuses a body that %s, which is no fault of the hub", async (_, error, status, code) => {
    const errors: unknown[] = [];
    const logger = {
      error: (fields: unknown) => void errors.push(fields),
      warn: () => undefined,
      info: () => undefined,
      debug: () => undefined,
    };
    const hub = createHub({ anonymousPublish: true, logger });
    onTestFinished(() => hub.close());
    const body = new ReadableStream({ pull: (controller) => controller.error(error) });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await hub.fetch(new Request(hub.url, { method: "POST", headers, body, duplex: "half" } as RequestInit));
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
    expect(errors).toEqual([]);
  });

  it("refuses an address that cannot be parsed", async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const bad = new Proxy(new Request(hub.url), {
      get: (target, name) => (name === "url" ? "http://[/" : Reflect.get(target, name, target)),
    });
    expect((await hub.fetch(bad)).status).toBe(400);
  });
});
