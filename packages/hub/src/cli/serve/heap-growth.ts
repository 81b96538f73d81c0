import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { every } from "../../core/scheduler.ts";

const LOOK_MS = 1000;
/** A heap that is larger grows by V8's own rules. Garbage would cost too much memory there. */
const LARGE_BYTES = 128 * 1024 * 1024;
/** Growth of a smaller heap before it is collected whole, in percent. */
const GROWTH_PERCENT = 200;

/**
 * Lets a small heap grow to three times its size before it is collected whole. By itself V8 collects
 * after a few mebibytes, and the bytes of bodies count. A publisher or an attacker with large bodies
 * would hold up everybody else twice a second, for up to 17 ms each time.
 *
 * @returns Stops watching. The heap then grows by V8's own rules.
 * @see docs/decisions/heap-growth.md
 */
export function growSmallHeap(): () => void {
  let isGrowing = false;
  const grow = (isSmall: boolean): void => {
    if (isSmall === isGrowing) return;
    isGrowing = isSmall;
    // V8 does without flags that it does not know.
    setFlagsFromString(`--heap-growing-percent=${isSmall ? GROWTH_PERCENT : 0}`);
  };
  const look = (): void => grow(getHeapStatistics().used_heap_size < LARGE_BYTES);
  look();
  const stop = every(LOOK_MS, look);
  return () => {
    stop();
    grow(false);
  };
}
