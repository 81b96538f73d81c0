/** How often the clocks are compared, in milliseconds. */
const TICK_MS = 5000;

/** A difference that only sleep explains, in milliseconds. */
const SLEPT_MS = 10_000;

/** The news of a page for its connections. */
export interface PageHandlers {
  /** The network may be back or gone, or the device woke up. A stream that is dead then ends at once. */
  readonly wake: () => void;
  /** The page is put away, and may be shown again. */
  readonly leave: () => void;
  readonly enter: () => void;
  readonly hide: (isHidden: boolean) => void;
}

/** Watches the page's life. Does nothing outside of a browser. */
export function watchPage({ wake, leave, enter, hide }: PageHandlers): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const listen = (target: EventTarget, type: string, heard: () => void): void => target.addEventListener(type, heard, { signal });
  const drift = (): number => Date.now() - performance.now();
  let driftMs = drift();
  let timer: ReturnType<typeof setInterval> | undefined;
  if (typeof addEventListener === "function") {
    timer = setInterval(() => {
      // The monotonic clock stands still while the device sleeps.
      if (Math.abs(drift() - driftMs) > SLEPT_MS) wake();
      driftMs = drift();
    }, TICK_MS);
    listen(globalThis, "online", wake);
    listen(globalThis, "offline", wake);
    listen(globalThis, "pagehide", leave);
    listen(globalThis, "pageshow", enter);
  }
  if (typeof document !== "undefined") {
    listen(document, "freeze", leave);
    listen(document, "resume", enter);
    const look = (): void => hide(document.visibilityState === "hidden");
    listen(document, "visibilitychange", look);
    if (document.visibilityState === "hidden") look();
  }
  return () => {
    clearInterval(timer);
    stop.abort();
  };
}
