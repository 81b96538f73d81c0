import { useEffect, useState } from "preact/hooks";

/** Ages are told in minutes, so this is often enough, in milliseconds. */
const TICK_MS = 10_000;

/** The server's time, in milliseconds since 1970, for ages that go on. */
export function useClock(aheadMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const tick = (): void => setNow(Date.now());
    const timer = setInterval(tick, TICK_MS);
    // A tab in the background ticks seldom.
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, []);
  return now + aheadMs;
}
