import type { Hub, Matcher } from "artesian";

/** Whether somebody follows prices. */
export interface Watchers {
  /** Resolves when somebody follows prices, or the signal is aborted. */
  come(signal: AbortSignal): Promise<void>;
  /**
   * Returns a signal that is aborted when nobody has followed prices for this long, in
   * milliseconds.
   */
  gone(idleMs: number): AbortSignal;
  close(): void;
}

/**
 * Watches the hub's subscribers. A subscriber to every topic asks for no price in particular, and
 * does not count.
 */
export function watchWatchers(hub: Hub): Watchers {
  const present = new Set<string>();
  let arrived = (): void => undefined;
  let leaving: { readonly controller: AbortController; readonly idleMs: number } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function wait(): void {
    clearTimeout(timer);
    if (leaving === undefined || present.size > 0 || leaving.idleMs === Infinity) return;
    const { controller, idleMs } = leaving;
    timer = setTimeout(() => controller.abort(), idleMs);
  }

  const stop = hub.observe({
    subscribed(subscriber) {
      if (!subscriber.matchers.some(asksForPrices)) return;
      present.add(subscriber.id);
      wait();
      arrived();
    },
    unsubscribed(subscriber) {
      if (present.delete(subscriber.id)) wait();
    },
  });

  return {
    async come(signal) {
      if (present.size > 0 || signal.aborted) return;
      await new Promise<void>((resolve) => {
        arrived = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    },
    gone(idleMs) {
      leaving = { controller: new AbortController(), idleMs };
      wait();
      return leaving.controller.signal;
    },
    close() {
      stop();
      clearTimeout(timer);
    },
  };
}

function asksForPrices({ pattern }: Matcher): boolean {
  return pattern.includes("/quotes/");
}
