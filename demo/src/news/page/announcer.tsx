import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** A screen reader is told of new headlines at most this often, in milliseconds. */
const PAUSE_MS = 30_000;

/** Says how many headlines wait: politely, and not each one. */
export function Announcer({ count }: { count: number }): ComponentChildren {
  const [said, setSaid] = useState("");
  const saidAt = useRef(-Infinity);
  useEffect(() => {
    if (count === 0) {
      setSaid("");
      return undefined;
    }
    const waitMs = Math.max(0, saidAt.current + PAUSE_MS - performance.now());
    const timer = setTimeout(() => {
      saidAt.current = performance.now();
      setSaid(newHeadlines(count));
    }, waitMs);
    return () => clearTimeout(timer);
  }, [count]);
  return (
    <p class="visually-hidden" role="status" data-testid="announcer">
      {said}
    </p>
  );
}

export function newHeadlines(count: number): string {
  return `${count} new ${count === 1 ? "headline" : "headlines"}`;
}
