import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createHub, type Hub } from "artesian";
import { logJournal } from "artesian/journals/log";
import { EventSource } from "eventsource";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHub } from "../support/server.ts";
import { openStream } from "../support/stream.ts";
import { startNginx } from "./nginx.ts";
import { temporaryDirectory } from "../support/directory.ts";

const AT_ONCE_MS = 5000;

async function startBehindNginx(): Promise<{ readonly hub: Hub; readonly url: string }> {
  const { hub, origin } = await startHub();
  return { hub, url: `${await startNginx(Number(new URL(origin).port))}/events/stream` };
}

async function publish(url: string, data: string): Promise<string> {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams({ topic: "t", data }) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return text;
}

/**
 * A native EventSource gives up for good at any answer but 200, so an outage must not be answered with 502. Publishers,
 * though, must learn of it.
 */
const OUTAGE = `
    error_page 502 504 = @away;
    location @away {
      if ($request_method != GET) { return 503; }
      default_type text/event-stream;
      return 200 "retry: 50\\n\\n";
    }`;

interface DurableHub {
  readonly port: number;
  close(): Promise<void>;
}

/** A hub with a journal on disk, on a port that it can have again. */
async function startDurableHub(directory: string, port: number, retryMs: number): Promise<DurableHub> {
  const hub = createHub({ journal: await logJournal({ directory }), anonymousPublish: true, retryMs: { min: retryMs, max: retryMs } });
  const server = createServer(hub.handler).listen(port, "127.0.0.1");
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    await hub.close();
    server.closeAllConnections();
    await closed;
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= stop());
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, close };
}

/** An EventSource, with the data that it has received; a gap would show in it. */
function follow(url: string): {
  readonly source: EventSource;
  readonly received: readonly string[];
  readonly until: (data: string) => Promise<void>;
  readonly next: (event: "open" | "error") => Promise<unknown>;
} {
  const source = new EventSource(url);
  onTestFinished(() => source.close());
  const received: string[] = [];
  let wake = (): void => undefined;
  const add = (text: string): void => {
    received.push(text);
    wake();
  };
  source.addEventListener("message", ({ data }: MessageEvent<string>) => add(data));
  source.addEventListener("hub:gap", ({ data }) => add(`gap ${data}`));
  return {
    source,
    received,
    async until(data) {
      while (!received.includes(data)) await new Promise<void>((resolve) => (wake = resolve));
    },
    next: (event) => new Promise((resolve) => source.addEventListener(event, resolve, { once: true })),
  };
}

describe("behind nginx with its default buffering", () => {
  it("delivers each update at once", async () => {
    const { hub, url } = await startBehindNginx();
    const stream = await openStream(url);
    expect(stream.response.headers.get("server")).toMatch(/^nginx/);
    for (const data of ["", "x", "x".repeat(100), "x".repeat(5000), "x".repeat(100_000), "last"]) {
      const started = performance.now();
      const id = await hub.publish({ topic: "t", data });
      expect(await stream.next()).toEqual({ id, event: undefined, data });
      expect(performance.now() - started).toBeLessThan(AT_ONCE_MS);
    }
  });

  it("takes updates, larger than nginx's buffers too", async () => {
    const { url } = await startBehindNginx();
    const stream = await openStream(`${url}?match=t`);
    for (const data of ["Hello, wörld!", "x".repeat(500_000)]) {
      const id = await publish(url, data);
      expect(await stream.next()).toEqual({ id, event: undefined, data });
    }
  });

  it("learns that a subscriber has left", async () => {
    const { hub, url } = await startBehindNginx();
    const left = new Promise<string>((resolve) => hub.observe({ unsubscribed: ({ id }) => resolve(id) }));
    const came = new Promise<string>((resolve) => hub.observe({ subscribed: ({ id }) => resolve(id) }));
    const stream = await openStream(url);
    stream.close();
    expect(await left).toBe(await came);
    expect(hub.stats().subscribers).toBe(0);
  });

  it("resumes an EventSource without loss or repeat when the hub restarts", async () => {
    const directory = temporaryDirectory();
    // It comes back after a time that is longer than the restart takes.
    const first = await startDurableHub(directory, 0, 2000);
    const url = `${await startNginx(first.port)}/events/stream`;
    const { source, received, until, next } = follow(url);
    await next("open");
    for (const data of ["1", "2"]) await publish(url, data);
    const lost = next("error");
    await first.close();
    await lost;
    await startDurableHub(directory, first.port, 2000);
    for (const data of ["3", "4"]) await publish(url, data);
    expect(source.readyState).toBe(source.CONNECTING);
    await next("open");
    for (const data of ["5", "6"]) await publish(url, data);
    await until("6");
    expect(received).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("resumes an EventSource after an outage of any length, where nginx answers for the hub", async () => {
    const directory = temporaryDirectory();
    const first = await startDurableHub(directory, 0, 50);
    const url = `${await startNginx(first.port, OUTAGE)}/events/stream`;
    const { received, until, next } = follow(url);
    await next("open");
    await publish(url, "1");
    await until("1");
    await first.close();
    // It tries again and again.
    for (let i = 0; i < 3; i++) await next("open");
    await expect(publish(url, "refused")).rejects.toThrow(/^503/);
    await startDurableHub(directory, first.port, 50);
    await publish(url, "2");
    await until("2");
    expect(received).toEqual(["1", "2"]);
  });
});
