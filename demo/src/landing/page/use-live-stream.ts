import { useEffect, useState } from "preact/hooks";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { LiveSource } from "artesian-ui/live-source.ts";

/** Most updates on the page. Older ones are removed. */
const MAX_ROWS = 50;

/** Longest data shown of one update, in characters. */
const MAX_SHOWN = 600;

/** An update as the panel shows it. */
export interface Row {
  /** Counts the updates of this visit. */
  readonly number: number;
  readonly at: number;
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

export interface LiveStream {
  readonly connection: Connection;
  /** Newest first. */
  readonly rows: readonly Row[];
  /** Number of updates in all. */
  readonly count: number;
}

/**
 * Follows the updates that the URL selects. Uses Artesian's client, because a native `EventSource`
 * shows only event types that are known in advance.
 */
export function useLiveStream(url: string): LiveStream {
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });
  const [rows, setRows] = useState<readonly Row[]>([]);
  useEffect(() => {
    const source = new LiveSource({
      url,
      match: [],
      lastEventId: "",
      onConnection: setConnection,
      onEvent: ({ type, id, data }) => {
        if (type.startsWith("hub:")) return;
        setRows((before) => {
          const row = { number: (before[0]?.number ?? 0) + 1, at: Date.now(), id, type, data: shorten(data) };
          return [row, ...before.slice(0, MAX_ROWS - 1)];
        });
      },
    });
    return () => source.close();
  }, [url]);
  return { connection, rows, count: rows[0]?.number ?? 0 };
}

function shorten(data: string): string {
  return data.length > MAX_SHOWN ? `${data.slice(0, MAX_SHOWN).replace(/[\uD800-\uDBFF]$/, "")} …` : data;
}
