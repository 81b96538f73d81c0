import { useEffect } from "preact/hooks";
import type { Asked } from "./use-asked.ts";

/** Shortest time between two questions, in milliseconds. */
const LEAST_MS = 1500;

/**
 * Asks again with the figures of each second, without its own clock. An answer that was costly
 * to make is asked for less often.
 *
 * @param tick - Changes with each sample.
 */
export function useRepeated({ busy, tookMs, cameAt }: Asked<unknown>, ask: () => void, active: boolean, tick: number): void {
  useEffect(() => {
    if (active && !busy && performance.now() - cameAt > Math.max(LEAST_MS, tookMs * 20)) ask();
  }, [tick, active]);
}
