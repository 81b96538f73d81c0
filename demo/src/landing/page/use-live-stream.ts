import { ClientError, connectTopics } from "artesian-client";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { PAGE_OPTIONS, watchConnection } from "artesian-ui/live-connection.ts";
import type * as publishing from "./publisher.ts";

/** Most updates on the page. Older ones are removed. */
const MAX_ROWS = 50;

/** Longest data shown of one update, in characters. */
const MAX_SHOWN = 600;

/** Topics without a leading slash resolve against the hub's path. */
const HUB_FOLDER = "/.well-known/";

/** An update as the panel shows it. */
export interface Row {
  /** Counts the updates of this visit. */
  readonly number: number;
  readonly at: number;
  /** The time of arrival, by `performance.now()`. */
  readonly arrivedMs: number;
  readonly id: string | undefined;
  readonly topic: string;
  readonly type: string;
  readonly data: string;
}

export interface LiveStream {
  readonly connection: Connection;
  /** Newest first. */
  readonly rows: readonly Row[];
  /** Number of updates in all. */
  readonly count: number;
  /** When this page published its own updates, by their ids and by `performance.now()`. */
  readonly sentMs: ReadonlyMap<string | undefined, number>;
  /** Publishes an update, whose row tells how long it took. */
  readonly publish: (topic: string, data: string) => Promise<void>;
}

/**
 * Follows the updates of URL patterns.
 *
 * @param patterns - The same array at each call.
 */
export function useLiveStream(url: string, patterns: readonly string[]): LiveStream {
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });
  const [rows, setRows] = useState<readonly Row[]>([]);
  const publisher = useRef<publishing.Publisher>(undefined);
  /** When this page published its updates. Their rows may be there already, or not yet. */
  const sentMs = useRef(new Map<string | undefined, number>());

  useEffect(() => {
    const made = connectTopics(url, PAGE_OPTIONS);
    let newest: string | undefined;
    for (const pattern of patterns) {
      made.topic(pattern).on("*", ({ type, id, data, topics: [topic = ""] }) => {
        // Two patterns may select one update.
        if (id === newest) return;
        newest = id;
        const row = {
          at: Date.now(),
          arrivedMs: performance.now(),
          id,
          topic: topic.replace(HUB_FOLDER, ""),
          type,
          data: shorten(data),
        };
        setRows((before) => [{ ...row, number: (before[0]?.number ?? 0) + 1 }, ...before.slice(0, MAX_ROWS - 1)]);
      });
    }
    watchConnection(made, setConnection);
    return () => {
      made.close();
      publisher.current?.close();
      publisher.current = undefined;
    };
  }, [url, patterns]);

  async function publish(topic: string, data: string): Promise<void> {
    const { openPublisher } = await loadPublisher();
    publisher.current ??= openPublisher(url);
    const startMs = performance.now();
    sentMs.current.set(await publisher.current.publish({ topic, data }), startMs);
    // Draws the row again if it is there.
    setRows((before) => [...before]);
  }

  return { connection, rows, count: rows[0]?.number ?? 0, sentMs: sentMs.current, publish };
}

/** The code for publishing, which a visitor who only looks does not load. */
export async function loadPublisher(): Promise<typeof publishing> {
  try {
    return await import("./publisher.ts");
  } catch (cause) {
    throw new ClientError("The server cannot be reached.", { code: "unreachable", cause });
  }
}

function shorten(data: string): string {
  return data.length > MAX_SHOWN ? `${data.slice(0, MAX_SHOWN).replace(/[\uD800-\uDBFF]$/, "")} …` : data;
}
