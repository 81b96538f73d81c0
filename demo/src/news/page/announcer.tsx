import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { newsTexts } from "./texts.ts";

/** Shortest time between two announcements of new headlines to a screen reader, in milliseconds. */
const PAUSE_MS = 30_000;

/** Announces the number of waiting headlines politely, not each headline. */
export function Announcer({ count }: { count: number }): ComponentChildren {
  const [said, setSaid] = useState(0);
  const saidAt = useRef(-Infinity);
  useEffect(() => {
    if (count === 0) {
      setSaid(0);
      return undefined;
    }
    const waitMs = Math.max(0, saidAt.current + PAUSE_MS - performance.now());
    const timer = setTimeout(() => {
      saidAt.current = performance.now();
      setSaid(count);
    }, waitMs);
    return () => clearTimeout(timer);
  }, [count]);
  return (
    <p class="visually-hidden" role="status" data-testid="announcer">
      {said > 0 && newsTexts().newHeadlines(said)}
    </p>
  );
}
