import { subscribe } from "artesian/client";
import { useEffect, useState } from "preact/hooks";
import type { Connection, ConnectionState } from "../../shared/ui/connection-badge.tsx";

/** Most updates on the page; older ones go. */
const MAX_ROWS = 50;

/** Longest data shown of one update, in characters. */
const MAX_SHOWN = 600;

/** How long to stay away after the hub refused for good, in milliseconds. */
const REFUSED_MS = 10_000;

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
  /** How many came in all. */
  readonly count: number;
}

/**
 * Follows what the address selects. It uses Artesian's client, because a native `EventSource` only shows events whose
 * types it was told, and here nobody knows which types will come.
 */
export function useLiveStream(url: string): LiveStream {
  const [state, setState] = useState<ConnectionState>("connecting");
  const [since, setSince] = useState<number | undefined>();
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [online, setOnline] = useState(() => navigator.onLine);

  useEffect(() => {
    const update = (): void => setOnline(navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
    };
  }, []);

  useEffect(() => {
    if (!online) return undefined;
    const stop = new AbortController();
    void follow(url, stop.signal, {
      onState: (next) => {
        setState(next);
        setSince((before) => (next === "reconnecting" ? (before ?? Date.now()) : undefined));
      },
      onUpdate: (type, id, data) => {
        setRows((before) => {
          const row = { number: (before[0]?.number ?? 0) + 1, at: Date.now(), id, type, data: shorten(data) };
          return [row, ...before.slice(0, MAX_ROWS - 1)];
        });
      },
    });
    return () => stop.abort();
  }, [url, online]);

  return { connection: online ? { state, since } : { state: "offline" }, rows, count: rows[0]?.number ?? 0 };
}

interface Listener {
  readonly onState: (state: ConnectionState) => void;
  readonly onUpdate: (type: string, id: string | undefined, data: string) => void;
}

/** Where the stream goes on after the network was away. */
let lastEventId: string | undefined;

async function follow(url: string, signal: AbortSignal, listener: Listener): Promise<void> {
  while (!signal.aborted) {
    const updates = subscribe(url, {
      signal,
      lastEventId,
      onState: (state) => {
        if (state !== "closed" && !signal.aborted) listener.onState(state);
      },
    });
    try {
      for await (const { type, id, data } of updates) {
        lastEventId = updates.lastEventId;
        if (!type.startsWith("hub:")) listener.onUpdate(type, id, data);
      }
    } catch {
      // The client gives up where a person would look again later: a proxy's error page, a hub that moved.
      if (signal.aborted) return;
      listener.onState("reconnecting");
      await new Promise((resolve) => setTimeout(resolve, REFUSED_MS));
    }
  }
}

function shorten(data: string): string {
  return data.length > MAX_SHOWN ? `${data.slice(0, MAX_SHOWN).replace(/[\uD800-\uDBFF]$/, "")} …` : data;
}
