import { useEffect, useState } from "preact/hooks";

/** Interval of the clock, in milliseconds, which is often enough for ages in minutes. */
const TICK_MS = 10_000;

/** The server's time, in milliseconds since 1970, for growing ages. */
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
