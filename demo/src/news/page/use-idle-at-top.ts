import { useEffect, useState } from "preact/hooks";

/** Time without input after which a reader counts as idle, in milliseconds. */
const IDLE_MS = 3000;

/** How far a page may be scrolled and still be at the top, in pixels. */
const TOP_PX = 40;

const INPUTS = ["keydown", "pointerdown", "pointermove", "scroll", "wheel"] as const;

/**
 * Whether the page is in view at the top, and the reader has left mouse, keys and screen alone for
 * a while.
 */
export function useIdleAtTop(): boolean {
  const [isIdle, setIdle] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rest = (): void => {
      clearTimeout(timer);
      setIdle(false);
      timer = setTimeout(() => setIdle(!document.hidden && scrollY <= TOP_PX), IDLE_MS);
    };
    rest();
    for (const name of INPUTS) addEventListener(name, rest, { passive: true, capture: true });
    document.addEventListener("visibilitychange", rest);
    return () => {
      clearTimeout(timer);
      for (const name of INPUTS) removeEventListener(name, rest, { capture: true });
      document.removeEventListener("visibilitychange", rest);
    };
  }, []);
  return isIdle;
}
