import { connect } from "artesian-client";
import { useEffect, useState } from "preact/hooks";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { PAGE_OPTIONS, watchConnection } from "artesian-ui/live-connection.ts";

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
 * Follows the updates of URL patterns.
 *
 * @param patterns - The same array at each call.
 */
export function useLiveStream(url: string, patterns: readonly string[]): LiveStream {
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });
  const [rows, setRows] = useState<readonly Row[]>([]);
  useEffect(() => {
    const live = connect(url, PAGE_OPTIONS);
    let newest: string | undefined;
    for (const pattern of patterns) {
      live.topic(pattern).on("*", ({ type, id, data }) => {
        // Two patterns may select one update.
        if (id === newest) return;
        newest = id;
        setRows((before) => {
          const row = { number: (before[0]?.number ?? 0) + 1, at: Date.now(), id, type, data: shorten(data) };
          return [row, ...before.slice(0, MAX_ROWS - 1)];
        });
      });
    }
    watchConnection(live, setConnection);
    return () => live.close();
  }, [url, patterns]);
  return { connection, rows, count: rows[0]?.number ?? 0 };
}

function shorten(data: string): string {
  return data.length > MAX_SHOWN ? `${data.slice(0, MAX_SHOWN).replace(/[\uD800-\uDBFF]$/, "")} …` : data;
}
