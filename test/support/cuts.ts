import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createHub } from "artesian";
import { connect, subscribe } from "artesian-client";
import { type Fate, startHostileProxy } from "./hostile-proxy.ts";

/** Reconnects at once, although the hub asks for a wait. */
export const AT_ONCE = { retryMs: 1, maxRetryMs: 1, retryFloorMs: 1, retryCeilingMs: 1 } as const;

/** Longer than most answers, so that each of their bytes is the last one at some time. */
const MAX_CUT_BYTES = 900;

/** How long the last updates may take, in milliseconds. */
const END_MS = 60_000;

interface Reader {
  /** Whether the reader has a cursor, and is in the way that its name tells. */
  readonly isReady: () => boolean;
  readonly close: () => void;
}

type Read = (url: string, take: (data: string) => void) => Reader;

/** A way to read the topic `t` of a hub. */
export type ReaderName = "subscribe()" | "connect()" | "connect() that polls";

/** All ways to read. */
export const READERS: Readonly<Record<ReaderName, Read>> = {
  "subscribe()": (url, take) => {
    const stop = new AbortController();
    const subscription = subscribe(url, { match: "t", ...AT_ONCE, signal: stop.signal });
    void (async () => {
      for await (const { data } of subscription) take(data);
    })();
    return { isReady: () => subscription.lastEventId !== undefined, close: () => stop.abort() };
  },
  "connect()": (url, take) => {
    const connection = connect(url, { ...AT_ONCE, firstByteMs: 20_000 });
    connection.topic("t").on("*", ({ data }) => take(data));
    return { isReady: () => connection.state.status === "live", close: () => connection.close() };
  },
  "connect() that polls": (url, take) => {
    const connection = connect(url, { ...AT_ONCE, firstByteMs: 500 });
    connection.topic("t").on("*", ({ data }) => take(data));
    return { isReady: () => connection.state.transport === "polling", close: () => connection.close() };
  },
};

/** The updates that came through. */
export interface CutsOutcome {
  readonly published: number;
  /** Data of the updates, in order. It is the number of each. */
  readonly got: readonly string[];
  readonly cuts: number;
}

/** Whether the first request of a connection asks for a stream. */
export const wantsStream = (head: string): boolean => /\r\naccept: text\/event-stream/i.test(head);

/**
 * Publishes while a proxy cuts each connection, after one byte more each time.
 *
 * @param name - The reader. A stream of the one that polls is held back.
 */
export async function readThroughCuts(name: ReaderName, cuts: number): Promise<CutsOutcome> {
  const hub = createHub({ anonymousPublish: true });
  const server = createServer(hub.handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  let isReady = false;
  let next = 0;
  const fateOf = (_: number, head: string): Fate => {
    if (name === "connect() that polls" && wantsStream(head)) return { buffers: true };
    // Before the first cursor, a reader begins with the updates of that time.
    if (!isReady) return { cutAfter: 2000 };
    return proxy.cuts < cuts ? { cutAfter: next++ % MAX_CUT_BYTES } : {};
  };
  const proxy = await startHostileProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, fateOf);
  const got: string[] = [];
  const reader = READERS[name](`${proxy.origin}/events/stream`, (data) => got.push(data));
  let published = 0;
  try {
    while (!reader.isReady()) await sleep(5);
    isReady = true;
    while (proxy.cuts < cuts) {
      const { connections } = proxy;
      await hub.publish({ topic: "t", data: String(published++) });
      // Further ones fill an answer that is too short for its cut.
      for (let i = 0; i < 5 && proxy.connections === connections; i++) await sleep(1);
    }
    for (const sinceMs = performance.now(); got.length < published && performance.now() - sinceMs < END_MS;) await sleep(5);
    return { published, got, cuts: proxy.cuts };
  } finally {
    reader.close();
    proxy.close();
    await hub.close();
    server.closeAllConnections();
    server.close();
  }
}
