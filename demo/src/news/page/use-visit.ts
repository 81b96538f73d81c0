import { useEffect, useState } from "preact/hooks";
import { browserStorage } from "artesian-ui/storage.ts";

const KEY = "artesian.news.visit";

/** Time out of view after which the reader comes for another visit, in milliseconds. */
const GAP_MS = 30 * 60_000;

/**
 * Records that the page is in view.
 *
 * @param now - The server's time, in milliseconds since 1970.
 * @returns The end of the visit before this one, or undefined during the first visit.
 */
export function noteVisit(now: number): number | undefined {
  const [at = NaN, before = NaN] = (browserStorage.getItem(KEY) ?? "").split(" ").map(Number.parseFloat);
  const since = now - at > GAP_MS ? at : before;
  browserStorage.setItem(KEY, `${now} ${since}`);
  return Number.isNaN(since) ? undefined : since;
}

/** The end of the reader's last visit, kept up to date while the page is in view. */
export function useVisit(now: number, isLoaded: boolean): number | undefined {
  const [since, setSince] = useState<number>();
  useEffect(() => {
    if (isLoaded && !document.hidden) setSince(noteVisit(now));
  }, [now, isLoaded]);
  return since;
}
