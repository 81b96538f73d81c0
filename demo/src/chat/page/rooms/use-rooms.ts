import { useEffect, useState } from "preact/hooks";
import type { SeenRoom } from "../../server/wire.ts";
import { ROOMS_KEY, seenRooms } from "../seen-rooms.ts";

/** Time between two counts while the page is seen, in milliseconds. */
const COUNT_MS = 15_000;

/** Counts the unread messages of rooms, by their names. */
export type FetchUnread = (seen: readonly SeenRoom[]) => Promise<Readonly<Record<string, number>>>;

export interface ListedRoom {
  readonly name: string;
  /** 0 for this room, and for a room whose number is not known. */
  readonly unread: number;
}

/**
 * The rooms that the visitor was in: this one, then the others by name. The others' messages are
 * counted while the page is seen, and when the visitor was in one of them in another tab.
 *
 * @see docs/decisions/chat-unread.md
 */
export function useRooms(room: string, fetchUnread: FetchUnread): readonly ListedRoom[] {
  const [names, setNames] = useState(() => namesBeside(room));
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());

  useEffect(() => {
    let isGone = false;
    async function count(): Promise<void> {
      if (document.hidden) return;
      try {
        const unread = await fetchUnread(seenRooms().filter((seen) => seen.room !== room));
        if (!isGone) setCounts(new Map(Object.entries(unread)));
      } catch {
        // The server is away or busy. The badge tells that, and the next count comes soon.
      }
    }
    const follow = ({ key }: StorageEvent): void => {
      if (key !== ROOMS_KEY) return;
      setNames(namesBeside(room));
      void count();
    };
    void count();
    const timer = setInterval(() => void count(), COUNT_MS);
    const onVisible = (): void => void count();
    document.addEventListener("visibilitychange", onVisible);
    addEventListener("storage", follow);
    return () => {
      isGone = true;
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
      removeEventListener("storage", follow);
    };
  }, [room, fetchUnread]);

  return [{ name: room, unread: 0 }, ...names.map((name) => ({ name, unread: counts.get(name) ?? 0 }))];
}

function namesBeside(room: string): readonly string[] {
  return seenRooms()
    .map((seen) => seen.room)
    .filter((name) => name !== room)
    .toSorted((one, other) => one.localeCompare(other));
}
