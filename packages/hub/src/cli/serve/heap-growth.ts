import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { every } from "../../core/scheduler.ts";

const LOOK_MS = 1000;
/** A heap that is larger grows by V8's own rules. */
const LARGE_BYTES = 128 * 1024 * 1024;
/** Most growth of a smaller heap before it is collected whole: bytes, and percent of its size. */
const MOST_GROWTH = { bytes: 48 * 1024 * 1024, percent: 200 } as const;

/**
 * Lets a small heap grow by up to 48 MiB before it is collected whole. By itself V8 collects after a
 * few mebibytes, and the bytes of bodies count. A publisher or an attacker with large bodies would
 * hold up everybody else twice a second, for up to 17 ms each time.
 *
 * @returns Stops watching. The heap then grows by V8's own rules.
 * @see docs/decisions/heap-growth.md
 */
export function growSmallHeap(): () => void {
  let percent = 0;
  const growBy = (next: number): void => {
    if (next === percent) return;
    percent = next;
    // V8 does without flags that it does not know.
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };
  const look = (): void => growBy(growthFor(getHeapStatistics().used_heap_size));
  look();
  const stop = every(LOOK_MS, look);
  return () => {
    stop();
    growBy(0);
  };
}

/**
 * Growth in percent of what the next collection leaves, for a heap of a size. The size has garbage
 * in it, so the growth is never more than the most. 0 for V8's own rules.
 */
function growthFor(usedBytes: number): number {
  if (usedBytes >= LARGE_BYTES) return 0;
  return Math.min(MOST_GROWTH.percent, Math.floor((100 * MOST_GROWTH.bytes) / usedBytes));
}
