import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ChatMessage } from "../server/wire.ts";

/** Distance that counts as the end, in pixels. */
const END_PX = 60;

/** Distance from the first message at which earlier ones are fetched, in pixels. */
const TOP_PX = 400;

/** How long the marker stays after the reader has caught up, in milliseconds. */
const MARKER_MS = 6000;

/** How long a message that was gone to stands out, in milliseconds. */
const MARK_MS = 2000;

export interface Reading {
  readonly list: RefObject<HTMLDivElement | null>;
  /** Others' messages since the reader was last at the end, looking. */
  readonly unread: number;
  readonly firstUnread: string | undefined;
  /** Whether the reader has scrolled away from the end. */
  readonly away: boolean;
  readonly onScroll: () => void;
  readonly toEnd: () => void;
  /** Keeps the end in view after the list has grown, if the reader is there. */
  readonly stay: () => void;
  /** Shows a message at the top of the list. */
  readonly toMessage: (id: string) => void;
}

/**
 * Keeps the end of the list in view while the reader is there. Does not move the list while the
 * reader is above.
 *
 * @param growing - Changes with every possible growth of the list's end.
 * @param onTop - Called when the reader is near the first message.
 * @param onRead - Called with whether the reader is at the end.
 */
export function useReading(
  messages: readonly ChatMessage[],
  isOwn: (message: ChatMessage) => boolean,
  ownCount: number,
  growing: unknown,
  onTop: () => void,
  onRead: (isAtEnd: boolean) => void,
): Reading {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const [unread, setUnread] = useState(0);
  const [firstUnread, setFirstUnread] = useState<string | undefined>();
  const anchor = useRef<{ readonly element: Element; readonly top: number } | undefined>(undefined);
  const known = useRef<string | undefined>(undefined);

  function toEnd(): void {
    const element = list.current;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
    atEnd.current = true;
    setAway(false);
    onRead(true);
  }

  function stay(): void {
    if (atEnd.current) toEnd();
  }

  function toMessage(id: string): void {
    atEnd.current = false;
    const element = list.current?.querySelector(`[data-message-id="${CSS.escape(id)}"]`);
    element?.scrollIntoView({ block: "start" });
    element?.animate([{ boxShadow: "0 0 0 4px var(--clay)" }, { boxShadow: "0 0 0 4px transparent" }], MARK_MS);
    onScroll();
  }

  /** Remembers where the first message is, and keeps the place when others come before. */
  function remember(): void {
    const first = list.current?.querySelector("[data-message-id]") ?? undefined;
    anchor.current = first && { element: first, top: first.getBoundingClientRect().top };
  }

  function onScroll(): void {
    const element = list.current;
    if (element === null) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < END_PX;
    setAway(!atEnd.current);
    if (atEnd.current && !document.hidden) setUnread(0);
    onRead(atEnd.current);
    if (!atEnd.current && element.scrollTop < TOP_PX) onTop();
    remember();
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
    const { element, top } = anchor.current ?? {};
    if (atEnd.current) toEnd();
    else if (list.current !== null && element?.isConnected === true && top !== undefined) {
      list.current.scrollTop += element.getBoundingClientRect().top - top;
    }
    if (!atEnd.current) remember();
  }, [messages, growing]);

  // Writers want to see their own message.
  useLayoutEffect(() => {
    if (ownCount > 0) toEnd();
  }, [ownCount]);

  useEffect(() => {
    const onVisible = (): void => {
      if (document.hidden || !atEnd.current) return;
      setUnread(0);
      onRead(true);
    };
    document.addEventListener("visibilitychange", onVisible);
    const observer = new ResizeObserver(stay);
    // Parts of messages that are drawn later, such as cards.
    const changes = new MutationObserver(stay);
    if (list.current !== null) {
      observer.observe(list.current);
      changes.observe(list.current, { childList: true, subtree: true });
    }
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      observer.disconnect();
      changes.disconnect();
    };
  }, []);

  useEffect(() => {
    if (unread > 0 || firstUnread === undefined) return undefined;
    const timer = setTimeout(() => setFirstUnread(undefined), MARKER_MS);
    return () => clearTimeout(timer);
  }, [unread, firstUnread]);

  return { list, unread, firstUnread, away, onScroll, toEnd, stay, toMessage };
}
