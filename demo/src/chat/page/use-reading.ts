import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ChatMessage } from "../server/wire.ts";

/** Distance that counts as the end, in pixels. */
const END_PX = 60;

/** How long the marker stays after the reader has caught up, in milliseconds. */
const MARKER_MS = 6000;

export interface Reading {
  readonly list: RefObject<HTMLDivElement | null>;
  /** Others' messages since the reader was last at the end, looking. */
  readonly unread: number;
  readonly firstUnread: string | undefined;
  /** Whether the reader has scrolled away from the end. */
  readonly away: boolean;
  readonly onScroll: () => void;
  readonly toEnd: () => void;
}

/**
 * Keeps the end of the list in view while the reader is there. Does not move the list while the
 * reader is above.
 *
 * @param growing - Changes with every possible growth of the list's end.
 */
export function useReading(
  messages: readonly ChatMessage[],
  isOwn: (message: ChatMessage) => boolean,
  ownCount: number,
  growing: unknown,
): Reading {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const [unread, setUnread] = useState(0);
  const [firstUnread, setFirstUnread] = useState<string | undefined>();
  const known = useRef<string | undefined>(undefined);

  function toEnd(): void {
    const element = list.current;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
    atEnd.current = true;
    setAway(false);
  }

  function onScroll(): void {
    const element = list.current;
    if (element === null) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX;
    setAway(!atEnd.current);
    if (atEnd.current && !document.hidden) setUnread(0);
  }

  // New messages since the last render, unless this is the history.
  useEffect(() => {
    const start = known.current === undefined ? messages.length : messages.findLastIndex(({ id }) => id === known.current) + 1;
    known.current = messages.at(-1)?.id ?? known.current ?? "";
    const fresh = messages.slice(start).filter((message) => !isOwn(message));
    if (fresh.length === 0 || (atEnd.current && !document.hidden)) return;
    setUnread((before) => before + fresh.length);
    setFirstUnread((before) => before ?? fresh[0]?.id);
  }, [messages]);

  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
  }, [messages, growing]);

  // Writers want to see their own message.
  useLayoutEffect(() => {
    if (ownCount > 0) toEnd();
  }, [ownCount]);

  useEffect(() => {
    const onVisible = (): void => {
      if (!document.hidden && atEnd.current) setUnread(0);
    };
    document.addEventListener("visibilitychange", onVisible);
    const observer = new ResizeObserver(() => {
      if (atEnd.current) toEnd();
    });
    if (list.current !== null) observer.observe(list.current);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    if (unread > 0 || firstUnread === undefined) return undefined;
    const timer = setTimeout(() => setFirstUnread(undefined), MARKER_MS);
    return () => clearTimeout(timer);
  }, [unread, firstUnread]);

  return { list, unread, firstUnread, away, onScroll, toEnd };
}
